"""A reduced run: sums over its events and its seconds."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from simulated_cubes import geometries

from tevcurve.data import GTI, TimeReference
from tevcurve.datasets import ReducedCube
from tevcurve.run_id import RunId

REFERENCE = TimeReference(51910, 0.000742870370370241)


class Area:
    """An effective area of E * (1 - offset / 0.1 rad) * 1e10 cm2."""

    def effective_area(self, energy, offset):
        return 1e10 * energy * (1 - offset / 0.1)


def make_cube(intervals=((0, 100), (150, 400)), slice_edges=(0.0, 50.0, 200.0, 400.0)):
    geom, _ = geometries()
    rng = np.random.default_rng(3)
    intervals = np.array(intervals, dtype=float).reshape(-1, 2)
    slice_edges = np.array(slice_edges)
    return ReducedCube(
        run_id=RunId.of(7),
        geom=geom,
        true_edges=np.array([1.0, 4.0, 9.0]),
        gti=GTI(intervals[:, 0], intervals[:, 1], REFERENCE),
        deadc=0.8,
        pointing=(1.0, 0.3),
        inside=np.ones(geom.data_shape[1:], dtype=bool),
        time_s=np.array([1.0, 2.0, 3.0]),
        energy_tev=np.array([1.0, 1.0, 3.0]),
        lon=np.full(3, 1.0),
        lat=np.full(3, 0.3),
        cell=np.array([5, 5, 1599]),
        background_rate=rng.uniform(size=(len(slice_edges) - 1, *geom.data_shape)),
        slice_edges=slice_edges,
        aeff=Area(),
        psf=None,
        edisp=None,
    )


def test_counts_are_events_per_cell():
    counts = make_cube().counts()
    assert counts.shape == (4, 20, 20)
    assert (counts[0, 0, 5], counts[3, 19, 19], counts.sum()) == (2, 1, 3)


def test_times():
    cube = make_cube()
    assert (cube.ontime_s, cube.livetime_s) == (350, pytest.approx(280))
    # Good time is [0, 100) and [150, 400); slices are [0, 50), [50, 200), [200, 400).
    assert_array_equal(cube.slice_ontimes(), [50, 100, 200])


def test_background_is_each_slice_times_its_seconds():
    cube = make_cube()
    first, second, third = cube.background_rate
    assert_allclose(cube.background(), 50 * first + 100 * second + 200 * third)


def test_without_good_time_there_is_nothing():
    cube = make_cube(intervals=())
    assert cube.ontime_s == 0
    assert not cube.background().any()
    assert not cube.exposure_at(1.0, 0.3).any()


def test_exposure_is_area_at_the_bins_centres_and_the_offset_times_live_time():
    exposure = make_cube().exposure_at(1.0, 0.32)
    assert_allclose(exposure, 1e10 * np.array([2.0, 6.0]) * 0.8 * 280)
