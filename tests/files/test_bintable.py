"""Tables from bytes are the ones that astropy reads."""

import numpy as np
import pytest
from astropy.io import fits
from dl3_files import RunFile, run_hdus

from tevcurve.errors import DataError
from tevcurve.files import FitsFile, column_values
from tevcurve.files.astropy_table import as_table
from tevcurve.files.bintable import BinTable


def written(tmp_path, *hdus):
    path = tmp_path / "file.fits"
    fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(path)
    return path


def check_same(table, hdu):
    """Everything that is used of a table is as in astropy's."""
    assert table.name.upper() == hdu.name.upper()
    for key, value in hdu.header.items():
        if key and key not in ("COMMENT", "HISTORY"):
            assert table.header[key] == value, key
    assert table.columns.names == hdu.columns.names
    assert len(table.data) == len(hdu.data)
    for column in hdu.columns:
        assert table.columns[column.name.lower()].unit == column.unit
        found, expected = table.data[column.name], hdu.data[column.name]
        assert found.shape == expected.shape
        np.testing.assert_array_equal(found, expected)
        if found.dtype.kind != "U":
            assert found.dtype == expected.dtype


@pytest.mark.parametrize("bkg", ["bkg_2d", "bkg_3d"])
def test_small_files_are_as_astropy_reads_them(tmp_path, bkg):
    path = written(tmp_path, *run_hdus(RunFile(bkg=bkg)).values())
    with fits.open(path) as hdus:
        for hdu in hdus[1:]:
            table = FitsFile.open(path).table(hdu.name)
            assert isinstance(table, BinTable)
            check_same(table, hdu)


def test_tables_without_rows_are_as_astropy_reads_them(tmp_path):
    columns = [fits.Column("A", "3A", array=[]), fits.Column("B", "2D", array=np.empty((0, 2)))]
    path = written(tmp_path, fits.BinTableHDU.from_columns(columns, name="X"))
    with fits.open(path) as hdus:
        check_same(FitsFile.open(path).table("X"), hdus["X"])


def test_hess_files_are_as_astropy_reads_them(hess_dl3_dr1):
    for name in (
        "data/hess_dl3_dr1_obs_id_033787.fits.gz",
        "hess-dl3-dr3-with-background.fits.gz",
        "obs-index.fits.gz",
    ):
        file = FitsFile.open(hess_dl3_dr1 / name)
        with fits.open(hess_dl3_dr1 / name) as hdus:
            assert file.names == [hdu.name for hdu in hdus[1:]]
            for hdu in hdus[1:]:
                table = file.table(hdu.name)
                assert isinstance(table, BinTable)
                check_same(table, hdu)


def test_header_values_of_every_kind(tmp_path):
    hdu = fits.BinTableHDU.from_columns([fits.Column("A", "D", array=[1.0])], name="X")
    values = {"TEXT": "it's a / text  ", "EMPTY": "", "YES": True, "NO": False, "INT": -7, "REAL": -1.5e-11}
    for key, value in values.items():
        hdu.header[key] = (value, "a comment / with a slash")
    hdu.header.append(fits.Card.fromstring("OLDREAL =               1.5D+03 / as Fortran writes it"))
    hdu.header.append(fits.Card.fromstring("NOTHING =                      / no value"))
    header = FitsFile.open(written(tmp_path, hdu)).table("x").header
    assert {key: header[key] for key in values} == {**values, "TEXT": "it's a / text"}
    assert header["OLDREAL"] == 1500.0
    assert header["NOTHING"] is None


@pytest.mark.parametrize(
    ("form", "values", "extra"),
    [
        ("J", np.array([1, 2**31 + 5], dtype=np.uint32), {"bzero": 2**31}),
        ("I", np.array([1, 2**15 + 5], dtype=np.uint16), {"bzero": 2**15}),
        ("K", np.array([1, 2**63 + 5], dtype=np.uint64), {"bzero": 2**63}),
        ("B", np.array([-100, 100], dtype=np.int8), {"bzero": -128}),
        ("E", np.array([1.5, -2.25], dtype=np.float32), {"bzero": 1.0, "bscale": 0.25}),
        ("PD()", np.array([np.arange(3.0), np.arange(2.0)], dtype=object), {}),
        ("QE()", np.array([np.arange(3.0), np.arange(0.0)], dtype=object), {}),
        ("L", np.array([True, False]), {}),
        ("32X", np.eye(2, 32, dtype=bool), {}),
        ("2C", np.ones((2, 2), dtype=np.complex64), {}),
        ("M", np.array([1 + 2j, 3.0]), {}),
        ("6A", np.array([["one", "two"], ["a", "bc"]]), {"dim": "(3,2)"}),
    ],
)
def test_columns_of_all_kinds_are_as_astropy_reads_them(tmp_path, form, values, extra):
    column = fits.Column("A", form, array=values.copy(), **extra)
    path = written(tmp_path, fits.BinTableHDU.from_columns([column], name="X"))
    found = FitsFile.open(path).table("x").data["A"]
    with fits.open(path, uint=True) as hdus:
        for one, its, given in zip(found, hdus["X"].data["A"], values, strict=True):
            np.testing.assert_array_equal(one, its)
            np.testing.assert_array_equal(one, given)


def test_a_scale_beyond_numbers_is_infinite(tmp_path):
    column = fits.Column("A", "E", array=np.array([0.0, 2.0], dtype=np.float32))
    hdu = fits.BinTableHDU.from_columns([column], name="X")
    hdu.header["TSCAL1"], hdu.header["TZERO1"] = 1e299, 1.0
    path = written(tmp_path, hdu)
    assert FitsFile.open(path).table("x").data["A"].tolist() == [1.0, 2e299]


def test_long_texts_are_as_astropy_reads_them(tmp_path):
    hdu = fits.BinTableHDU.from_columns([fits.Column("A", "D", array=[1.0])], name="X")
    hdu.header["LONG"] = "a text of many words, isn't it? " * 10
    hdu.header["AFTER"] = 5
    path = written(tmp_path, hdu)
    header = FitsFile.open(path).table("x").header
    assert (
        header["LONG"]
        == ("a text of many words, isn't it? " * 10).rstrip()
        == fits.getheader(path, "X")["LONG"]
    )
    assert header["AFTER"] == 5


def test_lists_beyond_the_table_are_refused(tmp_path):
    column = fits.Column("A", "PD()", array=np.array([np.arange(3.0), np.arange(2.0)], dtype=object))
    path = written(tmp_path, fits.BinTableHDU.from_columns([column], name="X"))
    content = path.read_bytes()
    descriptor = np.array([3, 0], dtype=">i4").tobytes()
    assert content.count(descriptor) == 1
    for count, start in ((6, 0), (2**31 - 1, 0), (1, 2**30), (-1, 0), (1, -16)):
        path.write_bytes(content.replace(descriptor, np.array([count, start], dtype=">i4").tobytes()))
        with pytest.raises(DataError, match=r"column A of HDU X of .* has lists beyond the end"):
            _ = FitsFile.open(path).table("x").data["A"]


def test_texts_and_headers_are_printable(tmp_path):
    hdu = fits.BinTableHDU.from_columns([fits.Column("A", "4A", array=["one"])], name="X")
    hdu.header["OBJECT"] = "Crab"
    path = written(tmp_path, hdu)
    path.write_bytes(path.read_bytes().replace(b"one", b"\x1b[2").replace(b"Crab", b"\nra\xff"))
    table = FitsFile.open(path).table("x")
    assert table.data["A"] == ["?[2"]
    path.write_bytes(path.read_bytes().replace(b"\x1b[2", b"a\0b"))
    assert FitsFile.open(path).table("x").data["A"] == ["a"]
    assert table.header["OBJECT"] == "?ra?"


def test_values_are_read_only(tmp_path):
    hdu = fits.BinTableHDU.from_columns([fits.Column("A", "D", array=[1.0])], name="X")
    values = FitsFile.open(written(tmp_path, hdu)).table("x").data["A"]
    with pytest.raises(ValueError, match="read-only"):
        values[0] = 2.0


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"TFORM1  = 'D ", b"TFORM1  = '9D", "columns take 72 bytes in a row, and NAXIS1 says 8"),
        (
            b"TFIELDS =                    1",
            b"TFIELDS =                  'A'",
            "TFIELDS is 'A', which is no size",
        ),
        (b"TFIELDS =                    1", b"TFIELDS =           9000000000", "at most 999 columns"),
        (b"TFORM1  = 'D ", b"TFORM1  = 'Z ", "TFORM1 is 'Z', which is no format"),
        (b"TFORM1  = 'D       '      ", b"TFORM1  = '9999999999999D'", "and NAXIS1 says 8"),
        (
            b"PCOUNT  =                    0",
            b"PCOUNT  =                 2880",
            "more than the file has|is cut off",
        ),
        (b"TDIM1   = '(2,1)", b"TDIM1   = '(2,3)", r"TDIM1 is \(2,3\), and TFORM1 says 2 values"),
    ],
)
def test_a_header_that_contradicts_itself_gets_a_sentence(tmp_path, old, new, words):
    column = fits.Column("A", "2D", dim="(2,1)", array=np.ones((1, 1, 2))) if b"TDIM" in old else None
    column = column or fits.Column("A", "D", array=[1.0])
    path = written(tmp_path, fits.BinTableHDU.from_columns([column], name="X"))
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))
    with pytest.raises(DataError, match=f"HDU X of {path} cannot be read.*|{words}") as error:
        FitsFile.open(path).table("X")
    assert error.match(words)


@pytest.mark.parametrize(
    ("form", "n_rows", "dim"),
    [(form, 10**15, "(0)") for form in ("0E", "0A", "0D")] + [("0E", 2, "(0,1000000000000000000)")],
)
def test_what_has_no_bytes_takes_no_memory(tmp_path, form, n_rows, dim):
    hdu = fits.BinTableHDU.from_columns([fits.Column("A", "D", array=[])], name="X")
    hdu.header["TDIM1"] = "(1)" + 30 * " " + "."
    path = written(tmp_path, hdu)
    content = path.read_bytes()
    for old, new in (
        (b"NAXIS1  =                    8", b"NAXIS1  =                    0"),
        (b"NAXIS2  =                    0", b"NAXIS2  = %20d" % n_rows),
        (b"TFORM1  = 'D ", b"TFORM1  = '" + form.encode()),
        (b"'(1)" + 30 * b" " + b".", b"'" + dim.ljust(34).encode()),
    ):
        assert content.count(old) == 1
        content = content.replace(old, new)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"wanted are at most|TDIM1 is .*, and TFORM1 says 0 values"):
        FitsFile.open(path).table("X").data["A"]


def table_of(tmp_path, columns, **cards):
    hdu = fits.BinTableHDU.from_columns(columns, name="X")
    for key, value in cards.items():
        hdu.header[key] = value
    return FitsFile.open(written(tmp_path, hdu)).table("X")


def test_whole_numbers_that_stand_for_none_are_nan(tmp_path):
    table = table_of(tmp_path, [fits.Column("A", "J", array=np.array([1, -9, 3]), null=-9)])
    np.testing.assert_array_equal(column_values(table, "A", "", "x"), [1, np.nan, 3])
    shown = as_table(table)["A"]
    assert shown.mask.tolist() == [False, True, False]


@pytest.mark.parametrize("keyword", ["TSCAL1", "TZERO1"])
def test_a_scale_that_is_no_number_gets_a_sentence(tmp_path, keyword):
    table = table_of(tmp_path, [fits.Column("A", "E", array=np.ones(2))], **{keyword: "much"})
    with pytest.raises(
        DataError, match=f"column A .* cannot be read: its {keyword} is 'much', which is no number"
    ):
        column_values(table, "A", "", "x")


def test_two_columns_of_one_name_get_a_sentence(tmp_path):
    columns = [fits.Column(name, "E", "TeV", array=np.ones(2)) for name in ("energy", "OTHER1")]
    path = written(tmp_path, fits.BinTableHDU.from_columns(columns, name="X"))
    path.write_bytes(path.read_bytes().replace(b"'OTHER1  '", b"'ENERGY  '"))
    table = FitsFile.open(path).table("X")
    with pytest.raises(DataError, match=r"x has 2 columns ENERGY \(energy and ENERGY\); wanted is one"):
        column_values(table, "ENERGY", "TeV", "x")


@pytest.mark.parametrize("unit", ["ph / (s MeV sr)", "ct s-1 MeV-1 sr-1", "1/s/MeV/sr", "s^-1/sr/MeV"])
def test_what_is_counted_has_no_unit(tmp_path, unit):
    table = table_of(tmp_path, [fits.Column("A", "E", unit, array=np.ones(1))])
    assert column_values(table, "A", "TeV-1 s-1 sr-1", "x").tolist() == pytest.approx([1e6])
