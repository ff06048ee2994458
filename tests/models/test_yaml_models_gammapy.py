"""Models in YAML against gammapy itself: it reads what is written here, and what it writes is read."""

import astropy.units as u
import numpy as np
import pytest

from tevcurve.maps import WcsGeom, WcsNDMap
from tevcurve.models import (
    BrokenPowerLaw,
    Constant,
    EBLAbsorption,
    ExponentialCutoffPowerLaw,
    LogParabola,
    OpacityTable,
    PowerLaw,
    PowerLawNorm,
    SkyDisk,
    SkyGaussian,
    SkyModel,
    SkyPointSource,
    SmoothBrokenPowerLaw,
    SuperExpCutoffPowerLaw4FGLDR3,
    TemplateSpatialModel,
    TemplateSpectrum,
    read_models,
    write_models,
)

theirs = pytest.importorskip(
    "gammapy.modeling.models", reason="gammapy is not installed; it reads our files of models and writes some"
)
ENERGY = np.geomspace(0.1, 50, 9)
SPECTRA = [
    PowerLaw(index=2.6, amplitude="4.5e-12 cm-2 s-1 TeV-1", reference="2 TeV"),
    ExponentialCutoffPowerLaw(index=1.7, lambda_="0.1 TeV-1", alpha=0.8),
    LogParabola(alpha=2.3, beta=0.2, reference="800 GeV"),
    BrokenPowerLaw(index1=1.9, index2=3.1, ebreak="0.7 TeV"),
    Constant(const="1e-13 cm-2 s-1 TeV-1"),
    SmoothBrokenPowerLaw(index1=1.8, index2=3.0, ebreak="3 TeV", beta=0.3),
    SuperExpCutoffPowerLaw4FGLDR3(expfactor=0.2, index_2=0.7),
    PowerLaw(index=1.9) * PowerLawNorm(tilt=0.2, norm=2.0) + LogParabola(reference="2 TeV"),
]
SHAPES = [
    SkyPointSource("83.6 deg", "22 deg"),
    SkyGaussian("83.6 deg", "22 deg", "0.2 deg"),
    SkyDisk("184.5 deg", "-5.8 deg", "0.3 deg", frame="galactic", edge_width=0.02),
]


def test_gammapy_reads_ours(tmp_path, caplog):
    ours = [SkyModel(SHAPES[k % 3], spectrum, name=f"source-{k}") for k, spectrum in enumerate(SPECTRA)]
    ours[0].spectral_model.index.frozen = True
    ours[0].spectral_model.amplitude.min = 0
    write_models(ours, tmp_path / "models.yaml")
    read = theirs.Models.read(tmp_path / "models.yaml")
    # No parameter is left to a default.
    assert not [record for record in caplog.records if record.levelname == "WARNING"]
    assert read.names == [model.name for model in ours]
    for k, (model, other) in enumerate(zip(ours, read, strict=True)):
        flux = other.spectral_model(ENERGY * u.TeV).to_value("cm-2 s-1 TeV-1")
        np.testing.assert_allclose(model.spectral_model.dnde(ENERGY), flux, rtol=1e-12)
        shape = other.spatial_model
        assert shape.frame == model.spatial_model.frame
        for parameter in model.parameters if k < 7 else model.spatial_model.parameters:
            same = other.parameters[parameter.name]
            assert (same.value, same.unit, same.frozen) == (parameter.value, parameter.unit, parameter.frozen)
    assert read["source-0"].spectral_model.amplitude.min == 0


def test_what_gammapy_writes_of_it_is_read_again(tmp_path):
    ours = [SkyModel(SHAPES[k % 3], spectrum, name=f"source-{k}") for k, spectrum in enumerate(SPECTRA)]
    write_models(ours, tmp_path / "ours.yaml")
    theirs.Models.read(tmp_path / "ours.yaml").write(tmp_path / "theirs.yaml", write_covariance=False)
    for again, model in zip(read_models(tmp_path / "theirs.yaml"), ours, strict=True):
        assert str(again) == str(model)
        for one, other in zip(again.parameters, model.parameters, strict=True):
            assert (one.frozen, one.min, one.max) == (other.frozen, other.min, other.max)


@pytest.mark.parametrize("kind", ["GaussianSpatialModel", "DiskSpatialModel", "PointSpatialModel"])
def test_defaults_that_its_files_leave_out_are_ours(tmp_path, kind):
    models = [
        theirs.SkyModel(getattr(theirs, spectrum)(), getattr(theirs, kind)(), name=spectrum)
        for spectrum in (
            "SuperExpCutoffPowerLaw4FGLDR3SpectralModel",
            "PowerLawSpectralModel",
            "ExpCutoffPowerLawSpectralModel",
            "LogParabolaSpectralModel",
        )
    ]
    theirs.Models(models).write(tmp_path / "theirs.yaml", write_covariance=False)
    for read, model in zip(read_models(tmp_path / "theirs.yaml"), models, strict=True):
        for parameter in read.parameters:
            same = model.parameters[parameter.name]
            assert (parameter.value, parameter.frozen) == (same.value, same.frozen)


def evaluated(shape, lon, lat):
    """Brightness in sr-1 of one of their shapes."""
    values = {parameter.name: parameter.quantity for parameter in shape.parameters}
    return shape.evaluate(lon * u.rad, lat * u.rad, **values).to_value("sr-1")


@pytest.mark.parametrize("coordsys", ["CEL", "GAL"])
def test_templates_both_ways(tmp_path, coordsys, monkeypatch):
    geom = WcsGeom.create((84, 22), 0.1, npix=(9, 7), proj="TAN", coordsys=coordsys)
    data = np.random.default_rng(4).uniform(1, 2, geom.data_shape)
    ours = TemplateSpatialModel(WcsNDMap(geom, data), lon_0="84.04 deg")
    write_models([SkyModel(ours, PowerLaw(), name="cloud")], tmp_path / "models.yaml")
    read = theirs.Models.read(tmp_path / "models.yaml")["cloud"].spatial_model
    # Theirs is linear in the logarithm unless it is told otherwise; at the pixels both are the same.
    linear = theirs.TemplateSpatialModel(
        read.map, normalize=False, interp_kwargs={"values_scale": "lin"}, lon_0=read.lon_0
    )
    lon, lat = geom.pix_to_lonlat([1, 1.5, 3.2, 7.9], [1, 2, 4.7, 3.3])
    lon = lon + np.deg2rad(0.04)
    np.testing.assert_allclose(evaluated(linear, lon, lat), ours.evaluate(lon, lat), rtol=1e-9)
    lon, lat = geom.pixel_lonlat()
    # Inside, as at the border a step of rounding leads out of their map.
    lon, lat = lon[1:-1, 1:-1] + np.deg2rad(0.04), lat[1:-1, 1:-1]
    np.testing.assert_allclose(evaluated(read, lon, lat), ours.evaluate(lon, lat), rtol=1e-9)
    # And the other way round: their file, their map.
    theirs_map = theirs.TemplateSpatialModel(
        read.map * 3.0, normalize=True, filename=str(tmp_path / "theirs.fits")
    )
    model = theirs.SkyModel(theirs.PowerLawSpectralModel(), theirs_map, name="cloud")
    theirs.Models([model]).write(tmp_path / "theirs.yaml", write_covariance=False)
    (again,) = read_models(tmp_path / "theirs.yaml")
    inside = evaluated(theirs_map, lon - np.deg2rad(0.04), lat)
    # Solid angles of pixels are theirs to 1e-4 of ours; they divide by these twice, on writing and on reading.
    np.testing.assert_allclose(again.spatial_model.evaluate(lon - np.deg2rad(0.04), lat), inside, rtol=1e-3)


def test_templates_and_absorption_both_ways(tmp_path):
    energies, redshifts = np.geomspace(0.03, 60, 12), np.array([0.1, 0.2])
    table = OpacityTable(energies, redshifts, 2 * redshifts[:, None] * energies, "a table")
    template = TemplateSpectrum(
        [0.1, 1, 10, 50] * u.TeV, [2e-10, 1e-12, 3e-15, 1e-17] * u.Unit("cm-2 s-1 TeV-1"), norm=2
    )
    spectra = [template, EBLAbsorption(0.116, "made", table=table) * PowerLaw(index=2.2)]
    ours = [SkyModel(None, spectrum, name=f"source-{k}") for k, spectrum in enumerate(spectra)]
    write_models(ours, tmp_path / "ours.yaml")
    read = theirs.Models.read(tmp_path / "ours.yaml")
    read.write(tmp_path / "theirs.yaml", write_covariance=False)
    for model, other, again in zip(ours, read, read_models(tmp_path / "theirs.yaml"), strict=True):
        flux = model.spectral_model.dnde(ENERGY)
        np.testing.assert_allclose(
            other.spectral_model(ENERGY * u.TeV).to_value("cm-2 s-1 TeV-1"), flux, rtol=1e-10
        )
        np.testing.assert_allclose(again.spectral_model.dnde(ENERGY), flux, rtol=1e-10)
