"""Which observations a caller means, and where their target is."""

import difflib
import os
from collections import Counter
from contextlib import suppress

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord

from tevcurve.data import DataStore, Observation
from tevcurve.errors import DataError, InputError, MissingError, TevcurveError
from tevcurve.files import expand_path, header_number
from tevcurve.files.columns import listed
from tevcurve.files.masked import is_masked
from tevcurve.kernels.sphere import angular_separation

_LONGEST_LON = 720  # deg: some count on beyond a turn
SAME_PLACE = 0.1 * u.deg  # positions of one target in headers and index differ by less


def open_store(path, data_root=None):
    """The `DataStore` at a path: a folder with index files, or one file with both index tables.

    Parameters
    ----------
    path : str or Path; environment variables and ~ are put in
    data_root : as in `DataStore`

    Raises `DataError` where there is none.
    """
    path = expand_path(path)
    make = DataStore.from_dir if path.is_dir() else DataStore.from_file
    return make(path, data_root=data_root)


def observations_of(observations, target):
    """(list of observations, position) of what the caller gave.

    Parameters
    ----------
    observations : as `tevcurve.light_curve` takes them
    target : name, position, or None
    """
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
    if is_masked(target) or not np.isfinite(target.icrs.cartesian.xyz.value).all():
        raise InputError(
            "target is a SkyCoord whose position is masked or no number; wanted is one on the sky."
        )
    if isinstance(observations, DataStore):
        observations = _near(observations, target)
    return list(observations), target.reshape(())


def _by_name(observations, name):
    """The observations of a named target, and its position as their headers have it, or else the index.

    It is the first one with which the index or another header agrees: one bad header does not move the others' target.
    """
    runs = runs_of_target(observations, name)
    indexed = _positions_in_index(observations, runs) if isinstance(observations, DataStore) else []
    votes, headers, unread = list(indexed), [], []
    for observation in runs:
        try:
            meta = observation.meta
        except TevcurveError as error:
            # Told again of each run when it is reduced.
            unread.append(f"{observation.run_id_in_index}: {error}")
            continue
        with suppress(TevcurveError):
            lon, lat = (header_number(meta, key, "the run") for key in ("RA_OBJ", "DEC_OBJ"))
            if _is_position(lon, lat):
                headers.append(SkyCoord(lon, lat, unit="deg"))
                if any(headers[-1].separation(vote) < SAME_PLACE for vote in votes):
                    return runs, headers[-1]
                votes.append(headers[-1])
    if not votes and len(unread) == len(runs):
        raise DataError(
            f"No observation of {name!r} can be read, and the index has no position of it: {listed(unread, 3)}"
        )
    if not votes:
        raise InputError(
            f"No observation of {name!r} has the position of its target (RA_OBJ, DEC_OBJ); give a SkyCoord (in a "
            "configuration or on the command line: position)."
        )
    return runs, (headers or votes)[0]


def _positions_in_index(store, runs):
    """The target's position that most rows of some runs have in the index, list of one `SkyCoord`, or empty."""
    with suppress(DataError):
        rows = store.first_rows(one.obs_id for one in runs)
        columns = (_degrees(store.obs_table, key)[rows].tolist() for key in ("RA_OBJ", "DEC_OBJ"))
        pairs = [pair for pair in zip(*columns, strict=True) if _is_position(*pair)]
        return [SkyCoord(*pair, unit="deg") for pair, _ in Counter(pairs).most_common(1)]
    return []


def _is_position(lon, lat):
    """Whether two numbers (deg) are the position of a target: zeros stand for one that nobody gave."""
    return abs(lon) <= _LONGEST_LON and abs(lat) <= 90 and (lon, lat) != (0, 0)


def runs_of_target(observations, name):
    """List of the observations of a named target.

    Raises `MissingError`, with the names that there are, where it is not among them.

    Parameters
    ----------
    observations : DataStore, whose index has the name, or iterable of observations, whose headers have it; so
        do those of a store whose index names none
    name : str, of the target
    """
    if not isinstance(observations, DataStore):
        return _called(list(observations), name)
    table = observations.obs_table
    columns = [column for column in ("TARGET_NAME", "OBJECT") if column in table.colnames]
    if not columns:
        return _called(list(observations.get_observations()), name)
    rows = np.logical_or.reduce([table[column] == name for column in columns])
    if not np.any(rows):
        raise MissingError(f"The index has no target {name!r}; {_names_there(table, columns, name)}")
    return list(observations.get_observations(observations.ids_of(rows)))


def _names_there(table, columns, name):
    """What a person may have meant by a name that is not in an index, in words."""
    names = list(dict.fromkeys(str(value) for column in columns for value in table[column]))
    plain = {each.lower(): each for each in reversed(names)}
    near = difflib.get_close_matches(name.lower(), plain, 3)
    near += [each for each in plain if name.lower() in each and each not in near]
    if near:
        return f"did you mean {' or '.join(repr(plain[each]) for each in near[:3])}?"
    # The second column has what each run was pointed for, which may be a long list.
    there = dict.fromkeys(str(value) for value in table[columns[0]])
    return f"it has {listed(list(there))}."


def _called(observations, name):
    """Those observations whose header calls the target by a name or by one that begins with it ("Crab Nebula").

    One that cannot be read stays, so that the ledger has its reason.
    """
    found, names, is_there = [], set(), False
    for observation in observations:
        try:
            its = observation.target_name
        except TevcurveError:
            found.append(observation)
            continue
        names.add(its or "no name")
        if its.lower().startswith(name.lower()):
            found.append(observation)
            is_there = True
    if not is_there:
        there = listed(sorted(names))
        raise MissingError(f"No observation has the target {name!r}; they have {there}, or give a SkyCoord.")
    return found


def _near(store, position, reach=2.5 * u.deg):
    """The observations of a store whose pointing is near a position."""
    lon, lat = (_degrees(store.obs_table, name) for name in ("RA_PNT", "DEC_PNT"))
    known = (np.abs(lon) <= _LONGEST_LON) & (np.abs(lat) <= 90)
    target = position.icrs.ra.rad, position.icrs.dec.rad
    lon, lat = (np.deg2rad(np.where(known, angle, 0.0)) for angle in (lon, lat))
    near = known & (angular_separation(lon, lat, *target) < reach.to_value("rad"))
    if not near.any():
        raise MissingError(f"No observation of the store points within {reach:g} of the target.")
    # Where the index has no pointing, the file says whether the run is near.
    return store.get_observations(store.ids_of(near | ~known))


def _degrees(table, name):
    """Angles of a column of the observation index, float array (n,) in deg, NaN where there is none."""
    if name not in table.colnames or table[name].dtype.kind not in "iuf" or table[name].ndim != 1:
        raise DataError(
            f"The observation index has no column {name} of numbers; ask for its OBS_IDs instead."
        )
    return np.ma.filled(np.ma.asarray(table[name]).astype(float), np.nan)
