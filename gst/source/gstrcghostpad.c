/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A source that pushes into a pad with no peer posts an error and ends. Pads
 * that are requested and not linked (yet), or unlinked for a while, are normal
 * here, so the ghost pad's internal pad swallows what nobody takes. */

#include "source/gstrcghostpad.h"

/* How long a push is waited for when its pad is released. */
#define PUSH_GRACE (250 * G_TIME_SPAN_MILLISECOND)

/* Attached to the ghost pad as qdata and freed with it. */
typedef struct {
  GstRcStreamSrc *child; /* lives as long as the pad has it as target */

  GMutex lock; /* a leaf */
  GCond idle;
  GThread *pusher;   /* of a buffer, or an event that goes the way of buffers;
                      * NULL: there is no push under way */
  gboolean stopping; /* nothing is pushed any more */
  GstPad *taker;     /* the peer that is being pushed to, if any; owned */
} PushState;

static GQuark
push_state_quark (void)
{
  return g_quark_from_static_string ("gst-rc-ghost-pad-push-state");
}

static void
push_state_free (PushState *state)
{
  g_cond_clear (&state->idle);
  g_mutex_clear (&state->lock);
  g_free (state);
}

/* FALSE when the pad is going: who pushed now could be stuck for good, as
 * nobody would look any more. */
static gboolean
begin_push (PushState *state, GstPad *ghost)
{
  gboolean may_push;

  g_mutex_lock (&state->lock);
  may_push = !state->stopping;
  if (may_push) {
    state->pusher = g_thread_self ();
    state->taker = gst_pad_get_peer (ghost);
  }
  g_mutex_unlock (&state->lock);
  return may_push;
}

static void
end_push (PushState *state)
{
  GstPad *taker;

  g_mutex_lock (&state->lock);
  state->pusher = NULL;
  taker = g_steal_pointer (&state->taker);
  g_cond_signal (&state->idle);
  g_mutex_unlock (&state->lock);
  gst_clear_object (&taker);
}

/* A branch that is shut down, flushed or replaced in the middle of a push. An
 * event that went with the buffer can make that look like an error. */
static gboolean
is_leaving (PushState *state, GstPad *ghost)
{
  g_autoptr (GstPad) peer = gst_pad_get_peer (ghost);
  gboolean flushing;

  if (state->taker == NULL)
    return FALSE;
  GST_OBJECT_LOCK (state->taker);
  flushing = GST_PAD_IS_FLUSHING (state->taker);
  GST_OBJECT_UNLOCK (state->taker);
  return flushing || peer != state->taker;
}

static GstFlowReturn
chain (GstPad *proxy, GstObject *parent, GstBuffer *buffer)
{
  GstPad *ghost = GST_PAD (parent);
  PushState *state =
      g_object_get_qdata (G_OBJECT (parent), push_state_quark ());
  GstFlowReturn ret;

  if (!begin_push (state, ghost)) {
    gst_buffer_unref (buffer);
    return GST_FLOW_FLUSHING;
  }
  ret = gst_pad_push (ghost, buffer);
  if (ret != GST_FLOW_OK && is_leaving (state, ghost))
    ret = GST_FLOW_FLUSHING;
  end_push (state);

  switch (ret) {
  case GST_FLOW_OK:
    break;
  case GST_FLOW_NOT_LINKED:
    ret = GST_FLOW_OK;
    break;
  case GST_FLOW_FLUSHING:
    /* The branch may be replaced. */
    GST_OBJECT_LOCK (ghost);
    if (!GST_PAD_IS_FLUSHING (ghost))
      ret = GST_FLOW_OK;
    GST_OBJECT_UNLOCK (ghost);
    break;
  default:
    break;
  }
  return ret;
}

/* Each base source makes a group of its own; the streams of one camera belong
 * together. */
static GstEvent *
set_group (GstEvent *event, PushState *state)
{
  event = gst_event_make_writable (event);
  gst_event_set_group_id (event, gst_rc_stream_src_get_group_id (state->child));
  return event;
}

/* Those that a pad keeps go out with the next buffer. A branch may hold them
 * back, and GstBaseSrc pushes them with a lock held that a change of state
 * needs. And caps that a branch on its way out refuses would be an error; a
 * buffer that it refuses is not. */
static gboolean
can_wait_for_buffer (GstEvent *event)
{
  return GST_EVENT_IS_STICKY (event) && GST_EVENT_TYPE (event) != GST_EVENT_EOS;
}

/* The ghost pad sends it before the next buffer or event. */
static GstFlowReturn
keep_event (GstPad *ghost, GstEvent *event)
{
  GstFlowReturn ret = gst_pad_store_sticky_event (ghost, event);

  gst_event_unref (event);
  return ret;
}

/* Serialized events can be blocked by the branch as buffers can. */
static GstFlowReturn
handle_event (GstPad *proxy, GstObject *parent, GstEvent *event)
{
  PushState *state =
      g_object_get_qdata (G_OBJECT (parent), push_state_quark ());
  gboolean in_order = GST_EVENT_IS_SERIALIZED (event)
                      && GST_EVENT_TYPE (event) != GST_EVENT_FLUSH_STOP;
  gboolean handled;

  if (GST_EVENT_TYPE (event) == GST_EVENT_STREAM_START)
    event = set_group (event, state);
  if (can_wait_for_buffer (event))
    return keep_event (GST_PAD (parent), event);
  /* GstBaseSrc's last word, after an error as well. */
  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS)
    rc_set_queue_abandon (gst_rc_stream_src_get_queue (state->child));

  if (in_order && !begin_push (state, GST_PAD (parent))) {
    gst_event_unref (event);
    return GST_FLOW_FLUSHING;
  }
  handled = gst_pad_event_default (proxy, parent, event);
  if (in_order)
    end_push (state);
  return handled ? GST_FLOW_OK : GST_FLOW_ERROR;
}

/* The same of queries: that for allocation is answered in order. */
static gboolean
handle_query (GstPad *proxy, GstObject *parent, GstQuery *query)
{
  PushState *state =
      g_object_get_qdata (G_OBJECT (parent), push_state_quark ());
  gboolean handled;

  if (!GST_QUERY_IS_SERIALIZED (query))
    return gst_pad_query_default (proxy, parent, query);
  if (!begin_push (state, GST_PAD (parent)))
    return FALSE;
  handled = gst_pad_query_default (proxy, parent, query);
  end_push (state);
  return handled;
}

/* The first probe of the pad: what it sees is seen by those of users. */
static GstPadProbeReturn
note_passing (GstPad *ghost, GstPadProbeInfo *info, gpointer child)
{
  gst_rc_stream_src_passed (child);
  return GST_PAD_PROBE_OK;
}

GstPad *
gst_rc_ghost_pad_new (GstRcStreamSrc *child, GstPadTemplate *templ)
{
  g_autoptr (GstPad) target =
      gst_element_get_static_pad (GST_ELEMENT (child), "src");
  g_autoptr (GstPad) proxy = NULL;
  GstPad *ghost = gst_ghost_pad_new_from_template (
      rc_stream_to_string (gst_rc_stream_src_get_stream (child)), target,
      templ);
  PushState *state = g_new0 (PushState, 1);

  state->child = child;
  g_mutex_init (&state->lock);
  g_cond_init (&state->idle);
  g_object_set_qdata_full (G_OBJECT (ghost), push_state_quark (), state,
      (GDestroyNotify)push_state_free);

  gst_pad_add_probe (
      ghost, GST_PAD_PROBE_TYPE_BUFFER, note_passing, child, NULL);
  proxy = GST_PAD (gst_proxy_pad_get_internal (GST_PROXY_PAD (ghost)));
  gst_pad_set_chain_function (proxy, chain);
  gst_pad_set_event_full_function (proxy, handle_event);
  gst_pad_set_query_function (proxy, handle_query);
  return ghost;
}

gboolean
gst_rc_ghost_pad_stop (GstPad *pad)
{
  PushState *state = g_object_get_qdata (G_OBJECT (pad), push_state_quark ());
  gint64 deadline = g_get_monotonic_time () + PUSH_GRACE;
  gboolean idle;

  g_mutex_lock (&state->lock);
  state->stopping = TRUE;
  while (state->pusher != NULL && state->pusher != g_thread_self ()
         && g_cond_wait_until (&state->idle, &state->lock, deadline))
    ;
  idle = state->pusher == NULL;
  g_mutex_unlock (&state->lock);
  return idle;
}
