"""gammapy's own datasets, as objects and from their files: the same numbers, and the same light curve.

ON/OFF spectra hold the same numbers, and the fluxes agree as far as gammapy's minimiser goes.

Of cubes gammapy keeps PSF and energy dispersion on a grid of 0.2 deg. What is done differently with them, and what each
does to the flux of the runs 23523 and 23559 in the datasets below, in percent:

    kernel of the PSF's table, nothing beyond its largest angle, finely sampled      -0.56  -0.37
    exposure where the photons come from, not at the pixel where they fall           -0.20  -0.29
"""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from cash_minimum import minimum_of_cash
from numpy.testing import assert_allclose, assert_array_equal

from tevcurve import (
    LightCurveEstimator,
    MapDataset,
    PowerLaw,
    PSFKernel,
    SkyModel,
    SkyPointSource,
    SpectrumDatasetOnOff,
)
from tevcurve.datasets.gammapy_files import read_gammapy
from tevcurve.datasets.gammapy_objects import from_gammapy
from tevcurve.errors import DataError, InputError

pytest.importorskip("gammapy.datasets")
import gammapy.modeling.models as their_models
from gammapy.data import DataStore
from gammapy.datasets import Datasets
from gammapy.datasets import MapDataset as TheirMapDataset
from gammapy.estimators import LightCurveEstimator as TheirEstimator
from gammapy.makers import MapDatasetMaker, SafeMaskMaker
from gammapy.maps import MapAxis, WcsGeom
from gammapy_datasets import make_onoff

# gammapy's own imports and fits warn of things that are not ours.
pytestmark = pytest.mark.filterwarnings("ignore")
CRAB = SkyCoord(83.63308, 22.0145, unit="deg")
RUNS = (23523, 23559)


def our_model():
    spectrum = PowerLaw(index=2.6, amplitude="3e-11 cm-2 s-1 TeV-1", reference="1 TeV")
    model = SkyModel(SkyPointSource.from_position(CRAB), spectrum, name="crab")
    for name in ("index", "lon_0", "lat_0"):
        model.parameters[name].frozen = True
    return model


def light_curve_of(datasets, edges, **options):
    low, high = (f"{edge} TeV" for edge in edges)
    return LightCurveEstimator(datasets, source="crab", **options).run("1 TeV", low, high).table


# ON and OFF spectra


@pytest.fixture(scope="module")
def onoff():
    return make_onoff(3, n_empty=0)


@pytest.fixture(scope="module", params=["object", "gadf", "ogip"])
def our_onoff(request, onoff, tmp_path_factory):
    if request.param == "object":
        return [from_gammapy(dataset) for dataset in onoff]
    folder = tmp_path_factory.mktemp("spectra")
    spectrum = PowerLaw(index=2.6, amplitude="3e-11 cm-2 s-1 TeV-1", reference="1 TeV")
    made = []
    for dataset in onoff:
        dataset.write(folder / f"{dataset.name}.fits", format=request.param)
        model = SkyModel(spectral_model=spectrum.copy(), name="crab")
        made.append(read_gammapy(folder / f"{dataset.name}.fits", model=model, name=dataset.name))
    return made


def test_spectra_hold_the_same_numbers(onoff, our_onoff):
    for ours, theirs in zip(our_onoff, onoff, strict=True):
        assert isinstance(ours, SpectrumDatasetOnOff)
        assert ours.name == theirs.name
        assert_array_equal(ours.counts.data, theirs.counts.data.ravel())
        assert_array_equal(ours.counts_off.data, theirs.counts_off.data.ravel())
        assert_allclose(ours.alpha, theirs.alpha.data.ravel(), rtol=1e-6)
        assert_allclose(ours.exposure.value, theirs.exposure.quantity.to_value("cm2 s").ravel(), rtol=1e-6)
        assert_array_equal(ours.mask, theirs.mask_safe.data.ravel())
        assert_allclose(
            ours.energy_edges.to_value("TeV"), theirs.counts.geom.axes[0].edges.to_value("TeV"), rtol=1e-6
        )
        # which the tables of numbers per channel do not say
        assert ours.livetime.to_value("s") == pytest.approx(1600) or np.isnan(ours.livetime)
        assert_allclose(ours.npred_signal(), theirs.npred_signal().data.ravel(), rtol=1e-5)
        assert_allclose(ours.stat_sum(), theirs.stat_sum(), rtol=1e-5)
        start, stop = ours.time_range
        assert abs((start - theirs.gti.time_start[0]).to_value("s")) < 1e-5
        assert abs((stop - theirs.gti.time_stop[-1]).to_value("s")) < 1e-5


def test_light_curves_of_spectra_agree(onoff, our_onoff):
    estimator = TheirEstimator(
        energy_edges=[0.7, 20] * u.TeV, source="crab", selection_optional=["ul"], n_sigma_ul=2
    )
    theirs = estimator.run(onoff)
    table = light_curve_of(our_onoff, (0.7, 20), sigma_ul=2)
    assert_allclose(table["norm"], theirs.norm.data.ravel(), rtol=1e-3)
    assert_allclose(table["norm_err"], theirs.norm_err.data.ravel(), rtol=0.01)
    assert_allclose(table["norm_ul"], theirs.norm_ul.data.ravel(), rtol=0.01)
    assert_allclose(table["ts"], theirs.ts.data.ravel(), rtol=1e-3)
    assert_allclose(table["time_min"], theirs.geom.axes["time"].time_min.mjd, rtol=0, atol=1e-10)


def test_a_mask_of_the_fit_is_taken_over(onoff):
    dataset = onoff[0].copy(name="masked")
    dataset.models = onoff[0].models
    dataset.mask_fit = dataset.counts.geom.energy_mask(2 * u.TeV, 10 * u.TeV)
    ours = from_gammapy(dataset)
    assert_array_equal(ours.mask, dataset.mask.data.ravel())
    assert 0 < ours.mask.sum() < len(ours.mask)
    assert_allclose(ours.stat_sum(), dataset.stat_sum(), rtol=1e-9)


def test_the_estimator_takes_them_as_they_are(onoff):
    before = onoff[0].counts.data.copy()
    table = light_curve_of(onoff, (0.7, 20))
    again = light_curve_of([from_gammapy(dataset) for dataset in onoff], (0.7, 20))
    assert_array_equal(table["norm"], again["norm"])
    assert len(light_curve_of(onoff[0], (0.7, 20))) == 1
    assert_array_equal(onoff[0].counts.data, before)


# Cubes


@pytest.fixture(scope="module")
def cubes(hess_dl3_dr1):
    """gammapy's map datasets of two Crab runs, with a free background norm each."""
    store = DataStore.from_dir(hess_dl3_dr1)
    reco = MapAxis.from_energy_bounds("0.7 TeV", "10 TeV", 5)
    true = MapAxis.from_energy_bounds("0.3 TeV", "20 TeV", 10, name="energy_true")
    geom = WcsGeom.create(skydir=CRAB, binsz=0.04, width=1.6, frame="icrs", axes=[reco], proj="TAN")
    safe = SafeMaskMaker(methods=["offset-max"], offset_max="2 deg")
    model = their_models.SkyModel(
        their_models.PowerLawSpectralModel(index=2.6, amplitude="3e-11 cm-2 s-1 TeV-1"),
        their_models.PointSpatialModel(lon_0=CRAB.ra, lat_0=CRAB.dec, frame="icrs"),
        name="crab",
    )
    for name in ("index", "lon_0", "lat_0"):
        model.parameters[name].frozen = True
    made = Datasets()
    for obs_id in RUNS:
        observation = store.get_observations([obs_id])[0]
        dataset = TheirMapDataset.create(geom, energy_axis_true=true, name=f"run{obs_id}")
        made.append(safe.run(MapDatasetMaker().run(dataset, observation), observation))
    made.models = [model, *(their_models.FoVBackgroundModel(dataset_name=each.name) for each in made)]
    return made


@pytest.fixture(params=["object", "file"])
def our_cubes(request, cubes, tmp_path):
    if request.param == "object":
        return [from_gammapy(dataset) for dataset in cubes]
    for dataset in cubes:
        dataset.write(tmp_path / f"{dataset.name}.fits")
    return [read_gammapy(tmp_path / f"{dataset.name}.fits", our_model()) for dataset in cubes]


def test_cubes_hold_the_same_numbers(cubes, our_cubes):
    for ours, theirs in zip(our_cubes, cubes, strict=True):
        assert isinstance(ours, MapDataset)
        assert ours.name == theirs.name
        assert_array_equal(ours.counts.data, theirs.counts.data)
        assert_array_equal(ours.exposure.data, theirs.exposure.data)
        assert ours.exposure.unit == theirs.exposure.unit
        assert_array_equal(ours.background_model.map.data, theirs.background.data)
        assert_array_equal(ours.mask, theirs.mask_safe.data)
        assert not ours.background_model.norm.frozen
        separation = ours.counts.geom.center_skydir.separation(theirs.counts.geom.center_skydir)
        assert separation < 1e-9 * u.deg
        theirs_there = theirs.edisp.get_edisp_kernel(position=CRAB, energy_axis=theirs.counts.geom.axes[0])
        assert_allclose(ours.edisp.pdf_matrix, theirs_there.pdf_matrix, rtol=0, atol=1e-12)
        start, stop = ours.time_range
        assert abs((start - theirs.gti.time_start[0]).to_value("s")) < 1e-5
        assert abs((stop - theirs.gti.time_stop[-1]).to_value("s")) < 1e-5


def test_kernels_are_those_of_gammapy_but_for_its_sampling(cubes, our_cubes):
    for ours, theirs in zip(our_cubes, cubes, strict=True):
        kernel = theirs.psf.get_psf_kernel(position=CRAB, geom=theirs.exposure.geom, containment=0.999).data
        assert ours.psf.data.shape == kernel.shape
        for mine, other in zip(ours.psf.data, kernel, strict=True):
            assert_allclose(mine, other, rtol=0, atol=0.04 * other.max())


def test_light_curves_of_cubes_agree_within_a_percent(cubes, our_cubes):
    estimator = TheirEstimator(energy_edges=[0.7, 10] * u.TeV, source="crab", selection_optional=None)
    theirs = estimator.run(cubes)
    table = light_curve_of(our_cubes, (0.7, 10))
    assert_allclose(table["norm"], theirs.norm.data.ravel(), rtol=0.01)
    assert_allclose(table["norm_err"], theirs.norm_err.data.ravel(), rtol=0.02)
    assert_allclose(table["ts"], theirs.ts.data.ravel(), rtol=0.01)


def test_free_backgrounds_agree_with_the_minimum_of_their_predictions(cubes, our_cubes):
    """gammapy's estimator takes minutes for this, so the minimum is found here for its own arrays."""
    table = light_curve_of(our_cubes, (0.7, 10), reoptimize=True)
    norms = []
    for dataset in cubes:
        inside = dataset.mask_safe.data
        arrays = (dataset.counts, dataset.npred_signal(), dataset.background)
        norms.append(minimum_of_cash(*(np.where(inside, each.data, 0.0) for each in arrays))[0][0])
    assert_allclose(table["norm"], norms, rtol=0.01)


def test_what_is_left_is_the_kernel_and_where_the_exposure_is_taken(cubes, our_cubes):
    """With gammapy's kernel, and the exposure of the pixels where photons fall, the prediction is gammapy's."""
    for ours, theirs in zip(our_cubes, cubes, strict=True):
        kernel = theirs.psf.get_psf_kernel(position=CRAB, geom=theirs.exposure.geom, containment=0.999)
        ours.psf = PSFKernel(kernel.data.astype(float), ours.exposure.geom, None, 0.66 * u.deg)
        model = ours.models[0]
        at_source = ours.exposure.value_at(CRAB.reshape(1), interp="linear").to_value("cm2 s")
        shares = ours.response_of(model).spatial / at_source[..., None]
        exposure = ours.exposure.quantity.to_value("cm2 s")
        seen = np.einsum("t,tyx,te->eyx", ours.flux_of(model), shares * exposure, ours.edisp.pdf_matrix)
        expected = theirs.npred_signal().data
        assert_allclose(seen, expected, rtol=0, atol=1e-5 * expected.max())


def test_a_fixed_background_stays_fixed(cubes):
    dataset = cubes[0].copy(name="fixed")
    dataset.models = [cubes.models["crab"]]
    assert from_gammapy(dataset).background_model.norm.frozen
    background = their_models.FoVBackgroundModel(dataset_name="fixed")
    background.parameters["norm"].value, background.parameters["tilt"].value = 1.2, 0.1
    dataset.models = [cubes.models["crab"], background]
    ours = from_gammapy(dataset)
    assert not ours.background_model.norm.frozen
    assert_allclose(
        ours.background_model.evaluate().data, dataset.npred_background().data, rtol=1e-9, atol=1e-12
    )


# Models and messages


@pytest.mark.parametrize(
    "theirs",
    [
        their_models.PowerLawSpectralModel(index=2.3, amplitude="2e-12 cm-2 s-1 TeV-1", reference="2 TeV"),
        their_models.ExpCutoffPowerLawSpectralModel(
            index=1.8, amplitude="2e-12 cm-2 s-1 TeV-1", lambda_="0.2 TeV-1"
        ),
        their_models.LogParabolaSpectralModel(
            alpha=2.1, beta=0.2, amplitude="2e-11 cm-2 s-1 TeV-1", reference="1 TeV"
        ),
        their_models.BrokenPowerLawSpectralModel(index1=1.5, index2=2.7, ebreak="3 TeV"),
        their_models.ConstantSpectralModel(const="1e-12 m-2 s-1 TeV-1"),
        their_models.SmoothBrokenPowerLawSpectralModel(index1=1.5, index2=2.7, ebreak="3 TeV"),
        their_models.SuperExpCutoffPowerLaw4FGLDR3SpectralModel(expfactor=0.3, reference="1 TeV"),
        # not among ours: taken with its shape
        their_models.ExpCutoffPowerLaw3FGLSpectralModel(amplitude="2e-12 cm-2 s-1 TeV-1", ecut="8 TeV"),
    ],
)
def test_spectra_are_the_same(onoff, theirs):
    dataset = onoff[0].copy(name="spectrum")
    dataset.models = [their_models.SkyModel(theirs, name="crab")]
    ours = from_gammapy(dataset)
    energy = np.geomspace(0.4, 30, 7) * u.TeV
    assert_allclose(
        ours.spectral_model.dnde(energy.value), theirs(energy).to_value("cm-2 s-1 TeV-1"), rtol=1e-10
    )
    # gammapy integrates what has no closed form in steps
    assert_allclose(ours.npred_signal(), dataset.npred_signal().data.ravel(), rtol=2e-3)


@pytest.mark.parametrize(
    ("theirs", "radius"),
    [
        (
            their_models.GaussianSpatialModel(lon_0=CRAB.ra, lat_0=CRAB.dec, sigma="0.1 deg", frame="icrs"),
            "sigma",
        ),
        (their_models.DiskSpatialModel(lon_0=CRAB.ra, lat_0=CRAB.dec, r_0="0.2 deg", frame="icrs"), "r_0"),
    ],
)
def test_extended_sources_predict_the_same(cubes, theirs, radius):
    dataset = cubes[0].copy(name="extended")
    spectrum = their_models.PowerLawSpectralModel(index=2.6, amplitude="3e-11 cm-2 s-1 TeV-1")
    dataset.models = [their_models.SkyModel(spectrum, theirs, name="crab")]
    ours = from_gammapy(dataset)
    assert ours.models[0].parameters[radius].value == getattr(theirs, radius).value
    predicted = np.where(dataset.mask_safe.data, dataset.npred_signal().data, 0)
    assert_allclose(ours.npred_signal().data.sum(), predicted.sum(), rtol=0.015)


def test_what_cannot_be_taken_is_said(cubes, onoff, tmp_path):
    dataset = cubes[0].copy(name="other")
    spectrum = their_models.PowerLawSpectralModel()
    ellipse = their_models.GaussianSpatialModel(
        lon_0=CRAB.ra, lat_0=CRAB.dec, sigma="0.1 deg", e=0.5, frame="icrs"
    )
    dataset.models = [their_models.SkyModel(spectrum, ellipse, name="crab")]
    with pytest.raises(InputError, match="wanted is a point, a round Gaussian or a round disc"):
        from_gammapy(dataset)
    changing = their_models.ExpDecayTemporalModel()
    dataset.models = [their_models.SkyModel(spectrum, ellipse, changing, name="crab")]
    with pytest.raises(InputError, match="changes with time"):
        from_gammapy(dataset)
    dataset.models = []
    with pytest.raises(InputError, match="give a model or a position"):
        from_gammapy(dataset)
    with pytest.raises(InputError, match="is a SpectrumDataset; wanted is"):
        from_gammapy(onoff[0].to_spectrum_dataset())
    far = SkyModel(SkyPointSource.from_position(SkyCoord(90, 0, unit="deg")), PowerLaw(), name="far")
    cubes[0].write(tmp_path / "cube.fits")
    with pytest.raises(InputError, match="lies outside the map of the PSF"):
        read_gammapy(tmp_path / "cube.fits", far)
    cubes[0].counts.write(tmp_path / "map.fits")
    with pytest.raises(DataError, match="wanted is a MapDataset or a SpectrumDatasetOnOff of gammapy"):
        read_gammapy(tmp_path / "map.fits", our_model())
    with pytest.raises(DataError, match=r"nothing\.fits does not exist"):
        read_gammapy(tmp_path / "nothing.fits")
