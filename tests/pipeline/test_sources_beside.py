"""1D light curves in whose regions other sources shine: fluxes against the truth of simulations, and what is kept."""

import astropy.units as u
import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sky_fields import BAND, TARGET, beside, runs_of, sky_model

from tevcurve import append_runs, light_curve
from tevcurve.errors import InputError
from tevcurve.lightcurve.bins import by_night, by_run
from tevcurve.models import SkyGaussian
from tevcurve.store import Result, write_result

SOURCE = sky_model("Crab", factor=3)
OTHER = sky_model("other", beside(60, 0.2), 20, 2.3)
N_RUNS = 16
TRUTH = SOURCE.spectral_model.photon_flux(BAND.to_value("TeV"))[0]


@pytest.fixture(scope="module")
def runs():
    return runs_of([SOURCE, OTHER], N_RUNS, 1200, seed=1)


def made(runs, models=(OTHER,), **options):
    options = {"method": "1d", "energy_edges": BAND, "norm_values": None, "cache": None} | options
    own = any(model.name == "Crab" for model in models)
    spectrum = None if own else SOURCE.spectral_model
    time_bins = options.pop("time_bins", by_run())
    return light_curve(
        runs, TARGET, time_bins, name="Crab", spectrum=spectrum, models=list(models), **options
    )


def pulls(lc, name="flux"):
    flux, error = (np.asarray(lc.table[each], dtype=float) for each in (name, f"{name}_err"))
    return (flux - TRUTH) / error


@pytest.fixture(scope="module")
def right(runs):
    return made(runs)


def test_fluxes_are_right_with_the_other_source_and_too_high_without(runs, right):
    biased = pulls(made(runs, ()))
    assert biased.mean() > 2
    assert abs(pulls(right).mean()) < 3 / np.sqrt(N_RUNS)
    assert 0.6 < pulls(right).std() < 1.5


def test_columns_add_up(right):
    table = right.table
    # A flux inside its bounds in one band: as many counts are expected as there are, nearly.
    np.testing.assert_allclose(table["npred"], table["counts"], atol=2)
    assert abs(np.mean(table["excess"] - table["npred_excess"])) < 0.3
    bare = np.asarray(table["n_on"] - table["alpha"] * table["n_off"])
    assert np.all(table["excess"] < bare - 10)


def test_a_row_is_the_minimum_over_flux_and_backgrounds(right):
    """The likelihood written out: ON and OFF counts of each energy bin, and a search for every background."""
    origin = right.origin
    terms, flux = origin.terms[0], SOURCE.spectral_model.photon_flux(origin.axes.true)
    on, off = terms.others_per_s * terms.livetime_s
    signal = flux @ terms.response * terms.livetime_s
    cells = [
        (terms.n_on[k], terms.n_off[k], terms.alpha[k], signal[k], on[k], off[k])
        for k in np.flatnonzero(terms.mask_safe)
    ]

    def stat(norm):
        total = 0.0
        for n_on, n_off, alpha, s, c_on, c_off in cells:
            mu = np.concatenate([[0.0], np.geomspace(1e-6, 200, 4000)])
            lam_on, lam_off = norm * s + c_on + alpha * mu, c_off + mu
            total += 2 * np.min(
                lam_on - n_on * np.log(lam_on) + lam_off - n_off * np.log(np.maximum(lam_off, 1e-300))
            )
        return total

    best = minimize_scalar(stat, bounds=(0.1, 4), method="bounded", options={"xatol": 1e-5})
    row = right.table[0]
    assert row["flux"] / TRUTH == pytest.approx(best.x, abs=2e-3)
    assert row["ts"] == pytest.approx(stat(0.0) - best.fun, rel=1e-3)


def test_runs_that_are_stacked_or_of_one_night_agree(runs):
    stacked, joint = (pulls(made(runs, time_bins=by_night(), stacked=each))[0] for each in (True, False))
    assert abs(joint) < 3
    assert stacked == pytest.approx(joint, abs=0.5)


@pytest.mark.parametrize("options", [{"background": "shape"}, {"background_error": 0.02}])
def test_other_rules_of_the_background_know_of_the_other_source(runs, options):
    found = pulls(made(runs, **options))
    assert abs(found.mean()) < 3 / np.sqrt(N_RUNS)
    assert pulls(made(runs[:8], (), **options)).mean() > 2


def test_an_extended_source_has_its_flux():
    source = sky_model("Crab", factor=6, shape=SkyGaussian, sigma="0.1 deg")
    lc = made(runs_of([source], 12, 1200, seed=7), (source,))
    assert abs(np.mean((np.asarray(lc.table["flux"]) - 2 * TRUTH) / lc.table["flux_err"])) < 3 / np.sqrt(12)


def test_fluxes_below_zero_and_free_indices_know_of_the_other_source(runs):
    lc = made(runs[:6], negative=True)
    np.testing.assert_allclose(lc.table["flux"], made(runs[:6]).table["flux"], rtol=1e-5)
    lc = made(runs[:12], time_bins=by_night(), free=("index",))
    index = np.asarray(lc.table["index"], dtype=float)
    error = np.asarray(lc.table["index_err"], dtype=float)
    assert np.all(np.abs(index - 2.5) < 3 * error)


def test_it_is_kept_by_results_rebinning_and_appending(runs, right, tmp_path):
    lc = made(runs[:3])
    write_result(tmp_path / "result", lc)
    kept = Result.read(tmp_path / "result").light_curve
    assert kept.origin.field.others[0].name == "other"
    np.testing.assert_array_equal(kept.rebin(by_run()).table["flux"], lc.table["flux"])
    longer = append_runs(tmp_path / "result", runs[:5]).light_curve
    np.testing.assert_array_equal(longer.table["flux"], right.table["flux"][:5])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"neighbours": "free"}, "do not tell sources apart; wanted is 'fixed', or method='3d'"),
        ({"neighbours": "once"}, "do not tell sources apart; wanted is 'fixed', or method='3d'"),
        ({"interval": "feldman-cousins"}, "interval is 'feldman-cousins', which does not know of the other"),
    ],
)
def test_what_does_not_know_of_other_sources_is_refused(runs, options, words):
    with pytest.raises(InputError, match=words):
        made(runs[:1], **options)


def test_a_source_that_is_far_away_changes_nothing(runs):
    far = sky_model("far", TARGET.directional_offset_by(0 * u.deg, 6 * u.deg), 20)
    np.testing.assert_allclose(
        made(runs[:2], (far,)).table["flux"], made(runs[:2], ()).table["flux"], rtol=1e-9
    )
