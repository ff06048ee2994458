"""Models in YAML: files that gammapy wrote are read, ours are read back, and each mistake is a sentence with its line.

The files in `data` were written by gammapy 2.1; the numbers below are those of its own objects.
"""

import logging
import re
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest

from tevcurve.errors import DataError, InputError, StoreError
from tevcurve.maps import WcsGeom, WcsNDMap
from tevcurve.models import (
    EBLAbsorption,
    FunctionSpectrum,
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
    models_from_dict,
    models_to_dict,
    read_models,
    write_models,
)

DATA = Path(__file__).parent / "data"
ENERGY = [0.3, 1, 2.5, 10, 30]  # TeV
# dN/dE in cm-2 s-1 TeV-1 of the models in the file, by gammapy.
FLUX = {
    "crab": [5.1023599437029237e-11, 3.2e-12, 3.889447899813755e-13, 1.6037991476072718e-14, 1.2816548711265369e-15],
    "haze": [1.64495517623e-11, 1.63746150616e-12, 2.331260145087106e-13, 4.28983938203008e-15, 1.08753901428e-17],
    "disk": [2.77470725053e-06, 2.11887526185e-07, 2.028491657640650e-08, 3.078431538557212e-10, 6.45371218918e-12],
    "kink": [4.444444444444445e-11, 4e-12, 4.579467217919569e-13, 3.577708763999663e-15, 7.650337473989959e-17],
    "flat": [1e-13, 1e-13, 1e-13, 1e-13, 1e-13],
}  # fmt: skip
GAUSS = [13061.884708390326, 10350.273001574682, 7488.399709630154, 883.1097911720022]  # sr-1
DISK = np.array([11610.578921771288, 10403.668780972524, 6581.684909821243, 2068.1007315831052])  # sr-1
POINT = """
components:
- name: crab
  type: SkyModel
  spectral:
    type: PowerLawSpectralModel
    parameters:
    - {name: index, value: 2.5}
    - {name: amplitude, value: 1e-12, unit: cm-2 s-1 TeV-1}
    - {name: reference, value: 1, unit: TeV}
  spatial:
    type: PointSpatialModel
    frame: icrs
    parameters:
    - {name: lon_0, value: 83.6, unit: deg}
    - {name: lat_0, value: 22, unit: deg}
"""


@pytest.fixture
def theirs():
    return {model.name: model for model in read_models(DATA / "gammapy_models.yaml")}


def test_spectra_of_gammapys_file_are_gammapys(theirs):
    assert list(theirs) == list(FLUX)
    for name, flux in FLUX.items():
        np.testing.assert_allclose(theirs[name].spectral_model.dnde(ENERGY), flux, rtol=1e-10)


def test_shapes_of_gammapys_file_are_gammapys(theirs):
    haze, disk = theirs["haze"].spatial_model, theirs["disk"].spatial_model
    assert (type(haze), type(disk)) == (SkyGaussian, SkyDisk)
    assert (haze.frame, disk.frame) == ("icrs", "galactic")
    lonlat = np.deg2rad([[83.9, 84.0, 84.1, 84.4], [21.8, 21.9, 21.7, 21.8]])
    np.testing.assert_allclose(haze.evaluate(*lonlat), GAUSS, rtol=1e-10)
    # Theirs is normalised as a disc with a sharp edge; a soft one holds edge_width^2 / 10.8 more.
    lonlat = np.deg2rad([[184.5, 184.79, 184.8, 184.81], [-5.8] * 4])
    np.testing.assert_allclose(disk.evaluate(*lonlat), DISK / (1 + 0.1**2 / 10.8222), rtol=1e-6)
    assert theirs["kink"].spatial_model is None
    np.testing.assert_allclose(np.rad2deg(theirs["crab"].spatial_model.lonlat()), [83.63, 22.01], rtol=1e-15)


def test_bounds_errors_and_frozen_flags_are_taken(theirs):
    spectrum = theirs["crab"].spectral_model
    assert spectrum.amplitude.error == 1e-13
    assert (spectrum.amplitude.min, spectrum.amplitude.max) == (0, np.inf)
    assert (spectrum.index.frozen, spectrum.amplitude.frozen, spectrum.reference.frozen) == (
        True,
        False,
        True,
    )
    assert spectrum.index.max == 4
    assert np.isnan(spectrum.index.error)
    assert theirs["disk"].spectral_model.reference.quantity == 500 * u.GeV


def test_the_full_output_says_the_same(theirs):
    full = read_models(DATA / "gammapy_models_full.yaml")
    for model in full:
        assert str(model) == str(theirs[model.name])
        for ours, other in zip(model.parameters, theirs[model.name].parameters, strict=True):
            assert (ours.min, ours.max, ours.frozen) == (other.min, other.max, other.frozen)


def test_what_is_not_used_is_said(theirs, caplog):
    with caplog.at_level(logging.WARNING):
        read_models(DATA / "gammapy_models.yaml")
    said = " ".join(record.getMessage() for record in caplog.records)
    assert "FoVBackgroundModel of run-1 is left out" in said
    assert "The parameter lon_0 of the shape of flat is linked" in said
    assert "covariance of models in models_covariance.dat is not read" in said


def our_models():
    power_law = PowerLaw(index=2.3, amplitude="3.4e-12 cm-2 s-1 TeV-1", reference="700 GeV")
    power_law.index.error, power_law.index.frozen = 0.1, True
    power_law.index.set_bounds(1, 5)
    return [
        SkyModel(SkyPointSource("83.63308333333331 deg", "22.01 deg"), power_law, name="one"),
        SkyModel(SkyGaussian("84 deg", "22 deg", "0.2 deg"), LogParabola(), name="two"),
        SkyModel(SkyDisk("184 deg", "-5 deg", "12 arcmin", frame="galactic"), PowerLaw(), name="three"),
        SkyModel(None, PowerLaw(), name="four"),
    ]


def test_ours_come_back_to_the_last_digit(tmp_path):
    write_models(our_models(), tmp_path / "models.yaml")
    for read, model in zip(read_models(tmp_path / "models.yaml"), our_models(), strict=True):
        assert repr(read) == repr(model)
        assert [type(part) for part in read._parts()] == [type(part) for part in model._parts()]
        for ours, other in zip(read.parameters, model.parameters, strict=True):
            names = ("name", "value", "unit", "min", "max", "frozen")
            assert [getattr(ours, key) for key in names] == [getattr(other, key) for key in names]
            np.testing.assert_equal(ours.error, other.error)
    with pytest.raises(InputError, match="is there already; overwrite=True"):
        write_models(our_models(), tmp_path / "models.yaml")


def test_a_list_of_components_is_enough():
    values = models_to_dict(our_models())
    assert [str(model) for model in models_from_dict(values["components"])] == [str(m) for m in our_models()]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("type: SkyModel", "type: SkyModell", 4, "is a SkyModell; wanted is a SkyModel"),
        (
            "PowerLawSpectralModel",
            "NaimaSpectralModel",
            6,
            "is a NaimaSpectralModel; wanted is one of PowerLaw",
        ),
        ("name: index,", "name: indx,", 8, "has no parameter 'indx'; did you mean 'index'?"),
        ("    - {name: index, value: 2.5}\n", "", 7, "is without its parameter index"),
        ("value: 2.5", "value: two", 8, "The value of the parameter index of the spectrum of crab is 'two'"),
        ("value: 2.5", "value: .inf", 8, "wanted is a finite number"),
        ("value: 2.5", "value: 2.5, min: 3", 8, "wanted are bounds around its value"),
        ("value: 2.5", "value: 2.5, frozen: 3", 8, "wanted is True or False"),
        ("value: 2.5", "value: 2.5, size: 3", 8, "has the key 'size'"),
        ("unit: cm-2 s-1 TeV-1", "unit: cm-2 s-1", 9, "wanted is what converts to"),
        ("unit: cm-2 s-1 TeV-1", "unit: [1]", 9, "wanted is a unit"),
        ("frame: icrs", "frame: fk5", 13, "The frame of crab is 'fk5'; wanted is one of icrs, galactic"),
        ("PointSpatialModel", "ShellSpatialModel", 12, "is a ShellSpatialModel; wanted is one of PointSp"),
        ("spectral:", "spectrum:", 5, "The model crab has the key 'spectrum'; did you mean 'spectral'?"),
        ("- name: crab", "- name: ''", 3, "wanted is the name of the source"),
        (
            "  spatial:",
            "  temporal: {type: SineTemporalModel}\n  spatial:",
            11,
            "changes with time, by a Sine",
        ),
        ("  spatial:", "  apply_irf: {exposure: true, psf: false}\n  spatial:", 11, "leaves a response out"),
        ("components:", "components: []\nmore:", 3, "has the key 'more'"),
        ("    frame: icrs\n    parameters:", "    parameters: 3\nmetadata:", 13, "wanted is a list of them"),
    ],
)
def test_mistakes_are_a_sentence_with_their_line(tmp_path, old, new, line, words):
    path = tmp_path / "models.yaml"
    assert old in POINT
    path.write_text(POINT.replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        read_models(path)
    assert str(caught.value).startswith(f"{path}, line {line}: ")
    assert words in str(caught.value)


def test_elongated_shapes_are_refused(tmp_path):
    text = (DATA / "gammapy_models.yaml").read_text()
    (tmp_path / "m.yaml").write_text(
        text.replace("name: e\n            value: 0.0", "name: e\n            value: 0.7", 1)
    )
    with pytest.raises(
        InputError, match=r"of haze is elongated, with the eccentricity e 0.7; wanted is a round one"
    ):
        read_models(tmp_path / "m.yaml")


@pytest.mark.parametrize(
    "text", ["!!python/object/apply:os.system ['true']", "a: &x [1]\nb: " + "[*x,*x]" * 1]
)
def test_what_is_no_file_of_models(tmp_path, text):
    (tmp_path / "m.yaml").write_text(text)
    with pytest.raises(InputError):
        read_models(tmp_path / "m.yaml")
    with pytest.raises(DataError, match=r"The file of models .* cannot be read"):
        read_models(tmp_path / "none.yaml")


def template(tmp_path):
    geom = WcsGeom.create((84, 22), 0.1, npix=(4, 3), proj="TAN")
    WcsNDMap(geom, np.arange(12.0).reshape(3, 4)).write(tmp_path / "shape.fits")
    return TemplateSpatialModel.read(tmp_path / "shape.fits", lon_0="84.01 deg")


def test_templates_have_their_map_beside_them(tmp_path, monkeypatch):
    made = template(tmp_path)
    models = [*our_models(), SkyModel(made, PowerLaw(), name="cloud / 1")]
    (tmp_path / "there").mkdir()
    write_models(models, tmp_path / "there" / "models.yaml")
    assert (tmp_path / "there" / "models-4-cloud-1.fits").is_file()
    (tmp_path / "shape.fits").unlink()
    monkeypatch.chdir(tmp_path)
    read = read_models("there/models.yaml")[4].spatial_model
    np.testing.assert_array_equal(read.map.data, made.map.data)
    assert read.lonlat() == made.lonlat()
    assert (read.frame, read.lon_0.frozen, read.normalize) == ("icrs", True, False)
    (tmp_path / "there" / "models.yaml").unlink()
    with pytest.raises(InputError, match=r"models-4-cloud-1.fits is there already"):
        write_models(models, tmp_path / "there" / "models.yaml")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        (
            "filename",
            "none.fits",
            "The map of the template of cloud cannot be used: The map file none.fits is not there",
        ),
        ("filename", "$NO_SUCH_FOLDER/a.fits", "The environment variable NO_SUCH_FOLDER"),
        ("filename", 3, "wanted is the path of a map"),
        ("normalize", "maybe", "wanted is true or false"),
        ("frame", "galactic", "The frame of the template of cloud is 'galactic', and that of its map 'icrs'"),
        ("size", 3, "has the key 'size'"),
    ],
)
def test_mistakes_of_templates(tmp_path, key, value, words):
    values = models_to_dict([SkyModel(template(tmp_path), PowerLaw(), name="cloud")])
    assert models_from_dict(values)[0].spatial_model.normalize
    values["components"][0]["spatial"][key] = value
    with pytest.raises(InputError, match=re.escape(words)):
        models_from_dict(values)


def test_a_template_without_a_file_has_no_dict(tmp_path):
    made = TemplateSpatialModel(template(tmp_path).map)
    with pytest.raises(InputError, match="The template of cloud is from no file"):
        models_to_dict([SkyModel(made, PowerLaw(), name="cloud")])


def test_two_of_one_name_are_refused(tmp_path):
    (tmp_path / "m.yaml").write_text(POINT + POINT.replace("\ncomponents:\n", ""))
    with pytest.raises(InputError, match="line 3: The name 'crab' belongs to more than one model"):
        read_models(tmp_path / "m.yaml")


def test_models_that_files_cannot_have_are_refused():
    own = FunctionSpectrum(lambda energy, norm: norm, norm="1e-12 cm-2 s-1 TeV-1")
    with pytest.raises(
        InputError, match="The spectrum of a is a FunctionSpectrum, which files of models cannot have"
    ):
        models_to_dict([SkyModel(None, own, name="a")])
    with pytest.raises(InputError, match="A model has no name"):
        models_to_dict([SkyModel(None, PowerLaw())])
    with pytest.raises(InputError, match="There is a PowerLaw among the models"):
        models_to_dict([PowerLaw()])


def test_sums_and_products_come_back():
    hump, dip = SmoothBrokenPowerLaw(index2=3.0, beta=0.2), SuperExpCutoffPowerLaw4FGLDR3(expfactor=0.3)
    for spectrum in (
        PowerLaw() + LogParabola(reference="2 TeV"),
        PowerLaw(index=2.1) + hump + dip,
        PowerLaw(index=1.9) * PowerLawNorm(tilt=0.2) + LogParabola(),
        (PowerLaw() + hump) * PowerLawNorm(norm=0.3),
        (PowerLaw() + hump) * 2.5,
    ):
        (read,) = models_from_dict(models_to_dict([SkyModel(None, spectrum, name="a")]))
        np.testing.assert_allclose(read.spectral_model.dnde(ENERGY), spectrum.dnde(ENERGY), rtol=1e-14)
        assert read.spectral_model.parameters.names == spectrum.parameters.names


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"operator": "sub"}, "The spectra of a are joined by 'sub'; wanted is one of add, mul"),
        (
            {"operator": "mul"},
            "The spectrum of a cannot be used: The product of PowerLaw and PowerLaw is no flux",
        ),
        ({"model2": 3}, "A part of the spectrum of a is 3; wanted is a mapping"),
        ({"more": 3}, "The compound spectrum of a has the key 'more'"),
    ],
)
def test_mistakes_of_compound_spectra(changes, words):
    values = models_to_dict([SkyModel(None, PowerLaw() + PowerLaw(index=3), name="a")])
    values["components"][0]["spectral"] |= changes
    with pytest.raises(InputError, match=words):
        models_from_dict(values)


def absorption(redshift=0.15):
    """A table of optical depths as steep as those in use."""
    energies, redshifts = np.geomspace(0.03, 30, 12), np.array([0.1, 0.2, 0.3])
    table = OpacityTable(energies, redshifts, 5 * redshifts[:, None] * energies, "a table")
    return EBLAbsorption(redshift, "made", table=table, alpha_norm=0.9)


def test_templates_and_absorption_come_back():
    template = TemplateSpectrum(
        [0.1, 1, 10] * u.TeV, [2e-10, 1e-12, 3e-15] * u.Unit("cm-2 s-1 TeV-1"), norm=1.5
    )
    spectra = [template, absorption() * PowerLaw(index=2.2), template * absorption(0.1)]
    read = models_from_dict(
        models_to_dict([SkyModel(None, one, name=f"{k}") for k, one in enumerate(spectra)])
    )
    for again, spectrum in zip(read, spectra, strict=True):
        np.testing.assert_allclose(again.spectral_model.dnde(ENERGY), spectrum.dnde(ENERGY), rtol=1e-12)
    part = read[1].spectral_model.parts[0]
    assert (part.model, part.redshift.value, part.alpha_norm.value) == ("made", 0.15, 0.9)
    assert part.redshift.frozen


def spectral(**changes):
    values = models_to_dict([SkyModel(None, absorption() * PowerLaw(), name="a")])
    values["components"][0]["spectral"]["model1"] |= changes
    return values


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"filename": "nothing.fits"}, "The file nothing.fits of the absorption of a is not there"),
        ({"filename": 3}, "The file of the absorption of a is 3; wanted is the path of one"),
        ({"energy": {"data": [1, 2], "unit": "m"}}, "The energies of the absorption of a are in m"),
        (
            {"energy": {"data": ["a"], "unit": "TeV"}},
            "energy of the absorption of a has data and unit that are none",
        ),
        ({"energy": {"data": [1, 2], "unit": "TeV"}}, "The absorption of a cannot be used: The depths of"),
        ({"values": {"data": [[2.0]]}}, "are not all from 0 to 1"),
        ({"energy": 3}, "The energy of the absorption of a is 3; wanted is a mapping"),
        ({"more": 3}, "The absorption of a has the key 'more'"),
    ],
)
def test_mistakes_of_absorption(changes, words):
    with pytest.raises(InputError, match=re.escape(words)):
        models_from_dict(spectral(**changes))


def test_a_file_of_gammapy_that_is_not_here_is_the_model_in_it():
    pytest.importorskip("ebltable", reason="the package ebltable has the optical depths")
    values = spectral(filename="$NO_SUCH_DATA/ebl/ebl_dominguez11.fits.gz")
    part = models_from_dict(values)[0].spectral_model.parts[0]
    assert part.model == "dominguez"


def test_mistakes_of_templates_of_spectra():
    template = TemplateSpectrum([0.1, 1] * u.TeV, [2e-10, 1e-12] * u.Unit("cm-2 s-1 TeV-1"))
    values = models_to_dict([SkyModel(None, template, name="a")])
    values["components"][0]["spectral"]["values"]["data"] = [1.0, -1.0]
    with pytest.raises(
        InputError, match="The template spectrum of a cannot be used: The value of a template at 1 TeV"
    ):
        models_from_dict(values)


def test_files_that_would_be_too_large_are_not_written(tmp_path):
    energies = np.geomspace(0.01, 100, 5000)
    template = TemplateSpectrum(energies * u.TeV, energies**-2.3 * u.Unit("cm-2 s-1 TeV-1"))
    with pytest.raises(InputError, match="files of models have 256 kB at most"):
        write_models([SkyModel(None, template, name="a")], tmp_path / "a.yaml")
    assert not list(tmp_path.iterdir())
    with pytest.raises(StoreError, match=r"none/a.yaml cannot be written: No such file"):
        write_models([SkyModel(None, PowerLaw(), name="a")], tmp_path / "none" / "a.yaml")
