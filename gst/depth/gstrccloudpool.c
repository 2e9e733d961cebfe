/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "depth/gstrccloudpool.h"

#define GST_TYPE_RC_CLOUD_POOL (gst_rc_cloud_pool_get_type ())
G_DECLARE_FINAL_TYPE (
    GstRcCloudPool, gst_rc_cloud_pool, GST, RC_CLOUD_POOL, GstBufferPool)

struct _GstRcCloudPool {
  GstBufferPool parent;

  gsize size;
};

G_DEFINE_TYPE (GstRcCloudPool, gst_rc_cloud_pool, GST_TYPE_BUFFER_POOL)

static GstFlowReturn
gst_rc_cloud_pool_alloc_buffer (
    GstBufferPool *pool, GstBuffer **buffer, GstBufferPoolAcquireParams *params)
{
  GstRcCloudPool *self = GST_RC_CLOUD_POOL (pool);
  guint8 *bytes = g_try_malloc (self->size);

  if (bytes == NULL)
    return GST_FLOW_ERROR;
  *buffer = gst_buffer_new_wrapped (bytes, self->size);
  return GST_FLOW_OK;
}

static void
gst_rc_cloud_pool_class_init (GstRcCloudPoolClass *klass)
{
  GST_BUFFER_POOL_CLASS (klass)->alloc_buffer = gst_rc_cloud_pool_alloc_buffer;
}

static void
gst_rc_cloud_pool_init (GstRcCloudPool *self)
{
}

GstBufferPool *
gst_rc_cloud_pool_new (guint size)
{
  GstRcCloudPool *self = g_object_new (GST_TYPE_RC_CLOUD_POOL, NULL);
  GstBufferPool *pool = gst_object_ref_sink (self);
  GstStructure *config = gst_buffer_pool_get_config (pool);

  self->size = size;
  gst_buffer_pool_config_set_params (config, NULL, size, 0, 0);
  gst_buffer_pool_set_config (pool, config);
  gst_buffer_pool_set_active (pool, TRUE);
  return pool;
}
