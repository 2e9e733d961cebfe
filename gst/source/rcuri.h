/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rcgrpc://host[:port][?pipeline=N&color=true&streams=left+disparity], or
 * rcgrpcs:// for TLS. Pure. */

#pragma once

#include <glib.h>

#include "wire/rcstream.h"

G_BEGIN_DECLS

#define RC_URI_SCHEME "rcgrpc"
#define RC_URI_SCHEME_TLS "rcgrpcs"
#define RC_DEFAULT_PORT 50051

/**
 * RcUri:
 * @host: name or address, IPv6 without brackets
 * @port: of pipeline 0
 * @pipeline: number of the pipeline
 * @color: left and right in colour
 * @tls: connect with TLS
 * @streams: bit mask of 1 << #RcStream; 0 if the URI names none
 */
typedef struct {
  gchar *host;
  guint16 port;
  guint pipeline;
  gboolean color;
  gboolean tls;
  guint streams;
} RcUri;

/* Parses @uri into @result, whose host is to be freed with rc_uri_clear ().
 * What the URI does not say gets its default. On failure a GST_URI_ERROR-like
 * message says what is wrong with it, @result is untouched; domain
 * G_URI_ERROR. */
gboolean rc_uri_parse (const gchar *uri, RcUri *result, GError **error);

/* The URI of @uri, without what is at its default. */
gchar *rc_uri_to_string (const RcUri *uri);

void rc_uri_clear (RcUri *uri);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RcUri, rc_uri_clear)

G_END_DECLS
