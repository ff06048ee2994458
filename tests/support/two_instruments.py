"""Two small stores of two instruments whose runs have the same OBS_IDs, clocks of their own, and share time."""

from dl3_files import MJDREF, write_store
from small_store import START, run_file

from tevcurve import DataStore

NAMES = ("HESS", "MAGIC")
# The second clock counts from 3.25 days later.
LATER = 3.25 * 86400
CLOCKS = {"HESS": MJDREF, "MAGIC": (MJDREF[0] + 3, MJDREF[1] + 0.25)}


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
