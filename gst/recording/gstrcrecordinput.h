/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What comes to the pads of rcfilesink, as seen before it is encoded: what images
 * say of themselves becomes the lines of the metadata track, and the recorder
 * hears what is on its way to it. */

#pragma once

#include "recording/gstrcrecordqueue.h"

G_BEGIN_DECLS

typedef struct _GstRcRecordInput GstRcRecordInput;

GstRcRecordInput *gst_rc_record_input_new (GstRcRecordQueue *queue);
void gst_rc_record_input_free (GstRcRecordInput *input);

/* A recording begins; these streams (1 << RcStream) are waited for. */
void gst_rc_record_input_begin (GstRcRecordInput *input, guint streams);

/* Something comes of that stream, or nothing more. Before it begins they do
 * nothing. */
void gst_rc_record_input_expect (GstRcRecordInput *input, RcStream stream);
void gst_rc_record_input_end (GstRcRecordInput *input, RcStream stream);

/* The stream's next caps are the first. */
void gst_rc_record_input_forget_format (
    GstRcRecordInput *input, RcStream stream);

/* A buffer or event comes to @pad, the stream's. */
GstPadProbeReturn gst_rc_record_input_take (GstRcRecordInput *input,
    RcStream stream, GstPad *pad, GstPadProbeInfo *info);

G_END_DECLS
