"""Runs in the columns of tables: instrument, obs_id and part, texts."""

from collections.abc import Iterable

import numpy as np
from astropy.table import Table

from tevcurve.errors import DataError
from tevcurve.files.texts import is_text
from tevcurve.run_id import FIELDS, SUBSYSTEM, RunId


def columns_of(run_ids: Iterable[RunId]) -> dict[str, np.ndarray]:
    """Dict of text arrays (n,) by name: instrument, obs_id and part of runs. run_ids: iterable of `RunId`."""
    run_ids = list(run_ids)
    return {name: np.array([getattr(one, name) for one in run_ids], dtype=str) for name in FIELDS}


def ids_of(table: Table) -> list[RunId]:
    """List of the `RunId` of each row of a table that has these columns.

    table: with the columns of a run's identity.
    """
    columns = (table[name].tolist() for name in FIELDS)
    return [RunId(*row) for row in zip(*columns, strict=True)]


def subsystem_column(said: Iterable[str]) -> dict[str, np.ndarray]:
    """Dict of the text array (n,) of what the files of runs say beside their instrument; empty where none does.

    said: of each run, "" where it says nothing more.
    """
    said = list(said)
    return {SUBSYSTEM: np.array(said, dtype=str)} if any(said) else {}


def subsystem_words(pairs: Iterable[tuple[str, str]], only_mixed: bool = False) -> list[str]:
    """A sentence for each instrument of whose runs INSTRUME says more, and that they are mixed where they are.

    Parameters
    ----------
    pairs : of each run the instrument that it is known by, and what its files say beside
    only_mixed : whether those whose runs are alike are passed over
    """
    counted: dict[str, dict[str, int]] = {}
    for name, said in pairs:
        own = counted.setdefault(name, {})
        own[said] = own.get(said, 0) + 1
    told = []
    for name, own in counted.items():
        if len(own) > 1:
            numbers = ", ".join(f"{said or 'not said'} ({number})" for said, number in own.items())
            told.append(
                f"The runs of {name or 'an unnamed instrument'} count as one instrument, and are of {len(own)} by "
                f"INSTRUME: {numbers}."
            )
        elif not only_mixed and any(own):
            told.append(f"INSTRUME of {name or 'the runs'} is {next(iter(own))}.")
    return told


def with_columns(table: Table) -> Table:
    """A table with these columns first; of one that knows runs by their OBS_ID only, the instruments are unknown.

    table: astropy Table, a row per run.

    Raises `DataError` where it has no obs_id.
    """
    if all(name in table.colnames and is_text(table[name]) for name in FIELDS):
        return table
    if "obs_id" not in table.colnames:
        raise DataError(f"A table of runs has no column obs_id; it has {', '.join(table.colnames)}.")
    known = columns_of(RunId.of(obs_id) for obs_id in table["obs_id"].tolist())
    others = {name: table[name] for name in table.colnames if name not in FIELDS}
    return type(table)({**known, **others}, meta=table.meta) if others else Table(known, meta=table.meta)
