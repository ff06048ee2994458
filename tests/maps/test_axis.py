"""Axes: the edges are the caller's, bins are half-open."""

import pickle

import astropy.units as u
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tevcurve.errors import InputError
from tevcurve.maps import MapAxis


def test_tutorial_energy_axis_is_logarithmic_between_exact_bounds():
    axis = MapAxis.from_bounds(0.7, 10, 10, unit="TeV", name="energy", interp="log")
    assert (axis.name, axis.interp, axis.unit, axis.nbin) == ("energy", "log", u.TeV, 10)
    assert axis.edges[0] == 0.7 * u.TeV
    assert axis.edges[-1] == 10 * u.TeV
    np.testing.assert_allclose(axis.edges.value, 0.7 * (10 / 0.7) ** (np.arange(11) / 10), rtol=2e-15)
    np.testing.assert_allclose(
        axis.center.value, np.sqrt(axis.edges.value[1:] * axis.edges.value[:-1]), rtol=1e-15
    )
    np.testing.assert_array_equal(axis.bin_width.value, np.diff(axis.edges.value))


def test_energy_edges_are_those_of_the_reference(reference_dir):
    reference = np.load(reference_dir / "gammapy21_crab_3d_arrays.npz")
    for name, low, high, nbin in (("energy", 0.7, 10, 10), ("energy_true", 0.1, 20, 20)):
        axis = MapAxis.from_bounds(low, high, nbin, unit="TeV", name=name, interp="log")
        np.testing.assert_allclose(axis.edges.value, reference[f"{name}_edges_TeV"], rtol=2e-15)


@given(st.floats(1e-12, 1e12), st.floats(1.001, 1e9), st.integers(1, 300))
def test_bounds_are_exact_and_steps_equal(low, ratio, nbin):
    high = low * ratio
    log, lin = (MapAxis.from_bounds(low, high, nbin, interp=interp) for interp in ("log", "lin"))
    for axis in (log, lin):
        assert axis.edges.value[0] == low
        assert axis.edges.value[-1] == high
        assert axis.nbin == nbin
    # A difference of logarithms near 1 of numbers with 16 digits cannot be better than this.
    np.testing.assert_allclose(np.diff(np.log(log.edges.value)), np.log(ratio) / nbin, rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(lin.bin_width.value, (high - low) / nbin, rtol=1e-9)


def test_bounds_may_carry_their_unit():
    axis = MapAxis.from_bounds("700 GeV", 10 * u.TeV, 2, interp="log", name="energy")
    assert axis.unit == u.GeV
    np.testing.assert_array_equal(axis.edges.value[[0, 2]], [700, 10_000])
    assert MapAxis.from_bounds(0.7 * u.TeV, 10 * u.TeV, 2, unit="GeV").edges.value[-1] == 10_000


def test_edges_are_kept_to_the_last_digit():
    edges = np.array([0.1 + 0.2, 1 / 3, np.pi]) * u.TeV
    axis = MapAxis.from_edges(edges, name="energy", interp="log")
    np.testing.assert_array_equal(axis.edges.value, edges.value)
    assert MapAxis.from_edges(edges.value, unit="TeV", name="energy", interp="log") == axis
    assert MapAxis.from_edges(list(edges), name="energy", interp="log") == axis
    edges[0] = 0 * u.TeV
    assert axis.edges.value[0] == 0.1 + 0.2
    with pytest.raises(ValueError, match="read-only"):
        axis.edges[0] = 1 * u.TeV


def test_energy_bounds_per_decade_fill_whole_bins():
    assert MapAxis.from_energy_bounds("0.1 TeV", "10 TeV", 5).nbin == 5
    # 10 / 0.1 is a hair more than 100 in floating point; that must not make an eleventh bin.
    assert MapAxis.from_energy_bounds("0.1 TeV", "10 TeV", 5, per_decade=True).nbin == 10
    assert MapAxis.from_energy_bounds(100 * u.GeV, 11 * u.TeV, 5, per_decade=True).nbin == 11


def test_linear_centres_are_means():
    axis = MapAxis.from_edges([-1, 0, 4], unit="deg", name="offset")
    np.testing.assert_array_equal(axis.center, [-0.5, 2] * u.deg)


def test_bins_are_half_open_and_nan_is_outside():
    axis = MapAxis.from_edges([1, 2, 4] * u.TeV, name="energy")
    values = [0.999, 1, 1.999, 2, 3.999, 4, np.nan, np.inf] * u.TeV
    np.testing.assert_array_equal(axis.coord_to_idx(values), [-1, 0, 0, 1, 1, -1, -1, -1])
    assert axis.coord_to_idx("1500 GeV") == 0
    np.testing.assert_array_equal(axis.coord_to_idx([[1500, 2500]] * u.GeV), [[0, 1]])


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20, unique=True), st.floats(-2e6, 2e6))
def test_a_value_lies_between_the_edges_of_its_bin(edges, value):
    axis = MapAxis.from_edges(np.sort(edges))
    index = int(axis.coord_to_idx(value))
    if index < 0:
        assert value < min(edges) or value >= max(edges)
    else:
        assert axis.edges.value[index] <= value < axis.edges.value[index + 1]


def test_values_in_another_kind_of_unit_are_refused():
    axis = MapAxis.from_edges([1, 2] * u.TeV, name="energy")
    with pytest.raises(InputError, match="'energy' is in TeV, but the values came in no unit"):
        axis.coord_to_idx([1.5])
    with pytest.raises(InputError, match="came in s"):
        MapAxis.from_edges([1, 2] * u.s, unit="TeV", name="energy")


def test_equality_is_of_everything():
    axis = MapAxis.from_edges([1, 2, 3] * u.TeV, name="energy", interp="log")
    assert axis == MapAxis.from_edges([1, 2, 3], unit="TeV", name="energy", interp="log")
    assert hash(axis) == hash(MapAxis.from_edges([1, 2, 3], unit="TeV", name="energy", interp="log"))
    assert axis != MapAxis.from_edges([1, 2, 3] * u.TeV, name="energy")
    assert axis != MapAxis.from_edges([1, 2, 3] * u.TeV, name="energy_true", interp="log")
    assert axis != MapAxis.from_edges([1, 2, 3] * u.GeV, name="energy", interp="log")
    assert axis != MapAxis.from_edges([1, 2, np.nextafter(3, 4)] * u.TeV, name="energy", interp="log")
    assert axis != "energy"


def test_an_axis_survives_pickling_read_only():
    axis = pickle.loads(pickle.dumps(MapAxis.from_bounds(1, 9, 3, unit="TeV", name="energy", interp="log")))
    assert axis == MapAxis.from_bounds(1, 9, 3, unit="TeV", name="energy", interp="log")
    assert not axis.edges.flags.writeable


def test_squash_and_words():
    axis = MapAxis.from_bounds(0.7, 10, 10, unit="TeV", name="energy", interp="log")
    np.testing.assert_array_equal(axis.squash().edges, [0.7, 10] * u.TeV)
    assert axis.label(0) == "0.7 - 0.913 TeV"
    assert repr(axis) == "MapAxis('energy', 10 log bins, 0.7 to 10 TeV)"


@pytest.mark.parametrize(
    ("edges", "interp", "words"),
    [
        ([1], "lin", "two values or more"),
        (3, "lin", "two values or more"),
        ([1, 1], "lin", "must increase, but 1 follows 1"),
        ([1, 3, 2], "lin", "must increase, but 2 follows 3"),
        ([1, np.nan, 2], "lin", "must be finite"),
        ([1, np.inf], "lin", "must be finite"),
        ([0, 1], "log", "above 0 on a log axis, but the first is 0"),
        ([1, 2], "cubic", "must be 'lin' or 'log', not 'cubic'"),
    ],
)
def test_edges_that_are_no_axis_are_refused(edges, interp, words):
    with pytest.raises(InputError, match=words):
        MapAxis.from_edges(edges, unit="TeV", name="energy", interp=interp)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((1, 10, 0), "whole and above 0"),
        ((1, 10, 2.5), "whole and above 0"),
        ((10, 1, 3), "must increase"),
        ((np.nan, 1, 3), "must be finite"),
    ],
)
def test_bounds_that_are_no_axis_are_refused(arguments, words):
    with pytest.raises(InputError, match=words):
        MapAxis.from_bounds(*arguments, interp="log", unit="TeV", name="energy")


def test_energy_bounds_must_be_energies():
    with pytest.raises(InputError, match="must be energies"):
        MapAxis.from_energy_bounds("1 deg", "2 deg", 3)
