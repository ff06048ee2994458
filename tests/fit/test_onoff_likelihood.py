"""Light curves of ON/OFF spectra against the likelihood with every background an explicit parameter."""

import astropy.units as u
import numpy as np
import pytest
from astropy.time import Time
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import brentq, minimize_scalar
from simulated_cubes import light_curve

from tevcurve.datasets import SpectrumDatasetOnOff
from tevcurve.irf import EDispKernel
from tevcurve.models import PowerLaw

EDGES = [1, 2, 4, 8] * u.TeV
START = Time(54000.0, format="mjd", scale="tt")
# Signal counts in each energy bin at the model's flux, in closed form: E^-2 integrates to differences of 1/E.
SIGNAL = 2e12 * 1e-11 * np.array([0.5, 0.25, 0.125])


def spectrum(
    counts=(18, 6, 3), counts_off=(30, 12, 0), acceptance_off=(10, 10, 5), number=0, exposure=2e12, **more
):
    dataset = SpectrumDatasetOnOff(
        counts,
        counts_off,
        acceptance=1.0,
        acceptance_off=acceptance_off,
        exposure=np.full(3, exposure) * u.Unit("cm2 s"),
        edisp=EDispKernel(np.eye(3), EDGES, EDGES),
        model=PowerLaw(index=2, amplitude="1e-11 cm-2 s-1 TeV-1", reference="1 TeV", name="crab"),
        livetime=1000 * u.s,
        **more,
    )
    dataset.counts.meta = {"t_start": START + number * u.day, "t_stop": START + (number + 0.5) * u.day}
    return dataset


def least_deviance(n_on, n_off, alpha, signal):
    """Deviance of one cell at its best background, by a numerical search."""

    def deviance(background):
        total = 0.0
        for counts, expected in ((n_on, signal + alpha * background), (n_off, background)):
            total += expected - counts + (counts * np.log(counts / expected) if counts else 0)
        return 2 * total

    # The best background is where nothing is over, or at zero.
    inside = minimize_scalar(deviance, bounds=(1e-13, 500), method="bounded", options={"xatol": 1e-11}).fun
    return min(inside, deviance(1e-300)) if signal > 0 else inside


def profile_of(datasets):
    """Statistic of datasets of one time as a function of the flux factor."""

    def statistic(flux):
        total = 0.0
        for dataset in datasets:
            cells = zip(
                dataset.counts.data, dataset.counts_off.data, dataset.alpha, SIGNAL, dataset.mask, strict=True
            )
            total += sum(least_deviance(n, off, alpha, flux * s) for n, off, alpha, s, used in cells if used)
        return total

    return statistic


def check(row, datasets):
    profile = profile_of(datasets)
    found = minimize_scalar(profile, bounds=(0, 20), method="bounded", options={"xatol": 1e-9})
    best, bottom = (0.0, profile(0.0)) if profile(0.0) <= found.fun else (found.x, found.fun)

    def rise_to(rise, end):
        return brentq(lambda flux: profile(flux) - bottom - rise, best, end, xtol=1e-8)

    assert row["norm"] == pytest.approx(best, abs=1e-4)
    assert row["loglike"] == pytest.approx(bottom, abs=1e-6)
    assert row["ts"] == pytest.approx(profile(0) - bottom, abs=1e-6)
    assert row["norm"] + row["norm_errp"] == pytest.approx(rise_to(1, 20), rel=1e-5)
    if best > 0:
        lower = rise_to(1, 0) if profile(0) - bottom > 1 else 0
        assert row["norm"] - row["norm_errn"] == pytest.approx(lower, rel=1e-5, abs=1e-9)
        step = 3e-3
        curvature = (profile(best + step) - 2 * bottom + profile(best - step)) / step**2
        assert row["norm_err"] == pytest.approx(np.sqrt(2 / curvature), rel=1e-3)
    assert row["norm_ul"] == pytest.approx(rise_to(4, 30), rel=1e-5)
    rises = [profile(norm) - bottom for norm in row["norm_scan"]]
    assert_allclose(row["dloglike_scan"], rises, atol=1e-5)


@pytest.mark.parametrize(
    ("counts", "counts_off"),
    [
        ((18, 6, 3), (30, 12, 0)),
        ((5, 0, 1), (0, 0, 0)),
        ((3, 1, 0), (60, 20, 4)),
        ((0, 0, 0), (12, 5, 1)),
        ((0, 2, 0), (0, 9, 0)),
    ],
)
def test_one_bin(counts, counts_off):
    dataset = spectrum(counts, counts_off)
    row = light_curve([dataset])[0]
    check(row, [dataset])
    assert row["counts"] == row["n_on"] == sum(counts)
    assert row["n_off"] == sum(counts_off)
    assert row["excess"] == pytest.approx(
        sum(counts) - counts_off[0] / 10 - counts_off[1] / 10 - counts_off[2] / 5
    )
    # Over all energies alpha is the expected background over the OFF counts, or without any that of the acceptances.
    background = counts_off[0] / 10 + counts_off[1] / 10 + counts_off[2] / 5
    assert row["alpha"] == pytest.approx(background / sum(counts_off) if sum(counts_off) else 3 / 25)
    assert row["npred_excess"] == pytest.approx(row["norm"] * SIGNAL.sum())
    assert row["livetime"] == 1000


def test_masked_energies_are_outside():
    mask = np.array([True, False, True])
    dataset = spectrum(mask_safe=mask)
    row = light_curve([dataset])[0]
    check(row, [dataset])
    assert (row["n_on"], row["n_off"]) == (21, 30)
    assert row["npred_excess"] == pytest.approx(row["norm"] * SIGNAL[mask].sum())


def test_datasets_of_one_time_have_one_flux_and_backgrounds_of_their_own():
    datasets = [spectrum(), spectrum((9, 9, 1), (4, 5, 6), (5, 5, 5)), spectrum(number=3)]
    table = light_curve(datasets)
    assert len(table) == 2
    check(table[0], datasets[:2])
    assert table["n_runs"].tolist() == [2, 1]
    alone = light_curve([datasets[2]])
    for name in ("norm", "norm_err", "norm_ul", "ts"):
        assert table[name][1] == alone[name][0]


def test_reoptimize_changes_nothing_since_backgrounds_are_always_fitted():
    datasets = [spectrum(number=number) for number in range(2)]
    first, second = (light_curve(datasets, reoptimize=free) for free in (True, False))
    for name in ("norm", "norm_err", "norm_ul", "ts", "loglike"):
        assert_array_equal(first[name], second[name])
    assert first.meta["method"] == "1d"


def test_statuses():
    datasets = [
        spectrum((0, 0, 0), (0, 0, 0), number=0),
        spectrum((1, 0, 0), (90, 30, 10), number=1),
        spectrum(exposure=0.0, number=2),
        spectrum(number=3),
    ]
    table = light_curve(datasets)
    assert table["status"].tolist() == ["no_events", "at_zero", "no_exposure", "ok"]
    assert_allclose(table["norm"][:2], 0)
    assert np.all(np.isfinite(table["norm_ul"][:2]))
    # Without any count the limit is that of the signal's total alone.
    assert table["norm_ul"][0] == pytest.approx(2 / SIGNAL.sum(), rel=1e-9)
    assert np.isnan(table["norm"][2])
    assert np.isnan(table["norm_ul"][2])
    assert table["reason"][2]


def test_below_zero():
    dataset = spectrum((3, 1, 0), (90, 30, 10))
    row = light_curve([dataset], negative=True)[0]
    assert row["norm"] < 0
    assert row["sqrt_ts"] < 0
    # ON and OFF are explained exactly where the signal is the excess; the fit weighs the three.
    excess = np.array([3 - 9, 1 - 3, 0 - 2])
    assert min(excess / SIGNAL) < row["norm"] < max(excess / SIGNAL)
