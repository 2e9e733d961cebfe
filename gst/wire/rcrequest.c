/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/rcrequest.h"

#include "image_interface.pb-c.h"
#include "wire/rcpack.h"

static gboolean
has (const RcRequest *request, RcStream stream)
{
  return (request->streams & 1u << stream) != 0;
}

/* The request with every field that says nothing at its default. */
static RcRequest
normalize (const RcRequest *request)
{
  RcRequest result = *request;

  result.streams &= (1u << RC_STREAM_METADATA) - 1;
  if (!has (request, RC_STREAM_MESH)) {
    result.mesh_max_points = 0;
    result.mesh_binning = RC_MESH_BINNING_AVERAGE;
    result.mesh_watertight = FALSE;
    result.mesh_textured = FALSE;
  }
  if (!has (request, RC_STREAM_LEFT) && !has (request, RC_STREAM_RIGHT)
      && !result.mesh_textured)
    result.color = FALSE;
  return result;
}

gboolean
rc_request_equal (const RcRequest *a, const RcRequest *b)
{
  RcRequest x = normalize (a);
  RcRequest y = normalize (b);

  return x.streams == y.streams && !x.color == !y.color
         && x.mesh_max_points == y.mesh_max_points
         && x.mesh_binning == y.mesh_binning
         && !x.mesh_watertight == !y.mesh_watertight
         && !x.mesh_textured == !y.mesh_textured;
}

GBytes *
rc_request_to_bytes (const RcRequest *request)
{
  RcRequest asked = normalize (request);
  ImageSetRequest message = IMAGE_SET_REQUEST__INIT;
  MeshOptions options = MESH_OPTIONS__INIT;

  message.left_enabled = has (&asked, RC_STREAM_LEFT);
  message.right_enabled = has (&asked, RC_STREAM_RIGHT);
  message.disparity_enabled = has (&asked, RC_STREAM_DISPARITY);
  message.disparity_error_enabled = has (&asked, RC_STREAM_ERROR);
  message.confidence_enabled = has (&asked, RC_STREAM_CONFIDENCE);
  message.mesh_enabled = has (&asked, RC_STREAM_MESH);
  message.color = asked.color;
  if (message.mesh_enabled) {
    options.max_points = asked.mesh_max_points;
    options.binning_method = (MeshOptions__BinningMethod)asked.mesh_binning;
    options.watertight = asked.mesh_watertight;
    options.textured = asked.mesh_textured;
    message.mesh_options = &options;
  }
  return rc_pack (&message.base);
}

static void
take_mesh_options (RcRequest *request, const MeshOptions *options)
{
  request->mesh_max_points = options->max_points;
  if (options->binning_method == MESH_OPTIONS__BINNING_METHOD__MIN_DEPTH)
    request->mesh_binning = RC_MESH_BINNING_MIN_DEPTH;
  request->mesh_watertight = options->watertight;
  request->mesh_textured = options->textured;
}

gboolean
rc_request_from_bytes (RcRequest *request, GBytes *bytes)
{
  ImageSetRequest *message = (ImageSetRequest *)rc_unpack (
      &image_set_request__descriptor, bytes, NULL);

  if (message == NULL)
    return FALSE;
  *request = (RcRequest){.color = message->color};
  request->streams = !!message->left_enabled << RC_STREAM_LEFT
                     | !!message->right_enabled << RC_STREAM_RIGHT
                     | !!message->disparity_enabled << RC_STREAM_DISPARITY
                     | !!message->disparity_error_enabled << RC_STREAM_ERROR
                     | !!message->confidence_enabled << RC_STREAM_CONFIDENCE
                     | !!message->mesh_enabled << RC_STREAM_MESH;
  if (message->mesh_options != NULL)
    take_mesh_options (request, message->mesh_options);
  image_set_request__free_unpacked (message, NULL);
  return TRUE;
}
