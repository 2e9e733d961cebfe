/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "soakpictures.h"
#include "soaksim.h"

#include "simframe.h"

#include <math.h>

/* Of one set the pads see up to seven parts, not quite at the same time. */
#define N_FRAMES 16
#define N_SCENES 4

/* As in rcgrpc-sim. */
#define LOOP_TIME 8.0
#define FOCAL_FACTOR (1080.0 / 1280.0)

typedef struct {
  SimScene *scene; /* of the frame; NULL: none */
  guint64 number;
  SimFrame *frame;
} Moment;

typedef struct {
  guint width;
  guint height;
  SimScene *scene;
} Size;

struct _SoakPictures {
  GMutex lock;
  /* lock */
  Size sizes[N_SCENES];
  guint next_size;
  Moment moments[N_FRAMES];
  guint next_moment;
};

SoakPictures *
soak_pictures_new (void)
{
  SoakPictures *pictures = g_new0 (SoakPictures, 1);

  g_mutex_init (&pictures->lock);
  return pictures;
}

static void
drop_frames_unlocked (SoakPictures *pictures, const SimScene *scene)
{
  for (guint i = 0; i < N_FRAMES; i++) {
    if (scene != NULL && pictures->moments[i].scene != scene)
      continue;
    g_clear_pointer (&pictures->moments[i].frame, sim_frame_free);
    pictures->moments[i].scene = NULL;
  }
}

void
soak_pictures_forget (SoakPictures *pictures)
{
  g_mutex_lock (&pictures->lock);
  drop_frames_unlocked (pictures, NULL);
  for (guint i = 0; i < N_SCENES; i++) {
    g_clear_pointer (&pictures->sizes[i].scene, sim_scene_free);
    pictures->sizes[i].width = 0;
  }
  g_mutex_unlock (&pictures->lock);
}

void
soak_pictures_free (SoakPictures *pictures)
{
  soak_pictures_forget (pictures);
  g_mutex_clear (&pictures->lock);
  g_free (pictures);
}

static SimScene *
find_scene_unlocked (SoakPictures *pictures, guint width, guint height)
{
  const SimSceneConfig config = {
      .width = width,
      .height = height,
      .divisor = SOAK_DIVISOR,
      .focal_length = FOCAL_FACTOR * width,
      .baseline = SOAK_BASELINE,
  };
  Size *size;

  for (guint i = 0; i < N_SCENES; i++) {
    size = &pictures->sizes[i];
    if (size->width == width && size->height == height)
      return size->scene;
  }
  size = &pictures->sizes[pictures->next_size++ % N_SCENES];
  if (size->scene != NULL) {
    drop_frames_unlocked (pictures, size->scene);
    sim_scene_free (size->scene);
  }
  *size = (Size){width, height, sim_scene_new (&config)};
  return size->scene;
}

static SimFrame *
find_frame_unlocked (
    SoakPictures *pictures, guint width, guint height, guint64 number)
{
  SimScene *scene = find_scene_unlocked (pictures, width, height);
  gdouble loops = soak_capture_of (number) / 1e9 / LOOP_TIME;
  Moment *moment;

  for (guint i = 0; i < N_FRAMES; i++) {
    moment = &pictures->moments[i];
    if (moment->scene == scene && moment->number == number)
      return moment->frame;
  }
  moment = &pictures->moments[pictures->next_moment++ % N_FRAMES];
  g_clear_pointer (&moment->frame, sim_frame_free);
  *moment = (Moment){scene, number,
      sim_frame_new (scene, SOAK_BASELINE, loops - floor (loops), 0)};
  return moment->frame;
}

GBytes *
soak_pictures_get_image (SoakPictures *pictures, guint width, guint height,
    guint64 number, RcStream stream, gboolean color)
{
  GBytes *image;

  g_mutex_lock (&pictures->lock);
  image = g_bytes_ref (sim_frame_get_image (
      find_frame_unlocked (pictures, width, height, number), stream, color));
  g_mutex_unlock (&pictures->lock);
  return image;
}

GBytes *
soak_pictures_get_mesh (
    SoakPictures *pictures, guint width, guint height, guint64 number)
{
  const RcRequest request = {.streams = 1u << RC_STREAM_MESH};
  GBytes *mesh;

  g_mutex_lock (&pictures->lock);
  mesh = g_bytes_ref (sim_frame_get_mesh (
      find_frame_unlocked (pictures, width, height, number), &request));
  g_mutex_unlock (&pictures->lock);
  return mesh;
}
