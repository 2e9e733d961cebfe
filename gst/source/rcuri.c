/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "source/rcuri.h"

static gboolean
parse_pipeline (const gchar *value, RcUri *uri, GError **error)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (
          value, 10, 0, G_MAXUINT16 - uri->port, &number, NULL)) {
    g_set_error (error, G_URI_ERROR, G_URI_ERROR_BAD_QUERY,
        "pipeline=%s: a number is needed that, added to the port, is at most "
        "%u",
        value, G_MAXUINT16);
    return FALSE;
  }
  uri->pipeline = number;
  return TRUE;
}

static gboolean
parse_color (const gchar *value, RcUri *uri, GError **error)
{
  if (g_ascii_strcasecmp (value, "true") == 0 || g_str_equal (value, "1")) {
    uri->color = TRUE;
  } else if (g_ascii_strcasecmp (value, "false") == 0
             || g_str_equal (value, "0")) {
    uri->color = FALSE;
  } else {
    g_set_error (error, G_URI_ERROR, G_URI_ERROR_BAD_QUERY,
        "color=%s: true or false is needed", value);
    return FALSE;
  }
  return TRUE;
}

/* A literal plus arrives as such or, from those who read a query as a form
 * does, as a space. */
static gboolean
parse_streams (const gchar *value, RcUri *uri, GError **error)
{
  g_auto (GStrv) names = g_strsplit_set (value, "+ ,", -1);
  guint i = 0;

  /* Also an empty value is a list of one name, which no stream has. */
  do {
    RcStream stream;

    if (!rc_stream_from_string (names[i], &stream)) {
      g_set_error (error, G_URI_ERROR, G_URI_ERROR_BAD_QUERY,
          "streams=%s: one or more of left, right, disparity, confidence, "
          "error, mesh and metadata are needed, with a + between them",
          value);
      return FALSE;
    }
    uri->streams |= 1 << stream;
  } while (names[i] != NULL && names[++i] != NULL);
  return TRUE;
}

static gboolean
parse_query (const gchar *query, RcUri *uri, GError **error)
{
  g_autoptr (GHashTable) params = NULL;
  GHashTableIter iter;
  const gchar *key, *value;

  params = g_uri_parse_params (query, -1, "&", G_URI_PARAMS_NONE, error);
  if (params == NULL)
    return FALSE;

  g_hash_table_iter_init (&iter, params);
  while (g_hash_table_iter_next (&iter, (gpointer *)&key, (gpointer *)&value)) {
    gboolean ok;

    if (g_str_equal (key, "pipeline")) {
      ok = parse_pipeline (value, uri, error);
    } else if (g_str_equal (key, "color")) {
      ok = parse_color (value, uri, error);
    } else if (g_str_equal (key, "streams")) {
      ok = parse_streams (value, uri, error);
    } else {
      g_set_error (error, G_URI_ERROR, G_URI_ERROR_BAD_QUERY,
          "\"%s\" is none of pipeline, color and streams", key);
      ok = FALSE;
    }
    if (!ok)
      return FALSE;
  }
  return TRUE;
}

gboolean
rc_uri_parse (const gchar *uri, RcUri *result, GError **error)
{
  g_autoptr (GUri) parsed = NULL;
  g_auto (RcUri) fields = {.port = RC_DEFAULT_PORT};

  parsed = g_uri_parse (uri, G_URI_FLAGS_ENCODED_QUERY, error);
  if (parsed == NULL)
    return FALSE;
  fields.tls = g_str_equal (g_uri_get_scheme (parsed), RC_URI_SCHEME_TLS);
  if (!fields.tls && !g_str_equal (g_uri_get_scheme (parsed), RC_URI_SCHEME)) {
    g_set_error (error, G_URI_ERROR, G_URI_ERROR_BAD_SCHEME,
        "the scheme is neither " RC_URI_SCHEME ":// nor " RC_URI_SCHEME_TLS
        "://");
    return FALSE;
  }
  if (g_uri_get_host (parsed) == NULL || *g_uri_get_host (parsed) == '\0') {
    g_set_error (error, G_URI_ERROR, G_URI_ERROR_BAD_HOST, "no host");
    return FALSE;
  }
  if (g_uri_get_userinfo (parsed) != NULL || g_uri_get_fragment (parsed) != NULL
      || strlen (g_uri_get_path (parsed)) > 1) {
    g_set_error (error, G_URI_ERROR, G_URI_ERROR_FAILED,
        "a user, a path or a fragment means nothing to a camera");
    return FALSE;
  }
  if (g_uri_get_port (parsed) == 0) {
    g_set_error (
        error, G_URI_ERROR, G_URI_ERROR_BAD_PORT, "there is no port 0");
    return FALSE;
  }

  fields.host = g_strdup (g_uri_get_host (parsed));
  if (g_uri_get_port (parsed) > 0)
    fields.port = g_uri_get_port (parsed);
  if (g_uri_get_query (parsed) != NULL
      && !parse_query (g_uri_get_query (parsed), &fields, error))
    return FALSE;

  *result = fields;
  fields.host = NULL;
  return TRUE;
}

gchar *
rc_uri_to_string (const RcUri *uri)
{
  GString *query = g_string_new (NULL);
  g_autofree gchar *text = NULL;

  if (uri->pipeline != 0)
    g_string_append_printf (query, "&pipeline=%u", uri->pipeline);
  if (uri->color)
    g_string_append (query, "&color=true");
  for (guint i = 0, n = 0; i < RC_N_STREAMS; i++) {
    if (uri->streams & (1 << i))
      g_string_append_printf (
          query, "%s%s", n++ ? "+" : "&streams=", rc_stream_to_string (i));
  }

  text = g_string_free (query, FALSE);
  return g_uri_join (G_URI_FLAGS_ENCODED_QUERY,
      uri->tls ? RC_URI_SCHEME_TLS : RC_URI_SCHEME, NULL, uri->host,
      uri->port == RC_DEFAULT_PORT ? -1 : uri->port, "",
      *text ? text + 1 : NULL, NULL);
}

void
rc_uri_clear (RcUri *uri)
{
  g_clear_pointer (&uri->host, g_free);
}
