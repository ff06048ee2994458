"""Rows made some at a time: those of all at once to the last digit, in memory that grows with their table only."""

import tracemalloc

import astropy.units as u
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from small_store import TARGET, make_store

from tevcurve import PowerLaw, light_curve
from tevcurve.lightcurve import rows_in_blocks
from tevcurve.lightcurve.bins import by_edges, by_width
from tevcurve.lightcurve.row_table import _FilledRows
from tevcurve.systematics import Systematic

SPECTRUM = PowerLaw(index=2.3, amplitude="3e-11 cm-2 s-1 TeV-1")
METHODS = {"1d": {}, "3d": {"width": "1.2 deg"}}


@pytest.fixture(scope="module")
def observations(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("store")).get_observations()


def origin_of(observations, method, **options):
    made = light_curve(
        observations, TARGET, "run", (1, 3, 10) * u.TeV, method, SPECTRUM, **METHODS[method], **options
    )
    return made.origin


def n_blocks(origin):
    time_bins = origin.laid(origin.terms)
    found = [(block.first, block.stop) for block in rows_in_blocks.blocks_of_rows(origin, time_bins, False)]
    assert [first for first, _ in found] == [0, *(stop for _, stop in found[:-1])]
    assert found[-1][1] == time_bins.n_bins
    return len(found)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"negative": True, "background_error": 0.1},
        {"systematics": (Systematic(effect="flux_scale", sigma=0.1, by="night"),)},
        {"free": ("index",)},
    ],
    ids=["plain", "background_error", "systematics", "free"],
)
def test_they_are_those_of_all_at_once(observations, method, options, monkeypatch):
    origin = origin_of(observations, method, **options)
    # The last bin is long after all runs, in a block without any.
    edges = by_edges(
        [*sorted(set(origin.rebin(by_width("3 min")).time_start.iso)), "2010-01-01", "2010-01-02"]
    )
    whole = origin.rebin(edges).table
    monkeypatch.setattr(rows_in_blocks, "AT_ONCE", 60)
    parts = origin.rebin(edges)
    assert n_blocks(parts.origin) > 3
    assert parts.table.colnames == whole.colnames
    for name in whole.colnames:
        assert_array_equal(parts.table[name], whole[name], err_msg=name)
        assert parts.table[name].dtype == whole[name].dtype


def test_rows_of_blocks_are_not_cut_to_what_the_first_ones_are():
    rows = _FilledRows(3)
    rows.fill(0, {"counts": np.array([1, 2]), "words": np.array(["a", "b"])}, ["ok", "ok"], ["", ""])
    rows.fill(2, {"counts": np.array([0.5]), "words": np.array(["longer"])}, ["ok"], [""])
    assert rows.columns["counts"].tolist() == [1, 2, 0.5]
    assert rows.columns["words"].tolist() == ["a", "b", "longer"]
    with pytest.raises(RuntimeError, match="counts"):
        rows.fill(2, {"counts": np.array([0.5])}, ["ok"], [""])


def test_rows_that_depend_on_all_are_made_at_once(observations, monkeypatch):
    monkeypatch.setattr(rows_in_blocks, "AT_ONCE", 60)
    shaped = origin_of(observations, "1d", background="shape", shape_from="night")
    assert n_blocks(shaped.rebin(by_width("3 min")).origin) == 1


def peak_of(origin, width):
    """(bytes at the peak, rows) of a rebinning."""
    tracemalloc.start()
    try:
        rows = len(origin.rebin(by_width(width)).table)
        return tracemalloc.get_traced_memory()[1], rows
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("method", METHODS)
def test_the_peak_grows_with_the_table_alone(observations, method, monkeypatch):
    # A table has some 620 bytes a row, and there are times, bins and words: without blocks it is 3,000 and more.
    monkeypatch.setattr(rows_in_blocks, "AT_ONCE", 2**12)
    origin = origin_of(observations, method)
    peak_of(origin, "1 min")  # what is made once
    (small, fewer), (large, more) = (peak_of(origin, width) for width in ("8 s", "4 s"))
    assert more > 1.9 * fewer
    assert (large - small) / (more - fewer) < 1250
