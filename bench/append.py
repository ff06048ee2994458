"""What it costs to add one run to a long light curve, beside computing it all anew: `python bench/append.py`."""

import argparse
import filecmp
import tempfile
import time
from pathlib import Path

import astropy.units as u
import matplotlib
from astropy.coordinates import SkyCoord

from tevcurve import GTI, PowerLaw, SkyModel, SkyPointSource, light_curve
from tevcurve.data.observations import Observations
from tevcurve.data.store import DataStore
from tevcurve.data.time import TimeReference
from tevcurve.data.write import write_store
from tevcurve.pipeline.append import append_runs
from tevcurve.simulation import ResponseSet, simulate_observation
from tevcurve.store import Result, input_files, write_result

matplotlib.use("Agg")

POSITION = SkyCoord(166.0, 38.0, unit="deg")
REFERENCE = TimeReference(51910, 0.000742870370370241)
RUN = 1680.0  # s
ENERGIES = [0.5, 10] * u.TeV


def observation(number, irfs):
    """A simulated observation: four wobble positions in turn, ten runs a night."""
    start = 7.3e8 + 86400.0 * (number // 10) + (RUN + 60) * (number % 10)
    pointing = POSITION.directional_offset_by(90 * number * u.deg, 0.5 * u.deg)
    source = SkyModel(
        SkyPointSource.from_position(POSITION), PowerLaw(2.5, "2e-11 cm-2 s-1 TeV-1", "1 TeV"), name="source"
    )
    gti = GTI([start], [start + RUN], REFERENCE)
    return simulate_observation(pointing, gti, irfs, source, number, obs_id=number + 1)


def timed(words, work):
    """What a function without arguments returns; its wall-clock and processor time are printed."""
    wall, cpu = time.perf_counter(), time.process_time()
    made = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{words:<58} {wall:>9.3f} {cpu:>9.3f}", flush=True)
    return made


def draw(result, path):
    """None; the light curve of a result is a picture."""
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots()
    result.light_curve.plot(ax=ax)
    figure.savefig(path)
    plt.close(figure)


def same_files(one, other):
    """Whether two folders have the same files, byte by byte."""
    names = sorted(str(path.relative_to(one)) for path in one.rglob("*") if path.is_file())
    others = sorted(str(path.relative_to(other)) for path in other.rglob("*") if path.is_file())
    return names == others and filecmp.cmpfiles(one, other, names, shallow=False)[0] == names


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--method", choices=("3d", "1d"), default="3d")
    parser.add_argument("--repeat", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), arguments.runs, arguments.method, arguments.repeat)


def measure(folder, n_runs, method, repeat):
    """Print the times, and whether what was appended is what is computed all at once."""
    irfs = ResponseSet.analytic()
    files = folder / "dl3"
    number = n_runs + repeat
    timed(
        f"simulate and write {number} runs",
        lambda: write_store(files, [observation(k, irfs) for k in range(number)]),
    )
    store = DataStore.from_dir(files)
    observations = store.get_observations()
    options = {"energy_edges": ENERGIES, "method": method}
    print(f"\n{'':<58} {'wall [s]':>9} {'cpu [s]':>9}")

    def whole(count, name):
        some = Observations(observations[:count])
        made = light_curve(some, POSITION, **options)
        return write_result(folder / name, made, inputs=input_files(some))

    timed(f"light curve of {n_runs} runs, with its result on disk", lambda: whole(n_runs, "result"))
    size = sum(path.stat().st_size for path in (folder / "result").rglob("*") if path.is_file())
    print(f"{'  bytes of the result':<58} {size:>9}")
    timed("read the result", lambda: Result.read(folder / "result"))
    for k in range(repeat):
        one = Observations([observations[n_runs + k]])
        result = timed(f"append run {n_runs + k + 1}", lambda one=one: append_runs(folder / "result", one))
        timed("  and its figure", lambda result=result: draw(result, folder / "figure.png"))
    timed(f"light curve of {number} runs, with its result on disk", lambda: whole(number, "whole"))
    print(f"the same files, byte by byte: {same_files(folder / 'result', folder / 'whole')}")


if __name__ == "__main__":
    main()
