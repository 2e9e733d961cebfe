/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The URI parser: what it takes keeps to its bounds, and what it prints of it
 * reads back as the same. */

#include <string.h>

#include "fuzzinput.h"
#include "source/rcuri.h"

static void
check_round_trip (const RcUri *uri)
{
  g_autofree gchar *text = rc_uri_to_string (uri);
  g_autofree gchar *text_again = NULL;
  g_auto (RcUri) again = {NULL};
  g_autoptr (GError) error = NULL;

  rc_uri_parse (text, &again, &error);
  g_assert_no_error (error);
  text_again = rc_uri_to_string (&again);
  g_assert_cmpstr (text, ==, text_again);
  g_assert_cmpstr (uri->host, ==, again.host);
  g_assert_cmpuint (uri->port, ==, again.port);
  g_assert_cmpuint (uri->pipeline, ==, again.pipeline);
  g_assert_cmpuint (uri->streams, ==, again.streams);
  g_assert_cmpint (uri->color, ==, again.color);
  g_assert_cmpint (uri->tls, ==, again.tls);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree gchar *text = g_strndup ((const gchar *)data, size);
  g_auto (RcUri) uri = {NULL};
  g_autoptr (GError) error = NULL;

  if (!rc_uri_parse (text, &uri, &error)) {
    g_assert_nonnull (error);
    g_assert_true (error->domain == G_URI_ERROR);
    g_assert_null (uri.host);
    return 0;
  }
  g_assert_no_error (error);
  g_assert_true (uri.host != NULL && *uri.host != '\0');
  g_assert_cmpuint (uri.port, >, 0);
  g_assert_cmpuint (uri.port + uri.pipeline, <=, G_MAXUINT16);
  g_assert_cmpuint (uri.streams, <, 1 << RC_N_STREAMS);
  check_round_trip (&uri);
  return 0;
}
