"""Processor time of a source and run in a catalogue: `python bench/catalogue.py --data others/ctao_gammapy_written`.

Three runs of 30 minutes are simulated from the responses of the first run there, the background scaled to 106,000
events a run; positions are drawn in their fields, nearer than 2 deg to the pointing of most. Timed is all that a run
gives: reading, cells, responses, the fit of all rows with errors, limits and TS, and the chances of constancy. Beside
it stands `light_curve(unbinned=True)` of some of the positions.
"""

import argparse
import logging
import resource
import sys
import tempfile
import time
from dataclasses import replace

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord

from tevcurve import DataStore, light_curve
from tevcurve.data import GTI
from tevcurve.data.write import write_store
from tevcurve.pipeline.catalogue import catalogue_of, catalogue_runs, sources_at
from tevcurve.simulation import ResponseSet, simulate_observation

BAND, EVENTS, RUNS, REACH = [0.1, 10] * u.TeV, 106_000, 3, 2.0
CENTRE = SkyCoord(83.63, 22.01, unit="deg")


def store_of(data, folder, number_of_runs=RUNS):
    """The `DataStore` of simulated runs in a folder.

    data: folder of the run whose responses are taken.
    """
    template = DataStore.from_dir(data).get_observations()[0]
    irfs, start = ResponseSet.from_observation(template), template.gti.intervals[0, 0]

    def gti(number):
        begin = start + 2400 * number
        return GTI(begin * u.s, (begin + 1800) * u.s, template.gti.reference)

    few = len(simulate_observation(CENTRE, gti(0), irfs, random_state=1).events)
    table = irfs.bkg.table
    columns = {name: values * (EVENTS / few) for name, values in table.columns.items()}
    irfs = replace(irfs, bkg=replace(irfs.bkg, table=replace(table, columns=columns)))
    runs = []
    for number in range(number_of_runs):
        pointing = CENTRE.directional_offset_by(120 * number * u.deg, 0.5 * u.deg)
        runs.append(simulate_observation(pointing, gti(number), irfs, random_state=number, obs_id=number + 1))
    return DataStore.from_dir(write_store(folder, runs))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, help="folder of a run whose responses are taken")
    parser.add_argument("--positions", type=int, default=1000)
    parser.add_argument(
        "--alone", type=int, default=3, help="positions that have a light curve of their own, too"
    )
    asked = parser.parse_args()
    logging.disable(logging.WARNING)
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        store = store_of(asked.data, folder)
        offsets = REACH * np.sqrt(rng.random(asked.positions)) * u.deg
        places = CENTRE.directional_offset_by(360 * rng.random(asked.positions) * u.deg, offsets)
        begin = time.process_time()
        sources = sources_at([f"place {number}" for number in range(asked.positions)], places)
        made = list(catalogue_runs(*catalogue_of(store, sources, energy_edges=BAND)))
        passed, rows = time.process_time() - begin, sum(len(entry.source) for entry in made)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
            1024**2 if sys.platform == "darwin" else 1024
        )
        print(
            f"{asked.positions} positions x {RUNS} runs: {1e3 * passed / rows:.2f} ms of CPU a source and run"
        )
        print(f"({rows} of them), peak memory {peak:.0f} MB")
        for place in places[: asked.alone]:
            begin = time.process_time()
            light_curve(store, place, energy_edges=BAND, unbinned=True, norm_values=None)
            print(f"alone: {1e3 * (time.process_time() - begin) / RUNS:.0f} ms a run")


if __name__ == "__main__":
    main()
