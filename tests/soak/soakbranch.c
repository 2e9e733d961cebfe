/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "soakbranch.h"

#define MAX_SLOWNESS 40 /* ms an image */
#define FAR_AWAY (GST_SECOND * 3600)

static const gchar *const names[] = {
    "none", "fast", "slow", "late", "blocked", "held"};
G_STATIC_ASSERT (G_N_ELEMENTS (names) == SOAK_N_BRANCHES);

const gchar *
soak_branch_to_string (SoakBranch branch)
{
  return names[branch];
}

SoakBranch
soak_branch_choose (GRand *rand)
{
  /* Every other one is fast: what is held back shows few images. */
  return g_rand_boolean (rand)
             ? SOAK_BRANCH_FAST
             : g_rand_int_range (rand, SOAK_BRANCH_SLOW, SOAK_N_BRANCHES);
}

static void
on_slow_image (
    GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer slowness)
{
  g_usleep (GPOINTER_TO_UINT (slowness));
}

static GstPadProbeReturn
keep_blocked (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  return GST_PAD_PROBE_OK;
}

static GstElement *
make_late_sink (void)
{
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);

  g_object_set (sink, "sync", TRUE, "ts-offset", (gint64)FAR_AWAY, NULL);
  return sink;
}

static GstElement *
make_slow_sink (GRand *rand)
{
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);
  guint slowness =
      g_rand_int_range (rand, 1, MAX_SLOWNESS) * G_TIME_SPAN_MILLISECOND;

  g_object_set (sink, "signal-handoffs", TRUE, NULL);
  g_signal_connect (
      sink, "handoff", G_CALLBACK (on_slow_image), GUINT_TO_POINTER (slowness));
  return sink;
}

static GstElement *
make_blocked_sink (void)
{
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");

  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM, keep_blocked, NULL, NULL);
  return sink;
}

/* Events and queries wait there as well. */
static GstElement *
make_held_bin (void)
{
  GstElement *bin = gst_bin_new (NULL);
  GstElement *queue = gst_element_factory_make ("queue", NULL);
  GstElement *sink = make_late_sink ();
  g_autoptr (GstPad) pad = gst_element_get_static_pad (queue, "sink");

  g_object_set (queue, "max-size-buffers", 2, NULL);
  gst_bin_add_many (GST_BIN (bin), queue, sink, NULL);
  gst_element_link (queue, sink);
  gst_element_add_pad (bin, gst_ghost_pad_new ("sink", pad));
  return bin;
}

GstElement *
soak_branch_make (SoakBranch branch, GRand *rand)
{
  gboolean async = g_rand_boolean (rand);
  gboolean sync = g_rand_boolean (rand);
  GstElement *sink;

  switch (branch) {
  case SOAK_BRANCH_HELD:
    return make_held_bin ();
  case SOAK_BRANCH_LATE:
    sink = make_late_sink ();
    sync = TRUE;
    break;
  case SOAK_BRANCH_SLOW:
    sink = make_slow_sink (rand);
    break;
  case SOAK_BRANCH_BLOCKED:
    sink = make_blocked_sink ();
    break;
  default:
    sink = gst_element_factory_make ("fakesink", NULL);
    break;
  }
  g_object_set (sink, "async", async, "sync", sync, NULL);
  return sink;
}
