"""What systematic errors and scales of instruments add to the time of a light curve: `python bench/systematics.py`.

Three instruments watch a source at the same time, 100 runs each, in bins of which a run has 30: 3,000 rows with 3,000
pieces of the runs of the first, and 9,000 of all. Timed is the processor, from reduced runs to the table with all of
its columns; calls with and without are made in turn.
"""

import argparse
import tempfile
import time
from itertools import chain
from pathlib import Path

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord

from tevcurve import (
    GTI,
    CrossCalibration,
    Instrument,
    PowerLaw,
    SkyModel,
    SkyPointSource,
    Systematic,
    light_curve,
)
from tevcurve.data.store import DataStore
from tevcurve.data.time import TimeReference
from tevcurve.data.write import write_store
from tevcurve.lightcurve.bins import by_intervals
from tevcurve.simulation import ResponseSet, simulate_observation

POSITION = SkyCoord(166.0, 38.0, unit="deg")
REFERENCE = TimeReference(51910, 0.000742870370370241)
RUN, BINS = 1680.0, 30  # s; bins of a run
NAMES = ("first", "second", "third")
EFFECTS = (
    Systematic(effect="flux_scale", sigma=0.1, by="night"),
    Systematic(effect="background", sigma=0.03, by="run"),
)
CALIBRATION = CrossCalibration(reference="first", sigma={"second": "free", "third": "free"})


def start_of(number):
    """Mission time of the start of a run, or of some, ten a night."""
    return 7.3e8 + 86400.0 * (number // 10) + (RUN + 60) * (number % 10)


def observation(number, instrument, irfs):
    """A simulated run of an instrument, at the same time as those of the others."""
    start = start_of(number)
    pointing = POSITION.directional_offset_by((90 * number + 30 * instrument) * u.deg, 0.5 * u.deg)
    source = SkyModel(
        SkyPointSource.from_position(POSITION), PowerLaw(2.5, "2e-11 cm-2 s-1 TeV-1", "1 TeV"), name="source"
    )
    gti = GTI([start], [start + RUN], REFERENCE)
    number = 1000 * instrument + number + 1
    return simulate_observation(pointing, gti, irfs, source, number, obs_id=number)


def stores_of(folder, n_runs):
    """Dict of the `DataStore` of each instrument, and of one that has the runs of all, in a folder."""
    irfs = ResponseSet.analytic()
    runs = [[observation(number, place, irfs) for number in range(n_runs)] for place in range(len(NAMES))]
    made = dict(zip(NAMES, runs, strict=True)) | {"all": list(chain.from_iterable(runs))}
    return {name: DataStore.from_dir(write_store(folder / name, own)) for name, own in made.items()}


def origins_of(stores, method):
    """Dict of words to two origins of the same runs and rows: without and with what is not known."""
    runs = len(stores[NAMES[0]].get_observations())
    starts = np.add.outer(start_of(np.arange(runs)), RUN / BINS * np.arange(BINS + 1))
    intervals = REFERENCE.to_time(np.stack([starts[:, :-1].ravel(), starts[:, 1:].ravel()], axis=1))
    options = {"energy_edges": [0.5, 10] * u.TeV, "method": method, "time_bins": by_intervals(intervals)}
    apart = {name: Instrument(stores[name]) for name in NAMES}
    given = {"cross_calibration": CALIBRATION, "instruments": apart}
    alone, all_of_one = (light_curve(stores[name], POSITION, **options).origin for name in (NAMES[0], "all"))
    return {
        "flux by night, background by run": (
            alone,
            light_curve(stores[NAMES[0]], POSITION, systematics=EFFECTS, **options).origin,
        ),
        "the same, three runs in a row": (
            all_of_one,
            light_curve(stores["all"], POSITION, systematics=EFFECTS, **options).origin,
        ),
        "scales of instruments": (all_of_one, light_curve(target=POSITION, **given, **options).origin),
        "scales, and both": (
            all_of_one,
            light_curve(target=POSITION, systematics=EFFECTS, **given, **options).origin,
        ),
    }


def seconds(work):
    """Seconds of the processor that a function without arguments takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--method", choices=("1d", "3d"), nargs="*", default=("1d", "3d"))
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--keep", type=Path, help="a folder in which the simulated runs stay, or are already")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = arguments.keep or Path(folder)
        if (folder / "all").exists():
            stores = {name: DataStore.from_dir(folder / name) for name in (*NAMES, "all")}
        else:
            stores = stores_of(folder, arguments.runs)
        print(f"{'':<42} {'rows':>6} {'pieces':>7} {'without [s]':>12} {'with [s]':>9} {'ratio':>6}")
        for method in arguments.method:
            for words, pair in origins_of(stores, method).items():
                report(f"{method}, {words}", pair, arguments.repeat)


def report(words, pair, repeat):
    """Print a line of the table.

    Parameters
    ----------
    words : what it is called
    pair : origins without and with what is not known
    repeat : how often each is timed, in turn
    """
    joint = pair[1].rows()[0]
    taken = np.array([[seconds(origin.light_curve) for origin in pair] for _ in range(repeat)])
    without, with_all = np.median(taken, axis=0)
    ratio = np.median(taken[:, 1] / taken[:, 0])
    numbers = f"{len(joint.fitted):>6} {len(joint.pieces().row):>7}"
    print(f"{words:<42} {numbers} {without:>12.3f} {with_all:>9.3f} {ratio:>6.2f}", flush=True)


if __name__ == "__main__":
    main()
