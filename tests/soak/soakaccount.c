/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "soakaccount.h"
#include "soaklog.h"

guint64
soak_stats_count (const GstStructure *stats, const gchar *name)
{
  guint64 count = 0;

  if (!gst_structure_get_uint64 (stats, name, &count))
    soak_violation ("stats without %s", name);
  return count;
}

static void
check_images (const GstStructure *stats, const gchar *pad, guint64 passed,
    SoakAccountFigures *figures)
{
  guint64 received = soak_stats_count (stats, "images-received");
  guint64 dropped = soak_stats_count (stats, "images-dropped");

  figures->images += received;
  if (passed + dropped == received)
    return;
  if (passed + dropped < received)
    figures->lost += received - passed - dropped;
  soak_violation ("%s: %" G_GUINT64_FORMAT " received, but %" G_GUINT64_FORMAT
                  " passed and %" G_GUINT64_FORMAT " dropped",
      pad, received, passed, dropped);
}

void
soak_account_check (const GstStructure *stats, const gchar *pad, guint64 passed,
    gboolean resumed, gboolean whole_sets, SoakAccountFigures *figures)
{
  const GValue *value = gst_structure_get_value (stats, pad);
  guint64 sets = soak_stats_count (stats, "sets-received");
  const GstStructure *own;
  guint64 received;
  guint level = 0;

  if (value == NULL) {
    soak_violation ("stats have nothing of %s", pad);
    return;
  }
  own = gst_value_get_structure (value);
  received = soak_stats_count (own, "images-received");
  if (resumed
      && passed + soak_stats_count (own, "images-dropped") == received + 1)
    passed--;
  check_images (own, pad, passed, figures);

  gst_structure_get_uint (own, "queue-level", &level);
  if (level != 0)
    soak_violation ("%s: %u images in the queue after the end", pad, level);
  if (whole_sets && received != sets)
    soak_violation ("%s: %" G_GUINT64_FORMAT " images of %" G_GUINT64_FORMAT
                    " sets",
        pad, received, sets);
}
