/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Serialized ImageSets that say what is not so. Pure. */

#pragma once

#include <glib.h>

typedef enum {
  /* Image fields that contradict each other or mean nothing. */
  SIM_LIE_HEIGHT_TIMES_STEP, /* a row more than there is data */
  SIM_LIE_OVERFLOW,          /* height × step is 0 in 32 bits */
  SIM_LIE_ZERO_WIDTH,
  SIM_LIE_SHORT_STEP, /* a byte below a row */
  SIM_LIE_HUGE_IMAGE, /* 65535x65535, 16 bytes of data */
  SIM_LIE_UNKNOWN_ENCODING,
  SIM_LIE_INVALID_UTF8, /* in `encoding` */
  SIM_LIE_NAN,          /* all float fields */
  SIM_LIE_INFINITE,     /* all float fields, + and - */
  SIM_LIE_NEGATIVE_TIME,
  SIM_LIE_ABSURD_TIME, /* the largest seconds and nanoseconds */
  SIM_LIE_MESH_FORMAT, /* a mesh in another format, asked for or not */
  /* Broken wire format. */
  SIM_LIE_TRUNCATED_VARINT,
  SIM_LIE_OVERLONG_VARINT, /* 11 bytes */
  SIM_LIE_LENGTH_PAST_MESSAGE,
  SIM_LIE_LENGTH_PAST_2_63,
  SIM_LIE_NESTED_LENGTHS, /* `data` is longer than the image around it */
  SIM_LIE_WRONG_WIRE_TYPE,
  SIM_LIE_OPEN_GROUP,
  SIM_LIE_EMPTY_MESSAGE,
  /* Credible by itself, and far from what is around it. */
  SIM_LIE_STRAY_TIME, /* an hour after the set's */
  /* Strange, and true. */
  SIM_LIE_REPEATED_FIELDS, /* false values before, out of order, in two parts */
  SIM_LIE_GROUP,
  SIM_LIE_UNKNOWN_FIELD, /* of each wire type, in the set and in an image */
  SIM_N_LIES,
} SimLie;

/* As in --fault=lie:which=NAME. */
const gchar *sim_lie_to_string (SimLie lie);
gboolean sim_lie_from_string (SimLie *lie, const gchar *name);

/* @set: a serialized ImageSet as RcImageSetBuilder makes it. The lie is about
 * its first image, in the order left, right, error, confidence, disparity; a
 * set without any gets a small left one. */
GBytes *sim_lie_tell (SimLie lie, GBytes *set);
