/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "soakcheck.h"
#include "soakcameras.h"
#include "soaklog.h"
#include "soakpictures.h"

#include <gst/video/video.h>
#include <string.h>

/* Running time begins anew when each sink has said so, one after the other. */
#define MAX_REWINDS 8

/* Images cannot come before they are taken; the clocks of simulator and
 * pipeline may differ by this, ns. */
#define EARLY_LIMIT (500 * GST_MSECOND)

struct _SoakCheck {
  SoakPictures *pictures;
  GstCaps *unix_time_caps;

  SoakCameras *cameras;

  GMutex lock;
  SoakCheckFigures figures; /* lock */
};

struct _SoakPad {
  gatomicrefcount count;
  SoakCheck *check;
  RcStream stream;
  gchar *name;

  GMutex lock;
  /* lock */
  guint64 n_buffers;
  guint64 last_offset;
  GstClockTime last_pts;
  gboolean has_last;
  gboolean had_gap; /* event, since the last buffer */
  gboolean eos;
  guint renumberings;
  guint rewinds;
};

/* What a buffer says of itself. */
typedef struct {
  guint64 number; /* from its pixels */
  guint64 set_timestamp;
  guint64 timestamp;
} Claims;

SoakCheck *
soak_check_new (void)
{
  SoakCheck *check = g_new0 (SoakCheck, 1);

  g_mutex_init (&check->lock);
  check->pictures = soak_pictures_new ();
  check->unix_time_caps = gst_caps_new_empty_simple ("timestamp/x-unix");
  check->cameras = soak_cameras_new ();
  return check;
}

void
soak_check_free (SoakCheck *check)
{
  soak_cameras_free (check->cameras);
  gst_caps_unref (check->unix_time_caps);
  soak_pictures_free (check->pictures);
  g_mutex_clear (&check->lock);
  g_free (check);
}

void
soak_check_get_figures (SoakCheck *check, SoakCheckFigures *figures)
{
  g_mutex_lock (&check->lock);
  *figures = check->figures;
  g_mutex_unlock (&check->lock);
}

void
soak_check_add_camera (SoakCheck *check, SoakCamera *camera)
{
  soak_cameras_add (check->cameras, camera);
}

void
soak_check_forget (SoakCheck *check, const SoakCamera *current)
{
  soak_cameras_forget (check->cameras, current);
  soak_pictures_forget (check->pictures);
}

static void
count (SoakCheck *check, guint64 *figure)
{
  g_mutex_lock (&check->lock);
  (*figure)++;
  g_mutex_unlock (&check->lock);
}

static gboolean
may_be_corrupt (SoakCheck *check)
{
  if (!soak_cameras_may_corrupt (check->cameras))
    return FALSE;
  count (check, &check->figures.corrupted);
  return TRUE;
}

/* ---- images ---- */

/* FALSE if a pixel of the stamp is neither black nor white. */
static gboolean
read_stamp (const GstVideoFrame *frame, guint64 *number)
{
  const guint8 *pixels = GST_VIDEO_FRAME_PLANE_DATA (frame, 0);
  guint pixel_size = GST_VIDEO_FRAME_COMP_PSTRIDE (frame, 0);

  *number = 0;
  for (guint i = 0; i < SOAK_STAMP_PIXELS; i++) {
    const guint8 *pixel = pixels + i * pixel_size;

    for (guint k = 1; k < pixel_size; k++)
      if (pixel[k] != pixel[0])
        return FALSE;
    if (pixel[0] != 0 && pixel[0] != 0xff)
      return FALSE;
    *number |= (guint64)(pixel[0] & 1) << i;
  }
  return TRUE;
}

static gboolean
is_size_of (
    const GstVideoFrame *frame, RcStream stream, guint width, guint height)
{
  gboolean depth = stream != RC_STREAM_LEFT && stream != RC_STREAM_RIGHT;
  guint divisor = depth ? SOAK_DIVISOR : 1;

  return (guint)GST_VIDEO_FRAME_WIDTH (frame) == (width + divisor - 1) / divisor
         && (guint)GST_VIDEO_FRAME_HEIGHT (frame)
                == (height + divisor - 1) / divisor;
}

/* The first pixel that is not what it must be, or -1. */
static gint64
compare_pixels (const GstVideoFrame *frame, GBytes *expected)
{
  gsize pixel_size = GST_VIDEO_FRAME_COMP_PSTRIDE (frame, 0);
  gsize row_size = GST_VIDEO_FRAME_WIDTH (frame) * pixel_size;
  gsize stride = GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0);
  gsize skip = SOAK_STAMP_PIXELS * pixel_size;
  gsize size;
  const guint8 *wanted = g_bytes_get_data (expected, &size);
  const guint8 *pixels = GST_VIDEO_FRAME_PLANE_DATA (frame, 0);

  if (size != row_size * GST_VIDEO_FRAME_HEIGHT (frame))
    return 0;
  for (gint y = 0; y < GST_VIDEO_FRAME_HEIGHT (frame); y++) {
    gsize from = y == 0 ? skip : 0;

    if (memcmp (pixels + y * stride + from, wanted + y * row_size + from,
            row_size - from)
        == 0)
      continue;
    while (pixels[y * stride + from] == wanted[y * row_size + from])
      from++;
    return (gint64)y * GST_VIDEO_FRAME_WIDTH (frame) + from / pixel_size;
  }
  return -1;
}

static void
check_frame (SoakPad *self, const GstVideoFrame *frame, Claims *claims)
{
  SoakCheck *check = self->check;
  gboolean color = GST_VIDEO_FRAME_FORMAT (frame) == GST_VIDEO_FORMAT_RGB;
  g_autoptr (GBytes) expected = NULL;
  SoakCamera camera = {0};
  gint64 wrong;

  if (may_be_corrupt (check))
    return;
  if (!read_stamp (frame, &claims->number)) {
    soak_violation ("%s: torn stamp", self->name);
    return;
  }
  if (!soak_cameras_find (
          check->cameras, claims->number, claims->set_timestamp, &camera)) {
    soak_violation ("%s: pixels of set %" G_GUINT64_FORMAT
                    " have another set's time, %" G_GUINT64_FORMAT,
        self->name, claims->number, claims->set_timestamp);
    return;
  }
  if (camera.other_width != 0
      && is_size_of (
          frame, self->stream, camera.other_width, camera.other_height)) {
    camera.width = camera.other_width;
    camera.height = camera.other_height;
  }
  if (!is_size_of (frame, self->stream, camera.width, camera.height)) {
    soak_violation ("%s: an image of %dx%d from a camera of %ux%u", self->name,
        GST_VIDEO_FRAME_WIDTH (frame), GST_VIDEO_FRAME_HEIGHT (frame),
        camera.width, camera.height);
    return;
  }
  expected = soak_pictures_get_image (check->pictures, camera.width,
      camera.height, claims->number, self->stream, color);
  wrong = compare_pixels (frame, expected);
  if (wrong >= 0)
    soak_violation ("%s: pixel %" G_GINT64_FORMAT " of set %" G_GUINT64_FORMAT
                    " is wrong",
        self->name, wrong, claims->number);
  count (check, &check->figures.images);
}

static gboolean
read_meta (SoakPad *self, GstBuffer *buffer, Claims *claims)
{
  GstCustomMeta *meta = gst_buffer_get_custom_meta (buffer, "GstRcImageMeta");
  GstStructure *fields = meta ? gst_custom_meta_get_structure (meta) : NULL;

  return fields != NULL
         && g_strcmp0 (gst_structure_get_string (fields, "stream"), self->name)
                == 0
         && gst_structure_get_uint64 (
             fields, "set-timestamp", &claims->set_timestamp)
         && gst_structure_get_uint64 (fields, "timestamp", &claims->timestamp);
}

static void
check_image (SoakPad *self, GstPad *pad, GstBuffer *buffer, guint64 timestamp)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  GstVideoFrame frame;
  GstVideoInfo info;
  Claims claims = {0};

  if (caps == NULL || !gst_video_info_from_caps (&info, caps)
      || !gst_video_frame_map (&frame, &info, buffer, GST_MAP_READ)) {
    soak_violation ("%s: a buffer that does not fit its caps", self->name);
    return;
  }
  if (!read_meta (self, buffer, &claims))
    soak_violation ("%s: no GstRcImageMeta", self->name);
  else if (claims.timestamp != timestamp)
    soak_violation ("%s: two times of capture: %" G_GUINT64_FORMAT
                    " and %" G_GUINT64_FORMAT,
        self->name, claims.timestamp, timestamp);
  else
    check_frame (self, &frame, &claims);
  gst_video_frame_unmap (&frame);
}

/* ---- the other streams ---- */

static gboolean
equals_mesh (SoakCheck *check, const GstMapInfo *map, guint width, guint height,
    guint64 number)
{
  g_autoptr (GBytes) expected =
      soak_pictures_get_mesh (check->pictures, width, height, number);
  gsize size;
  const guint8 *wanted = g_bytes_get_data (expected, &size);

  return size == map->size && memcmp (wanted, map->data, size) == 0;
}

static void
check_mesh (SoakPad *self, const GstMapInfo *map, guint64 timestamp)
{
  SoakCheck *check = self->check;
  SoakCamera camera = {0};
  guint64 number;

  /* Before there was an image its camera's clock is not known. */
  if (may_be_corrupt (check)
      || !soak_cameras_find_number (
          check->cameras, timestamp, &camera, &number))
    return;
  if (!equals_mesh (check, map, camera.width, camera.height, number)
      && (camera.other_width == 0
          || !equals_mesh (
              check, map, camera.other_width, camera.other_height, number)))
    soak_violation ("mesh: that of set %" G_GUINT64_FORMAT " is wrong", number);
  count (check, &check->figures.meshes);
}

static void
check_line (SoakPad *self, const GstMapInfo *map)
{
  if (map->size < 3 || map->data[0] != '{' || map->data[map->size - 2] != '}'
      || map->data[map->size - 1] != '\n'
      || memchr (map->data, '\n', map->size - 1) != NULL
      || !g_utf8_validate ((gchar *)map->data, map->size, NULL))
    soak_violation ("metadata: not a line of JSON: %.*s",
        (int)MIN (map->size, 60), (gchar *)map->data);
  count (self->check, &self->check->figures.lines);
}

static void
check_contents (
    SoakPad *self, GstPad *pad, GstBuffer *buffer, guint64 timestamp)
{
  GstMapInfo map;

  if (self->stream < RC_N_IMAGE_STREAMS) {
    check_image (self, pad, buffer, timestamp);
    return;
  }
  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    soak_violation ("%s: a buffer that cannot be read", self->name);
    return;
  }
  if (self->stream == RC_STREAM_MESH)
    check_mesh (self, &map, timestamp);
  else
    check_line (self, &map);
  gst_buffer_unmap (buffer, &map);
}

/* ---- the sequence ---- */

static void
check_offset_unlocked (SoakPad *self, GstBuffer *buffer)
{
  guint64 offset = GST_BUFFER_OFFSET (buffer);
  gboolean discont = GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT);

  if (!self->has_last) {
    if (!discont)
      soak_violation ("%s: the first buffer is not DISCONT", self->name);
  } else if (offset <= self->last_offset) {
    if (self->renumberings == 0)
      soak_violation ("%s: OFFSET %" G_GUINT64_FORMAT
                      " after %" G_GUINT64_FORMAT,
          self->name, offset, self->last_offset);
    else
      self->renumberings--;
  } else if (offset != self->last_offset + 1 && !discont && !self->had_gap) {
    soak_violation ("%s: OFFSET %" G_GUINT64_FORMAT " after %" G_GUINT64_FORMAT
                    " and no DISCONT",
        self->name, offset, self->last_offset);
  }
  self->last_offset = offset;
}

static void
check_pts_unlocked (SoakPad *self, GstPad *pad, GstBuffer *buffer)
{
  GstClockTime pts = GST_BUFFER_PTS (buffer);

  if (!GST_CLOCK_TIME_IS_VALID (pts)) {
    soak_violation ("%s: no PTS", self->name);
    return;
  }
  if (self->has_last && pts < self->last_pts) {
    if (self->rewinds == 0)
      soak_violation ("%s: PTS %" GST_TIME_FORMAT " after %" GST_TIME_FORMAT,
          self->name, GST_TIME_ARGS (pts), GST_TIME_ARGS (self->last_pts));
    else
      self->rewinds--;
  }
  self->last_pts = pts;
}

static void
check_lead (SoakPad *self, GstPad *pad, GstBuffer *buffer)
{
  g_autoptr (GstElement) element = gst_pad_get_parent_element (pad);
  GstClockTime now = element ? gst_element_get_current_running_time (element)
                             : GST_CLOCK_TIME_NONE;
  GstClockTime pts = GST_BUFFER_PTS (buffer);
  gboolean rewound;

  g_mutex_lock (&self->lock);
  rewound = self->rewinds > 0;
  g_mutex_unlock (&self->lock);
  if (GST_CLOCK_TIME_IS_VALID (now) && !rewound && pts > now + EARLY_LIMIT)
    soak_violation ("%s: PTS %" GST_TIME_FORMAT " at %" GST_TIME_FORMAT,
        self->name, GST_TIME_ARGS (pts), GST_TIME_ARGS (now));
}

static void
check_sequence (SoakPad *self, GstPad *pad, GstBuffer *buffer)
{
  g_mutex_lock (&self->lock);
  check_offset_unlocked (self, buffer);
  check_pts_unlocked (self, pad, buffer);
  self->has_last = TRUE;
  self->had_gap = FALSE;
  self->n_buffers++;
  g_mutex_unlock (&self->lock);
}

static void
check_buffer (SoakPad *self, GstPad *pad, GstBuffer *buffer)
{
  GstReferenceTimestampMeta *time = gst_buffer_get_reference_timestamp_meta (
      buffer, self->check->unix_time_caps);

  check_sequence (self, pad, buffer);
  check_lead (self, pad, buffer);
  if (time == NULL)
    soak_violation ("%s: no time of capture", self->name);
  else
    check_contents (self, pad, buffer, time->timestamp);
}

static void
follow_event (SoakPad *self, GstEvent *event)
{
  g_mutex_lock (&self->lock);
  if (GST_EVENT_TYPE (event) == GST_EVENT_GAP)
    self->had_gap = TRUE;
  else if (GST_EVENT_TYPE (event) == GST_EVENT_EOS)
    self->eos = TRUE;
  g_mutex_unlock (&self->lock);
}

static GstPadProbeReturn
on_data (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  if (info->type & GST_PAD_PROBE_TYPE_BUFFER)
    check_buffer (data, pad, GST_PAD_PROBE_INFO_BUFFER (info));
  else
    follow_event (data, GST_PAD_PROBE_INFO_EVENT (info));
  return GST_PAD_PROBE_OK;
}

/* ---- the pad ---- */

SoakPad *
soak_pad_new (SoakCheck *check, GstPad *pad)
{
  SoakPad *self = g_new0 (SoakPad, 1);

  g_atomic_ref_count_init (&self->count);
  g_mutex_init (&self->lock);
  self->check = check;
  self->name = gst_pad_get_name (pad);
  if (!rc_stream_from_string (self->name, &self->stream))
    g_assert_not_reached ();
  gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_data,
      soak_pad_ref (self), (GDestroyNotify)soak_pad_unref);
  return self;
}

SoakPad *
soak_pad_ref (SoakPad *self)
{
  g_atomic_ref_count_inc (&self->count);
  return self;
}

void
soak_pad_unref (SoakPad *self)
{
  if (!g_atomic_ref_count_dec (&self->count))
    return;
  g_mutex_clear (&self->lock);
  g_free (self->name);
  g_free (self);
}

void
soak_pad_begin (SoakPad *self)
{
  g_mutex_lock (&self->lock);
  self->n_buffers = 0;
  self->has_last = FALSE;
  self->had_gap = FALSE;
  self->eos = FALSE;
  self->renumberings = 0;
  self->rewinds = 0;
  g_mutex_unlock (&self->lock);
}

void
soak_pad_renumber (SoakPad *self)
{
  g_mutex_lock (&self->lock);
  self->n_buffers = 0;
  self->renumberings++;
  g_mutex_unlock (&self->lock);
}

void
soak_pad_rewind (SoakPad *self)
{
  g_mutex_lock (&self->lock);
  self->rewinds = MAX_REWINDS;
  g_mutex_unlock (&self->lock);
}

guint64
soak_pad_count (SoakPad *self)
{
  guint64 n;

  g_mutex_lock (&self->lock);
  n = self->n_buffers;
  g_mutex_unlock (&self->lock);
  return n;
}

gboolean
soak_pad_is_eos (SoakPad *self)
{
  gboolean eos;

  g_mutex_lock (&self->lock);
  eos = self->eos;
  g_mutex_unlock (&self->lock);
  return eos;
}
