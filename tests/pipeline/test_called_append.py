"""More runs for a light curve of instruments with names: each is called as the one whose telescope it has."""

import astropy.units as u
import numpy as np
import pytest
from dl3_files import write_store
from small_store import TARGET
from two_instruments import NAMES, make_stores, runs_of

from tevcurve import DataStore, Instrument, Result, append_runs, light_curve, write_result
from tevcurve.cli.main import main
from tevcurve.errors import InputError
from tevcurve.models import PowerLaw
from tevcurve.store import input_files

CALLED = {"HESS": "south", "MAGIC": "north"}
OPTIONS = {
    "energy_edges": [0.7, 10] * u.TeV,
    "spectrum": PowerLaw(index=2.5, amplitude="3e-11 cm-2 s-1 TeV-1"),
    "norm_values": None,
}
METHODS = {"HESS": "3d", "MAGIC": "1d"}


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    return make_stores(tmp_path_factory.mktemp("stores"))


def made(stores, ids, called=CALLED):
    instruments = {
        called[name]: Instrument(stores[name], method=METHODS[name], runs=ids[name])
        for name in NAMES
        if ids[name]
    }
    return light_curve(target="Crab", instruments=instruments, **OPTIONS)


def result_of(stores, folder, ids):
    lc = made(stores, ids)
    runs = [
        one.called(CALLED[name])
        for name in NAMES
        for one in stores[name].get_observations()
        if one.obs_id in ids[name]
    ]
    return write_result(folder, lc, inputs=input_files(runs))


ALL = {"HESS": [1, 2, 3], "MAGIC": [1, 2, 3, 4]}


def test_runs_of_both_come_to_their_instruments(stores, tmp_path):
    folder = result_of(stores, tmp_path / "a", {"HESS": [1, 2], "MAGIC": [1, 3]})
    result = append_runs(folder, [stores[name] for name in NAMES])
    assert sorted(one.full_text() for one in result.appended.added) == ["north 2", "north 4", "south 3"]
    assert sorted(one.full_text() for one in result.appended.there) == [
        "north 1",
        "north 3",
        "south 1",
        "south 2",
    ]
    whole = made(stores, ALL)
    for name in ("instrument", "time_min", "flux", "flux_err", "flux_ul", "counts"):
        np.testing.assert_array_equal(result.light_curve.table[name], whole.table[name], err_msg=name)
    read = Result.read(folder)
    assert {run.run_id.full_text(): run.telescope for run in read.light_curve.origin.runs}[
        "south 3"
    ] == "HESS"
    assert {each["instrument"] for each in read.provenance["inputs"]} == {"north", "south"}
    again = append_runs(folder, [stores[name] for name in NAMES])
    assert again.appended.added == ()


def test_an_instrument_is_told_by_name_where_its_telescope_does_not(stores, tmp_path, capsys):
    new = write_store(tmp_path / "new", runs_of(("HESS",))["HESS"][2:])
    instruments = {
        "early": Instrument(stores["HESS"], runs=[1], method="1d"),
        "late": Instrument(stores["HESS"], runs=[2], method="1d"),
    }
    lc = light_curve(target="Crab", instruments=instruments, **OPTIONS)
    folder = write_result(tmp_path / "a", lc)
    with pytest.raises(InputError, match="TELESCOP 'HESS', and by that may be of both early and late"):
        append_runs(folder, DataStore.from_dir(new))
    with pytest.raises(InputError, match="has no instrument 'lat'; its instruments are early, late"):
        append_runs(folder, DataStore.from_dir(new), instrument="lat")
    with pytest.raises(InputError, match="OBS_ID 1 is one run, and both 'early' and 'late' have it"):
        append_runs(folder, DataStore.from_dir(stores["HESS"].base_dir), instrument="late")
    assert main(["append", str(folder), str(new)]) == 2
    assert "--instrument on the command line" in capsys.readouterr().err
    assert main(["append", str(folder), str(new), "--instrument", "late", "--cache", "null"]) == 0
    runs = Result.read(folder).light_curve.origin.runs
    assert [run.run_id.full_text() for run in runs] == ["early 1", "late 2", "late 3"]


def test_a_telescope_that_no_instrument_has_is_refused(stores, tmp_path):
    lc = made(stores, {"HESS": [1], "MAGIC": []})
    folder = write_result(tmp_path / "a", lc)
    with pytest.raises(
        InputError, match=r"TELESCOP 'MAGIC', and by that may be of none .* has south \(HESS\)"
    ):
        append_runs(folder, stores["MAGIC"])
    plain = write_result(
        tmp_path / "b", light_curve(stores["HESS"].get_observations()[:1], TARGET, **OPTIONS)
    )
    with pytest.raises(
        InputError, match="has no instrument 'south'; its instruments are called as the files"
    ):
        append_runs(plain, stores["HESS"], instrument="south")
