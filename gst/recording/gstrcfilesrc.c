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
 * meanwhile. Children are made in READY→PAUSED and go in PAUSED→READY. */

#include "recording/gstrcfilesrc.h"

#include "meta/gstrcstreamcaps.h"
#include "recording/gstrcparts.h"
#include "recording/gstrcreplaybranch.h"
#include "recording/gstrcreplaytracks.h"

GST_DEBUG_CATEGORY_STATIC (gst_rc_file_src_debug);
#define GST_CAT_DEFAULT gst_rc_file_src_debug

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
  GstPad *pad;        /* NULL: not requested; belongs to the element */
  GstElement *branch; /* NULL: there is none; belongs to the bin */
} Stream;

struct _GstRcFileSrc {
  GstBin parent;

  /* object lock */
  gchar *location;
  gboolean live, loop;
  GstRcReplayPace *pace; /* NULL below PAUSED */

  /* Held while a round begins, as flushing pads that are being stopped would start
   * them again. The first in the order of locks: nothing that it is held for
   * waits for a streaming thread that needs it. */
  GMutex rounds;

  /* Held while a branch comes or goes: the demuxer's thread makes some, the
   * application's others. Taken in `rounds`. */
  GMutex branches;
  Stream streams[RC_N_STREAMS];
  GstRcReplayTracks *tracks; /* NULL below PAUSED */

  RcReplayLines *lines; /* state changes; NULL below PAUSED */
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
begin_round (GstRcFileSrc *self)
{
  GstEvent *seek = gst_event_new_seek (1.0, GST_FORMAT_TIME,
      GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, 0);

  if (!gst_rc_replay_pace_wrap (self->pace, gst_event_get_seqnum (seek))) {
    gst_event_unref (seek);
    GST_ELEMENT_ERROR (self, STREAM, FAILED,
        ("There is nothing in the recording to play again."), (NULL));
  } else if (!gst_rc_replay_tracks_seek (self->tracks, seek)
             && !gst_rc_replay_pace_is_stopped (self->pace)) {
    GST_ELEMENT_ERROR (self, STREAM, DEMUX,
        ("The recording cannot be played again from its start."), (NULL));
  }
}

/* The replay whose round was over may be gone meanwhile, or have been seeked. */
static void
play_again (GstElement *element, gpointer pace)
{
  GstRcFileSrc *self = GST_RC_FILE_SRC (element);
  gboolean is_over;

  g_mutex_lock (&self->rounds);
  GST_OBJECT_LOCK (self);
  is_over = self->pace == pace && gst_rc_replay_pace_is_over (pace);
  GST_OBJECT_UNLOCK (self);
  if (is_over)
    begin_round (self);
  g_mutex_unlock (&self->rounds);
}

static void
play_again_soon (GstRcFileSrc *self)
{
  gst_element_call_async (GST_ELEMENT (self), play_again,
      gst_rc_replay_pace_ref (self->pace),
      (GDestroyNotify)gst_rc_replay_pace_unref);
}

static void
round_over (GstRcReplayStream *stream, GstRcFileSrc *self)
{
  play_again_soon (self);
}

/* ---- branches ---- */

/* From the track to @pad; FALSE after an error message, or while the demuxer is
 * being stopped, and tells of no caps. */
static gboolean
add_branch (GstRcFileSrc *self, RcStream stream, GstPad *pad)
{
  Stream *state = &self->streams[stream];
  g_autoptr (GstCaps) caps =
      gst_rc_replay_tracks_get_caps (self->tracks, stream);
  g_autoptr (GstPad) sink = NULL, src = NULL;
  GstRcReplayStream *replay;

  if (caps == NULL)
    return FALSE;
  replay = gst_rc_replay_stream_new (stream, self->lines, self->pace);
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
  gst_ghost_pad_set_target (GST_GHOST_PAD (pad), src);
  if (gst_element_sync_state_with_parent (state->branch)
      && gst_rc_replay_tracks_attach (self->tracks, stream, sink))
    return TRUE;
  GST_ELEMENT_ERROR (self, STREAM, DECODE,
      ("The recording's track \"%s\" is damaged, or of a kind that cannot be "
       "played.",
          rc_stream_to_string (stream)),
      ("%" GST_PTR_FORMAT, caps));
  return FALSE;
}

/* Once there are both, the track and the pad. */
static void
connect_unlocked (GstRcFileSrc *self, RcStream stream)
{
  Stream *state = &self->streams[stream];

  if (state->pad != NULL && state->branch == NULL
      && gst_rc_replay_tracks_has (self->tracks, stream)
      && !add_branch (self, stream, state->pad))
    GST_WARNING_OBJECT (self, "no branch for %s", rc_stream_to_string (stream));
}

static void
take_track (GstElement *element, RcStream stream)
{
  GstRcFileSrc *self = GST_RC_FILE_SRC (element);

  g_mutex_lock (&self->branches);
  connect_unlocked (self, stream);
  g_mutex_unlock (&self->branches);
}

static void
remove_branch_unlocked (GstRcFileSrc *self, RcStream stream)
{
  Stream *state = &self->streams[stream];

  if (self->tracks != NULL)
    gst_rc_replay_tracks_shut (self->tracks, stream);
  if (state->pad != NULL)
    gst_ghost_pad_set_target (GST_GHOST_PAD (state->pad), NULL);
  if (state->branch != NULL)
    gst_rc_parts_remove (GST_BIN (self), g_steal_pointer (&state->branch));
  if (self->tracks != NULL)
    gst_rc_replay_tracks_detach (self->tracks, stream);
}

/* ---- states ---- */

/* FALSE after an error message. */
static gboolean
make_children (GstRcFileSrc *self)
{
  g_autofree gchar *location = NULL;
  GstRcReplayTracks *tracks;

  GST_OBJECT_LOCK (self);
  location = g_strdup (self->location);
  self->pace = gst_rc_replay_pace_new (self->live, self->loop);
  GST_OBJECT_UNLOCK (self);
  if (location == NULL || *location == '\0') {
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
        ("There is no file to play. Set the property location."), (NULL));
    return FALSE;
  }
  self->lines = rc_replay_lines_new ();
  tracks = gst_rc_replay_tracks_new (
      GST_ELEMENT (self), location, self->lines, take_track);
  if (tracks == NULL)
    return FALSE;
  g_mutex_lock (&self->branches);
  self->tracks = tracks;
  for (guint i = 0; i < RC_N_STREAMS; i++)
    gst_rc_replay_tracks_want (tracks, i, self->streams[i].pad != NULL);
  g_mutex_unlock (&self->branches);
  return TRUE;
}

static void
remove_children (GstRcFileSrc *self)
{
  GstBin *bin = GST_BIN (self);
  GstRcReplayPace *pace;

  g_mutex_lock (&self->branches);
  for (guint i = 0; i < RC_N_STREAMS; i++)
    remove_branch_unlocked (self, i);
  while (GST_BIN_NUMCHILDREN (bin) > 0)
    gst_rc_parts_remove (bin, GST_BIN_CHILDREN (bin)->data);
  g_clear_pointer (&self->tracks, gst_rc_replay_tracks_free);
  g_mutex_unlock (&self->branches);
  g_clear_pointer (&self->lines, rc_replay_lines_free);
  GST_OBJECT_LOCK (self);
  pace = g_steal_pointer (&self->pace);
  GST_OBJECT_UNLOCK (self);
  g_clear_pointer (&pace, gst_rc_replay_pace_unref);
}

/* Before the pads are stopped, which waits for their threads. */
static void
stop_streams (GstRcFileSrc *self)
{
  rc_replay_lines_stop (self->lines);
  gst_rc_replay_pace_stop (self->pace);
  g_mutex_lock (&self->rounds);
  g_mutex_unlock (&self->rounds);
}

/* What a change to PAUSED that is done returns. */
static GstStateChangeReturn
paused (GstRcFileSrc *self, GstStateChangeReturn ret)
{
  return ret != GST_STATE_CHANGE_FAILURE
                 && gst_rc_replay_pace_is_live (self->pace)
             ? GST_STATE_CHANGE_NO_PREROLL
             : ret;
}

static GstStateChangeReturn
finish_change (
    GstRcFileSrc *self, GstStateChange transition, GstStateChangeReturn ret)
{
  switch (transition) {
  case GST_STATE_CHANGE_READY_TO_PAUSED:
    if (ret != GST_STATE_CHANGE_FAILURE)
      return paused (self, ret);
    stop_streams (self);
    remove_children (self);
    return ret;
  case GST_STATE_CHANGE_PAUSED_TO_PLAYING:
    if (ret != GST_STATE_CHANGE_FAILURE)
      gst_rc_replay_pace_set_playing (self->pace, TRUE);
    return ret;
  case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
    return paused (self, ret);
  case GST_STATE_CHANGE_PAUSED_TO_READY:
    remove_children (self);
    return ret;
  default:
    return ret;
  }
}

static GstStateChangeReturn
gst_rc_file_src_change_state (GstElement *element, GstStateChange transition)
{
  GstRcFileSrc *self = GST_RC_FILE_SRC (element);

  switch (transition) {
  case GST_STATE_CHANGE_READY_TO_PAUSED:
    if (!make_children (self)) {
      remove_children (self);
      return GST_STATE_CHANGE_FAILURE;
    }
    break;
  case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
    gst_rc_replay_pace_set_playing (self->pace, FALSE);
    break;
  case GST_STATE_CHANGE_PAUSED_TO_READY:
    stop_streams (self);
    break;
  default:
    break;
  }
  return finish_change (self, transition,
      GST_ELEMENT_CLASS (gst_rc_file_src_parent_class)
          ->change_state (element, transition));
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

/* What nobody takes is gone: a pad that is not linked, or to an element that has not
 * started yet or is going. The stream would end otherwise, and with no pad all. */
static GstFlowReturn
chain_out (GstPad *internal, GstObject *pad, GstBuffer *buffer)
{
  GstFlowReturn ret = gst_proxy_pad_chain_default (internal, pad, buffer);
  gboolean is_flushing;

  GST_OBJECT_LOCK (pad);
  is_flushing = GST_PAD_IS_FLUSHING (pad);
  GST_OBJECT_UNLOCK (pad);
  return ret == GST_FLOW_NOT_LINKED
                 || (ret == GST_FLOW_FLUSHING && !is_flushing)
             ? GST_FLOW_OK
             : ret;
}

static GstPad *
make_pad (RcStream stream, GstPadTemplate *templ)
{
  GstPad *pad = gst_ghost_pad_new_no_target_from_template (
      rc_stream_to_string (stream), templ);
  g_autoptr (GstProxyPad) internal =
      gst_proxy_pad_get_internal (GST_PROXY_PAD (pad));

  gst_pad_set_query_function (pad, query_pad);
  g_signal_connect (
      pad, "linked", G_CALLBACK (gst_rc_replay_tell_of_end), NULL);
  gst_pad_set_chain_function (GST_PAD (internal), chain_out);
  return pad;
}

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
  pad = make_pad (stream, templ);
  if (GST_STATE (self) > GST_STATE_READY)
    gst_pad_set_active (pad, TRUE);
  gst_element_add_pad (element, pad);
  /* Not while a round begins: a branch would miss half of the flush. */
  g_mutex_lock (&self->rounds);
  g_mutex_lock (&self->branches);
  self->streams[stream].pad = pad;
  if (self->tracks != NULL) {
    gst_rc_replay_tracks_want (self->tracks, stream, TRUE);
    connect_unlocked (self, stream);
  }
  g_mutex_unlock (&self->branches);
  g_mutex_unlock (&self->rounds);
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
  g_mutex_lock (&self->branches);
  remove_branch_unlocked (self, stream);
  self->streams[stream].pad = NULL;
  if (self->tracks != NULL)
    gst_rc_replay_tracks_want (self->tracks, stream, FALSE);
  g_mutex_unlock (&self->branches);
  g_mutex_unlock (&self->rounds);
  if (self->pace != NULL && gst_rc_replay_pace_forget (self->pace, stream))
    play_again_soon (self);
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

  g_mutex_clear (&self->branches);
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
  g_mutex_init (&self->branches);
  gst_bin_set_suppressed_flags (
      GST_BIN (self), GST_ELEMENT_FLAG_SOURCE | GST_ELEMENT_FLAG_SINK);
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SOURCE);
}
