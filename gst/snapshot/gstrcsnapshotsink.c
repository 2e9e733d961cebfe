/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-rcsnapshotsink
 * @title: rcsnapshotsink
 * @short_description: Stores a stereo camera's images as files
 * @see_also: rcgrpcsrc
 *
 * Writes what comes on its request pads `left`, `right`, `disparity`,
 * `confidence`, `error` and `mesh` as PNG and PLY files, and the disparity
 * image's parameters as text, with the names that the vendor's example client
 * gives them: `image_<s>.<ns>_<stream>_<outputs>_<inputs>.png` with the time of
 * the set and the levels of the camera's GPIO lines.
 *
 * A file is under its name when it is whole, and never before. Nothing is
 * overwritten: where the name is taken, `_1` is put before its extension, or
 * the next number that is free.
 *
 * ## Example launch lines
 *
 * |[
 * gst-launch-1.0 rcgrpcsrc num-buffers=1 name=s rcsnapshotsink name=k
 *     s.left ! k.left s.disparity ! k.disparity s.confidence ! k.confidence
 * ]| One set, into the current folder.
 * |[
 * gst-launch-1.0 rcgrpcsrc color=true num-buffers=10 queue-size=10 name=s
 *     rcsnapshotsink location=/tmp name=k s.left ! k.left s.mesh ! k.mesh
 * ]| Ten sets, in colour, and with the camera's meshes.
 *
 * Since: 0.1
 */

/* Threads: one a pad, see gstrcsnapshotwriter.c; the application's, which
 * changes states and pads.
 *
 * Locks, in this order: the object lock, which guards the settings and the
 * table of pads; what GstBaseSink takes to set properties of a child that does
 * not run. The folder is opened before the children start and closed when they
 * have stopped. */

#define _GNU_SOURCE /* O_PATH */

#include "snapshot/gstrcsnapshotsink.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "snapshot/gstrcsnapshotwriter.h"
#include "snapshot/rcpng.h"

GST_DEBUG_CATEGORY_STATIC (gst_rc_snapshot_sink_debug);
#define GST_CAT_DEFAULT gst_rc_snapshot_sink_debug

#define DEFAULT_LOCATION "."
#define DEFAULT_COMPRESSION_LEVEL 1
#define DEFAULT_FSYNC TRUE
#define DEFAULT_SYNC FALSE
#define DEFAULT_ASYNC TRUE

#define N_STREAMS RC_STREAM_METADATA

struct _GstRcSnapshotSink {
  GstBin parent;

  /* object lock */
  GstRcSnapshotSettings settings;
  GstRcSnapshotWriter *children[N_STREAMS]; /* NULL: no pad */
};

G_DEFINE_TYPE_WITH_CODE (GstRcSnapshotSink, gst_rc_snapshot_sink, GST_TYPE_BIN,
    GST_DEBUG_CATEGORY_INIT (gst_rc_snapshot_sink_debug, "rcsnapshotsink", 0,
        "snapshots of stereo cameras"))
GST_ELEMENT_REGISTER_DEFINE (
    rcsnapshotsink, "rcsnapshotsink", GST_RANK_NONE, GST_TYPE_RC_SNAPSHOT_SINK)

enum {
  PROP_0,
  PROP_LOCATION,
  PROP_COMPRESSION_LEVEL,
  PROP_FSYNC,
  PROP_SYNC,
  PROP_ASYNC,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

/* ---- states ---- */

static void
post_folder_error (GstRcSnapshotSink *self, const gchar *location, int code)
{
  if (code == ENOENT || code == ENOTDIR)
    GST_ELEMENT_ERROR (self, RESOURCE, NOT_FOUND,
        ("There is no folder \"%s\". Create it, or set the property location "
         "to another one.",
            location),
        ("%s", g_strerror (code)));
  else
    GST_ELEMENT_ERROR (self, RESOURCE, OPEN_WRITE,
        ("No files can be written to the folder \"%s\". Check its permissions, "
         "or set the property location to another one.",
            location),
        ("%s", g_strerror (code)));
}

/* -1 where an error was posted. */
static int
open_folder (GstRcSnapshotSink *self, const gchar *location)
{
  int folder = open (location, O_PATH | O_DIRECTORY | O_CLOEXEC);

  if (folder >= 0 && faccessat (folder, ".", W_OK | X_OK, AT_EACCESS) == 0)
    return folder;
  post_folder_error (self, location, errno);
  if (folder >= 0)
    close (folder);
  return -1;
}

static gboolean
open_location (GstRcSnapshotSink *self)
{
  g_autofree gchar *location = NULL;
  int folder;

  GST_OBJECT_LOCK (self);
  location = g_strdup (self->settings.location);
  GST_OBJECT_UNLOCK (self);
  folder = open_folder (self, location);
  if (folder < 0)
    return FALSE;

  GST_OBJECT_LOCK (self);
  self->settings.folder = folder;
  for (guint i = 0; i < N_STREAMS; i++) {
    if (self->children[i] != NULL)
      gst_rc_snapshot_writer_configure (self->children[i], &self->settings);
  }
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static void
close_location (GstRcSnapshotSink *self)
{
  int folder;

  GST_OBJECT_LOCK (self);
  folder = self->settings.folder;
  self->settings.folder = -1;
  GST_OBJECT_UNLOCK (self);
  if (folder >= 0)
    close (folder);
}

static GstStateChangeReturn
gst_rc_snapshot_sink_change_state (
    GstElement *element, GstStateChange transition)
{
  GstRcSnapshotSink *self = GST_RC_SNAPSHOT_SINK (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !open_location (self))
    return GST_STATE_CHANGE_FAILURE;

  ret = GST_ELEMENT_CLASS (gst_rc_snapshot_sink_parent_class)
            ->change_state (element, transition);

  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY
      || (transition == GST_STATE_CHANGE_READY_TO_PAUSED
          && ret == GST_STATE_CHANGE_FAILURE))
    close_location (self);
  return ret;
}

/* ---- pads ---- */

/* FALSE if there is a pad for it already. */
static gboolean
add_child (GstRcSnapshotSink *self, RcStream stream, GstRcSnapshotWriter *child)
{
  gboolean added;

  GST_OBJECT_LOCK (self);
  added = self->children[stream] == NULL;
  if (added) {
    self->children[stream] = child;
    gst_rc_snapshot_writer_configure (child, &self->settings);
  }
  GST_OBJECT_UNLOCK (self);
  return added;
}

static GstPad *
gst_rc_snapshot_sink_request_new_pad (GstElement *element,
    GstPadTemplate *templ, const gchar *name, const GstCaps *caps)
{
  GstRcSnapshotSink *self = GST_RC_SNAPSHOT_SINK (element);
  const gchar *stream_name = GST_PAD_TEMPLATE_NAME_TEMPLATE (templ);
  g_autoptr (GstPad) target = NULL;
  GstRcSnapshotWriter *child;
  RcStream stream;
  GstPad *pad;

  if (!rc_stream_from_string (stream_name, &stream))
    return NULL;
  child = gst_object_ref_sink (gst_rc_snapshot_writer_new (stream));
  if (!add_child (self, stream, child)) {
    GST_WARNING_OBJECT (self, "there is a pad %s already", stream_name);
    gst_object_unref (child);
    return NULL;
  }

  gst_bin_add (GST_BIN (self), GST_ELEMENT (child));
  target = gst_element_get_static_pad (GST_ELEMENT (child), "sink");
  pad = gst_ghost_pad_new_from_template (stream_name, target, templ);
  gst_pad_set_active (pad, TRUE);
  gst_element_add_pad (element, pad);
  gst_element_sync_state_with_parent (GST_ELEMENT (child));
  return pad;
}

static void
gst_rc_snapshot_sink_release_pad (GstElement *element, GstPad *pad)
{
  GstRcSnapshotSink *self = GST_RC_SNAPSHOT_SINK (element);
  GstRcSnapshotWriter *child;
  RcStream stream;

  if (!rc_stream_from_string (GST_PAD_NAME (pad), &stream))
    return;
  GST_OBJECT_LOCK (self);
  child = g_steal_pointer (&self->children[stream]);
  GST_OBJECT_UNLOCK (self);
  if (child == NULL)
    return;

  /* First the child: its streaming thread may be writing, which only its own
   * flushing ends. */
  gst_element_set_locked_state (GST_ELEMENT (child), TRUE);
  gst_element_set_state (GST_ELEMENT (child), GST_STATE_NULL);
  gst_pad_set_active (pad, FALSE);
  gst_element_remove_pad (element, pad);
  gst_bin_remove (GST_BIN (self), GST_ELEMENT (child));
  gst_object_unref (child);
}

/* ---- properties ---- */

static void
set_location_unlocked (GstRcSnapshotSink *self, const gchar *location)
{
  g_free (self->settings.location);
  self->settings.location =
      g_strdup (location != NULL ? location : DEFAULT_LOCATION);
}

static void
gst_rc_snapshot_sink_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *spec)
{
  GstRcSnapshotSink *self = GST_RC_SNAPSHOT_SINK (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
  case PROP_LOCATION:
    set_location_unlocked (self, g_value_get_string (value));
    break;
  case PROP_COMPRESSION_LEVEL:
    self->settings.compression_level = g_value_get_uint (value);
    break;
  case PROP_FSYNC:
    self->settings.fsync = g_value_get_boolean (value);
    break;
  case PROP_SYNC:
    self->settings.sync = g_value_get_boolean (value);
    break;
  case PROP_ASYNC:
    self->settings.async = g_value_get_boolean (value);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_rc_snapshot_sink_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *spec)
{
  GstRcSnapshotSink *self = GST_RC_SNAPSHOT_SINK (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
  case PROP_LOCATION:
    g_value_set_string (value, self->settings.location);
    break;
  case PROP_COMPRESSION_LEVEL:
    g_value_set_uint (value, self->settings.compression_level);
    break;
  case PROP_FSYNC:
    g_value_set_boolean (value, self->settings.fsync);
    break;
  case PROP_SYNC:
    g_value_set_boolean (value, self->settings.sync);
    break;
  case PROP_ASYNC:
    g_value_set_boolean (value, self->settings.async);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, spec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
install_properties (GObjectClass *object_class)
{
  const GParamFlags flags =
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;

  /**
   * GstRcSnapshotSink:location:
   *
   * The folder that the files are written to. It must be there.
   *
   * Since: 0.1
   */
  properties[PROP_LOCATION] = g_param_spec_string ("location", "Location",
      "Folder to write to; it must be there", DEFAULT_LOCATION, flags);
  /**
   * GstRcSnapshotSink:compression-level:
   *
   * How hard PNG files are compressed, from 0, not at all, to 9. They are
   * without loss in any case.
   *
   * Since: 0.1
   */
  properties[PROP_COMPRESSION_LEVEL] = g_param_spec_uint ("compression-level",
      "Compression level", "Of PNG files; 0: none, 9: smallest and slowest", 0,
      RC_PNG_MAX_LEVEL, DEFAULT_COMPRESSION_LEVEL, flags);
  /**
   * GstRcSnapshotSink:fsync:
   *
   * Give a file its name only when the disk has stored it, so that it is whole
   * after a power failure as well. It takes as long as the disk does.
   *
   * Since: 0.1
   */
  properties[PROP_FSYNC] = g_param_spec_boolean ("fsync", "fsync",
      "Wait until the disk has stored a file before it gets its name",
      DEFAULT_FSYNC, flags);
  /**
   * GstRcSnapshotSink:sync:
   *
   * Write an image when its time has come by the clock, and not at once.
   *
   * Since: 0.1
   */
  properties[PROP_SYNC] = g_param_spec_boolean ("sync", "Sync",
      "Write images when their time has come by the clock", DEFAULT_SYNC,
      flags);
  /**
   * GstRcSnapshotSink:async:
   *
   * Go to PAUSED only when something has come on each pad, as other sinks do.
   * This does not matter behind a live source.
   *
   * Since: 0.1
   */
  properties[PROP_ASYNC] = g_param_spec_boolean ("async", "Async",
      "Go to PAUSED only when something has come on each pad", DEFAULT_ASYNC,
      flags);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

/* ---- class ---- */

static void
gst_rc_snapshot_sink_finalize (GObject *object)
{
  GstRcSnapshotSink *self = GST_RC_SNAPSHOT_SINK (object);

  for (guint i = 0; i < N_STREAMS; i++)
    gst_clear_object (&self->children[i]);
  g_free (self->settings.location);
  G_OBJECT_CLASS (gst_rc_snapshot_sink_parent_class)->finalize (object);
}

static void
add_pad_templates (GstElementClass *element_class)
{
  for (guint i = 0; i < N_STREAMS; i++) {
    g_autoptr (GstCaps) caps = gst_rc_snapshot_get_template_caps (i);

    gst_element_class_add_pad_template (
        element_class, gst_pad_template_new (rc_stream_to_string (i),
                           GST_PAD_SINK, GST_PAD_REQUEST, caps));
  }
}

static void
gst_rc_snapshot_sink_class_init (GstRcSnapshotSinkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = gst_rc_snapshot_sink_set_property;
  object_class->get_property = gst_rc_snapshot_sink_get_property;
  object_class->finalize = gst_rc_snapshot_sink_finalize;
  install_properties (object_class);

  gst_element_class_set_static_metadata (element_class, "Stereo snapshots",
      "Sink/File",
      "Stores a stereo camera's images as PNG files with their parameters",
      "The gst-rcgrpc authors");
  add_pad_templates (element_class);

  element_class->change_state = gst_rc_snapshot_sink_change_state;
  element_class->request_new_pad = gst_rc_snapshot_sink_request_new_pad;
  element_class->release_pad = gst_rc_snapshot_sink_release_pad;
}

static void
gst_rc_snapshot_sink_init (GstRcSnapshotSink *self)
{
  self->settings = (GstRcSnapshotSettings){
      .location = g_strdup (DEFAULT_LOCATION),
      .folder = -1,
      .compression_level = DEFAULT_COMPRESSION_LEVEL,
      .fsync = DEFAULT_FSYNC,
      .sync = DEFAULT_SYNC,
      .async = DEFAULT_ASYNC,
  };
  /* A sink also while it has no pad; a bin would follow its children. */
  gst_bin_set_suppressed_flags (
      GST_BIN (self), GST_ELEMENT_FLAG_SOURCE | GST_ELEMENT_FLAG_SINK);
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SINK);
}
