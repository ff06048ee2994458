"""Light curves one after the other as one."""

import numpy as np

from tevcurve.errors import InputError
from tevcurve.lightcurve.joined_rows import INSTRUMENTS, names_in
from tevcurve.lightcurve.ledger_joining import join_ledgers
from tevcurve.lightcurve.product import LightCurve
from tevcurve.lightcurve.selection import (
    TIME_TOLERANCE,
    NoOrigin,
    bins_of_rows,
    instruments_together,
    rows_of_instruments,
)
from tevcurve.lightcurve.table_details import one_below_other

SECONDS_PER_DAY = 86400
# What must be the same for rows to mean the same; the rest of the metadata is kept where all agree.
SAME = ("TIMESYS", "source", "method", "sigma", "sigma_ul", "negative", "interval", "free", "background")
SAME += ("shape_from", "background_error", "common_safe_energy_TeV", "responses")
SAME += ("systematics", "reference_instrument", "cross_calibration")
# What must be the same where both say it.
SAME_IF_TOLD = ("position",)


def concatenate(light_curves):
    """The `LightCurve` of the rows of several, in the order of time.

    They must agree in source, position, method, how responses and backgrounds are taken, time scale, energy bands,
    reference model, confidence levels and columns. Other metadata stay where all agree. The ledger is that of all runs
    and time bins, or None where one has none (or they disagree about what became of the same run's events). It has no
    origin, so it cannot be rebinned.

    light_curves: list of `LightCurve`, one or more. Raises `InputError` with all that differs.
    """
    parts = list(light_curves)
    if not parts or not all(isinstance(part, LightCurve) for part in parts):
        raise InputError(
            f"concatenate got {[type(part).__name__ for part in parts]}; wanted are one or more light curves."
        )
    if len(parts) == 1:
        return parts[0].copy()
    differences = [words for part in parts[1:] for words in _differences(parts[0], part)]
    if differences:
        raise InputError(f"The light curves cannot be made one: {'; '.join(dict.fromkeys(differences))}.")
    order, group = _order(parts)
    table = one_below_other([part.table for part in parts])[order]
    for name in table.colnames:
        table[name].info.description = parts[0].table[name].info.description
        table[name].info.format = parts[0].table[name].info.format
    table.meta = _common_meta(parts)
    table.meta["overlapping"] = bool(table.meta.get("overlapping")) or _overlap(table)
    on_events = [bool(part.meta["bins_on_events"]) for part in parts if "bins_on_events" in part.meta]
    table.meta |= {"bins_on_events": any(on_events)} if on_events else {}
    origin = NoOrigin("it was put together from several; rebin each, then put these together")
    return LightCurve(table, origin, join_ledgers([part.ledger for part in parts], group))


def _differences(first, other):
    """What keeps two light curves from being one, in words."""
    mine, theirs = set(first.table.colnames), set(other.table.colnames)
    if mine != theirs:
        yield f"columns that only some have: {', '.join(sorted(mine ^ theirs))}"
    for name in (*SAME, *SAME_IF_TOLD):
        values = first.meta.get(name), other.meta.get(name)
        if name in SAME_IF_TOLD and None in values:
            continue
        if str(values[0]).lower() != str(values[1]).lower() and not _close(*values):
            yield f"{name} is {values[0]} and {values[1]}"
    for name in mine & theirs:
        units = first.table[name].unit, other.table[name].unit
        if units[0] != units[1]:
            yield f"{name} is in {units[0]} and {units[1]}"
        elif first.table[name].shape[1:] != other.table[name].shape[1:]:
            yield f"{name} has {first.table[name].shape[1:]} and {other.table[name].shape[1:]} values in a row"
    yield from _band_differences(first, other)


def _close(one, other):
    numbers = all(isinstance(value, (int, float)) for value in (one, other))
    return numbers and np.isclose(one, other, rtol=1e-9, atol=0)


def _band_differences(first, other):
    """How the energy bands differ, and the reference model in them."""
    if not len(first) or not len(other):
        return
    mine, theirs = _bands(first.table), _bands(other.table)
    if mine.shape != theirs.shape or not np.allclose(mine, theirs, rtol=1e-9, atol=0):
        words = [", ".join(f"{low:g}-{high:g} TeV" for low, high in bands[:, :2]) for bands in (mine, theirs)]
        yield f"the energy bands are {words[0]} and {words[1]}"
        return
    if first.meta.get("free"):
        # The reference of each row then has the shape that was fitted there.
        return
    for name in ("ref_flux", "ref_dnde"):
        if name in first.table.colnames and name in other.table.colnames:
            values = [np.unique(np.asarray(part.table[name])) for part in (first, other)]
            if len(values[0]) != len(values[1]) or not np.allclose(
                *values, rtol=1e-9, atol=0, equal_nan=True
            ):
                yield f"the reference model has {name} {values[0]} and {values[1]}"


def _bands(table):
    """e_min, e_max and e_ref of the bands, float array (n_bands, 3)."""
    names = [name for name in ("e_min", "e_max", "e_ref") if name in table.colnames]
    if not names:
        return np.zeros((0, 0))
    return np.unique(np.column_stack([np.asarray(table[name]) for name in names]), axis=0)


def _order(parts):
    """The rows in the order of time, int array (n_rows,), and the order of the time bins, int array (n_bins,).

    Rows of one time bin stay together.
    """
    bins, shift = [], 0
    for part in parts:
        own = bins_of_rows(part.table)
        bins.append(own + shift)
        shift += own[-1] + 1 if len(own) else 0
    bins = np.concatenate(bins)
    starts = np.concatenate([np.asarray(part.table["time_min"]) for part in parts])
    first = np.searchsorted(bins, np.arange(shift))
    order = np.argsort(starts[first], kind="stable")
    rank = np.empty(shift, dtype=int)
    rank[order] = np.arange(shift)
    return np.argsort(rank[bins], kind="stable"), order


def _overlap(table):
    """Whether time bins with an instrument in common in the table, in the order of their starts, share time."""
    bins = bins_of_rows(table)
    first = np.flatnonzero(np.diff(bins, prepend=-1))
    start, stop = (np.asarray(table[name])[first] for name in ("time_min", "time_max"))
    bins = np.unique(bins, return_inverse=True)[1]
    if INSTRUMENTS in table.colnames:
        names = [names_in(text) for text in table[INSTRUMENTS].tolist()]
        groups = [[name in own for own in names] for name in instruments_together(table)]
    else:
        groups = list(rows_of_instruments(table).values())
    return any(_overlap_of_one(start[own], stop[own]) for own in (np.unique(bins[rows]) for rows in groups))


def _overlap_of_one(start, stop):
    reach = np.maximum.accumulate(stop)
    return bool(np.any((reach[:-1] - start[1:]) * SECONDS_PER_DAY > TIME_TOLERANCE))


def _common_meta(parts):
    """The metadata that all parts agree in."""
    first = parts[0].table.copy(copy_data=False).meta
    return {
        name: value
        for name, value in first.items()
        if all(name in part.meta and (part.meta[name] == value or name in SAME) for part in parts[1:])
    }
