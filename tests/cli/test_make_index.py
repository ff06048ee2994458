"""`tevcurve make-index`."""

from dl3_files import RunFile
from found_files import RUNS, write

from tevcurve.cli.main import main
from tevcurve.data import DataStore


def test_it_writes_the_index_and_says_what_it_leads_to(tmp_path, capsys):
    for run in RUNS:
        write(tmp_path / f"run_{run.obs_id}.fits", run)
    assert main(["make-index", str(tmp_path)]) == 0
    assert "Crab (2)" in capsys.readouterr().out
    assert DataStore.from_dir(tmp_path).has_obs_index
    assert main(["make-index", str(tmp_path)]) == 2
    assert "overwrite replaces what is there" in capsys.readouterr().err
    assert main(["make-index", str(tmp_path), "--overwrite"]) == 0


def test_a_run_that_cannot_be_used_is_told(tmp_path, capsys):
    write(tmp_path / "good.fits", RUNS[0])
    write(tmp_path / "bare.fits", RunFile(9), ("events", "gti"))
    assert main(["make-index", str(tmp_path)]) == 1
    assert "The run of bare.fits cannot be used: The file" in capsys.readouterr().err
