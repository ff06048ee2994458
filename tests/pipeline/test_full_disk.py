"""A disk that is really full, and one that can really not be written: a sentence, and nothing is lost."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from small_store import make_store

OWN = ["unshare", "--map-root-user", "--mount"]

CALL = """
import logging, os, sys
from pathlib import Path
import astropy.units as u
from small_store import TARGET
from tevcurve import DataStore, light_curve
from tevcurve.errors import StoreError, TevcurveError
from tevcurve.pipeline.append import append_runs
from tevcurve.store import Result, RunCache, input_files, write_result
logging.basicConfig(format="log: %(message)s", stream=sys.stdout)
dl3, disk = Path(sys.argv[1]), Path(sys.argv[2])
def make(ids=None, cache=None):
    observations = DataStore.from_dir(dl3).get_observations(ids)
    return light_curve(observations, TARGET, method="1d", energy_edges=[0.7, 10] * u.TeV, safe_energy=None, cache=cache)
def attempt(work):
    try:
        work()
        print("done")
    except StoreError as error:
        print("said:", error)
"""


def in_own_mount(before, code, *arguments):
    """Lines that a Python program prints, which sees mounts that only it has."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1] / "support")}
    program = [sys.executable, "-c", CALL + code, *map(str, arguments)]
    command = [*OWN, "sh", "-c", f'{before} && exec "$@"', "sh", *program]
    run = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    """A folder on which file systems can be mounted."""
    folder = tmp_path_factory.mktemp("disk")
    if shutil.which("unshare") is None:
        pytest.skip("There is no program unshare here, with which a small disk is made.")
    tried = subprocess.run([*OWN, "mount", "-t", "tmpfs", "-o", "size=1m", "none", folder], check=False)
    if tried.returncode:
        pytest.skip("No file system can be mounted here, so there is no small disk.")
    return folder


@pytest.fixture(scope="module")
def dl3(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dl3")
    make_store(folder)
    return folder


def small(disk, kilobytes):
    return f"mount -t tmpfs -o size={kilobytes}k none {disk}"


def test_a_cache_on_a_full_disk(disk, dl3):
    code = """
one = make(cache=disk / "runs")
print(len(one), len(RunCache(disk / "runs").entries()), all(e.describe() for e in RunCache(disk / "runs").entries()))
print(sorted(path.name[-5:] for path in disk.rglob("*.part")))
print(str(make(cache=disk / "runs").ledger) == str(make().ledger))
"""
    lines = in_own_mount(small(disk, 64), code, dl3, disk)
    assert lines[0].startswith("log: Reduced runs are not kept: ")
    assert lines[0].endswith(" cannot be written: No space left on device.")
    assert lines[1:3] == ["3 1 True", "[]"]
    assert lines[-1] == "True"


def test_a_result_on_a_full_disk(disk, dl3):
    code = """
whole, part = make(), make([1, 3])
attempt(lambda: write_result(disk / "result", whole))
print(os.listdir(disk))
write_result(disk / "result", part, keep_runs=False)
attempt(lambda: write_result(disk / "result", whole, overwrite=True))
print(os.listdir(disk), len(Result.read(disk / "result").light_curve))
"""
    lines = in_own_mount(small(disk, 150), code, dl3, disk)
    assert [line.rpartition(" cannot be written: ")[2] for line in lines if line.startswith("said")] == [
        "No space left on device.",
        "No space left on device.",
    ]
    assert [line for line in lines if not line.startswith("said")] == ["[]", "['result'] 2"]


def test_a_run_is_added_on_a_full_disk(disk, dl3):
    code = """
observations = DataStore.from_dir(dl3).get_observations([2])
write_result(disk / "result", make([1, 3]))
before = {path: path.read_bytes() for path in (disk / "result").rglob("*") if path.is_file()}
attempt(lambda: append_runs(disk / "result", observations))
after = {path: path.read_bytes() for path in (disk / "result").rglob("*") if path.is_file()}
print(os.listdir(disk), before == after)
"""
    lines = in_own_mount(small(disk, 230), code, dl3, disk)
    assert lines[0].endswith("result cannot be written: No space left on device.")
    assert lines[1] == "['result'] True"


def test_a_disk_that_can_only_be_read(disk, dl3, tmp_path):
    code = """
full = make(cache=disk / "runs")
print(len(full), len(RunCache(disk / "runs").entries()))
attempt(lambda: RunCache(disk / "runs").clear())
attempt(lambda: RunCache(disk / "others").put("00" * 32, full.origin.runs[0]))
attempt(lambda: write_result(disk / "result", full))
attempt(lambda: write_result(disk / "old", full, overwrite=True))
attempt(lambda: append_runs(disk / "old", DataStore.from_dir(dl3).get_observations([2])))
print(len(Result.read(disk / "old").light_curve), sorted(os.listdir(disk)))
"""
    fill = """
make([1], cache=disk / "runs")
write_result(disk / "old", make([1, 3]))
"""
    in_own_mount("true", fill, dl3, tmp_path)
    lines = in_own_mount(
        f"mount --bind -o ro {tmp_path} {disk} && mount -o remount,bind,ro {disk}", code, dl3, disk
    )
    assert lines[0].startswith("log: Reduced runs are not kept: ")
    assert [line.rpartition(": ")[2] for line in lines if line.startswith(("log", "said"))] == [
        "Read-only file system."
    ] * 6
    assert [line for line in lines if not line.startswith(("log", "said"))] == ["3 1", "2 ['old', 'runs']"]


def test_what_a_person_named_is_as_it_was_on_a_full_disk(disk, dl3):
    code = """
import matplotlib
matplotlib.use("Agg")
from tevcurve.maps import WcsGeom, WcsNDMap
from tevcurve.models import PowerLaw, SkyModel, SkyPointSource, write_models
from tevcurve.data.write import write_tables
from tevcurve.figures import save_figure
one = make()
names = "a.csv", "a.vot", "a.mrt", "a.fits", "a.png", "map.fits", "models.yaml", "run.fits.gz"
for name in names:
    (disk / name).write_text("old")
with open(disk / "rest", "wb", buffering=0) as rest:
    try:
        while rest.write(bytes(4096)):
            pass
    except OSError:
        pass
for name in names[:4]:
    attempt(lambda: one.write(disk / name, overwrite=True))
attempt(lambda: save_figure(one.plot().figure, disk / "a.png"))
sky = WcsNDMap(WcsGeom.create(skydir=TARGET, npix=40, binsz=0.1))
attempt(lambda: sky.write(disk / "map.fits", overwrite=True))
source = SkyModel(SkyPointSource("83 deg", "22 deg"), PowerLaw(), name="source")
attempt(lambda: write_models([source], disk / "models.yaml", overwrite=True))
attempt(lambda: write_tables(disk / "run.fits.gz", [bytes(2880)]))
print(all((disk / name).read_text() == "old" for name in names), len(os.listdir(disk)) == len(names) + 1)
"""
    lines = in_own_mount(small(disk, 64), code, dl3, disk)
    told = [line for line in lines if line.startswith("said")]
    names = "a.csv", "a.vot", "a.mrt", "a.fits", "a.png", "map.fits", "models.yaml", "run.fits.gz"
    assert told == [f"said: {disk}/{name} cannot be written: No space left on device." for name in names]
    assert lines[-1] == "True True"
