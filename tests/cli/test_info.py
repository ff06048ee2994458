"""What `tevcurve info` says of whatever a person points it at."""

import shutil
from dataclasses import replace

import pytest
from dl3_files import write_store
from small_store import TARGET, make_store
from two_instruments import runs_of

from tevcurve import light_curve, write_result
from tevcurve.cli.main import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder above two data stores, which is the working folder."""
    monkeypatch.chdir(tmp_path)
    make_store(tmp_path / "all" / "one")
    far = replace(runs_of(("MAGIC",))["MAGIC"][0], target="Vela X")
    write_store(tmp_path / "all" / "two", [far])
    return tmp_path


def test_a_folder_above_several_stores_lists_these(folder, capsys):
    assert main(["info", "all"]) == 0
    head, names, *rows = capsys.readouterr().out.splitlines()
    assert head == "all has 2 data stores; `tevcurve info all/one` tells more of one."
    assert names.split() == ["data", "store", "targets", "runs", "live", "time", "[h]"]
    # The index of these does not say their live time.
    assert [row.split() for row in rows] == [["one", "Crab", "3", "-"], ["two", "Vela", "X", "1", "-"]]
    assert main(["info", "all/two", "all"]) == 0
    out = capsys.readouterr().out
    assert out.index("all has 2 data stores") < out.index("DataStore all/two")
    # What is asked of one store is not of several.
    assert main(["info", "all", "--target", "Crab"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "Error: The folder all has HDU indices in one, two; wanted is one of these folders.\n"


def test_a_store_that_cannot_be_used_stands_with_its_reason(folder, capsys):
    (folder / "all" / "two" / "hdu-index.fits.gz").write_bytes(b"torn")
    assert main(["info", "all"]) == 0
    (row,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("two"))
    assert "is not a FITS file" in row


def test_what_is_no_data_is_said_with_what_shows_it(folder, capsys):
    made = light_curve("all/one", TARGET, method="1d", norm_values=None)
    write_result("result", made)
    made.write("curve.ecsv")
    (folder / "many").mkdir()
    shutil.copy(folder / "result" / "provenance.json", folder / "many" / "catalogue.json")
    for path, wanted in [
        ("result", "a light curve, which `tevcurve show result` takes; wanted is data"),
        (
            "curve.ecsv",
            "a file with a light curve, which `tevcurve show curve.ecsv` takes; wanted is data",
        ),
        (
            "many",
            "a catalogue of light curves, which `tevcurve show many --source NAME` takes; wanted is data",
        ),
    ]:
        assert main(["info", path]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith(f"Error: {path} is {wanted}")


def test_an_empty_folder_and_an_index_alone_say_what_is_wanted(folder, capsys):
    (folder / "empty").mkdir()
    assert main(["info", "empty"]) == 2
    assert "has neither hdu-index.fits.gz nor hdu-index.fits, and no FITS file" in capsys.readouterr().err
    assert main(["info", "all/one/obs-index.fits.gz"]) == 2
    assert "obs-index.fits.gz: it is an index; the data store is its folder." in capsys.readouterr().err
