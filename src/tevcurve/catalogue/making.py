"""The light curves of all sources of a catalogue, made in a folder, and gone on with where a kill left them."""

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import astropy.units as u
import numpy as np
from astropy.table import Table

from tevcurve.atomic import claim, new_folder, recover, remove_leftovers, write_file
from tevcurve.catalogue.entries import EntryFolder, EntryKeys, plan_digest
from tevcurve.catalogue.folder import CATALOGUE, ENTRIES, FORMAT, PROBLEMS, SOURCES, LightCurves
from tevcurve.catalogue.long_table import LONG_TABLE, layout_of, write_long_table
from tevcurve.catalogue.positions import catalogue_sources
from tevcurve.catalogue.site import SITE, write_site
from tevcurve.catalogue.source_table import RowSums, common_meta, problem_table
from tevcurve.data import DataStore
from tevcurve.errors import DataError, InputError, StoreError
from tevcurve.files import CHECKSUMS, checksum_of_file, checksums_text, expand_path
from tevcurve.lightcurve.io import write_table
from tevcurve.pipeline.catalogue import catalogue_of
from tevcurve.pipeline.catalogue_plan import CataloguePlan, RunGroup
from tevcurve.pipeline.catalogue_rows import CatalogueRun, catalogue_run
from tevcurve.pipeline.each_once import each_once
from tevcurve.pipeline.given_data import sources_of
from tevcurve.pipeline.job import without_folders
from tevcurve.pipeline.keep_runs import check_n_jobs, outcomes_of
from tevcurve.pipeline.run_choice import RunChoice
from tevcurve.pipeline.targets import HELD
from tevcurve.pipeline.temporary_runs import TemporaryRuns
from tevcurve.problems import FAILED, NOT_CHOSEN, Problem, attempt, noted_remarks, remarks_told_once
from tevcurve.progress import track, working
from tevcurve.run_id import RunId
from tevcurve.store import input_files
from tevcurve.store.result_files import keep_others, package_versions, same_file
from tevcurve.store.small_files import as_json

log = logging.getLogger(__name__)

TABLES = (LONG_TABLE, SOURCES, PROBLEMS)


@dataclass(frozen=True)
class _Running:
    """How a catalogue is made; its rows do not depend on it. The fields are options of `tevcurve.light_curve`."""

    n_jobs: int = 1
    client: Any = None
    progress: bool = False
    strict: bool = False

    def __post_init__(self) -> None:
        check_n_jobs(self.n_jobs)
        if self.client is not None and self.n_jobs > 1:
            raise InputError(
                f"n_jobs is {self.n_jobs}, and a client is given too, whose workers do it all; wanted is one."
            )


@remarks_told_once()
def light_curves(
    observations: Any,
    positions: Any,
    time_bins: Any = None,
    energy_edges: u.Quantity | None = None,
    *,
    folder: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    config: dict[str, Any] | None = None,
    **options: Any,
) -> LightCurves:
    """The `LightCurves` of all sources of a catalogue, from one reading of the runs.

    Each run is read once, whatever the number of sources; each source has the rows of the runs in whose field of view
    it is, as its own unbinned `tevcurve.light_curve` would have. What a run gives is written as soon as it is there, so
    that the same call goes on after a kill, and makes the same bytes; runs whose files have changed are made anew.

    Parameters
    ----------
    observations : as in `tevcurve.light_curve`
    positions : path of a CSV, ECSV or FITS file, or astropy Table, with name, ra, dec (deg, ICRS), and, where wanted,
        spectrum and neighbours; or "targets", all of the indices
    time_bins, energy_edges : as in `tevcurve.light_curve`; bins that look at events are refused
    folder : where all is kept, with pages to look at; default: a temporary folder that goes with what is returned
    overwrite : whether a catalogue of other sources or settings that is in the folder is replaced
    config : dict of what was asked for, which is kept with the result
    options : further ones of `tevcurve.light_curve`, such as `spectrum` (of the sources without one of their own),
        `choose` (its offset is the angle between the pointing and each source, so that a run may be left out for one
        alone), `offset_max`, `negative`, and `n_jobs`, `client`, `progress` and `strict`, which say how it is made

    A run that cannot be used is left out, with its reason in `problems`. Raises `InputError` for what cannot be used,
    `StoreError` where the folder cannot be written, `DataError` where no run is left.
    """
    how = _Running(**{each.name: options.pop(each.name) for each in fields(_Running) if each.name in options})
    stores = sources_of(observations)
    sources = catalogue_sources(positions, stores, options.pop("spectrum", None))
    observations = [
        run for each in stores for run in (each.get_observations() if isinstance(each, DataStore) else each)
    ]
    choice = RunChoice.of(options.pop("choose", None))
    chosen, not_chosen = replace(choice, offset=None).split(observations, None)
    runs, unread = _with_good_time(chosen, how.strict, not_chosen)
    plan, groups = catalogue_of(runs, sources, time_bins, energy_edges, choice.offset, **options)
    keeper = TemporaryRuns() if folder is None else None
    place = expand_path(keeper.path / "catalogue" if keeper is not None else str(folder))
    digest = plan_digest(plan)
    _begin(place, digest, overwrite)
    with claim(place / ENTRIES) as is_mine:
        if not is_mine and os.name == "posix":
            raise StoreError(f"{place} cannot be written: another process makes a catalogue there.")
        work = _Work(plan, groups, EntryFolder(place / ENTRIES), EntryKeys(digest))
        lost = [*not_chosen, *unread, *work.make(how)]
        with working("Putting the light curves together", how.progress):
            _finish(place, work, lost, digest, config)
    return LightCurves.read(place, keeper=keeper)


def _with_good_time(runs: list[Any], strict: bool, others: list[Problem]) -> tuple[list[Any], list[Problem]]:
    """(the observations whose good time can be read, the `Problem`s of those where it cannot).

    others: of those that are not chosen. Raises `DataError` where there is none.
    """
    found, problems = [], []
    for run in runs:
        with noted_remarks(aloud=False):
            good, problem = attempt(run, partial(getattr, run, "gti"), strict)
        if problem is None and not len(good):
            problem = Problem(run.run_id, "gti", f"Observation {run.obs_id} has no good time.")
        if problem is None:
            found.append(run)
        else:
            problem = replace(problem, reason=without_folders(problem.reason, run.addresses))
            log.warning("Run %s is left out: %s", problem.run_id, problem.reason)
            problems.append(problem)
        if len(found) > HELD:
            run.release()
    if not found:
        reasons = [one.reason for one in (*problems, *others)]
        raise DataError(
            f"No run can be used: {reasons[0]}" if reasons else "There are no observations; wanted is a run."
        )
    # Parts of one run may be there, too, but no event twice.
    found, repeated = each_once(found, strict)
    return found, [*problems, *repeated]


def _begin(place: Path, digest: str, overwrite: bool) -> None:
    """None; the folder is one of a catalogue of this plan."""
    place = place.absolute()
    recover(place)
    mark = place / CATALOGUE
    if mark.is_file():
        text = mark.read_bytes()
        if f'"plan": "{digest}"'.encode() not in text and not overwrite:
            raise StoreError(
                f"{place} has a catalogue of other sources or settings; wanted is another folder, or overwrite=True, "
                "--overwrite on the command line, which replaces it."
            )
    elif place.exists() and not (place.is_dir() and all(map(_is_begun, place.iterdir()))):
        raise StoreError(
            f"{place} is there and is no catalogue of tevcurve; wanted is a new folder or a catalogue."
        )
    try:
        (place / ENTRIES).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{place} cannot be written: {error.strerror or error}.") from error
    remove_leftovers(mark)
    if not mark.is_file():
        write_file(mark, as_json({"format": FORMAT, "plan": digest}).encode())


def _is_begun(path: Path) -> bool:
    """Whether a file or folder is what a kill left before the first mark of a catalogue was there."""
    return path.name == ENTRIES or path.name.startswith(f".{CATALOGUE}.")


@dataclass(frozen=True)
class _Task:
    """A group of runs as those who work on many runs know it."""

    group: RunGroup

    @property
    def run_id(self) -> RunId:
        return self.group.observations[0].run_id

    @property
    def obs_id(self) -> Any:
        return self.group.observations[0].obs_id


class _Work:
    """The entries of all groups: those that are there, and those that are made.

    Parameters
    ----------
    plan, groups : of `catalogue_of`
    entries : where they are
    keys : what they are called
    """

    def __init__(
        self, plan: CataloguePlan, groups: list[RunGroup], entries: EntryFolder, keys: EntryKeys
    ) -> None:
        self.plan, self.groups, self.entries = plan, groups, entries
        self._keys = [keys.key(group) for group in groups]
        # Runs without files have no key, and are made each time.
        texts = [f"{number:032d}" if key is None else key.text for number, key in enumerate(self._keys)]
        self.paths = [entries.file_of(group, text) for group, text in zip(groups, texts, strict=True)]

    def make(self, how: _Running) -> list[Problem]:
        """What kept groups from being made, list of `Problem`; all others are in their files."""
        missing = [
            number
            for number, (path, key) in enumerate(zip(self.paths, self._keys, strict=True))
            if key is None or not self.entries.has(path)
        ]
        if len(missing) < len(self.groups):
            log.info(
                "%s of %s parts of the catalogue are there.",
                len(self.groups) - len(missing),
                len(self.groups),
            )
        tasks = [_Task(self.groups[number]) for number in missing]
        made = outcomes_of(partial(_entry, self.plan, how.strict), tasks, how.n_jobs, how.client)
        lost = []
        for number, (entry, problem) in zip(
            missing, track(made, len(tasks), "runs", how.progress), strict=True
        ):
            if problem is not None:
                log.warning("Run %s is left out: %s", problem.run_id, problem.reason)
                lost.append(problem)
                continue
            for each in entry.problems:
                if each.kind == FAILED:
                    log.warning("Run %s is left out: %s", each.run_id, each.reason)
            key = self._keys[number]
            if key is not None and not key.still_holds():
                raise StoreError(
                    f"Files of run {entry.run_ids[0]} were changed while they were read; wanted is another try."
                )
            self.entries.put(self.paths[number], entry)
        return lost

    def read(self) -> Iterator[CatalogueRun]:
        """Iterator of the entries that are there, in the order of the groups."""
        return (self.entries.read(path) for path in self.paths if path.is_file())

    def parts(self) -> Iterator[tuple[np.ndarray, Table]]:
        """Iterator of what the entries have of rows."""
        return ((entry.source, entry.table) for entry in self.read() if entry.table is not None)


def _entry(plan: CataloguePlan, strict: bool, task: _Task) -> tuple[CatalogueRun, None]:
    entry = catalogue_run(plan, task.group, strict)
    addresses = [address for run in task.group.observations for address in run.addresses]
    # Where the data lie makes no difference.
    problems = tuple(replace(each, reason=without_folders(each.reason, addresses)) for each in entry.problems)
    return replace(entry, problems=problems), None


def _finish(
    place: Path, work: _Work, lost: list[Problem], digest: str, config: dict[str, Any] | None
) -> None:
    """None; tables and pages are in the folder, in one step."""
    names, sums = [source.name for source in work.plan.sources], RowSums(work.plan)

    def summed() -> Iterator[tuple[np.ndarray, Table]]:
        for entry in work.read():
            sums.add(entry)
            if entry.table is not None:
                yield entry.source, entry.table

    layout = layout_of(summed(), names)
    if not len(layout.source):
        reasons = [one.reason for one in (*lost, *sums.problems) if one.kind in (FAILED, NOT_CHOSEN)]
        why = f": {reasons[0]}" if reasons else "."
        raise DataError(f"No run that can be used has a source of the catalogue in its field of view{why}")
    sources = sums.table()
    layout.template.meta |= common_meta(sources)
    observations = [one for group in work.groups for one in group.observations]
    said = {
        "format": FORMAT,
        "plan": digest,
        "versions": package_versions(),
        "inputs": input_files(observations, sums.run_ids),
        "config": config,
    }
    with new_folder(place, overwrite=True) as part:
        keep_others(place, part, OWN)
        (part / ENTRIES).mkdir()
        for path in work.paths:
            if path.is_file():
                same_file(path, part / ENTRIES / path.name)
        write_long_table(part / LONG_TABLE, layout, work.parts(), names)
        write_table(sources, part / SOURCES)
        write_table(problem_table([*sums.problems, *lost]), part / PROBLEMS)
        (part / CATALOGUE).write_bytes(as_json(said).encode())
        listed = {name: checksum_of_file(part / name) for name in (*TABLES, CATALOGUE)}
        (part / CHECKSUMS).write_bytes(checksums_text(listed).encode())
        write_site(part)


OWN = {*TABLES, CATALOGUE, CHECKSUMS, ENTRIES, *SITE}
