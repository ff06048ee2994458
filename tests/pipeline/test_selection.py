"""More runs for a light curve are chosen as its own were: by their target's name, or by its position."""

from dataclasses import replace

import astropy.units as u
import pytest
from astropy.table import Table
from dl3_files import write_store
from small_store import START, TARGET, run_file

from tevcurve import DataStore
from tevcurve.cli.main import main
from tevcurve.errors import MissingError
from tevcurve.pipeline import light_curve
from tevcurve.pipeline.append import append_runs
from tevcurve.pipeline.selection import Selection
from tevcurve.store import write_result


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A store in whose index run 1 and 2 are of the source in flare, 3 of the same place but steady, 4 of elsewhere."""
    folder = tmp_path_factory.mktemp("store")
    run = [run_file(n, 10 + n, START + 1800 * n, (83.63, 22.51), 60, 300, target="Source") for n in (1, 2, 3)]
    far = run_file(
        4, 14, START + 9000, (93.63, 22.51), 60, 300, target="Other", header={"RA_OBJ": 93.6, "DEC_OBJ": 22.0}
    )
    write_store(folder, (*run, far))
    path = next(folder.glob("obs-index*"))
    index = Table.read(path, 1)
    index["TARGET_NAME"] = ["Source (flare)", "Source (flare)", "Source (steady)", "Other"]
    index.write(path, overwrite=True)
    return folder


def made(data, folder, target, ids=(1,), **options):
    options = {"energy_edges": [0.7, 10] * u.TeV, "method": "1d", "safe_energy": None} | options
    store = DataStore.from_dir(data)
    if isinstance(target, str):
        lc = light_curve(store, target, **options)
        # As it was when the store had the first run only.
        part = light_curve(store.get_observations(list(ids)), TARGET, **options)
        lc = replace(part, origin=replace(part.origin, selected_by=lc.origin.selected_by))
    else:
        lc = light_curve(store.get_observations(list(ids)), target, **options)
    write_result(folder, lc)
    return folder


def _words(run_ids):
    return [str(one) for one in run_ids]


def test_by_name(data, tmp_path):
    result = append_runs(made(data, tmp_path / "a", "Source (flare)"), data)
    assert _words(result.appended.added) == ["2"]
    assert _words(result.appended.there) == ["1"]
    assert [one.obs_id for one in result.appended.left_out] == ["3"]
    assert (
        "'Source (steady)', and the light curve is of the runs of 'Source (flare)'"
        in result.appended.left_out[0].reason
    )
    assert len(result.light_curve) == 2
    assert str(result.appended) == "added 1 run (2); it had 1 run (1); left out 1 run (3)"
    again = append_runs(tmp_path / "a", data)
    assert again.appended.added == ()
    assert str(again.appended).startswith("added no run")


def test_by_position(data, tmp_path):
    result = append_runs(made(data, tmp_path / "a", TARGET), data)
    assert _words(result.appended.added) == ["2", "3"]
    assert result.appended.left_out == ()


def test_single_runs(data, tmp_path):
    folder = made(data, tmp_path / "a", "Source (flare)")
    result = append_runs(folder, list(DataStore.from_dir(data).get_observations([3, 4])))
    # The header of a file does not say that it is the steady one; that it is another source, it does.
    assert _words(result.appended.added) == ["3"]
    assert [one.obs_id for one in result.appended.left_out] == ["4"]


def test_a_store_without_the_name(data, tmp_path):
    store = DataStore.from_dir(data)
    with pytest.raises(MissingError, match="no target 'Sorce'"):
        Selection(TARGET, ("Sorce",)).choose(store)
    chosen, left = Selection(TARGET, ("Sorce",), either=True).choose(store)
    assert [one.obs_id for one in chosen] == [1, 2, 3]
    assert left == []


def test_the_command_takes_what_run_takes_and_says_it(data, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    out = str(tmp_path / "a")
    options = ["--energy", "0.7TeV,10TeV", "--method", "1d", "--safe-energy", "none"]
    assert (
        main(["light-curve", str(data), "--target", "Source (flare)", "--runs", "1", "-o", out, *options])
        == 0
    )
    capsys.readouterr()
    assert main(["append", out, str(data)]) == 0
    said = capsys.readouterr()
    assert "added 1 run (2); it had 1 run (1); left out 1 run (3)." in said.out
    assert "Run 3 is left out: Its target is 'Source (steady)'" in said.err
