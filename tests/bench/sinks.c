/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Threads: each sink's streaming thread comes to the probe; `lock` guards what
 * is marked below and is not held while an image is touched. */

#include "sinks.h"

#include "touch.h"

/* Sets that can be under way at once: the pads' queues are shorter. */
#define N_SLOTS 256

typedef struct {
  guint64 number;
  guint n_buffers;
  guint64 bytes;
  guint64 latency; /* ns, of the last image */
} Slot;

struct _BenchSinks {
  Meter *meter;
  guint n_pads;

  GMutex lock;
  /* Guarded by lock. */
  GCond cond;
  Slot slots[N_SLOTS];
  gboolean enough;
  gboolean held;
  gdouble first_buffer;
  gdouble first_set;
};

BenchSinks *
bench_sinks_new (Meter *meter, guint n_pads)
{
  BenchSinks *sinks = g_new0 (BenchSinks, 1);

  sinks->meter = meter;
  sinks->n_pads = n_pads;
  g_mutex_init (&sinks->lock);
  g_cond_init (&sinks->cond);
  return sinks;
}

void
bench_sinks_free (BenchSinks *sinks)
{
  g_mutex_clear (&sinks->lock);
  g_cond_clear (&sinks->cond);
  g_free (sinks);
}

static guint64
get_sent (GstBuffer *buffer)
{
  GstReferenceTimestampMeta *meta =
      gst_buffer_get_reference_timestamp_meta (buffer, NULL);

  return meta ? meta->timestamp : GST_BUFFER_OFFSET_END (buffer);
}

static gsize
touch_buffer (GstBuffer *buffer)
{
  GstMapInfo map;
  gsize size;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ))
    g_error ("cannot map a buffer");
  bench_touch (map.data, map.size);
  size = map.size;
  gst_buffer_unmap (buffer, &map);
  return size;
}

static void
count_buffer_unlocked (
    BenchSinks *sinks, guint64 number, gsize size, guint64 latency)
{
  Slot *slot = &sinks->slots[number % N_SLOTS];

  if (sinks->first_buffer == 0)
    sinks->first_buffer = meter_clock ();
  if (slot->n_buffers == 0 || slot->number != number)
    *slot = (Slot){.number = number};
  slot->n_buffers++;
  slot->bytes += size;
  slot->latency = MAX (slot->latency, latency);
  if (slot->n_buffers < sinks->n_pads)
    return;

  slot->n_buffers = 0;
  if (sinks->first_set == 0) {
    sinks->first_set = meter_clock ();
    g_cond_broadcast (&sinks->cond);
  }
  if (!sinks->enough
      && !meter_add_set (sinks->meter, slot->bytes, slot->latency)) {
    sinks->enough = TRUE;
    g_cond_broadcast (&sinks->cond);
  }
}

static GstPadProbeReturn
on_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  BenchSinks *sinks = user_data;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  guint64 latency = meter_now () - get_sent (buffer);
  gsize size = touch_buffer (buffer);

  g_mutex_lock (&sinks->lock);
  count_buffer_unlocked (sinks, GST_BUFFER_OFFSET (buffer), size, latency);
  while (sinks->held)
    g_cond_wait (&sinks->cond, &sinks->lock);
  g_mutex_unlock (&sinks->lock);
  return GST_PAD_PROBE_OK;
}

GstPad *
bench_sinks_add (BenchSinks *sinks, GstBin *bin)
{
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);
  GstPad *pad;

  g_assert_nonnull (sink);
  g_object_set (sink, "sync", FALSE, NULL);
  gst_bin_add (bin, sink);
  pad = gst_element_get_static_pad (sink, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, sinks, NULL);
  return pad;
}

gboolean
bench_sinks_wait (BenchSinks *sinks, gint64 deadline)
{
  gboolean enough;

  g_mutex_lock (&sinks->lock);
  while (!sinks->enough
         && g_cond_wait_until (&sinks->cond, &sinks->lock, deadline))
    ;
  enough = sinks->enough;
  g_mutex_unlock (&sinks->lock);
  return enough;
}

void
bench_sinks_wait_first (
    BenchSinks *sinks, gdouble *first_buffer, gdouble *first_set)
{
  g_mutex_lock (&sinks->lock);
  while (sinks->first_set == 0)
    g_cond_wait (&sinks->cond, &sinks->lock);
  *first_buffer = sinks->first_buffer;
  *first_set = sinks->first_set;
  g_mutex_unlock (&sinks->lock);
}

void
bench_sinks_hold (BenchSinks *sinks, gboolean hold)
{
  g_mutex_lock (&sinks->lock);
  sinks->held = hold;
  g_cond_broadcast (&sinks->cond);
  g_mutex_unlock (&sinks->lock);
}
