/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "recording/rcrecordjson.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "wire/rcimagesetbuilder.h"

#define MEMBER "recording"
#define NSEC_PER_SEC G_GINT64_CONSTANT (1000000000)

G_DEFINE_QUARK (rc - record - error, rc_record_error)

/* ---- writing ---- */

static gchar *
write_content (const RcRecordSet *set)
{
  g_autoptr (RcImageSetBuilder) builder =
      rc_image_set_builder_new (set->timestamp);
  g_autoptr (GBytes) no_pixels = g_bytes_new_static ("", 0);

  for (guint i = 0; i < RC_N_IMAGE_STREAMS; i++) {
    if (!set->has_image[i])
      continue;
    if (i == RC_STREAM_DISPARITY)
      rc_image_set_builder_add_disparity (
          builder, &set->disparity, &set->images[i], no_pixels);
    else
      rc_image_set_builder_add_image (builder, i, &set->images[i], no_pixels);
  }
  if (set->mesh_timestamp != 0)
    rc_image_set_builder_add_mesh (builder, set->mesh_timestamp, no_pixels);
  return rc_image_set_builder_finish_json (builder);
}

static gboolean
has_content (const RcRecordSet *set)
{
  if (set->mesh_timestamp != 0)
    return TRUE;
  for (guint i = 0; i < RC_N_IMAGE_STREAMS; i++) {
    if (set->has_image[i])
      return TRUE;
  }
  return FALSE;
}

static void
append_pts (GString *line, const RcRecordSet *set)
{
  const gchar *separator = "";

  g_string_append (line, "\"pts\":{");
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (set->pts[i] == RC_RECORD_NONE)
      continue;
    g_string_append_printf (line, "%s\"%s\":%" G_GUINT64_FORMAT, separator,
        rc_stream_to_string (i), set->pts[i]);
    separator = ",";
  }
  g_string_append_c (line, '}');
}

gchar *
rc_record_json_write (const RcRecordSet *set)
{
  GString *line = g_string_new (set->json);
  gsize length;

  if (set->json == NULL && has_content (set)) {
    g_autofree gchar *images = write_content (set);

    g_string_append (line, images);
  }
  length = strlen (g_strchomp (line->str));
  if (length < 2 || line->str[length - 1] != '}') {
    g_string_assign (line, "{");
  } else {
    line->str[length - 1] = '\0';
    g_string_truncate (line, strlen (g_strchomp (line->str)));
    if (line->str[line->len - 1] != '{')
      g_string_append_c (line, ',');
  }

  g_string_append (line, "\"" MEMBER "\":{");
  if (set->number != RC_RECORD_NONE)
    g_string_append_printf (
        line, "\"set\":%" G_GUINT64_FORMAT ",", set->number);
  if (set->duration != RC_RECORD_NONE)
    g_string_append_printf (
        line, "\"duration\":%" G_GUINT64_FORMAT ",", set->duration);
  append_pts (line, set);
  g_string_append (line, "}}\n");
  return g_string_free (line, FALSE);
}

/* ---- reading ---- */

typedef struct {
  gsize start, end; /* of the member "recording" at the top; equal: none */
  guint max_depth;
  gboolean strict; /* json-glib takes more than JSON: comments, single quotes,
                      escapes that are none, and the last of several texts */
} Outline;

static gboolean
is_recording (const gchar *text, gsize length, gsize at)
{
  static const gchar key[] = "\"" MEMBER "\":{";

  return at > 0 && (text[at - 1] == '{' || text[at - 1] == ',')
         && length - at >= strlen (key)
         && memcmp (text + at, key, strlen (key)) == 0;
}

/* How many characters the escape at @at has behind its backslash; 0: it is none. */
static gsize
escape_length (const gchar *text, gsize length, gsize at)
{
  if (at + 1 >= length || text[at + 1] == '\0'
      || strchr ("\"\\/bfnrtu", text[at + 1]) == NULL)
    return 0;
  if (text[at + 1] != 'u')
    return 1;
  for (gsize i = at + 2; i < at + 6; i++) {
    if (i >= length || !g_ascii_isxdigit (text[i]))
      return 0;
  }
  return 5;
}

/* What has to be known before it is parsed, and what the parser does not tell. */
static Outline
scan (const gchar *text, gsize length)
{
  Outline outline = {.strict = TRUE};
  gboolean in_string = FALSE, in_member = FALSE, has_begun = FALSE;
  guint depth = 0;

  for (gsize i = 0; i < length; i++) {
    if (depth == 0 && !g_ascii_isspace (text[i])) {
      outline.strict &= !has_begun && text[i] == '{';
      has_begun = TRUE;
    }
    if (in_string) {
      if (text[i] == '\\') {
        gsize escape = escape_length (text, length, i);

        outline.strict &= escape > 0;
        i += escape;
      } else if (text[i] == '"') {
        in_string = FALSE;
      }
    } else if (text[i] == '"') {
      in_string = TRUE;
      if (depth == 1 && is_recording (text, length, i)) {
        outline.start = i;
        in_member = TRUE;
      }
    } else if (text[i] == '{' || text[i] == '[') {
      depth++;
      outline.max_depth = MAX (outline.max_depth, depth);
    } else if (text[i] == '}' || text[i] == ']') {
      if (depth > 0 && --depth == 1 && in_member) {
        outline.end = i + 1;
        in_member = FALSE;
      }
    } else if (text[i] == '\'' || text[i] == '/' || text[i] == '#') {
      outline.strict = FALSE;
    }
  }
  outline.strict &= depth == 0 && !in_string;
  return outline;
}

static gboolean
fail (const gchar *name, RcRecordError code, GError **error)
{
  g_set_error (
      error, RC_RECORD_ERROR, code, "the member \"%s\" cannot be", name);
  return FALSE;
}

/* A member that is not there leaves @object as NULL. */
static gboolean
get_object (
    JsonObject *parent, const gchar *name, JsonObject **object, GError **error)
{
  JsonNode *node = json_object_get_member (parent, name);

  *object = NULL;
  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return fail (name, RC_RECORD_ERROR_TYPE, error);
  *object = json_node_get_object (node);
  return TRUE;
}

/* The same: then @value stays. */
static gboolean
get_integer (JsonObject *parent, const gchar *name, guint64 max, guint64 *value,
    GError **error)
{
  JsonNode *node = json_object_get_member (parent, name);
  gint64 number;

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_INT64)
    return fail (name, RC_RECORD_ERROR_TYPE, error);
  number = json_node_get_int (node);
  if (number < 0 || (guint64)number > max)
    return fail (name, RC_RECORD_ERROR_RANGE, error);
  *value = number;
  return TRUE;
}

static gboolean
get_uint (JsonObject *parent, const gchar *name, guint *value, GError **error)
{
  guint64 number = *value;

  if (!get_integer (parent, name, G_MAXUINT, &number, error))
    return FALSE;
  *value = number;
  return TRUE;
}

/* What JSON has no numbers for. */
static gboolean
float_from_string (const gchar *text, gfloat *value)
{
  if (g_str_equal (text, "NaN"))
    *value = NAN;
  else if (g_str_equal (text, "Infinity"))
    *value = INFINITY;
  else if (g_str_equal (text, "-Infinity"))
    *value = -INFINITY;
  else
    return FALSE;
  return TRUE;
}

static gboolean
get_float (JsonObject *parent, const gchar *name, gfloat *value, GError **error)
{
  JsonNode *node = json_object_get_member (parent, name);
  gdouble number;

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node))
    return fail (name, RC_RECORD_ERROR_TYPE, error);
  if (json_node_get_value_type (node) == G_TYPE_STRING)
    return float_from_string (json_node_get_string (node), value)
           || fail (name, RC_RECORD_ERROR_TYPE, error);
  if (json_node_get_value_type (node) != G_TYPE_DOUBLE
      && json_node_get_value_type (node) != G_TYPE_INT64)
    return fail (name, RC_RECORD_ERROR_TYPE, error);
  number = json_node_get_double (node);
  if (!(ABS (number) <= G_MAXFLOAT))
    return fail (name, RC_RECORD_ERROR_RANGE, error);
  *value = number;
  return TRUE;
}

static gboolean
get_boolean (
    JsonObject *parent, const gchar *name, gboolean *value, GError **error)
{
  JsonNode *node = json_object_get_member (parent, name);

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return fail (name, RC_RECORD_ERROR_TYPE, error);
  *value = json_node_get_boolean (node);
  return TRUE;
}

/* 0 counts as absent, as in the message; then @time stays. */
static gboolean
get_time (JsonObject *parent, guint64 *time, GError **error)
{
  JsonObject *object;
  guint64 sec = 0, nsec = 0;

  if (!get_object (parent, "timestamp", &object, error))
    return FALSE;
  if (object == NULL)
    return TRUE;
  if (!get_integer (object, "sec", G_MAXINT32, &sec, error)
      || !get_integer (object, "nsec", NSEC_PER_SEC - 1, &nsec, error))
    return FALSE;
  if (sec != 0 || nsec != 0)
    *time = sec * NSEC_PER_SEC + nsec;
  return TRUE;
}

static gboolean
get_encoding (JsonObject *parent, RcEncoding *encoding, GError **error)
{
  JsonNode *node = json_object_get_member (parent, "encoding");
  const gchar *name;

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_STRING)
    return fail ("encoding", RC_RECORD_ERROR_TYPE, error);
  name = json_node_get_string (node);
  for (guint i = RC_ENCODING_MONO8; i <= RC_ENCODING_RGB8; i++) {
    if (g_str_equal (name, rc_encoding_to_string (i))) {
      *encoding = i;
      return TRUE;
    }
  }
  return fail ("encoding", RC_RECORD_ERROR_RANGE, error);
}

static gboolean
read_gpios (JsonObject *object, RcImage *image, GError **error)
{
  JsonObject *gpios;

  if (!get_object (object, "gpios", &gpios, error))
    return FALSE;
  return gpios == NULL
         || (get_uint (gpios, "inputs", &image->gpio_inputs, error)
             && get_uint (gpios, "outputs", &image->gpio_outputs, error)
             && get_uint (gpios, "values", &image->gpio_values, error));
}

static gboolean
read_floats (JsonObject *object, RcImage *image, GError **error)
{
  const struct {
    const gchar *name;
    gfloat *value;
  } members[] = {
      {"focal_length", &image->focal_length},
      {"principal_point_u", &image->principal_point_u},
      {"principal_point_v", &image->principal_point_v},
      {"exposure_time", &image->exposure_time},
      {"gain", &image->gain},
      {"noise", &image->noise},
      {"out1_reduction", &image->out1_reduction},
      {"brightness", &image->brightness},
      {"gamma", &image->gamma},
  };

  for (guint i = 0; i < G_N_ELEMENTS (members); i++) {
    if (!get_float (object, members[i].name, members[i].value, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
is_usable (const RcImage *image)
{
  return isfinite (image->focal_length) && isfinite (image->principal_point_u)
         && isfinite (image->principal_point_v);
}

/* @time: that of what the image is part of. */
static gboolean
read_image (JsonObject *object, guint64 time, RcRecordSet *set, RcStream stream,
    GError **error)
{
  RcImage *image = &set->images[stream];

  if (object == NULL)
    return TRUE;
  image->timestamp = time;
  if (!get_time (object, &image->timestamp, error)
      || !get_uint (object, "width", &image->width, error)
      || !get_uint (object, "height", &image->height, error)
      || !get_uint (object, "step", &image->step, error)
      || !get_encoding (object, &image->encoding, error)
      || !get_boolean (object, "is_bigendian", &image->is_bigendian, error)
      || !get_boolean (object, "auto_exposure_adapting",
          &image->auto_exposure_adapting, error)
      || !read_floats (object, image, error)
      || !read_gpios (object, image, error))
    return FALSE;
  set->has_image[stream] = is_usable (image);
  return TRUE;
}

static gboolean
read_disparity (JsonObject *root, RcRecordSet *set, GError **error)
{
  RcDisparity *disparity = &set->disparity;
  guint64 time = set->timestamp;
  JsonObject *object, *image;

  if (!get_object (root, "disparity", &object, error))
    return FALSE;
  if (object == NULL)
    return TRUE;
  if (!get_time (object, &time, error)
      || !get_float (object, "scale", &disparity->scale, error)
      || !get_float (object, "offset", &disparity->offset, error)
      || !get_float (
          object, "invalid_data_value", &disparity->invalid_data_value, error)
      || !get_float (object, "baseline", &disparity->baseline, error)
      || !get_float (object, "delta_d", &disparity->delta_d, error)
      || !get_object (object, "image", &image, error)
      || !read_image (image, time, set, RC_STREAM_DISPARITY, error))
    return FALSE;
  set->has_disparity =
      set->has_image[RC_STREAM_DISPARITY] && isfinite (disparity->scale)
      && isfinite (disparity->offset) && isfinite (disparity->baseline)
      && isfinite (disparity->invalid_data_value)
      && isfinite (disparity->delta_d);
  set->has_image[RC_STREAM_DISPARITY] = set->has_disparity;
  return TRUE;
}

static gboolean
read_mesh (JsonObject *root, RcRecordSet *set, GError **error)
{
  JsonObject *object;

  if (!get_object (root, "mesh", &object, error))
    return FALSE;
  if (object == NULL)
    return TRUE;
  set->mesh_timestamp = set->timestamp;
  return get_time (object, &set->mesh_timestamp, error);
}

static gboolean
read_camera (JsonObject *root, RcRecordSet *set, GError **error)
{
  static const struct {
    const gchar *name;
    RcStream stream;
  } images[] = {
      {"left", RC_STREAM_LEFT},
      {"right", RC_STREAM_RIGHT},
      {"disparity_error", RC_STREAM_ERROR},
      {"confidence", RC_STREAM_CONFIDENCE},
  };

  if (!get_time (root, &set->timestamp, error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (images); i++) {
    JsonObject *object;

    if (!get_object (root, images[i].name, &object, error)
        || !read_image (object, set->timestamp, set, images[i].stream, error))
      return FALSE;
  }
  return read_disparity (root, set, error) && read_mesh (root, set, error);
}

static gboolean
read_recording (JsonObject *root, RcRecordSet *set, GError **error)
{
  JsonObject *object, *pts;

  if (!get_object (root, MEMBER, &object, error))
    return FALSE;
  if (object == NULL)
    return TRUE;
  if (!get_integer (object, "set", G_MAXINT64, &set->number, error)
      || !get_integer (object, "duration", G_MAXINT64, &set->duration, error)
      || !get_object (object, "pts", &pts, error))
    return FALSE;
  for (guint i = 0; pts != NULL && i < RC_N_STREAMS; i++) {
    if (!get_integer (
            pts, rc_stream_to_string (i), G_MAXINT64, &set->pts[i], error))
      return FALSE;
  }
  return TRUE;
}

/* With one of the commas beside it. */
static gchar *
cut_recording (const gchar *text, gsize length, const Outline *outline)
{
  gsize start = outline->start, end = outline->end, next = end;
  GString *line = g_string_new_len (text, length);

  while (next < length && g_ascii_isspace (text[next]))
    next++;

  if (end > start) {
    if (text[start - 1] == ',')
      start--;
    else if (next < length && text[next] == ',')
      end = next + 1;
    g_string_erase (line, start, end - start);
  }
  g_strchomp (line->str);
  line->len = strlen (line->str);
  g_string_append_c (line, '\n');
  return g_string_free (line, FALSE);
}

RcRecordSet *
rc_record_json_read (const gchar *text, gsize length, GError **error)
{
  g_autoptr (JsonParser) parser = NULL;
  g_autoptr (RcRecordSet) set = rc_record_set_new ();
  Outline outline = {0};
  JsonNode *root;

  if (length <= RC_RECORD_MAX_LINE)
    outline = scan (text, length);
  /* The parser calls itself for each level. */
  if (length > RC_RECORD_MAX_LINE || outline.max_depth > RC_RECORD_MAX_DEPTH) {
    g_set_error (error, RC_RECORD_ERROR, RC_RECORD_ERROR_LIMIT,
        "a line of %" G_GSIZE_FORMAT " bytes, %u deep", length,
        outline.max_depth);
    return NULL;
  }
  parser = json_parser_new ();
  if (!outline.strict || !g_utf8_validate (text, length, NULL)
      || !json_parser_load_from_data (parser, text, length, NULL)
      || (root = json_parser_get_root (parser)) == NULL
      || !JSON_NODE_HOLDS_OBJECT (root)) {
    g_set_error_literal (error, RC_RECORD_ERROR, RC_RECORD_ERROR_SYNTAX,
        "a line that is no JSON object");
    return NULL;
  }
  if (!read_camera (json_node_get_object (root), set, error)
      || !read_recording (json_node_get_object (root), set, error))
    return NULL;
  set->json = cut_recording (text, length, &outline);
  return g_steal_pointer (&set);
}

gchar *
rc_record_unescape (const gchar *text, gsize length)
{
  static const struct {
    const gchar *entity;
    gchar character;
  } entities[] = {
      {"&quot;", '"'},
      {"&apos;", '\''},
      {"&#39;", '\''},
      {"&lt;", '<'},
      {"&gt;", '>'},
      {"&amp;", '&'},
  };
  GString *plain = g_string_sized_new (length);

  for (gsize i = 0; i < length;) {
    guint j = 0;

    while (j < G_N_ELEMENTS (entities)
           && (length - i < strlen (entities[j].entity)
               || memcmp (
                      text + i, entities[j].entity, strlen (entities[j].entity))
                      != 0))
      j++;
    if (j < G_N_ELEMENTS (entities)) {
      g_string_append_c (plain, entities[j].character);
      i += strlen (entities[j].entity);
    } else {
      g_string_append_c (plain, text[i++]);
    }
  }
  return g_string_free (plain, FALSE);
}
