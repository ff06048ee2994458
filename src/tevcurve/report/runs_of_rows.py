"""Which runs are in each row of a light curve, and how they were observed."""

from dataclasses import dataclass

import numpy as np

from tevcurve.lightcurve.joined_rows import INSTRUMENTS, names_in
from tevcurve.lightcurve.selection import bins_of_rows
from tevcurve.run_id import names_of


@dataclass(frozen=True, eq=False, repr=False)
class RunsOfRows:
    """The runs of the rows (n,) of a light curve.

    Attributes
    ----------
    names : list of lists of str, words for the runs
    zenith, offset : float arrays, deg: of the runs, weighted with their good time in the row; NaN where unknown
    """

    names: list
    zenith: np.ndarray
    offset: np.ndarray


def runs_of_rows(light_curve):
    """The `RunsOfRows` of a light curve, or None where it does not know its runs.

    light_curve: `LightCurve`.
    """
    runs, bins = _runs_and_bins(light_curve)
    if runs is None:
        return None
    pieces = bins.pieces(runs)
    seconds = pieces.stop_s - pieces.start_s
    facts = {
        "zenith": np.array([runs.read(k).facts.get("zenith", np.nan) for k in range(len(runs))], dtype=float),
        "offset": np.rad2deg([run.offset for run in runs]),
    }
    total = np.bincount(pieces.bin, seconds, bins.n_bins)
    pairs = np.unique(np.column_stack([pieces.bin, pieces.run]), axis=0)
    who = [set() for _ in range(bins.n_bins)]
    for number, run in pairs.tolist():
        who[number].add(runs[run].run_id.instrument)
    of_bin = _bin_of_rows(light_curve.table, bins, who)
    means = {}
    for name, values in facts.items():
        with np.errstate(invalid="ignore"):
            mean = np.bincount(pieces.bin, seconds * values[pieces.run], bins.n_bins) / total
        means[name] = np.where(of_bin < 0, np.nan, mean[of_bin])
    known = names_of(run.run_id for run in runs)
    names = [[] for _ in range(bins.n_bins)]
    for number, run in pairs.tolist():
        names[number].append(known[runs[run].run_id])
    return RunsOfRows([names[number] if number >= 0 else [] for number in of_bin.tolist()], **means)


def _runs_and_bins(light_curve):
    """(runs, `TimeBins`) of the ledger, or of the origin where the ledger was read from a file; else (None, None)."""
    ledger, origin = light_curve.ledger, light_curve.origin
    if hasattr(ledger, "runs"):
        return ledger.runs, ledger.time_bins
    if hasattr(origin, "runs") and hasattr(origin, "terms"):
        return origin.runs, origin.laid(origin.terms)
    return None, None


def _bin_of_rows(table, bins, who):
    """The number of the time bin of each row, -1 where there is none: rows may have been taken out or sorted.

    Bins of different runs may begin and end together: then a row is of one that has its instruments, or else of the
    next one in the order of the table.

    who: list of the sets of instruments whose runs are in each bin.
    """
    own = {name: values for name, values in bins.columns().items() if name in table.colnames}
    keys = zip(
        *(values.tolist() for values in (bins.time_min.mjd, bins.time_max.mjd, *own.values())), strict=True
    )
    numbers = {}
    for number, key in enumerate(keys):
        numbers.setdefault(key, []).append(number)
    names = ("time_min", "time_max", *own)
    rows = list(zip(*(np.asarray(table[name]).tolist() for name in names), strict=True))
    seen = table[INSTRUMENTS].tolist() if INSTRUMENTS in table.colnames else [""] * len(rows)
    found, earlier = [], {}
    for row, text, place in zip(rows, seen, bins_of_rows(table).tolist(), strict=True):
        alike = [number for number in numbers.get(row, []) if who[number].issuperset(names_in(text))]
        # The time bins of the table that had the same candidates before.
        before = earlier.setdefault(tuple(alike), [])
        if place not in before:
            before.append(place)
        found.append(alike[before.index(place) % len(alike)] if alike else -1)
    return np.array(found, dtype=int)
