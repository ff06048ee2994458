"""What is settled for all rows, held: the numbers are those of the first night, or of another light curve."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from parts_of_runs import write_run
from small_store import START, run_file

from tevcurve import light_curve
from tevcurve.data import DataStore
from tevcurve.errors import InputError
from tevcurve.lightcurve.held import FIRST_NIGHT, Held, held_light_curve, in_first_night
from tevcurve.pipeline.append import append_runs
from tevcurve.store import input_files, write_result

CRAB = SkyCoord(83.63, 22.01, unit="deg")


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """Files of two runs of a night, with safe energies from 0.3 and 1.07 TeV, and of one of the next, from 1.9 TeV."""
    folder = tmp_path_factory.mktemp("runs")
    made = [
        run_file(1, 1, START, (83.63, 22.51), thresholds=(0.3, 50.0)),
        run_file(2, 2, START + 1800, (83.63, 21.51), thresholds=(1.07, 50.0)),
        run_file(3, 3, START + 86400, (83.63, 22.51), thresholds=(1.9, 50.0)),
    ]
    return [write_run(folder / f"{run.obs_id}.fits", run) for run in made]


def made_of(paths, **options):
    observations = DataStore.from_events_files(paths).get_observations()
    options = {"energy_edges": [0.5, 10] * u.TeV, "method": "1d", "safe_energy": "common"} | options
    return light_curve(observations, CRAB, **options), observations


def result_of(folder, first, others, hold=FIRST_NIGHT):
    """The result of some files with the others appended one by one."""
    lc, observations = made_of(first)
    lc = held_light_curve(lc, hold)
    write_result(folder, lc, inputs=input_files(observations))
    result = None
    for path in others:
        result = append_runs(folder, DataStore.from_events_files(path).get_observations(), hold=hold)
    return result, (folder / "light_curve.ecsv").read_bytes()


def test_the_first_night_settles_and_holds_in_whatever_order(paths, tmp_path, caplog):
    one, two, three = paths
    result, wanted = result_of(tmp_path / "a", [one, two], [three])
    table = result.light_curve.table
    # The bin that has 1.07 TeV in it is out; without holding it would be that of 1.9 TeV.
    alone = made_of([one, two])[0].table
    assert np.all(np.asarray(table["e_min_fit"]) == alone["e_min_fit"][0])
    np.testing.assert_array_equal(table["flux"][:2], alone["flux"])
    by_itself = made_of([three], safe_energy=None, energy_edges=[alone["e_min_fit"][0], 10] * u.TeV)[0].table
    assert table["counts"][2] == by_itself["counts"][0]
    assert "Run 3 is safe in less than the energies that hold for all rows" in caplog.text
    for number, (first, others) in enumerate(
        (([one], [three, two]), ([three], [two, one]), ([one, two, three], []))
    ):
        assert result_of(tmp_path / str(number), first, others)[1] == wanted
    # Unless it is asked for, all runs settle it.
    anew, _ = result_of(tmp_path / "b", [one, two], [three], hold=None)
    assert np.all(np.asarray(anew.light_curve.table["e_min_fit"]) > table["e_min_fit"][0])


def test_numbers_of_another_light_curve_hold(paths, tmp_path):
    one, two, three = paths
    quiet, _ = made_of([three])
    result, wanted = result_of(tmp_path / "a", [one], [two, three], Held.of(quiet.origin))
    assert np.all(np.asarray(result.light_curve.table["e_min_fit"]) == quiet.table["e_min_fit"][0])
    assert result_of(tmp_path / "b", [one, two, three], [], Held.of(quiet.origin))[1] == wanted
    with pytest.raises(InputError, match="asks for safe energies in common, and there are none"):
        result_of(tmp_path / "c", [one], [], Held(None, {}, None))
    assert str(Held.of(quiet.origin)).startswith("safe energies ")


def test_the_first_night_ends_where_six_hours_are_without_good_time(paths):
    observations = DataStore.from_events_files(paths).get_observations()
    assert in_first_night(list(observations)).tolist() == [True, True, False]
    assert in_first_night([observations[k] for k in (2, 0, 1)]).tolist() == [False, True, True]
    assert in_first_night([observations[2]]).tolist() == [True]
    assert in_first_night([]).tolist() == []
