"""Files from memory: found, inflated, cut off, or not FITS at all."""

import gzip
import os
import pickle

import numpy as np
import pytest
from astropy.io import fits
from dl3_files import RunFile, run_hdus, write_store

from tevcurve.data import DataStore
from tevcurve.errors import DataError, InputError
from tevcurve.files import FileCache, FitsFile, column_values, expand_path, header_number, read_bytes


@pytest.fixture
def path(tmp_path):
    """A FITS file, not compressed, with the HDUs of a run."""
    path = tmp_path / "run.fits"
    fits.HDUList([fits.PrimaryHDU(), *run_hdus(RunFile()).values()]).writeto(path)
    return path


def test_paths_expand_variables_and_home(monkeypatch, tmp_path):
    monkeypatch.setenv("SOMEWHERE", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert expand_path("$SOMEWHERE/x.fits") == expand_path("${SOMEWHERE}/x.fits") == tmp_path / "x.fits"
    assert expand_path("~/x.fits") == tmp_path / "x.fits"
    monkeypatch.delenv("SOMEWHERE")
    with pytest.raises(InputError, match=r"variable SOMEWHERE in the path '\$SOMEWHERE/x.fits' is not set"):
        expand_path("$SOMEWHERE/x.fits")


def test_gzip_is_told_by_its_bytes(tmp_path):
    content = bytes(range(256)) * 100
    for name, written in {
        "plain.fits.gz": content,
        "packed.fits": gzip.compress(content),
        "members.fits.gz": gzip.compress(content[:5000]) + gzip.compress(content[5000:]) + b"\0" * 512,
    }.items():
        (tmp_path / name).write_bytes(written)
        assert read_bytes(tmp_path / name) == content


def test_what_inflates_too_far_is_refused(tmp_path):
    path = tmp_path / "bomb.fits.gz"
    path.write_bytes(gzip.compress(bytes(10**6)))
    assert len(read_bytes(path, limit=10**6)) == 10**6
    with pytest.raises(DataError, match=r"bomb.fits.gz inflates to more than 999999 bytes"):
        read_bytes(path, limit=10**6 - 1)


def test_what_inflates_in_many_steps_is_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("tevcurve.files.inflating._FIRST", 100_000)
    monkeypatch.setattr("tevcurve.files.inflating._CHUNK", 30_000)
    content = np.random.default_rng(1).integers(0, 4, 500_000, dtype=np.uint8).tobytes()
    (tmp_path / "x").write_bytes(gzip.compress(content[:400_000], 1) + gzip.compress(content[400_000:], 1))
    assert read_bytes(tmp_path / "x") == content
    with pytest.raises(DataError, match="inflates to more than 499999 bytes"):
        read_bytes(tmp_path / "x", limit=499_999)


def test_what_is_too_large_is_not_read(tmp_path):
    with open(tmp_path / "large", "wb") as file:
        file.truncate(2**40)
    for read in (read_bytes, FileCache().open, FileCache().real_path):
        with pytest.raises(DataError, match="large has 1099511627776 bytes; wanted are at most"):
            read(tmp_path / "large")


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="pipe cannot be read: it is a pipe or a device"):
        read_bytes(tmp_path / "pipe")
    with pytest.raises(DataError, match="a pipe or a device"):
        read_bytes("/dev/zero")
    with pytest.raises(DataError, match=r"cannot be read: .*null"):
        read_bytes("a\0b")


def test_a_header_without_end_is_given_up(tmp_path):
    (tmp_path / "long").write_bytes(b"SIMPLE  =                    T".ljust(80) + b" " * 5_000_000)
    with pytest.raises(DataError, match="has a header of more than 4320000 bytes"):
        FitsFile.open(tmp_path / "long")


def test_a_column_that_takes_too_much_memory_is_refused(tmp_path):
    # A gzip file of 30 kB: one byte a row, which as numbers of 64 bits would take eight times the file.
    hdu = fits.BinTableHDU.from_columns(
        [fits.Column("A", "B", array=np.zeros(20_000_000, np.uint8))], name="X"
    )
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(tmp_path / "many.fits")
    table = FitsFile.open(tmp_path / "many.fits").table("X")
    with pytest.raises(DataError, match=r"column A of HDU X of .* takes 160000000 bytes as numbers"):
        column_values(table, "A", "", "x")


def test_damaged_and_missing_files_get_a_sentence(tmp_path, path):
    packed = gzip.compress(path.read_bytes())
    (tmp_path / "cut.gz").write_bytes(packed[:-1000])
    (tmp_path / "bad.gz").write_bytes(packed[:500] + bytes(200) + packed[700:])
    (tmp_path / "text").write_text("OBS_ID,TIME\n")
    (tmp_path / "empty").write_bytes(b"")
    for name, words in {
        "nothing": "The file .*nothing does not exist",
        "": "cannot be read: it is a folder",
        "cut.gz": "gzip file .*cut.gz is cut off",
        "bad.gz": "gzip file .*bad.gz is damaged",
        "text": "file .*text is not a FITS file",
        "empty": "file .*empty is not a FITS file",
    }.items():
        with pytest.raises(DataError, match=words):
            FitsFile.open(tmp_path / name)


def test_a_file_that_is_cut_off_gets_a_sentence(tmp_path, path):
    content = path.read_bytes()
    for kept, words in {
        -2880: "cut off in its HDU BKG: .* bytes of data are announced",
        4000: "cut off in a header",
    }.items():
        (tmp_path / "cut").write_bytes(content[:kept])
        with pytest.raises(DataError, match=words):
            FitsFile.open(tmp_path / "cut")


def test_a_header_that_promises_terabytes_takes_no_memory(tmp_path, path):
    old = b"NAXIS2  =                  200"
    content = path.read_bytes()
    assert old in content
    (tmp_path / "huge").write_bytes(content.replace(old, b"NAXIS2  =     9000000000000000"))
    with pytest.raises(
        DataError, match="cut off in its HDU EVENTS: 252000000000000000 bytes of data are announced"
    ):
        FitsFile.open(tmp_path / "huge")
    (tmp_path / "huge").write_bytes(content.replace(old, b"NAXIS2  =                   -1"))
    with pytest.raises(DataError, match=r"HDU EVENTS .* negative size"):
        FitsFile.open(tmp_path / "huge")


def test_tables_are_found_by_name_in_any_case_and_version(tmp_path):
    tables = [
        fits.BinTableHDU.from_columns([fits.Column("A", "J", array=[n])], name="X", ver=n) for n in (1, 2)
    ]
    path = tmp_path / "two.fits"
    fits.HDUList([fits.PrimaryHDU(), *tables, fits.ImageHDU(np.ones(3), name="image")]).writeto(path)
    file = FitsFile.open(path)
    assert file.names == ["X", "X", "IMAGE"]
    assert file.table("x").data["A"] == [1]
    assert file.table("x", version=2).data["A"] == [2]
    assert len(list(file.tables())) == 2
    with pytest.raises(DataError, match=r"two.fits has no HDU X \(EXTVER 3\); it has X, X, IMAGE"):
        file.table("X", version=3)
    with pytest.raises(DataError, match=r"HDU IMAGE of .*two.fits is IMAGE; wanted is a BINTABLE"):
        file.table("image")


def test_tables_with_the_same_header_share_nothing_that_changes(path):
    """What is known of a header is kept, as the runs of an instrument have many that are the same."""
    first, second = (FitsFile.open(path).table("EVENTS") for _ in range(2))
    known = dict(second.header)
    first.header["OBS_ID"] = "another"
    first.header.pop("EXTNAME")
    assert second.header == known == FitsFile.open(path).table("EVENTS").header


def test_the_cache_reads_a_file_once_until_it_changes(tmp_path, path):
    cache = FileCache()
    first = cache.open(path)
    assert cache.open(path) is first
    fits.HDUList([fits.PrimaryHDU(), *run_hdus(RunFile(n_events=300)).values()]).writeto(path, overwrite=True)
    assert len(cache.open(path).table("EVENTS").data) == 300


def test_a_file_that_cannot_be_used_is_read_once_until_it_changes(tmp_path, path, monkeypatch):
    cache, read = FileCache(), []
    monkeypatch.setattr(
        "tevcurve.files.hdus.read_bytes", lambda path, limit: read.append(path) or read_bytes(path, limit)
    )
    (tmp_path / "bad").write_text("no table")
    for _ in range(3):
        with pytest.raises(DataError, match="bad is not a FITS file"):
            cache.open(tmp_path / "bad")
    assert len(read) == 1
    cache.forget(tmp_path / "bad")
    with pytest.raises(DataError, match="bad is not a FITS file"):
        cache.open(tmp_path / "bad")
    path.rename(tmp_path / "bad")
    assert cache.open(tmp_path / "bad").names == ["EVENTS", "GTI", "AEFF", "EDISP", "PSF", "BKG"]
    # What is not there may come.
    with pytest.raises(DataError, match="does not exist"):
        cache.open(path)
    (tmp_path / "bad").rename(path)
    assert cache.open(path).names


def test_the_cache_keeps_within_its_limit(tmp_path):
    cache = FileCache(limit=30_000)
    hdu = fits.BinTableHDU.from_columns([fits.Column("A", "D", array=np.ones(1000))])
    paths = [tmp_path / f"{n}.fits" for n in range(4)]
    for path in paths:
        fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path)
    files = [cache.open(path) for path in paths]
    assert cache.open(paths[3]) is files[3]
    assert cache.open(paths[0]) is not files[0]
    assert cache.open(pickle.loads(pickle.dumps(paths[3]))) is files[3]
    assert pickle.loads(pickle.dumps(cache)).open(paths[3]) is not files[3]


def test_a_released_observation_lets_go_of_its_file(tmp_path):
    observation = DataStore.from_dir(write_store(tmp_path)).obs(1)
    events, files = observation.events, observation._run._files
    path = next(address.path for address in observation._run.addresses if address.hdu_type == "events")
    assert files.open(path) is files.open(path)
    kept = files.open(path)
    observation.release()
    assert files.open(path) is not kept
    np.testing.assert_array_equal(observation.events.time_s, events.time_s)


def test_columns_are_found_in_any_case_and_converted(path):
    hdu = FitsFile.open(path).table("AEFF")
    np.testing.assert_array_equal(column_values(hdu, "effarea", "cm2", "x"), np.full((1, 3, 24), 1e9))
    with pytest.raises(
        DataError, match="column ENERG_LO of x has the unit 'TeV'; wanted is one that converts to s"
    ):
        column_values(hdu, "ENERG_LO", "s", "x")
    with pytest.raises(DataError, match="x has no column NOTHING; it has ENERG_LO, ENERG_HI"):
        column_values(hdu, "NOTHING", "s", "x")


def test_a_column_of_texts_is_no_numbers(tmp_path):
    hdu = fits.BinTableHDU.from_columns([fits.Column("A", "3A", array=["one", "two"])])
    with pytest.raises(DataError, match="column A of x holds texts; wanted are numbers"):
        column_values(hdu, "A", "", "x")


def test_header_numbers():
    assert header_number({"KEY": "1835."}, "KEY", "x") == 1835.0
    assert header_number({}, "KEY", "x", default=2.0) == 2.0
    with pytest.raises(DataError, match="x has no keyword KEY"):
        header_number({}, "KEY", "x")
    for value in ("high", float("nan"), "T", True, 10**400):
        with pytest.raises(DataError, match=f"x has KEY {value!r}; wanted is a finite number"):
            header_number({"KEY": value}, "KEY", "x")


def test_a_table_in_compressed_tiles_is_refused_by_its_name(tmp_path, path):
    with fits.open(path) as hdus:
        hdus["EVENTS"].header["ZTABLE"] = True
        hdus.writeto(tmp_path / "run.fits.fz")
    file = FitsFile.open(tmp_path / "run.fits.fz")
    assert file.table("GTI").name == "GTI"
    with pytest.raises(
        DataError, match=r"HDU EVENTS of .*run.fits.fz is a table in compressed tiles \(ZTABLE\)"
    ):
        file.table("EVENTS")
