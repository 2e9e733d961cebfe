/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#include <gst/gst.h>

#include "wire/rcstream.h"

G_BEGIN_DECLS

/* What a camera's pad of that stream can carry. */
GstCaps *gst_rc_stream_get_template_caps (RcStream stream);

G_END_DECLS
