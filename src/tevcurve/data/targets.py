"""Which targets a data store has, and what was observed of them, from its observation index alone."""

from dataclasses import dataclass

import numpy as np

from tevcurve.data.time import TimeReference
from tevcurve.errors import MissingError, TevcurveError

NAMELESS = "(no name)"


@dataclass(frozen=True)
class TargetRuns:
    """The runs of one target, in the order of the index.

    Attributes
    ----------
    name : str
    obs_ids : int array (n,)
    livetime_s, zenith_deg, start_mjd : float arrays (n,), NaN where the index does not say
    position_deg : (RA, Dec) of the target, NaN where the index does not say
    pointings_deg : float array (n, 2), RA and Dec
    """

    name: str
    obs_ids: np.ndarray
    livetime_s: np.ndarray
    zenith_deg: np.ndarray
    start_mjd: np.ndarray
    position_deg: tuple
    pointings_deg: np.ndarray


def targets_of(store):
    """List of the `TargetRuns` of a `DataStore`, those with more runs first."""
    table = store.obs_table
    names = _names(table)
    livetime = _column(table, "LIVETIME", "ONTIME")
    zenith = _column(table, "ZEN_PNT")
    if np.all(np.isnan(zenith)):
        zenith = 90 - _column(table, "ALT_PNT")
    start = _start_mjd(table)
    position = np.column_stack([_column(table, "RA_OBJ"), _column(table, "DEC_OBJ")])
    pointing = np.column_stack([_column(table, "RA_PNT"), _column(table, "DEC_PNT")])
    ids = np.asarray(table["OBS_ID"], dtype=int)
    found = []
    for name in dict.fromkeys(names):
        own = np.array([each == name for each in names])
        at = tuple(float(value) for value in position[own][0])
        found.append(TargetRuns(name, ids[own], livetime[own], zenith[own], start[own], at, pointing[own]))
    return sorted(found, key=lambda target: -len(target.obs_ids))


def only_target(store):
    """Name of the one target of a store; raises `MissingError`, with their names, where there are more or none."""
    names = [target.name for target in targets_of(store) if target.name != NAMELESS]
    if len(names) != 1:
        there = f"{store.name} has {', '.join(names)}" if names else f"{store.name} names none"
        raise MissingError(f"Which target is wanted? {there}.")
    return names[0]


def _names(table):
    for column in ("TARGET_NAME", "OBJECT"):
        if column in table.colnames:
            return [str(name) if str(name).strip() else NAMELESS for name in table[column]]
    return [NAMELESS] * len(table)


def _column(table, *names):
    """The first of some columns that is there, as floats; NaN without any."""
    for name in names:
        if name in table.colnames:
            try:
                return np.asarray(table[name], dtype=float)
            except (TypeError, ValueError):
                continue
    return np.full(len(table), np.nan)


def _start_mjd(table):
    try:
        reference = TimeReference.from_header(table.meta, "the observation index")
    except TevcurveError:
        return np.full(len(table), np.nan)
    return reference.mjdrefi + (reference.mjdreff + _column(table, "TSTART") / 86400)
