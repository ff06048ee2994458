"""What a light curve is made from, kept with it, so that it can be made again in other bins."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import astropy.units as u

from tevcurve.bins.text import as_binning
from tevcurve.errors import DataError
from tevcurve.lightcurve.background_norms import lacks_norms, norm_words, settled_backgrounds
from tevcurve.lightcurve.dark_rows import safe_words
from tevcurve.lightcurve.free_spectra import FreeSpectra, describe_parameters
from tevcurve.lightcurve.hardness import TwoBands
from tevcurve.lightcurve.ledger import Ledger
from tevcurve.lightcurve.neighbours import amplitude_words, settled_field
from tevcurve.lightcurve.nuisances import row_nuisances
from tevcurve.lightcurve.plan import Plan
from tevcurve.lightcurve.plan_words import plan_meta
from tevcurve.lightcurve.product import LightCurve
from tevcurve.lightcurve.row_table import AskedRows, BesideNorms, table_of_blocks
from tevcurve.lightcurve.rows_in_blocks import blocks_of_rows
from tevcurve.lightcurve.rows_of_runs import rows_of_runs
from tevcurve.lightcurve.runs import BinsOnDemand, Runs, terms_of_each
from tevcurve.lightcurve.scale_words import scale_words
from tevcurve.lightcurve.scales import settled_scales
from tevcurve.problems import Problem, alike, in_order
from tevcurve.records import short_repr
from tevcurve.reduction.energy_axes import energy_axes
from tevcurve.run_id import names_of

log = logging.getLogger(__name__)
_MOST_REASONS = 10  # in one message


@dataclass(frozen=True, eq=False, kw_only=True)
class LightCurveOrigin(TwoBands, Plan):
    """The origin of a light curve: its plan, its runs, and their terms in its present energy bins.

    Attributes
    ----------
    runs : `~tevcurve.lightcurve.runs.Runs`
    failed : tuple of `Problem`, of runs that are left out
    terms, fates : sequences, for each run what `cube_terms` or `onoff_terms` gave
    """

    runs: Runs
    failed: tuple[Problem, ...] = ()
    terms: Sequence = ()
    fates: Sequence = ()

    __repr__ = short_repr

    def settled(self, runs):
        """The same with what is one for all rows settled: the energies that are safe in all runs, these among them.

        runs: sequence of `SourceRun`. Raises `DataError` where no energies are.
        """
        settings, field = self.settings.settled(runs), self.field
        if field.amplitudes is not None and len(runs):
            log.warning(
                "The neighbours' amplitudes, %s, were those of all rows so far; with more runs they, and all rows, are "
                "made anew.",
                amplitude_words(field),
            )
            field = replace(field, amplitudes=None)
        systematics = self.systematics
        if systematics.norms is not None and len(runs):
            log.warning(
                "The norms of backgrounds, %s, were those of all runs so far; with more runs they are made anew, and "
                "all rows where they change.",
                norm_words(systematics) or "none",
            )
        if systematics.scales is not None and len(runs):
            log.warning(
                "The scales of instruments, %s, were those of all rows so far; with more runs they are made anew, and "
                "all rows where they change.",
                scale_words(systematics.scales),
            )
        if len(runs):
            systematics = systematics.unsettled()
        if settings is self.settings:
            same = field is self.field and systematics is self.systematics
            return self if same else replace(self, field=field, systematics=systematics)
        old, new = self.settings.common, settings.common
        if old.settled:
            log.warning(
                "The safe energies of all runs were %s and are now %s; all rows are made anew between these.",
                *(safe_words(*each.range_tev) for each in (old, new)),
            )
        return replace(self, settings=settings, field=field, systematics=systematics)

    def reduced(self, strict=False):
        """The same with the terms of its energy bins; a run that has none is left out.

        strict: bool, raises for the first such run. Raises `DataError` where no run is left.
        """
        made, problems = terms_of_each(map(self.runs.read, range(len(self.runs))), self.reduction, strict)
        failed = in_order((*self.failed, *problems))
        if not made:
            replace(self, failed=failed).refuse()
        terms, fates = zip(*made.values(), strict=True)
        runs = self.runs.chosen(made)
        return replace(self, runs=runs, failed=failed, terms=terms, fates=fates).resolved()

    def resolved(self):
        """The same with the defaults of its time bins that were taken from its runs written down.

        More runs then leave the bins of these as they are. Amplitudes of neighbours, norms of backgrounds and scales of
        instruments that are one for all rows are settled, unless they are.
        """
        origin = self
        if origin.systematics.is_unsettled:
            settled = replace(origin.systematics, scales=settled_scales(origin))
            origin = replace(origin, systematics=settled)
        runs = origin.terms if origin.time_bins.looks_at_events else origin.runs
        time_bins = origin.binning.resolved(runs)
        origin = origin if time_bins is origin.time_bins else replace(origin, time_bins=time_bins)
        origin = replace(origin, field=settled_field(origin)) if origin.field.is_unsettled else origin
        return replace(origin, systematics=settled_backgrounds(origin)) if lacks_norms(origin) else origin

    def refuse(self):
        """Raises `DataError` with the reasons for which no run can be used."""
        names = names_of(one.run_id for one in self.failed)
        groups = alike(self.failed)
        told = [_reason(group, names) for group in groups[:_MOST_REASONS]]
        rest = sum(len(group) for group in groups[_MOST_REASONS:])
        if rest:
            told.append(f"and {rest} more")
        raise DataError(f"No run can be used: {'; '.join(told) or 'there are no observations'}.")

    def rebin(self, time_bins=None, energy_edges=None, e_reco=None, e_true=None):
        """The light curve in other time bins or energy bands; see `LightCurve.rebin`.

        Parameters
        ----------
        time_bins : a binning, or its text, "1 min"; default: the present one
        energy_edges : Quantity (n_bands + 1,), edges of the energy bands; default: the present ones
        e_reco, e_true : Quantities, edges of the energy bins, as in `tevcurve.light_curve`; default:
            as there, or the present ones where no edges at all are given
        """
        origin = self if time_bins is None else replace(self, time_bins=as_binning(time_bins)).resolved()
        if energy_edges is not None or e_reco is not None or e_true is not None:
            bands = origin.bands * u.TeV if energy_edges is None else energy_edges
            origin = replace(origin, axes=energy_axes(bands, e_reco, e_true)).reduced()
        return origin.light_curve()

    def light_curve(self):
        """The `LightCurve` of the present settings."""
        time_bins, options = self.laid(self.terms), self.options
        asked = AskedRows(self.bands, self.spectrum, options)
        blocks = (
            (block.first, block.joint, block.origin.beside(block.joint))
            for block in blocks_of_rows(self, time_bins, self.below_zero)
        )
        table = table_of_blocks(blocks, time_bins, asked, self.said())
        describe_parameters(table, self.spectrum, options.free)
        return LightCurve(table, self, Ledger(self.runs, self.fates, self.failed, time_bins))

    def beside(self, joint):
        """The `BesideNorms` of rows. joint: `RowLikelihood` of these runs."""
        nuisances = partial(self.nuisances, joint) if self.systematics else None
        shapes = None
        if self.options.free:
            shapes = FreeSpectra(joint, self.spectrum, self.reduction.nodes_of(self.runs[0]))
        return BesideNorms(shapes, nuisances)

    def of_instrument(self, name):
        """The `LightCurveOrigin` of the runs of one instrument. name: str, as its runs have it."""
        numbers = [k for k, run in enumerate(self.runs) if run.run_id.instrument == name]
        return replace(
            self,
            runs=self.runs.chosen(numbers),
            # Of a run that could not be read the instrument may not be known.
            failed=tuple(one for one in self.failed if one.run_id.instrument in (name, "")),
            terms=tuple(self.terms[k] for k in numbers),
            fates=tuple(self.fates[k] for k in numbers),
        )

    @property
    def ledger(self):
        """The `Ledger` of the runs in the present time bins, which are made when they are asked for."""
        bins = BinsOnDemand(self, self.runs, self.terms)
        return Ledger(self.runs, self.fates, self.failed, bins)

    def said(self):
        """Dict of what the light curve says of itself, apart from its spectrum and its time bins."""
        return plan_meta(self, self.runs)

    def rows(self, below_zero=True):
        """(`RowLikelihood`, `TimeBins`) of the present settings.

        The likelihood is a `CubeLikelihood` in 3D, an `OnOffLikelihood` in 1D, and `MixedRows` of runs of both.

        below_zero: bool, whether fluxes may be asked for below zero.
        """
        time_bins = self.laid(self.terms)
        return rows_of_runs(self, time_bins, below_zero), time_bins

    def nuisances(self, joint, norm=None):
        """The `RowNuisances` of the fitted rows of a `RowLikelihood` of `rows`, or None; see `row_nuisances`.

        Parameters
        ----------
        joint : what `rows` gave
        norm : float array (n_fitted,), best norms; default: they are sought
        """
        return row_nuisances(joint, self, norm)


def _reason(group, names):
    """Words for why some runs, `Problem`s that are alike, cannot be used."""
    more = f" (and so {len(group) - 1} more)" if len(group) > 1 else ""
    return f"{names[group[0].run_id]}: {group[0].reason.rstrip('.')}{more}"
