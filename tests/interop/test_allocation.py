# SPDX-License-Identifier: LGPL-2.1-or-later
"""rcgrpcsrc into memory that an element downstream offers."""

import sys
import threading
import unittest

try:
    # First: it may start Python anew.
    import watched
    import gi
    import test_images
    from camera_server import make_set, stream_bytes
    gi.require_version("GstBase", "1.0")
    gi.require_version("GstVideo", "1.0")
    from gi.repository import GObject, GstBase, GstVideo
except (ImportError, ValueError) as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

from test_images import ALL, IMAGES, Request

Gst = watched.Gst
# (left, right, top, bottom) in pixels
EDGES = (16, 37, 2, 1)


def endless(request, call):
    number = 0
    while not call.ended:
        yield make_set(request, number)
        number += 1


class Frame:
    """A buffer's rows as the sink's memory has them."""

    def __init__(self, buffer, caps):
        info = GstVideo.VideoInfo.new_from_caps(caps)
        meta = GstVideo.buffer_get_video_meta(buffer)
        self.has_meta = meta is not None
        self.stride = meta.stride[0] if meta else info.stride[0]
        start = meta.offset[0] if meta else 0
        self.offset = start
        self.size = buffer.get_size()
        self.default_size, self.default_stride = info.size, info.stride[0]
        self.pooled = buffer.pool is not None
        self.custom = buffer.get_custom_meta("GstRcImageMeta") is not None
        data = buffer.extract_dup(0, self.size)
        row = info.width * info.finfo.pixel_stride[0]
        rows = [data[start + y * self.stride:][:self.stride]
                for y in range(info.height)]
        self.pixels = b"".join(r[:row] for r in rows)
        # Of the last row, what follows it may be the end of the memory.
        self.beside = b"".join(r[row:] for r in rows[:-1])


class EmptyPool(Gst.BufferPool):
    """Has no memory."""

    def do_alloc_buffer(self, _params):
        return Gst.FlowReturn.ERROR, None


class OfferingSink(GstBase.BaseSink):
    __gstmetadata__ = ("Offers memory", "Sink/Video", "For tests", "tests")
    __gsttemplates__ = Gst.PadTemplate.new(
        "sink", Gst.PadDirection.SINK, Gst.PadPresence.ALWAYS,
        Gst.Caps.new_any())

    def __init__(self):
        super().__init__()
        self.set_sync(False)
        self.set_async_enabled(False)
        self.edges = None  # of the pool that is offered
        self.offers_pool = self.offers_meta = False
        self.max_buffers = 0
        self.understated = self.empty = False
        self.keep = None  # a list keeps buffers from their pool
        self.kept = threading.Semaphore(0)
        self.caps = None
        self.frames = []
        self.asked = []

    def do_set_caps(self, caps):
        self.caps = caps.copy()
        return True

    def do_propose_allocation(self, query):
        caps, _need_pool = query.parse_allocation()
        # GstBaseSrc also asks before there is an image.
        if caps is None:
            return False
        self.asked.append(caps.copy())
        if self.offers_pool:
            self.add_pool(query, caps)
        if self.offers_meta:
            query.add_allocation_meta(GstVideo.video_meta_api_get_type(), None)
        return True

    def add_pool(self, query, caps):
        info = GstVideo.VideoInfo.new_from_caps(caps)
        size = 1 if self.understated else info.size
        pool = EmptyPool() if self.empty else GstVideo.VideoBufferPool.new()
        config = pool.get_config()
        Gst.BufferPool.config_set_params(config, caps, size, 0,
                                         self.max_buffers)
        if self.edges:
            alignment = GstVideo.VideoAlignment()
            alignment.reset()
            (alignment.padding_left, alignment.padding_right,
             alignment.padding_top, alignment.padding_bottom) = self.edges
            Gst.BufferPool.config_add_option(
                config, "GstBufferPoolOptionVideoMeta")
            Gst.BufferPool.config_add_option(
                config, "GstBufferPoolOptionVideoAlignment")
            GstVideo.buffer_pool_config_set_video_alignment(config, alignment)
        if not self.understated and not pool.set_config(config):
            raise AssertionError("the pool does not take its configuration")
        query.add_allocation_pool(pool, size, 0, self.max_buffers)

    def do_render(self, buffer):
        self.frames.append(Frame(buffer, self.caps))
        if self.keep is not None:
            self.keep.append(buffer)
        self.kept.release()
        return Gst.FlowReturn.OK


GObject.type_register(EmptyPool)
GObject.type_register(OfferingSink)


class AllocationTest(test_images.ImagesTest):
    def offered(self, port, stream, **offer):
        """A pipeline into an OfferingSink."""
        sink = OfferingSink()
        for name, value in offer.items():
            setattr(sink, name, value)
        pipeline = self.watched(port, "")
        pipeline.pipeline.add(sink)
        pad = pipeline.source.request_pad_simple(stream)
        pad.link(sink.get_static_pad("sink"))
        return pipeline, sink

    def frames(self, sets, stream, **offer):
        camera = self.camera(sets)
        pipeline, sink = self.offered(camera.port, stream, **offer)
        # What is raised in a virtual function is only printed.
        raised = []
        hook, sys.excepthook = sys.excepthook, lambda *e: raised.append(e)
        try:
            self.run_to_end(pipeline)
        finally:
            sys.excepthook = hook
        self.assertEqual(raised, [])
        self.assertEqual([frame.pixels for frame in sink.frames],
                         [stream_bytes(s, stream) for s in sets])
        for frame in sink.frames:
            self.assertTrue(frame.custom)
        return sink

    def sizes(self, stream, **offer):
        for width, height in [(64, 48), (214, 3), (641, 2), (643, 5), (1, 1)]:
            sets = [make_set(Request(color=True), number, width=width,
                             height=height, padding=number)
                    for number in range(3)]
            with self.subTest(f"{stream} {width}x{height}"):
                yield self.frames(sets, stream, **offer).frames

    def test_meta_and_wide_rows(self):
        for stream in IMAGES:
            for frames in self.sizes(stream, offers_pool=True,
                                     offers_meta=True, edges=EDGES):
                for frame in frames:
                    self.assertTrue(frame.has_meta)
                    # Else it is not the pool that was offered.
                    self.assertGreater(frame.stride, frame.default_stride)
                    self.assertGreater(frame.offset, 0)

    def test_meta_and_no_pool(self):
        for frames in self.sizes("left", offers_meta=True):
            for frame in frames:
                self.assertTrue(frame.has_meta)
                self.assertEqual(frame.size, frame.default_size)

    def test_pool_and_no_meta(self):
        for frames in self.sizes("left", offers_pool=True):
            for frame in frames:
                self.assertEqual((frame.stride, frame.size),
                                 (frame.default_stride, frame.default_size))

    def test_pool_of_too_small_buffers(self):
        for frames in self.sizes("left", offers_pool=True, understated=True):
            for frame in frames:
                self.assertGreaterEqual(frame.size, frame.default_size)

    def test_beside_rows(self):
        """What lies beside a row is not what the memory had before."""
        sets = [make_set(ALL, number, width=213, height=6)
                for number in range(8)]
        sink = self.frames(sets, "left", offers_pool=True, max_buffers=2)
        for frame in sink.frames:
            self.assertEqual(frame.beside, bytes(3 * 5))

    def test_new_size(self):
        """Memory is asked for anew for each new kind of image."""
        sizes = [(64, 48), (643, 5), (1, 1), (64, 48)]
        sets = [make_set(ALL, 2 * i + j, width=width, height=height)
                for i, (width, height) in enumerate(sizes) for j in range(2)]
        sink = self.frames(sets, "disparity", offers_pool=True,
                           offers_meta=True, edges=EDGES)
        asked = [(c.get_structure(0).get_value("width"),
                  c.get_structure(0).get_value("height")) for c in sink.asked]
        self.assertEqual(asked, sizes)

    def test_no_memory(self):
        """One error, which says so; the other pad goes on, which leaky=none
        would hold up for good."""
        camera = self.camera(endless)
        pipeline, sink = self.offered(
            camera.port, "left", offers_pool=True, empty=True)
        pipeline.source.set_property("leaky", "none")
        pipeline.source.request_pad_simple("right")
        right = watched.Pad(pipeline, "right")
        pipeline.play()
        pipeline.wait(Gst.MessageType.ERROR)
        right.wait_for_more(20)
        self.assertLess(pipeline.stop(), watched.STOP_LIMIT)
        self.assertEqual(
            [(error.domain, error.code) for error in pipeline.errors],
            [("gst-resource-error-quark", Gst.ResourceError.NO_SPACE_LEFT)])
        self.assertIn(str(64 * 48), pipeline.errors[0].debug)
        self.assertEqual(sink.frames, [])

    def exhausted(self):
        """left's pool is, and its queue is full."""
        camera = self.camera(endless)
        pipeline, sink = self.offered(
            camera.port, "left", offers_pool=True, max_buffers=2, keep=[])
        pipeline.play()
        for _ in range(2):
            self.assertTrue(sink.kept.acquire(timeout=60))
        # The third has no memory, so that the others fill the queue. Nothing
        # signals that.
        for _ in range(3000):
            if watched.statistics(
                    pipeline.source)["left"]["queue-level"] == 4:
                break
            pipeline.wait(Gst.MessageType.ERROR, 10 * Gst.MSECOND)
        else:
            self.fail(f"{watched.statistics(pipeline.source)}")
        return camera, pipeline, sink

    def test_stops_while_the_pool_is_empty(self):
        camera, pipeline, sink = self.exhausted()
        self.assertLess(pipeline.stop(), watched.STOP_LIMIT)
        self.assertEqual(pipeline.errors + pipeline.warnings, [])
        self.assertEqual(len(sink.frames), 2)
        sink.keep.clear()
        camera.wait_for(lambda: camera.calls[0].ended)

    def test_release_while_the_pool_is_empty(self):
        camera, pipeline, sink = self.exhausted()
        releasing = threading.Thread(
            target=pipeline.source.release_request_pad,
            args=[pipeline.source.get_static_pad("left")], daemon=True)
        releasing.start()
        releasing.join(60)
        self.assertFalse(releasing.is_alive())
        camera.wait_for(lambda: camera.calls[0].ended)
        sink.keep.clear()
        self.assertLess(pipeline.stop(), watched.STOP_LIMIT)
        self.assertEqual(pipeline.errors + pipeline.warnings, [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
