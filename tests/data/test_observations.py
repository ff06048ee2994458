"""Observations: a sequence that is cut in time, run by run."""

import astropy.units as u
import numpy as np
import pytest
from dl3_files import MJDREF, START, RunFile, write_store

from tevcurve.data import DataStore, ObservationFilter, Observations, TimeReference
from tevcurve.errors import InputError, MissingError

RUNS = [
    RunFile(obs_id, tstart=START + 2000 * n, tstop=START + 2000 * n + 1680)
    for n, obs_id in enumerate((11, 12, 13))
]


@pytest.fixture
def observations(tmp_path):
    """Three runs, 320 s apart."""
    return DataStore.from_dir(write_store(tmp_path, RUNS)).get_observations()


def times(*seconds):
    return TimeReference(*MJDREF).to_time(START + np.array(seconds, dtype=float))


def test_items(observations):
    assert len(observations) == 3
    assert observations[0].obs_id == 11
    assert observations[-1].obs_id == 13
    assert isinstance(observations[1:], Observations)
    assert observations[1:].ids == [12, 13]
    assert [one.obs_id for one in observations] == observations.ids == [11, 12, 13]
    assert observations["12"] is observations.by_id(12) is observations[1]
    assert observations.select_ids([13, 11]).ids == [13, 11]
    with pytest.raises(IndexError):
        observations[3]


def test_ids_that_are_not_there_get_a_sentence(observations):
    with pytest.raises(MissingError, match="OBS_ID 99 is not among these 3 observations"):
        observations.by_id(99)
    with pytest.raises(MissingError, match="OBS_ID Crab is not among"):
        observations["Crab"]
    twice = Observations([*observations, observations[0]])
    with pytest.raises(MissingError, match="OBS_ID 11 is there 2 times among these 4"):
        twice.by_id(11)


def test_they_are_made_of_observations():
    with pytest.raises(InputError, match="one of them is 23523"):
        Observations([23523])


def test_totals(observations):
    assert observations.ontime == 3 * 1680 * u.s
    assert observations.livetime.to_value("s") == pytest.approx(3 * 1512)
    assert Observations().livetime == 0 * u.s


def test_the_tutorials_intervals_give_each_run_back(observations):
    for one in observations:
        selected = observations.select_time((one.tstart, one.tstop))
        assert selected.ids == [one.obs_id]
        np.testing.assert_array_equal(selected[0].good_events.time_s, one.good_events.time_s)
        assert selected[0].livetime == one.livetime
        assert selected[0].span_s == one.span_s


def test_an_interval_over_several_runs(observations):
    selected = observations.select_time(times(1000, 2500))
    assert selected.ids == [11, 12]
    assert [one.ontime_s for one in (observation.gti for observation in selected)] == [680, 500]


def test_an_empty_selection_is_empty(observations):
    selected = observations.select_time(times(1700, 1900))
    assert isinstance(selected, Observations)
    assert len(selected) == 0
    assert str(selected) == "Observations: none"


def test_intervals_backwards_get_a_sentence_even_without_runs():
    with pytest.raises(InputError, match="it has to stop later"):
        Observations().select_time(times(10, 0))


def test_partitions_lose_nothing(observations):
    parts = [observations.select_time(times(*edges)) for edges in ((0, 777.5), (777.5, 2100), (2100, 9000))]
    assert sum(part.livetime for part in parts).to_value("s") == pytest.approx(3 * 1512, rel=1e-14)
    count = sum(len(one.good_events) for part in parts for one in part)
    assert count == sum(len(one.good_events) for one in observations) == 600


def test_filters(observations):
    selected = observations.select(ObservationFilter(energy=(1 * u.TeV, 10 * u.TeV)))
    assert len(selected) == 3
    for one, whole in zip(selected, observations, strict=True):
        energy = whole.events.energy_tev
        assert len(one.events) == np.sum((energy >= 1) & (energy < 10)) > 0


def test_it_says_what_it_holds(observations, tmp_path):
    lines = str(observations).splitlines()
    assert lines[0] == "Observations: 3"
    assert lines[1].split() == ["OBS_ID", "Target", "Start", "Scale", "Live", "time", "[s]"]
    assert lines[2].split() == ["11", "Crab", "2007-05-04", "19:34:24", "TT", "1512"]
    assert observations._repr_html_().count("<tr>") == 4
    many = Observations([*observations] * 9)
    assert str(many).splitlines()[-1] == "... and 7 more"
    assert "... and 7 more" in many._repr_html_()


def test_the_four_crab_runs_against_gammapy(hess_dl3_dr1, reference_dir):
    """Counts in the tutorial's map: gammapy's, less the events after TSTOP."""
    import json

    from tevcurve.kernels.sphere import angular_separation
    from tevcurve.maps import MapAxis, WcsGeom

    with open(reference_dir / "gammapy21_crab_3d.json") as file:
        reference = json.load(file)["runs"]
    axis = MapAxis.from_bounds(0.7, 10, 10, unit="TeV", name="energy", interp="log")
    geom = WcsGeom.create(
        skydir=(83.63308, 22.01450), binsz=0.04, width=(2, 2), coordsys="CEL", proj="CAR", axes=[axis]
    )

    def counts(events):
        x, y = geom.lonlat_to_pix(events.lon, events.lat)
        inside = (x >= -0.5) & (x < 49.5) & (y >= -0.5) & (y < 49.5)
        return int(np.sum(inside & (axis.coord_to_idx(events.energy) >= 0)))

    observations = DataStore.from_dir(hess_dl3_dr1).get_observations(run["obs_id"] for run in reference)
    late = []
    for observation, run in zip(observations, reference, strict=True):
        assert len(observation.events) == run["n_events_total"]
        assert counts(observation.events) == run["counts_total"]
        late.append(counts(observation.events) - counts(observation.good_events))
        assert observation.livetime.to_value("s") == pytest.approx(run["livetime_s"], rel=1e-13)
        assert observation.tstart.mjd == pytest.approx(run["tstart"]["mjd"], abs=1e-11)
        assert observation.tstop.mjd == pytest.approx(run["tstop"]["mjd"], abs=1e-11)
        assert observation.pointing.ra.deg == run["pointing_ra_deg"]
        target = np.deg2rad([83.63308, 22.01450])
        offset = np.rad2deg(angular_separation(*observation.pointing_lonlat, *target))
        assert offset == pytest.approx(run["offset_deg"], abs=1e-12)
    assert late == [1, 1, 0, 2]
