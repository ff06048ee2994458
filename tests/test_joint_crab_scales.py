"""Scales between H.E.S.S., MAGIC and FACT by their public runs on the Crab nebula, beside a fit of the counts."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from numpy.testing import assert_allclose
from scipy.optimize import minimize_scalar
from scipy.special import xlogy

from tevcurve import CrossCalibration, Instrument, PowerLaw, light_curve
from tevcurve.errors import InputError
from tevcurve.lightcurve.variability import ts_var

CRAB = SkyCoord(83.6333, 22.0145, unit="deg")
FOLDERS = {"hess": "hess-dl3-dr1", "magic": "magic/rad_max/data", "fact": "others/fact"}
# FACT's files have no safe energies.
OWN = {"fact": {"safe_energy": None}}
OPTIONS = {
    "energy_edges": [1, 10] * u.TeV,
    "method": "1d",
    "spectrum": PowerLaw(index=2.5, amplitude="3.45e-11 cm-2 s-1 TeV-1", reference="1 TeV"),
}


@pytest.fixture(scope="module")
def folders(gammapy_data):
    made = {name: gammapy_data / folder for name, folder in FOLDERS.items()}
    for folder in made.values():
        if not folder.is_dir():
            pytest.skip(f"The data are not here: they lie in {folder}.")
    return made


def joined(folders, from_="constant", **sigma):
    """The light curve of the three by night."""
    return light_curve(
        target=CRAB,
        time_bins="night",
        instruments={name: Instrument(str(folder), **OWN.get(name, {})) for name, folder in folders.items()},
        cross_calibration=CrossCalibration(
            reference="hess", sigma={"magic": "free", "fact": "free"} | sigma, from_=from_
        ),
        **OPTIONS,
    )


@pytest.fixture(scope="module")
def curve(folders):
    return joined(folders)


def log_norm(folder, **options):
    """(ln of the norm of the counts of all runs, its error), each run with a background of its own, by scipy."""
    curve = light_curve(str(folder), CRAB, "run", **OPTIONS, **options)
    rows = curve.table
    on, off, alpha = (np.asarray(rows[name]) for name in ("n_on", "n_off", "alpha"))
    # Some runs have no counts, so that no column tells what they expect.
    signal = curve.origin.rows()[0].signal_rates(0) * np.asarray(rows["livetime"])

    def half(log):
        source = np.exp(log) * signal
        # The background is the root of a square (XSPEC manual, appendix on statistics).
        linear = alpha * (on + off) - (1 + alpha) * source
        root = np.sqrt(linear**2 + 4 * alpha * (1 + alpha) * off * source)
        known = np.where(
            off > 0, (linear + root) / (2 * alpha * (1 + alpha)), on / (1 + alpha) - source / alpha
        )
        background = np.maximum(known, 0)
        expected = source + alpha * background
        return np.sum(expected - xlogy(on, expected) + background - xlogy(off, background))

    best = minimize_scalar(half, bounds=(-3, 3), method="bounded", options={"xatol": 1e-9}).x
    step = 1e-3
    return best, ((half(best + step) - 2 * half(best) + half(best - step)) / step**2) ** -0.5


def test_scales_of_a_constant_source_are_those_of_the_counts(folders, curve):
    norms = {name: log_norm(folder, **OWN.get(name, {})) for name, folder in folders.items()}
    (hess, hess_error), scales = norms["hess"], curve.scales
    for row, name in enumerate(("magic", "fact")):
        value, error = norms[name]
        assert scales["instrument"][row] == name
        assert scales["log_scale"][row] == pytest.approx(value - hess, abs=2e-3)
        assert scales["error"][row] == pytest.approx(np.hypot(error, hess_error), rel=5e-3)
    # What both share is the error of the reference.
    product = scales["error"][0] * scales["error"][1]
    assert scales.meta["correlation"][0][1] == pytest.approx(hess_error**2 / product, rel=0.02)
    assert_allclose(scales["scale"], [0.87, 0.732], atol=0.01)
    assert_allclose(scales["error"], [0.15, 0.095], atol=0.001)


def test_the_crab_varies_without_scales_and_does_not_with_them(curve):
    found = ts_var(curve, n_toys=0)
    assert found.n_free == 4
    assert found.value == pytest.approx(6.3, abs=0.5)
    assert found.p_value == pytest.approx(0.17, abs=0.02)


def test_no_two_of_them_observed_at_the_same_time(folders):
    with pytest.raises(InputError, match="magic never observed at the same time as hess") as error:
        joined(folders, "overlap", fact=0.15)
    assert "hess 1.87 h, magic 0.659 h, fact 10.3 h" in str(error.value)
    both = joined(folders, "overlap", fact=0.15, magic=0.1)
    assert_allclose(both.scales["scale"], 1)
    assert_allclose(both.scales["error"], [0.1, 0.15])
    assert len(both.scales.meta["not_told"]) == 2
