"""Which of two sets of time bins are the same ones, of thousands at once."""

import numpy as np

from tevcurve.bins.pieces import BinPieces, expand_ranges
from tevcurve.bins.time_bins import TimeBins

NONE = -1


def equal_bins(bins: tuple[TimeBins, BinPieces], others: tuple[TimeBins, BinPieces]) -> np.ndarray:
    """For each bin the number of another that has the same instrument, edges, phases and good time, or -1; int array.

    Bins of all instruments together are of none. Of several that are the same the last one is told.

    Parameters
    ----------
    bins, others : (`TimeBins`, their `BinPieces` with runs that are numbered alike in both)
    """
    instruments: dict[str, int] = {}
    first, others_first = _limits(*bins), _limits(*others)
    keys = _keys(*others, others_first, instruments)
    known = dict(zip(keys, range(len(keys)), strict=True))
    found = np.array([known.get(key, NONE) for key in _keys(*bins, first, instruments)], dtype=int)
    both = np.flatnonzero(found != NONE)
    # By their keys they have as many pieces, of which all but the first are still to be compared.
    owner, own = expand_ranges(first[both], first[both + 1])
    _, its = expand_ranges(others_first[found[both]], others_first[found[both] + 1])
    differs = np.zeros(len(owner), dtype=bool)
    for name in ("run", "start_s", "stop_s"):
        differs |= getattr(bins[1], name)[own] != getattr(others[1], name)[its]
    found[both[owner[differs]]] = NONE
    return found


def _limits(bins: TimeBins, pieces: BinPieces) -> np.ndarray:
    """The first piece of each bin, and how many there are, int array (n_bins + 1,)."""
    return np.searchsorted(pieces.bin, np.arange(bins.n_bins + 1))


def _keys(bins: TimeBins, pieces: BinPieces, first: np.ndarray, instruments: dict[str, int]) -> list[bytes]:
    """Of each bin the bytes of its instrument, edges, phases, number of pieces and first piece.

    first: as `_limits` gives it. instruments: numbers of these, to which new ones are added.
    """
    columns = [
        getattr(getattr(bins, end), part) for end in ("time_min", "time_max") for part in ("jd1", "jd2")
    ]
    columns += [values for values in (bins.phase_min, bins.phase_max) if values is not None]
    owner = np.full(bins.n_bins, NONE)
    if bins.instruments and not bins.together:
        numbers = [instruments.setdefault(name, len(instruments)) for name in bins.instruments]
        owner = np.array(numbers)[bins.owners()]
    length = np.diff(first)
    begin = np.full((3, bins.n_bins), float(NONE))
    some = np.flatnonzero(length)
    for row, values in zip(begin, (pieces.run, pieces.start_s, pieces.stop_s), strict=True):
        row[some] = values[first[some]]
    # Zeros of either sign are one number, and are to be the same bytes.
    table = np.column_stack([*columns, owner, length, *begin]) + 0.0
    content, size = table.tobytes(), table.shape[1] * table.itemsize
    return [content[start : start + size] for start in range(0, len(content), size)]
