"""From the runs of a light curve and its time bins to its rows as a likelihood, whichever kind each run is of."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tevcurve.bins.time_bins import TimeBins
from tevcurve.datasets.others_seen import others_times
from tevcurve.fit.background_rule import BackgroundRule
from tevcurve.fit.cube_likelihood import CubeRule, rows_of_cubes
from tevcurve.fit.mixed_rows import MixedRows
from tevcurve.fit.onoff_likelihood import rows_of_spectra
from tevcurve.fit.row_likelihood import RowLikelihood, RowSetting, RunPieces, for_each_run
from tevcurve.lightcurve.background_norms import with_norms
from tevcurve.lightcurve.dark_rows import why_dark
from tevcurve.lightcurve.neighbours import with_amplitudes
from tevcurve.lightcurve.reference_spectrum import reference_in_bins
from tevcurve.reduction.safe_energy import bins_inside
from tevcurve.run_id import parts_together


def rows_of_runs(origin: Any, time_bins: TimeBins | RunPieces, below_zero: bool) -> RowLikelihood:
    """The `RowLikelihood` of the runs of an origin: of one kind, or `MixedRows` where some are cubes and others not.

    Parameters
    ----------
    origin : `~tevcurve.lightcurve.origin.LightCurveOrigin`
    time_bins : `TimeBins` of its runs, or their `RunPieces`
    below_zero : whether fluxes may be asked for below zero

    Raises `InputError` for options that are not for runs of several kinds together.
    """
    made, is_cube = _maker(origin, below_zero), are_cubes(origin)
    setting = made.setting
    if is_cube.all() or not is_cube.any():
        make = made.of_cubes if is_cube.all() else made.of_spectra
        return make(np.arange(len(is_cube)), time_bins)
    BackgroundRule.of(origin.options).check_cubes(True)
    pieces = _all_pieces(time_bins, origin.terms)
    joints = []
    for make, own in ((made.of_cubes, is_cube), (made.of_spectra, ~is_cube)):
        numbers = np.flatnonzero(own)
        joints.append((make(numbers, pieces.of_runs(numbers)), numbers))
    return MixedRows(joints, setting)


def terms_of_rows(origin: Any) -> tuple[list[Any], list[np.ndarray]]:
    """(terms of each run, reference flux (n_true,) as it sees it) as the rows of an origin have them, below zero apart.

    Terms to which nothing is to be added are those of the origin itself.

    origin : `~tevcurve.lightcurve.origin.LightCurveOrigin`
    """
    made, is_cube = _maker(origin, below_zero=False), are_cubes(origin)
    runs: list[Any] = [None] * len(is_cube)
    for own, terms_of in ((is_cube, lambda numbers: made.cubes(numbers)[0]), (~is_cube, made.spectra)):
        numbers = np.flatnonzero(own)
        for number, terms in zip(numbers, terms_of(numbers) if len(numbers) else (), strict=True):
            runs[number] = terms
    return runs, for_each_run(made.flux, runs)


def _maker(origin, below_zero):
    flux, dark = reference_in_bins(origin.spectrum, origin.axes.true, origin.axes.bands)
    setting = RowSetting(dark, _WhyDark(origin), origin.stacked)
    return RowMaker(origin, _seen(origin, flux), setting, below_zero)


def are_cubes(origin: Any) -> np.ndarray:
    """Whether each run is a cube, bool array (n_runs,). origin: `~tevcurve.lightcurve.origin.LightCurveOrigin`."""
    in_regions = origin.settings.in_regions
    return np.array([not in_regions.of(run) for run in origin.runs], dtype=bool)


def _all_pieces(time_bins, runs):
    pieces = time_bins.pieces(runs)
    return RunPieces(time_bins.n_bins, pieces.bin, pieces.run, pieces.start_s, pieces.stop_s)


def _seen(origin, flux):
    """The reference flux (n_true,), or of settled scales a list of what the instrument of each run sees of it."""
    scales = origin.systematics.scales
    if scales is None:
        return flux
    return [flux * math.exp(scales.of(run.run_id.instrument)) for run in origin.runs]


def as_seen(terms, runs, origin):
    """The terms of runs with other sources as the instrument of each sees them; a list.

    Parameters
    ----------
    terms : list of the terms of runs
    runs : list of these runs, which have a `run_id`
    origin : `~tevcurve.lightcurve.origin.LightCurveOrigin`
    """
    scales = origin.systematics.scales
    if scales is None or not origin.field.others:
        return list(terms)
    factors = [math.exp(scales.of(run.run_id.instrument)) for run in runs]
    return [others_times(each, factor) for each, factor in zip(terms, factors, strict=True)]


@dataclass(frozen=True, eq=False)
class RowMaker:
    """Makes rows of some runs of an origin, which are of one kind.

    Attributes
    ----------
    origin : `~tevcurve.lightcurve.origin.LightCurveOrigin`
    flux : float array (n_true,), cm-2 s-1, of the reference spectrum; or a list, one for each run of the origin
    setting : `RowSetting`
    below_zero : bool, whether fluxes may be asked for below zero
    """

    origin: Any
    flux: Any
    setting: RowSetting
    below_zero: bool

    def of_cubes(self, numbers, laid):
        """The `CubeLikelihood` of some runs.

        Parameters
        ----------
        numbers : int array, of the runs among those of the origin
        laid : `TimeBins` or `RunPieces` of these runs
        """
        origin, (runs, further) = self.origin, self.cubes(numbers)
        names = tuple(model.name for model in origin.field.fitted)
        rule = CubeRule(origin.options.background_error, self.below_zero, further, names)
        setting = self._setting(numbers)
        return rows_of_cubes(runs, laid, self._flux(numbers), setting, rule, lambda: self._compact(numbers))

    def of_spectra(self, numbers, laid):
        """The `OnOffLikelihood` of some runs.

        Parameters
        ----------
        numbers : int array, of the runs among those of the origin
        laid : `TimeBins` or `RunPieces` of these runs
        """
        rule, bands = BackgroundRule.of(self.origin.options), self.origin.axes.band_of_bin
        return rows_of_spectra(
            self.spectra(numbers), bands, laid, self._flux(numbers), self._setting(numbers), rule
        )

    def cubes(self, numbers):
        """(`CubeTerms` of some runs, for each a tuple of the numbers of its further amplitudes).

        numbers : int array, of the runs among those of the origin
        """
        return self._settled(self._bounded(numbers) if self.below_zero else self._terms(numbers), numbers)

    def spectra(self, numbers):
        """List of the `OnOffTerms` of some runs. numbers: int array, of the runs among those of the origin."""
        return self._with_others(self._terms(numbers), numbers)

    def _setting(self, numbers):
        """The `RowSetting` of some runs, of which some may be parts of one run."""
        if self.setting.stacked:
            return self.setting
        together = parts_together(self.origin.runs[number].run_id for number in numbers)
        return self.setting if together is None else replace(self.setting, together=np.array(together))

    def _terms(self, numbers):
        return [self.origin.terms[number] for number in numbers]

    def _flux(self, numbers):
        return [self.flux[number] for number in numbers] if isinstance(self.flux, list) else self.flux

    def _bounded(self, numbers):
        """The `CubeTerms` of runs, with the cells that bound fluxes below zero, a list."""
        origin = self.origin
        return [
            terms if terms.first is not None else origin.reduction.bounded(terms, origin.runs.read(number))
            for number, terms in zip(numbers, self._terms(numbers), strict=True)
        ]

    def _compact(self, numbers):
        """The `CubeTerms` of runs, of events in cells, with what is expected in every cell; a list."""
        origin = self.origin
        runs = [
            terms
            if terms.compact is not None and not origin.settings.of(origin.runs[number]).unbinned
            else origin.reduction.in_cells(origin.runs.read(number))
            for number, terms in zip(numbers, self._terms(numbers), strict=True)
        ]
        return self._settled(runs, numbers)[0]

    def _settled(self, runs, numbers):
        """(`CubeTerms` of runs, with what is settled for all rows; the numbers of their further amplitudes)."""
        origin = self.origin
        runs = with_norms(self._with_others(runs, numbers), origin.systematics, origin.runs, numbers)
        return with_amplitudes(runs, origin.field)

    def _with_others(self, runs, numbers):
        """The terms of runs, other sources as the instrument of each sees them."""
        return as_seen(runs, [self.origin.runs[number] for number in numbers], self.origin)


@dataclass(frozen=True, eq=False)
class _WhyDark:
    """Function of the numbers of a row's runs, of whether each has no energy bin in the fit, and of the band."""

    origin: Any

    def __call__(self, numbers, masked, band):
        """(status, reason in words) of a row in which nothing is expected of the source."""
        origin = self.origin
        terms = [origin.terms[number] for number in numbers]
        bins, edges, in_regions = (
            origin.axes.band_of_bin == band,
            origin.axes.reco,
            origin.settings.in_regions,
        )
        # In 1D, where no bin is in the fit and some are inside the safe energies, there are no OFF regions.
        crowded = [
            in_regions.of(origin.runs[number]) and bool(bins_inside(edges, *each.safe_tev)[bins].any())
            for number, each in zip(numbers, terms, strict=True)
        ]
        runs = [origin.runs.read(number) for number in numbers]
        return why_dark(runs, [each.safe_tev for each in terms], masked, crowded)
