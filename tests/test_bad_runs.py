"""A bad run among good ones: a row of the ledger with run, stage and reason, and the others as if it were not there."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from dl3_files import START, RunFile, write_store

from tevcurve import DataStore, light_curve
from tevcurve.errors import DataError
from tevcurve.pipeline.job import Job

CRAB = SkyCoord(83.63, 22.01, unit="deg")
GOOD = (RunFile(1, n_events=500), RunFile(3, n_events=500, tstart=START + 4000, tstop=START + 5680))
TIMES = {"tstart": START + 2000, "tstop": START + 3680}


def make(folder, *runs, **options):
    """The light curve of runs, one row each."""
    store = DataStore.from_dir(write_store(folder, runs))
    return light_curve(
        store, CRAB, energy_edges=[1, 10] * u.TeV, binsz="0.1 deg", norm_values=None, **options
    )


def numbers(curve):
    return {name: curve.table[name].tolist() for name in ("time_min", "flux", "flux_err", "flux_ul", "ts")}


def events(**columns):
    """Three events in a run between the good ones, some columns of which are given."""
    times = np.linspace(TIMES["tstart"], TIMES["tstop"], 5)[1:-1]
    return {"TIME": times, "RA": [83.6] * 3, "DEC": [22.0] * 3, "ENERGY": [1.0, 2.0, 3.0]} | columns


BAD = [
    ({"n_events": 0}, "events", "has no events"),
    (
        {"events": events(ENERGY=[1, np.nan, np.nan])},
        "events",
        "column ENERGY .* 2 of 3 values that are not finite",
    ),
    (
        {"events": events(ENERGY=[1, -1, -2])},
        "events",
        "column ENERGY .* 2 of 3 values that are not positive",
    ),
    ({"events": events(TIME=[1, np.inf, np.inf])}, "events", "column TIME .* not finite"),
    (
        {"events": events(TIME=[1, 1e15, 1e15])},
        "events",
        "column TIME .* has 2 of 3 values that are no mission times",
    ),
    (
        {"events": events(DEC=[22, 95, 95])},
        "events",
        "column DEC .* 2 of 3 values that are not within 90 deg",
    ),
    ({"aeff_m2": np.nan}, "aeff", "EFFAREA holds 72 values that are not finite"),
    ({"aeff_m2": -1.0}, "aeff", "EFFAREA holds values from -10000"),
    ({"gti": ((START + 3000, START + 2500),)}, "gti", "interval 0 runs backwards"),
    ({"gti": ((np.nan, START + 2500),)}, "gti", "a time is not finite"),
    ({"gti": ((0.0, 1000.0),)}, "gti", "its good time from 0.0 to 1000.0 s; wanted is good time in between"),
    ({"header": {"RA_PNT": "NaN"}}, "header", "RA_PNT 'NaN'; wanted is a finite number"),
    ({"header": {"DEC_PNT": 91.0}}, "header", "DEC_PNT 91.0; wanted are degrees from -90 to 90"),
    ({"header": {"OBS_ID": 7}}, "index", "has OBS_ID 7, and the index leads OBS_ID 2 to it"),
    ({"header": {"DEADC": 0.0}}, "header", "DEADC 0.0"),
    ({"mjdref": (10**9, 0.0)}, "events", "counts its times since MJD 1e.09"),
    ({"header": {"ONTIME": 1680.0, "LIVETIME": 160.0}}, "header", "DEADC 0.9, and its LIVETIME of 160 s is"),
    (
        {"events": events(RA=[5.6] * 3)},
        "events",
        "deg off the pointing of the run; wanted are events in its field",
    ),
    (
        {"thresholds": (50.0, 0.3)},
        "reduction",
        "LO_THRES 50 and HI_THRES 0.3 TeV, with no safe energies between",
    ),
    ({"mjdref": (51910, 64.184)}, "events", "has MJDREFF 64.184; wanted is a fraction of a day"),
    ({"obs_mode": "SLEW"}, "events", "the telescopes were slewing"),
    ({"units": {"psf": {"RPSF": None}}}, "psf", "column RPSF .* has no unit"),
    ({"units": {"events": {"ENERGY": "m"}}}, "events", "column ENERGY .* has the unit 'm'"),
    ({"without_columns": {"edisp": ("MATRIX",)}}, "edisp", "has no column MATRIX"),
    ({"without_hdus": ("bkg",)}, "bkg", "has no HDU bkg"),
    ({"without_rows": ("psf",)}, "index", "OBS_ID 2 has no psf; it has"),
    ({"classes": {"edisp": "edisp_kernel"}}, "edisp", "of the class edisp_kernel, which is not supported"),
]


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return numbers(make(tmp_path_factory.mktemp("good"), *GOOD))


@pytest.mark.parametrize(("changes", "stage", "words"), BAD)
def test_a_bad_run_is_a_row_of_the_ledger(tmp_path, good, changes, stage, words):
    first, last = GOOD
    runs = first, RunFile(2, **({"n_events": 3} | TIMES | changes)), last
    curve = make(tmp_path, *runs)
    assert numbers(curve) == good
    (failed,) = curve.ledger.failed
    assert (failed.obs_id, failed.stage) == ("2", stage)
    with pytest.raises(DataError, match=words) as caught:
        make(tmp_path, *runs, strict=True)
    assert str(caught.value) == f"Run 2 cannot be used: {failed.reason}"
    problems = curve.ledger.problems
    assert problems[0].reason == problems["reason"][0]
    assert problems.colnames == ["instrument", "obs_id", "part", "kind", "stage", "reason"]
    assert list(problems[0]) == ["", "2", "", "failed", stage, failed.reason]
    assert f"run 2 is left out: {failed.reason}" in str(curve.ledger)


def test_a_file_that_is_gone_or_damaged(tmp_path, good):
    write_store(tmp_path, [GOOD[0], RunFile(2, **TIMES), GOOD[1]])
    store, path = DataStore.from_dir(tmp_path), tmp_path / "data" / "run_000002.fits.gz"
    content = path.read_bytes()
    for damaged, words in (
        (None, "does not exist"),
        (content[:-500], "cut off"),
        (b"x", "is not a FITS file"),
    ):
        path.unlink()
        if damaged is not None:
            path.write_bytes(damaged)
        curve = light_curve(store, CRAB, energy_edges=[1, 10] * u.TeV, binsz="0.1 deg", norm_values=None)
        assert numbers(curve) == good
        assert words in curve.ledger.failed[0].reason
        path.write_bytes(content)


def test_an_obs_id_that_is_there_twice(tmp_path, good):
    curve = make(tmp_path, *GOOD, RunFile(2, **TIMES), RunFile(2, pointing=(80.0, 20.0), **TIMES))
    assert numbers(curve) == good
    (failed,) = curve.ledger.failed
    assert (failed.obs_id, failed.stage) == ("2", "index")
    assert "has OBS_ID 2 more than once" in failed.reason


def test_runs_given_twice_count_once_and_parts_of_a_run_are_no_repetition(tmp_path, good):
    observations = list(DataStore.from_dir(write_store(tmp_path, GOOD)).get_observations())
    options = {"energy_edges": [1, 10] * u.TeV, "binsz": "0.1 deg", "norm_values": None}
    curve = light_curve([*observations, observations[0]], CRAB, **options)
    assert numbers(curve) == good
    assert [(one.obs_id, one.stage) for one in curve.ledger.failed] == [("1", "index")]
    assert "there more than once with the same good time" in curve.ledger.failed[0].reason
    with pytest.raises(DataError, match="Run 1 cannot be used: OBS_ID 1 is there more than once"):
        light_curve([*observations, observations[0]], CRAB, strict=True, **options)
    middle = observations[0].tstart + 0.5 * (observations[0].tstop - observations[0].tstart)
    halves = [
        observations[0].select_time(part)
        for part in ((observations[0].tstart, middle), (middle, observations[0].tstop))
    ]
    assert light_curve(halves, CRAB, **options).ledger.failed == ()


ODD = [
    ({"timesys": None}, "events", "has no TIMESYS; its times are taken as TT"),
    ({"without_rows": ("gti",)}, "gti", "OBS_ID 2 has no gti; its TSTART to TSTOP is taken"),
    ({"aeff_m2": 0.0}, "aeff", "effective area of .* is zero at the source, 0.50 deg off"),
    (
        {"pointing": (90.0, 22.0)},
        "aeff",
        "the source, 5.91 deg off the pointing, is outside the field of view",
    ),
    ({"header": {"ALT_PNT": None}}, "header", "has no keyword ALT_PNT"),
    (
        {"header": {"DATE-OBS": "2013-02-14"}},
        "header",
        r"has DATE-OBS 2013-02-14, and its TSTART is MJD 54224\.84, 2112 days earlier",
    ),
    ({"thresholds": ("none", 100.0)}, "aeff", "has LO_THRES 'none', which is no energy"),
    ({"thresholds": (0.0, -1.0)}, "aeff", "has HI_THRES -1.0, which is no energy"),
    (
        {"events": events(ENERGY=[1000.0, 2000, 3000])},
        "events",
        "has 3 of 3 events with energies outside of 0.1 to 100",
    ),
    (
        {"events": events(RA=[86.0, 86.01, 86.02])},
        "events",
        "lie around RA 86.01 and Dec 22.00 deg, 2.3 deg off the pointing",
    ),
    (
        {"gti": ((TIMES["tstart"], TIMES["tstop"]), (np.nan, 0.0))},
        "gti",
        "are 2, 1 of which start or stop at no",
    ),
    ({"events": events(TIME=np.full(3, START))}, "gti", "None of the 3 events of .* is in its good time"),
]


@pytest.mark.parametrize(("changes", "stage", "words"), ODD)
def test_what_is_odd_but_usable_is_a_warning_of_the_ledger(tmp_path, changes, stage, words, caplog):
    first, last = GOOD
    write_store(tmp_path, [first, RunFile(2, **({"n_events": 3} | TIMES | changes)), last])
    observations = DataStore.from_dir(tmp_path).get_observations()
    curve = light_curve(
        observations, CRAB, energy_edges=[1, 10] * u.TeV, binsz="0.1 deg", norm_values=None, strict=True
    )
    assert len(curve) == 3
    assert curve.ledger.failed == ()
    found = [one for one in curve.ledger.warnings if one.stage == stage]
    assert [(one.obs_id, one.kind) for one in found] == [("2", "warning")]
    with pytest.raises(DataError, match=words):
        raise DataError(found[0].reason)
    assert found[0].reason.split(" of ")[0] in caplog.text
    assert "run 2 is odd: " in str(curve.ledger)


def test_a_mistake_of_ours_costs_its_run_and_is_told(tmp_path, good, monkeypatch, caplog):
    keep = Job.keep

    def broken(self, observation):
        if observation.obs_id == 2:
            raise ZeroDivisionError("a mistake")
        return keep(self, observation)

    monkeypatch.setattr(Job, "keep", broken)
    runs = GOOD[0], RunFile(2, **TIMES), GOOD[1]
    curve = make(tmp_path, *runs)
    assert numbers(curve) == good
    (failed,) = curve.ledger.failed
    assert (failed.stage, failed.reason) == (
        "internal error",
        "ZeroDivisionError at the stage reading: a mistake.",
    )
    assert "Traceback" in caplog.text
    with pytest.raises(ZeroDivisionError):
        make(tmp_path, *runs, strict=True)


def test_no_run_is_left(tmp_path):
    with pytest.raises(DataError, match=r"No run can be used: 1: .*has no events.*; 2: .*has OBS_MODE SLEW"):
        make(tmp_path, RunFile(1, n_events=0), RunFile(2, obs_mode="SLEW", **TIMES))
