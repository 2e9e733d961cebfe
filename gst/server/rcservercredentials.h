/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How a server shows who it is, and who its clients have to be. */

#pragma once

#include "server/rcserver.h"

#include <grpc/grpc.h>

G_BEGIN_DECLS

/* What the configuration says of TLS; without a certificate it is credentials
 * for plain connections. NULL with an error if a file cannot be read. */
grpc_server_credentials *rc_server_credentials_new (
    const RcServerConfig *config, GError **error);

G_END_DECLS
