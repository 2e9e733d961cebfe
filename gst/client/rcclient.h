/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* RcClient: a camera's image stream over gRPC core, without GStreamer.
 *
 * One TCP connection carries images and events. It is made for the first
 * request and kept from one to the next; one that broke while nothing was
 * asked for is made anew. One that is lost while images come is made anew as
 * the RcRetryPolicy says, with waits that grow.
 *
 * The client has a thread of its own that makes the call, waits for messages
 * and calls back; a second one for the events when they are asked for. Time
 * in a callback is time in which nothing more is read from the wire, so a
 * callback that waits holds the camera back (HTTP/2 flow control); `timeout`
 * does not count meanwhile.
 */

#pragma once

#include "wire/rcimageevent.h"
#include "wire/rcimageset.h"
#include "wire/rcrequest.h"

G_BEGIN_DECLS

/* Why a stream ended. The GError's message is for developers: what gRPC said
 * with its status by name. */
typedef enum {
  RC_CLIENT_ERROR_NOT_FOUND,     /* the host's name cannot be resolved */
  RC_CLIENT_ERROR_CONNECT,       /* refused, unreachable, closed before a set */
  RC_CLIENT_ERROR_TIMEOUT,       /* no connection or no first set in time */
  RC_CLIENT_ERROR_NOT_A_CAMERA,  /* speaks no gRPC, or not this service */
  RC_CLIENT_ERROR_TOO_LARGE,     /* a message beyond `max_message_size` */
  RC_CLIENT_ERROR_LOST,          /* the connection ended in mid-stream */
  RC_CLIENT_ERROR_SILENT,        /* no further set in time */
  RC_CLIENT_ERROR_STATUS,        /* the server ended the call with an error */
  RC_CLIENT_ERROR_INCOMPATIBLE,  /* RC_CLIENT_MAX_REJECTED messages in a row */
  RC_CLIENT_ERROR_RESOURCES,     /* no thread or channel could be had here */
  RC_CLIENT_ERROR_TLS_SETTINGS,  /* a file that cannot be used; no TLS here */
  RC_CLIENT_ERROR_TLS_UNTRUSTED, /* the server's certificate: by whom */
  RC_CLIENT_ERROR_TLS_NAME,      /* the server's certificate: for whom */
  RC_CLIENT_ERROR_TLS_EXPIRED,   /* the server's certificate: when */
  RC_CLIENT_ERROR_TLS_CLIENT_CERTIFICATE, /* the server wants (another) one */
  RC_CLIENT_ERROR_TLS_CLOSED, /* right after the handshake: the server may want
                                 (another) client certificate, or its camera is
                                 away */
  RC_CLIENT_ERROR_TLS_FAILED, /* whatever else; a server without TLS */
} RcClientError;

/* Messages in a row that are no valid set; one more ends the stream. */
#define RC_CLIENT_MAX_REJECTED 50

#define RC_CLIENT_ERROR (rc_client_error_quark ())
GQuark rc_client_error_quark (void);

typedef enum {
  RC_CLIENT_IDLE,         /* no request, or cancelled: no call */
  RC_CLIENT_CONNECTING,   /* a request, but no set received for it yet */
  RC_CLIENT_STREAMING,    /* a set was received on this call */
  RC_CLIENT_DISCONNECTED, /* waits before another attempt */
  RC_CLIENT_ENDED, /* the stream is over, `ended` was or will be called */
} RcClientState;

/* "idle", "connecting", "streaming", "disconnected", "ended" */
const gchar *rc_client_state_to_string (RcClientState state);

/**
 * RcRetryPolicy:
 * @auto_reconnect: once a set was received, the loss of the stream (any end
 *   but status OK) leads to further attempts
 * @wait_for_connection: so does a camera that is not there at the start
 * @retries: attempts in a row without a set after which the stream ends;
 *   -1 for ever
 * @backoff_max: ns, the longest wait between two attempts
 */
typedef struct {
  gboolean auto_reconnect;
  gboolean wait_for_connection;
  gint retries;
  guint64 backoff_max;
} RcRetryPolicy;

/**
 * RcTlsConfig:
 * @enabled: TLS 1.2 or later; the server's certificate is always verified
 * @ca_file: PEM file with the authorities that are trusted; NULL: the system's
 * @certificate_file: PEM file with the client's certificate, if the server
 *   wants one
 * @private_key_file: PEM file with its key; NULL: in the same file
 * @server_name: what the server's certificate has to be for; NULL: the host
 */
typedef struct {
  gboolean enabled;
  const gchar *ca_file;
  const gchar *certificate_file;
  const gchar *private_key_file;
  const gchar *server_name;
} RcTlsConfig;

/**
 * RcClientConfig:
 * @host: name or address (IPv6 without brackets)
 * @port: TCP port
 * @max_message_size: bytes, at most G_MAXINT
 * @timeout: ns, the longest wait for the connection and for each set while
 *   the wire is waited for; 0 waits for ever for sets, and for a TCP connection
 *   until the kernel gives it up (about 2 min). A TLS handshake has 10 s in any
 *   case; so has an attempt to connect that others follow
 * @image_events: also run StreamImageEvents
 * @retry: what happens when the stream is lost; all 0: it ends
 * @tls: all 0: none
 */
typedef struct {
  const gchar *host;
  guint16 port;
  gsize max_message_size;
  guint64 timeout;
  gboolean image_events;
  RcRetryPolicy retry;
  RcTlsConfig tls;
} RcClientConfig;

/**
 * RcClientChange:
 * @state: CONNECTING when a connection is about to be made, STREAMING at the
 *   first set over it, DISCONNECTED when it ended or could not be made and
 *   another attempt follows
 * @attempt: since the loss or the start: 0 for the first connection and what
 *   becomes of it, 1 for the first attempt after
 * @retry_in: ns until the next attempt; with DISCONNECTED
 * @reason: with DISCONNECTED: an RC_CLIENT_ERROR
 *
 * A change of the connection. Another request over the same connection is
 * none. One that happens as the client is told to stop may still be told.
 */
typedef struct {
  RcClientState state;
  guint attempt;
  guint64 retry_in;
  const GError *reason;
} RcClientChange;

/**
 * RcClientCallbacks:
 * @changed: the connection's state changed
 * @image_set: a set was received; @request is what was asked for when it was
 *   sent. Transfers @set
 * @rejected: a message was no valid set, and was dropped whole
 * @event: an image event
 * @events_failed: no events (any more); RC_CLIENT_ERROR_NOT_A_CAMERA if the
 *   camera does not have the service. Images go on: what ends both is told by
 *   `ended` alone, so that other failures are told when a set came after them.
 *   Called at most once
 * @ended: the stream is over: the server ended it with status OK (@error
 *   NULL), or it failed and is not tried again. Called at most once, and nothing after it but
 *   events
 *
 * All are called without a lock held; @event and @events_failed in the events
 * thread, the others in the client's. None is called after
 * rc_client_free () returned. NULL members are not called.
 */
typedef struct {
  void (*changed) (const RcClientChange *change, gpointer user_data);
  void (*image_set) (
      RcImageSet *set, const RcRequest *request, gpointer user_data);
  void (*rejected) (gsize size, const GError *error, gpointer user_data);
  void (*event) (const RcImageEvent *event, gpointer user_data);
  void (*events_failed) (const GError *error, gpointer user_data);
  void (*ended) (const GError *error, gpointer user_data);
} RcClientCallbacks;

typedef struct _RcClient RcClient;

/* Starts the client's thread. No call is made before there is a request.
 * NULL with RC_CLIENT_ERROR_RESOURCES if no thread can be had. */
RcClient *rc_client_new (const RcClientConfig *config,
    const RcClientCallbacks *callbacks, gpointer user_data, GError **error);

/* Asks for other images from now on: ends the running call, if the question
 * differs, and makes another on the same connection. NULL: for nothing, ends
 * the call. Sets of an older call are not delivered after this returned, but
 * for one that a callback is being called with. Any thread. */
void rc_client_set_request (RcClient *client, const RcRequest *request);

RcClientState rc_client_get_state (RcClient *client);

/* Cancels what is under way, without waiting for it: callbacks may still be
 * running. A callback that waits for something must be released by its owner.
 * Any thread. */
void rc_client_cancel (RcClient *client);

/* Cancels and joins the threads, then frees. Not from a callback. */
void rc_client_free (RcClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcClient, rc_client_free)

G_END_DECLS
