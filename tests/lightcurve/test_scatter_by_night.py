"""Alpha that is off by night: what rows scatter by is what their covariance says, and not what counts say."""

from types import SimpleNamespace

import numpy as np
import pytest

from tevcurve import PowerLaw
from tevcurve.data import GTI, TimeReference
from tevcurve.datasets.onoff_terms import OnOffTerms
from tevcurve.fit.norms import estimate_norms
from tevcurve.fit.onoff_likelihood import rows_of_spectra
from tevcurve.fit.row_likelihood import RunPieces
from tevcurve.lightcurve.nuisances import row_nuisances
from tevcurve.run_id import RunId
from tevcurve.systematics import Systematic, Systematics

CLOCK, EDGES = TimeReference(53000, 0.0, "tt"), np.array([1.0, 10.0])
SPECTRUM = PowerLaw(index=2.5, amplitude="1e-11 cm-2 s-1 TeV-1")
SIGNAL, BACKGROUND, ALPHA, ERROR = 40.0, 150.0, 0.2, 0.08
N_NIGHTS, N_RUNS, N_TOYS, LENGTH = 4, 6, 100, 1700.0


def run(number, n_on, n_off, flux):
    """A run of one energy bin; six make a night."""
    start = 86400.0 * (number // N_RUNS) + 1800.0 * (number % N_RUNS)
    return OnOffTerms.of_counts(
        np.array([n_on]),
        np.array([n_off]),
        GTI(np.array([start]), np.array([start + LENGTH]), CLOCK),
        EDGES,
        run_id=RunId("X", str(number)),
        acceptance_off=np.array([1 / ALPHA]),
        exposure_per_s=np.array([SIGNAL / LENGTH / flux[0]]),
        edisp=np.ones((1, 1)),
        true_edges_tev=EDGES,
        mask_safe=np.ones(1, dtype=bool),
    )


def rows_of(rng, flux):
    """Rows of a constant source, one for each run, whose alpha is off by an error that each night has of its own."""
    n = N_NIGHTS * N_RUNS
    off = 1 + ERROR * np.repeat(rng.normal(size=N_NIGHTS), N_RUNS)
    n_on, n_off = rng.poisson(SIGNAL + BACKGROUND * off), rng.poisson(BACKGROUND / ALPHA, n)
    runs = [run(k, *counts, flux) for k, counts in enumerate(zip(n_on, n_off, strict=True))]
    start, stop = np.transpose([each.intervals[0] for each in runs])
    pieces = RunPieces(n, np.arange(n), np.arange(n), start, stop)
    return rows_of_spectra(runs, np.zeros(1, dtype=int), pieces, flux)


def test_rows_and_their_mean_scatter_as_the_covariance_says():
    rng, flux = np.random.default_rng(4), SPECTRUM.photon_flux(EDGES)
    effect = Systematic(effect="background", sigma=ERROR, by="night")
    plan = SimpleNamespace(systematics=Systematics((effect,), night_lon_rad=0.3), spectrum=SPECTRUM)
    found = []
    for _ in range(N_TOYS):
        joint = rows_of(rng, flux)
        estimate = estimate_norms(joint.profile, negative=True, err=1)
        nuisances = row_nuisances(joint, plan, estimate.norm)
        loading = np.zeros((nuisances.n_rows, nuisances.n_nuisances))
        loading[nuisances.row, nuisances.nuisance] = nuisances.shift
        by_counts = np.diag(estimate.norm_err**2)
        for covariance in (by_counts, by_counts + loading @ loading.T):
            weight = np.linalg.solve(covariance, np.ones(nuisances.n_rows))
            mean, error = weight @ estimate.norm / weight.sum(), weight.sum() ** -0.5
            rest = estimate.norm - mean
            found.append((mean, error, rest @ np.linalg.solve(covariance, rest)))
    (means, errors, chi), (mean_all, error_all, chi_all) = np.transpose(
        np.reshape(found, (N_TOYS, 2, 3)), (1, 2, 0)
    )
    freedom = N_NIGHTS * N_RUNS - 1
    assert np.std(mean_all) == pytest.approx(np.mean(error_all), rel=0.2)
    assert np.std(means) > 2 * np.mean(errors)
    assert np.mean(chi_all) / freedom == pytest.approx(1, abs=0.1)
    assert np.mean(chi) / freedom > 1.4
