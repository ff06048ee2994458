"""Written stores: read back value by value, by this package, by astropy and by gammapy."""

import gzip
from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from dl3_files import RunFile
from dl3_files import write_store as write_test_store

from tevcurve import GTI, DataStore, MapAxis, MapMaker, PowerLaw, SkyModel, SkyPointSource, WcsGeom
from tevcurve.data.response_hdus import response_bytes
from tevcurve.data.table_bytes import primary_bytes, table_bytes
from tevcurve.data.time import TimeReference
from tevcurve.data.write import _file_names, write_store
from tevcurve.errors import InputError
from tevcurve.files import FitsFile
from tevcurve.files.astropy_table import as_table
from tevcurve.irf import Background3D
from tevcurve.simulation import ResponseSet, simulate_observation

POSITION = SkyCoord(166.0, 38.0, unit="deg")
REFERENCE = TimeReference(51910, 0.000742870370370241)
RESPONSES = ("aeff", "edisp", "psf", "bkg")


def simulated(obs_id=7, background="2d", seed=3):
    source = SkyModel(
        SkyPointSource.from_position(POSITION), PowerLaw(2.5, "1e-11 cm-2 s-1 TeV-1"), name="AGN's"
    )
    start = 7.3e8 + 2000 * obs_id
    gti = GTI([start, start + 400], [start + 300.5, start + 600], REFERENCE)
    pointing = POSITION.directional_offset_by(30 * u.deg, 0.5 * u.deg)
    return simulate_observation(pointing, gti, ResponseSet.analytic(background), source, seed, obs_id=obs_id)


def assert_same_response(one, other):
    assert type(one) is type(other)
    for mine, theirs in zip(one.table.axes, other.table.axes, strict=True):
        np.testing.assert_array_equal(mine.low, theirs.low)
        np.testing.assert_array_equal(mine.high, theirs.high)
    np.testing.assert_array_equal(one.table.values, other.table.values)


@pytest.mark.parametrize("background", ["2d", "3d"])
def test_a_simulated_observation_comes_back_to_the_last_digit(background, tmp_path):
    written = simulated(background=background)
    store = DataStore.from_dir(write_store(tmp_path, [written]))
    read = store.get_observations()[0]
    for name in ("time_s", "energy_tev", "lon", "lat"):
        np.testing.assert_array_equal(getattr(read.events, name), getattr(written.events, name))
    assert read.events.table.colnames == written.events.table.colnames
    assert read.gti == written.gti
    assert read.span_s == written.span_s
    assert read.pointing_lonlat == written.pointing_lonlat
    assert read.deadc == written.deadc
    assert read.meta == written.meta
    assert read.target_name == "AGN's"
    for name in RESPONSES:
        assert_same_response(getattr(read, name), getattr(written, name))
    assert read.aeff.low_threshold == written.aeff.low_threshold
    row = store.obs_table[0]
    assert row["OBS_ID"] == 7
    assert row["EVENT_COUNT"] == len(written.events)
    assert row["ONTIME"] == pytest.approx(500.5)
    assert row["ZEN_PNT"] == pytest.approx(written.zenith.to_value("deg"))


def test_runs_that_are_known_by_texts_come_back(tmp_path):
    names = ["CTAO 1/a", "ctao 1_A", "7", "x" * 60]
    written = [replace_id(simulated(obs_id=n), name) for n, name in enumerate(names)]
    store = DataStore.from_dir(write_store(tmp_path, written))
    assert store.obs_ids.tolist() == ["CTAO 1/a", "ctao 1_A", 7, "x" * 60]
    for one in written:
        read = store.obs(one.obs_id)
        np.testing.assert_array_equal(read.events.time_s, one.events.time_s)
        assert read.obs_id == one.obs_id
    assert len(list((tmp_path / "data").iterdir())) == 4


def replace_id(observation, obs_id):
    """The same observation by another OBS_ID."""
    gti, irfs = observation.gti, ResponseSet.analytic("2d")
    return simulate_observation(observation.pointing, gti, irfs, (), 1, obs_id=obs_id)


@pytest.mark.parametrize("obs_id", ["", None, 1.5])
def test_an_obs_id_that_is_none_gets_a_sentence(obs_id):
    with pytest.raises(InputError, match="wanted is a whole number or a text"):
        replace_id(simulated(), obs_id)


def test_a_part_of_a_run_from_files_comes_back(tmp_path):
    write_test_store(
        tmp_path / "in", [RunFile(obs_id=12, gti=((2.0e8, 2.0e8 + 700), (2.0e8 + 900, 2.0e8 + 1680)))]
    )
    whole = DataStore.from_dir(tmp_path / "in").get_observations()[0]
    part = whole.select_time([whole.tstart + 500 * u.s, whole.tstart + 1000 * u.s])
    read = DataStore.from_dir(write_store(tmp_path / "out", [part])).get_observations()[0]
    assert read.gti == part.gti
    np.testing.assert_array_equal(read.events.time_s, part.events.time_s)
    np.testing.assert_array_equal(read.events.lon, part.events.lon)
    assert read.livetime == part.livetime
    assert read.meta["TSTART"] == part.span_s[0]
    assert read.meta["OBJECT"] == "Crab"
    for name in RESPONSES:
        assert_same_response(getattr(read, name), getattr(part, name))


def test_the_field_of_view_of_the_first_release_is_turned_to_that_of_the_format():
    bkg = ResponseSet.analytic("3d").bkg
    lopsided = bkg.table.values * np.linspace(0.5, 1.5, bkg.table.axes[1].nbin)[:, None]
    bkg = Background3D(replace(bkg.table, columns={"BKG": lopsided}), "RADEC", lon_sign=1)
    table = FitsFile(primary_bytes() + response_bytes(bkg), "memory").table("BKG")
    read = replace(Background3D.from_hdu(table), lon_sign=-1)
    x, y = np.deg2rad([[1.3, -0.7, 0.2], [0.3, 0.1, -1.9]])
    np.testing.assert_allclose(read.rate(1.0, x, y), bkg.rate(1.0, x, y), rtol=1e-12)
    assert not np.allclose(read.rate(1.0, -x, y), bkg.rate(1.0, x, y), rtol=0.01)


def test_the_real_files_come_back(hess_dl3_dr1, tmp_path):
    written = DataStore.from_dir(hess_dl3_dr1).get_observations([23523])[0]
    read = DataStore.from_dir(write_store(tmp_path, [written])).get_observations()[0]
    np.testing.assert_array_equal(read.events.time_s, written.events.time_s)
    np.testing.assert_array_equal(read.events.energy_tev, written.events.energy_tev)
    for name in ("aeff", "edisp", "psf"):
        assert_same_response(getattr(read, name), getattr(written, name))
    x, y = np.deg2rad([[1.3, -0.7, 0.2], [0.3, 0.1, -1.9]])
    np.testing.assert_allclose(read.bkg.rate(1.0, x, y), written.bkg.rate(1.0, x, y), rtol=1e-6)


def test_the_same_observations_give_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        write_store(tmp_path / name, [simulated(1), simulated(2)])
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.gz"))
    assert [str(path) for path in files] == [
        "data/obs_id_000001.fits.gz",
        "data/obs_id_000002.fits.gz",
        "hdu-index.fits.gz",
        "obs-index.fits.gz",
    ]
    for path in files:
        assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes()
    assert not list(tmp_path.rglob(".*"))


def test_astropy_finds_nothing_to_complain_about(tmp_path):
    write_store(tmp_path, [simulated()])
    for path in tmp_path.rglob("*.gz"):
        with fits.open(path) as hdus:
            hdus.verify("exception")
            for hdu in hdus[1:]:
                assert hdu.header["HDUCLASS"] == "GADF"
                assert len(hdu.data.dtype.names) == len(hdu.columns)
    with fits.open(tmp_path / "data" / "obs_id_000007.fits.gz") as hdus:
        header = hdus["EVENTS"].header
    mandatory = (
        "HDUDOC HDUVERS HDUCLAS1 OBS_ID TSTART TSTOP ONTIME LIVETIME DEADC OBS_MODE RA_PNT DEC_PNT ALT_PNT AZ_PNT "
        "EQUINOX RADECSYS ORIGIN TELESCOP INSTRUME CREATOR OBSERVER MJDREFI MJDREFF TIMEUNIT TIMESYS TIMEREF DATE-OBS "
        "TIME-OBS DATE-END TIME-END TELAPSE OBJECT RA_OBJ DEC_OBJ GEOLON GEOLAT ALTITUDE"
    )
    assert [key for key in mandatory.split() if key not in header] == []
    assert header["TELAPSE"] == 600
    assert header["DATE-OBS"] == "2024-02-19"


def test_tables_hold_every_kind_of_column():
    columns = [
        ("A", "TeV", np.array([1.5, np.nan])),
        ("B", None, np.array([[1, 2], [3, 4]], dtype=np.int16)),
        ("C", None, np.array(["x", "long one"])),
        ("D", None, np.array([True, False])),
        ("E", None, np.arange(12, dtype=np.float32).reshape(2, 2, 3)),
        ("F", None, np.array([1, 70000], dtype=np.uint32)),
        ("G", None, np.array([[True, False, True], [False, False, True]])),
    ]
    text = "it's long: " + "abcdefghij" * 12
    keywords = {"WORDS": text, "NUMBER": -1.25e-9, "WHOLE": 12, "FLAG": True, "NONE": None}
    content = primary_bytes() + table_bytes("MIXED", columns, keywords)
    with fits.open(gzip.io.BytesIO(content)) as hdus:
        hdu = hdus["MIXED"]
        for name, unit, array in columns:
            np.testing.assert_array_equal(hdu.data[name], array)
            assert hdu.columns[name].unit == unit
        assert {key: hdu.header[key] for key in keywords if key != "NONE"} == {
            key: value for key, value in keywords.items() if key != "NONE"
        }
        assert "NONE" not in hdu.header
    np.testing.assert_array_equal(FitsFile(content, "memory").table("MIXED").data["B"], columns[1][2])


@pytest.mark.parametrize(
    ("columns", "keywords", "words"),
    [
        ([("A", None, np.zeros(2)), ("B", None, np.zeros(3))], {}, "the same number"),
        ([("A", None, np.zeros(2, dtype=complex))], {}, "cannot hold"),
        ([("A", None, np.array(["\u03b3"]))], {}, "beyond ASCII"),
        ([("A", None, np.zeros(2))], {"KEY": np.nan}, "a finite number"),
        ([("A", None, np.zeros(2))], {"KEY": "two\nlines"}, "printable ASCII"),
        ([("A", None, np.zeros(2))], {"LONG_KEYWORD": 1}, "longer than the 8"),
    ],
)
def test_what_fits_cannot_hold_is_said(columns, keywords, words):
    with pytest.raises(InputError, match=words):
        table_bytes("NAME", columns, keywords)


def test_stores_are_not_overwritten_by_chance(tmp_path):
    with pytest.raises(InputError, match="wanted are one or more"):
        write_store(tmp_path, [])
    with pytest.raises(InputError, match="each once"):
        write_store(tmp_path, [simulated(1), simulated(1)])
    write_store(tmp_path, [simulated(1)])
    with pytest.raises(InputError, match="overwrite=True"):
        write_store(tmp_path, [simulated(1)])
    write_store(tmp_path, [simulated(1, seed=4)], overwrite=True)
    with pytest.raises(InputError, match="no response"):
        response_bytes("aeff")


def test_gammapy_reads_it(tmp_path):
    gammapy = pytest.importorskip("gammapy.data")
    for kind in ("2d", "3d"):
        ours = simulated(background=kind)
        store = gammapy.DataStore.from_dir(write_store(tmp_path / kind, [ours]))
        theirs = store.get_observations([7])[0]
        assert len(theirs.events.table) == len(ours.events)
        seconds = (theirs.events.time - ours.events.time).to_value("s")
        np.testing.assert_allclose(seconds, 0, atol=1e-6)
        assert theirs.events.radec.separation(ours.events.radec).max().to_value("arcsec") < 1e-3
        np.testing.assert_allclose(theirs.events.energy.to_value("TeV"), ours.events.energy_tev)
        assert theirs.gti.time_sum.to_value("s") == pytest.approx(500.5)
        assert theirs.observation_live_time_duration.to_value("s") == pytest.approx(500.5 * 0.95)
        assert theirs.pointing.get_icrs().separation(ours.pointing).to_value("arcsec") < 1e-3
        energy, offset = np.array([0.123, 1.0, 9.0]) * u.TeV, 0.7 * u.deg
        area = theirs.aeff.evaluate(energy_true=energy, offset=offset).to_value("m2")
        np.testing.assert_allclose(area, ours.aeff.evaluate(energy, offset).to_value("m2"), rtol=1e-5)
        nodes = ours.bkg.energy_axis.nodes[[5, 15]] * u.TeV
        place = {"fov_lon": 0.4 * u.deg, "fov_lat": -0.3 * u.deg} if kind == "3d" else {"offset": 0.5 * u.deg}
        rate = theirs.bkg.evaluate(energy=nodes, **place).to_value("TeV-1 s-1 sr-1")
        expected = ours.bkg.evaluate(nodes, 0.4 * u.deg, -0.3 * u.deg).to_value("TeV-1 s-1 sr-1")
        np.testing.assert_allclose(rate, expected, rtol=2e-3)
        assert theirs.psf.axes.names == ["energy_true", "offset", "rad"]
        assert theirs.edisp.axes.names == ["energy_true", "migra", "offset"]


def test_gammapy_expects_the_same_of_a_lopsided_field(tmp_path):
    pytest.importorskip("gammapy")
    from gammapy.data import DataStore as PeerStore
    from gammapy.datasets import MapDataset
    from gammapy.makers import MapDatasetMaker
    from gammapy.maps import MapAxis as PeerAxis
    from gammapy.maps import WcsGeom as PeerGeom

    round_set = ResponseSet.analytic("3d")
    table = round_set.bkg.table
    lopsided = table.values * np.linspace(0.5, 1.5, 24)[:, None] * np.linspace(0.8, 1.2, 24)
    bkg = Background3D(replace(table, columns={"BKG": lopsided}), "RADEC", lon_sign=-1)
    irfs = ResponseSet(round_set.aeff, round_set.edisp, round_set.psf, bkg)
    ours = simulate_observation(POSITION, GTI([7.3e8], [7.3e8 + 7200], REFERENCE), irfs, [], 1)
    edges = np.geomspace(0.3, 30, 21)
    geom = WcsGeom.create(
        skydir=POSITION,
        binsz=0.1,
        npix=(32, 32),
        proj="TAN",
        axes=[MapAxis.from_edges(edges, unit="TeV", name="energy", interp="log")],
    )
    maps = MapMaker(geom, "3 deg").run(ours)
    theirs = PeerStore.from_dir(write_store(tmp_path, [ours])).get_observations()[0]
    axes = [
        PeerAxis.from_energy_bounds(*(e * u.TeV for e in ends), n, name=name)
        for ends, n, name in (((0.3, 30), 20, "energy"), ((0.1, 100), 30, "energy_true"))
    ]
    peer_geom = PeerGeom.create(
        skydir=POSITION, binsz=0.1, npix=(32, 32), proj="TAN", frame="icrs", axes=axes[:1]
    )
    empty = MapDataset.create(peer_geom, energy_axis_true=axes[1], name="peer")
    dataset = MapDatasetMaker(selection=["counts", "background"]).run(empty, theirs)
    np.testing.assert_array_equal(dataset.counts.data, maps["counts"].data)
    np.testing.assert_allclose(dataset.background.data, maps["background"].data, rtol=1e-3)
    left, right = (maps["background"].data[..., half].sum() for half in (slice(16), slice(16, None)))
    assert abs(left / right - 1) > 0.2


def test_lists_and_masked_numbers_are_written_as_they_are_read(tmp_path):
    lists = np.empty(3, dtype=object)
    lists[:] = [np.arange(2), np.arange(0), np.arange(5)]
    numbers = np.ma.MaskedArray([4, -999, 7], mask=[False, True, False])
    both = np.ma.MaskedArray([4, 4, 7], mask=[False, True, False])
    columns = [
        ("LISTS", None, lists),
        ("NUMBERS", None, numbers),
        ("BOTH", "m", both),
        ("PLAIN", None, np.ones(3)),
    ]
    path = tmp_path / "x.fits"
    path.write_bytes(primary_bytes() + table_bytes("X", columns, {}))
    with fits.open(path) as hdus:
        hdus.verify("exception")
        assert [one.tolist() for one in hdus["X"].data["LISTS"]] == [one.tolist() for one in lists]
        assert hdus["X"].columns["NUMBERS"].null == -999
    table = as_table(FitsFile.open(path).table("X"))
    assert [one.tolist() for one in table["LISTS"]] == [one.tolist() for one in lists]
    for name in ("NUMBERS", "BOTH"):
        assert table[name].tolist() == [4, None, 7]


def test_obs_ids_with_the_same_letters_have_files_of_their_own():
    names = _file_names(["a/b", "a?b", "a_b-2", "A*b", "c", *range(3)])
    assert len({name.casefold() for name in names}) == len(names) == 8
    assert names[:2] == ["obs_id_a_b.fits.gz", "obs_id_a_b-2.fits.gz"]
