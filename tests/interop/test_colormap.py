# SPDX-License-Identifier: LGPL-2.1-or-later
"""rccolormap: its colours against matplotlib's and MATLAB's, its range against
numpy's percentiles, and what it takes from GstRcImageMeta."""

import sys
import unittest

try:
    import matplotlib
    import numpy
    from watched import Gst, Watched
    import gi
    gi.require_version("GstController", "1.0")
    from gi.repository import GstController
    from taken import Taker
    from camera_server import CameraServer, make_set
except (ImportError, ValueError) as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

GREY = {"GRAY8": numpy.uint8, "GRAY16_LE": numpy.dtype("<u2"),
        "GRAY16_BE": numpy.dtype(">u2")}
# Where red, green, blue and alpha or padding are.
LAYOUTS = {"RGB": (0, 1, 2, None), "BGR": (2, 1, 0, None),
           "RGBx": (0, 1, 2, None), "BGRx": (2, 1, 0, None),
           "xRGB": (1, 2, 3, None), "xBGR": (3, 2, 1, None),
           "RGBA": (0, 1, 2, 3), "BGRA": (2, 1, 0, 3),
           "ARGB": (1, 2, 3, 0), "ABGR": (3, 2, 1, 0)}


class Everything:
    """A request, for sets that are made before anybody asked."""
    left_enabled = right_enabled = disparity_enabled = True
    disparity_error_enabled = confidence_enabled = True
    mesh_enabled = color = False


def matlab_jet():
    """MATLAB's jet (256), as jet.m defines it."""
    n = 64
    u = numpy.concatenate([numpy.arange(1, n + 1), numpy.full(n - 1, n),
                           numpy.arange(n, 0, -1)]) / n
    rgb = numpy.zeros((256, 3))
    for channel, start in ((1, n // 2), (0, n // 2 + n), (2, n // 2 - n)):
        at = start + numpy.arange(len(u))
        inside = (at >= 0) & (at < 256)
        rgb[at[inside], channel] = u[inside]
    return numpy.floor(rgb * 255 + 0.5).astype(int)


def published(name):
    if name == "jet":
        return matlab_jet()
    colors = matplotlib.colormaps[name]
    return numpy.round(colors(numpy.arange(256))[:, :3] * 255).astype(int)


class ColormapTest(unittest.TestCase):
    def colormap(self, options, out="RGB"):
        pipeline = Gst.parse_launch(
            f"appsrc name=in format=time ! rccolormap {options} ! "
            f"video/x-raw,format={out} ! appsink name=out sync=false")
        pipeline.set_state(Gst.State.PLAYING)
        self.addCleanup(pipeline.set_state, Gst.State.NULL)
        return pipeline

    def push(self, pipeline, image, grey, pts=0, discont=False):
        """What comes of a numpy image: rows of pixels of bytes."""
        height, width = image.shape
        wide = image.astype(GREY[grey])
        row = width * wide.itemsize
        rows = numpy.zeros((height, (row + 3) // 4 * 4), numpy.uint8)
        rows[:, :row] = wide.view(numpy.uint8).reshape(height, row)
        buffer = Gst.Buffer.new_wrapped(rows.tobytes())
        buffer.pts = pts
        if discont:
            buffer.set_flags(Gst.BufferFlags.DISCONT)
        source = pipeline.get_by_name("in")
        source.set_property("caps", Gst.Caps.from_string(
            f"video/x-raw,format={grey},width={width},height={height},"
            "framerate=0/1"))
        self.assertEqual(source.emit("push-buffer", buffer),
                         Gst.FlowReturn.OK)
        sample = pipeline.get_by_name("out").emit("try-pull-sample",
                                                  60 * Gst.SECOND)
        self.assertIsNotNone(sample)
        colors = sample.get_buffer()
        data = numpy.frombuffer(colors.extract_dup(0, colors.get_size()),
                                numpy.uint8).reshape(height, -1)
        video_format = sample.get_caps().get_structure(0).get_string("format")
        size = len(video_format)
        return data[:, :width * size].reshape(height, width, size)

    def convert(self, image, grey, options, out="RGB"):
        return self.push(self.colormap(options, out), image, grey)

    def test_palettes(self):
        ramp = numpy.arange(256).reshape(1, 256)
        for name in ("jet", "turbo", "viridis", "gray"):
            with self.subTest(name):
                colors = self.convert(
                    ramp, "GRAY8", f"palette={name} range-min=0 range-max=255")
                numpy.testing.assert_array_equal(
                    colors[0, 1:], published(name)[1:])
                self.assertEqual(colors[0, 0].tolist(), [0, 0, 0])

    def test_formats(self):
        rng = numpy.random.default_rng(1)
        table = published("turbo")
        for grey in GREY:
            top = 256 if grey == "GRAY8" else 65536
            image = rng.integers(0, top, (13, 67))
            image[3, 5] = 0
            place = numpy.floor(
                numpy.clip((image - 20) * 255 / 180 + 0.5, 0, 255)).astype(int)
            for out, (*colors, alpha) in LAYOUTS.items():
                with self.subTest(grey=grey, out=out):
                    pixels = self.convert(
                        image, grey, "palette=turbo range-min=20 range-max=200 "
                        "invalid-color=0x80010203", out)
                    expected = table[place]
                    expected[image == 0] = (1, 2, 3)
                    numpy.testing.assert_array_equal(
                        pixels[:, :, colors], expected)
                    if alpha is not None:
                        numpy.testing.assert_array_equal(
                            pixels[:, :, alpha],
                            numpy.where(image == 0, 0x80, 0xff))

    def test_automatic_range(self):
        """An image with far outliers; what is between the percentiles is
        spread over the palette."""
        rng = numpy.random.default_rng(2)
        image = rng.normal(3000, 200, (300, 401)).clip(1, 65535).astype(int)
        image[rng.random(image.shape) < 0.005] = 65000
        image[rng.random(image.shape) < 0.3] = 0
        gray = self.convert(image, "GRAY16_LE", "palette=gray")[:, :, 0]
        low, high = numpy.percentile(image[image > 0], (2, 98))
        # From a sample of the pixels.
        middle = (image > low + 20) & (image < high - 20)
        expected = (image - low) / (high - low) * 255
        self.assertLess(abs(gray[middle] - expected[middle]).max(), 12)
        self.assertTrue((gray[image == 65000] == 255).all())
        self.assertTrue((gray[image == 0] == 0).all())

    def test_range_follows_smoothly(self):
        """One value at first, then another brightness: colours do not jump,
        and are there after some seconds."""
        image = numpy.arange(1000, 1100).reshape(10, 10)
        colormap = self.colormap("palette=gray")
        first = self.push(colormap, image, "GRAY16_LE")
        self.assertEqual(first[5, 0, 0], 129)
        second = self.push(colormap, image + 100, "GRAY16_LE", Gst.SECOND // 25)
        self.assertTrue((second[:, :, 0] > 240).all())
        for i in range(2, 10 * 25):
            last = self.push(colormap, image + 100, "GRAY16_LE",
                             i * Gst.SECOND // 25)
        self.assertLess(abs(int(last[5, 0, 0]) - 129), 3)

    def test_range_anew_after_discont(self):
        image = numpy.arange(1000, 1100).reshape(10, 10)
        colormap = self.colormap("palette=gray")
        first = self.push(colormap, image, "GRAY16_LE")
        second = self.push(colormap, image + 100, "GRAY16_LE", Gst.SECOND // 25,
                           discont=True)
        numpy.testing.assert_array_equal(first, second)

    def test_all_invalid(self):
        colors = self.convert(numpy.zeros((8, 8), int), "GRAY16_LE",
                              "legend=true")
        self.assertFalse(colors.any())

    def test_invert(self):
        ramp = numpy.arange(1, 256).reshape(1, 255)
        options = "palette=viridis range-min=0 range-max=255"
        plain = self.convert(ramp, "GRAY8", options)
        inverted = self.convert(ramp, "GRAY8", options + " invert=true")
        numpy.testing.assert_array_equal(plain[0, :-1], inverted[0, -2::-1])

    def test_new_size(self):
        colormap = self.colormap("range-min=0 range-max=255")
        self.push(colormap, numpy.full((9, 16), 7), "GRAY8")
        colors = self.push(colormap, numpy.full((4, 5), 223), "GRAY16_LE")
        self.assertEqual(colors[0, 0].tolist(), [255, 0, 0])


    def test_controlled(self):
        """A property that a control source drives, from image to image."""
        colormap = self.colormap("name=map palette=gray range-min=0")
        source = GstController.InterpolationControlSource()
        source.props.mode = GstController.InterpolationMode.NONE
        source.set(0, 100)
        source.set(Gst.SECOND, 200)
        element = colormap.get_by_name("map")
        element.add_control_binding(
            GstController.DirectControlBinding.new_absolute(
                element, "range-max", source))
        image = numpy.full((2, 4), 101)
        first = self.push(colormap, image, "GRAY8")
        second = self.push(colormap, image, "GRAY8", Gst.SECOND)
        self.assertEqual((first[0, 0, 0], second[0, 0, 0]), (255, 129))


class MetaTest(unittest.TestCase):
    """What the camera says of its images."""

    def convert(self, image_set, pad, options, between=""):
        """The colours of a set's image."""
        camera = CameraServer([image_set])
        camera.__enter__()
        self.addCleanup(camera.stop)
        watched = Watched(
            f"rcgrpcsrc name=s host=127.0.0.1 port={camera.port} leaky=none "
            f"s.{pad} ! {between} rccolormap {options} ! "
            "video/x-raw,format=RGBx ! "
            "fakesink name=sink sync=false async=false")
        self.addCleanup(watched.stop)
        taker = Taker(watched)
        watched.run()
        self.assertEqual(watched.errors + watched.warnings, [])
        buffer, = taker.buffers
        return numpy.frombuffer(buffer.data, numpy.uint8).reshape(
            48, 64, 4)[:, :, :3], buffer.meta

    def make(self, **fields):
        image_set = make_set(Everything())
        for name, value in fields.items():
            setattr(image_set.disparity, name, value)
        return image_set

    def values(self, image, dtype):
        return numpy.frombuffer(image.data, dtype).reshape(48, 64).astype(int)

    def assert_colors(self, colors, values, low, high, invalid, invert=False):
        place = (values - low) / (high - low)
        table = published("turbo")
        steps = numpy.floor(numpy.clip(place * 255 + 0.5, 0, 255)).astype(int)
        expected = table[255 - steps if invert else steps]
        expected[invalid] = 0
        # Where a value is as near to one step as to the next, either is right.
        near_half = abs((place * 255) % 1 - 0.5) < 1e-3
        same = (colors == expected).all(axis=2) | near_half
        self.assertTrue(same.all())
        self.assertLess(near_half.mean(), 0.1)

    def test_disparity_in_pixels(self):
        image_set = self.make(scale=0.25, offset=2.5, invalid_data_value=77)
        stored = self.values(image_set.disparity.image, "<u2")
        image_set.disparity.image.data = numpy.where(
            stored < 2000, 77, stored).astype("<u2").tobytes()
        stored = self.values(image_set.disparity.image, "<u2")
        colors, meta = self.convert(
            image_set, "disparity",
            "palette=turbo range-min=600 range-max=9000.7")
        self.assertTrue((stored == 77).any())
        self.assert_colors(colors, stored * 0.25 + 2.5, 600, 9000.7,
                           stored == 77)
        self.assertEqual(meta["stream"], "disparity")

    def test_invalid_value_that_no_pixel_has(self):
        image_set = self.make(invalid_data_value=-1)
        image_set.disparity.image.data = bytes(2 * 64 * 48)
        colors, _ = self.convert(image_set, "disparity",
                                 "palette=jet range-min=0 range-max=100")
        self.assertTrue((colors == matlab_jet()[0]).all())

    def test_confidence_of_one(self):
        image_set = self.make()
        stored = self.values(image_set.confidence, "u1")
        colors, _ = self.convert(image_set, "confidence",
                                 "palette=turbo range-min=0.25 range-max=0.9")
        self.assert_colors(colors, stored / 255, 0.25, 0.9, stored == 0)

    def test_error_in_pixels(self):
        image_set = self.make(scale=0.5)
        stored = self.values(image_set.disparity_error, "u1")
        colors, _ = self.convert(image_set, "error",
                                 "palette=turbo range-min=10 range-max=100.3")
        self.assert_colors(colors, stored * 0.5, 10, 100.3, stored == 0)

    def test_depth_in_millimetres_near_is_red(self):
        """With a metre as unit, and 1080 px x 0.16 m = 172.8 px m."""
        image_set = self.make(scale=0.0625)
        disparity = numpy.full((48, 64), round(172.8 / 2 / 0.0625))
        disparity[:, 32:] = round(172.8 / 8 / 0.0625)
        disparity[0] = 0
        image_set.disparity.image.data = disparity.astype("<u2").tobytes()
        colors, meta = self.convert(
            image_set, "disparity", "palette=turbo range-min=1000 "
            "range-max=9000.1", "rcdepth unit=1 !")
        depth = numpy.where(disparity == 0, 0,
                            numpy.where(disparity > 1000, 2000, 8000))
        self.assert_colors(colors, depth, 1000, 9000.1, depth == 0,
                           invert=True)
        self.assertEqual(meta["stream"], "depth")


if __name__ == "__main__":
    unittest.main()
