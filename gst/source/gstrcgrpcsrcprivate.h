/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rcgrpcsrc's insides: what its files share.
 *
 * Threads
 *   application   properties, pads, states, events
 *   client        on_changed (), on_image_set (), on_rejected (), on_ended ()
 *   events        on_event (), on_events_failed (), with image-events=true
 *   one a pad     in GstRcStreamSrc
 *
 * Locks, in this order: object lock, then the client's, a queue's or a ghost
 * pad's, which are leaves. The object lock is not held across anything that
 * waits: the client's request is changed under it, which waits for nothing,
 * but the client is freed, queues are pushed to and messages are posted
 * without it.
 *
 * Stopping: the queues are abandoned, so that the client's thread cannot wait
 * for a pad (any more), then the client is cancelled and joined, and only then
 * the children change their state.
 */

#pragma once

#include "client/rcclient.h"
#include "source/gstrcgrpcsrc.h"
#include "source/gstrcsettings.h"
#include "source/gstrcstreamsrc.h"
#include "source/gstrctimeline.h"

G_BEGIN_DECLS

/* A pad and what is behind it. */
typedef struct {
  GstPad *pad;
  GstRcStreamSrc *child;
  gboolean from_uri; /* goes when the URI does */
} Stream;

struct _GstRcGrpcSrc {
  GstBin parent;

  GstRcSettings settings; /* object lock */
  GError *uri_error;      /* object lock; of the property uri, not set since */

  /* object lock */
  Stream streams[RC_N_STREAMS]; /* owned; all NULL where there is no pad */
  RcClient *client;             /* in PLAYING */
  gboolean ended;               /* EOS or error, until READY */
  gboolean distributing;        /* a set is on its way to the queues */
  guint group_id;
  guint64 sets_received;
  guint64 sets_rejected;
  guint64 bytes_received;
  guint64 reconnects;
  gboolean outage;           /* no connection, and another attempt follows */
  guint64 dropped_before;    /* images, by pads that are gone */
  GstClockTime set_interval; /* smoothed, 0 before the second set */
  GstClockTime last_arrival; /* monotonic */

  /* client thread; without a client, state changes */
  GstRcTimeline timeline;
  GstClockTime start_time; /* monotonic, when PLAYING began */
  gboolean in_rejects;     /* the last message was no set */
};

/* ---- pads ---- */

/* Asks for what has a pad, and for nothing else. */
void gst_rc_grpc_src_update_request_unlocked (GstRcGrpcSrc *self);

/* The children as they are now, for a look at them without the lock
 * (element-type GstRcStreamSrc). */
GPtrArray *gst_rc_grpc_src_list_children_unlocked (GstRcGrpcSrc *self);

/* The queue of the @i-th of those. */
RcSetQueue *gst_rc_grpc_src_nth_queue (GPtrArray *children, guint i);

/* Gives all queues the size and the policy of the settings. */
void gst_rc_grpc_src_limit_queues_unlocked (GstRcGrpcSrc *self);

/* NULL if that stream has a pad. The pad belongs to the element. */
GstPad *gst_rc_grpc_src_add_stream (
    GstRcGrpcSrc *self, RcStream stream, gboolean from_uri);

/* Nothing if there is no pad. */
void gst_rc_grpc_src_remove_stream (GstRcGrpcSrc *self, RcStream stream);

/* ---- client ---- */

/* FALSE after an error message. */
gboolean gst_rc_grpc_src_start_client (GstRcGrpcSrc *self);
void gst_rc_grpc_src_stop_client (GstRcGrpcSrc *self);

/* No more sets: each pad sends EOS once its queue is empty. A set that is under
 * way still goes to all pads, or else a recording's tracks would differ. Any
 * thread. */
void gst_rc_grpc_src_finish (GstRcGrpcSrc *self);

/* Counters and ends of an earlier run go. */
void gst_rc_grpc_src_reset_counters_unlocked (GstRcGrpcSrc *self);

GstStructure *gst_rc_grpc_src_create_stats (GstRcGrpcSrc *self);

/* ---- URI ---- */

void gst_rc_grpc_src_uri_handler_init (gpointer interface, gpointer data);

/* Sets what @text says, with @default_streams if it names none. FALSE with a
 * GST_URI_ERROR. */
gboolean gst_rc_grpc_src_take_uri (GstRcGrpcSrc *self, const gchar *text,
    guint default_streams, GError **error);
gchar *gst_rc_grpc_src_build_uri (GstRcGrpcSrc *self);

G_END_DECLS
