/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Threads: the demuxer's finds the tracks; the owner's attach and detach them. The
 * lock is a leaf. */

#include "recording/gstrcreplaytracks.h"

#include <string.h>

#include "recording/gstrcparts.h"
#include "recording/gstrcreplayfile.h"
#include "recording/gstrcreplayline.h"
#include "recording/gstrcreplaystream.h"

/* Of a track, read ahead. */
#define QUEUE_TIME (3 * GST_SECOND)
#define QUEUE_BYTES (256 * 1024 * 1024)

struct _GstRcReplayTracks {
  GstElement *owner; /* these are set at creation; they outlive this */
  RcReplayLines *lines;
  GstRcReplayTrackFound found;
  GstElement *demux, *queue;  /* belong to the owner */
  guint64 uids[RC_N_STREAMS]; /* of the file's tracks, 0: there is none */

  GMutex lock;                /* guards what follows */
  GstPad *pads[RC_N_STREAMS]; /* of the demuxer; NULL: not found; references */
  guint wanted;               /* 1 << RcStream */

  /* owner's threads */
  GstElement
      *valves[RC_N_STREAMS]; /* belong to the owner; NULL: never wanted */
  GstPad *queue_pads[RC_N_STREAMS]; /* NULL: goes nowhere; references */

  gboolean checked; /* that there is what is wanted; demuxer's thread */
};

/* ---- what was found ---- */

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

static void
check (GstRcReplayTracks *tracks)
{
  g_autofree gchar *lacking = NULL, *has = NULL;
  guint found = 0, wanted;

  g_mutex_lock (&tracks->lock);
  for (guint i = 0; i < RC_N_STREAMS; i++)
    found |= tracks->pads[i] != NULL ? 1u << i : 0;
  wanted = tracks->wanted;
  g_mutex_unlock (&tracks->lock);

  lacking = name_streams (wanted & ~found);
  has = name_streams (found);
  if (wanted & ~found)
    GST_ELEMENT_ERROR (tracks->owner, STREAM, WRONG_TYPE,
        ("The recording has no track named %s. It has: %s.", lacking,
            found != 0 ? has : "none of a stream's name"),
        (NULL));
  if (found & (1u << RC_STREAM_METADATA))
    return;
  rc_replay_lines_end (tracks->lines);
  GST_ELEMENT_WARNING (tracks->owner, STREAM, FORMAT,
      ("The recording has no track named metadata: its images come without "
       "parameters. For depth, set focal-length and baseline of rcdepth."),
      (NULL));
}

static void
check_once (GstRcReplayTracks *tracks)
{
  if (!tracks->checked)
    check (tracks);
  tracks->checked = TRUE;
}

/* All tracks are there before the first buffer of any. */
static GstPadProbeReturn
watch_track (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
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

/* Decoders cut away what a seek passes over by how long an image lasts, and take
 * one that does not say for endless. */
static GstPadProbeReturn
shorten_image (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstBuffer *buffer =
      gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER (info));

  GST_BUFFER_DURATION (buffer) = GST_RC_REPLAY_TICK;
  GST_PAD_PROBE_INFO_DATA (info) = buffer;
  return GST_PAD_PROBE_OK;
}

static void
take_track (GstRcReplayTracks *tracks, GstPad *pad, RcStream stream)
{
  gboolean is_first;

  g_mutex_lock (&tracks->lock);
  is_first = tracks->pads[stream] == NULL;
  if (is_first)
    tracks->pads[stream] = gst_object_ref (pad);
  g_mutex_unlock (&tracks->lock);
  /* Two tracks with one UID. */
  if (!is_first)
    return;

  if (stream == RC_STREAM_METADATA)
    gst_rc_replay_line_watch (tracks->owner, pad, tracks->lines);
  else
    gst_pad_add_probe (
        pad, GST_PAD_PROBE_TYPE_BUFFER, shorten_image, NULL, NULL);
  tracks->found (tracks->owner, stream);
}

static void
pad_added (GstElement *demux, GstPad *pad, gpointer user_data)
{
  GstRcReplayTracks *tracks = user_data;
  RcStream stream;

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, watch_track, tracks, NULL);
  if (gst_rc_replay_file_find_stream (tracks->uids, pad, &stream))
    take_track (tracks, pad, stream);
}

/* ---- where it goes ---- */

static GstPad *
get_queue_src (GstElement *queue, GstPad *sink)
{
  g_autofree gchar *name =
      g_strconcat ("src_", GST_PAD_NAME (sink) + strlen ("sink_"), NULL);

  return gst_element_get_static_pad (queue, name);
}

static gboolean
is_at_end (GstPad *pad)
{
  gboolean at_end;

  GST_OBJECT_LOCK (pad);
  at_end = GST_PAD_IS_EOS (pad);
  GST_OBJECT_UNLOCK (pad);
  return at_end;
}

static gboolean
send_event (GstPad *pad, GstEvent **event, gpointer peer)
{
  gst_pad_send_event (peer, gst_event_ref (*event));
  return TRUE;
}

void
gst_rc_replay_tell_of_end (GstPad *pad, GstPad *peer)
{
  if (is_at_end (pad))
    gst_pad_sticky_events_foreach (pad, send_event, peer);
}

/* Between the track and the multiqueue, for good; shut. FALSE: it cannot be there. */
static gboolean
add_valve (GstRcReplayTracks *tracks, RcStream stream)
{
  GstElement *valve =
      gst_rc_parts_add (GST_BIN (tracks->owner), tracks->owner, "valve");
  g_autoptr (GstPad) sink = NULL;

  if (valve == NULL)
    return FALSE;
  tracks->valves[stream] = valve;
  g_object_set (valve, "drop", TRUE, NULL);
  sink = gst_element_get_static_pad (valve, "sink");
  return gst_element_sync_state_with_parent (valve)
         && gst_pad_link (tracks->pads[stream], sink) == GST_PAD_LINK_OK;
}

static gboolean
push_event (GstPad *pad, GstEvent **event, gpointer valve_src)
{
  gst_pad_push_event (valve_src, gst_event_ref (*event));
  return TRUE;
}

/* What went through it before may not be what the track is like now: a valve that
 * is shut lets no flush through. And what comes to an end meanwhile says so once. */
static void
open_valve (GstRcReplayTracks *tracks, RcStream stream, GstPad *valve_src)
{
  GstPad *track = tracks->pads[stream];

  gst_pad_sticky_events_foreach (track, push_event, valve_src);
  g_object_set (tracks->valves[stream], "drop", FALSE, NULL);
  if (is_at_end (track) && !is_at_end (valve_src))
    gst_pad_sticky_events_foreach (track, push_event, valve_src);
}

static void
forget_events (GstPad *valve_src)
{
  gst_pad_set_active (valve_src, FALSE);
  gst_pad_set_active (valve_src, TRUE);
}

gboolean
gst_rc_replay_tracks_attach (
    GstRcReplayTracks *tracks, RcStream stream, GstPad *sink)
{
  g_autoptr (GstPad) queue_src = NULL, valve_src = NULL;
  GstPad *queue_pad;

  if (tracks->valves[stream] == NULL && !add_valve (tracks, stream))
    return FALSE;
  valve_src = gst_element_get_static_pad (tracks->valves[stream], "src");
  forget_events (valve_src);
  queue_pad = gst_element_request_pad_simple (tracks->queue, "sink_%u");
  tracks->queue_pads[stream] = queue_pad;
  queue_src = get_queue_src (tracks->queue, queue_pad);
  if (gst_pad_link (queue_src, sink) != GST_PAD_LINK_OK
      || gst_pad_link (valve_src, queue_pad) != GST_PAD_LINK_OK)
    return FALSE;
  open_valve (tracks, stream, valve_src);
  return TRUE;
}

/* The demuxer stops all tracks when one is refused, as by a branch that stops: a
 * closed valve refuses nothing. */
void
gst_rc_replay_tracks_shut (GstRcReplayTracks *tracks, RcStream stream)
{
  if (tracks->valves[stream] != NULL)
    g_object_set (tracks->valves[stream], "drop", TRUE, NULL);
}

/* What is on its way through, which is not held up behind it any more. */
static void
wait_for_valve (GstElement *valve)
{
  g_autoptr (GstPad) sink = gst_element_get_static_pad (valve, "sink");

  GST_PAD_STREAM_LOCK (sink);
  GST_PAD_STREAM_UNLOCK (sink);
}

void
gst_rc_replay_tracks_detach (GstRcReplayTracks *tracks, RcStream stream)
{
  GstPad *queue_pad = g_steal_pointer (&tracks->queue_pads[stream]);

  if (queue_pad == NULL)
    return;
  gst_element_release_request_pad (tracks->queue, queue_pad);
  gst_object_unref (queue_pad);
  wait_for_valve (tracks->valves[stream]);
}

gboolean
gst_rc_replay_tracks_has (GstRcReplayTracks *tracks, RcStream stream)
{
  gboolean has;

  g_mutex_lock (&tracks->lock);
  has = tracks->pads[stream] != NULL;
  g_mutex_unlock (&tracks->lock);
  return has;
}

GstCaps *
gst_rc_replay_tracks_get_caps (GstRcReplayTracks *tracks, RcStream stream)
{
  return gst_pad_get_current_caps (tracks->pads[stream]);
}

void
gst_rc_replay_tracks_want (
    GstRcReplayTracks *tracks, RcStream stream, gboolean is_wanted)
{
  g_mutex_lock (&tracks->lock);
  tracks->wanted &= ~(1u << stream);
  tracks->wanted |= is_wanted ? 1u << stream : 0;
  g_mutex_unlock (&tracks->lock);
}

gboolean
gst_rc_replay_tracks_seek (GstRcReplayTracks *tracks, GstEvent *seek)
{
  return gst_element_send_event (tracks->demux, seek);
}

/* ---- life ---- */

/* Then the demuxer waits for an image to go, which may wait for its line. */
static void
overrun (GstElement *queue, gpointer lines)
{
  rc_replay_lines_hold_up (lines);
}

/* FALSE after an error message. */
static gboolean
add_elements (GstRcReplayTracks *tracks, const gchar *location)
{
  GstElement *owner = tracks->owner, *file;
  GstBin *bin = GST_BIN (owner);

  if (!(file = gst_rc_parts_add (bin, owner, "filesrc"))
      || !(tracks->demux = gst_rc_parts_add (bin, owner, "matroskademux"))
      || !(tracks->queue = gst_rc_parts_add (bin, owner, "multiqueue")))
    return FALSE;
  g_object_set (file, "location", location, NULL);
  g_object_set (tracks->queue, "max-size-buffers", 0, "max-size-bytes",
      QUEUE_BYTES, "max-size-time", QUEUE_TIME, NULL);
  g_signal_connect (
      tracks->queue, "overrun", G_CALLBACK (overrun), tracks->lines);
  g_signal_connect (tracks->demux, "pad-added", G_CALLBACK (pad_added), tracks);
  g_signal_connect (
      tracks->demux, "no-more-pads", G_CALLBACK (no_more_pads), tracks);
  return gst_element_link (file, tracks->demux);
}

GstRcReplayTracks *
gst_rc_replay_tracks_new (GstElement *owner, const gchar *location,
    RcReplayLines *lines, GstRcReplayTrackFound found)
{
  GstRcReplayTracks *tracks = g_new0 (GstRcReplayTracks, 1);

  tracks->owner = owner;
  tracks->lines = lines;
  tracks->found = found;
  g_mutex_init (&tracks->lock);
  if (gst_rc_replay_file_read (owner, location, tracks->uids)
      && add_elements (tracks, location))
    return tracks;
  gst_rc_replay_tracks_free (tracks);
  return NULL;
}

void
gst_rc_replay_tracks_free (GstRcReplayTracks *tracks)
{
  for (guint i = 0; i < RC_N_STREAMS; i++)
    gst_clear_object (&tracks->pads[i]);
  g_mutex_clear (&tracks->lock);
  g_free (tracks);
}
