/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-rccolormap
 * @title: rccolormap
 * @short_description: false colours for disparity, depth and confidence
 *
 * Disparity, depth, confidence and error images hold exact but small numbers,
 * which look black. This element shows them in colours. What the numbers mean
 * it takes from the images' GstRcImageMeta.
 *
 * |[
 * gst-launch-1.0 rcgrpcsrc name=s  s.disparity ! rccolormap legend=true ! videoconvert ! autovideosink
 * gst-launch-1.0 rcgrpcsrc num-buffers=1 name=s  s.disparity ! rcdepth ! rccolormap range-min=500 range-max=5000 ! pngenc ! filesink location=depth.png
 * ]|
 *
 * Since: 0.1
 */

#include "depth/gstrccolormap.h"

#include <math.h>

#include <gst/video/gstvideofilter.h>
#include <gst/video/video.h>

#include "depth/gstrcfilterframes.h"
#include "depth/gstrcimageunit.h"
#include "depth/rccolortable.h"
#include "depth/rclegend.h"
#include "depth/rcrange.h"
#include "meta/gstrcimagemeta.h"

GST_DEBUG_CATEGORY_STATIC (gst_rc_colormap_debug);
#define GST_CAT_DEFAULT gst_rc_colormap_debug

#define DEFAULT_PALETTE RC_PALETTE_JET
#define DEFAULT_INVERT FALSE
#define AUTOMATIC -1.0
#define DEFAULT_INVALID_VALUE -1
#define DEFAULT_INVALID_COLOR 0xff000000u
#define DEFAULT_LEGEND FALSE

/* Values that the range is found by, at least: a share of 2 % of them is known
 * to a tenth of itself. */
#define SAMPLES 32768
/* Between images without PTS, seconds. */
#define ASSUMED_INTERVAL (1.0 / 25)

enum {
  PROP_0,
  PROP_PALETTE,
  PROP_INVERT,
  PROP_RANGE_MIN,
  PROP_RANGE_MAX,
  PROP_INVALID_VALUE,
  PROP_INVALID_COLOR,
  PROP_LEGEND,
  N_PROPERTIES
};

typedef struct {
  RcPalette palette;
  gboolean invert;
  gdouble range_min;
  gdouble range_max;
  gint invalid_value;
  guint invalid_color;
  gboolean legend;
} Settings;

struct _GstRcColormap {
  GstVideoFilter parent;

  Settings settings; /* object lock */

  /* streaming thread, or stopped */
  RcColorTable *table;
  RcHistogram *histogram;
  RcRange range; /* stored values; follows the images */
  gboolean have_range;
  GstClockTime last_pts;
};

G_DECLARE_FINAL_TYPE (
    GstRcColormap, gst_rc_colormap, GST, RC_COLORMAP, GstVideoFilter)
G_DEFINE_TYPE_WITH_CODE (GstRcColormap, gst_rc_colormap, GST_TYPE_VIDEO_FILTER,
    GST_DEBUG_CATEGORY_INIT (
        gst_rc_colormap_debug, "rccolormap", 0, "false colours"))
GST_ELEMENT_REGISTER_DEFINE (
    rccolormap, "rccolormap", GST_RANK_NONE, gst_rc_colormap_get_type ())

static GParamSpec *properties[N_PROPERTIES];

#define GREY_FORMATS "{ GRAY16_LE, GRAY16_BE, GRAY8 }"
#define COLOR_FORMATS                                                          \
  "{ BGRx, RGBx, xRGB, xBGR, BGRA, RGBA, ARGB, ABGR, RGB, BGR }"

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
        GST_STATIC_CAPS (GST_VIDEO_CAPS_MAKE (GREY_FORMATS)));
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS,
        GST_STATIC_CAPS (GST_VIDEO_CAPS_MAKE (COLOR_FORMATS)));

static GType
gst_rc_palette_get_type (void)
{
  static GType type;
  static const GEnumValue values[] = {
      {RC_PALETTE_JET, "Blue over green to red", "jet"},
      {RC_PALETTE_TURBO, "Blue over green to red, evenly", "turbo"},
      {RC_PALETTE_VIRIDIS, "Violet over green to yellow, for all eyes",
          "viridis"},
      {RC_PALETTE_GRAY, "Black to white", "gray"},
      {0, NULL, NULL},
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstRcPalette", values));
  return type;
}

static GstCaps *
gst_rc_colormap_transform_caps (GstBaseTransform *trans,
    GstPadDirection direction, GstCaps *caps, GstCaps *filter)
{
  g_autoptr (GstCaps) other = gst_static_pad_template_get_caps (
      direction == GST_PAD_SINK ? &src_template : &sink_template);
  const GValue *formats =
      gst_structure_get_value (gst_caps_get_structure (other, 0), "format");
  g_autoptr (GstCaps) result = gst_caps_copy (caps);

  for (guint i = 0; i < gst_caps_get_size (result); i++) {
    GstStructure *structure = gst_caps_get_structure (result, i);

    gst_structure_set_value (structure, "format", formats);
    gst_structure_remove_fields (structure, "colorimetry", "chroma-site", NULL);
  }
  if (filter == NULL)
    return g_steal_pointer (&result);
  return gst_caps_intersect_full (filter, result, GST_CAPS_INTERSECT_FIRST);
}

/* GstBaseTransform keeps no meta that depends on the picture's size, which
 * stays. */
static gboolean
gst_rc_colormap_transform_meta (
    GstBaseTransform *trans, GstBuffer *out, GstMeta *meta, GstBuffer *in)
{
  if (gst_meta_info_is_custom (meta->info)
      && gst_custom_meta_has_name (
          (GstCustomMeta *)meta, GST_RC_IMAGE_META_NAME))
    return TRUE;
  return GST_BASE_TRANSFORM_CLASS (gst_rc_colormap_parent_class)
      ->transform_meta (trans, out, meta, in);
}

/* Takes what control sources say for the time of this image. */
static void
gst_rc_colormap_before_transform (GstBaseTransform *trans, GstBuffer *buffer)
{
  const GstSegment *segment = &trans->segment;
  GstClockTime time;

  if (segment->format != GST_FORMAT_TIME)
    return;
  time = gst_segment_to_stream_time (
      segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  if (GST_CLOCK_TIME_IS_VALID (time))
    gst_object_sync_values (GST_OBJECT (trans), time);
}

static void
start_anew (GstRcColormap *self)
{
  self->have_range = FALSE;
  self->last_pts = GST_CLOCK_TIME_NONE;
}

static gboolean
gst_rc_colormap_set_info (GstVideoFilter *filter, GstCaps *in_caps,
    GstVideoInfo *in_info, GstCaps *out_caps, GstVideoInfo *out_info)
{
  start_anew (GST_RC_COLORMAP (filter));
  return TRUE;
}

static gboolean
gst_rc_colormap_start (GstBaseTransform *trans)
{
  GstRcColormap *self = GST_RC_COLORMAP (trans);

  self->table = g_new0 (RcColorTable, 1);
  self->histogram = g_new0 (RcHistogram, 1);
  start_anew (self);
  return TRUE;
}

static gboolean
gst_rc_colormap_stop (GstBaseTransform *trans)
{
  GstRcColormap *self = GST_RC_COLORMAP (trans);

  g_clear_pointer (&self->table, g_free);
  g_clear_pointer (&self->histogram, g_free);
  return TRUE;
}

static RcGrey
get_grey (const GstVideoFrame *frame)
{
  switch (GST_VIDEO_FRAME_FORMAT (frame)) {
  case GST_VIDEO_FORMAT_GRAY16_LE:
    return RC_GREY_16_LE;
  case GST_VIDEO_FORMAT_GRAY16_BE:
    return RC_GREY_16_BE;
  default:
    return RC_GREY_8;
  }
}

static RcPixelLayout
get_layout (const GstVideoFrame *frame)
{
  RcPixelLayout layout = {
      .size = GST_VIDEO_FRAME_COMP_PSTRIDE (frame, GST_VIDEO_COMP_R),
      .red = GST_VIDEO_FRAME_COMP_POFFSET (frame, GST_VIDEO_COMP_R),
      .green = GST_VIDEO_FRAME_COMP_POFFSET (frame, GST_VIDEO_COMP_G),
      .blue = GST_VIDEO_FRAME_COMP_POFFSET (frame, GST_VIDEO_COMP_B),
      .alpha = RC_PIXEL_NO_ALPHA};

  /* The byte that no colour has: alpha, or padding. */
  if (layout.size == 4)
    layout.alpha = 0 + 1 + 2 + 3 - layout.red - layout.green - layout.blue;
  return layout;
}

static const guint8 *
get_row (const GstVideoFrame *frame, guint row)
{
  return (const guint8 *)GST_VIDEO_FRAME_PLANE_DATA (frame, 0)
         + (gssize)row * GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0);
}

/* FALSE where no pixel is valid. */
static gboolean
measure_range (GstRcColormap *self, const GstVideoFrame *in, gint invalid_value,
    RcRange *range)
{
  guint width = GST_VIDEO_FRAME_WIDTH (in);
  guint height = GST_VIDEO_FRAME_HEIGHT (in);
  guint step = MAX (1, sqrt ((gdouble)width * height / SAMPLES));
  RcGrey grey = get_grey (in);

  rc_histogram_clear (self->histogram);
  for (guint row = 0; row < height; row += step) {
    if (grey == RC_GREY_8)
      rc_histogram_add_bytes (self->histogram, get_row (in, row), width, step);
    else
      rc_histogram_add_words (self->histogram, get_row (in, row), width, step,
          grey == RC_GREY_16_BE);
  }
  return rc_histogram_get_range (self->histogram, invalid_value, range);
}

static void
follow_range (GstRcColormap *self, const GstVideoFrame *in, gint invalid_value)
{
  GstClockTime pts = GST_BUFFER_PTS (in->buffer);
  gdouble elapsed = ASSUMED_INTERVAL;
  RcRange range;

  if (GST_BUFFER_IS_DISCONT (in->buffer))
    start_anew (self);
  if (GST_CLOCK_TIME_IS_VALID (pts) && GST_CLOCK_TIME_IS_VALID (self->last_pts))
    elapsed =
        pts > self->last_pts ? (gdouble)(pts - self->last_pts) / GST_SECOND : 0;
  if (!measure_range (self, in, invalid_value, &range))
    return;
  self->last_pts = pts;
  if (self->have_range)
    rc_range_follow (&self->range, &range, elapsed);
  else
    self->range = range;
  self->have_range = TRUE;
}

/* In stored values. */
static RcRange
get_range (GstRcColormap *self, const Settings *settings,
    const GstRcImageUnit *unit, const GstVideoFrame *in, gint invalid_value)
{
  gboolean low_is_given = settings->range_min != AUTOMATIC;
  gboolean high_is_given = settings->range_max != AUTOMATIC;
  RcRange range;

  if (!low_is_given || !high_is_given)
    follow_range (self, in, invalid_value);
  range = self->range;
  if (low_is_given)
    range.low = (settings->range_min - unit->offset) / unit->factor;
  if (high_is_given)
    range.high = (settings->range_max - unit->offset) / unit->factor;
  return range;
}

static void
draw_legend (const GstVideoFrame *out, const RcColoring *coloring,
    const GstRcImageUnit *unit)
{
  const RcCanvas canvas = {.pixels = GST_VIDEO_FRAME_PLANE_DATA (out, 0),
      .stride = GST_VIDEO_FRAME_PLANE_STRIDE (out, 0),
      .width = GST_VIDEO_FRAME_WIDTH (out),
      .height = GST_VIDEO_FRAME_HEIGHT (out),
      .layout = coloring->layout};

  rc_legend_draw (&canvas, coloring, unit->factor, unit->offset, unit->name);
}

static GstFlowReturn
gst_rc_colormap_transform_frame (
    GstVideoFilter *filter, GstVideoFrame *in, GstVideoFrame *out)
{
  GstRcColormap *self = GST_RC_COLORMAP (filter);
  GstRcImageUnit unit = gst_rc_image_unit_of (in->buffer);
  guint8 *pixels = GST_VIDEO_FRAME_PLANE_DATA (out, 0);
  RcColoring coloring;
  Settings settings;

  if (!gst_rc_filter_trim_frames (filter, in, out))
    return GST_FLOW_ERROR;
  GST_OBJECT_LOCK (self);
  settings = self->settings;
  GST_OBJECT_UNLOCK (self);

  coloring = (RcColoring){.palette = settings.palette,
      .is_inverted = settings.invert != unit.near_is_low,
      .invalid_value = settings.invalid_value >= 0 ? settings.invalid_value
                                                   : unit.invalid_value,
      .invalid_color = settings.invalid_color,
      .grey = get_grey (in),
      .layout = get_layout (out)};
  coloring.range =
      get_range (self, &settings, &unit, in, coloring.invalid_value);
  rc_color_table_update (self->table, &coloring);

  for (gint row = 0; row < GST_VIDEO_FRAME_HEIGHT (in); row++)
    rc_color_table_map_row (self->table, get_row (in, row),
        pixels + (gssize)row * GST_VIDEO_FRAME_PLANE_STRIDE (out, 0),
        GST_VIDEO_FRAME_WIDTH (in));
  if (settings.legend)
    draw_legend (out, &self->table->coloring, &unit);
  return GST_FLOW_OK;
}

static void
gst_rc_colormap_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstRcColormap *self = GST_RC_COLORMAP (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
  case PROP_PALETTE:
    self->settings.palette = g_value_get_enum (value);
    break;
  case PROP_INVERT:
    self->settings.invert = g_value_get_boolean (value);
    break;
  case PROP_RANGE_MIN:
    self->settings.range_min = g_value_get_double (value);
    break;
  case PROP_RANGE_MAX:
    self->settings.range_max = g_value_get_double (value);
    break;
  case PROP_INVALID_VALUE:
    self->settings.invalid_value = g_value_get_int (value);
    break;
  case PROP_INVALID_COLOR:
    self->settings.invalid_color = g_value_get_uint (value);
    break;
  case PROP_LEGEND:
    self->settings.legend = g_value_get_boolean (value);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_rc_colormap_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstRcColormap *self = GST_RC_COLORMAP (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
  case PROP_PALETTE:
    g_value_set_enum (value, self->settings.palette);
    break;
  case PROP_INVERT:
    g_value_set_boolean (value, self->settings.invert);
    break;
  case PROP_RANGE_MIN:
    g_value_set_double (value, self->settings.range_min);
    break;
  case PROP_RANGE_MAX:
    g_value_set_double (value, self->settings.range_max);
    break;
  case PROP_INVALID_VALUE:
    g_value_set_int (value, self->settings.invalid_value);
    break;
  case PROP_INVALID_COLOR:
    g_value_set_uint (value, self->settings.invalid_color);
    break;
  case PROP_LEGEND:
    g_value_set_boolean (value, self->settings.legend);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
define_properties (void)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS
                            | GST_PARAM_CONTROLLABLE
                            | GST_PARAM_MUTABLE_PLAYING;

  /**
   * GstRcColormap:palette:
   *
   * The colours. With "jet", which the vendor's viewers use, and with "turbo"
   * what is near is red and what is far is blue.
   *
   * Since: 0.1
   */
  properties[PROP_PALETTE] = g_param_spec_enum ("palette", "Palette",
      "The colours", gst_rc_palette_get_type (), DEFAULT_PALETTE, flags);
  /**
   * GstRcColormap:invert:
   *
   * Turns the palette round. Images of depth, for which small values are near
   * ones, have it turned round by themselves, if their GstRcImageMeta says so.
   *
   * Since: 0.1
   */
  properties[PROP_INVERT] = g_param_spec_boolean (
      "invert", "Invert", "Turn the palette round", DEFAULT_INVERT, flags);
  /**
   * GstRcColormap:range-min:
   *
   * The value at one end of the palette: pixels for disparity and its error,
   * millimetres for depth, 0 to 1 for confidence, stored values for images
   * without GstRcImageMeta. -1: so that 2 % of the valid pixels are below.
   *
   * Since: 0.1
   */
  properties[PROP_RANGE_MIN] = g_param_spec_double ("range-min", "Range min.",
      "Value at the palette's lower end, in pixels of disparity, millimetres of "
      "depth or 0 to 1 of confidence (-1 = automatic)",
      AUTOMATIC, G_MAXDOUBLE, AUTOMATIC, flags);
  /**
   * GstRcColormap:range-max:
   *
   * The value at the palette's other end. -1: so that 2 % of the valid pixels
   * are above.
   *
   * Since: 0.1
   */
  properties[PROP_RANGE_MAX] = g_param_spec_double ("range-max", "Range max.",
      "Value at the palette's upper end, like range-min (-1 = automatic)",
      AUTOMATIC, G_MAXDOUBLE, AUTOMATIC, flags);
  /**
   * GstRcColormap:invalid-value:
   *
   * The stored value of pixels that have none. -1: what GstRcImageMeta says,
   * else 0.
   *
   * Since: 0.1
   */
  properties[PROP_INVALID_VALUE] = g_param_spec_int ("invalid-value",
      "Invalid value",
      "Stored value of pixels without a value (-1 = as GstRcImageMeta says, "
      "else 0)",
      -1, G_MAXUINT16, DEFAULT_INVALID_VALUE, flags);
  /**
   * GstRcColormap:invalid-color:
   *
   * 0xAARRGGBB, of pixels without a value. Alpha counts where the output has
   * it.
   *
   * Since: 0.1
   */
  properties[PROP_INVALID_COLOR] = g_param_spec_uint ("invalid-color",
      "Invalid color", "Colour of pixels without a value, 0xAARRGGBB", 0,
      G_MAXUINT32, DEFAULT_INVALID_COLOR, flags);
  /**
   * GstRcColormap:legend:
   *
   * Draws a scale with numbers over the right side of the picture, if that is at
   * least 96x64.
   *
   * Since: 0.1
   */
  properties[PROP_LEGEND] = g_param_spec_boolean ("legend", "Legend",
      "Draw a scale with numbers at the right side", DEFAULT_LEGEND, flags);
}

static void
gst_rc_colormap_class_init (GstRcColormapClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);
  GstVideoFilterClass *filter_class = GST_VIDEO_FILTER_CLASS (klass);

  object_class->set_property = gst_rc_colormap_set_property;
  object_class->get_property = gst_rc_colormap_get_property;
  define_properties ();
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
  gst_type_mark_as_plugin_api (gst_rc_palette_get_type (), 0);

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Stereo colour map",
      "Filter/Effect/Video",
      "Shows disparity, depth, confidence and error images in colours",
      "The gst-rcgrpc authors");

  trans_class->before_transform = gst_rc_colormap_before_transform;
  trans_class->transform_caps = gst_rc_colormap_transform_caps;
  trans_class->transform_meta = gst_rc_colormap_transform_meta;
  trans_class->start = gst_rc_colormap_start;
  trans_class->stop = gst_rc_colormap_stop;
  filter_class->set_info = gst_rc_colormap_set_info;
  filter_class->transform_frame = gst_rc_colormap_transform_frame;
}

static void
gst_rc_colormap_init (GstRcColormap *self)
{
  self->settings = (Settings){.palette = DEFAULT_PALETTE,
      .invert = DEFAULT_INVERT,
      .range_min = AUTOMATIC,
      .range_max = AUTOMATIC,
      .invalid_value = DEFAULT_INVALID_VALUE,
      .invalid_color = DEFAULT_INVALID_COLOR,
      .legend = DEFAULT_LEGEND};
}
