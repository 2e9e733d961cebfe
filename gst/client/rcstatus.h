/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the end of a call means to somebody who wanted images. Pure. */

#pragma once

#include <glib.h>
#include <grpc/status.h>

#include "client/rcclient.h"

G_BEGIN_DECLS

/* "UNAVAILABLE", …; "unknown status" for what gRPC does not define. */
const gchar *rc_status_to_string (grpc_status_code status);

/* @details: what gRPC says, UTF-8. @received: a message had come on that
 * call. Never NULL: OK is an RC_CLIENT_ERROR_STATUS like others. */
GError *rc_status_to_error (
    grpc_status_code status, const gchar *details, gboolean received);

G_END_DECLS
