/* SPDX-License-Identifier: LGPL-2.1-or-later */

typedef int rc_server_to_come;
