/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who gets which sets of RcPublisher: it is asked as RcServer asks. Sets are
 * told apart by their time, which is their number in seconds. */

#include <gst/check/gstcheck.h>

#include "image_interface.pb-c.h"
#include "sink/rcpublisher.h"

#define SECOND (G_GUINT64_CONSTANT (1000000000))
#define LEFT (1u << RC_STREAM_LEFT)
#define DISPARITY (1u << RC_STREAM_DISPARITY)
#define MESH (1u << RC_STREAM_MESH)
#define NEVER G_MAXINT64

#define RESOURCE_EXHAUSTED 8
#define FAILED_PRECONDITION 9

static RcPublisher *publisher;

static void
limit (guint queue_size, guint max_clients, gint64 set_timeout)
{
  RcPublisherLimits limits = {queue_size, max_clients, set_timeout};

  rc_publisher_set_limits (publisher, &limits);
}

static void
setup (void)
{
  publisher = rc_publisher_new ();
  limit (3, 0, NEVER);
  rc_publisher_start (publisher);
  rc_publisher_set_streams (publisher, LEFT | DISPARITY, LEFT);
}

static void
teardown (void)
{
  rc_publisher_stop (publisher);
  rc_publisher_unref (publisher);
}

static RcServedImage *
make_image (guint64 seconds)
{
  RcServedImage *image = g_new0 (RcServedImage, 1);

  image->image.width = image->image.height = image->image.step = 1;
  image->set_timestamp = seconds * SECOND;
  image->data = g_bytes_new_static ("x", 1);
  return image;
}

static guint
push (RcStream stream, guint64 seconds)
{
  RcSetTime time = {seconds * SECOND, seconds * SECOND};

  return rc_publisher_push (publisher, stream, &time, make_image (seconds));
}

/* ---- a client ---- */

static RcServerCall *
come (guint64 id, guint streams)
{
  RcServerCall *call = g_new0 (RcServerCall, 1);

  call->id = id;
  call->request.streams = streams;
  call->peer = g_strdup ("ipv4:127.0.0.1:4");
  return call;
}

static void
go (RcServerCall *call)
{
  if (call->data_free)
    call->data_free (call->data);
  g_free (call->peer);
  g_free (call->status_message);
  g_free (call);
}

static RcServerAnswer
ask (RcServerCall *call, GPtrArray **message, gint64 *ask_at)
{
  *message = NULL;
  *ask_at = NEVER;
  return rc_publisher_serve (NULL, call, message, ask_at, publisher);
}

static void
expect_set (RcServerCall *call, gint64 seconds)
{
  g_autoptr (GPtrArray) message = NULL;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  ImageSet *set;
  gint64 ask_at;

  fail_unless_equals_int (ask (call, &message, &ask_at), RC_SERVER_SEND);
  for (guint i = 0; i < message->len; i++) {
    gsize size;
    const guint8 *data = g_bytes_get_data (message->pdata[i], &size);

    g_byte_array_append (bytes, data, size);
  }
  set = image_set__unpack (NULL, bytes->len, bytes->data);
  fail_unless (set != NULL);
  fail_unless_equals_int64 (set->timestamp->sec, seconds);
  image_set__free_unpacked (set, NULL);
}

static void
expect_wait (RcServerCall *call)
{
  GPtrArray *message;
  gint64 ask_at;

  fail_unless_equals_int (ask (call, &message, &ask_at), RC_SERVER_WAIT);
}

static void
expect_end (RcServerCall *call, guint status)
{
  GPtrArray *message;
  gint64 ask_at;

  fail_unless_equals_int (ask (call, &message, &ask_at), RC_SERVER_END);
  fail_unless_equals_int (call->status, status);
  fail_unless_equals_int (call->status_message != NULL, status != 0);
}

static RcPublisherStats
get_stats (void)
{
  RcPublisherStats stats;

  rc_publisher_get_stats (publisher, &stats);
  return stats;
}

/* ---- tests ---- */

GST_START_TEST (test_each_set_once)
{
  RcServerCall *call = come (1, LEFT);

  expect_wait (call);
  push (RC_STREAM_LEFT, 1);
  push (RC_STREAM_LEFT, 2);
  expect_set (call, 1);
  expect_set (call, 2);
  expect_wait (call);
  push (RC_STREAM_LEFT, 3);
  expect_set (call, 3);
  go (call);
}
GST_END_TEST;

/* The newest, and from then on each. */
GST_START_TEST (test_who_comes_later)
{
  RcServerCall *call;

  for (guint i = 1; i <= 3; i++)
    push (RC_STREAM_LEFT, i);
  call = come (1, LEFT);
  expect_set (call, 3);
  push (RC_STREAM_LEFT, 4);
  push (RC_STREAM_LEFT, 5);
  expect_set (call, 4);
  expect_set (call, 5);
  expect_wait (call);
  fail_unless_equals_uint64 (get_stats ().sets_missed, 0);
  go (call);
}
GST_END_TEST;

GST_START_TEST (test_slow_client_loses_the_oldest)
{
  RcServerCall *slow = come (1, LEFT), *quick = come (2, LEFT);
  g_autoptr (GPtrArray) clients = NULL;
  const RcPublisherClient *info;

  expect_wait (slow);
  expect_wait (quick);
  for (guint i = 1; i <= 8; i++) {
    push (RC_STREAM_LEFT, i);
    expect_set (quick, i);
  }
  for (guint i = 6; i <= 8; i++)
    expect_set (slow, i);
  expect_wait (slow);

  clients = rc_publisher_get_clients (publisher);
  fail_unless_equals_int (clients->len, 2);
  info = clients->pdata[0];
  fail_unless_equals_uint64 (info->id, 1);
  fail_unless_equals_string (info->peer, "ipv4:127.0.0.1:4");
  fail_unless_equals_int (info->streams, LEFT);
  fail_unless_equals_uint64 (info->sets_sent, 3);
  fail_unless_equals_uint64 (info->sets_missed, 5);
  info = clients->pdata[1];
  fail_unless_equals_uint64 (info->sets_sent, 8);
  fail_unless_equals_uint64 (info->sets_missed, 0);
  go (slow);
  go (quick);
  fail_unless_equals_uint64 (get_stats ().sets_sent, 11);
  fail_unless_equals_uint64 (get_stats ().sets_missed, 5);
  fail_unless_equals_int (get_stats ().clients, 0);
}
GST_END_TEST;

GST_START_TEST (test_queue_size_in_mid_stream)
{
  RcServerCall *call = come (1, LEFT);

  expect_wait (call);
  for (guint i = 1; i <= 3; i++)
    push (RC_STREAM_LEFT, i);
  limit (1, 0, NEVER);
  expect_set (call, 3);
  expect_wait (call);
  go (call);
}
GST_END_TEST;

/* Sets without anything that a client asked for are not for it. */
GST_START_TEST (test_only_what_was_asked_for)
{
  RcServerCall *left = come (1, LEFT), *depth = come (2, DISPARITY);
  RcServerCall *nothing = come (3, 0);

  expect_wait (left);
  expect_wait (depth);
  expect_wait (nothing);
  push (RC_STREAM_LEFT, 1);
  expect_wait (depth);
  push (RC_STREAM_DISPARITY, 2);
  push (RC_STREAM_LEFT, 2);
  expect_set (left, 1);
  expect_set (left, 2);
  expect_set (depth, 2);
  expect_set (nothing, 1);
  expect_set (nothing, 2);
  fail_unless_equals_uint64 (get_stats ().sets_missed, 0);
  go (left);
  go (depth);
  go (nothing);
}
GST_END_TEST;

GST_START_TEST (test_max_clients)
{
  RcServerCall *one = come (1, LEFT), *more = come (2, LEFT);

  limit (1, 1, NEVER);
  expect_wait (one);
  expect_end (more, RESOURCE_EXHAUSTED);
  go (more);
  fail_unless_equals_int (get_stats ().clients, 1);
  go (one);
  more = come (3, LEFT);
  expect_wait (more);
  go (more);
}
GST_END_TEST;

GST_START_TEST (test_streams_that_it_has_not)
{
  RcServerCall *mesh = come (1, MESH), *both = come (2, MESH | LEFT);

  expect_end (mesh, FAILED_PRECONDITION);
  expect_wait (both);
  push (RC_STREAM_LEFT, 1);
  expect_set (both, 1);
  go (mesh);
  go (both);
}
GST_END_TEST;

/* Who is asked says when a set has waited long enough. */
GST_START_TEST (test_set_timeout)
{
  RcServerCall *call = come (1, LEFT);
  GPtrArray *message;
  gint64 ask_at, before = g_get_monotonic_time (), after;

  rc_publisher_set_streams (publisher, LEFT | DISPARITY, LEFT | DISPARITY);
  limit (3, 0, 3600 * G_TIME_SPAN_SECOND);
  push (RC_STREAM_LEFT, 1);
  after = g_get_monotonic_time ();
  fail_unless_equals_int (ask (call, &message, &ask_at), RC_SERVER_WAIT);
  fail_unless (ask_at >= before + 3600 * G_TIME_SPAN_SECOND);
  fail_unless (ask_at <= after + 3600 * G_TIME_SPAN_SECOND);

  limit (3, 0, 0);
  expect_set (call, 1);
  fail_unless_equals_uint64 (get_stats ().sets, 1);
  fail_unless_equals_uint64 (get_stats ().sets_incomplete, 1);
  push (RC_STREAM_DISPARITY, 1);
  fail_unless_equals_uint64 (get_stats ().images_dropped, 1);
  go (call);
}
GST_END_TEST;

GST_START_TEST (test_end)
{
  RcServerCall *call = come (1, LEFT);

  expect_wait (call);
  push (RC_STREAM_LEFT, 1);
  rc_publisher_end (publisher, RC_STREAM_LEFT);
  expect_set (call, 1);
  expect_end (call, 0);
  go (call);
  rc_publisher_restart (publisher, RC_STREAM_LEFT);
  call = come (2, LEFT);
  expect_set (call, 1);
  expect_wait (call);
  go (call);
}
GST_END_TEST;

static gpointer
drain (gpointer data)
{
  rc_publisher_drain (publisher, RC_STREAM_LEFT, NEVER);
  return NULL;
}

/* The end waits for clients, and for flushing. */
GST_START_TEST (test_drain)
{
  RcServerCall *call = come (1, LEFT);
  GThread *thread;

  drain (NULL); /* Has not ended. */
  expect_wait (call);
  rc_publisher_end (publisher, RC_STREAM_LEFT);
  rc_publisher_drain (publisher, RC_STREAM_LEFT, g_get_monotonic_time () - 1);

  thread = g_thread_new ("drain", drain, NULL);
  rc_publisher_set_flushing (publisher, RC_STREAM_LEFT, TRUE);
  g_thread_join (thread);
  rc_publisher_set_flushing (publisher, RC_STREAM_LEFT, FALSE);

  thread = g_thread_new ("drain", drain, NULL);
  go (call);
  g_thread_join (thread);
}
GST_END_TEST;

/* The spacing is that of running time; after a flush that begins anew. */
GST_START_TEST (test_times_of_images_that_say_none)
{
  RcSetTime time = {RC_SET_TIME_NONE, 5 * SECOND};
  guint64 now = g_get_real_time () * 1000;
  guint64 begin, next;
  RcServedImage *image = make_image (0);

  rc_publisher_set_streams (publisher, LEFT, LEFT | MESH);
  rc_publisher_push (publisher, RC_STREAM_LEFT, &time, image);
  begin = image->image.timestamp;
  fail_unless (begin >= now);
  fail_unless (begin <= (guint64)g_get_real_time () * 1000);

  time.running += 40000001;
  image = make_image (0);
  rc_publisher_push (publisher, RC_STREAM_LEFT, &time, image);
  next = image->image.timestamp;
  fail_unless_equals_uint64 (next - begin, 40000001);

  rc_publisher_flush (publisher);
  time.running = 0;
  image = make_image (0);
  rc_publisher_push (publisher, RC_STREAM_LEFT, &time, image);
  fail_unless (image->image.timestamp >= begin);
}
GST_END_TEST;

GST_START_TEST (test_trouble)
{
  RcStereo given = {.focal_length = 1, .baseline = 1};

  fail_unless_equals_int (push (RC_STREAM_LEFT, 1), 0);
  push (RC_STREAM_DISPARITY, 2);
  fail_unless_equals_int (push (RC_STREAM_LEFT, 2), RC_PUBLISHER_LACKS_LENS);
  rc_publisher_set_given (publisher, &given);
  push (RC_STREAM_DISPARITY, 3);
  fail_unless_equals_int (push (RC_STREAM_LEFT, 3), 0);
}
GST_END_TEST;

/* Bytes that are never read: no memory is needed for them. */
GST_START_TEST (test_too_large)
{
  RcSetTime time = {SECOND, SECOND};
  RcServedImage *image = make_image (1);
  RcServerCall *call = come (1, LEFT);

  g_bytes_unref (image->data);
  image->data = g_bytes_new_static ("x", G_MAXINT32);
  expect_wait (call);
  fail_unless_equals_int (
      rc_publisher_push (publisher, RC_STREAM_LEFT, &time, image),
      RC_PUBLISHER_TOO_LARGE);
  expect_wait (call);
  fail_unless_equals_uint64 (get_stats ().images_dropped, 1);
  push (RC_STREAM_LEFT, 2);
  expect_set (call, 2);
  go (call);
}
GST_END_TEST;

/* The call of a client that holds its connection up is freed after all else. */
GST_START_TEST (test_call_outlives_publisher)
{
  RcServerCall *call = come (1, LEFT);

  rc_publisher_ref (publisher);
  expect_wait (call);
  rc_publisher_stop (publisher);
  rc_publisher_unref (publisher);
  go (call);
}
GST_END_TEST;

static Suite *
publisher_suite (void)
{
  Suite *suite = suite_create ("publisher");
  TCase *tcase = tcase_create ("clients");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, test_each_set_once);
  tcase_add_test (tcase, test_who_comes_later);
  tcase_add_test (tcase, test_slow_client_loses_the_oldest);
  tcase_add_test (tcase, test_queue_size_in_mid_stream);
  tcase_add_test (tcase, test_only_what_was_asked_for);
  tcase_add_test (tcase, test_max_clients);
  tcase_add_test (tcase, test_streams_that_it_has_not);
  tcase_add_test (tcase, test_set_timeout);
  tcase_add_test (tcase, test_end);
  tcase_add_test (tcase, test_drain);
  tcase_add_test (tcase, test_times_of_images_that_say_none);
  tcase_add_test (tcase, test_trouble);
  tcase_add_test (tcase, test_too_large);
  tcase_add_test (tcase, test_call_outlives_publisher);
  return suite;
}

GST_CHECK_MAIN (publisher);
