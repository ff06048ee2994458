"""Two small stores of two instruments whose runs have the same OBS_IDs, clocks of their own, and share time."""

import astropy.units as u
import numpy as np
from dl3_files import MJDREF, write_store
from small_store import START, run_file

from tevcurve import DataStore
from tevcurve.lightcurve.bins import by_edges, by_intervals, by_night, by_run, by_width, sliding

NAMES = ("HESS", "MAGIC")
# The second clock counts from 3.25 days later.
LATER = 3.25 * 86400
CLOCKS = {"HESS": MJDREF, "MAGIC": (MJDREF[0] + 3, MJDREF[1] + 0.25)}

OPTIONS = {"energy_edges": [0.7, 2, 10] * u.TeV, "safe_energy": None, "norm_values": [0.5, 1, 2]}
START_MJD = 51910.00074287037 + 1.2e8 / 86400
BINNINGS = {
    "run": by_run(),
    "night": by_night(),
    "width": by_width("7 min"),
    "grid": by_width("1 h", start=START_MJD),
    "sliding": sliding("1 h", "20 min"),
    "edges": by_edges(START_MJD + np.array([0.0, 0.03, 0.06, 0.9, 1.2])),
    "intervals": by_intervals(START_MJD + np.array([[0.0, 0.03], [0.02, 0.06], [2.0, 3.0]])),
    "phase": f"phase 5 period=0.11d epoch={START_MJD!r} scale=tt",
    "counts": "counts 60",
    "significance": "significance 5",
    "blocks": "blocks 0.05",
}


def make_stores(folder):
    """Dict of the `DataStore` of each instrument, written to a folder."""
    return {
        name: DataStore.from_dir(write_store(folder / name, runs)) for name, runs in runs_of(NAMES).items()
    }


def runs_of(names):
    """Dict of the runs of each instrument: 1 to 3 of the one, 1 to 4 of the other, half of them at the same time."""
    starts = {"HESS": (0, 1800, 3600), "MAGIC": (900, 2700, 90000, 91800)}
    return {
        name: [
            run_file(
                number,
                100 * len(name) + number,
                START + start - (LATER if name == "MAGIC" else 0),
                (83.63, 22.51 - number % 2),
                telescope=name,
                mjdref=CLOCKS[name],
            )
            for number, start in enumerate(starts[name], start=1)
        ]
        for name in names
    }
