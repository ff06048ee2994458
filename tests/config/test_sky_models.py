"""The sky models of a configuration: a file or its components, the same objects, and kept without the file."""

import logging

import numpy as np
import pytest
import yaml

from tevcurve.config import Config, ConfigError, read_config
from tevcurve.maps import WcsGeom, WcsNDMap
from tevcurve.models import (
    LogParabola,
    PowerLaw,
    SkyGaussian,
    SkyModel,
    SkyPointSource,
    TemplateSpatialModel,
    models_to_dict,
    write_models,
)

BASE = {"data": "x", "target": "Crab"}
CRAB = SkyModel(
    SkyPointSource("83.63 deg", "22.01 deg"),
    LogParabola(amplitude="3.3e-11 cm-2 s-1 TeV-1", beta=0.24),
    name="Crab",
)
HAZE = SkyModel(SkyGaussian("84 deg", "22 deg", "0.2 deg"), PowerLaw(index=2.2), name="haze")


@pytest.fixture
def file(tmp_path):
    write_models([CRAB, HAZE], tmp_path / "models.yaml")
    return tmp_path / "models.yaml"


def said(models):
    return [str(model) for model in models]


def test_a_file_its_components_and_objects_are_the_same(file):
    components = yaml.safe_load(file.read_text())
    for value in (str(file), file, components, components["components"], [CRAB, HAZE]):
        options = Config(**BASE, models=value).options()
        assert said(options["models"]) == said([CRAB, HAZE])
        assert options["neighbours"] is None
    assert Config(**BASE, models="none").options()["models"] is None
    assert Config(**BASE).options()["models"] is None


def test_the_model_of_the_target_has_the_spectrum(file):
    assert Config(**BASE, models=file).options()["spectrum"] is None
    other = Config(**{**BASE, "target": "PKS"}, models=file).options()
    assert str(other["spectrum"]) == str(PowerLaw(index=2.5))
    said_too = Config(**BASE, models=file, spectrum="PowerLaw index=3").options()
    assert said_too["spectrum"].index.value == 3


def test_what_is_kept_needs_no_file_and_says_which_spectrum(file):
    values, text = Config(**BASE, models=file).to_result()
    assert values["spectrum"]["model"] == "LogParabola"
    assert values["spectrum"]["beta"] == 0.24
    path = file.parent / "kept.yaml"
    path.write_text(text)
    file.unlink()
    kept = read_config(path)
    assert said(kept.options()["models"]) == said([CRAB, HAZE])
    assert str(kept.options()["spectrum"]) == str(CRAB.spectral_model)
    # Other readers of YAML find the same.
    assert yaml.safe_load(text)["models"] == models_to_dict([CRAB, HAZE])["components"]


def test_mistakes_have_their_line(tmp_path, file):
    path = tmp_path / "job.yaml"
    path.write_text(
        "data: x\ntarget: Crab\nmodels:\n- name: haze\n  type: SkyModel\n  spectral: {type: Powr}\n"
    )
    with pytest.raises(
        ConfigError, match=r"job.yaml, line 6: models.0.spectral.type: The spectrum of haze is a Powr"
    ):
        read_config(path)
    path.write_text("data: x\ntarget: Crab\nmodels: nothing.yaml\n")
    with pytest.raises(
        ConfigError, match=r"job.yaml, line 3: models: The file of models nothing.yaml cannot be read"
    ):
        read_config(path)
    file.write_text(file.read_text().replace("SkyModel", "Sky", 1))
    with pytest.raises(
        ConfigError, match=r"models: In .*models.yaml, line 3: A component is a Sky; wanted is a SkyModel"
    ):
        Config(**BASE, models=file)
    for value in (3, {"a": 1}):
        with pytest.raises(ConfigError, match="wanted is the path of a file of models, or a list of them"):
            Config(**BASE, models=value)


def test_what_is_left_out_is_told_when_it_is_used(file, caplog):
    file.write_text(file.read_text() + "covariance: a.dat\n")
    with caplog.at_level(logging.WARNING):
        config = Config(**BASE, models=file)
        config.resolved()
    assert not caplog.records
    config.options()
    assert len(caplog.records) == 1


def test_templates_stay_files(tmp_path):
    WcsNDMap(WcsGeom.create((84, 22), 0.1, npix=(3, 3)), np.ones((3, 3))).write(tmp_path / "t.fits")
    cloud = SkyModel(TemplateSpatialModel.read(tmp_path / "t.fits"), PowerLaw(), name="cloud")
    config = Config(**BASE, models=[cloud]).resolved()
    assert config.models[0]["spatial"]["filename"] == str(tmp_path / "t.fits")
    np.testing.assert_array_equal(
        config.options()["models"][0].spatial_model.map.data, cloud.spatial_model.map.data
    )
