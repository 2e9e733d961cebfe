/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* RcServer against a client of gRPC core. */

#include "grpccaller.h"
#include "server/rcserver.h"

#include <gst/check/gstcheck.h>
#include <string.h>

#define SETS "/ImageInterface/StreamImageSets"
#define EVENTS "/ImageEventsInterface/StreamImageEvents"

#define WAIT_TIME (60 * G_TIME_SPAN_SECOND)

/* A source whose messages are the letters A, B, C … in two pieces. Pieces are
 * counted while anybody holds them. */
typedef struct {
  gsize piece_size;
  guint64 n_sets; /* then END; 0 for no end */
  gint64 delay;   /* WAIT by ask_at before each set, µs */

  GMutex lock;
  GCond cond;
  /* Guarded by lock. */
  guint64 newest; /* WAIT beyond it */
  gint n_pieces;  /* alive */
  guint n_waits;
  guint64 most_given; /* to one client, the one that asked for RIGHT */
  RcRequest last_request;
} Source;

typedef struct {
  Source *source;
  guint8 *data;
} Piece;

static void
free_piece (gpointer user_data)
{
  Piece *piece = user_data;
  Source *source = piece->source;

  g_free (piece->data);
  g_free (piece);
  g_mutex_lock (&source->lock);
  source->n_pieces--;
  g_cond_broadcast (&source->cond);
  g_mutex_unlock (&source->lock);
}

static GBytes *
make_piece_unlocked (Source *source, guint8 value)
{
  Piece *piece = g_new (Piece, 1);

  piece->source = source;
  piece->data = g_malloc (source->piece_size);
  memset (piece->data, value, source->piece_size);
  source->n_pieces++;
  return g_bytes_new_with_free_func (
      piece->data, source->piece_size, free_piece, piece);
}

static RcServerAnswer
answer_unlocked (
    Source *source, RcServerCall *call, GPtrArray **message, gint64 *ask_at)
{
  source->last_request = call->request;
  if (source->n_sets > 0 && call->n_sets == source->n_sets)
    return RC_SERVER_END;
  if (call->position >= source->newest) {
    source->n_waits++;
    g_cond_broadcast (&source->cond);
    return RC_SERVER_WAIT;
  }
  if (source->delay > 0 && call->position < 1000) {
    /* The first time it is asked for this set. */
    call->position += 1000;
    *ask_at = g_get_monotonic_time () + source->delay;
    return RC_SERVER_WAIT;
  }
  call->position = call->position % 1000 + 1;
  guint8 letter = 'A' + call->n_sets % 26;
  *message = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_ptr_array_add (*message, make_piece_unlocked (source, letter));
  g_ptr_array_add (*message, make_piece_unlocked (source, letter + 32));
  if (call->request.streams & 1u << RC_STREAM_RIGHT)
    source->most_given = MAX (source->most_given, call->n_sets + 1);
  return RC_SERVER_SEND;
}

static RcServerAnswer
next_set (RcServer *server, RcServerCall *call, GPtrArray **message,
    gint64 *ask_at, gpointer user_data)
{
  Source *source = user_data;

  fail_unless (server != NULL);
  fail_unless (*message == NULL);
  fail_unless_equals_int64 (*ask_at, G_MAXINT64);
  g_mutex_lock (&source->lock);
  RcServerAnswer answer = answer_unlocked (source, call, message, ask_at);
  g_mutex_unlock (&source->lock);
  return answer;
}

static void
source_init (Source *source)
{
  memset (source, 0, sizeof *source);
  g_mutex_init (&source->lock);
  g_cond_init (&source->cond);
  source->piece_size = 10;
  source->newest = G_MAXUINT64;
}

/* With the server gone nobody may hold a piece any more. */
static void
source_clear (Source *source)
{
  gint64 until = g_get_monotonic_time () + WAIT_TIME;

  g_mutex_lock (&source->lock);
  while (source->n_pieces > 0)
    fail_unless (g_cond_wait_until (&source->cond, &source->lock, until));
  fail_unless_equals_int (source->n_pieces, 0);
  g_mutex_unlock (&source->lock);
  g_mutex_clear (&source->lock);
  g_cond_clear (&source->cond);
}

static RcServer *
serve (Source *source, gboolean events)
{
  g_autoptr (GError) error = NULL;
  RcServerConfig config = {"127.0.0.1", 0, events};
  RcServer *server = rc_server_new (&config, next_set, source, &error);

  fail_unless (server != NULL, "%s", error ? error->message : "");
  fail_unless (rc_server_get_port (server) != 0);
  return server;
}

static GrpcCaller *
call_sets (RcServer *server, RcStream stream)
{
  RcRequest request = {.streams = 1u << stream};
  g_autoptr (GBytes) bytes = rc_request_to_bytes (&request);

  return grpc_caller_new (rc_server_get_port (server), SETS, bytes);
}

static void
check_message (GrpcCaller *caller, gsize piece_size, gchar letter)
{
  g_autoptr (GBytes) bytes = grpc_caller_read (caller);

  fail_unless (bytes != NULL, "the call ended before %c", letter);
  gsize size;
  const gchar *data = g_bytes_get_data (bytes, &size);
  fail_unless_equals_uint64 (size, 2 * piece_size);
  gsize n_wrong = 0;
  for (gsize i = 0; i < size; i++)
    n_wrong += data[i] != (i < piece_size ? letter : letter - 'A' + 'a');
  fail_unless (n_wrong == 0, "%" G_GSIZE_FORMAT " bytes are not of set %c",
      n_wrong, letter);
}

GST_START_TEST (test_sets_come_in_order_and_end_with_ok)
{
  Source source;

  source_init (&source);
  source.n_sets = 30;
  RcServer *server = serve (&source, FALSE);
  GrpcCaller *caller = call_sets (server, RC_STREAM_CONFIDENCE);

  for (guint i = 0; i < 30; i++)
    check_message (caller, 10, 'A' + i % 26);
  fail_unless (grpc_caller_read (caller) == NULL);
  fail_unless_equals_int (grpc_caller_wait_status (caller), GRPC_STATUS_OK);
  grpc_caller_free (caller);
  rc_server_free (server);
  fail_unless_equals_int (
      source.last_request.streams, 1 << RC_STREAM_CONFIDENCE);
  source_clear (&source);
}
GST_END_TEST;

/* Far beyond gRPC's default limit of 4 MiB. */
GST_START_TEST (test_large_messages)
{
  Source source;

  source_init (&source);
  source.piece_size = 20 * 1024 * 1024;
  RcServer *server = serve (&source, FALSE);
  GrpcCaller *caller = call_sets (server, RC_STREAM_LEFT);

  check_message (caller, source.piece_size, 'A');
  grpc_caller_free (caller);
  rc_server_free (server);
  source_clear (&source);
}
GST_END_TEST;

GST_START_TEST (test_waiting_clients_are_woken)
{
  Source source;

  source_init (&source);
  source.newest = 0;
  RcServer *server = serve (&source, FALSE);
  GrpcCaller *caller = call_sets (server, RC_STREAM_LEFT);

  for (guint i = 0; i < 5; i++) {
    g_mutex_lock (&source.lock);
    while (source.n_waits == 0)
      g_cond_wait (&source.cond, &source.lock);
    source.n_waits = 0;
    source.newest++;
    g_mutex_unlock (&source.lock);
    rc_server_wake (server);
    check_message (caller, 10, 'A' + i);
  }
  grpc_caller_free (caller);
  rc_server_free (server);
  source_clear (&source);
}
GST_END_TEST;

GST_START_TEST (test_the_source_is_asked_again_in_time)
{
  Source source;

  source_init (&source);
  source.delay = 2 * G_TIME_SPAN_MILLISECOND;
  RcServer *server = serve (&source, FALSE);
  gint64 start = g_get_monotonic_time ();
  GrpcCaller *caller = call_sets (server, RC_STREAM_LEFT);

  for (guint i = 0; i < 10; i++)
    check_message (caller, 10, 'A' + i);
  fail_unless (g_get_monotonic_time () - start >= 9 * source.delay);
  grpc_caller_free (caller);
  rc_server_free (server);
  source_clear (&source);
}
GST_END_TEST;

GST_START_TEST (test_a_client_that_does_not_read_holds_nobody_back)
{
  Source source;

  source_init (&source);
  source.piece_size = 1024 * 1024;
  RcServer *server = serve (&source, FALSE);
  GrpcCaller *idle = call_sets (server, RC_STREAM_RIGHT);
  GrpcCaller *busy = call_sets (server, RC_STREAM_LEFT);

  for (guint i = 0; i < 100; i++)
    check_message (busy, source.piece_size, 'A' + i % 26);

  /* What lies between the two: the message in gRPC's hands, and one or two
   * that fit into windows and socket buffers. */
  g_mutex_lock (&source.lock);
  fail_unless (source.most_given >= 1);
  fail_unless (
      source.most_given <= 8, "given %" G_GUINT64_FORMAT, source.most_given);
  fail_unless (source.n_pieces <= 12, "%d alive", source.n_pieces);
  g_mutex_unlock (&source.lock);

  check_message (idle, source.piece_size, 'A');
  check_message (idle, source.piece_size, 'B');
  grpc_caller_free (busy);
  grpc_caller_free (idle);
  rc_server_free (server);
  source_clear (&source);
}
GST_END_TEST;

GST_START_TEST (test_a_client_that_goes_is_noticed)
{
  Source source;
  gint64 until = g_get_monotonic_time () + WAIT_TIME;

  source_init (&source);
  source.piece_size = 4 * 1024 * 1024;
  RcServer *server = serve (&source, FALSE);

  for (guint i = 0; i < 10; i++) {
    GrpcCaller *caller = call_sets (server, RC_STREAM_LEFT);
    check_message (caller, source.piece_size, 'A');
    grpc_caller_free (caller);
  }
  /* Nothing is kept for them, though the server goes on. */
  g_mutex_lock (&source.lock);
  while (source.n_pieces > 0)
    fail_unless (g_cond_wait_until (&source.cond, &source.lock, until));
  g_mutex_unlock (&source.lock);
  rc_server_free (server);
  source_clear (&source);
}
GST_END_TEST;

static void
drain (GrpcCaller *caller)
{
  GBytes *bytes;

  while ((bytes = grpc_caller_read (caller)) != NULL)
    g_bytes_unref (bytes);
}

GST_START_TEST (test_stops_under_its_clients)
{
  for (guint i = 0; i < 10; i++) {
    GrpcCaller *callers[4];
    Source source;

    source_init (&source);
    source.piece_size = i * 300 * 1000 + 1;
    RcServer *server = serve (&source, FALSE);
    for (guint k = 0; k < 4; k++)
      callers[k] = call_sets (server, RC_STREAM_LEFT);
    check_message (callers[0], source.piece_size, 'A');
    rc_server_free (server);
    for (guint k = 0; k < 4; k++) {
      /* The status comes after what was received before it. */
      drain (callers[k]);
      fail_if (grpc_caller_wait_status (callers[k]) == GRPC_STATUS_OK);
      grpc_caller_free (callers[k]);
    }
    source_clear (&source);
  }
}
GST_END_TEST;

static void
check_refused (
    RcServer *server, const gchar *method, GBytes *request, gint status)
{
  GrpcCaller *caller =
      grpc_caller_new (rc_server_get_port (server), method, request);

  fail_unless (grpc_caller_read (caller) == NULL);
  fail_unless_equals_int (grpc_caller_wait_status (caller), status);
  grpc_caller_free (caller);
}

GST_START_TEST (test_what_is_not_served)
{
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);
  g_autoptr (GBytes) garbage = g_bytes_new_static ("\x0f\xff\xff\xff\xff", 5);
  g_autoptr (GBytes) huge = g_bytes_new_take (g_malloc0 (1 << 20), 1 << 20);
  Source source;

  source_init (&source);
  RcServer *server = serve (&source, FALSE);
  check_refused (server, "/x", empty, GRPC_STATUS_UNIMPLEMENTED);
  check_refused (
      server, "/ImageInterface/Other", empty, GRPC_STATUS_UNIMPLEMENTED);
  check_refused (server, EVENTS, empty, GRPC_STATUS_UNIMPLEMENTED);
  check_refused (server, SETS, garbage, GRPC_STATUS_INVALID_ARGUMENT);
  check_refused (server, SETS, huge, GRPC_STATUS_RESOURCE_EXHAUSTED);
  rc_server_free (server);
  source_clear (&source);
}
GST_END_TEST;

GST_START_TEST (test_events_go_to_those_who_asked)
{
  g_autoptr (GBytes) request = rc_image_event_request_to_bytes ();
  RcImageEvent event = {5, 6, (gchar *)"done"};
  Source source;
  GrpcCaller *callers[2];

  source_init (&source);
  source.newest = 0;
  RcServer *server = serve (&source, TRUE);
  GrpcCaller *sets = call_sets (server, RC_STREAM_LEFT);
  for (guint i = 0; i < 2; i++)
    callers[i] = grpc_caller_new (rc_server_get_port (server), EVENTS, request);

  /* A second one that waits makes the order visible. */
  rc_server_push_event (server, &event);
  event.timestamp++;
  rc_server_push_event (server, &event);
  for (guint i = 0; i < 4; i++) {
    g_autoptr (GBytes) bytes = grpc_caller_read (callers[i % 2]);
    g_autoptr (RcImageEvent) got = rc_image_event_from_bytes (bytes, NULL);

    fail_unless (got != NULL);
    fail_unless_equals_uint64 (got->set_timestamp, 5);
    fail_unless_equals_uint64 (got->timestamp, 6 + i / 2);
    fail_unless_equals_string (got->message, "done");
  }
  grpc_caller_free (callers[0]);
  grpc_caller_free (callers[1]);
  grpc_caller_free (sets);
  rc_server_free (server);
  source_clear (&source);
}
GST_END_TEST;

/* Waiting events are bounded, and the newest stay. */
GST_START_TEST (test_events_do_not_pile_up)
{
  const guint n_events = 2000;
  g_autoptr (GBytes) request = rc_image_event_request_to_bytes ();
  g_autofree gchar *message = g_strnfill (16 * 1024, 'x');
  RcImageEvent event = {1, 0, message};
  guint64 last = 0;
  guint n = 0;
  Source source;

  source_init (&source);
  RcServer *server = serve (&source, TRUE);
  GrpcCaller *caller =
      grpc_caller_new (rc_server_get_port (server), EVENTS, request);
  for (event.timestamp = 1; event.timestamp <= n_events; event.timestamp++)
    rc_server_push_event (server, &event);
  while (last < n_events) {
    g_autoptr (GBytes) bytes = grpc_caller_read (caller);
    g_autoptr (RcImageEvent) got = rc_image_event_from_bytes (bytes, NULL);

    fail_unless (got != NULL);
    fail_unless (got->timestamp > last);
    last = got->timestamp;
    n++;
  }
  fail_unless (n < n_events, "all of them were kept");
  grpc_caller_free (caller);
  rc_server_free (server);
  source_clear (&source);
}
GST_END_TEST;

GST_START_TEST (test_addresses_that_cannot_be_had)
{
  Source source;
  g_autoptr (GError) error = NULL;

  source_init (&source);
  RcServer *server = serve (&source, FALSE);
  RcServerConfig taken = {"127.0.0.1", rc_server_get_port (server), FALSE};
  fail_unless (rc_server_new (&taken, next_set, &source, &error) == NULL);
  fail_unless (
      g_error_matches (error, RC_SERVER_ERROR, RC_SERVER_ERROR_ADDRESS));
  g_clear_error (&error);

  RcServerConfig foreign = {"192.0.2.1", 0, FALSE};
  fail_unless (rc_server_new (&foreign, next_set, &source, &error) == NULL);
  fail_unless (
      g_error_matches (error, RC_SERVER_ERROR, RC_SERVER_ERROR_ADDRESS));

  /* The first is none the worse for it. */
  GrpcCaller *caller = call_sets (server, RC_STREAM_LEFT);
  check_message (caller, 10, 'A');
  grpc_caller_free (caller);
  rc_server_free (server);
  source_clear (&source);
}
GST_END_TEST;

static Suite *
server_suite (void)
{
  Suite *s = suite_create ("server");
  TCase *tc = tcase_create ("server");

  tcase_set_timeout (tc, 100);
  tcase_add_checked_fixture (tc, grpc_init, grpc_shutdown_blocking);
  tcase_add_test (tc, test_sets_come_in_order_and_end_with_ok);
  tcase_add_test (tc, test_large_messages);
  tcase_add_test (tc, test_waiting_clients_are_woken);
  tcase_add_test (tc, test_the_source_is_asked_again_in_time);
  tcase_add_test (tc, test_a_client_that_does_not_read_holds_nobody_back);
  tcase_add_test (tc, test_a_client_that_goes_is_noticed);
  tcase_add_test (tc, test_stops_under_its_clients);
  tcase_add_test (tc, test_what_is_not_served);
  tcase_add_test (tc, test_events_go_to_those_who_asked);
  tcase_add_test (tc, test_events_do_not_pile_up);
  tcase_add_test (tc, test_addresses_that_cannot_be_had);
  suite_add_tcase (s, tc);
  return s;
}

GST_CHECK_MAIN (server);
