"""Fields with neighbours and extended sources, against the truth of simulations and likelihoods summed by hand."""

import astropy.units as u
import numpy as np
import pytest
from scipy.optimize import minimize
from sky_fields import BAND, TARGET, beside, expected_at, runs_of, sky_model, spectrum_of

from tevcurve import light_curve
from tevcurve.lightcurve.bins import by_run
from tevcurve.models import SkyGaussian

TRUTH = spectrum_of().photon_flux(BAND.to_value("TeV"))[0]


def made(observations, models=(), name="source", **options):
    """A light curve by run of the source at the target."""
    own = any(model.name == name for model in models)
    options = {"energy_edges": BAND, "norm_values": None, "binsz": "0.1 deg", "width": "2.4 deg"} | options
    spectrum = None if own else spectrum_of()
    return light_curve(
        observations, TARGET, by_run(), spectrum=spectrum, name=name, models=list(models), **options
    )


def mean_of(lc):
    """(mean flux over the truth of a source of 1e-11, its error)."""
    flux, error = (np.asarray(lc.table[name]) for name in ("flux", "flux_err"))
    weight = error**-2.0
    return np.sum(flux * weight) / weight.sum() / TRUTH, weight.sum() ** -0.5 / TRUTH


BRIGHT = [sky_model("source"), sky_model("bright", beside(40, 0.6), 15)]
EQUAL = [sky_model("source"), sky_model("equal", beside(40, 0.1))]
WIDE = [sky_model("source", factor=3, shape=SkyGaussian, sigma="0.2 deg")]


@pytest.fixture(scope="module")
def fields():
    """Four runs of each field."""
    return {
        name: runs_of(models, 4) for name, models in (("bright", BRIGHT), ("equal", EQUAL), ("wide", WIDE))
    }


@pytest.mark.parametrize("unbinned", [False, True])
@pytest.mark.parametrize("neighbours", ["free", "fixed", "once"])
@pytest.mark.parametrize("name", ["bright", "equal"])
def test_a_neighbour_takes_its_part(fields, name, neighbours, unbinned):
    neighbour = {"bright": BRIGHT, "equal": EQUAL}[name][1]
    alone, error = mean_of(made(fields[name], unbinned=unbinned))
    assert abs(alone - 1) > 3 * error
    right, error = mean_of(made(fields[name], [neighbour], neighbours=neighbours, unbinned=unbinned))
    assert abs(right - 1) < 2.5 * error


@pytest.mark.parametrize("unbinned", [False, True])
def test_an_extended_source_has_its_flux(fields, unbinned):
    point, _ = mean_of(made(fields["wide"], unbinned=unbinned))
    assert point < 0.5 * 3
    right, error = mean_of(made(fields["wide"], WIDE, unbinned=unbinned))
    assert abs(right - 3) < 2.5 * error


def brute_force(observations, models, lc):
    """(norm, error) of the first model in one run: a minimum over its flux, that of the others, and the background."""
    (run,), (terms,) = lc.origin.runs, lc.origin.terms
    at = np.searchsorted(run.time_s, terms.time_s)
    places = run.energy_tev[at], run.lon[at], run.lat[at]
    parts = [run, *run.others]
    expected = [expected_at(run, part, model, places) for part, model in zip(parts, models, strict=True)]
    templates = np.stack([*(density for density, _ in expected), terms.background[0]])
    totals = np.array([*(total for _, total in expected), terms.background_total[0, 0]])
    seconds = run.gti.ontime_s * np.array([*(run.deadc for _ in expected), 1])
    templates, totals = templates * seconds[:, None], totals * seconds

    def half(x):
        there = x @ templates
        return np.inf if there.min() <= 0 else totals @ x - np.log(there).sum()

    def slope(x):
        return totals - templates @ (1 / (x @ templates))

    best = minimize(half, np.ones(len(totals)), jac=slope, method="BFGS", options={"gtol": 1e-9}).x
    weighted = templates / (best @ templates)
    return best[0], np.linalg.inv(weighted @ weighted.T)[0, 0] ** 0.5


FIELDS = {
    "two points": EQUAL,
}


@pytest.mark.parametrize("name", FIELDS)
def test_it_is_the_minimum_over_sums_over_points(name):
    models = FIELDS[name]
    observations = runs_of(models, 1, seed=3)
    lc = made(
        observations,
        models,
        unbinned=True,
        width="5 deg",
        binsz="0.2 deg",
        offset_max="3 deg",
        safe_energy=None,
        e_true=np.geomspace(0.1, 100, 385) * u.TeV,
    )
    norm, error = brute_force(observations, models, lc)
    row = lc.table[0]
    flux = models[0].spectral_model.photon_flux(BAND.to_value("TeV"))[0]
    assert row["flux"] / flux == pytest.approx(norm, abs=1e-3 * error)
    assert row["flux_err"] / flux == pytest.approx(error, rel=1e-3)
