/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-rcfilesrc
 * @title: rcfilesrc
 * @short_description: Plays a recording as the camera did
 *
 * rcfilesrc reads a file that #GstRcFileSink wrote and gives its streams on
 * request pads of the same names as those of rcgrpcsrc: the same pixels, caps,
 * PTS, OFFSET, metas and times of capture.
 *
 * It plays files of other pipelines as well, as long as their tracks are named
 * after the streams. Without a track `metadata` there are no metas, and a
 * warning says so.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 rcfilesrc location=rec.mkv name=f f.disparity ! rcdepth ! \
 *     rccolormap ! videoconvert ! autovideosink
 * ]| Shows a recording's depth.
 *
 * Since: 0.1
 */

/* Threads: the demuxer's thread finds the tracks, makes their branches and adds
 * lines; behind the multiqueue each branch has one of its own, which decodes and
 * waits for its images' lines (see gstrcreplaystream.c). The multiqueue holds
 * more than what lines come after their images, so that the demuxer goes on
 * meanwhile. Children are made in NULL→READY and go in READY→NULL. */

#include "recording/gstrcfilesrc.h"

#include "meta/gstrcstreamcaps.h"
#include "recording/gstrcparts.h"
#include "recording/gstrcreplaybranch.h"
#include "recording/gstrcreplayfile.h"
#include "recording/gstrcreplayline.h"

GST_DEBUG_CATEGORY_STATIC (gst_rc_file_src_debug);
#define GST_CAT_DEFAULT gst_rc_file_src_debug

/* Of a track, read ahead. */
#define QUEUE_TIME (3 * GST_SECOND)
#define QUEUE_BYTES (256 * 1024 * 1024)

#define DEFAULT_LIVE FALSE
#define DEFAULT_LOOP FALSE

enum {
  PROP_0,
  PROP_LOCATION,
  PROP_LIVE,
  PROP_LOOP,
  N_PROPERTIES,
};

typedef struct {
  GstPad *pad;         /* NULL: not requested; belongs to the element */
  GstPad *track;       /* of the demuxer; NULL: not found; a reference */
  GstElement *branch;  /* NULL: there is none; belongs to the bin */
  GstPad *queue_pad;   /* of the multiqueue, a reference */
  gboolean has_branch; /* somebody makes or has made it */
} Stream;

struct _GstRcFileSrc {
  GstBin parent;

  /* object lock */
  gchar *location;
  gboolean live, loop;
  Stream streams[RC_N_STREAMS];
  GstElement *demux; /* NULL in NULL; belongs to the bin */
  GstRcReplayPace *pace;

  /* Held while a round begins, as flushing pads that are being stopped would start
   * them again. The first in the order of locks: nothing that it is held for
   * waits for a streaming thread that needs it. */
  GMutex rounds;

  /* state changes; the children belong to the bin */
  GstElement *queue;
  RcReplayLines *lines;
  guint64 uids[RC_N_STREAMS]; /* of the file's tracks, 0: there is none */

  /* demuxer's thread */
  gboolean checked; /* that there is what pads were requested for */
};

static GParamSpec *properties[N_PROPERTIES];

G_DEFINE_TYPE_WITH_CODE (GstRcFileSrc, gst_rc_file_src, GST_TYPE_BIN,
    GST_DEBUG_CATEGORY_INIT (gst_rc_file_src_debug, "rcfilesrc", 0,
        "stereo camera recordings' source"))
GST_ELEMENT_REGISTER_DEFINE (
    rcfilesrc, "rcfilesrc", GST_RANK_NONE, GST_TYPE_RC_FILE_SRC)

/* ---- rounds ---- */

/* All streams are at their end: each has what it gave downstream behind it, so
 * that the tracks can be flushed. */
static void
begin_round (GstRcFileSrc *self, GstElement *demux, GstRcReplayPace *pace)
{
  GstEvent *seek = gst_event_new_seek (1.0, GST_FORMAT_TIME,
      GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, 0);

  if (!gst_rc_replay_pace_wrap (pace, gst_event_get_seqnum (seek))) {
    gst_event_unref (seek);
    GST_ELEMENT_ERROR (self, STREAM, FAILED,
        ("There is nothing in the recording to play again."), (NULL));
  } else if (!gst_element_send_event (demux, seek)
             && !gst_rc_replay_pace_is_stopped (pace)) {
    GST_ELEMENT_ERROR (self, STREAM, DEMUX,
        ("The recording cannot be played again from its start."), (NULL));
  }
}

static void
play_again (GstElement *element, gpointer user_data)
{
  GstRcFileSrc *self = GST_RC_FILE_SRC (element);
  GstRcReplayPace *pace = NULL;
  GstElement *demux = NULL;

  g_mutex_lock (&self->rounds);
  GST_OBJECT_LOCK (self);
  if (self->demux != NULL && !gst_rc_replay_pace_is_stopped (self->pace)) {
    demux = gst_object_ref (self->demux);
    pace = gst_rc_replay_pace_ref (self->pace);
  }
  GST_OBJECT_UNLOCK (self);
  if (demux != NULL)
    begin_round (self, demux, pace);
  g_mutex_unlock (&self->rounds);
  g_clear_pointer (&pace, gst_rc_replay_pace_unref);
  gst_clear_object (&demux);
}

static void
round_over (GstRcReplayStream *stream, GstElement *element)
{
  gst_element_call_async (element, play_again, NULL, NULL);
}

/* ---- branches ---- */

static GstPad *
get_queue_src (GstElement *queue, GstPad *sink)
{
  g_autofree gchar *name =
      g_strconcat ("src_", GST_PAD_NAME (sink) + strlen ("sink_"), NULL);

  return gst_element_get_static_pad (queue, name);
}

static gboolean
send_event (GstPad *track, GstEvent **event, gpointer queue_pad)
{
  gst_pad_send_event (queue_pad, gst_event_ref (*event));
  return TRUE;
}

/* Else a pad that was linked after the track's last buffer would hear nothing of
 * it, its end included. */
static void
tell_of_end (GstPad *track, GstPad *queue_pad)
{
  if (GST_PAD_IS_EOS (track))
    gst_pad_sticky_events_foreach (track, send_event, queue_pad);
}

/* From @track to @pad; FALSE after an error message. */
static gboolean
add_branch (GstRcFileSrc *self, RcStream stream, GstPad *track, GstPad *pad)
{
  Stream *state = &self->streams[stream];
  GstRcReplayStream *replay =
      gst_rc_replay_stream_new (stream, self->lines, self->pace);
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (track);
  g_autoptr (GstPad) queue_src = NULL, sink = NULL, src = NULL;

  state->branch = gst_rc_replay_branch_new (GST_ELEMENT (self), stream, caps,
      replay, gst_rc_replay_pace_is_live (self->pace));
  if (state->branch == NULL)
    return FALSE;
  if (gst_rc_replay_pace_is_loop (self->pace))
    g_signal_connect_object (
        replay, "round-over", G_CALLBACK (round_over), self, 0);
  gst_rc_replay_pace_expect (self->pace, stream);
  gst_bin_add (GST_BIN (self), state->branch);
  sink = gst_element_get_static_pad (state->branch, "sink");
  src = gst_element_get_static_pad (state->branch, "src");
  state->queue_pad = gst_element_request_pad_simple (self->queue, "sink_%u");
  queue_src = get_queue_src (self->queue, state->queue_pad);
  gst_ghost_pad_set_target (GST_GHOST_PAD (pad), src);
  if (!gst_element_sync_state_with_parent (state->branch)
      || gst_pad_link (queue_src, sink) != GST_PAD_LINK_OK
      || gst_pad_link (track, state->queue_pad) != GST_PAD_LINK_OK) {
    GST_ELEMENT_ERROR (self, STREAM, DECODE,
        ("The recording's track \"%s\" is damaged, or of a kind that cannot be "
         "played.",
            rc_stream_to_string (stream)),
        ("%" GST_PTR_FORMAT, caps));
    return FALSE;
  }
  tell_of_end (track, state->queue_pad);
  return TRUE;
}

/* Once there are both, the track and the pad. */
static void
connect_stream (GstRcFileSrc *self, RcStream stream)
{
  Stream *state = &self->streams[stream];
  g_autoptr (GstPad) pad = NULL, track = NULL;

  GST_OBJECT_LOCK (self);
  if (!state->has_branch && state->pad != NULL && state->track != NULL) {
    pad = gst_object_ref (state->pad);
    track = gst_object_ref (state->track);
    state->has_branch = TRUE;
  }
  GST_OBJECT_UNLOCK (self);
  if (pad != NULL && !add_branch (self, stream, track, pad))
    GST_WARNING_OBJECT (self, "no branch for %s", rc_stream_to_string (stream));
}

static void
remove_branch (GstRcFileSrc *self, RcStream stream)
{
  Stream *state = &self->streams[stream];

  if (state->pad != NULL)
    gst_ghost_pad_set_target (GST_GHOST_PAD (state->pad), NULL);
  if (state->branch != NULL) {
    gst_element_set_state (state->branch, GST_STATE_NULL);
    gst_bin_remove (GST_BIN (self), state->branch);
    state->branch = NULL;
  }
  if (state->queue_pad != NULL)
    gst_element_release_request_pad (self->queue, state->queue_pad);
  gst_clear_object (&state->queue_pad);
  state->has_branch = FALSE;
}

/* ---- tracks ---- */

/* Decoders cut away what a seek passes over by how long an image lasts, and take
 * one that does not say for endless. */
static GstPadProbeReturn
shorten_image (GstPad *track, GstPadProbeInfo *info, gpointer user_data)
{
  GstBuffer *buffer =
      gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER (info));

  GST_BUFFER_DURATION (buffer) = GST_RC_REPLAY_TICK;
  GST_PAD_PROBE_INFO_DATA (info) = buffer;
  return GST_PAD_PROBE_OK;
}

static void
take_track (GstRcFileSrc *self, GstPad *track, RcStream stream)
{
  gboolean is_first;

  GST_OBJECT_LOCK (self);
  is_first = self->streams[stream].track == NULL;
  if (is_first)
    self->streams[stream].track = gst_object_ref (track);
  GST_OBJECT_UNLOCK (self);
  /* Two tracks with one UID. */
  if (!is_first)
    return;

  if (stream == RC_STREAM_METADATA)
    gst_rc_replay_line_watch (GST_ELEMENT (self), track, self->lines);
  else
    gst_pad_add_probe (
        track, GST_PAD_PROBE_TYPE_BUFFER, shorten_image, NULL, NULL);
  connect_stream (self, stream);
}

static gchar *
name_streams (guint streams)
{
  GString *names = g_string_new (NULL);

  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (streams & (1u << i))
      g_string_append_printf (
          names, "%s%s", names->len > 0 ? ", " : "", rc_stream_to_string (i));
  }
  return g_string_free (names, FALSE);
}

/* Once the tracks are known. */
static void
check_tracks (GstRcFileSrc *self)
{
  g_autofree gchar *lacking = NULL, *has = NULL;
  guint found = 0, wanted = 0;

  GST_OBJECT_LOCK (self);
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    found |= self->streams[i].track != NULL ? 1u << i : 0;
    wanted |= self->streams[i].pad != NULL ? 1u << i : 0;
  }
  GST_OBJECT_UNLOCK (self);

  lacking = name_streams (wanted & ~found);
  has = name_streams (found);
  if (wanted & ~found)
    GST_ELEMENT_ERROR (self, STREAM, WRONG_TYPE,
        ("The recording has no track named %s. It has: %s.", lacking,
            found != 0 ? has : "none of a stream's name"),
        (NULL));
  if (found & (1u << RC_STREAM_METADATA))
    return;
  rc_replay_lines_end (self->lines);
  GST_ELEMENT_WARNING (self, STREAM, FORMAT,
      ("The recording has no track named metadata: its images come without "
       "parameters. For depth, set focal-length and baseline of rcdepth."),
      (NULL));
}

static void
check_once (GstRcFileSrc *self)
{
  if (!self->checked)
    check_tracks (self);
  self->checked = TRUE;
}

/* All tracks are there before the first buffer of any. */
static GstPadProbeReturn
watch_track (GstPad *track, GstPadProbeInfo *info, gpointer user_data)
{
  check_once (user_data);
  return GST_PAD_PROBE_REMOVE;
}

/* A head that is damaged can have none of those that it speaks of. */
static void
no_more_pads (GstElement *demux, gpointer user_data)
{
  check_once (user_data);
}

static void
pad_added (GstElement *demux, GstPad *track, gpointer user_data)
{
  GstRcFileSrc *self = user_data;
  RcStream stream;

  gst_pad_add_probe (track, GST_PAD_PROBE_TYPE_BUFFER, watch_track, self, NULL);
  if (gst_rc_replay_file_find_stream (self->uids, track, &stream))
    take_track (self, track, stream);
}

/* Then the demuxer waits for an image to go, which may wait for its line. */
static void
overrun (GstElement *queue, gpointer lines)
{
  rc_replay_lines_hold_up (lines);
}

/* NULL after an error message. */
static GstElement *
add_demuxer (GstRcFileSrc *self, const gchar *location)
{
  GstBin *bin = GST_BIN (self);
  GstElement *owner = GST_ELEMENT (self), *file, *demux;

  if (!(file = gst_rc_parts_add (bin, owner, "filesrc"))
      || !(demux = gst_rc_parts_add (bin, owner, "matroskademux"))
      || !(self->queue = gst_rc_parts_add (bin, owner, "multiqueue")))
    return NULL;
  g_object_set (file, "location", location, NULL);
  g_object_set (self->queue, "max-size-buffers", 0, "max-size-bytes",
      QUEUE_BYTES, "max-size-time", QUEUE_TIME, NULL);
  g_signal_connect (self->queue, "overrun", G_CALLBACK (overrun), self->lines);
  g_signal_connect (demux, "pad-added", G_CALLBACK (pad_added), self);
  g_signal_connect (demux, "no-more-pads", G_CALLBACK (no_more_pads), self);
  return gst_element_link (file, demux) ? demux : NULL;
}

static gboolean
make_children (GstRcFileSrc *self)
{
  g_autofree gchar *location = NULL;
  gboolean live, loop;
  GstElement *demux;

  GST_OBJECT_LOCK (self);
  location = g_strdup (self->location);
  live = self->live;
  loop = self->loop;
  GST_OBJECT_UNLOCK (self);
  if (location == NULL || *location == '\0') {
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
        ("There is no file to play. Set the property location."), (NULL));
    return FALSE;
  }
  self->checked = FALSE;
  if (!gst_rc_replay_file_check (GST_ELEMENT (self), location))
    return FALSE;
  self->lines = rc_replay_lines_new ();
  gst_rc_replay_file_read_names (location, self->uids);
  demux = add_demuxer (self, location);
  GST_OBJECT_LOCK (self);
  self->demux = demux;
  self->pace = gst_rc_replay_pace_new (live, loop);
  GST_OBJECT_UNLOCK (self);
  return demux != NULL;
}

static void
remove_children (GstRcFileSrc *self)
{
  GstBin *bin = GST_BIN (self);
  GstRcReplayPace *pace;

  for (guint i = 0; i < RC_N_STREAMS; i++) {
    remove_branch (self, i);
    gst_clear_object (&self->streams[i].track);
  }
  GST_OBJECT_LOCK (self);
  self->demux = NULL;
  pace = g_steal_pointer (&self->pace);
  GST_OBJECT_UNLOCK (self);
  while (GST_BIN_NUMCHILDREN (bin) > 0) {
    GstElement *child = gst_object_ref (GST_BIN_CHILDREN (bin)->data);

    gst_element_set_state (child, GST_STATE_NULL);
    gst_bin_remove (bin, child);
    gst_object_unref (child);
  }
  self->queue = NULL;
  g_clear_pointer (&self->lines, rc_replay_lines_free);
  g_clear_pointer (&pace, gst_rc_replay_pace_unref);
}

/* ---- states ---- */

static void
set_stopped (GstRcFileSrc *self, gboolean is_stopped)
{
  rc_replay_lines_set_stopped (self->lines, is_stopped);
  gst_rc_replay_pace_set_stopped (self->pace, is_stopped);
}

static GstStateChangeReturn
gst_rc_file_src_change_state (GstElement *element, GstStateChange transition)
{
  GstRcFileSrc *self = GST_RC_FILE_SRC (element);
  GstStateChangeReturn ret;

  switch (transition) {
  case GST_STATE_CHANGE_NULL_TO_READY:
    if (!make_children (self)) {
      remove_children (self);
      return GST_STATE_CHANGE_FAILURE;
    }
    break;
  case GST_STATE_CHANGE_READY_TO_PAUSED:
    set_stopped (self, FALSE);
    break;
  case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
    gst_rc_replay_pace_set_playing (self->pace, FALSE);
    break;
  case GST_STATE_CHANGE_PAUSED_TO_READY:
    /* Before the pads are stopped, which waits for their threads. */
    set_stopped (self, TRUE);
    g_mutex_lock (&self->rounds);
    g_mutex_unlock (&self->rounds);
    break;
  default:
    break;
  }
  ret = GST_ELEMENT_CLASS (gst_rc_file_src_parent_class)
            ->change_state (element, transition);
  if (ret == GST_STATE_CHANGE_FAILURE)
    return ret;
  switch (transition) {
  case GST_STATE_CHANGE_PAUSED_TO_PLAYING:
    gst_rc_replay_pace_set_playing (self->pace, TRUE);
    return ret;
  case GST_STATE_CHANGE_READY_TO_PAUSED:
  case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
    return gst_rc_replay_pace_is_live (self->pace) ? GST_STATE_CHANGE_NO_PREROLL
                                                   : ret;
  case GST_STATE_CHANGE_READY_TO_NULL:
    remove_children (self);
    return ret;
  default:
    return ret;
  }
}

/* TRUE: answered. */
static gboolean
answer_latency (GstRcFileSrc *self, GstQuery *query)
{
  gboolean live;

  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return FALSE;
  GST_OBJECT_LOCK (self);
  live = self->live;
  GST_OBJECT_UNLOCK (self);
  if (live)
    gst_query_set_latency (
        query, TRUE, GST_RC_REPLAY_LATENCY, GST_CLOCK_TIME_NONE);
  return live;
}

/* A bin does not ask its sources. */
static gboolean
gst_rc_file_src_query (GstElement *element, GstQuery *query)
{
  return answer_latency (GST_RC_FILE_SRC (element), query)
         || GST_ELEMENT_CLASS (gst_rc_file_src_parent_class)
                ->query (element, query);
}

/* Also before the tracks are known, when the pipeline asks. */
static gboolean
query_pad (GstPad *pad, GstObject *parent, GstQuery *query)
{
  return answer_latency (GST_RC_FILE_SRC (parent), query)
         || gst_pad_query_default (pad, parent, query);
}

/* ---- pads ---- */

static GstPad *
gst_rc_file_src_request_new_pad (GstElement *element, GstPadTemplate *templ,
    const gchar *name, const GstCaps *caps)
{
  GstRcFileSrc *self = GST_RC_FILE_SRC (element);
  RcStream stream;
  GstPad *pad;

  if (!rc_stream_from_string (GST_PAD_TEMPLATE_NAME_TEMPLATE (templ), &stream))
    return NULL;
  if (self->streams[stream].pad != NULL) {
    GST_WARNING_OBJECT (
        self, "there is a pad \"%s\" already", rc_stream_to_string (stream));
    return NULL;
  }
  pad = gst_ghost_pad_new_no_target_from_template (
      rc_stream_to_string (stream), templ);
  gst_pad_set_query_function (pad, query_pad);
  if (GST_STATE (self) > GST_STATE_READY)
    gst_pad_set_active (pad, TRUE);
  gst_element_add_pad (element, pad);
  GST_OBJECT_LOCK (self);
  self->streams[stream].pad = pad;
  GST_OBJECT_UNLOCK (self);
  connect_stream (self, stream);
  return pad;
}

static void
gst_rc_file_src_release_pad (GstElement *element, GstPad *pad)
{
  GstRcFileSrc *self = GST_RC_FILE_SRC (element);
  RcStream stream;

  if (!rc_stream_from_string (GST_PAD_NAME (pad), &stream))
    return;
  g_mutex_lock (&self->rounds);
  remove_branch (self, stream);
  g_mutex_unlock (&self->rounds);
  if (self->pace != NULL && gst_rc_replay_pace_forget (self->pace, stream))
    gst_element_call_async (element, play_again, NULL, NULL);
  GST_OBJECT_LOCK (self);
  self->streams[stream].pad = NULL;
  GST_OBJECT_UNLOCK (self);
  gst_pad_set_active (pad, FALSE);
  gst_element_remove_pad (element, pad);
}

/* ---- properties ---- */

static void
gst_rc_file_src_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstRcFileSrc *self = GST_RC_FILE_SRC (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
  case PROP_LOCATION:
    g_free (self->location);
    self->location = g_value_dup_string (value);
    break;
  case PROP_LIVE:
    self->live = g_value_get_boolean (value);
    break;
  case PROP_LOOP:
    self->loop = g_value_get_boolean (value);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_rc_file_src_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstRcFileSrc *self = GST_RC_FILE_SRC (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
  case PROP_LOCATION:
    g_value_set_string (value, self->location);
    break;
  case PROP_LIVE:
    g_value_set_boolean (value, self->live);
    break;
  case PROP_LOOP:
    g_value_set_boolean (value, self->loop);
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_rc_file_src_finalize (GObject *object)
{
  GstRcFileSrc *self = GST_RC_FILE_SRC (object);

  g_mutex_clear (&self->rounds);
  g_free (self->location);
  G_OBJECT_CLASS (gst_rc_file_src_parent_class)->finalize (object);
}

static void
add_pad_template (GstElementClass *klass, RcStream stream)
{
  g_autoptr (GstCaps) caps = gst_rc_stream_get_template_caps (stream);

  gst_element_class_add_pad_template (
      klass, gst_pad_template_new (rc_stream_to_string (stream), GST_PAD_SRC,
                 GST_PAD_REQUEST, caps));
}

static void
gst_rc_file_src_class_init (GstRcFileSrcClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = gst_rc_file_src_set_property;
  object_class->get_property = gst_rc_file_src_get_property;
  object_class->finalize = gst_rc_file_src_finalize;

  /**
   * GstRcFileSrc:location:
   *
   * The Matroska file to play.
   *
   * Since: 0.1
   */
  properties[PROP_LOCATION] = g_param_spec_string ("location", "Location",
      "The Matroska file to play", NULL,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

  /**
   * GstRcFileSrc:live:
   *
   * Play as a live camera: images come at the pace at which they were captured,
   * in PLAYING alone, with PTS that are the running time at which they are due;
   * branches that do not take them lose the oldest of 4. Such a source cannot be
   * seeked.
   *
   * Since: 0.1
   */
  properties[PROP_LIVE] = g_param_spec_boolean ("live", "Live",
      "Play as a live camera, at the pace of capture", DEFAULT_LIVE,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);

  /**
   * GstRcFileSrc:loop:
   *
   * Begin again at the end, for ever. PTS and OFFSET go on; what the camera said
   * of its images, the times of capture among it, is as it was. The first buffer
   * of each round is flagged DISCONT.
   *
   * Since: 0.1
   */
  properties[PROP_LOOP] = g_param_spec_boolean ("loop", "Loop",
      "Begin again at the end", DEFAULT_LOOP,
      G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);

  gst_element_class_set_static_metadata (element_class,
      "Stereo camera recording", "Source/File/Video",
      "Plays a recording of a stereo camera as the camera did",
      "The gst-rcgrpc authors");
  for (guint i = 0; i < RC_N_STREAMS; i++)
    add_pad_template (element_class, i);

  element_class->query = gst_rc_file_src_query;
  element_class->change_state = gst_rc_file_src_change_state;
  element_class->request_new_pad = gst_rc_file_src_request_new_pad;
  element_class->release_pad = gst_rc_file_src_release_pad;
}

static void
gst_rc_file_src_init (GstRcFileSrc *self)
{
  g_mutex_init (&self->rounds);
  gst_bin_set_suppressed_flags (
      GST_BIN (self), GST_ELEMENT_FLAG_SOURCE | GST_ELEMENT_FLAG_SINK);
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SOURCE);
}
