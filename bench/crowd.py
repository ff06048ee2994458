"""Memory and time of thousands of runs, through the command: `python bench/crowd.py --runs 300 3000`.

The runs are simulated, ten a night at four wobble positions, and written as DL3 files; `tevcurve run` makes their
light curve, in a process of its own whose peak memory is read. With `--workers 2` the same job is done on a Dask
cluster of so many workers, and the tables are compared to the last digit.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord

from tevcurve import GTI, PowerLaw, SkyModel, SkyPointSource, light_curve
from tevcurve.data.time import TimeReference
from tevcurve.data.write import write_store
from tevcurve.pipeline.on_cluster import connect
from tevcurve.simulation import ResponseSet, simulate_observation
from tevcurve.store import Result

POSITION = SkyCoord(166.0, 38.0, unit="deg")
REFERENCE = TimeReference(51910, 0.000742870370370241)
RUN = 1680.0  # s
CONFIG = """data: {data}
target: source
time_bins: run
energy_edges: [0.5 TeV, 10 TeV]
method: {method}
output: {output}
cache: null
"""


def observations(first, last):
    """Simulated observations with these numbers, one after the other."""
    irfs = ResponseSet.analytic()
    model = PowerLaw(2.5, "2e-11 cm-2 s-1 TeV-1", "1 TeV")
    source = SkyModel(SkyPointSource.from_position(POSITION), model, name="source")
    for number in range(first, last):
        start = 7.3e8 + 86400.0 * (number // 10) + (RUN + 60) * (number % 10)
        pointing = POSITION.directional_offset_by(90 * number * u.deg, 0.5 * u.deg)
        gti = GTI([start], [start + RUN], REFERENCE)
        yield simulate_observation(pointing, gti, irfs, source, number, obs_id=number + 1, target="source")


def measured(config, folder):
    """(seconds, peak memory in MB) of `tevcurve run` with a configuration, in a process of its own."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "tevcurve", "run", config], cwd=folder, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"tevcurve run ended with the status {status}.")
    return time.perf_counter() - begin, usage.ru_maxrss / 1024


def same_tables(one, other):
    """Whether two tables are the same to the last digit."""
    return one.colnames == other.colnames and all(
        np.array_equal(one[name], other[name], equal_nan=one[name].dtype.kind == "f") for name in one.colnames
    )


def on_cluster(data, n_workers, method):
    """(seconds, table) of the same job on a Dask cluster of this machine."""
    from distributed import LocalCluster

    with (
        LocalCluster(n_workers=n_workers, threads_per_worker=1, dashboard_address=None) as cluster,
        connect(cluster.scheduler_address) as client,
    ):
        begin = time.perf_counter()
        made = light_curve(data, "source", energy_edges=[0.5, 10] * u.TeV, method=method, client=client)
        return time.perf_counter() - begin, made.table


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, nargs="+", default=[300, 3000])
    parser.add_argument("--method", choices=("3d", "1d"), default="3d")
    parser.add_argument(
        "--workers", type=int, default=0, help="of a Dask cluster that does the largest job again"
    )
    parser.add_argument(
        "--folder", help="where the data stores are kept and found again; default: a temporary one"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(given.folder or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        print(f"{'runs':>6} {'seconds':>9} {'peak [MB]':>10}", flush=True)
        for n_runs in given.runs:
            data, output = folder / f"data-{n_runs}", folder / f"result-{given.method}-{n_runs}"
            if not data.exists():
                write_store(data, observations(0, n_runs))
            config = folder / f"{given.method}-{n_runs}.yaml"
            config.write_text(
                CONFIG.format(data=data, output=output, method=given.method) + "overwrite: true\n"
            )
            seconds, peak = measured(config, folder)
            print(f"{n_runs:>6} {seconds:>9.1f} {peak:>10.0f}", flush=True)
        if given.workers:
            seconds, table = on_cluster(data, given.workers, given.method)
            same = same_tables(Result.read(output).light_curve.table, table)
            print(
                f"{n_runs:>6} {seconds:>9.1f} on {given.workers} workers; the same to the last digit: {same}"
            )


if __name__ == "__main__":
    main()
