/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the parts of RcServer share; rcserver.c says how they work together. */

#pragma once

#include "server/rcserver.h"

#include <grpc/grpc.h>

G_BEGIN_DECLS

typedef enum {
  RC_SERVED_SETS,
  RC_SERVED_EVENTS,
  RC_SERVED_UNKNOWN,
} RcServedKind;

typedef enum {
  RC_SERVER_OP_NEW_CALL, /* a client called */
  RC_SERVER_OP_REQUEST,  /* its request was read */
  RC_SERVER_OP_SEND,     /* metadata or a message was sent */
  RC_SERVER_OP_STATUS,   /* the status was sent */
  RC_SERVER_OP_CLOSE,    /* the call is over, whoever ended it */
  RC_SERVER_OP_SHUTDOWN, /* no more calls */
  RC_SERVER_N_OPS,
} RcServerOp;

typedef struct _RcServedCall RcServedCall;

/* What the completion queue gives back. */
typedef struct {
  RcServedCall *call;
  RcServerOp kind;
} RcServerTag;

struct _RcServedCall {
  gint refs; /* atomic */
  RcServer *server;
  RcServerTag tags[RC_SERVER_N_OPS];

  /* Set before others see the call. */
  grpc_call *call;
  grpc_call_details details;
  grpc_metadata_array metadata;
  RcServedKind kind;

  /* Operations' own, while they run. */
  grpc_byte_buffer *request_buffer;
  grpc_slice status_message;
  int cancelled;

  /* Source thread, once `open`. */
  RcServerCall sets;

  /* Guarded by RcServer.lock. */
  gboolean open; /* the request was read and is good */
  gboolean busy;
  grpc_byte_buffer *send_buffer; /* what it is busy with */
  gboolean over;                 /* nothing more may be sent */
  GQueue events;                 /* of GBytes, that wait to be sent */
};

struct _RcServer {
  /* Set before the threads start. */
  grpc_completion_queue *queue;
  grpc_server *server;
  guint16 port;
  gboolean events;
  RcServerSource source;
  gpointer user_data;
  GThread *queue_thread;
  GThread *source_thread;
  RcServerTag shutdown_tag;

  GMutex lock;
  /* Guarded by lock. */
  GCond cond;       /* `woken` or `stopping` was set */
  GPtrArray *calls; /* of RcServedCall, those that wait for messages */
  gboolean woken;
  gboolean stopping;
  guint n_ops;
  guint64 n_streams; /* of sets, served so far */
};

/* --- rcservedcall.c --- */

/* Counts an operation; FALSE if the server stops. */
gboolean rc_server_begin_op_unlocked (RcServer *server);
gboolean rc_server_begin_op (RcServer *server);

RcServedCall *rc_served_call_new (RcServer *server);
RcServedCall *rc_served_call_ref (RcServedCall *call);
void rc_served_call_unref (RcServedCall *call);

/* The operation was begun before; it keeps the call until its tag comes. */
void rc_served_call_start_batch (
    RcServedCall *call, const grpc_op *ops, gsize n_ops, RcServerOp kind);

/* Takes the right to send (`busy`) with an operation begun. */
gboolean rc_served_call_claim_send_unlocked (RcServedCall *call);

/* These three after claim_send. */

/* The client's flow control decides when it completes. */
void rc_served_call_start_send (RcServedCall *call, GBytes *const *pieces,
    guint n_pieces, gboolean compress);

/* The first thing that is sent, once the request was read: whoever sees it
 * knows that the request is in force. */
void rc_served_call_start_metadata (RcServedCall *call);

/* The last thing that is sent. @message may be NULL. */
void rc_served_call_start_status (RcServedCall *call, grpc_status_code status,
    const gchar *message, gboolean with_metadata);

/* Ends a call that was not opened. */
void rc_served_call_refuse (
    RcServedCall *call, grpc_status_code status, const gchar *message);

/* Sends the oldest event that waits, if the call can take one. */
void rc_served_call_feed_event (RcServedCall *call);

/* --- rcserver.c --- */

/* Lets the source thread ask anew. */
void rc_server_wake_unlocked (RcServer *server);

/* --- rcserverqueue.c --- */

/* The queue thread: returns after the last operation has ended. */
gpointer rc_server_run_queue (gpointer server);

G_END_DECLS
