/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gst/check/gstcheck.h>

#include "source/rcuri.h"

#define LEFT (1 << RC_STREAM_LEFT)
#define RIGHT (1 << RC_STREAM_RIGHT)
#define DISPARITY (1 << RC_STREAM_DISPARITY)
#define METADATA (1 << RC_STREAM_METADATA)

static const struct {
  const gchar *uri;
  const gchar *host;
  guint port;
  guint pipeline;
  gboolean color;
  guint streams;
  gboolean tls;
  const gchar *again; /* what the parsed URI prints as; NULL: the same */
} good[] = {
    {"rcgrpc://cube", "cube", 50051, 0, FALSE, 0, FALSE, NULL},
    {"rcgrpc://10.0.2.90:50051?pipeline=1&color=true&streams=left", "10.0.2.90",
        50051, 1, TRUE, LEFT, FALSE,
        "rcgrpc://10.0.2.90?pipeline=1&color=true&streams=left"},
    {"rcgrpc://cube:1234/?streams=left+disparity", "cube", 1234, 0, FALSE,
        LEFT | DISPARITY, FALSE, "rcgrpc://cube:1234?streams=left+disparity"},
    {"rcgrpc://cube?streams=left%2Bright", "cube", 50051, 0, FALSE,
        LEFT | RIGHT, FALSE, "rcgrpc://cube?streams=left+right"},
    {"rcgrpc://cube?streams=metadata%20left", "cube", 50051, 0, FALSE,
        LEFT | METADATA, FALSE, "rcgrpc://cube?streams=left+metadata"},
    {"rcgrpc://[fe80::1]:50052", "fe80::1", 50052, 0, FALSE, 0, FALSE, NULL},
    {"rcgrpc://cube?color=false&pipeline=0", "cube", 50051, 0, FALSE, 0, FALSE,
        "rcgrpc://cube"},
    {"RCGRPC://cube", "cube", 50051, 0, FALSE, 0, FALSE, "rcgrpc://cube"},
    {"rcgrpc://cube:65530?pipeline=5", "cube", 65530, 5, FALSE, 0, FALSE, NULL},
    {"rcgrpcs://cube?streams=left", "cube", 50051, 0, FALSE, LEFT, TRUE, NULL},
};

GST_START_TEST (test_good)
{
  g_auto (RcUri) uri = {NULL};
  g_autoptr (GError) error = NULL;
  g_autofree gchar *text = NULL;

  fail_unless (rc_uri_parse (good[__i__].uri, &uri, &error), "%s: %s",
      good[__i__].uri, error ? error->message : NULL);
  fail_unless_equals_string (uri.host, good[__i__].host);
  fail_unless_equals_int (uri.port, good[__i__].port);
  fail_unless_equals_int (uri.pipeline, good[__i__].pipeline);
  fail_unless_equals_int (uri.color, good[__i__].color);
  fail_unless_equals_int (uri.tls, good[__i__].tls);
  fail_unless_equals_int (uri.streams, good[__i__].streams);

  text = rc_uri_to_string (&uri);
  fail_unless_equals_string (
      text, good[__i__].again ? good[__i__].again : good[__i__].uri);
}
GST_END_TEST;

static const struct {
  const gchar *uri;
  gint code;
} bad[] = {
    {"rcgrpc:", G_URI_ERROR_BAD_HOST},
    {"rcgrpc://", G_URI_ERROR_BAD_HOST},
    {"rcgrpc://:50051", G_URI_ERROR_BAD_HOST},
    {"http://cube", G_URI_ERROR_BAD_SCHEME},
    {"rcgrpcss://cube", G_URI_ERROR_BAD_SCHEME},
    {"cube", G_URI_ERROR_FAILED},
    {"rcgrpc://cube:0", G_URI_ERROR_BAD_PORT},
    {"rcgrpc://cube:65536", G_URI_ERROR_BAD_PORT},
    {"rcgrpc://cube:port", G_URI_ERROR_BAD_PORT},
    {"rcgrpc://me@cube", G_URI_ERROR_FAILED},
    {"rcgrpc://cube/left", G_URI_ERROR_FAILED},
    {"rcgrpc://cube#left", G_URI_ERROR_FAILED},
    {"rcgrpc://cube?pipeline=", G_URI_ERROR_BAD_QUERY},
    {"rcgrpc://cube?pipeline=-1", G_URI_ERROR_BAD_QUERY},
    {"rcgrpc://cube?pipeline=one", G_URI_ERROR_BAD_QUERY},
    {"rcgrpc://cube?pipeline=15485", G_URI_ERROR_BAD_QUERY},
    {"rcgrpc://cube?pipeline=18446744073709551617", G_URI_ERROR_BAD_QUERY},
    {"rcgrpc://cube?color=red", G_URI_ERROR_BAD_QUERY},
    {"rcgrpc://cube?streams=", G_URI_ERROR_BAD_QUERY},
    {"rcgrpc://cube?streams=left+up", G_URI_ERROR_BAD_QUERY},
    {"rcgrpc://cube?stream=left", G_URI_ERROR_BAD_QUERY},
};

GST_START_TEST (test_bad)
{
  RcUri uri = {.host = (gchar *)"untouched"};
  g_autoptr (GError) error = NULL;

  fail_if (rc_uri_parse (bad[__i__].uri, &uri, &error), "%s", bad[__i__].uri);
  fail_unless (g_error_matches (error, G_URI_ERROR, bad[__i__].code),
      "%s: code %d, %s", bad[__i__].uri, error->code, error->message);
  fail_unless_equals_string (uri.host, "untouched");
}
GST_END_TEST;

static Suite *
uri_suite (void)
{
  Suite *suite = suite_create ("uri");
  TCase *tcase = tcase_create ("parse");

  tcase_add_loop_test (tcase, test_good, 0, G_N_ELEMENTS (good));
  tcase_add_loop_test (tcase, test_bad, 0, G_N_ELEMENTS (bad));
  suite_add_tcase (suite, tcase);
  return suite;
}

GST_CHECK_MAIN (uri);
