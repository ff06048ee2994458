"""Reference spectra that have no flux where it is wanted: refused, or a row that says so."""

import astropy.units as u
import numpy as np
import pytest
from small_store import SOURCE, TARGET, make_store, spectrum_datasets

from tevcurve import LightCurveEstimator, PowerLaw
from tevcurve.errors import InputError
from tevcurve.lightcurve.reference_spectrum import check_others
from tevcurve.models import ExponentialCutoffPowerLaw, PowerLawNorm, SkyModel, SkyPointSource, SpectralModel
from tevcurve.models.field import field_of
from tevcurve.pipeline import light_curve


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("store"))


def spectrum(formula):
    """A spectrum of a formula of the energy in TeV."""
    return SpectralModel.from_function(
        lambda energy, amplitude, knee: amplitude * formula(energy, knee),
        amplitude="1e-11 cm-2 s-1 TeV-1",
        knee="2 TeV",
        break_names=("knee",),
    )


ENDS = spectrum(lambda energy, knee: np.where(energy < knee, energy**-2.0, 0.0))


def make(store, model, bands, method="1d", **options):
    options = {"width": "1 deg"} | options if method == "3d" else options
    return light_curve(
        store.get_observations([1]),
        TARGET,
        energy_edges=bands * u.TeV,
        method=method,
        spectrum=model,
        **options,
    )


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (ENDS, "has no flux between 3 and 10 TeV"),
        (PowerLaw(amplitude="0 cm-2 s-1 TeV-1"), "has no flux"),
        (PowerLaw(amplitude="1e-200 cm-2 s-1 TeV-1"), "has no flux"),
        (PowerLaw(amplitude="-1e-11 cm-2 s-1 TeV-1"), "is -"),
        (spectrum(lambda energy, knee: np.where(energy < 5 * knee, energy**-2.0, np.nan)), "is nan between"),
        (spectrum(lambda energy, knee: energy**-2.0 - 0.01), "wanted is a finite flux, 0 or more"),
        (ExponentialCutoffPowerLaw(lambda_="1e3 TeV-1"), "has no flux"),
        (PowerLaw(index=700, reference="100 TeV"), "wanted is a finite flux"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_a_spectrum_without_flux_is_refused(store, model, words):
    with pytest.raises(InputError, match=words):
        make(store, model, [3, 10])
    lc = make(store, PowerLaw(index=2.7), [1, 10])
    assert lc.table["status"][0] == "ok"


@pytest.mark.parametrize("method", ["1d", "3d"])
def test_one_band_without_flux_is_a_row_that_says_so(store, method):
    lc = make(store, ENDS, [1, 3, 10], method)
    table = lc.table
    assert table["status"].tolist() == ["ok", "no_exposure"]
    assert (
        table["reason"][1] == "the reference spectrum has no flux in the band, so there is nothing to scale"
    )
    for name in ("flux", "flux_err", "flux_ul", "norm", "ts", "e_min_fit"):
        assert np.isnan(table[name][1])
    # What is above the end of the spectrum in true energy says nothing of the band below.
    alone = make(store, ENDS, [1, 3], method, e_true=lc.origin.axes.true * u.TeV).table
    assert table["norm"][0] == pytest.approx(alone["norm"][0], rel=1e-9)
    assert lc.hardness()["reason"][0] == table["reason"][1]


def test_a_spectrum_that_ends_below_e_ref_has_no_differential_flux(store):
    table = make(store, ENDS, [1, 10]).table
    assert table["status"][0] == "ok"
    assert table["flux"][0] == pytest.approx(table["norm"][0] * 1e-11 * 0.5, rel=1e-9)
    assert np.isnan([table[name][0] for name in ("ref_dnde", "dnde", "dnde_ul", "e2dnde_ul")]).all()
    assert "no flux at e_ref" in table["reason"][0]


def test_a_rebinned_light_curve_refuses_it_too(store):
    lc = make(store, ENDS, [1, 10])
    with pytest.raises(InputError, match="has no flux between 3 and 10 TeV"):
        lc.rebin(energy_edges=[3, 10] * u.TeV)


@pytest.mark.parametrize("options", [{}, {"time_bins": "10 min"}])
def test_an_estimator_refuses_it_too(store, options):
    datasets = spectrum_datasets(store.get_observations())
    for dataset in datasets:
        dataset.model = ENDS.copy()
        dataset.model.name = SOURCE
    with pytest.raises(InputError, match="has no flux between 3 and 10 TeV"):
        LightCurveEstimator(datasets, source=SOURCE, **options).run("5 TeV", "3 TeV", "10 TeV")


def test_an_estimator_refuses_what_is_no_spectrum(store):
    datasets = spectrum_datasets(store.get_observations())
    for dataset in datasets:
        dataset.model = spectrum(lambda energy, knee: np.where(energy < 10 * knee, energy**-2.0, np.nan))
        dataset.model.name = SOURCE
    with pytest.raises(InputError, match="is nan between"):
        LightCurveEstimator(datasets, source=SOURCE).run("1 TeV", "0.7 TeV", "10 TeV")


def test_another_source_whose_spectrum_is_a_factor_is_refused():
    beside = SkyModel(SkyPointSource("83.9 deg", "22.1 deg"), PowerLawNorm(), name="beside")
    field, _ = field_of([beside], "Crab", (TARGET.ra.rad, TARGET.dec.rad), None)
    with pytest.raises(InputError, match=r"The spectrum of the model 'beside' is .*a factor without a unit"):
        check_others(field, np.array([0.1, 1, 10]))
