"""Which targets a data store has, and what was observed of them."""

from dataclasses import dataclass

import astropy.units as u
import numpy as np

from tevcurve.data.time import TimeReference
from tevcurve.errors import MissingError, TevcurveError
from tevcurve.problems import noted_remarks
from tevcurve.progress import track

NAMELESS = "(no name)"


@dataclass(frozen=True)
class TargetRuns:
    """The runs of one target, in the order of the indices.

    Attributes
    ----------
    name : str
    obs_ids : array (n,) of int, or of objects, int and str, where some are texts
    instruments : array (n,) of objects, str: TELESCOP, as the index or, of several stores, the headers say; else ""
    livetime_s, zenith_deg, start_mjd : float arrays (n,), NaN where the index does not say
    position_deg : (RA, Dec) of the target, NaN where the index does not say
    pointings_deg : float array (n, 2), RA and Dec
    """

    name: str
    obs_ids: np.ndarray
    instruments: np.ndarray
    livetime_s: np.ndarray
    zenith_deg: np.ndarray
    start_mjd: np.ndarray
    position_deg: tuple
    pointings_deg: np.ndarray


def targets_of(*stores):
    """List of the `TargetRuns` of some `DataStore`s, those with more runs first.

    Where an observation index names no targets, the headers of the event files are read for what it has not.

    stores: each a `DataStore`.
    """
    each = [_of_store(store, are_others=len(stores) > 1) for store in stores]
    columns = {key: [value for one in each for value in one[key]] for key in each[0]}
    names, found = columns.pop("name"), []
    are_texts = any(isinstance(obs_id, str) for obs_id in columns["obs_ids"])
    kinds = {"obs_ids": object if are_texts else np.int64, "instruments": object}
    columns = {key: np.array(values, dtype=kinds.get(key, float)) for key, values in columns.items()}
    for name in dict.fromkeys(names):
        own = np.array([each == name for each in names])
        values = {key: column[own] for key, column in columns.items()}
        position = tuple(float(value) for value in values.pop("position_deg")[0])
        found.append(TargetRuns(name=name, position_deg=position, **values))
    return sorted(found, key=lambda target: -len(target.obs_ids))


def only_target(*stores):
    """Name of the one target of some stores; raises `MissingError`, with their names, where there are more or none.

    stores: each a `DataStore`.
    """
    names = [target.name for target in targets_of(*stores) if target.name != NAMELESS]
    if len(names) != 1:
        called = " and ".join(store.name for store in stores)
        there = f"{called} has {', '.join(names)}" if names else f"{called} names none"
        raise MissingError(f"Which target is wanted? {there}.")
    return names[0]


def _of_store(store, are_others):
    """Dict of what is known of each run of a store: columns (n,) or (n, 2), NaN for unknown.

    are_others: bool, whether there are other stores, so that the headers are asked for an instrument of which the index
    does not tell.
    """
    columns, rows = _of_index(store.obs_table), [run.rows[0] for run in store.indexed_runs]
    columns = {key: None if column is None else column[rows] for key, column in columns.items()}
    if columns["name"] is None:
        columns = _with_headers(columns, store)
    runs = store.get_observations()
    return columns | {
        "obs_ids": [run.obs_id for run in runs],
        "instruments": [_instrument(run, are_others) for run in runs],
    }


def _instrument(run, is_wanted):
    """TELESCOP of a run, "" where it is not known; of its header only where it is wanted."""
    told = run.run_id_in_index.instrument
    if told or not is_wanted:
        return told
    try:
        with noted_remarks(aloud=False):
            return run.run_id.instrument
    except TevcurveError:
        return ""
    finally:
        run.release()


def _of_index(table):
    """Dict of what each row says: columns (n,) or (n, 2), NaN for unknown; "name" is an array of str, or None."""
    zenith = _column(table, "ZEN_PNT")
    if np.all(np.isnan(zenith)):
        zenith = 90 - _column(table, "ALT_PNT")
    return {
        "name": _names(table),
        "livetime_s": _column(table, "LIVETIME", "ONTIME"),
        "zenith_deg": zenith,
        "start_mjd": _start_mjd(table),
        "position_deg": np.column_stack([_column(table, "RA_OBJ"), _column(table, "DEC_OBJ")]),
        "pointings_deg": np.column_stack([_column(table, "RA_PNT"), _column(table, "DEC_PNT")]),
    }


def _with_headers(columns, store):
    """The same with names, and with numbers in place of NaN, as the headers of the events have them."""
    rows = []
    for observation in track(store.get_observations(), len(store), "headers"):
        try:
            # What is odd about a run is told when it is reduced.
            with noted_remarks(aloud=False):
                rows.append(_of_header(observation))
        except TevcurveError:
            rows.append({})
        finally:
            observation.release()
    made = {"name": [row.get("name") or NAMELESS for row in rows]}
    for key, column in columns.items():
        if key not in made:
            told = np.array([row.get(key, np.full(column.shape[1:], np.nan)) for row in rows])
            made[key] = np.where(np.isnan(column), told, column)
    return made


def _of_header(observation):
    """Dict of what the header of one run says."""
    meta, at = observation.meta, observation.pointing
    number = {key: value for key, value in meta.items() if isinstance(value, int | float)}
    return {
        "name": observation.target_name.strip(),
        "livetime_s": number.get("LIVETIME", np.nan),
        "zenith_deg": 90 - number.get("ALT_PNT", np.nan),
        "start_mjd": float(observation.tstart.tt.mjd),
        "position_deg": np.array([number.get(key, np.nan) for key in ("RA_OBJ", "DEC_OBJ")], dtype=float),
        "pointings_deg": np.array([at.ra.deg, at.dec.deg]),
    }


def _names(table):
    """Array of the names of the targets, or None where the index has none."""
    for column in ("TARGET_NAME", "OBJECT"):
        if column in table.colnames:
            return np.array(
                [str(name) if str(name).strip() else NAMELESS for name in table[column]], dtype=object
            )
    return None


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
    try:
        named = table["TSTART"].unit or table.meta.get("TIMEUNIT") or "s"
        days = float(u.Unit(str(named).strip()).to("d"))
    except (KeyError, ValueError, TypeError, u.UnitConversionError):
        return np.full(len(table), np.nan)
    return reference.mjdrefi + (reference.mjdreff + _column(table, "TSTART") * days)
