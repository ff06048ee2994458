"""Spectra in tables: log-log between nodes, exact integrals, files of every kind, and what is none."""

import astropy.units as u
import numpy as np
import pytest
from astropy.table import Table

from tevcurve.errors import DataError, InputError
from tevcurve.models import (
    BrokenPowerLaw,
    PowerLaw,
    TemplateSpectrum,
    spectrum_from_dict,
    spectrum_from_text,
    spectrum_to_dict,
    spectrum_to_text,
)

BROKEN = BrokenPowerLaw(1.7, 3.2, "2e-12 cm-2 s-1 TeV-1", "2 TeV")
NODES = np.array([0.1, 2.0, 30.0])
EDGES = np.geomspace(0.05, 60, 8)


def template(**options):
    return TemplateSpectrum(NODES * 1e3 * u.GeV, BROKEN(NODES * u.TeV).to("m-2 s-1 GeV-1"), **options)


def test_power_laws_between_the_nodes_and_beyond():
    np.testing.assert_allclose(template().dnde(EDGES), BROKEN.dnde(EDGES), rtol=1e-12)
    for name in ("photon_flux", "energy_flux_bins"):
        np.testing.assert_allclose(
            getattr(template(norm=2), name)(EDGES), 2 * getattr(BROKEN, name)(EDGES), rtol=1e-11
        )
        many = getattr(template(), name)(EDGES, norm=np.array([[1.0], [3.0]]))
        np.testing.assert_allclose(many[1], 3 * getattr(BROKEN, name)(EDGES), rtol=1e-11)
    assert (template().amplitude_name, template().energy_range) == ("norm", (0.1, 30.0))


def test_there_is_no_flux_beside_a_node_without():
    unit = u.Unit("cm-2 s-1 TeV-1")
    model = TemplateSpectrum([1, 2, 4, 8] * u.TeV, [4e-12, 1e-12, 0, 1e-12] * unit)
    np.testing.assert_array_equal(model.dnde(np.array([3.0, 5.0, 20.0])), 0)
    np.testing.assert_allclose(
        model.photon_flux([1, 2, 9]), [PowerLaw(2, 4e-12 * unit).photon_flux([1, 2])[0], 0]
    )


def test_values_without_a_unit_are_a_factor():
    factor = TemplateSpectrum([0.1, 10] * u.TeV, [0.5, 2.0])
    assert factor.is_factor
    tilt = np.log(4) / np.log(100)
    wanted = PowerLaw(2 - tilt, "1e-12 cm-2 s-1 TeV-1")
    np.testing.assert_allclose(
        (factor * PowerLaw(2)).photon_flux(EDGES), wanted.photon_flux(EDGES), rtol=1e-11
    )


def written(path):
    table = Table({"energy": NODES * 1e3 * u.GeV, "dnde": BROKEN(NODES * u.TeV)})
    if path.suffix == ".csv":
        rows = "\n".join(f"{e!r},{d!r}" for e, d in zip(NODES.tolist(), table["dnde"].tolist(), strict=True))
        path.write_text(f"# of a test\nEnergy [TeV],dnde (cm-2 s-1 TeV-1)\n{rows}\n")
    elif path.suffix == ".fits":
        table.write(path)
    else:
        table.write(path, format="ascii.ecsv")
    return path


@pytest.mark.parametrize("name", ["a.csv", "a.ecsv", "a.fits", "a b.csv"])
def test_a_file_of_two_columns(tmp_path, name):
    path = written(tmp_path / name)
    model = TemplateSpectrum.read(path)
    np.testing.assert_allclose(model.dnde(EDGES), BROKEN.dnde(EDGES), rtol=1e-12)
    text = spectrum_to_text(2 * model)
    assert text == f"TemplateSpectrum file={path} norm=2.0"
    np.testing.assert_allclose(spectrum_from_text(text).dnde(EDGES), 2 * BROKEN.dnde(EDGES), rtol=1e-12)
    again = TemplateSpectrum.from_settings(model.settings)
    path.unlink()
    assert again.dnde(EDGES).tobytes() == model.dnde(EDGES).tobytes()


def test_nodes_stand_in_texts_to_the_last_digit():
    for model in (template(norm=1.5), TemplateSpectrum([0.1, 10] * u.TeV, [0.5, 2.0])):
        for again in (
            spectrum_from_text(spectrum_to_text(model)),
            spectrum_from_dict(spectrum_to_dict(model)),
        ):
            assert again.dnde(EDGES).tobytes() == model.dnde(EDGES).tobytes()
            assert again.is_factor == model.is_factor


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "wanted is a line of names"),
        (b"energy,dnde\n1,2\n2,3\n", "The column energy of .* has no unit"),
        (b"energy [TeV],flux [cm-2]\n1,2\n2,3\n", "has no column dnde; it has energy, flux"),
        (b"energy [TeV],dnde [cm-2]\n1,2\n2,3\n", "'dnde' is in"),
        (b"energy [TeV],dnde [cm-2 s-1 TeV-1]\n2,2\n1,3\n", "do not ascend"),
        (b"energy [TeV],dnde [cm-2 s-1 TeV-1]\n1,2\n2,-3\n", "at 2 TeV is no number, 0 or more"),
        (b"energy [TeV],dnde [cm-2 s-1 TeV-1]\n1,x\n2,3\n", "is not one number in each row"),
        (b"energy [TeV],dnde [cm-2 s-1 TeV-1]\n1\n2,3\n", "wanted is a line of names"),
        (b"energy [TeV],dnde [cm-2 s-1 TeV-1]\n1,3\n", "2 to 100000"),
        (b"# %ECSV 1.0\n# ---\n# datatype: [", "cannot be read as a table"),
        (b"\xff\xfe\x00", "neither a FITS file nor a text"),
        (b"SIMPLE  = nothing", "."),
    ],
)
def test_what_is_no_file_of_a_spectrum(tmp_path, content, words):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(DataError, match=words):
        TemplateSpectrum.read(tmp_path / "a")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("TemplateSpectrum norm=2", "was given nothing; wanted is file, or energy and dnde"),
        ("TemplateSpectrum energy=[1, 2] TeV", "was given energy; wanted is file"),
        ("TemplateSpectrum energy=1, 2 TeV dnde=[1, 2]", "wanted is a list such as"),
        ("TemplateSpectrum energy=[1, 2] m dnde=[1, 2]", "wanted is an energy"),
        ("TemplateSpectrum energy=[1, 2] TeV dnde=[1, 2, 3]", "wanted is the same number of both"),
        ("template nodes=3", "wanted is one of file, energy, dnde, norm"),
    ],
)
def test_what_is_no_text_of_one(text, words):
    with pytest.raises(InputError, match=words):
        spectrum_from_text(text)
