/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/rcstatus.h"

static const gchar *const status_names[] = {
    [GRPC_STATUS_OK] = "OK",
    [GRPC_STATUS_CANCELLED] = "CANCELLED",
    [GRPC_STATUS_UNKNOWN] = "UNKNOWN",
    [GRPC_STATUS_INVALID_ARGUMENT] = "INVALID_ARGUMENT",
    [GRPC_STATUS_DEADLINE_EXCEEDED] = "DEADLINE_EXCEEDED",
    [GRPC_STATUS_NOT_FOUND] = "NOT_FOUND",
    [GRPC_STATUS_ALREADY_EXISTS] = "ALREADY_EXISTS",
    [GRPC_STATUS_PERMISSION_DENIED] = "PERMISSION_DENIED",
    [GRPC_STATUS_RESOURCE_EXHAUSTED] = "RESOURCE_EXHAUSTED",
    [GRPC_STATUS_FAILED_PRECONDITION] = "FAILED_PRECONDITION",
    [GRPC_STATUS_ABORTED] = "ABORTED",
    [GRPC_STATUS_OUT_OF_RANGE] = "OUT_OF_RANGE",
    [GRPC_STATUS_UNIMPLEMENTED] = "UNIMPLEMENTED",
    [GRPC_STATUS_INTERNAL] = "INTERNAL",
    [GRPC_STATUS_UNAVAILABLE] = "UNAVAILABLE",
    [GRPC_STATUS_DATA_LOSS] = "DATA_LOSS",
    [GRPC_STATUS_UNAUTHENTICATED] = "UNAUTHENTICATED",
};

const gchar *
rc_status_to_string (grpc_status_code status)
{
  if (status < 0 || (gsize)status >= G_N_ELEMENTS (status_names))
    return "unknown status";
  return status_names[status];
}

/* gRPC core has no codes for the reasons below, only these words. Should
 * another release say it otherwise, the class gets coarser (CONNECT or
 * STATUS), nothing else. */
static gboolean
says (const gchar *details, const gchar *words)
{
  return g_strstr_len (details, -1, words) != NULL;
}

/* What gRPC says of a peer that answers HTTP/1; HTTP/2, but not gRPC; or
 * neither. */
static gboolean
is_foreign (grpc_status_code status, const gchar *details)
{
  switch (status) {
  case GRPC_STATUS_UNAVAILABLE: /* with HTTP/2: a proxy says, try later */
    return says (details, "http1.x server");
  case GRPC_STATUS_UNKNOWN:
    if (says (details, "Stream removed"))
      return TRUE;
    /* fall through */
  default:
    return says (details, "http1.x server")
           || says (details, "Received http2 header with status");
  }
}

static RcClientError
classify_first (grpc_status_code status, const gchar *details)
{
  if (status == GRPC_STATUS_UNIMPLEMENTED || is_foreign (status, details))
    return RC_CLIENT_ERROR_NOT_A_CAMERA;
  if (status == GRPC_STATUS_UNAVAILABLE)
    return RC_CLIENT_ERROR_CONNECT;
  return RC_CLIENT_ERROR_STATUS;
}

static RcClientError
classify (grpc_status_code status, const gchar *details, gboolean received)
{
  if (status == GRPC_STATUS_RESOURCE_EXHAUSTED
      && says (details, "Received message larger than max"))
    return RC_CLIENT_ERROR_TOO_LARGE;
  if (!received)
    return classify_first (status, details);
  /* The latter: what came on the connection is not HTTP/2 any more. */
  if (status == GRPC_STATUS_UNAVAILABLE || is_foreign (status, details))
    return RC_CLIENT_ERROR_LOST;
  return RC_CLIENT_ERROR_STATUS;
}

GError *
rc_status_to_error (
    grpc_status_code status, const gchar *details, gboolean received)
{
  return g_error_new (RC_CLIENT_ERROR, classify (status, details, received),
      "gRPC status %s (%d): %s", rc_status_to_string (status), status,
      *details ? details : "no details");
}
