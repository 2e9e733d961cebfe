/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A line of a recording's metadata track: the set's JSON as the camera's
 * metadata stream has it, and as its last member what a recording adds:
 *
 *   "recording":{"set":12,"duration":40000000,"pts":{"left":480000000,…}}
 *
 * set: number of the set, OFFSET. pts: running time of each stream's buffer, ns.
 * What is not known is left out. Pure. */

#pragma once

#include "recording/rcrecordset.h"

G_BEGIN_DECLS

/* Beyond these a line is refused: what a camera says of a set is below 1 KiB
 * an image, and three objects deep. */
#define RC_RECORD_MAX_LINE (1024 * 1024)
#define RC_RECORD_MAX_DEPTH 16

typedef enum {
  RC_RECORD_ERROR_LIMIT,  /* beyond a limit above */
  RC_RECORD_ERROR_SYNTAX, /* no JSON object */
  RC_RECORD_ERROR_TYPE,   /* a member of another type than it has to have */
  RC_RECORD_ERROR_RANGE,  /* a number that cannot be */
} RcRecordError;

#define RC_RECORD_ERROR (rc_record_error_quark ())
GQuark rc_record_error_quark (void);

/* One line that ends in a newline. Without the camera's words they are made
 * from the images. */
gchar *rc_record_json_write (const RcRecordSet *set);

/* @text: @length bytes. A line without the member "recording" is one too; an
 * image that geometry cannot use (see rcimageset.h) counts as unknown. The
 * result's json is the camera's words to the letter, with a newline. */
RcRecordSet *rc_record_json_read (
    const gchar *text, gsize length, GError **error);

/* The text of a subtitle as GStreamer's demuxer gives it, `&quot;` and its kin
 * resolved. What is none of them stays. */
gchar *rc_record_unescape (const gchar *text, gsize length);

G_END_DECLS
