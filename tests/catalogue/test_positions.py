"""Positions from files, tables and indices: what comes out, and one sentence for each thing that is wrong."""

import astropy.units as u
import numpy as np
import pytest
from astropy.table import MaskedColumn, Table
from numpy.testing import assert_allclose

from tevcurve import DataStore
from tevcurve.catalogue.positions import catalogue_sources
from tevcurve.errors import DataError, InputError
from tevcurve.models import PowerLaw

HOSTILE = "<script>alert('1')</script> & \"x\", η"


def table(**columns):
    return Table({"name": ["Crab", "other"], "ra": [83.63, 84.0], "dec": [22.01, 22.5]} | columns)


@pytest.mark.parametrize("suffix", [".csv", ".ecsv", ".fits"])
def test_each_format_gives_the_same(tmp_path, suffix):
    path = tmp_path / f"positions{suffix}"
    given = table(spectrum=["", "PowerLaw index=2.3"], neighbours=["other", ""])
    given.write(path)
    one, other = catalogue_sources(path)
    assert (one.name, other.name) == ("Crab", "other")
    assert_allclose(np.rad2deg([one.lonlat, other.lonlat]), [[83.63, 22.01], [84.0, 22.5]], rtol=1e-12)
    assert (one.neighbours, other.neighbours) == (("other",), ())
    assert one.spectrum.parameters["index"].value == 2.5
    assert other.spectrum.parameters["index"].value == 2.3


def test_rows_without_a_spectrum_have_one_object():
    made = catalogue_sources(table(spectrum=["", ""]), spectrum=PowerLaw(index=3))
    assert made[0].spectrum is made[1].spectrum
    assert made[0].spectrum.parameters["index"].value == 3


def test_hostile_names_stay_text(tmp_path):
    path = tmp_path / "positions.csv"
    table(name=[HOSTILE, "=1+1"]).write(path)
    assert [source.name for source in catalogue_sources(path)] == [HOSTILE, "=1+1"]


def test_angles_in_words_and_other_units():
    made = catalogue_sources(table(ra=["5h34m31.94s", "84.0"], dec=["22d00m52.2s", "22.5 deg"]))
    assert_allclose(np.rad2deg(made[0].lonlat), [83.6330833, 22.0145], rtol=1e-8)
    radians = Table({"NAME": ["a"], "RAJ2000": [1.0] * u.rad, "DEJ2000": [0.5] * u.rad})
    assert_allclose(catalogue_sources(radians)[0].lonlat, [1.0, 0.5], rtol=1e-12)


def test_right_ascensions_may_be_negative():
    assert np.rad2deg(catalogue_sources(table(ra=[-10.0, 0.0]))[0].lonlat[0]) == pytest.approx(350)


def test_near_are_all_within_half_a_degree():
    given = Table(
        {"name": list("abcd"), "ra": [0.0, 0.45, 0.8, 5.0], "dec": [0.0] * 4, "neighbours": ["near"] * 4}
    )
    assert [source.neighbours for source in catalogue_sources(given)] == [("b",), ("a", "c"), ("b",), ()]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"name": ["a", "a"]}, r"row 2: the name 'a' is that of row 1, too; each is wanted once\."),
        ({"name": ["a", " "]}, r"row 2: the source has no name; wanted is one\."),
        ({"name": MaskedColumn(["a", "b"], mask=[True, False])}, r"row 1: the source has no name"),
        ({"name": ["a\nb", "c"]}, r"row 1: the name 'a\\nb' is no line of 100 printable letters"),
        ({"name": ["a" * 101, "c"]}, r"row 1: the name 'a+' is no line of 100"),
        ({"ra": [np.nan, 1.0]}, r"row 1 \(Crab\): its ra is none; wanted is a number in deg"),
        ({"dec": MaskedColumn([1.0, 2.0], mask=[False, True])}, r"row 2 \(other\): its dec is none; wanted"),
        ({"ra": [361.0, 1.0]}, r"row 1 \(Crab\): ra 361 deg and dec 22\.01 deg are no position on the sky"),
        ({"dec": [-90.01, 1.0]}, r"row 1 \(Crab\): ra 83\.63 deg and dec -90\.01 deg are no position"),
        ({"ra": ["here", "1"]}, r"row 1 \(Crab\): its ra is 'here'; wanted is a number in deg"),
        ({"ra": [np.inf, 1.0]}, r"its ra is none; wanted"),
        ({"ra": [1.0, 2.0] * u.m}, r"its ra is none; wanted"),
        ({"ra": [[1.0, 2.0], [3.0, 4.0]]}, r"several values in each row of ra"),
        (
            {"spectrum": ["PowerLaw", "PowerLaw indx=2"]},
            r"row 2 \(other\): spectrum 'PowerLaw indx=2' cannot be used: indx: no parameter",
        ),
        ({"neighbours": ["x", ""]}, r"row 1 \(Crab\): its neighbour 'x' is no source of the catalogue"),
        ({"neighbours": ["", "other"]}, r"row 2 \(other\): it is its own neighbour"),
    ],
)
def test_what_is_wrong_is_one_sentence(columns, words):
    with pytest.raises(InputError, match=words) as caught:
        catalogue_sources(table(**columns))
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it is empty"),
        ("name,ra\nx,1\n", "has no column dec; it has name, ra"),
        ("name,ra,dec\nx,1\n", "row 1: it has 2 values; wanted are 3"),
        ("name,ra,dec\n", "has no row; wanted is a source or more"),
        ("name,name,ra,dec\nx,x,1,1\n", "two of its columns have one name"),
    ],
)
def test_files_that_are_none_are_refused(tmp_path, text, words):
    path = tmp_path / "positions.csv"
    path.write_text(text)
    with pytest.raises((InputError, DataError), match=words):
        catalogue_sources(path)


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(
        InputError, match=r"positions\.txt is no file of positions by its name; wanted is one of \.csv"
    ):
        catalogue_sources(tmp_path / "positions.txt")
    with pytest.raises(DataError, match="does not exist"):
        catalogue_sources(tmp_path / "positions.fits")
    (tmp_path / "bad.fits").write_bytes(b"no FITS at all")
    with pytest.raises(DataError, match=r"bad\.fits"):
        catalogue_sources(tmp_path / "bad.fits")
    with pytest.raises(InputError, match="positions is a int; wanted is the path of a file"):
        catalogue_sources(5)


def test_comments_and_a_byte_order_mark_are_passed_over(tmp_path):
    path = tmp_path / "positions.csv"
    path.write_bytes("\ufeff# made by hand\nName, RA, Dec\nCrab, 83.63, 22.01\n\n".encode())
    assert catalogue_sources(path)[0].name == "Crab"


def test_targets_are_those_of_the_index(hess_dl3_dr1):
    made = catalogue_sources("targets", [DataStore.from_dir(hess_dl3_dr1)])
    names = [source.name for source in made]
    assert names == sorted(names)
    assert {"Crab", "MSH 15-52", "PKS 2155-304 (flare)"} <= set(names)
    crab = made[names.index("Crab")]
    assert_allclose(np.rad2deg(crab.lonlat), [83.633, 22.0145], atol=0.01)


def test_targets_need_an_index():
    with pytest.raises(InputError, match="'targets', which an index has"):
        catalogue_sources("targets", [[]])
