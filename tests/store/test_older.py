"""Results of every format that was ever written: their rows are read, and what cannot be done is said."""

import shutil
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from astropy.table import Table

from tevcurve.cli.main import main
from tevcurve.data import GTI, TimeReference
from tevcurve.errors import InputError
from tevcurve.files import CHECKSUMS
from tevcurve.lightcurve.bins import by_night
from tevcurve.lightcurve.good_times import good_times_table
from tevcurve.pipeline.append import append_runs
from tevcurve.report import write_report
from tevcurve.run_id import RunId
from tevcurve.store import Result
from tevcurve.store.older import RunTimes, older_origin
from tevcurve.store.result import WITH_RUNS
from tevcurve.store.result_files import FORMAT

matplotlib.use("Agg")
FORMATS = Path(__file__).parent.parent / "formats"
WRITTEN = sorted(path.name for path in FORMATS.iterdir() if path.name.isdigit())
OLDER = [name for name in WRITTEN if int(name) not in WITH_RUNS]


@pytest.mark.parametrize("name", WRITTEN)
def test_its_rows_are_those_that_astropy_reads(name):
    light_curve = Result.read(FORMATS / name).light_curve
    table = Table.read(FORMATS / name / "light_curve.ecsv")
    assert len(light_curve) == len(table) == 4
    for column in ("time_min", "time_max", "e_min", "e_max", "flux", "flux_err", "flux_ul", "ts", "counts"):
        np.testing.assert_array_equal(np.asarray(light_curve.table[column]), np.asarray(table[column]))
    assert light_curve.meta["source"] == "Crab"
    assert list(light_curve.ledger.events["obs_id"]) == ["1", "2"]
    assert np.asarray(light_curve.good_time["stop"] - light_curve.good_time["start"]).tolist() == [600, 600]


def test_its_runs_are_known_by_their_instruments_where_it_says_these():
    clock = TimeReference(51910, 0.0, "tt")
    starts = {"HESS": 0.0, "MAGIC": 700.0}
    runs = [RunTimes(RunId.of(1, name), GTI([at], [at + 600], clock)) for name, at in starts.items()]
    table = good_times_table(runs)
    origin = older_origin(Path("there"), 3, None, table)
    assert [one.run_id for one in origin.runs] == [one.run_id for one in runs]
    table.remove_columns(["instrument", "part"])
    origin = older_origin(Path("there"), 2, None, table)
    assert [(one.run_id, len(one.gti)) for one in origin.runs] == [(RunId.of(1), 2)]


@pytest.mark.parametrize("name", WRITTEN)
def test_figures_tests_and_pages_are_made_of_it(name, tmp_path):
    result = Result.read(FORMATS / name)
    assert result.light_curve.plot().has_data()

    assert result.light_curve.variability(band=0, n_toys=10)
    page = write_report(result, tmp_path / "page.html", n_toys=10)
    assert "Crab" in page.read_text()
    assert main(["variability", str(FORMATS / name), "--band", "0", "--toys", "10"]) == 0


@pytest.mark.parametrize("name", OLDER)
def test_what_needs_its_runs_names_the_command_that_makes_it_anew(name, capsys):
    folder = FORMATS / name
    result = Result.read(folder)
    command = f"tevcurve run {folder / 'config.yaml'} --output {folder} --overwrite"
    for use in (
        lambda: result.light_curve.rebin(by_night()),
        lambda: result.light_curve.hardness(),
        lambda: append_runs(folder, []),
    ):
        with pytest.raises(InputError, match="older format") as caught:
            use()
        assert command in str(caught.value)
    assert main(["rebin", str(folder), "--time-bins", "night"]) == 2
    assert command in capsys.readouterr().err


@pytest.mark.parametrize("number", WITH_RUNS)
def test_runs_that_are_not_in_parts_are_used_as_before(number, tmp_path):
    folder = shutil.copytree(FORMATS / str(number), tmp_path / "result")
    result = Result.read(folder)
    again = result.light_curve.rebin(result.light_curve.origin.time_bins)
    assert np.asarray(again.table["flux"]) == pytest.approx(
        np.asarray(result.light_curve.table["flux"]), rel=1e-9
    )
    assert append_runs(folder, []).appended.added == ()


def test_parts_of_one_run_had_rows_of_their_own_before(tmp_path):
    folder = shutil.copytree(FORMATS / "6", tmp_path / "result")
    (folder / CHECKSUMS).unlink()
    path = folder / "runs.json"
    path.write_text(
        path.read_text().replace('"obs_id":"2"', '"obs_id":"1"').replace('"obs_id": "2"', '"obs_id": "1"')
    )
    with pytest.raises(InputError, match="older format 6"):
        Result.read(folder).runs_to_use()
    assert len(Result.read(folder).light_curve) == 4
    provenance = folder / "provenance.json"
    provenance.write_text(provenance.read_text().replace('"format": 6', f'"format": {FORMAT}'))
    assert len(Result.read(folder).runs_to_use().runs) == 2
