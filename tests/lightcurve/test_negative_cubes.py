"""3D light curves whose fluxes may be negative: no cell of the fit is predicted below zero."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from small_store import TARGET, make_store

from tevcurve import DataStore, PowerLaw, light_curve
from tevcurve.errors import InputError
from tevcurve.lightcurve import LightCurve
from tevcurve.lightcurve.bins import by_run, by_width
from tevcurve.lightcurve.variability import chi_square

PKS_2155 = SkyCoord(329.71693826, -30.2255890, unit="deg")
QUIET = [47802, 47803, 47804, 47827, 47828, 47829]
SOFT = PowerLaw(index=3.5)


@pytest.fixture(scope="module")
def empty_position(hess_dl3_dr1):
    """A light curve of a place without a source, 0.6 deg from one, in 2-minute bins, in each method."""
    place = PKS_2155.directional_offset_by(45 * u.deg, 0.6 * u.deg)
    runs = DataStore.from_dir(hess_dl3_dr1).get_observations(QUIET)
    return {
        method: light_curve(runs, place, "2 min", [0.7, 20] * u.TeV, method=method, negative=True)
        for method in ("3d", "1d")
    }


@pytest.mark.parametrize("method", ["3d", "1d"])
@pytest.mark.parametrize("width", ["1 min", "2 min", "7 min", "28 min"])
def test_an_empty_position_has_no_significant_dips(empty_position, method, width):
    table = empty_position[method].rebin(f"{width} rest=keep").table
    sqrt_ts = np.asarray(table["sqrt_ts"])[np.isfinite(table["norm"])]
    assert -0.1 < sqrt_ts.mean() < 0.45
    assert sqrt_ts.std() < 0.8
    assert sqrt_ts.min() > -3
    assert np.nanmin(table["flux_ul"]) > 0


def test_rows_at_the_bound_say_so_and_have_no_symmetric_error(empty_position):
    table = empty_position["3d"].table
    held = table["status"] == "at_bound"
    assert np.count_nonzero(held) > 40
    assert np.all(table["norm"][held] < 0)
    for name in ("flux_err", "norm_err", "dnde_err", "eflux_err", "e2dnde_err"):
        assert np.isnan(table[name][held]).all()
    for name in ("flux_errn", "flux_errp", "flux_ul"):
        assert np.isfinite(table[name][held]).all()
    assert all("no symmetric error" in reason for reason in table["reason"][held])


@pytest.mark.parametrize("method", ["3d", "1d"])
@pytest.mark.parametrize("negative", [False, True])
def test_an_error_is_an_error_or_nan_with_words(empty_position, method, negative):
    kept = empty_position[method].origin
    kept = replace(kept, options=replace(kept.options, negative=negative))
    table = kept.rebin("20 s").table
    fitted = np.isfinite(table["norm"])
    error, upper = table["norm_err"][fitted], table["norm_errp"][fitted]
    reasons = np.asarray(table["reason"])[fitted]
    missing = np.isnan(error)
    assert missing.any()
    assert np.all(reasons[missing] != "")
    # What is left is an error of a parabola: of the size of the other ones, never rounding.
    assert np.all((error[~missing] > 0.2 * upper[~missing]) & (error[~missing] < 5 * upper[~missing]))


def test_the_empty_position_is_constant_by_toys_with_the_same_bound(empty_position):
    summary = empty_position["3d"].rebin("7 min").variability(n_toys=60)
    assert summary.ts_var.method == "toys"
    assert summary.p_value > 0.01
    assert summary.chi_square is None
    assert "Chi-square is left out" in str(summary)


def test_a_table_alone_has_no_verdict_where_rows_are_at_the_bound(empty_position, tmp_path):
    curve = empty_position["3d"].rebin("7 min")
    curve.write(tmp_path / "curve.ecsv")
    table = LightCurve.read(tmp_path / "curve.ecsv")
    with pytest.raises(InputError, match="chances are of toys, and toys need the events"):
        table.variability()
    with pytest.raises(InputError, match="Chi-square is left out"):
        chi_square(curve)


@pytest.fixture(scope="module")
def observations(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("negative")).get_observations()


@pytest.mark.parametrize("index", [1.5, 3.5])
@pytest.mark.parametrize(
    ("bins", "options"),
    [
        (by_width("2 min"), {}),
        (by_run(), {"background_error": 0.1}),
        (by_width("90 min", align="absolute"), {}),
        (by_width("90 min", align="absolute"), {"stacked": True}),
    ],
)
def test_the_bound_is_where_a_cell_of_any_run_is_empty(observations, bins, options, index):
    """Predictions in every cell of every run, summed where runs are stacked, at the lowest norm."""
    place = TARGET.directional_offset_by(30 * u.deg, 0.5 * u.deg)
    spectrum, bands = PowerLaw(index=index), [1, 3, 10] * u.TeV
    curve = light_curve(observations, place, bins, bands, spectrum=spectrum, width="1 deg", **options)
    joint, _ = curve.origin.rows()
    profile = joint.profile
    lower = profile.lower_bound()
    norms = profile.settled(lower)[0].norms
    least, scale = np.full((2, profile.n), np.inf)
    for row, cells in enumerate(joint.drawn().cells):
        cells, own = cells(), np.flatnonzero(profile.likelihood.terms.block_bin == row)
        seen = cells.signal > 0
        left = (lower[row] * cells.signal + norms[own][cells.block] * cells.background + cells.constant)[seen]
        least[row], scale[row] = np.min(left / cells.signal[seen]), abs(lower[row])
    assert np.all(least >= -1e-6 * scale)
    far = least > 1e-6 * scale
    # Where an event is in the very first cell it is never empty, however low the norm.
    stat, _, _ = profile.evaluate(lower)[0]
    at_zero, _, _ = profile.evaluate(np.zeros(profile.n))[0]
    assert np.all((stat - at_zero)[far] > 100)
    assert far.sum() < 0.5 * len(far)


@pytest.mark.parametrize("unbinned", [False, True])
def test_cells_without_events_are_looked_at_when_they_are_asked_for(observations, unbinned):
    """The bounds are the same to the last bit whether a light curve was made for fluxes below zero or not."""
    options = {"time_bins": by_width("7 min"), "unbinned": unbinned, "width": "1 deg"}
    above, below = (
        light_curve(observations, TARGET, negative=negative, **options).origin for negative in (False, True)
    )
    assert all(terms.first is None for terms in above.terms)
    assert all(terms.first is not None for terms in below.terms)
    asked, made = (vars(kept.rows()[0].profile.likelihood.terms.bounds) for kept in (above, below))
    for name, values in made.items():
        np.testing.assert_array_equal(asked[name], values)
    assert above.rows(below_zero=False)[0].profile.likelihood.terms.bounds is None
    # What was asked for is in what was asked, and nowhere else.
    assert all(terms.first is None for terms in above.terms)
