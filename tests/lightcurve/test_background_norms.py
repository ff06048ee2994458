"""Norms of backgrounds that many rows have in common: settled once, kept, and made anew with more runs."""

import logging
from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from astropy.io import fits
from numpy.testing import assert_array_equal
from small_store import TARGET, make_store

from tevcurve import LightCurve, light_curve
from tevcurve.errors import InputError
from tevcurve.lightcurve.extending import extend, rows_stand_alone, with_runs
from tevcurve.systematics import Systematic, Systematics


@pytest.fixture(scope="module")
def observations(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("store")).get_observations()


def unsettled(observations, by, bins="10 min", **options):
    effects = (
        Systematic(effect="background", sigma=0.05, by=by),
        Systematic(effect="flux_scale", sigma=0.1, by="night"),
    )
    made = light_curve(observations, TARGET, bins, [1, 3, 10] * u.TeV, width="1.2 deg", **options)
    return replace(made.origin, systematics=Systematics(effects, night_lon_rad=0.3))


@pytest.mark.parametrize(("by", "is_kept"), [("run", True), ("night", False)])
def test_more_runs_make_what_all_runs_make(observations, by, is_kept, caplog):
    """Those of runs are each run's own, that of a night is another one with one more run."""
    few, all_ = (unsettled(part, by).resolved() for part in (observations[:2], observations))
    with caplog.at_level(logging.WARNING):
        more = few.settled([all_.runs[2]])
    assert "The norms of backgrounds, " in caplog.text
    assert "with more runs they are made anew" in caplog.text
    assert not rows_stand_alone(more)
    more, old = with_runs(more, [all_.runs[2]])
    more = more.resolved()
    assert more.systematics.is_settled_as(few.systematics) == is_kept
    assert more.systematics.is_settled_as(all_.systematics)
    extended = extend(few.light_curve(), more, old) if is_kept else more.light_curve()
    whole = all_.light_curve()
    for name in whole.table.colnames:
        assert_array_equal(extended.table[name], whole.table[name], err_msg=name)


def test_other_bins_keep_them(observations):
    origin = unsettled(observations, "run").resolved()
    assert origin.rebin("run").origin.systematics.norms is origin.systematics.norms
    other = origin.rebin("run", [1, 10] * u.TeV)
    assert other.origin.systematics.norms is origin.systematics.norms
    meta = other.table.meta
    assert meta["systematics"] == ["background 0.05 by run", "flux_scale 0.1 by night"]
    assert meta["background_norms"].startswith("3 norms from ")


def test_runs_of_another_night_than_was_settled_are_refused(observations):
    origin = unsettled(observations, "run").resolved()
    norms = replace(origin.systematics.norms, names=("background 1", "background 2", "background 9"))
    other = replace(origin, systematics=replace(origin.systematics, norms=norms))
    with pytest.raises(InputError, match="background of run 3 was settled with runs that are not here"):
        other.rows()


def test_they_do_not_depend_on_time_bins(observations):
    found = [unsettled(observations, "run", bins).resolved().systematics.norms for bins in ("5 min", "night")]
    assert_array_equal(found[0].norm, found[1].norm)


def test_an_unbinned_fit_has_norms_of_its_own(observations):
    binned, unbinned = (
        unsettled(observations, "run", "run", unbinned=each).resolved().systematics.norms
        for each in (False, True)
    )
    assert np.all(np.abs(binned.norm - unbinned.norm) < 0.2 * binned.error)
    assert np.any(binned.norm != unbinned.norm)


def test_what_cannot_be_had_beside_them(observations):
    with pytest.raises(InputError, match="stacked adds up"):
        unsettled(observations, "run", stacked=True).resolved()
    with pytest.raises(InputError, match="makes these one in 3D"):
        unsettled(observations, "run", background_error=0.1).resolved()
    origin = unsettled(observations, "run")
    two = Systematic(effect="background", sigma=0.02, by="night", name="sky")
    effects = (*origin.systematics.effects, two)
    with pytest.raises(InputError, match="has two systematics"):
        replace(origin, systematics=Systematics(effects)).resolved()
    named = [
        Systematic(effect=each, sigma=0.1, by="run", name="air") for each in ("background", "flux_scale")
    ]
    with pytest.raises(InputError, match="wanted are names of their own"):
        replace(origin, systematics=Systematics(tuple(named))).resolved()


def test_what_is_printed_and_written_says_them(observations, tmp_path):
    made = unsettled(observations, "night").resolved().light_curve()
    words = f"norms of backgrounds {made.meta['background_norms']}"
    assert f"systematic errors background 0.05 by night, flux_scale 0.1 by night; {words}" in str(made)
    made.write(tmp_path / "made.fits")
    with fits.open(tmp_path / "made.fits") as hdus:
        assert hdus[1].header["SYSTEMAT"] == "background 0.05 by night, flux_scale 0.1 by night"
    assert LightCurve.read(tmp_path / "made.fits").meta["systematics"] == made.meta["systematics"]
