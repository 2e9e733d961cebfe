/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Between those who deliver images, each in a thread of its own, and the
 * clients of an RcServer, who take sets at their own pace. No GStreamer.
 *
 * The newest sets are kept, the same for all clients. A client is given the
 * oldest one that it has not had; one that is slower than the images loses
 * those that are not kept any more. Nobody who delivers ever waits. */

#pragma once

#include "server/rcserver.h"
#include "sink/rcservedset.h"

G_BEGIN_DECLS

typedef struct _RcPublisher RcPublisher;

/**
 * RcPublisherLimits:
 * @queue_size: sets that are kept; at least 1
 * @max_clients: streams of sets at a time; 0: any number
 * @set_timeout: how long a set waits for the rest of it, µs
 */
typedef struct {
  guint queue_size;
  guint max_clients;
  gint64 set_timeout;
} RcPublisherLimits;

/**
 * RcPublisherClient:
 * @id: 1 for the first stream of sets, 2 for the next
 * @peer: as gRPC names it; with rc_publisher_get_clients () the caller's
 * @streams: that it asked for, 1 << RcStream
 * @sets_sent: sets that it was given
 * @sets_missed: sets that were gone before it could take them
 * @bytes_sent: pixels and meshes that it was given
 */
typedef struct {
  guint64 id;
  gchar *peer;
  guint streams;
  guint64 sets_sent;
  guint64 sets_missed;
  guint64 bytes_sent;
} RcPublisherClient;

/**
 * RcPublisherStats:
 * @sets: that were brought together, since start ()
 * @sets_incomplete: of these, without an image that was expected
 * @images_dropped: that came when their set had gone, or of sets that are
 *   larger than a message can be
 * @clients: now
 * @sets_sent: to all clients, also those that are gone
 * @sets_missed: by all clients, also those that are gone
 * @bytes_sent: to all clients, also those that are gone
 */
typedef struct {
  guint64 sets;
  guint64 sets_incomplete;
  guint64 images_dropped;
  guint clients;
  guint64 sets_sent;
  guint64 sets_missed;
  guint64 bytes_sent;
} RcPublisherStats;

/* What happened, besides, when something was given. */
typedef enum {
  RC_PUBLISHER_LACKS_LENS = 1 << 0, /* a set says nothing of distances */
  RC_PUBLISHER_TOO_LARGE = 1 << 1,  /* a set is none for a message */
} RcPublisherTrouble;

/* Refcounted: a client's call may outlive its server. */
RcPublisher *rc_publisher_new (void);
RcPublisher *rc_publisher_ref (RcPublisher *self);
void rc_publisher_unref (RcPublisher *self);

/* A new run: sets and counters from 0. @server, to be woken when there are
 * sets, may come later. */
void rc_publisher_start (RcPublisher *self);
void rc_publisher_set_server (RcPublisher *self, RcServer *server);
/* Lets go of all sets. No server any more. */
void rc_publisher_stop (RcPublisher *self);

void rc_publisher_set_limits (
    RcPublisher *self, const RcPublisherLimits *limits);

/* See rc_served_set_new (); focal length and principal point for disparity
 * images. */
void rc_publisher_set_given (RcPublisher *self, const RcStereo *given);

/* --- who delivers: any thread --- */

/* @offered: what clients may ask for; @expected: what sets wait for.
 * 1 << RcStream. */
void rc_publisher_set_streams (
    RcPublisher *self, guint offered, guint expected);

/* Takes @image. Where that has no timestamp it gets one by our clock: that of
 * @time's running time. Returns RcPublisherTrouble. */
guint rc_publisher_push (RcPublisher *self, RcStream stream,
    const RcSetTime *time, RcServedImage *image);
/* As of RcSetAssembler. */
void rc_publisher_pass (RcPublisher *self, RcStream stream, guint64 running);
void rc_publisher_end (RcPublisher *self, RcStream stream);
void rc_publisher_restart (RcPublisher *self, RcStream stream);
void rc_publisher_flush (RcPublisher *self);

/* After end (): when it was the last one, waits until all clients have what is
 * kept and are gone, until @until (monotonic, µs) at most.
 * rc_publisher_set_flushing () ends the wait, and keeps another from beginning. */
void rc_publisher_drain (RcPublisher *self, RcStream stream, gint64 until);
void rc_publisher_set_flushing (
    RcPublisher *self, RcStream stream, gboolean flushing);

/* --- clients --- */

/* An RcServerSource; its user_data is the publisher. */
RcServerAnswer rc_publisher_serve (RcServer *server, RcServerCall *call,
    GPtrArray **message, gint64 *ask_at, gpointer self);

void rc_publisher_get_stats (RcPublisher *self, RcPublisherStats *stats);

/* (element-type RcPublisherClient), in the order of their coming. */
GPtrArray *rc_publisher_get_clients (RcPublisher *self);

G_END_DECLS
