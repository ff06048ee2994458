"""Models in YAML against gammapy itself: it reads what is written here, and what it writes is read."""

import astropy.units as u
import numpy as np
import pytest

from tevcurve.models import (
    BrokenPowerLaw,
    Constant,
    ExponentialCutoffPowerLaw,
    LogParabola,
    PowerLaw,
    SkyDisk,
    SkyGaussian,
    SkyModel,
    SkyPointSource,
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
    for model, other in zip(ours, read, strict=True):
        flux = other.spectral_model(ENERGY * u.TeV).to_value("cm-2 s-1 TeV-1")
        np.testing.assert_allclose(model.spectral_model.dnde(ENERGY), flux, rtol=1e-12)
        shape = other.spatial_model
        assert shape.frame == model.spatial_model.frame
        for parameter in model.parameters:
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
