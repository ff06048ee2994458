"""An observation: what counts, in which time, and how it is cut."""

import pickle
from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from astropy.io import fits
from astropy.time import Time
from dl3_files import MJDREF, START, RunFile, write_store

from tevcurve import irf
from tevcurve.data import DataStore, ObservationFilter, TimeReference
from tevcurve.errors import DataError, InputError
from tevcurve.problems import noted_remarks

REFERENCE = TimeReference(*MJDREF)
# Every ten seconds from ten before TSTART to ten after TSTOP; good time has a gap.
SECONDS = START + np.arange(-10, 111, 10.0)
EVENTS = {
    "TIME": SECONDS,
    "RA": np.full(13, 83.63),
    "DEC": 22.51 + np.linspace(0, 1.2, 13),
    "ENERGY": np.geomspace(0.25, 1024, 13),
}
RUN = RunFile(
    events=EVENTS, tstart=START, tstop=START + 100, gti=((START, START + 30), (START + 50, START + 100))
)


def make(tmp_path, run=RUN):
    return DataStore.from_dir(write_store(tmp_path, [run])).obs(run.obs_id)


def times(*seconds):
    return REFERENCE.to_time(START + np.array(seconds, dtype=float))


def test_all_events_are_there_and_the_good_ones_count(tmp_path):
    observation = make(tmp_path)
    np.testing.assert_array_equal(observation.events.time_s, SECONDS)
    assert (observation.good_events.time_s - START).tolist() == [0, 10, 20, 50, 60, 70, 80, 90]


def test_times(tmp_path):
    observation = make(
        tmp_path, RunFile(events=EVENTS, tstart=START, tstop=START + 100, gti=RUN.gti, deadc=0.9)
    )
    assert observation.span_s == (START, START + 100)
    assert observation.time_reference == REFERENCE
    assert observation.tstart.iso == "2007-05-04 19:34:24.184"
    assert REFERENCE.to_seconds(observation.tstop) == START + 100
    assert observation.ontime == 80 * u.s
    assert observation.deadc == 0.9
    assert observation.livetime.to_value("s") == pytest.approx(72.0, rel=1e-15)


def test_good_time_is_the_table_as_it_is_written(tmp_path):
    # TSTART and TSTOP may have been rounded: in 32 bits they are 16 s apart.
    observation = make(
        tmp_path, RunFile(events=EVENTS, tstart=START + 5, tstop=START + 90, gti=((START, START + 100),))
    )
    with noted_remarks() as remarks:
        assert observation.ontime == 100 * u.s
        assert len(observation.good_events) == 10
    assert not remarks


@pytest.mark.parametrize("gti", [((START, START + 500),), ((START - 500, START + 50),)])
def test_good_time_far_outside_the_run_is_told(tmp_path, gti):
    observation = make(tmp_path, RunFile(events=EVENTS, tstart=START, tstop=START + 100, gti=gti))
    with noted_remarks() as remarks:
        assert observation.ontime.to_value("s") == gti[0][1] - gti[0][0]
    assert "the good time is taken as it is written" in remarks[0][1]


def test_good_time_elsewhere_than_the_run_is_refused(tmp_path):
    observation = make(
        tmp_path,
        RunFile(events=EVENTS, tstart=START, tstop=START + 100, gti=((START + 5e5, START + 5e5 + 100),)),
    )
    with pytest.raises(DataError, match="wanted is good time in between"):
        observation.gti  # noqa: B018


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({"ONTIME": 90.0}, "has ONTIME 90 s, and its good time intervals are 80 s"),
        ({"ONTIME": 80.0, "LIVETIME": 65.0}, "has LIVETIME 65 s, and its DEADC 0.9 gives 72 s"),
        ({"ONTIME": "80.0", "LIVETIME": "65.0"}, "has LIVETIME 65 s, and its DEADC 0.9 gives 72 s"),
        ({"ONTIME": 0.0, "LIVETIME": 0.0}, "has LIVETIME 0 s, and its DEADC 0.9 gives 72 s"),
        ({"LIVETIME": 65.0}, "has LIVETIME 65 s, and its DEADC 0.9 gives 72 s"),
        ({"ONTIME": 80.0, "LIVETIME": 72.0}, None),
    ],
)
def test_a_header_that_contradicts_its_live_time_is_told(tmp_path, header, words):
    run = RunFile(events=EVENTS, tstart=START, tstop=START + 100, gti=RUN.gti, deadc=0.9, header=header)
    with noted_remarks() as remarks:
        assert make(tmp_path, run).livetime.to_value("s") == pytest.approx(72.0)
    told = [one for _, one in remarks]
    assert not told if words is None else any(words in one for one in told)


@pytest.mark.parametrize("livetime", [7.2, 50])
def test_a_live_time_that_cannot_be_is_refused(tmp_path, livetime):
    run = RunFile(events=EVENTS, tstart=START, tstop=START + 100, gti=RUN.gti, deadc=0.9)
    header = {"ONTIME": 80.0, "LIVETIME": livetime}
    observation = make(tmp_path, replace(run, header=header))
    with pytest.raises(
        DataError, match=rf"DEADC 0.9, and its LIVETIME of {livetime} s is .* of its ONTIME of 80 s"
    ):
        observation.deadc  # noqa: B018


def test_live_time_and_on_time_stand_in_for_a_deadc_that_is_not_there(tmp_path):
    run = RunFile(events=EVENTS, tstart=START, tstop=START + 100, gti=RUN.gti, deadc=None)
    observation = make(tmp_path, replace(run, header={"ONTIME": 80.0, "LIVETIME": 72.0}))
    with noted_remarks() as remarks:
        assert observation.livetime.to_value("s") == pytest.approx(72.0)
    assert [words for _, words in remarks if "its LIVETIME over its ONTIME is taken, 0.9" in words]
    with pytest.raises(DataError, match="has no keyword DEADC"):
        make(tmp_path / "none", run).livetime  # noqa: B018


@pytest.mark.parametrize("obs_id", [1, 1.0, "1", "001"])
def test_the_number_of_the_run_in_its_header_may_be_of_any_kind(tmp_path, obs_id):
    assert len(make(tmp_path, replace(RUN, header={"OBS_ID": obs_id})).events) == len(EVENTS["TIME"])


def test_right_ascensions_may_count_on_beyond_a_turn(tmp_path):
    turned = EVENTS | {"RA": np.asarray(EVENTS["RA"]) + 360}
    observation = make(tmp_path, replace(RUN, events=turned, header={"RA_PNT": 443.63}))
    np.testing.assert_allclose(np.degrees(observation.events.lon), EVENTS["RA"], atol=5e-5)
    assert observation.pointing.ra.deg == pytest.approx(83.63)


def test_pointing_site_and_names(tmp_path):
    observation = make(tmp_path)
    assert (observation.pointing.ra.deg, observation.pointing.dec.deg) == (83.63, 22.51)
    assert observation.pointing.frame.name == "icrs"
    assert observation.pointing_lonlat == (np.deg2rad(83.63), np.deg2rad(22.51))
    assert (observation.zenith, observation.azimuth) == (25 * u.deg, 10 * u.deg)
    assert observation.location.lon.deg == pytest.approx(16.5, abs=1e-12)
    assert observation.location.height.to_value("m") == pytest.approx(1835, abs=1e-6)
    assert (observation.obs_id, observation.target_name, observation.obs_mode) == (1, "Crab", "WOBBLE")
    assert observation.meta["OBJECT"] == "Crab"
    assert not any(key.startswith(("TFORM", "NAXIS")) for key in observation.meta)


@pytest.mark.parametrize(("bkg", "kind"), [("bkg_2d", "Background2D"), ("bkg_3d", "Background3D")])
def test_responses_are_of_the_class_of_the_index(tmp_path, bkg, kind):
    observation = make(tmp_path, RunFile(bkg=bkg))
    kinds = {"aeff": "EffectiveAreaTable2D", "edisp": "EnergyDispersion2D", "psf": "PSF3D", "bkg": kind}
    for name, expected in kinds.items():
        response = getattr(observation, name)
        assert type(response) is getattr(irf, expected)
        assert getattr(observation, name) is response
    assert not observation.has("rad_max")
    with pytest.raises(DataError, match="OBS_ID 1 has no rad_max; it has aeff, bkg, edisp, events"):
        observation.rad_max  # noqa: B018


def test_the_class_that_is_known_is_taken_and_others_get_a_sentence(tmp_path):
    run = RunFile(classes={"psf": "psf_gta"})
    with pytest.raises(
        DataError, match=r"psf of OBS_ID 1 in .* class psf_gta, which is not supported; .* psf_table"
    ):
        make(tmp_path, run).psf  # noqa: B018


def test_missing_hdus_get_a_sentence(tmp_path):
    observation = make(tmp_path / "a", RunFile(without_hdus=("bkg",)))
    with pytest.raises(DataError, match=r"run_000001.fits.gz has no HDU bkg; it has EVENTS, GTI, AEFF"):
        observation.bkg  # noqa: B018
    observation = make(tmp_path / "b", RunFile(without_rows=("events",)))
    with pytest.raises(DataError, match="OBS_ID 1 has no events; it has aeff"):
        observation.tstart  # noqa: B018


def test_without_gti_the_whole_run_is_good_and_said(tmp_path, caplog):
    observation = make(tmp_path, RunFile(without_rows=("gti",)))
    assert observation.ontime == 1680 * u.s
    assert caplog.messages == ["OBS_ID 1 has no gti; its TSTART to TSTOP is taken."]


@pytest.mark.parametrize(
    ("header", "name", "words"),
    [
        ({"TSTOP": START}, "tstop", "it has to stop later than it starts"),
        ({"DEADC": None}, "deadc", "has no keyword DEADC"),
        ({"DEADC": 1.2}, "livetime", "has DEADC 1.2; wanted is live time over on-time"),
        ({"DEADC": 1e-320}, "livetime", "has DEADC 1e-320; wanted is live time over on-time"),
        ({"RA_PNT": "NaN"}, "pointing", "has RA_PNT 'NaN'; wanted is a finite number"),
        ({"DEC_PNT": 95.0}, "pointing_lonlat", "has DEC_PNT 95.0; wanted are degrees"),
        ({"RADECSYS": "GALACTIC"}, "pointing", "has RADECSYS 'GALACTIC'; wanted is one of"),
        ({"ALT_PNT": None}, "zenith", "has no keyword ALT_PNT"),
        ({"GEOLON": None}, "location", "has no keyword GEOLON"),
    ],
)
def test_headers_that_cannot_be_used_get_a_sentence(tmp_path, header, name, words):
    observation = make(tmp_path, RunFile(header=header))
    with pytest.raises(DataError, match=words):
        getattr(observation, name)


@pytest.mark.parametrize("missing", [("TSTART",), ("TSTOP",), ("TSTART", "TSTOP")])
def test_without_tstart_a_run_is_as_long_as_its_good_time(tmp_path, missing):
    observation = make(tmp_path / "a", replace(RUN, header=dict.fromkeys(missing)))
    with noted_remarks() as remarks:
        assert observation.span_s == (START, START + 100)
        assert len(observation.good_events) == 8
    assert "has no TSTART or no TSTOP; the good time says when it starts and stops" in remarks[0][1]
    without = replace(RUN, header=dict.fromkeys(missing), without_rows=("gti",))
    with pytest.raises(DataError, match=f"has no keyword {missing[0]}"):
        make(tmp_path / "b", without).tstart  # noqa: B018


@pytest.mark.parametrize("mode", ["POINTING", "WOBBLE", "wobble", "ON", None])
def test_runs_that_track_pass(tmp_path, mode):
    assert make(tmp_path, RunFile(header={"OBS_MODE": mode})).check_tracking() is None


@pytest.mark.parametrize("mode", ["DRIFT", "slew", "SCAN", "RASTER"])
def test_runs_that_do_not_track_are_refused_with_the_reason(tmp_path, mode):
    with pytest.raises(
        DataError, match=f"has OBS_MODE {mode.upper()}: the telescopes .*; wanted is a run that tracks"
    ):
        make(tmp_path, RunFile(obs_mode=mode)).check_tracking()


def test_select_time_cuts_events_good_time_and_span(tmp_path):
    observation = make(tmp_path)
    part = observation.select_time(times(20, 60))
    assert (part.events.time_s - START).tolist() == [20, 30, 40, 50]
    assert (part.good_events.time_s - START).tolist() == [20, 50]
    assert part.span_s == (START + 20, START + 60)
    np.testing.assert_array_equal(part.gti.intervals - START, [[20, 30], [50, 60]])
    assert part.ontime == 20 * u.s
    assert part.livetime.to_value("s") == pytest.approx(18.0)
    again = part.select_time(tuple(times(25, 500)))
    assert (again.events.time_s - START).tolist() == [30, 40, 50]
    assert again.span_s == (START + 25, START + 60)
    assert len(observation.events) == 13


def test_select_time_takes_other_scales(tmp_path):
    part = make(tmp_path).select_time(times(20, 60).utc)
    assert part.span_s == (START + 20, START + 60)


def test_select_time_without_good_time_is_none(tmp_path):
    observation = make(tmp_path)
    assert observation.select_time(times(30, 50)) is None
    assert observation.select_time(times(100, 200)) is None
    assert observation.select_time(times(-100, 0)) is None


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        (
            times(60, 20),
            "starts at 2007-05-04 19:35:24.184 and stops at 2007-05-04 19:34:44.184; it has to stop later",
        ),
        (times(20, 20), "it has to stop later"),
        (times(20, 40, 60), "wanted is a pair of Time or a Time of length 2"),
        (times(20)[0], "wanted is a pair of Time"),
        ((20.0, 40.0), r"The time interval is \(20.0, 40.0\); wanted is a pair of Time"),
        (None, "wanted is a pair of Time"),
    ],
)
def test_intervals_that_are_none_get_a_sentence(tmp_path, interval, words):
    with pytest.raises(InputError, match=words):
        make(tmp_path).select_time(interval)


def test_selections_share_what_was_read(tmp_path):
    observation = make(tmp_path)
    part = observation.select_time(times(20, 60))
    assert part.aeff is observation.aeff
    (tmp_path / "data" / "run_000001.fits.gz").unlink()
    assert len(part.events) == 4
    observation.release()
    with pytest.raises(DataError, match="does not exist"):
        part.select_time(times(20, 40))


def test_filters_cut_events_and_leave_time(tmp_path):
    observation = make(tmp_path)
    energy = observation.select(ObservationFilter(energy=("0.5 TeV", 4 * u.TeV)))
    np.testing.assert_allclose(energy.events.energy_tev, [0.5, 1, 2], rtol=1e-6)
    offset = observation.select(ObservationFilter(offset=[0.25, 0.55] * u.deg))
    np.testing.assert_allclose(np.rad2deg(offset.events.lat), 22.51 + np.array([0.3, 0.4, 0.5]), atol=1e-5)
    both = energy.select(ObservationFilter(time=times(0, 20), energy=[0.25, 2] * u.TeV))
    assert (both.events.time_s - START).tolist() == [0, 10]
    assert energy.ontime == offset.ontime == 80 * u.s
    assert both.ontime == 20 * u.s


def test_a_region_is_a_circle(tmp_path):
    regions = pytest.importorskip("regions")
    from astropy.coordinates import SkyCoord

    circle = regions.CircleSkyRegion(SkyCoord(83.63, 23.01, unit="deg").galactic, 0.15 * u.deg)
    observation = make(tmp_path).select(ObservationFilter(region=circle))
    np.testing.assert_allclose(np.rad2deg(observation.events.lat), [22.91, 23.01, 23.11], atol=1e-5)


@pytest.mark.parametrize(
    ("cut", "words"),
    [
        (
            {"energy": [3, 1] * u.TeV},
            "The energy cut is .* wanted is a pair of quantities that convert to TeV",
        ),
        ({"energy": [1, 3] * u.s}, "wanted is a pair of quantities that convert to TeV"),
        ({"energy": 3 * u.TeV}, "wanted is a pair"),
        ({"offset": (0, 1)}, "The offset cut is .* convert to rad"),
        ({"region": "circle"}, "The region is 'circle'; wanted is a circle on the sky"),
        ({"time": times(3, 1)}, "it has to stop later"),
    ],
)
def test_cuts_that_are_none_get_a_sentence(cut, words):
    with pytest.raises(InputError, match=words):
        ObservationFilter(**cut)


def test_select_wants_a_filter(tmp_path):
    with pytest.raises(InputError, match="wanted is an ObservationFilter"):
        make(tmp_path).select([1, 2])


def test_no_events_is_an_observation_with_an_empty_list(tmp_path):
    observation = make(tmp_path, RunFile(n_events=0))
    assert observation.good_events.is_empty
    assert observation.ontime == 1680 * u.s
    assert "Events:    0" in str(observation)


def test_it_says_what_it_holds(tmp_path):
    observation = make(tmp_path)
    for words in (
        "Observation 1",
        "Crab",
        "RA 83.6300 deg",
        "80.0 s in 2",
        "13, 8 of them in good time",
        "aeff, edisp",
    ):
        assert words in str(observation)
        assert words in observation._repr_html_()
    assert repr(observation) == "<Observation 1>"


def test_it_goes_to_another_process(tmp_path):
    observation = make(tmp_path).select_time(times(20, 60))
    assert len(observation.events) == 4
    copy = pickle.loads(pickle.dumps(observation))
    np.testing.assert_array_equal(copy.good_events.time_s, observation.good_events.time_s)


def test_utc_runs_have_utc_times(tmp_path):
    observation = make(tmp_path, RunFile(timesys="UTC", mjdref=52706.0, tstart=3.0e8, tstop=3.0e8 + 100))
    assert observation.tstart.scale == "utc"
    # Three leap seconds (2006, 2009 and 2012) lie between the reference, 2003-03-08, and then.
    expected = Time(52706.0, format="mjd", scale="tai") + (3.0e8 - 3) * u.s
    assert observation.tstart.iso == expected.iso


@pytest.mark.parametrize("hdu", ["aeff", "edisp"])
def test_the_radius_of_a_fixed_cut_is_that_of_the_files(tmp_path, hdu):
    write_store(tmp_path, [RUN])
    path = tmp_path / "data" / "run_000001.fits.gz"
    with fits.open(path) as hdus:
        hdus[hdu].header["RAD_MAX"] = 0.11
        hdus.writeto(path, overwrite=True)
    observation = DataStore.from_dir(tmp_path).obs(1)
    assert observation.directional_cut == pytest.approx(np.deg2rad(0.11), rel=1e-12)
    assert make(tmp_path / "none").directional_cut is None


def test_what_its_instrument_is_called(tmp_path):
    """It is so in what is selected of it and in other processes; what files say of the run stays."""
    plain = make(tmp_path, replace(RUN, telescope="HESS"))
    observation = plain.called("south")
    part = observation.select_time(times(20, 60))
    for one in (observation, part, pickle.loads(pickle.dumps(observation)), observation.called("south")):
        assert (one.instrument, one.run_id.full_text(), one.run_id_in_index.full_text()) == (
            "south",
            f"south {RUN.obs_id}",
            f"south {RUN.obs_id}",
        )
    assert observation.called("south") is observation
    assert observation.called(None).run_id == plain.run_id
    assert (plain.instrument, plain.run_id.instrument) == (None, "HESS")
    assert len(part.good_events) == len(plain.select_time(times(20, 60)).good_events)
