/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The pads of rcgrpcsrc, which are the request. */

#include "source/gstrcghostpad.h"
#include "source/gstrcgrpcsrcprivate.h"

GST_DEBUG_CATEGORY_EXTERN (gst_rc_grpc_src_debug);
#define GST_CAT_DEFAULT gst_rc_grpc_src_debug

/* Lines that the metadata pad holds at least: 10 s at 25 Hz. What is kept of
 * the images is worth little without them. */
#define METADATA_QUEUE_SIZE 256

void
gst_rc_grpc_src_update_request_unlocked (GstRcGrpcSrc *self)
{
  RcRequest request = self->settings.options;

  if (self->client == NULL || self->ended)
    return;
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (self->streams[i].child != NULL)
      request.streams |= 1 << i;
  }
  rc_client_set_request (self->client, request.streams != 0 ? &request : NULL);
}

GPtrArray *
gst_rc_grpc_src_list_children_unlocked (GstRcGrpcSrc *self)
{
  GPtrArray *children = g_ptr_array_new_with_free_func (gst_object_unref);

  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (self->streams[i].child != NULL)
      g_ptr_array_add (children, gst_object_ref (self->streams[i].child));
  }
  return children;
}

RcSetQueue *
gst_rc_grpc_src_nth_queue (GPtrArray *children, guint i)
{
  return gst_rc_stream_src_get_queue (g_ptr_array_index (children, i));
}

static void
limit_queue_unlocked (GstRcGrpcSrc *self, GstRcStreamSrc *child)
{
  guint size = self->settings.queue_size;

  if (gst_rc_stream_src_get_stream (child) == RC_STREAM_METADATA)
    size = MAX (size, METADATA_QUEUE_SIZE);
  rc_set_queue_set_limit (
      gst_rc_stream_src_get_queue (child), size, self->settings.leaky);
}

void
gst_rc_grpc_src_limit_queues_unlocked (GstRcGrpcSrc *self)
{
  for (guint i = 0; i < RC_N_STREAMS; i++) {
    if (self->streams[i].child != NULL)
      limit_queue_unlocked (self, self->streams[i].child);
  }
}

GstPad *
gst_rc_grpc_src_add_stream (
    GstRcGrpcSrc *self, RcStream stream, gboolean from_uri)
{
  GstElement *element = GST_ELEMENT (self);
  const gchar *name = rc_stream_to_string (stream);
  GstRcStreamSrc *child;
  RcSetQueue *queue;
  GstPad *pad;

  GST_OBJECT_LOCK (self);
  if (self->streams[stream].child != NULL) {
    GST_OBJECT_UNLOCK (self);
    GST_WARNING_OBJECT (self, "there is a pad %s already", name);
    return NULL;
  }
  GST_OBJECT_UNLOCK (self);

  child = gst_rc_stream_src_new (stream);
  queue = gst_rc_stream_src_get_queue (child);
  /* The table keeps a reference beside the bin's. */
  if (!gst_bin_add (GST_BIN (self), gst_object_ref_sink (child))) {
    gst_object_unref (child);
    return NULL;
  }
  /* Not before: GstBin unlinks the pads of what is added to it. */
  pad = gst_rc_ghost_pad_new (
      child, gst_element_get_pad_template (element, name));

  GST_OBJECT_LOCK (self);
  gst_rc_stream_src_set_latency (child, self->settings.latency * GST_MSECOND);
  gst_rc_stream_src_set_group_id (child, self->group_id);
  limit_queue_unlocked (self, child);
  if (self->ended)
    rc_set_queue_end (queue);
  GST_OBJECT_UNLOCK (self);

  gst_pad_set_active (pad, TRUE);
  gst_element_add_pad (element, pad);
  gst_element_sync_state_with_parent (GST_ELEMENT (child));

  GST_OBJECT_LOCK (self);
  self->streams[stream] = (Stream){gst_object_ref (pad), child, from_uri};
  /* What came while the child was on its way. */
  if (self->ended)
    rc_set_queue_end (queue);
  rc_set_queue_set_outage (queue, self->outage);
  gst_rc_grpc_src_update_request_unlocked (self);
  GST_OBJECT_UNLOCK (self);
  return pad;
}

static void
stream_free (gpointer data)
{
  Stream *stream = data;

  gst_object_unref (stream->pad);
  gst_object_unref (stream->child);
  g_free (stream);
}

static void
add_up_drops (GstRcGrpcSrc *self, GstRcStreamSrc *child)
{
  RcSetQueueStats stats;

  rc_set_queue_drop_all (gst_rc_stream_src_get_queue (child));
  rc_set_queue_get_stats (gst_rc_stream_src_get_queue (child), &stats);
  GST_OBJECT_LOCK (self);
  self->dropped_before += stats.dropped;
  GST_OBJECT_UNLOCK (self);
}

/* Waits for the streaming thread. */
static void
retire (GstElement *element, gpointer user_data)
{
  Stream *gone = user_data;

  gst_element_set_state (GST_ELEMENT (gone->child), GST_STATE_NULL);
  gst_pad_set_active (gone->pad, FALSE);
  add_up_drops (GST_RC_GRPC_SRC (element), gone->child);
}

static void
remove_from_element (GstRcGrpcSrc *self, const Stream *gone)
{
  gst_element_remove_pad (GST_ELEMENT (self), gone->pad);
  gst_bin_remove (GST_BIN (self), GST_ELEMENT (gone->child));
}

void
gst_rc_grpc_src_remove_stream (GstRcGrpcSrc *self, RcStream stream)
{
  Stream *gone;

  GST_OBJECT_LOCK (self);
  gone = g_memdup2 (&self->streams[stream], sizeof (Stream));
  self->streams[stream] = (Stream){NULL};
  if (gone->child != NULL)
    gst_rc_grpc_src_update_request_unlocked (self);
  GST_OBJECT_UNLOCK (self);
  if (gone->child == NULL) {
    g_free (gone);
    return;
  }

  /* The client's thread may know the child still, but cannot wait for it. */
  rc_set_queue_abandon (gst_rc_stream_src_get_queue (gone->child));
  rc_set_queue_set_flushing (gst_rc_stream_src_get_queue (gone->child), TRUE);

  gst_element_set_locked_state (GST_ELEMENT (gone->child), TRUE);
  if (gst_rc_ghost_pad_stop (gone->pad)) {
    retire (GST_ELEMENT (self), gone);
    remove_from_element (self, gone);
    stream_free (gone);
  } else {
    /* Its buffer goes through when the branch lets it, or stops. */
    GST_INFO_OBJECT (gone->pad, "its branch is blocked: not waited for");
    remove_from_element (self, gone);
    gst_element_call_async (GST_ELEMENT (self), retire, gone, stream_free);
  }
}
