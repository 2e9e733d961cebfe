# SPDX-License-Identifier: LGPL-2.1-or-later
"""rcgrpc-sim's images, recomputed with numpy: they fit each other and the
geometry of the scene that simworld.h describes. Usage: test_sim_scene.py SIM"""

import sys
import unittest

try:
    import numpy as np
    import sim_process
    from sim_process import ALL, one_set, pixels, points, read_ply
except ImportError as e:
    print("skipped:", e)
    sys.exit(77)

PROGRAM = None

# The world's frame against the left camera's, metres and radians.
PITCH = 0.2
GROUND_Y = 0.6
WALL_Z = 2.6
BALL_RADIUS = 0.14


def to_world(xyz):
    cosine, sine = np.cos(PITCH), np.sin(PITCH)
    x, y, z = np.moveaxis(xyz, -1, 0)
    return np.stack([x, cosine * y + sine * z, cosine * z - sine * y], axis=-1)


def sample_row_cubic(image, columns):
    """The image at fractional columns (pixel centres at whole numbers), with
    Catmull-Rom splines."""
    base = np.floor(columns).astype(int)
    t = columns - base
    rows = np.arange(image.shape[0])[:, None]
    a, b, c, d = (image[rows, np.clip(base + k, 0, image.shape[1] - 1)]
                  for k in (-1, 0, 1, 2))
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d
                                       + t * (3 * (b - c) + d - a)))


def fit_plane(xyz):
    """The unit normal, and the distance along it."""
    centre = xyz.mean(axis=0)
    normal = np.linalg.svd(xyz - centre, full_matrices=False)[2][2]
    return normal, centre @ normal


def fit_sphere(xyz):
    """Centre and radius: |p|² = 2 p·c + r² − |c|² is linear."""
    system = np.column_stack([2 * xyz, np.ones(len(xyz))])
    x = np.linalg.lstsq(system, (xyz ** 2).sum(axis=1), rcond=None)[0]
    return x[:3], np.sqrt(x[3] + x[:3] @ x[:3])


class Scene(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with sim_process.Sim(PROGRAM, "--size=960x720", "--quality=full",
                             "--color", "--fps=0") as sim:
            # Two moments of the loop.
            cls.sets = sim.take(4, **ALL)[::3]
            cls.colored = sim.take(4, color=True, mesh_enabled=True,
                                   **ALL)[::3]

    def test_left_and_right_show_the_same_point(self):
        for s in self.sets:
            left = pixels(s.left).astype(float)
            right = pixels(s.right).astype(float)
            d16 = pixels(s.disparity.image)
            columns = np.arange(s.left.width)[None, :]
            inside = (d16 != 0) & (columns - d16 * s.disparity.scale > 2)

            def differences(error):
                d = d16 * s.disparity.scale + error
                warped = sample_row_cubic(right, columns - d)
                return np.abs(left - warped)[inside]

            exact = differences(0)
            self.assertGreater(inside.mean(), 0.9)
            self.assertLess(np.median(exact), 1)
            self.assertLess(np.percentile(exact, 98), 6)
            # And nowhere else: the texture is rich enough to be matched.
            for error in (-1, 1):
                self.assertGreater(differences(error).mean(), 4 * exact.mean())

    def test_every_part_of_the_image_can_be_matched(self):
        left = pixels(self.sets[0].left).astype(float)
        blocks = left.reshape(720 // 24, 24, 960 // 24, 24)
        contrast = blocks.std(axis=(1, 3))
        self.assertGreater(contrast.min(), 2)

    def test_ground_and_wall_are_where_they_should_be(self):
        for s in self.sets:
            world = to_world(points(s.disparity))
            rows = s.disparity.image.height
            for name, part, normal, distance in (
                    ("ground", world[-rows // 12:], (0, 1, 0), GROUND_Y),
                    ("wall", world[:rows // 4], (0, 0, 1), WALL_Z)):
                part = part[~np.isnan(part[..., 0])]
                n, d = fit_plane(part)
                n, d = n * np.sign(d), abs(d)
                self.assertGreater(n @ normal, 0.9999, name)
                self.assertAlmostEqual(d, distance, delta=0.003, msg=name)

    def test_ball_has_its_radius(self):
        for s in self.sets:
            world = to_world(points(s.disparity))
            with np.errstate(invalid="ignore"):
                ball = (world[..., 1] < 0.56) & (world[..., 2] < 1.7)
            self.assertGreater(ball.sum(), 5000)
            centre, radius = fit_sphere(world[ball])
            self.assertAlmostEqual(radius, BALL_RADIUS, delta=0.003)
            self.assertLess(centre[1] + radius, GROUND_Y + 0.005)

    def test_the_ball_moves(self):
        a, b = (pixels(s.disparity.image).astype(int) for s in self.sets)
        self.assertGreater((np.abs(a - b) > 8).sum(), 5000)

    def test_valid_points_are_not_hidden_from_the_right_camera(self):
        for s in self.sets:
            d = pixels(s.disparity.image) * s.disparity.scale
            columns = np.arange(d.shape[1])
            hidden = 0
            for row in d:
                valid = row > 0
                at = np.round(columns - row).astype(int)[valid]
                nearest = np.zeros(d.shape[1])
                np.maximum.at(nearest, at, row[valid])
                hidden += (nearest[at] > row[valid] + 3).sum()
            # A silhouette's rounding to whole columns.
            self.assertLess(hidden / d.size, 0.001)

    def test_some_points_are_hidden_and_some_out_of_the_image(self):
        for s in self.sets:
            d16 = pixels(s.disparity.image)
            reach = d16[:, 100:].min(axis=1, initial=65535,
                                     where=d16[:, 100:] > 0)
            self.assertTrue((d16[:, 0] == 0).all())
            self.assertTrue((reach > 0).all())
            self.assertGreater((d16[:, 100:] == 0).sum(), 500)

    def test_confidence_and_error_fit_the_disparity(self):
        for s in self.sets:
            invalid = pixels(s.disparity.image) == 0
            confidence = pixels(s.confidence)
            error = pixels(s.disparity_error)
            self.assertTrue(((confidence == 0) == invalid).all())
            self.assertTrue(((error == 0) == invalid).all())
            self.assertEqual(confidence.max(), 255)
            self.assertGreater(len(np.unique(confidence)), 50)
            order = np.argsort(confidence[~invalid])
            self.assertTrue(
                (np.diff(error[~invalid][order].astype(int)) <= 0).all())

    def test_grey_is_the_colour_image_without_colour(self):
        for s, c in zip(self.sets, self.colored):
            for grey, color in ((s.left, c.left), (s.right, c.right)):
                self.assertEqual(color.encoding, "rgb8")
                luma = pixels(color) @ [0.299, 0.587, 0.114]
                self.assertLess(np.abs(luma - pixels(grey)).max(), 2)
                self.assertGreater(np.ptp(pixels(color), axis=2).max(), 100)

    def test_mesh_is_the_disparity_image(self):
        for s in self.colored:
            xyz, rgb, faces = read_ply(s.mesh.data)
            expected = points(s.disparity)
            valid = ~np.isnan(expected[..., 0])
            self.assertEqual(s.mesh.format, "ply")
            self.assertEqual(len(xyz), valid.sum())
            np.testing.assert_allclose(xyz, expected[valid], rtol=1e-5,
                                       atol=1e-6)
            np.testing.assert_array_equal(rgb, pixels(s.left)[valid])
            self.assertGreater(len(faces), 1.8 * len(xyz))
            self.assertTrue(((faces >= 0) & (faces < len(xyz))).all())
            depth = xyz[:, 2][faces]
            ratio = depth.max(axis=1) / depth.min(axis=1)
            self.assertLess(ratio.max(), 1.09)

    def test_mesh_has_no_more_points_than_asked_for(self):
        for binning in (0, 1):
            s = one_set(PROGRAM, "--size=320x240", "--quality=full",
                        mesh_enabled=True, disparity_enabled=True,
                        mesh_options=dict(max_points=5000,
                                          binning_method=binning))
            xyz, _, faces = read_ply(s.mesh.data)
            self.assertLessEqual(len(xyz), 5000)
            self.assertGreater(len(xyz), 2500)
            self.assertGreater(len(faces), len(xyz))
            # Each vertex is one of the disparity image's points.
            all_points = points(s.disparity).reshape(-1, 3)
            known = {tuple(p) for p in np.round(
                all_points[~np.isnan(all_points[:, 0])], 4)}
            found = np.mean([tuple(p) in known for p in
                             np.round(xyz.astype(float), 4)])
            self.assertGreater(found, 0.98)

    def test_seed_baseline_and_focal_length(self):
        request = dict(left_enabled=True, disparity_enabled=True)
        size = "--size=320x240"
        plain = one_set(PROGRAM, size, **request)
        again = one_set(PROGRAM, size, **request)
        other = one_set(PROGRAM, size, "--seed=5", **request)
        self.assertEqual(plain.left.data, again.left.data)
        self.assertNotEqual(plain.left.data, other.left.data)
        wide = one_set(PROGRAM, size, "--baseline=0.13", **request)
        long = one_set(PROGRAM, size, "--focal-length=540", **request)
        self.assertAlmostEqual(wide.disparity.baseline, 0.13, places=6)
        self.assertEqual(long.left.focal_length, 540)
        self.assertEqual(long.disparity.image.focal_length, 270)
        for s in (plain, wide, long):
            world = to_world(points(s.disparity))[:10]
            self.assertAlmostEqual(
                np.nanmedian(world[..., 2]), WALL_Z, delta=0.03)


if __name__ == "__main__":
    PROGRAM = sys.argv.pop(1)
    unittest.main()
