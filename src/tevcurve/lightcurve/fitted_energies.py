"""Between which energies rows are fitted, where that is not all of their band."""

import numpy as np

# Relative: edges so near to each other are the same in other units.
SAME = 1e-9


def extrapolating(table):
    """Which rows report a band that their fit does not cover, bool array (n_rows,).

    table: astropy Table of a light curve.
    """
    if not {"e_min", "e_max", "e_min_fit", "e_max_fit"} <= set(table.colnames):
        return np.zeros(len(table), dtype=bool)
    names = ("e_min", "e_max", "e_min_fit", "e_max_fit")
    below, above = _outside(*(_in_tev(table[name]) for name in names))
    return below | above


def extrapolation_words(table):
    """How many rows report a band that their fit does not cover, one line, "" where none does.

    table: astropy Table of a light curve.
    """
    number = int(np.count_nonzero(extrapolating(table)))
    if not number:
        return ""
    rows = "row" if len(table) == 1 else "rows"
    return (
        f"{number} of {len(table)} {rows}: the fit covers a part of the energy band only (e_min_fit, e_max_fit), and "
        "the assumed spectrum says the rest"
    )


def fitted_words(exposure, e_min, e_max, is_free):
    """What is to be said of the energies of each row, a dict of row to words.

    Parameters
    ----------
    exposure : `~tevcurve.fit.row_exposure.RowExposure`
    e_min, e_max : float arrays (n_rows,), TeV, edges of the bands
    is_free : bool array (n_rows,), whether the shape of the spectrum is fitted in a row
    """
    known = exposure.n_runs > 0
    below, above = _outside(e_min, e_max, exposure.low, exposure.high)
    uneven = known & ((exposure.low_of_all > exposure.low) | (exposure.high_of_all < exposure.high))
    telling = below | above | uneven | (known & (exposure.n_blind > 0)) | exposure.gaps
    rows = np.flatnonzero(telling)
    beyond = np.where(below, e_min, 0.0), np.where(above, e_max, 0.0), is_free
    of_runs = exposure.low_of_all, exposure.high_of_all, exposure.n_runs, exposure.n_blind
    facts = *beyond, exposure.low, exposure.high, exposure.gaps, uneven, *of_runs
    # Rows are many, what can be said of them is little.
    cases = list(zip(*(each[rows].tolist() for each in facts), strict=True))
    said = {case: _words(*case) for case in set(cases)}
    return {row: said[case] for row, case in zip(rows.tolist(), cases, strict=True)}


def _words(below, above, is_free, low, high, gaps, uneven, *of_runs):
    """What is to be said of a row. below, above: edges of its band that the fit does not reach, TeV, or 0."""
    low_of_all, high_of_all, n_runs, n_blind = of_runs
    words = []
    if below or above:
        words.append(_extrapolated(below, above, low, high, is_free))
    if gaps:
        words.append("some energies in between are left out of the fit")
    if uneven:
        words.append(_uneven(low_of_all, high_of_all, n_runs))
    if n_blind:
        words.append(_blind(n_blind, n_runs))
    return "; ".join(words)


def energy_ranges(*energies, rows):
    """The different ranges of energy that rows are fitted in, float array (n_ranges, n): their lows and highs, TeV.

    Parameters
    ----------
    energies : two or more float arrays (n_rows,), TeV: low, high, and what else tells rows apart
    rows : int array, numbers of the rows that are looked at
    """
    ranges = np.column_stack(energies)[rows]
    ranges = ranges[np.isfinite(ranges).all(axis=1)]
    # Edges are the same numbers in all runs; files may have rounded them.
    _, first = np.unique(np.round(np.log(ranges), 6), axis=0, return_index=True)
    return ranges[np.sort(first)]


def ranges_of_table(table, rows):
    """The same of the columns of a light curve; none where it has no such.

    Parameters
    ----------
    table : astropy Table of a light curve
    rows : int array, numbers of the rows that are looked at
    """
    names = ("e_min_fit", "e_max_fit")
    if not set(names) <= set(table.colnames):
        return np.zeros((0, 2))
    return energy_ranges(*(_in_tev(table[name]) for name in names), rows=rows)


def range_notes(ranges):
    """What is to be said of tests of rows in such ranges: a list of one sentence, or none."""
    if len(ranges) < 2:
        return []
    (low, high), of = (ranges[:, :2].min(axis=0), ranges[:, :2].max(axis=0)), len(ranges)
    lows, highs = ((f"{a:.3g}" if a == b else f"{a:.3g} to {b:.3g}") for a, b in zip(low, high, strict=True))
    return [
        f"rows are fitted in {of} different ranges of energy (from {lows} TeV up to {highs} TeV), so that a wrong "
        "spectrum looks like variability; with safe_energy='common' all are fitted in the same"
    ]


def _outside(e_min, e_max, low, high):
    """Whether bands reach below, and above, the energies of their fits; False where these are NaN."""
    return low > e_min * (1 + SAME), high < e_max * (1 - SAME)


def _extrapolated(below, above, low, high, is_free):
    low, high = f"{low:.3g}", f"{high:.3g}"
    if below and above:
        fitted, edges = f"between {low} and {high}", f"{below:.3g} and {above:.3g}"
    else:
        fitted, edges = (f"above {low}", f"{below:.3g}") if below else (f"below {high}", f"{above:.3g}")
    which = "fitted" if is_free else "assumed"
    return f"fitted {fitted} TeV only, extrapolated to {edges} TeV with the {which} spectrum"


def _uneven(low, high, n_runs):
    runs = f"all of its {n_runs} runs"
    if not low < high:
        return f"no energy is fitted in {runs}"
    return f"only {low:.3g} to {high:.3g} TeV is fitted in {runs}"


def _blind(n_blind, n_runs):
    see, do = ("sees", "does") if n_blind == 1 else ("see", "do")
    return f"{n_blind} of {n_blind + n_runs} runs {see} nothing of the band and {do} not count"


def _in_tev(column):
    values = np.ma.filled(np.ma.asarray(column, dtype=float), np.nan)
    return values if column.unit is None else values * column.unit.to("TeV")
