/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "soakcameras.h"

#define SECOND G_GUINT64_CONSTANT (1000000000)

struct _SoakCameras {
  GMutex lock;
  GPtrArray *all; /* lock; (element-type SoakCamera), the newest last */
};

SoakCameras *
soak_cameras_new (void)
{
  SoakCameras *cameras = g_new0 (SoakCameras, 1);

  g_mutex_init (&cameras->lock);
  cameras->all = g_ptr_array_new_with_free_func (g_free);
  return cameras;
}

void
soak_cameras_free (SoakCameras *cameras)
{
  g_ptr_array_unref (cameras->all);
  g_mutex_clear (&cameras->lock);
  g_free (cameras);
}

void
soak_cameras_add (SoakCameras *cameras, SoakCamera *camera)
{
  g_mutex_lock (&cameras->lock);
  g_ptr_array_add (cameras->all, camera);
  g_mutex_unlock (&cameras->lock);
}

void
soak_cameras_forget (SoakCameras *cameras, const SoakCamera *current)
{
  g_mutex_lock (&cameras->lock);
  for (guint i = cameras->all->len; i > 0; i--)
    if (cameras->all->pdata[i - 1] != current)
      g_ptr_array_remove_index (cameras->all, i - 1);
  g_mutex_unlock (&cameras->lock);
}

static gboolean
has_fault_unlocked (SoakCameras *cameras, SimFaultKind kind)
{
  for (guint i = 0; i < cameras->all->len; i++) {
    const SoakCamera *camera = cameras->all->pdata[i];

    if (camera->faults & 1u << kind)
      return TRUE;
  }
  return FALSE;
}

gboolean
soak_cameras_may_corrupt (SoakCameras *cameras)
{
  gboolean corrupt;

  g_mutex_lock (&cameras->lock);
  corrupt = has_fault_unlocked (cameras, SIM_FAULT_CORRUPT);
  g_mutex_unlock (&cameras->lock);
  return corrupt;
}

static gboolean
is_clock_of (const SoakCamera *camera, guint64 begin)
{
  if (camera->base != 0)
    return camera->base == begin;
  return begin >= camera->from && begin <= camera->to;
}

gboolean
soak_cameras_find (
    SoakCameras *cameras, guint64 number, guint64 timestamp, SoakCamera *found)
{
  guint64 begin = timestamp - soak_capture_of (number);
  SoakCamera *jumping = NULL, *match = NULL;

  g_mutex_lock (&cameras->lock);
  for (guint i = 0; i < cameras->all->len && match == NULL; i++) {
    SoakCamera *camera = cameras->all->pdata[i];

    if (camera->faults & 1u << SIM_FAULT_CLOCK_JUMP)
      jumping = camera;
    if (is_clock_of (camera, begin)) {
      camera->base = begin;
      match = camera;
    }
  }
  if (match == NULL)
    match = jumping;
  if (match != NULL)
    *found = *match;
  g_mutex_unlock (&cameras->lock);
  return match != NULL;
}

static gboolean
find_number_unlocked (
    SoakCameras *cameras, guint64 timestamp, SoakCamera *found, guint64 *number)
{
  /* A clock that jumped by whole seconds looks like that of other sets. */
  if (has_fault_unlocked (cameras, SIM_FAULT_CLOCK_JUMP))
    return FALSE;
  for (guint i = cameras->all->len; i > 0; i--) {
    const SoakCamera *camera = cameras->all->pdata[i - 1];

    if (camera->base == 0 || timestamp < camera->base)
      continue;
    *found = *camera;
    *number = ((timestamp - camera->base) * SOAK_FPS + SECOND / 2) / SECOND + 1;
    if (camera->base + soak_capture_of (*number) == timestamp)
      return TRUE;
  }
  return FALSE;
}

gboolean
soak_cameras_find_number (
    SoakCameras *cameras, guint64 timestamp, SoakCamera *found, guint64 *number)
{
  gboolean good;

  g_mutex_lock (&cameras->lock);
  good = find_number_unlocked (cameras, timestamp, found, number);
  g_mutex_unlock (&cameras->lock);
  return good;
}
