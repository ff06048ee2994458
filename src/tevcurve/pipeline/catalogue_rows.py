"""The rows of all sources of a catalogue that a group of runs gives: each run is read once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from astropy.table import Table
from astropy.time import Time

from tevcurve.bins.time_bins import TimeBins
from tevcurve.datasets.cube_terms import CubeTerms
from tevcurve.datasets.source_run import SourceRun
from tevcurve.fit.constancy_in_runs import constancy_chance, segment_counts
from tevcurve.fit.cube_likelihood import CubeRule, rows_of_cubes
from tevcurve.fit.row_likelihood import RowSetting, RunPieces
from tevcurve.lightcurve.dark_rows import why_dark
from tevcurve.lightcurve.reference_spectrum import reference_in_bins
from tevcurve.lightcurve.row_table import table_of_rows
from tevcurve.lightcurve.table_details import one_below_other
from tevcurve.models import SpectralModel
from tevcurve.pipeline.catalogue_plan import CataloguePlan, CatalogueSource, RunGroup
from tevcurve.pipeline.run_choice import STAGE, against_offset
from tevcurve.problems import NOT_CHOSEN, WARNING, Problem, at_stage, attempt, noted_remarks
from tevcurve.records import short_repr
from tevcurve.reduction.field_parts import FieldParts
from tevcurve.reduction.field_run import field_run
from tevcurve.reduction.field_terms import SpectrumTerms
from tevcurve.reduction.pixels_around import PixelsAround
from tevcurve.reduction.seen_in_field import SeenInField
from tevcurve.reduction.true_nodes import TrueNodes, true_nodes
from tevcurve.run_id import RunId, parts_together

# Sources whose rows are fitted at a time, so that memory does not grow with the catalogue.
BATCH = 64


@dataclass(frozen=True, eq=False)
class CatalogueRun:
    """What a group of runs that share time bins, mostly one run, gives of all sources of a catalogue.

    Attributes
    ----------
    run_ids : tuple of `RunId`, the runs of the group, those that are left out among them
    source : int array (n_rows,), ascending, the number of each row's source in the catalogue
    table : astropy Table (n_rows,) with the columns of a light curve, of each source in the order of time and band;
        None where there are no rows
    p_constancy : float array (n_sources,), the chance of constancy of each source inside the runs; NaN for one that has
        no rows
    problems : tuple of `Problem`, why runs are left out, and what is odd about the others
    """

    run_ids: tuple[RunId, ...]
    source: np.ndarray
    table: Table | None
    p_constancy: np.ndarray
    problems: tuple[Problem, ...] = ()

    __repr__ = short_repr


def catalogue_run(plan: CataloguePlan, group: RunGroup, strict: bool = False) -> CatalogueRun:
    """The `CatalogueRun` of a group of runs.

    A run counts for the sources that are nearer to its pointing than the largest offset of the setting.

    Parameters
    ----------
    plan : what is wanted of the catalogue
    group : the runs
    strict : whether the first run that cannot be used raises its error
    """
    run_ids = tuple(observation.run_id for observation in group.observations)
    fields, problems = _fields(plan, group, strict)
    numbers, tables = [np.zeros(0, dtype=int)], []
    chances = np.full(len(plan.sources), np.nan)
    of_spectrum = {
        key: _SpectrumRuns.of(plan, group, fields, spectrum) for key, spectrum in _spectra(plan).items()
    }
    # Of several of one name it is the first.
    named = {source.name: source for source in reversed(plan.sources)}
    for sources in _batches(plan):
        of = of_spectrum[id(plan.sources[sources[0]].spectrum)]
        problems += of.not_chosen(sources)
        rows = _SourceRows(of_spectrum, named, of)
        for source in sources:
            chances[source] = rows.add(source)
        if rows.source:
            numbers.append(np.repeat(rows.source, plan.axes.n_bands))
            tables.append(rows.table())
    if not tables:
        return CatalogueRun(run_ids, numbers[0], None, chances, tuple(problems))
    source = np.concatenate(numbers)
    table = tables[0] if len(tables) == 1 else one_below_other(tables)
    order = np.argsort(source, kind="stable")
    if np.any(np.diff(order) != 1):
        source, table = source[order], table[order]
    return CatalogueRun(run_ids, source, table, chances, tuple(problems))


def _fields(
    plan: CataloguePlan, group: RunGroup, strict: bool
) -> tuple[list[FieldParts | None], list[Problem]]:
    """(the `FieldParts` of each run, None for one that is left out; what is wrong or odd)."""
    pixels = PixelsAround.of(plan.setting.geom)
    nodes = true_nodes(plan.axes.true, plan.setting.responses, plan.sources[0].spectrum)
    fields: list[FieldParts | None] = []
    problems = []
    for number, observation in enumerate(group.observations):
        own = group.pieces.run == number
        edges = np.concatenate([group.pieces.start_s[own], group.pieces.stop_s[own]])
        with noted_remarks() as remarks:
            make = partial(_field_parts, plan, pixels, nodes, edges, observation)
            made, problem = attempt(observation, make, strict)
        observation.release()
        fields.append(made)
        problems += (
            [problem] if problem else [Problem(observation.run_id, *told, WARNING) for told in remarks]
        )
    return fields, problems


def _field_parts(
    plan: CataloguePlan, pixels: PixelsAround, nodes: TrueNodes, edges: np.ndarray, observation: Any
) -> FieldParts:
    with at_stage("events"):
        observation.check_tracking()
    return FieldParts(field_run(observation), plan.axes, plan.setting, pixels, nodes, np.unique(edges))


def _spectra(plan: CataloguePlan) -> dict[int, SpectralModel]:
    """Each spectrum of the sources, once."""
    return {id(source.spectrum): source.spectrum for source in plan.sources}


def _batches(plan: CataloguePlan) -> list[list[int]]:
    """Numbers of the sources that are fitted at a time: of one spectrum, and each with neighbours alone."""
    alone, together = [], {key: [] for key in _spectra(plan)}
    for number, source in enumerate(plan.sources):
        (alone.append([number]) if source.neighbours else together[id(source.spectrum)].append(number))
    for numbers in together.values():
        alone += [numbers[first : first + BATCH] for first in range(0, len(numbers), BATCH)]
    return alone


@dataclass(frozen=True, eq=False)
class _SpectrumRuns:
    """The runs of a group for sources of one spectrum.

    Attributes
    ----------
    plan, group : of the catalogue
    spectrum : the reference
    dark : bool array (n_bands,), bands without flux
    runs : of each run what makes its terms; None for one that is left out
    counts : of each run all events of its field in equal parts of its good time, or of that of all of its parts
    """

    plan: CataloguePlan
    group: RunGroup
    spectrum: SpectralModel
    dark: np.ndarray
    runs: list[SpectrumTerms | None]
    counts: list[np.ndarray]

    @classmethod
    def of(
        cls,
        plan: CataloguePlan,
        group: RunGroup,
        fields: list[FieldParts | None],
        spectrum: SpectralModel,
    ) -> "_SpectrumRuns":
        """Of the runs' `FieldParts`."""
        nodes = true_nodes(plan.axes.true, plan.setting.responses, spectrum)
        flux, dark = reference_in_bins(spectrum, plan.axes.true, plan.axes.bands)
        runs = [
            None if each is None else SpectrumTerms(each, nodes, flux, plan.options.negative)
            for each in fields
        ]
        gtis = _whole_good_times(group, fields)
        counts = [
            np.zeros(0) if each is None else segment_counts(gti, _in_clock_of(gti, each))
            for each, gti in zip(fields, gtis, strict=True)
        ]
        return cls(plan, group, spectrum, dark, runs, counts)

    def that_see(self, source: int) -> list[int]:
        """Numbers of the runs that count for a source. source: its number."""
        lonlat, offset_max = self.plan.sources[source].lonlat, self.plan.setting.offset_max
        return [
            number
            for number, run in enumerate(self.runs)
            if run is not None
            and run.parts.field.offset(lonlat) < offset_max
            and self.against(number, source) is None
        ]

    def against(self, run: int, source: int) -> str | None:
        """Why a run is not chosen for a source, a sentence, or None. run, source: their numbers."""
        offset, its_deg = self.plan.offset, self.group.offsets_deg[run]
        return None if offset is None or its_deg is None else against_offset(offset, float(its_deg[source]))

    def not_chosen(self, sources: Sequence[int]) -> list[Problem]:
        """A `Problem` for each of some sources and each run that would see it and is not chosen. sources: numbers."""
        if self.plan.offset is None:
            return []
        problems = []
        for number, run in enumerate(self.runs):
            for source in sources if run is not None else ():
                one = self.plan.sources[source]
                reason = self.against(number, source)
                if reason is not None and run.parts.field.offset(one.lonlat) < self.plan.setting.offset_max:
                    run_id = self.group.observations[number].run_id
                    problems.append(Problem(run_id, STAGE, reason, NOT_CHOSEN, source=one.name))
        return problems


def _in_clock_of(gti: Any, field: FieldParts) -> np.ndarray:
    """Times of all events of a run, in the clock of the good time of the first of its parts."""
    return gti.reference.convert(field.event_times, field.field.run.gti.reference)


def _whole_good_times(group: RunGroup, fields: Sequence[FieldParts | None]) -> list[Any]:
    """The `GTI` of each run, with that of the parts of the same run that are there; None for one that is left out."""
    gtis = [None if each is None else each.field.run.gti for each in fields]
    parts = parts_together(each.run_id for each in group.observations)
    if parts is None:
        return gtis
    whole: dict[int, Any] = {}
    for number, gti in zip(parts, gtis, strict=True):
        if gti is not None:
            whole[number] = whole[number].union(gti) if number in whole else gti
    return [None if gti is None else whole[number] for number, gti in zip(parts, gtis, strict=True)]


class _SourceRows:
    """Rows of sources that have one spectrum; the runs of their likelihood are those of each source after the other.

    Attributes
    ----------
    source : list of int, the source of each time bin of the rows

    Parameters
    ----------
    of_spectrum : the runs, for each spectrum by its id
    named : all sources of the catalogue by their names
    of : the runs, for the spectrum of the sources
    """

    def __init__(
        self, of_spectrum: dict[int, _SpectrumRuns], named: dict[str, CatalogueSource], of: _SpectrumRuns
    ) -> None:
        self._of_spectrum, self._named, self._of = of_spectrum, named, of
        self._neighbours: tuple[str, ...] = ()
        self.source: list[int] = []
        self._bins: list[int] = []
        self._pieces: list[tuple[np.ndarray, ...]] = []
        self._runs: list[SourceRun] = []
        self._terms: list[CubeTerms] = []
        self._together: list[int] = []

    def add(self, source: int) -> float:
        """The chance of constancy of one more source inside the runs that see it; from now on there are its rows.

        source: its number.
        """
        plan, pieces, own = self._of.plan, self._of.group.pieces, self._of.that_see(source)
        mine = np.flatnonzero(np.isin(pieces.run, own))
        bins, bin_ = np.unique(pieces.bin[mine], return_inverse=True)
        run = np.searchsorted(own, pieces.run[mine]) + len(self._runs)
        self._pieces.append((bin_ + len(self.source), run, pieces.start_s[mine], pieces.stop_s[mine]))
        self.source += [source] * len(bins)
        self._bins += bins.tolist()
        if not len(bins):
            return np.nan
        self._neighbours = plan.sources[source].neighbours
        # Parts of a run have their background in common, but not with other sources.
        parts = parts_together(self._of.group.observations[number].run_id for number in own)
        self._together += [len(self._runs) + number for number in parts or range(len(own))]
        for number in own:
            made: Any = self._of.runs[number]
            others = [self._seen(name, number) for name in self._neighbours]
            at_source, terms = made.at(plan.sources[source].lonlat, plan.allowed[source], others)
            self._runs.append(at_source)
            self._terms.append(terms)
        counts = [self._of.counts[number] for number in own]
        return constancy_chance(self._terms[-len(own) :], counts, plan.sources[source].name)

    def _seen(self, name: str, number: int) -> SeenInField:
        """A neighbour of a name in a run."""
        one = self._named[name]
        made: Any = self._of_spectrum[id(one.spectrum)].runs[number]
        return made.seen(one.lonlat)

    def table(self) -> Table:
        """The astropy Table of the rows."""
        plan = self._of.plan
        pieces = RunPieces(
            len(self.source), *(np.concatenate(each) for each in zip(*self._pieces, strict=True))
        )
        n_further = len(self._neighbours)
        further = (tuple(range(1, n_further + 1)),) * len(self._terms) if n_further else ()
        rule = CubeRule(plan.options.background_error, plan.options.negative, further, self._neighbours)
        are_parts = self._together != list(range(len(self._runs)))
        together = np.array(self._together) if are_parts else None
        setting = RowSetting(self._of.dark, self._why_dark, together=together)
        joint = rows_of_cubes(self._terms, pieces, np.ones(1), setting, rule)
        time_bins = _RepeatedBins(self._of.group.bins, np.array(self._bins))
        meta = plan.options.meta()
        return table_of_rows(joint, time_bins, plan.axes.bands, self._of.spectrum, plan.options, meta)

    def _why_dark(self, numbers: list[int], masked: list[bool], band: int) -> tuple[str, str]:
        runs, terms = [self._runs[number] for number in numbers], [self._terms[number] for number in numbers]
        return why_dark(runs, [each.safe_tev for each in terms], masked, [False] * len(runs))


class _RepeatedBins:
    """Time bins of a group, each as often as a source has rows in it: what a table asks of `TimeBins`.

    Parameters
    ----------
    bins : of the group
    number : int array (n_bins,), which of them each is
    """

    together = False

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
