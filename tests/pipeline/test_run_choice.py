"""Runs that are chosen: each condition against the numbers that were written, in the call, by append, in the ledger."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table
from astropy.time import Time
from dl3_files import MJDREF, RunFile, write_store
from small_store import run_file

from tevcurve import DataStore, light_curve
from tevcurve.config import Config, ConfigError
from tevcurve.errors import DataError, InputError
from tevcurve.pipeline.append import append_runs
from tevcurve.pipeline.run_choice import RunChoice
from tevcurve.problems import NOT_CHOSEN
from tevcurve.store import Result, write_result

CRAB = SkyCoord(83.63, 22.01, unit="deg")
HERE = {"RA_OBJ": 83.63, "DEC_OBJ": 22.01}
START = 1.2e8
OFFSETS = (0.5, 1.0, 1.5, 2.0)
FACTS = {
    "ZEN_PNT": [20.0, 45.0, 50.0, 60.0],
    "QUALITY": [0, 0, 1, 2],
    "N_TELS": [4, 3, 4, 2],
    "TELLIST": ["1,2,3,4", "1,2,3", "1,2,3,4", "3,4"],
    "MUONEFF": [0.1, 0.2, np.nan, 0.4],
}


def placed(number):
    pointing = CRAB.directional_offset_by(0 * u.deg, OFFSETS[number - 1] * u.deg)
    return {
        "pointing": (pointing.ra.deg, pointing.dec.deg),
        "header": HERE | {"ALT_PNT": 90 - FACTS["ZEN_PNT"][number - 1]},
    }


def with_facts(folder, ids):
    path = folder / "obs-index.fits.gz"
    table = Table.read(path)
    for name, values in FACTS.items():
        table[name] = [values[number - 1] for number in ids]
    table.write(path, overwrite=True)
    return folder


def night(number):
    """When a run begins: each one day after the one before."""
    return START + 86400.0 * number


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    runs = [RunFile(k, n_events=3, tstart=night(k), tstop=night(k) + 1000, **placed(k)) for k in (1, 2, 3, 4)]
    return with_facts(write_store(tmp_path_factory.mktemp("runs"), runs), (1, 2, 3, 4))


@pytest.fixture(scope="module")
def observations(folder):
    return list(DataStore.from_dir(folder).get_observations())


def taken(observations, choice):
    chosen, others = RunChoice.of(choice).split(observations, CRAB)
    assert len(chosen) + len(others) == len(observations)
    assert {one.kind for one in others} <= {NOT_CHOSEN}
    return [one.obs_id for one in chosen], others


def date(number):
    return (Time(sum(MJDREF), format="mjd", scale="tt") + night(number) * u.s).utc


@pytest.mark.parametrize(
    ("choice", "ids"),
    [
        (None, [1, 2, 3, 4]),
        ({"zenith": "<50 deg"}, [1, 2]),
        ({"zenith": "45-50 deg"}, [2, 3]),
        ({"offset": "<=1 deg"}, [1, 2]),
        ({"quality": 0}, [1, 2]),
        ({"quality": "<=1"}, [1, 2, 3]),
        ({"telescopes": 4}, [1, 3]),
        ({"telescopes": ">=3"}, [1, 2, 3]),
        ({"telescopes": "[3, 4]"}, [1, 3, 4]),
        ({"telescopes": [1]}, [1, 2, 3]),
        ({"after": date(3)}, [3, 4]),
        ({"before": (date(3) - 1 * u.min).isot}, [1, 2]),
        ({"after": date(2), "before": date(4)}, [2, 3]),
        ("ZEN_PNT < 60 and N_TELS == 4", [1, 3]),
        ("zen_pnt > 30 and MUONEFF > 0.1", [2, 4]),
        ({"where": "MUONEFF > 0", "quality": "0, 2"}, [1, 2, 4]),
    ],
)
def test_runs_are_those_that_are_as_they_have_to_be(observations, choice, ids):
    assert taken(observations, choice)[0] == ids


def test_a_run_begins_when_it_is_said_to_begin_and_points_where_it_does(tmp_path):
    """Both are computed, from numbers of the index and from cosines, and a little off in their last digits."""
    begins = Time("2004-12-04T22:53:00", scale="utc") + 61 * np.arange(12) * u.s
    since = [(each.tt - Time(MJDREF[0], MJDREF[1], format="mjd", scale="tt")).sec for each in begins]
    around = [CRAB.directional_offset_by(31 * k * u.deg, 0.5 * u.deg) for k in range(12)]
    write_store(
        tmp_path,
        [
            RunFile(
                k + 1, n_events=3, tstart=tstart, tstop=tstart + 60, pointing=(there.ra.deg, there.dec.deg)
            )
            for k, (tstart, there) in enumerate(zip(since, around, strict=True))
        ],
    )
    observations = list(DataStore.from_dir(tmp_path).get_observations())
    everyone = [one.obs_id for one in observations]
    for k, begin in enumerate(begins):
        assert taken(observations, {"after": begin.isot[:19]})[0] == everyone[k:]
        assert taken(observations, {"before": begin.isot[:19]})[0] == everyone[:k]
    assert taken(observations, {"offset": "<=0.5 deg"})[0] == everyone
    assert taken(observations, {"offset": "<0.5 deg"})[0] == []


@pytest.mark.parametrize(
    ("choice", "reason"),
    [
        ({"zenith": "<50 deg"}, "Its zenith angle is 50 deg; chosen are runs with zenith <50 deg."),
        ({"offset": "<1 deg"}, "It points 1.5 deg beside the target; chosen are runs with offset <1 deg."),
        ({"telescopes": "3"}, "It has 4 telescopes; chosen are runs with telescopes 3."),
        ("MUONEFF > 0", "Nothing says its MUONEFF; chosen are runs where MUONEFF > 0."),
        (
            "ZEN_PNT + N_TELS < 50",
            "It has ZEN_PNT 50, N_TELS 4; chosen are runs where ZEN_PNT + N_TELS < 50.",
        ),
    ],
)
def test_each_that_is_left_out_has_its_reason(observations, choice, reason):
    _, others = taken(observations, choice)
    assert next(one.reason for one in others if one.obs_id == "3") == reason


def test_without_an_index_the_headers_say_it(observations, folder):
    files = sorted(folder.glob("**/*run*.fits*")) or sorted(folder.glob("**/*[0-9].fits*"))
    single = list(DataStore.from_events_files(files).get_observations())
    assert sorted(taken(single, {"zenith": "<50 deg", "offset": "<0.7 deg"})[0]) == [1]
    with pytest.raises(InputError, match="There is no column 'QUALITY'"):
        taken(single, {"where": "QUALITY == 0"})


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"zenith": "<50"}, r"^zenith is '<50'; wanted is a condition on an angle such as '<50 deg'"),
        ({"offset": 3}, "^offset is '3'; wanted is"),
        (
            {"after": "yesterday"},
            r"^after is 'yesterday'; wanted is a date such as 2006-07-29, or an MJD in TT such as 53945\.9\.$",
        ),
        ({"before": "2453945.5"}, "looks like a Julian day"),
        ({"quality": "good"}, "^quality is 'good'; wanted is a condition such as 0"),
        ({"telescopes": "a>b"}, "^telescopes is 'a>b'; wanted is how many there are, such as 4"),
        ("ZEN_PNT", "cannot be told: it is no comparison"),
        ("ZENITH < 50", "There is no column 'ZENITH' in the observation index; it has OBS_ID, RA_PNT"),
        ("ZENPNT < 50", "There is no column 'ZENPNT' in the observation index; did you mean 'ZEN_PNT'?"),
        (
            {"zentih": "<50 deg"},
            "wanted is an expression such as 'ZEN_PNT < 50', or a dict of some of zenith, offset",
        ),
        (7, "^choose is 7; wanted is an expression"),
    ],
)
def test_what_cannot_be_is_told(observations, choice, words):
    with pytest.raises(InputError, match=words):
        taken(observations, choice)


def test_offsets_are_of_one_source(observations):
    with pytest.raises(InputError, match="each of several sources has its own"):
        RunChoice(offset="<1 deg").split(observations, None)


def test_angles_are_in_the_unit_of_the_index_and_as_they_are_printed(tmp_path):
    """In 32 bits 46.2 is a little more and 46.3 a little less; an index may be in radian."""
    runs = [RunFile(k, n_events=3, tstart=night(k), tstop=night(k) + 1000, **placed(k)) for k in (1, 2)]
    path = write_store(tmp_path, runs) / "obs-index.fits.gz"
    table = Table.read(path)
    table["ZEN_PNT"] = np.array([46.2, 46.3], dtype=np.float32)
    for name in ("RA_PNT", "DEC_PNT"):
        table[name] = np.radians(np.asarray(table[name], dtype=float))
        table[name].unit = "rad"
    table.write(path, overwrite=True)
    seen = list(DataStore.from_dir(tmp_path).get_observations())
    assert taken(seen, {"zenith": "<=46.2 deg"})[0] == taken(seen, "ZEN_PNT == 46.2")[0] == [1]
    assert taken(seen, {"zenith": "<46.3 deg"})[0] == taken(seen, "ZEN_PNT < 46.3")[0] == [1]
    assert taken(seen, {"offset": "0.9-1.1 deg"})[0] == [2]


@pytest.fixture(scope="module")
def curves(tmp_path_factory):
    """(folder of a store, of one with the first two of its runs) with real events."""
    ids = (1, 2, 3)
    runs = [
        run_file(
            k, k, night(k), placed(k)["pointing"], header=placed(k)["header"], n_source=60, n_background=300
        )
        for k in ids
    ]
    every = with_facts(write_store(tmp_path_factory.mktemp("every"), runs), ids)
    first = with_facts(write_store(tmp_path_factory.mktemp("first"), runs[:1]), ids[:1])
    return every, first


OPTIONS = {"energy_edges": [0.7, 10] * u.TeV, "safe_energy": None}


def test_what_is_left_out_stands_in_the_ledger_and_what_is_added_is_chosen_likewise(curves, tmp_path):
    every, first = curves
    made = light_curve(every, "crab", choose={"zenith": "<50 deg", "after": 50000}, **OPTIONS)
    assert made.meta["source"] == "Crab"
    assert [run.run_id.obs_id for run in made.origin.runs] == ["1", "2"]
    assert made.ledger.failed == ()
    (left_out,) = made.ledger.not_chosen
    assert (left_out.obs_id, left_out.kind) == ("3", "not chosen")
    assert "is left out: Its zenith angle is 50 deg" in str(made.ledger)
    assert made.ledger.problems["kind"].tolist() == ["not chosen"]
    alone = light_curve(DataStore.from_dir(every).get_observations([1, 2]), CRAB, **OPTIONS)
    np.testing.assert_array_equal(made.table["flux"], alone.table["flux"])
    one = light_curve(first, "Crab", choose={"zenith": "<50 deg", "after": 50000}, **OPTIONS)
    write_result(tmp_path / "result", one)
    result = append_runs(tmp_path / "result", every)
    assert [run_id.obs_id for run_id in result.appended.added] == ["2"]
    for light in (result.light_curve, Result.read(tmp_path / "result").light_curve):
        assert light.ledger.not_chosen == made.ledger.not_chosen
        np.testing.assert_array_equal(light.table["flux"], made.table["flux"])
        assert light.meta["runs_chosen"] == {"zenith": "<50 deg", "after": "50000"}
    again = append_runs(tmp_path / "result", every)
    assert again.light_curve.ledger.not_chosen == made.ledger.not_chosen
    for name in ("table.fits", "table.ecsv"):
        made.write(tmp_path / name)
        assert type(made).read(tmp_path / name).meta["runs_chosen"] == made.meta["runs_chosen"]


def test_where_none_is_left_the_reasons_are_told(curves):
    with pytest.raises(
        DataError, match=r"No run can be used: .*Its zenith angle is .*chosen are runs with zenith >80 deg"
    ):
        light_curve(curves[0], "Crab", choose={"zenith": ">80 deg"}, **OPTIONS)


def test_a_configuration_says_the_same(curves, tmp_path):
    (tmp_path / "good.txt").write_text("1\n2  # fine\n3\n")
    asked = {"zenith": "<60 deg", "quality": 0, "where": "N_TELS >= 4", "runs": str(tmp_path / "good.txt")}
    config = Config(data=str(curves[0]), target="crab", **asked)
    assert (config.runs, config.quality, config.target) == ([1, 2, 3], "0", "crab")
    made = light_curve(**config.changed(safe_energy=None, energy_edges="0.7-10 TeV").arguments())
    assert [run.run_id.obs_id for run in made.origin.runs] == ["1"]
    assert {one.obs_id: one.reason.split(";")[0] for one in made.ledger.not_chosen} == {
        "2": "It has N_TELS 3",
        "3": "Its QUALITY is 1",
    }
    with pytest.raises(
        ConfigError, match=r"^zenith is '<60'; wanted is a condition on an angle such as '<50 deg'"
    ):
        Config(data=".", target="crab", zenith="<60")
