"""By what the runs of a light curve were chosen, so that more of them are chosen by the same."""

import os
from contextlib import suppress
from dataclasses import dataclass

from astropy.coordinates import SkyCoord

from tevcurve.data import DataStore, Observation
from tevcurve.data.run_files import observation_of_file
from tevcurve.errors import MissingError, TevcurveError
from tevcurve.files import FitsFile, expand_path, header_number
from tevcurve.pipeline.targets import SAME_PLACE, observations_of, open_store, runs_of_target
from tevcurve.problems import Problem

STAGE = "selection"


@dataclass(frozen=True)
class Selection:
    """The choice of runs by the name of their target, or else by a position.

    position: `SkyCoord` of the source. name: str, or None. either: bool, whether a store that has not the name is
    searched at the position.
    """

    position: SkyCoord
    name: str | None = None
    either: bool = False

    @classmethod
    def of_result(cls, result):
        """That of a `Result`: as its configuration says, or the call that made it. result: the `Result`."""
        plan = result.light_curve.origin
        position = SkyCoord(*plan.source, unit="rad")
        config = result.config or {}
        if isinstance(config.get("target"), str):
            return cls(position, config["target"], config.get("position") is not None)
        return cls(position, plan.selected_by)

    def choose(self, given):
        """(list of observations, list of `Problem`): the chosen ones, and those that are near but not chosen, and why.

        given: Observations, a DataStore, or paths of data stores or of files with a run each, or a list of these.
        Raises `MissingError` where a store has none.
        """
        if isinstance(given, str | os.PathLike | Observation | DataStore):
            given = [given]
        chosen, others, single = [], [], []
        for each in given:
            if isinstance(each, str | os.PathLike):
                each = _at_path(expand_path(each))
            if isinstance(each, DataStore):
                found, left = self._of_store(each)
                chosen, others = chosen + found, others + left
            else:
                single.append(each)
        found, left = self._of_runs(single)
        return chosen + found, others + left

    def _of_store(self, store):
        if self.name is None:
            return observations_of(store, self.position)[0], []
        try:
            chosen = runs_of_target(store, self.name)
        except MissingError:
            if not self.either:
                raise
            return observations_of(store, self.position)[0], []
        ids = {one.obs_id for one in chosen}
        near = []
        with suppress(TevcurveError):
            near = [one for one in observations_of(store, self.position)[0] if one.obs_id not in ids]
        return chosen, [self._problem(one, _name_in_index(store, one.obs_id)) for one in near]

    def _of_runs(self, runs):
        """What is chosen of single runs: all where a position was asked for, or else those of the name."""
        left = [] if self.name is None else [one for one in runs if not self._is_of(one)]
        kept = [one for one in runs if not any(one is other for other in left)]
        return kept, [self._problem(one, one.target_name) for one in left]

    def _is_of(self, run):
        """Whether a run is of the target: an index may call it "Crab" or "PKS 2155-304 (flare)", and headers otherwise.

        The name or the position of its header decides. One that cannot be read is: why is told when it is reduced.
        """
        try:
            here, there = (_letters(name) for name in (run.target_name, self.name))
            if here and (here.startswith(there) or there.startswith(here)):
                return True
            place = (header_number(run.meta, key, "the run") for key in ("RA_OBJ", "DEC_OBJ"))
            return self.position.separation(SkyCoord(*place, unit="deg")) < SAME_PLACE
        except (TevcurveError, ValueError):
            return _is_unreadable(run)

    def _problem(self, run, name):
        its = f"Its target is {name!r}" if name else "Its target has no name"
        return Problem(
            run.run_id_in_index, STAGE, f"{its}, and the light curve is of the runs of {self.name!r}."
        )


def _letters(name):
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _is_unreadable(run):
    try:
        run.target_name  # noqa: B018 - reads the header
    except TevcurveError:
        return True
    return False


def _name_in_index(store, obs_id):
    """The name of a run's target in the index of a store, or ""."""
    table, rows = store.obs_table, store.first_rows([obs_id])
    names = [
        str(table[key][rows[0]]).strip()
        for key in ("TARGET_NAME", "OBJECT")
        if key in table.colnames and len(rows)
    ]
    return names[0] if names else ""


def _at_path(path):
    """The `DataStore` at a path, or the `Observation` of a file with one run."""
    return open_store(path) if path.is_dir() or _has_index(path) else observation_of_file(path)


def _has_index(path):
    columns = [{name.upper() for name in hdu.columns.names} for hdu in FitsFile.open(path).tables()]
    return any({"OBS_ID", "HDU_TYPE", "FILE_NAME"} <= names for names in columns)
