"""How long it takes to simulate a night of 16 runs, and to write it as DL3 files: `python bench/simulation.py`."""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord

from tevcurve import GTI, PowerLaw, SkyModel, SkyPointSource
from tevcurve.data.time import TimeReference
from tevcurve.data.write import write_store
from tevcurve.simulation import ResponseSet, simulate_observation

POSITION = SkyCoord(166.0, 38.0, unit="deg")
REFERENCE = TimeReference(51910, 0.000742870370370241)
N_RUNS, RUN = 16, 1680.0  # s


def night(background):
    """The observations of a night, responses included."""
    irfs = ResponseSet.analytic(background)
    spectrum = PowerLaw(2.5, "2e-11 cm-2 s-1 TeV-1", "1 TeV")
    source = SkyModel(SkyPointSource.from_position(POSITION), spectrum, name="source")
    observations = []
    for number in range(N_RUNS):
        start = 7.3e8 + number * (RUN + 120)
        pointing = POSITION.directional_offset_by(90 * number * u.deg, 0.5 * u.deg)
        gti = GTI([start], [start + RUN], REFERENCE)
        observations.append(simulate_observation(pointing, gti, irfs, source, number, obs_id=number + 1))
    return observations


def median_seconds(work, repeat):
    """Median wall-clock time in s of a function without arguments; the first call does not count."""
    work()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5)
    repeat = parser.parse_args().repeat
    print(f"{N_RUNS} runs of {RUN / 60:.0f} minutes")
    print(f"{'background':<12} {'events':>8} {'simulate [s]':>13} {'write [s]':>10}")
    for background in ("2d", "3d"):
        observations = night(background)
        simulate = median_seconds(lambda background=background: night(background), repeat)
        with tempfile.TemporaryDirectory() as folder:
            write = median_seconds(
                lambda observations=observations, folder=folder: write_store(
                    Path(folder), observations, overwrite=True
                ),
                repeat,
            )
        events = np.sum([len(observation.events) for observation in observations])
        print(f"BKG_{background.upper():<8} {events:>8} {simulate:>13.2f} {write:>10.2f}")


if __name__ == "__main__":
    main()
