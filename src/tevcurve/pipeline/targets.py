"""Which observations a caller means, and where their target is."""

import os
from pathlib import Path

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord

from tevcurve.data import DataStore, Observation
from tevcurve.errors import InputError, MissingError, TevcurveError


def open_store(path):
    """The `DataStore` at a path: a folder with index files, or one file with both index tables.

    path: str or Path; environment variables and ~ are put in. Raises `DataError` where there is none.
    """
    path = Path(os.path.expandvars(path)).expanduser()
    return DataStore.from_dir(path) if path.is_dir() else DataStore.from_file(path)


def observations_of(observations, target):
    """(list of observations, position) of what the caller gave."""
    if isinstance(observations, (str, os.PathLike)):
        observations = open_store(observations)
    if isinstance(observations, Observation):
        observations = [observations]
    if not hasattr(observations, "__iter__") and not isinstance(observations, DataStore):
        kind = type(observations).__name__
        raise InputError(f"observations is a {kind}; wanted are Observations, a DataStore or its path.")
    if isinstance(target, str):
        return _by_name(observations, target)
    if not isinstance(target, SkyCoord) or target.size != 1:
        raise InputError(
            f"target is {target!r}; wanted is one SkyCoord, or the name of a target in the index."
        )
    if isinstance(observations, DataStore):
        observations = _near(observations, target)
    return list(observations), target.reshape(())


def _by_name(observations, name):
    """The observations of a named target, and its position as their headers have it."""
    observations = runs_of_target(observations, name)
    for observation in observations:
        try:
            meta = observation.meta
        except TevcurveError:
            # What is wrong with this run is told when it is reduced.
            continue
        if "RA_OBJ" in meta and "DEC_OBJ" in meta:
            return observations, SkyCoord(float(meta["RA_OBJ"]), float(meta["DEC_OBJ"]), unit="deg")
    raise InputError(
        f"No observation of {name!r} has the position of its target (RA_OBJ, DEC_OBJ); give a SkyCoord."
    )


def runs_of_target(observations, name):
    """List of the observations of a named target.

    observations: DataStore, whose index has the name, or iterable of observations, whose headers have it.
    Raises `MissingError`, with the names that there are, where it is not among them.
    """
    if not isinstance(observations, DataStore):
        return _called(list(observations), name)
    table = observations.obs_table
    columns = [column for column in ("TARGET_NAME", "OBJECT") if column in table.colnames]
    names = {str(value) for column in columns for value in table[column]}
    rows = np.logical_or.reduce([table[column] == name for column in columns]) if columns else []
    if not np.any(rows):
        raise MissingError(
            f"The index has no target {name!r}; it has {', '.join(sorted(names)) or 'no names'}."
        )
    return list(observations.get_observations(table["OBS_ID"][rows]))


def _called(observations, name):
    """Those observations whose header calls the target by a name or by one that begins with it ("Crab Nebula")."""
    names = [observation.target_name or "" for observation in observations]
    found = [
        one for one, its in zip(observations, names, strict=True) if its.lower().startswith(name.lower())
    ]
    if not found:
        there = ", ".join(sorted({its for its in names if its})) or "no names"
        raise MissingError(f"No observation has the target {name!r}; they have {there}, or give a SkyCoord.")
    return found


def _near(store, position, reach=2.5 * u.deg):
    """The observations of a store whose pointing is near a position."""
    table = store.obs_table
    pointings = SkyCoord(
        np.asarray(table["RA_PNT"], dtype=float), np.asarray(table["DEC_PNT"], dtype=float), unit="deg"
    )
    near = pointings.separation(position) < reach
    if not near.any():
        raise MissingError(f"No observation of the store points within {reach:g} of the target.")
    return store.get_observations(table["OBS_ID"][near])
