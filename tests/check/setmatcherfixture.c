/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "setmatcherfixture.h"

#include "depth/gstrcsetmatcher.h"
#include "meta/gstrcimagemeta.h"

#define CAPS(format)                                                           \
  "video/x-raw, format = (string) " format                                     \
  ", width = (int) 4, height = (int) 2, framerate = (fraction) 0/1"

/* ---- an element that says what it got ---- */

#define TEST_TYPE_JOINER (test_joiner_get_type ())
G_DECLARE_FINAL_TYPE (TestJoiner, test_joiner, TEST, JOINER, GstRcSetMatcher)

struct _TestJoiner {
  GstRcSetMatcher parent;
};

G_DEFINE_TYPE (TestJoiner, test_joiner, GST_TYPE_RC_SET_MATCHER)

static GstStaticPadTemplate disparity_template =
    GST_STATIC_PAD_TEMPLATE ("disparity", GST_PAD_SINK, GST_PAD_ALWAYS,
        GST_STATIC_CAPS ("video/x-raw, format = (string) GRAY16_LE"));
static GstStaticPadTemplate left_template =
    GST_STATIC_PAD_TEMPLATE ("left", GST_PAD_SINK, GST_PAD_REQUEST,
        GST_STATIC_CAPS ("video/x-raw, format = (string) GRAY8"));
static GstStaticPadTemplate error_template =
    GST_STATIC_PAD_TEMPLATE ("error", GST_PAD_SINK, GST_PAD_REQUEST,
        GST_STATIC_CAPS ("video/x-raw, format = (string) GRAY8"));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS ("video/x-raw"));

static guint64
find_number (const GstRcSetImage *images, guint n_images, const gchar *name)
{
  const GstRcSetImage *image = gst_rc_set_find_image (images, n_images, name);

  if (image == NULL)
    return 0;
  fail_unless_equals_int (
      GST_VIDEO_INFO_FORMAT (image->info), GST_VIDEO_FORMAT_GRAY8);
  return GST_BUFFER_OFFSET (image->buffer);
}

static GstFlowReturn
test_joiner_make (GstRcSetMatcher *self, const GstRcSetImage *images,
    guint n_images, GstBuffer **out)
{
  Joined *joined = g_new0 (Joined, 1);

  fail_unless_equals_string (images[0].name, "disparity");
  fail_unless (images[0].info == gst_rc_set_matcher_get_info (self));
  joined->n_images = n_images;
  joined->left = find_number (images, n_images, "left");
  joined->error = find_number (images, n_images, "error");
  joined->width = GST_VIDEO_INFO_WIDTH (images[0].info);
  joined->height = GST_VIDEO_INFO_HEIGHT (images[0].info);
  *out = gst_buffer_new_wrapped (joined, sizeof (Joined));
  return GST_FLOW_OK;
}

static GstFlowReturn
test_joiner_update_src_caps (GstAggregator *agg, GstCaps *caps, GstCaps **ret)
{
  const GstVideoInfo *info =
      gst_rc_set_matcher_get_info (GST_RC_SET_MATCHER (agg));

  fail_unless (info != NULL);
  *ret = gst_video_info_to_caps (info);
  return GST_FLOW_OK;
}

static void
test_joiner_class_init (TestJoinerClass *klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  gst_element_class_set_static_metadata (
      element_class, "Joiner", "Test", "Says what it got", "gst-rcgrpc");
  gst_element_class_add_static_pad_template (
      element_class, &disparity_template);
  gst_element_class_add_static_pad_template (element_class, &left_template);
  gst_element_class_add_static_pad_template (element_class, &error_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  GST_AGGREGATOR_CLASS (klass)->update_src_caps = test_joiner_update_src_caps;
  GST_RC_SET_MATCHER_CLASS (klass)->make = test_joiner_make;
}

static void
test_joiner_init (TestJoiner *self)
{
}

/* ---- the bench ---- */

GstElement *element;
GstHarness *disparity, *left, *error;
GstBus *bus;

/* The harness's pads say that they are live, unless told otherwise. */
void
set_up (gboolean live)
{
  element = g_object_new (TEST_TYPE_JOINER, NULL);
  bus = gst_bus_new ();
  gst_element_set_bus (element, bus);
  disparity = gst_harness_new_with_element (element, "disparity", "src");
  left = gst_harness_new_with_element (element, "left", NULL);
  gst_harness_set_live (disparity, live);
  gst_harness_set_live (left, live);
  gst_harness_set_src_caps_str (disparity, CAPS ("GRAY16_LE"));
  gst_harness_set_src_caps_str (left, CAPS ("GRAY8"));
}

void
add_error (gboolean live)
{
  error = gst_harness_new_with_element (element, "error", NULL);
  gst_harness_set_live (error, live);
  gst_harness_set_src_caps_str (error, CAPS ("GRAY8"));
}

void
tear_down (void)
{
  gst_element_set_bus (element, NULL);
  if (error != NULL)
    gst_harness_teardown (error);
  error = NULL;
  gst_harness_teardown (left);
  gst_harness_teardown (disparity);
  gst_clear_object (&element);
  gst_clear_object (&bus);
}

GstBuffer *
make_image (const Item *item)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 16, NULL);

  gst_buffer_memset (buffer, 0, 0, 16);
  GST_BUFFER_PTS (buffer) = item->pts;
  GST_BUFFER_OFFSET (buffer) = item->number;
  if (item->set != 0) {
    GstCustomMeta *meta =
        gst_buffer_add_custom_meta (buffer, GST_RC_IMAGE_META_NAME);

    gst_structure_set (gst_custom_meta_get_structure (meta), "set-timestamp",
        G_TYPE_UINT64, item->set, NULL);
  }
  return buffer;
}

void
push_item (GstHarness *harness, const Item *item)
{
  if (item->number == 0) {
    gst_harness_push_event (harness, gst_event_new_gap (item->pts, PERIOD));
    return;
  }
  fail_unless_equals_int (
      gst_harness_push (harness, make_image (item)), GST_FLOW_OK);
}

static gpointer
run_feed (gpointer data)
{
  Feed *feed = data;

  for (const Item *item = feed->items; !item->last; item++)
    push_item (feed->harness, item);
  gst_harness_push_event (feed->harness, gst_event_new_eos ());
  return NULL;
}

void
start_feed (Feed *feed, GstHarness *harness, const Item *items)
{
  feed->harness = harness;
  feed->items = items;
  feed->thread = g_thread_new ("feed", run_feed, feed);
}

void
check_output (guint64 number, guint64 left_number, guint64 error_number)
{
  g_autoptr (GstBuffer) buffer = gst_harness_pull (disparity);
  Joined joined;

  fail_unless (buffer != NULL);
  fail_unless_equals_int (
      gst_buffer_extract (buffer, 0, &joined, sizeof joined), sizeof joined);
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), number);
  fail_unless_equals_uint64 (joined.left, left_number);
  fail_unless_equals_uint64 (joined.error, error_number);
  fail_unless_equals_int (
      joined.n_images, 1 + (left_number != 0) + (error_number != 0));
}

void
wait_for_eos (void)
{
  gboolean eos = FALSE;

  while (!eos) {
    g_autoptr (GstEvent) event = gst_harness_pull_event (disparity);

    fail_unless (event != NULL, "no EOS");
    eos = GST_EVENT_TYPE (event) == GST_EVENT_EOS;
  }
}

guint64
get_stat (const gchar *name)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 value;

  g_object_get (element, "stats", &stats, NULL);
  fail_unless (gst_structure_get_uint64 (stats, name, &value));
  return value;
}

/* The test's clock keeps also those waiting whose time has come. */
void
wake_due (void)
{
  g_autoptr (GstTestClock) clock =
      GST_TEST_CLOCK (gst_element_get_clock (element));
  GstClockID id = gst_test_clock_process_next_clock_id (clock);

  if (id != NULL)
    gst_clock_id_unref (id);
}

void
wait_for_stat (const gchar *name, guint64 value)
{
  gint64 deadline = g_get_monotonic_time () + LONG;

  while (get_stat (name) < value) {
    wake_due ();
    fail_unless (g_get_monotonic_time () < deadline, "%s too small", name);
    g_usleep (1000);
  }
  fail_unless_equals_uint64 (get_stat (name), value);
}

gboolean
has_complaint (void)
{
  g_autoptr (GstMessage) message =
      gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);

  return message != NULL;
}

void
check_stats (guint64 sets, guint64 dropped)
{
  fail_unless_equals_uint64 (get_stat ("sets"), sets);
  fail_unless_equals_uint64 (get_stat ("sets-dropped"), dropped);
}
