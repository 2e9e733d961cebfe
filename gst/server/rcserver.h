/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* RcServer: the camera's side of ImageInterface over gRPC core, without
 * GStreamer.
 *
 * The server asks for sets, it is not given them: whenever a client can take
 * a set, its source is asked for the one that this client should have now. So
 * each client has its own request and its own pace, one that reads slowly
 * misses sets instead of piling them up, and nothing is made that nobody
 * takes. At most one message a client is under way.
 *
 * What makes sets by itself (a camera, a sink element) keeps the newest one,
 * answers WAIT to a client that has it already, and calls rc_server_wake ()
 * when there is a newer one. What makes sets on demand says in `ask_at` when
 * the next one is due.
 */

#pragma once

#include "wire/rcimageevent.h"
#include "wire/rcrequest.h"

G_BEGIN_DECLS

typedef enum {
  RC_SERVER_ERROR_ADDRESS,   /* not an address of ours, or the port is taken */
  RC_SERVER_ERROR_RESOURCES, /* no thread could be had */
  RC_SERVER_ERROR_CREDENTIALS, /* the files for TLS cannot be used */
} RcServerError;

#define RC_SERVER_ERROR (rc_server_error_quark ())
GQuark rc_server_error_quark (void);

/* Events that wait for a client; of more, the oldest go. */
#define RC_SERVER_MAX_EVENTS 64

typedef struct _RcServer RcServer;

/**
 * RcServerCall:
 * @request: what the client asked for
 * @id: 1 for the first stream of sets that this server served, 2 for the next
 * @peer: the client as gRPC names it, "ipv4:127.0.0.1:40000"
 * @n_sets: sets that it was given so far
 * @position: the source's own, 0 at first: which set it gave last
 * @data: the source's own
 * @data_free: frees @data when the call is over; not in the source thread
 * @gzip: the source's: whether the set that it gives is to be compressed. Needs
 *   RcServerConfig.gzip
 * @status: the source's: with END, the gRPC status (0 … 16) to end with
 * @status_message: the source's: to say with it; g_free()d. May be NULL
 *
 * One client's stream of sets.
 */
typedef struct {
  RcRequest request;
  guint64 id;
  gchar *peer;
  guint64 n_sets;
  guint64 position;
  gpointer data;
  GDestroyNotify data_free;
  gboolean gzip;
  guint status;
  gchar *status_message;
} RcServerCall;

typedef enum {
  RC_SERVER_SEND, /* here is a set */
  RC_SERVER_WAIT, /* there is none for this client now */
  RC_SERVER_END,  /* there will be none any more: ends the call, with OK
                     unless the source says otherwise */
} RcServerAnswer;

/**
 * RcServerSource:
 * @server: the server
 * @call: the client's stream; the source may change `position`
 * @message: (out): with SEND, the serialized ImageSet in pieces
 *   (element-type GBytes); transferred. Their bytes go out without a copy
 * @ask_at: (inout): with WAIT, when to ask again (g_get_monotonic_time ()),
 *   if rc_server_wake () does not come before; G_MAXINT64 on entry
 *
 * Called in the server's source thread, one call at a time and without a lock
 * held; sending goes on meanwhile in another thread, but no other client is
 * given a new set before it returns. What of @call is the source's it may change
 * whatever it answers.
 */
typedef RcServerAnswer (*RcServerSource) (RcServer *server, RcServerCall *call,
    GPtrArray **message, gint64 *ask_at, gpointer user_data);

/**
 * RcServerConfig:
 * @address: numeric address or name of the interface to listen on
 * @port: TCP port; 0 for any free one
 * @events: also serve StreamImageEvents; else it is UNIMPLEMENTED
 * @gzip: sets can be compressed (RcServerCall.gzip)
 * @tls_certificate_file: the server's certificate and those between it and the
 *   CA's, PEM; NULL for plain connections
 * @tls_private_key_file: the certificate's key, PEM, not encrypted
 * @tls_ca_file: clients have to show a certificate that leads to one of these,
 *   PEM; NULL if they need not
 */
typedef struct {
  const gchar *address;
  guint16 port;
  gboolean events;
  gboolean gzip;
  const gchar *tls_certificate_file;
  const gchar *tls_private_key_file;
  const gchar *tls_ca_file;
} RcServerConfig;

/* Listens, and serves from then on. */
RcServer *rc_server_new (const RcServerConfig *config, RcServerSource source,
    gpointer user_data, GError **error);

/* The port that is listened on. */
guint16 rc_server_get_port (RcServer *server);

/* Asks the source anew for the clients that wait. Any thread. */
void rc_server_wake (RcServer *server);

/* Sends @event to the clients that asked for events. Any thread. */
void rc_server_push_event (RcServer *server, const RcImageEvent *event);

/* Cancels all calls, closes the port, joins the threads and frees. Waits for
 * the source only while it is being asked, and for clients half a second: where
 * one holds a connection up for longer, gRPC's side of it is freed when it is
 * gone, with the sets on their way to it. Not from the source. */
void rc_server_free (RcServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RcServer, rc_server_free)

G_END_DECLS
