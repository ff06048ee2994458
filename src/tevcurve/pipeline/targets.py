"""Which observations a caller means, and where their target is."""

import logging
from collections import Counter
from contextlib import suppress
from itertools import starmap

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord

from tevcurve.data import DataStore
from tevcurve.data.target_names import ALIAS_COLUMNS, NAME_COLUMNS, as_spelled, plain_name
from tevcurve.data.target_position import LONGEST_LON, target_position, usable_position
from tevcurve.errors import DataError, InputError, MissingError, TevcurveError
from tevcurve.files.columns import listed
from tevcurve.files.masked import is_masked
from tevcurve.kernels.sphere import angular_separation
from tevcurve.near_names import meant
from tevcurve.pipeline.given_data import sources_of
from tevcurve.problems import noted_remarks

log = logging.getLogger(__name__)
# Runs whose files stay open from the search for their target to their reduction.
HELD = 32
REACH = 2.5 * u.deg  # of pointings to the target
SAME_PLACE = 0.1 * u.deg  # positions of one target in headers and index differ by less


class NoPosition(InputError):
    """Observations of a target are there, and nothing says where it is."""


def key_in_index(observation):
    """By what a store knows a run, whatever of it was read: (OBS_ID, TELESCOP of the index). observation: the run."""
    return observation.obs_id, observation.index_facts[2]


def observations_of(observations, target, name=None):
    """(list of observations, position) of what the caller gave.

    Parameters
    ----------
    observations : as `tevcurve.light_curve` takes them
    target : name, position, or None
    name : of the target at a position; of a store that has it the runs of that name are taken, also far from there
    """
    return of_sources(sources_of(observations), target, name)


def of_sources(sources, target, name=None):
    """As `observations_of`, of what `sources_of` makes of what the caller gave.

    Parameters
    ----------
    sources : list of `DataStore`s and of lists of observations
    target, name : as there
    """
    if isinstance(target, str):
        return _by_name(sources, target)
    position = as_position(target)
    return of_each(sources, lambda one: _at(one, target, name)), position


def as_position(target):
    """The one `SkyCoord` that a target is. Raises `InputError` where it is none. target: of any type."""
    if not isinstance(target, SkyCoord) or target.size != 1:
        raise InputError(
            f"target is {target!r}; wanted is one SkyCoord, or the name of a target in the index."
        )
    if is_masked(target) or not np.isfinite(target.icrs.cartesian.xyz.value).all():
        raise InputError(
            "target is a SkyCoord whose position is masked or no number; wanted is one on the sky."
        )
    return target.reshape(())


def _at(source, position, name):
    """List of the observations of a source that are of a name, where there is one, or else near a position."""
    if not isinstance(source, DataStore):
        return source
    if name is not None:
        with suppress(MissingError):
            return runs_of_target(source, name)
    return list(_near(source, position))


def named_or_near(source, position, name):
    """List of the observations of a source that are of a name, or else point near a position, which the log says.

    Parameters
    ----------
    source : `DataStore`, or list of observations
    position : `SkyCoord`
    name : str, of the target

    Raises `MissingError` where there are none.
    """
    try:
        return runs_of_target(source, name)
    except MissingError as error:
        found = _pointing_at(source, position)
        _say_unknown(source, name, error)
        return found


def _say_unknown(source, name, error):
    log.warning(
        "%r is not known to %s (%s), which is searched at the position that the others have for it.",
        name,
        _called_source(source),
        str(error).rstrip(".?"),
    )


def of_each(sources, choose, are_others=False):
    """List of the observations that are chosen of each source; raises MissingError where there are none of any.

    Of a source that has none the log says why, where others have some.

    Parameters
    ----------
    sources : list of `DataStore`s and of lists of observations
    choose : function of a source to the list of those that are chosen; raises MissingError where there are none
    are_others : bool, whether there are others than of these
    """
    found, missing = [], []
    for source in sources:
        try:
            found += choose(source)
        except MissingError as error:
            missing.append((source, error))
    if missing and not found and not are_others:
        raise MissingError(" ".join(str(error) for _, error in missing))
    for source, error in missing:
        log.warning("Nothing is taken of %s: %s", _called_source(source), error)
    return found


def _called_source(source):
    """What to call a source, str."""
    return source.name if isinstance(source, DataStore) else "the single observations"


def _by_name(sources, name):
    """The observations of a named target, and its position as their headers have it, or else the index.

    Stores that do not know the name are searched at the position, which is said.
    """
    knowing, others = [], []
    for source in sources:
        try:
            knowing.append((source, runs_of_target(source, name)))
        except MissingError as error:
            others.append((source, error))
    if not knowing:
        raise MissingError(" ".join(str(error) for _, error in others))
    stores = [source for source, _ in knowing]
    runs, position = _with_position(stores, [run for _, own in knowing for run in own], name)
    for source, error in others:
        _say_unknown(source, name, error)
    near = of_each([source for source, _ in others], lambda one: _pointing_at(one, position), bool(runs))
    return [*runs, *near], position


def _with_position(sources, runs, name):
    """(the runs, their target's position).

    It is the first one with which the index or another header agrees: one bad header does not move the others' target.
    """
    votes, headers, unread = [], [], []
    for store in sources:
        votes += _positions_in_index(store, runs) if isinstance(store, DataStore) else []
    for observation in runs:
        try:
            meta = observation.meta
        except TevcurveError as error:
            # Told again of each run when it is reduced.
            unread.append(f"{observation.run_id_in_index}: {error}")
            continue
        place = target_position(meta)
        if place is not None:
            headers.append(SkyCoord(*place, unit="deg"))
            if any(headers[-1].separation(vote) < SAME_PLACE for vote in votes):
                return runs, headers[-1]
            votes.append(headers[-1])
    if not votes and len(unread) == len(runs):
        raise DataError(
            f"No observation of {name!r} can be read, and the index has no position of it: {listed(unread, 3)}"
        )
    if not votes:
        raise NoPosition(
            f"No observation of {name!r} has the position of its target (RA_OBJ, DEC_OBJ); wanted is a SkyCoord, or "
            "its position in a configuration or on the command line, as --position '83.633 deg, 22.014 deg'."
        )
    return runs, (headers or votes)[0]


def _positions_in_index(store, runs):
    """The target's position that most rows of some runs have in the index, list of one `SkyCoord`, or empty."""
    if not store.has_obs_index:
        # It would say what the headers do.
        return []
    with suppress(DataError):
        wanted = {key_in_index(one) for one in runs}
        own = [run for run in store.indexed_runs if (run.obs_id, run.telescope) in wanted]
        rows = [row for run in own for row in run.rows]
        columns = (_degrees(store.obs_table, key)[rows].tolist() for key in ("RA_OBJ", "DEC_OBJ"))
        pairs = [pair for pair in starmap(usable_position, zip(*columns, strict=True)) if pair is not None]
        return [SkyCoord(*pair, unit="deg") for pair, _ in Counter(pairs).most_common(1)]
    return []


def runs_of_target(observations, name):
    """List of the observations of a named target.

    Raises `MissingError`, with the names that there are, where it is not among them.

    Parameters
    ----------
    observations : DataStore, whose index has the name, or iterable of observations, whose headers have it; so
        do those of a store without an observation index, or with one that names none
    name : str, of the target
    """
    if not isinstance(observations, DataStore):
        return _called(list(observations), name)
    if not observations.has_obs_index:
        return _called(list(observations.get_observations()), name)
    table = observations.obs_table
    columns = [column for column in NAME_COLUMNS if column in table.colnames]
    if not columns:
        return _called(list(observations.get_observations()), name)
    aliases = [column for column in ALIAS_COLUMNS if column in table.colnames]
    rows = np.logical_or.reduce([_means(table[column], name) for column in (*columns, *aliases)])
    if not np.any(rows):
        raise MissingError(f"The index has no target {name!r}; {_names_there(table, columns, name)}")
    return list(observations.observations_of_rows(rows))


def spelled_target(sources, name):
    """The name of a target as the observation indices spell it, str; itself where none has it.

    Parameters
    ----------
    sources : list of `DataStore`s and of lists of observations
    name : str, as it was asked for
    """
    tables = [one.obs_table for one in sources if isinstance(one, DataStore) and one.has_obs_index]
    columns = [table[column] for table in tables for column in NAME_COLUMNS if column in table.colnames]
    return as_spelled(name, (str(value) for column in columns for value in np.unique(column)))


def _means(column, name):
    """Whether each value of a column of names means a target, bool array (n,)."""
    values = np.ma.filled(np.ma.asarray(column).astype(str), "")
    there, number = np.unique(values, return_inverse=True)
    plain = plain_name(name)
    return np.array([bool(plain) and plain_name(each) == plain for each in there.tolist()])[number]


def _names_there(table, columns, name):
    """What a person may have meant by a name that is not in an index, in words."""
    names = list(dict.fromkeys(str(value) for column in columns for value in table[column]))
    # The second column has what each run was pointed for, which may be a long list.
    there = dict.fromkeys(str(value) for value in table[columns[0]])
    return meant(name, names, f"it has {listed(list(there))}.")


def _called(observations, name):
    """Those observations whose header calls the target by a name or by one that begins with it ("Crab Nebula").

    One that cannot be read stays, so that the ledger has its reason.
    """
    found, names, is_there, reason = [], set(), False, ""
    for observation in observations:
        try:
            # What is odd about a run is told when it is reduced.
            with noted_remarks(aloud=False):
                its = observation.target_name
        except TevcurveError as error:
            observation.release()
            found.append(observation)
            reason = reason or f"{observation.obs_id}: {error}"
            continue
        names.add(its or "no name")
        is_its = its.lower().startswith(name.lower())
        # The files of a few stay open for what comes next; those of thousands would fill the memory.
        if not is_its or len(found) >= HELD:
            observation.release()
        if is_its:
            found.append(observation)
            is_there = True
    if reason and not names:
        raise MissingError(
            f"No observation says what its target is, as none can be read; the first, {reason}"
        )
    if not is_there:
        there = listed(sorted(names))
        raise MissingError(
            f"No observation has the target {name!r}; "
            + meant(name, names, f"they have {there}; or give a position.")
        )
    return found


def _pointing_at(source, position):
    """List of the observations of a source that point near a position; raises MissingError where none does."""
    if isinstance(source, DataStore):
        return list(_near(source, position))
    found = [one for one in source if one.pointing.separation(position) < REACH]
    if not found:
        raise MissingError(f"No observation points within {REACH:g} of the target.")
    return found


def _near(store, position, reach=REACH):
    """The observations of a store whose pointing is near a position."""
    lon, lat = (_degrees(store.obs_table, name) for name in ("RA_PNT", "DEC_PNT"))
    known = (np.abs(lon) <= LONGEST_LON) & (np.abs(lat) <= 90)
    target = position.icrs.ra.rad, position.icrs.dec.rad
    lon, lat = (np.deg2rad(np.where(known, angle, 0.0)) for angle in (lon, lat))
    near = known & (angular_separation(lon, lat, *target) < reach.to_value("rad"))
    if known.any() and not near.any():
        raise MissingError(f"No observation of the store points within {reach:g} of the target.")
    # Where the index has no pointing, the file says whether the run is near.
    return store.observations_of_rows(near | ~known)


def _degrees(table, name):
    """Angles of a column of the observation index, float array (n,) in deg, NaN where there is none."""
    if name not in table.colnames or table[name].dtype.kind not in "iuf" or table[name].ndim != 1:
        raise DataError(
            f"The observation index has no column {name} of numbers; ask for its OBS_IDs instead."
        )
    return np.ma.filled(np.ma.asarray(table[name]).astype(float), np.nan)
