"""A night that is followed by `tevcurve watch`, killed again and again: `python bench/watch_kills.py`.

Another process writes a simulated night in parts of 75 s, the way data come: moved into their place, written slowly,
torn and then whole, twice, packed, and in a file that grows. Meanwhile the command is killed (SIGKILL) at random
moments and begun again. In the end rows and alerts are those of one call, byte by byte; where parts come late, rows and
the alerts that stand.
"""

import argparse
import gzip
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from multiprocessing import get_context
from pathlib import Path

import astropy.units as u
from astropy.coordinates import SkyCoord

from tevcurve import GTI, PowerLaw, SkyModel, SkyPointSource
from tevcurve.data.table_bytes import primary_bytes
from tevcurve.data.time import TimeReference
from tevcurve.data.write import observation_tables
from tevcurve.live.alerts import standing
from tevcurve.simulation import ResponseSet, simulate_observation
from tevcurve.store import Result

POSITION = SkyCoord(166.0, 38.0, unit="deg")
REFERENCE = TimeReference(51910, 0.000742870370370241)
START, PART, PAUSE = 7.3e8, 75.0, 60.0  # s
QUIET = 1e-11  # cm-2 s-1 TeV-1 at 1 TeV
# Of each run the flux in each part, in units of the quiet one; the last run is one file that grows, of the first flux.
NIGHT = ([1] * 6, [1, 1, 1, 6, 6, 6], [6, 6, 6, 6, 1, 1], [1] * 6, [8] * 4)
WAYS = ("moved", "slow", "torn", "packed", "twice")
BASELINE = "2.2e-11 cm-2 s-1"
OPTIONS = [
    "--position",
    "166.0 38.0",
    "--target",
    "source",
    "--energy",
    "0.5TeV,10TeV",
    "--time-bins",
    "2min",
]
OPTIONS += ["--baseline-flux", BASELINE, "--alarms-per", "100 h", "--poll", "0.1 s"]


def simulated(run, part, level, seconds=PART, start=0.0):
    """An observation of simulated good time of a run."""
    begin = START + sum(len(each) * PART + PAUSE for each in NIGHT[:run]) + start
    spectrum = PowerLaw(2.5, f"{level * QUIET} cm-2 s-1 TeV-1", "1 TeV")
    source = SkyModel(SkyPointSource.from_position(POSITION), spectrum, name="source")
    pointing = POSITION.directional_offset_by(90 * run * u.deg, 0.5 * u.deg)
    gti = GTI([begin], [begin + seconds], REFERENCE)
    seed = 100 * run + part
    return simulate_observation(pointing, gti, ResponseSet.analytic(), source, seed, obs_id=run + 1)


def content_of(observation, **others):
    """Bytes of a file of an observation, with other tables in the place of some."""
    return primary_bytes() + b"".join((observation_tables(observation) | others).values())


def night(runs=NIGHT):
    """List of (name of a file, how it is written, its contents one after the other), in the order of time."""
    plan = []
    for run, levels in enumerate(runs[:-1]):
        for part, level in enumerate(levels):
            content = content_of(simulated(run, part, level, start=part * PART))
            plan.append((f"run{run + 1}_part{part + 1}.fits", WAYS[len(plan) % len(WAYS)], [content]))
    # A file that grows says from the beginning which good time is planned.
    run, levels = len(runs) - 1, runs[-1]
    whole = simulated(run, 0, levels[0], PART * len(levels))
    planned = observation_tables(whole)["gti"]
    begin = whole.gti.start[0]
    grown = [
        content_of(whole.select_time((begin, begin + PART * (number + 1) * u.s)), gti=planned)
        for number in range(len(levels))
    ]
    plan.append((f"run{run + 1}.fits", "grows", grown))
    return plan


def write(folder, plan, may_go_on, pause):
    """None; files of a plan are in a folder, one after the other, each begun when it may be.

    Parameters
    ----------
    folder : Path
    plan : as `night` gives it
    may_go_on : semaphore, one for each content
    pause : float, s between two steps of what is written slowly
    """
    for name, way, contents in plan:
        for content in contents:
            may_go_on.acquire()
            _write(folder / name, way, content, pause)


def _write(path, way, content, pause):
    hidden = path.with_name(f".{path.name}.part")
    if way == "packed":
        path, content = path.with_name(f"{path.name}.gz"), gzip.compress(content, mtime=0)
    if way in ("moved", "packed", "twice"):
        hidden.write_bytes(content)
        os.rename(hidden, path)
        if way == "twice":
            time.sleep(pause)
            path.with_name(f"{path.stem}_again.fits").write_bytes(content)
        return
    if way == "torn":
        path.write_bytes(content[: len(content) // 2])
        time.sleep(3 * pause)
        path.write_bytes(content)
        return
    with open(path, "wb") as stream:
        for first in range(0, len(content), len(content) // 5):
            stream.write(content[first : first + len(content) // 5])
            stream.flush()
            time.sleep(pause / 5)


def watch(folder, data, options, *more):
    """A process of the command, which writes into a folder."""
    words = ["watch", str(data), "-o", str(folder / "result"), *OPTIONS, *options, *more]
    words += ["--on-alert", f"cat >> {folder / 'handed.jsonl'}"]
    with open(folder / "log", "ab") as log:
        return subprocess.Popen([sys.executable, "-m", "tevcurve", *words], stdout=log, stderr=log)


def lines_of(path):
    """The lines of a file, list of bytes; none where it is not there."""
    return path.read_bytes().splitlines(keepends=True) if path.exists() else []


def looked_at(folder):
    """What a kill has left: (number of parts in the result, number of lines of alerts); all of it can be read."""
    result, alerts = folder / "result", folder / "result.alerts.jsonl"
    n_parts = len(Result.read(result).light_curve.origin.runs) if result.exists() else 0
    records = [json.loads(line) for line in lines_of(alerts)]
    return n_parts, len(records)


def killed_night(folder, plan, options, kills, draw):
    """Counter of what the kills have left.

    Parameters
    ----------
    folder : Path, empty
    plan : of the files, in the order in which they come
    options : list of words of the command
    kills : number of them
    draw : `random.Random`
    """
    data = folder / "data"
    data.mkdir()
    context = get_context("fork")
    may_go_on, n_steps = context.Semaphore(0), sum(len(contents) for _, _, contents in plan)
    writer = context.Process(target=write, args=(data, plan, may_go_on, 0.3))
    writer.start()
    found, begin = Counter(), time.monotonic()
    # How long it takes from the start to the first alerts is learned from the first life.
    longest, before, freed = 0.0, (0, 0), 0
    for number in range(kills):
        process = watch(folder, data, options)
        start, wanted = time.monotonic(), -(-n_steps * (number + 1) // kills)
        moments = sorted(draw.random() for _ in range(wanted - freed))
        life = 30.0 if not longest else draw.uniform(0.2, 1.8) * longest
        for moment in moments:
            time.sleep(max(0.0, start + 0.8 * moment * min(life, 5.0) - time.monotonic()))
            may_go_on.release()
        freed = wanted
        while time.monotonic() < start + life:
            if process.poll() is not None:
                raise RuntimeError(f"The command has ended: {(folder / 'log').read_text()[-2000:]}")
            if not longest and (folder / "result.alerts.jsonl.settings").exists():
                longest = time.monotonic() - start
                break
            time.sleep(0.02)
        longest = longest or life
        process.kill()
        process.wait()
        now = looked_at(folder)
        new = [name for name, one, other in zip(("rows", "alerts"), before, now, strict=True) if one != other]
        found[" and ".join(new) or "nothing"] += 1
        before = now
    for _ in range(n_steps - freed):
        may_go_on.release()
    writer.join()
    finish(folder, data, options)
    print(f"  killed {kills} times in {time.monotonic() - begin:.0f} s, longest life {1.8 * longest:.1f} s")
    return found


def finish(folder, data, options):
    """None; all that is there is taken by one more call."""
    code = watch(folder, data, options, "--once").wait()
    if code not in (0, 3):
        raise RuntimeError(f"The command has ended with {code}: {(folder / 'log').read_text()[-2000:]}")


def what_differs(folder, wanted, in_order):
    """List of words for what is not as one call at the end makes it.

    Parameters
    ----------
    folder, wanted : Path, of the night that was killed, and of the one call
    in_order : whether parts came in the order of time, so that all lines are the same
    """
    wrong = []
    names = sorted({path.name for each in (folder, wanted) for path in (each / "result").iterdir()})
    for name in names:
        one, other = (each / "result" / name for each in (folder, wanted))
        if one.is_dir() or other.is_dir():
            same = {path.name for path in one.iterdir()} == {path.name for path in other.iterdir()}
        else:
            same = one.exists() and other.exists() and one.read_bytes() == other.read_bytes()
        if not same:
            wrong.append(f"result/{name}")
    told, asked = (lines_of(each / "result.alerts.jsonl") for each in (folder, wanted))
    if in_order and told != asked:
        wrong.append(f"{len(told)} lines of alerts for {len(asked)}")
    if standing([json.loads(line) for line in told]) != standing([json.loads(line) for line in asked]):
        wrong.append("alerts that stand")
    # Some may have been handed on twice, none never, and new ones in their order.
    handed = lines_of(folder / "handed.jsonl")
    if list(dict.fromkeys(handed)) != list(dict.fromkeys(told)):
        wrong.append(f"{len(handed)} alerts handed on")
    return wrong


def main():
    """Print what was there after the kills, and whether anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder in which all is kept")
    arguments = parser.parse_args()
    draw, plan, is_wrong = random.Random(arguments.seed), night(), False
    late = plan[:]
    draw.shuffle(late)
    with tempfile.TemporaryDirectory() as name:
        root = arguments.keep or Path(name)
        for number, (words, method, order) in enumerate(
            (("3D", "3d", plan), ("1D", "1d", plan), ("3D, parts in any order", "3d", late))
        ):
            folder, wanted = root / f"{number}", root / f"{number}-once"
            for each in (folder, wanted):
                shutil.rmtree(each, ignore_errors=True)
                each.mkdir(parents=True)
            options = ["--method", method, "--safe-energy", "none"]
            print(f"{words}: {len(plan)} files", flush=True)
            found = killed_night(folder, order, options, arguments.kills, draw)
            finish(wanted, folder / "data", options)
            for state, times in sorted(found.items()):
                print(f"  {times:>4} kills after which there was {state} new")
            n_lines = len(lines_of(wanted / "result.alerts.jsonl"))
            wrong = what_differs(folder, wanted, order is plan)
            is_wrong |= bool(wrong)
            print(f"  {looked_at(folder)[0]} parts, {n_lines} lines of alerts in one call at the end")
            print(f"  {'OTHERS: ' + ', '.join(wrong) if wrong else 'the same'}", flush=True)
    raise SystemExit(is_wrong)


if __name__ == "__main__":
    main()
