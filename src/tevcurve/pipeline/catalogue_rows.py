"""The rows of all sources of a catalogue that a group of runs gives: each run is read once."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from astropy.table import Table, vstack
from astropy.time import Time

from tevcurve.bins.time_bins import TimeBins
from tevcurve.fit.cube_likelihood import CubeRule, rows_of_cubes
from tevcurve.fit.row_likelihood import RowSetting, RunPieces
from tevcurve.lightcurve.dark_rows import why_dark
from tevcurve.lightcurve.reference_spectrum import reference_in_bins
from tevcurve.lightcurve.row_table import table_of_rows
from tevcurve.pipeline.catalogue_plan import CataloguePlan, CatalogueSource, RunGroup
from tevcurve.problems import WARNING, Problem, at_stage, attempt, noted_remarks
from tevcurve.records import short_repr
from tevcurve.reduction.cube_terms import cube_terms
from tevcurve.reduction.field_run import FieldRun, field_run
from tevcurve.reduction.true_nodes import true_nodes
from tevcurve.run_id import RunId


@dataclass(frozen=True, eq=False)
class CatalogueRun:
    """What a group of runs that share time bins, mostly one run, gives of all sources of a catalogue.

    Attributes
    ----------
    run_ids : tuple of `RunId`, the runs of the group, those that are left out among them
    source : int array (n_rows,), ascending, the number of each row's source in the catalogue
    table : astropy Table (n_rows,) with the columns of a light curve, of each source in the order of time and band
    problems : tuple of `Problem`, why runs are left out, and what is odd about the others
    """

    run_ids: tuple[RunId, ...]
    source: np.ndarray
    table: Table | None
    problems: tuple[Problem, ...] = ()

    __repr__ = short_repr


def catalogue_run(plan: CataloguePlan, group: RunGroup, strict: bool = False) -> CatalogueRun:
    """The `CatalogueRun` of a group of runs.

    A run counts for the sources that are nearer to its pointing than the largest offset of their settings.

    Parameters
    ----------
    plan : what is wanted of the catalogue
    group : the runs
    strict : whether the first run that cannot be used raises its error
    """
    fields: list[FieldRun | None] = []
    problems: list[Problem] = []
    for observation in group.observations:
        with noted_remarks() as remarks:
            field, problem = attempt(observation, partial(_field, observation), strict)
        fields.append(field)
        if problem is not None:
            problems.append(problem)
        else:
            problems += [Problem(observation.run_id, *told, WARNING) for told in remarks]
        observation.release()
    source, tables = [], []
    for numbers in _by_spectrum(plan.sources):
        rows = _SourceRows(plan, group, fields, numbers)
        if len(rows.pairs):
            source.append(np.repeat(rows.pairs[:, 0], plan.axes.n_bands))
            tables.append(rows.table())
    run_ids = tuple(observation.run_id for observation in group.observations)
    if not tables:
        return CatalogueRun(run_ids, np.zeros(0, dtype=int), None, tuple(problems))
    table = tables[0] if len(tables) == 1 else vstack(tables, metadata_conflicts="silent")
    number = np.concatenate(source)
    order = np.argsort(number, kind="stable")
    return CatalogueRun(run_ids, number[order], table[order], tuple(problems))


def _field(observation: Any) -> FieldRun:
    with at_stage("events"):
        observation.check_tracking()
    return field_run(observation)


def _by_spectrum(sources: tuple[CatalogueSource, ...]) -> list[list[int]]:
    """Numbers of the sources that have one spectrum, a list of lists."""
    groups: dict[int, list[int]] = {}
    for number, source in enumerate(sources):
        groups.setdefault(id(source.spectrum), []).append(number)
    return list(groups.values())


class _SourceRows:
    """Rows of sources that have one spectrum; the runs of a likelihood are those of each source after the other.

    Attributes
    ----------
    pairs : int array (n_times, 2), the source and the bin of the group of each time bin of the rows
    """

    def __init__(
        self, plan: CataloguePlan, group: RunGroup, fields: list[FieldRun | None], numbers: list[int]
    ) -> None:
        self.plan, self.group = plan, group
        self.spectrum = plan.sources[numbers[0]].spectrum
        self.flux, self.dark = reference_in_bins(self.spectrum, plan.axes.true, plan.axes.bands)
        self.runs: list[Any] = []
        self.terms: list[Any] = []
        pieces, pairs, n_times = [], [], 0
        for number in numbers:
            own = [run for run, field in enumerate(fields) if field is not None and self._sees(field, number)]
            mine = np.flatnonzero(np.isin(group.pieces.run, own))
            if not len(mine):
                continue
            bins, bin_ = np.unique(group.pieces.bin[mine], return_inverse=True)
            run = np.searchsorted(own, group.pieces.run[mine]) + len(self.runs)
            pieces.append((bin_ + n_times, run, group.pieces.start_s[mine], group.pieces.stop_s[mine]))
            pairs.append(np.column_stack([np.full(len(bins), number), bins]))
            n_times += len(bins)
            for each in own:
                self._add(fields[each], number)
        self.pairs = np.concatenate(pairs) if pairs else np.zeros((0, 2), dtype=int)
        if pieces:
            self.pieces = RunPieces(
                n_times, *(np.concatenate(arrays) for arrays in zip(*pieces, strict=True))
            )

    def _sees(self, field: FieldRun, number: int) -> bool:
        setting = self.plan.settings[number].of(field.run)
        return field.offset(self.plan.sources[number].lonlat) < setting.offset_max

    def _add(self, field: FieldRun, number: int) -> None:
        lonlat, setting = self.plan.sources[number].lonlat, self.plan.settings[number].of(field.run)
        run, axes = field.at(lonlat), self.plan.axes
        nodes = true_nodes(axes.true, setting.responses, self.spectrum)
        terms, _ = cube_terms(run, lonlat, axes, setting, nodes, self.plan.options.negative)
        self.runs.append(run)
        self.terms.append(terms.at_spectrum(self.flux))

    def table(self) -> Table:
        """The astropy Table of the rows."""
        options, axes = self.plan.options, self.plan.axes
        setting = RowSetting(self.dark, self._why_dark)
        rule = CubeRule(options.background_error, options.negative)
        joint = rows_of_cubes(self.terms, self.pieces, np.ones(1), setting, rule)
        time_bins = _RepeatedBins(self.group.bins, self.pairs[:, 1])
        return table_of_rows(joint, time_bins, axes.bands, self.spectrum, options, options.meta())

    def _why_dark(self, numbers: list[int], masked: list[bool], band: int) -> tuple[str, str]:
        runs, terms = [self.runs[number] for number in numbers], [self.terms[number] for number in numbers]
        return why_dark(runs, [each.safe_tev for each in terms], masked, [False] * len(runs))


class _RepeatedBins:
    """Time bins of a group, each as often as a source has rows in it: what a table asks of `TimeBins`.

    Parameters
    ----------
    bins : of the group
    number : int array (n_bins,), which of them each is
    """

    def __init__(self, bins: TimeBins, number: np.ndarray) -> None:
        self._bins, self._number, self.n_bins, self.scale = bins, number, len(number), bins.scale

    @property
    def time_min(self) -> Time:
        return self._bins.time_min[self._number]

    @property
    def time_max(self) -> Time:
        return self._bins.time_max[self._number]

    def columns(self) -> dict[str, np.ndarray]:
        return {name: values[self._number] for name, values in self._bins.columns().items()}

    def meta(self) -> dict[str, Any]:
        return self._bins.meta()
