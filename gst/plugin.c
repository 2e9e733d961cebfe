/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "config.h"

#include <gst/gst.h>

#include "depth/gstrccolormap.h"
#include "depth/gstrcdepth.h"
#include "depth/gstrcdeptherror.h"
#include "depth/gstrcpointcloud.h"
#include "meta/gstrcimagemeta.h"
#include "recording/gstrcfilesink.h"
#include "recording/gstrcfilesrc.h"
#include "sink/gstrcgrpcsink.h"
#include "snapshot/gstrcsnapshotsink.h"
#include "source/gstrcgrpcsrc.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  gst_rc_image_meta_register ();
  return GST_ELEMENT_REGISTER (rcgrpcsrc, plugin)
         && GST_ELEMENT_REGISTER (rccolormap, plugin)
         && GST_ELEMENT_REGISTER (rcgrpcsink, plugin)
         && GST_ELEMENT_REGISTER (rcdepth, plugin)
         && GST_ELEMENT_REGISTER (rcdeptherror, plugin)
         && GST_ELEMENT_REGISTER (rcpointcloud, plugin)
         && GST_ELEMENT_REGISTER (rcsnapshotsink, plugin)
         && GST_ELEMENT_REGISTER (rcfilesink, plugin)
         && GST_ELEMENT_REGISTER (rcfilesrc, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, rcgrpc,
    "Stereo cameras over their gRPC image interface", plugin_init, VERSION,
    "LGPL", PACKAGE, "Unknown package origin")
