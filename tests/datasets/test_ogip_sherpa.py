"""Sherpa opens our OGIP files and finds the same predictions, statistic and best fit (needs the extra `sherpa`)."""

import warnings

import astropy.units as u
import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from tevcurve.datasets.onoff import SpectrumDatasetOnOff
from tevcurve.irf import EDispKernel
from tevcurve.models import PowerLaw

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    ui = pytest.importorskip("sherpa.astro.ui", reason="Sherpa is not here: pip install tevcurve[sherpa].")


def dataset(alpha_varies):
    random = np.random.default_rng(8)
    e_true, e_reco = np.geomspace(0.3, 30, 25) * u.TeV, np.geomspace(0.7, 10, 11) * u.TeV
    ratio = np.log(np.sqrt(e_reco[1:] * e_reco[:-1]) / np.sqrt(e_true[1:] * e_true[:-1])[:, None])
    matrix = np.exp(-0.5 * (ratio.value / 0.2) ** 2)
    matrix /= np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    data = SpectrumDatasetOnOff(
        counts=np.zeros(10),
        counts_off=random.poisson(np.geomspace(30, 0.2, 10)),
        acceptance=1.0,
        acceptance_off=np.linspace(9, 15, 10) if alpha_varies else 12,
        exposure=np.geomspace(2e11, 5e12, 24) * u.Unit("cm2 s"),
        edisp=EDispKernel(matrix, e_true, e_reco),
        livetime="1581.7 s",
        mask_safe=np.arange(10) > 0,
        model=PowerLaw(index=2.6, amplitude="4e-11 cm-2 s-1 TeV-1", reference="1 TeV"),
        name="crab",
    )
    data.counts.data[:] = random.poisson(data.npred_signal() + data.alpha * np.geomspace(30, 0.2, 10))
    return data


@pytest.fixture(params=[False, True], ids=["one alpha", "alpha per bin"])
def written(request, tmp_path):
    data = dataset(request.param)
    assert np.any(data.counts_off.data == 0)
    path = data.write_ogip(tmp_path / "crab.pha")["pha"]
    ui.clean()
    ui.load_pha(str(path))
    ui.set_stat("wstat")
    ui.ignore_bad()
    ui.set_source(ui.powlaw1d.crab)
    # Energies are in keV there.
    ui.set_par("crab.gamma", 2.6, frozen=True)
    ui.set_par("crab.ref", 1e9, frozen=True)
    ui.set_par("crab.ampl", 4e-20, min=1e-22, max=1e-17)
    return data


def test_predictions_and_statistic_are_the_same(written):
    predicted = ui.get_data().eval_model(ui.get_model())
    np.testing.assert_allclose(predicted, written.npred_signal(), rtol=1e-9)
    assert ui.calc_stat() == pytest.approx(written.stat_sum(), rel=1e-9)


def test_the_best_fit_is_the_same(written):
    ui.set_method("neldermead")
    ui.fit()

    def stat(amplitude):
        written.model.parameters["amplitude"].value = amplitude
        return written.stat_sum()

    best = minimize_scalar(stat, bounds=(1e-12, 1e-9), method="bounded", options={"xatol": 1e-17})
    assert ui.get_par("crab.ampl").val * 1e9 == pytest.approx(best.x, rel=1e-4)
    assert ui.calc_stat() == pytest.approx(best.fun, rel=1e-7)
