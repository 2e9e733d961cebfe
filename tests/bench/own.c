/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the plugin's own code takes of a set beyond the copy: from the message's
 * slices to a decoded set, and the images' metas. Without network and threads,
 * so that nothing else is in it. Prints JSON. */

#include <gst/gst.h>

#include "meta/gstrcimagemeta.h"
#include "sets.h"
#include "wire/rcimageset.h"

#define ROUNDS 50
#define SETS_A_ROUND 200
/* As large as gRPC core's. */
#define SLICE_SIZE (64 * 1024)

typedef struct {
  gdouble decode; /* µs a set */
  gdouble metas;
} Times;

static const RcRequest everything = {.streams = (1 << RC_N_IMAGE_STREAMS) - 1};

static GArray *
cut_into_slices (GBytes *message)
{
  GArray *chunks = g_array_new (FALSE, FALSE, sizeof (RcChunk));
  gsize size;
  const guint8 *data = g_bytes_get_data (message, &size);

  for (gsize at = 0; at < size; at += SLICE_SIZE) {
    RcChunk chunk = {data + at, MIN (SLICE_SIZE, size - at)};

    g_array_append_val (chunks, chunk);
  }
  return chunks;
}

static GBytes *
make_message (void)
{
  const BenchSize size = {1280, 960};
  g_autoptr (BenchSets) sets = bench_sets_new (size, size);
  g_autoptr (GPtrArray) pieces = bench_sets_make (sets, &everything);
  GByteArray *message = g_byte_array_new ();

  for (guint i = 0; i < pieces->len; i++) {
    gsize length;
    gconstpointer data = g_bytes_get_data (pieces->pdata[i], &length);

    g_byte_array_append (message, data, length);
  }
  return g_byte_array_free_to_bytes (message);
}

static gint64
add_metas (const RcImageSet *set)
{
  GstBuffer *buffers[RC_N_IMAGE_STREAMS];
  gint64 begin, end;

  for (guint i = 0; i < RC_N_IMAGE_STREAMS; i++)
    buffers[i] = gst_buffer_new ();
  begin = g_get_monotonic_time ();
  for (guint i = 0; i < RC_N_IMAGE_STREAMS; i++)
    gst_buffer_add_rc_image_meta (buffers[i], set, i);
  end = g_get_monotonic_time ();
  for (guint i = 0; i < RC_N_IMAGE_STREAMS; i++)
    gst_buffer_unref (buffers[i]);
  return end - begin;
}

static Times
measure (const GArray *chunks)
{
  gint64 decode = 0, metas = 0;

  for (guint i = 0; i < SETS_A_ROUND; i++) {
    g_autoptr (GError) error = NULL;
    gint64 begin = g_get_monotonic_time ();
    RcImageSet *set = rc_image_set_new (
        (const RcChunk *)chunks->data, chunks->len, NULL, NULL, &error);

    if (set == NULL)
      g_error ("%s", error->message);
    decode += g_get_monotonic_time () - begin;
    metas += add_metas (set);
    begin = g_get_monotonic_time ();
    rc_image_set_unref (set);
    decode += g_get_monotonic_time () - begin;
  }
  return (Times){(gdouble)decode / SETS_A_ROUND, (gdouble)metas / SETS_A_ROUND};
}

int
main (int argc, char **argv)
{
  g_autoptr (GBytes) message = NULL;
  g_autoptr (GArray) chunks = NULL;

  gst_init (&argc, &argv);
  gst_rc_image_meta_register ();
  message = make_message ();
  chunks = cut_into_slices (message);

  g_print ("[");
  for (guint i = 0; i < ROUNDS; i++) {
    Times times = measure (chunks);

    g_print ("%s{\"decode_us\": %.3f, \"metas_us\": %.3f}", i ? ", " : "",
        times.decode, times.metas);
  }
  g_print ("]\n");
  return 0;
}
