"""What each group of runs gives of a catalogue, in the files of a folder: made once, and found again after a kill."""

import hashlib
import json
import logging
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tevcurve import __version__
from tevcurve.atomic import write_file
from tevcurve.errors import DataError
from tevcurve.files import read_bytes
from tevcurve.pipeline.catalogue_plan import CataloguePlan, RunGroup
from tevcurve.pipeline.catalogue_rows import CatalogueRun
from tevcurve.problems import Problem
from tevcurve.run_id import RunId
from tevcurve.store import framed
from tevcurve.store.inputs import RunKey, RunKeys
from tevcurve.store.job_text import plain_settings
from tevcurve.store.plain_table import table_from_plain, table_to_plain

log = logging.getLogger(__name__)

MAGIC = b"tevcurve catalogue 1\n\0"
WHAT = "part of a catalogue"
SUFFIX = ".rows"


def plan_digest(plan: CataloguePlan) -> str:
    """What a plan is called: hexadecimal digits that are others for other sources or settings, and for other versions.

    plan: the `CataloguePlan`. Raises `InputError` for what cannot be written, such as a spectrum of the user's class.
    """
    words = {each.name: getattr(plan, each.name) for each in fields(plan)}
    if plan.offset is None:
        # As of the time when there was no choice by it.
        del words["offset"]
    words["sources"] = [
        {each.name: getattr(source, each.name) for each in fields(source)} for source in plan.sources
    ]
    return _digest({"format": MAGIC.decode(), "version": __version__, "plan": plain_settings(words)})


@dataclass(frozen=True, eq=False)
class EntryKeys:
    """What the entries of one plan are called.

    Attributes
    ----------
    plan : str, of `plan_digest`
    """

    plan: str

    @cached_property
    def _of_runs(self) -> RunKeys:
        # All that the files say counts, wherever a source is.
        return RunKeys(None)

    def key(self, group: RunGroup) -> RunKey | None:
        """The `RunKey` of a group of runs, or None where one of them has no files that can be read.

        group: the runs.
        """
        keys = [self._of_runs.key(observation) for observation in group.observations]
        known = [key for key in keys if key is not None]
        if len(known) < len(keys):
            return None
        pieces = group.pieces
        of_bins = {
            **{name: getattr(pieces, name) for name in ("bin", "run", "start_s", "stop_s")},
            **group.bins.columns(),
            "time_min": group.bins.time_min.mjd,
            "time_max": group.bins.time_max.mjd,
            "scale": group.bins.scale,
        }
        bins = {name: np.asarray(values).tolist() for name, values in of_bins.items()}
        said: dict[str, Any] = {"plan": self.plan, "runs": [key.text for key in known], "bins": bins}
        if any(offsets is not None for offsets in group.offsets_deg):
            said["offsets_deg"] = [None if each is None else each.tolist() for each in group.offsets_deg]
        text = _digest(said)
        return RunKey(text, {path: state for key in known for path, state in key.states.items()})


class EntryFolder:
    """A folder with a file for each group of runs of a catalogue, under the key of the group.

    An entry is there whole or not at all; one that is damaged is taken as missing.

    Parameters
    ----------
    path : of the folder, which is there
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def file_of(self, group: RunGroup, key: str) -> Path:
        """`Path` of the file of a group.

        Parameters
        ----------
        group : the runs
        key : text of its key
        """
        first = group.observations[0].run_id_in_index.file_text()
        return self.path / f"{first}-{key[:32]}{SUFFIX}"

    def has(self, path: Path) -> bool:
        """Whether there is a whole entry in a file. path: of the file."""
        try:
            framed.head_of(MAGIC, self._bytes(path), f"The file {path}", WHAT)
        except DataError as error:
            if path.exists():
                log.warning("%s It is made anew.", error)
                path.unlink(missing_ok=True)
            return False
        return True

    def read(self, path: Path) -> CatalogueRun:
        """The `CatalogueRun` in a file. Raises `DataError` where there is none. path: of the file."""
        return framed.from_bytes(MAGIC, self._bytes(path), f"The file {path}", WHAT, _from_plain)

    def put(self, path: Path, entry: CatalogueRun) -> None:
        """None; the file has the entry. Raises `StoreError` where that cannot be.

        Parameters
        ----------
        path : of the file
        entry : what the group gives
        """
        write_file(path, framed.to_bytes(MAGIC, lambda add_array: _to_plain(entry, add_array)))

    def _bytes(self, path: Path) -> bytes:
        return bytes(read_bytes(path))


def _to_plain(entry: CatalogueRun, add_array: framed.AddArray) -> dict[str, Any]:
    return {
        "runs": [run_id.plain() for run_id in entry.run_ids],
        "problems": [problem.plain() for problem in entry.problems],
        "source": add_array(entry.source),
        "p_constancy": add_array(entry.p_constancy),
        "table": None if entry.table is None else table_to_plain(entry.table, add_array),
    }


def _from_plain(plain: dict[str, Any], get_array: framed.GetArray) -> CatalogueRun:
    run_ids = tuple(map(RunId.from_plain, plain["runs"]))
    problems = tuple(map(Problem.from_plain, plain["problems"]))
    source = get_array(plain["source"])
    p_constancy = get_array(plain["p_constancy"])
    table = None if plain["table"] is None else table_from_plain(plain["table"], get_array)
    if len(source) != (0 if table is None else len(table)):
        raise DataError("its rows and their sources are not as many")
    return CatalogueRun(run_ids, source, table, p_constancy, problems)


def _digest(tree: Any) -> str:
    return hashlib.sha256(json.dumps(tree, sort_keys=True).encode()).hexdigest()
