"""What tevcurve and gammapy are both timed on: the night of the PKS 2155-304 flare, and all 105 public runs.

Imported by the scripts of both, so it needs numpy and astropy only.
"""

import argparse
import json
import resource
import sys
import time
from pathlib import Path

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.time import Time

TARGET = SkyCoord(329.71693826, -30.2255890, unit="deg", frame="icrs")
RUNS = list(range(33787, 33802))
RECO = np.geomspace(0.7, 20, 11) * u.TeV
TRUE = np.geomspace(0.1, 40, 21) * u.TeV
INDEX, AMPLITUDE = 3.4, "2e-11 cm-2 s-1 TeV-1"
NORMS = np.geomspace(0.2, 5, 11)
GRID_START = Time("2006-07-29 20:20", scale="utc")
OFFSET = 0.5 * u.deg


def targets_of_runs(obs_table):
    """Pairs (target, list of OBS_ID) of all runs of an observation index.

    A run whose index has its target at the pointing itself, or outside the field of view, was taken without one (most
    of the "Off data"); it gets a position 0.5 deg north of the pointing, as a target without a source.
    """
    pointing, target = (
        SkyCoord(*(np.asarray(obs_table[name], dtype=float) for name in names), unit="deg")
        for names in (("RA_PNT", "DEC_PNT"), ("RA_OBJ", "DEC_OBJ"))
    )
    offset = pointing.separation(target)
    lost = (offset < 0.25 * u.deg) | (offset > 2 * u.deg)
    north = pointing.directional_offset_by(0 * u.deg, OFFSET)
    groups = {}
    for number, obs_id in enumerate(obs_table["OBS_ID"]):
        position = north[number] if lost[number] else target[number]
        key = round(position.ra.deg, 4), round(position.dec.deg, 4)
        groups.setdefault(key, (position, []))[1].append(int(obs_id))
    return list(groups.values())


def evenly(items, number):
    """At most so many of the items, evenly among them; all where number is None."""
    if number is None or number >= len(items):
        return list(items)
    return [items[int(place)] for place in (np.arange(number) + 0.5) * len(items) / number]


def run_job(jobs, description):
    """Runs the job that the command line names; prints its seconds, those of the processor, and its peak memory.

    The seconds of the processor that the process had needed before, for its imports, are told as "before".

    jobs: dict of functions of the folder of the data and the part to do (int or None); each returns a dict.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("job", choices=jobs)
    parser.add_argument("release", type=Path, help="the folder hess-dl3-dr1")
    parser.add_argument("--part", type=int, help="do so many of the bins or runs only")
    args = parser.parse_args()
    before = time.process_time()
    start, start_cpu = time.perf_counter(), time.process_time()
    result = jobs[args.job](args.release, args.part)
    seconds, cpu = time.perf_counter() - start, time.process_time() - start_cpu
    # Linux counts in kB, macOS in bytes.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps({"seconds": seconds, "cpu": cpu, "before": before, "peak": peak, "part": 1.0} | result))
