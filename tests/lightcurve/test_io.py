import os

import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import Table
from astropy.time import Time
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tevcurve.errors import DataError, InputError
from tevcurve.lightcurve.io import read_table, write_table
from tevcurve.lightcurve.product import LightCurve

SUFFIXES = ["ecsv", "fits", "fits.gz", "vot", "xml"]
META = {
    "source": "Crab – naïve 'quotes' \"and\" more",
    "sigma": 1,
    "sigma_ul": 2,
    "reoptimize": True,
    "method": "3d",
    "a_long_name_in_lower_case": [1, 2.5, None, "x" * 200],
    "numpy": np.float64(0.1),
    "date": Time(53343.5, format="mjd", scale="tt"),
    "nested": {"z": 1, "a": {"b": 0.1 * u.deg}},
    "lines": {"k": "one\n\n  two", "many": ["x\ny\n"]},
    "plain_lines": "one\ntwo",
}


def make(n_rows=4, reason=None, scale="tt"):
    rng = np.random.default_rng(7)
    start = Time(53343 + np.sort(rng.random(n_rows)), format="mjd", scale=scale)
    norms = {
        name: rng.lognormal(size=n_rows) for name in ("norm", "norm_err", "norm_errn", "norm_errp", "norm_ul")
    }
    norms["norm"][1:2] = np.nan
    norms["norm_ul"][:1] = np.inf
    norms |= {"ts": rng.random(n_rows) * 1e-7, "counts": np.arange(n_rows), "flag": np.arange(n_rows) > 1}
    norms |= {"norm_scan": np.linspace(0.2, 5, 11), "dloglike_scan": rng.random((n_rows, 11))}
    norms["dloglike_scan"][1:2, 3] = np.nan
    reference = {"ref_flux": 1e-11, "ref_dnde": 2e-11, "ref_eflux": 3e-11, "ref_e2dnde": 2e-11}
    reason = [""] * n_rows if reason is None else reason
    return LightCurve.from_arrays(
        start, start + 20 * u.min, 1, 1, 10, reference, norms | {"reason": reason}, META
    )


def assert_same(one, other):
    """Every name, value, type, unit, description and piece of metadata is the same."""
    assert one.table.colnames == other.table.colnames
    for name in one.table.colnames:
        mine, theirs = one.table[name], other.table[name]
        assert mine.unit == theirs.unit, name
        assert mine.description == theirs.description, name
        assert mine.info.format == theirs.info.format, name
        assert mine.shape == theirs.shape, name
        assert not np.any(getattr(theirs, "mask", False)), name
        if mine.dtype.kind == "U":
            assert mine.tolist() == theirs.tolist(), name
        else:
            assert mine.dtype == theirs.dtype, name
            assert mine.tobytes() == theirs.tobytes(), name
    assert dict(one.meta) == dict(other.meta)
    assert list(one.meta) == list(other.meta)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("scale", ["tt", "utc"])
def test_nothing_is_lost(tmp_path, suffix, scale):
    path = tmp_path / f"crab.{suffix}"
    light_curve = make(
        reason=["", "fitted; b = 0", 'background ≥ 0,\tand "more"\n', "  # blank  "], scale=scale
    )
    assert light_curve.write(path) == path
    again = LightCurve.read(path)
    assert_same(light_curve, again)
    assert again.time_start.scale == scale
    assert os.listdir(tmp_path) == [path.name]


@settings(max_examples=25, deadline=None)
@given(
    texts=st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=12), min_size=1, max_size=4),
    suffix=st.sampled_from(SUFFIXES),
)
@example(texts=["#"], suffix="ecsv")
def test_any_text_survives(tmp_path_factory, texts, suffix):
    path = tmp_path_factory.getbasetemp() / f"any_text.{suffix}"
    # numpy's text type drops null characters at the end
    texts = [text.rstrip("\0") for text in texts]
    write_table(Table({"reason": texts}), path, overwrite=True)
    assert read_table(path)["reason"].tolist() == texts


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("n_rows", [0, 1])
def test_short_tables_too(tmp_path, suffix, n_rows):
    light_curve = make(n_rows)
    light_curve.write(tmp_path / f"lc.{suffix}")
    assert_same(light_curve, LightCurve.read(tmp_path / f"lc.{suffix}"))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_same_content_same_bytes(tmp_path, suffix):
    first, second, third = (tmp_path / f"{name}.{suffix}" for name in "abc")
    make().write(first)
    make().write(second)
    LightCurve.read(first).write(third)
    assert first.read_bytes() == second.read_bytes() == third.read_bytes()
    if suffix == "fits.gz":
        # the time in the header of a gzip file (RFC 1952, section 2.3)
        assert first.read_bytes()[4:8] == bytes(4)


def test_other_tools_read_the_fits_table(tmp_path):
    light_curve = make()
    light_curve.write(tmp_path / "lc.fits")
    with fits.open(tmp_path / "lc.fits") as hdus:
        hdus.verify("exception")
        assert hdus["LIGHTCURVE"].header["TIMESYS"] == "TT"
        assert hdus["LIGHTCURVE"].columns["flux"].unit == "s-1 cm-2"
        np.testing.assert_array_equal(hdus["LIGHTCURVE"].data["time_min"], light_curve.table["time_min"])


def test_other_tools_read_the_ecsv_table(tmp_path):
    light_curve = make()
    light_curve.write(tmp_path / "lc.ecsv")
    table = Table.read(tmp_path / "lc.ecsv")
    assert table["flux"].unit == u.Unit("cm-2 s-1")
    np.testing.assert_array_equal(table["flux_err"], light_curve.table["flux_err"])


def test_origin_is_not_written(tmp_path):
    light_curve = LightCurve(make().table, origin=object())
    light_curve.write(tmp_path / "lc.fits")
    assert LightCurve.read(tmp_path / "lc.fits").origin is None


def test_a_file_is_replaced_only_when_asked(tmp_path):
    path = tmp_path / "lc.ecsv"
    path.write_text("precious")
    with pytest.raises(InputError, match="already there; pass overwrite=True"):
        make().write(path)
    assert path.read_text() == "precious"
    make().write(path, overwrite=True)
    assert_same(make(), LightCurve.read(path))


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "lc.fits"
    path.write_text("precious")

    def full_disk(handle):
        raise OSError("No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        make().write(path, overwrite=True)
    assert path.read_text() == "precious"
    assert os.listdir(tmp_path) == ["lc.fits"]


def test_paths_expand_environment_variables(tmp_path, monkeypatch):
    monkeypatch.setenv("RESULTS", str(tmp_path))
    make().write("$RESULTS/lc.ecsv")
    assert (tmp_path / "lc.ecsv").is_file()
    assert len(LightCurve.read("$RESULTS/lc.ecsv")) == 4


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_masked_values_are_refused_and_become_nan(tmp_path, suffix):
    table = Table(make().table, masked=True)
    table["flux"].mask[2] = True
    with pytest.raises(InputError, match="column flux has masked values"):
        write_table(table, tmp_path / f"lc.{suffix}")
    assert not os.listdir(tmp_path)
    # a light curve of such a table has NaN there, which a file can keep
    back = LightCurve.read(LightCurve(table).write(tmp_path / f"lc.{suffix}"))
    assert np.isnan(back.table["flux"][2])


def test_wrong_files_are_named(tmp_path):
    with pytest.raises(DataError, match=r"nothing\.fits is not there"):
        LightCurve.read(tmp_path / "nothing.fits")
    with pytest.raises(InputError, match=r"should end in \.ecsv, \.fits, \.fits\.gz"):
        make().write(tmp_path / "lc.xls")
    with pytest.raises(InputError, match=r"folder .*absent is not there"):
        make().write(tmp_path / "absent" / "lc.fits")
    for suffix in SUFFIXES:
        path = tmp_path / f"broken.{suffix}"
        path.write_bytes(b"no table")
        with pytest.raises(
            DataError,
            match=f"broken.{suffix} (cannot be read as an ECSV table|cannot be read as a VOTable|is not a FITS file)",
        ):
            LightCurve.read(path)
    fits.PrimaryHDU().writeto(tmp_path / "other.fits")
    with pytest.raises(DataError, match=r"other\.fits has no HDU LIGHTCURVE"):
        LightCurve.read(tmp_path / "other.fits")
    Table({"time_min": [1.0]}).write(tmp_path / "other.ecsv")
    with pytest.raises(DataError, match=r"other\.ecsv holds no light curve: .*time_max"):
        LightCurve.read(tmp_path / "other.ecsv")
