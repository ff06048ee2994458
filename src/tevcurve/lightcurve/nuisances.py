"""From systematic errors and scales of instruments to what they do to rows: their loadings."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tevcurve.errors import InputError
from tevcurve.fit.laws import NO_GROUP, groups_of
from tevcurve.fit.norms import estimate_norms
from tevcurve.fit.piece_shares import PieceShares, piece_shares
from tevcurve.fit.row_nuisances import RowNuisances
from tevcurve.kernels.numbering import sums_by_owner
from tevcurve.lightcurve.plan import Plan
from tevcurve.models import SpectralModel
from tevcurve.systematics import BACKGROUND, ENERGY, OVERLAP, ROW, Systematic, Systematics


def row_nuisances(joint: Any, plan: Plan, norm: np.ndarray | None = None) -> RowNuisances | None:
    """The `RowNuisances` of the fitted rows, which are its rows; None where nothing is said of systematics.

    Loadings are to first order, at the best norms: a row follows each of its pieces by the share of the curvature that
    the piece has.

    Parameters
    ----------
    joint : `~tevcurve.fit.row_likelihood.RowLikelihood`
    plan : of the rows
    norm : float array (n_fitted,), their best norms; default: they are sought

    Raises `InputError` for rows in which runs are added up that have not all nuisance parameters in common.
    """
    systematics = plan.systematics
    if not systematics:
        return None
    if norm is None:
        norm = estimate_norms(joint.profile, negative=plan.options.negative).norm
    shares = _shares(joint, norm)
    made = _Loadings(shares)
    _put_scales(made, joint, systematics)
    numbered: dict[str, list[tuple[int, Systematic]]] = {}
    for number, effect in enumerate(systematics.effects):
        numbered.setdefault(effect.name, []).append((number, effect))
    for name, effects in numbered.items():
        _put_effects(made, name, effects, joint, plan)
    return made.nuisances(len(norm), systematics)


@dataclass(eq=False)
class _Loadings:
    """Loadings of pieces, one after the other, and of which parameter they are.

    names, numbers: of each parameter, its name and that of its `Systematic`. piece, nuisance, scale, shift: lists of
    arrays of the same lengths. own: float array (n_rows, 3), as in `RowNuisances`.
    """

    shares: PieceShares
    names: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    parts: list[tuple[np.ndarray, ...]] = field(default_factory=list)
    own: list[np.ndarray] = field(default_factory=list)

    def named(self, names: Iterable[str], number: int) -> int:
        """The number of the first of new parameters.

        Parameters
        ----------
        names : of the parameters
        number : int, of their `Systematic`
        """
        first = len(self.names)
        self.names += names
        self.numbers += [number] * (len(self.names) - first)
        return first

    def put(self, of_run: np.ndarray, scale: Any, shift: Any = 0.0) -> None:
        """None; parameters act on the pieces of runs.

        Parameters
        ----------
        of_run : int array (n_runs,), which of all parameters acts on each run, -1 for none
        scale, shift : float arrays (n_pieces,), or floats, what they do to a piece
        """
        nuisance = of_run[self.shares.run]
        piece = np.flatnonzero(nuisance >= 0)
        values = (np.broadcast_to(each, nuisance.shape)[piece] for each in (scale, shift))
        self.parts.append((piece, nuisance[piece], *values))

    def nuisances(self, n_rows: int, systematics: Systematics) -> RowNuisances:
        """The `RowNuisances` of all that was put."""
        none = np.zeros(0)
        columns = zip(*self.parts, strict=True) if self.parts else ([none], [none], [none], [none])
        piece, nuisance, scale, shift = (np.concatenate(each) for each in columns)
        piece = piece.astype(int)
        share, width = self.shares.share[piece], max(len(self.names), 1)
        key = self.shares.row[piece] * width + nuisance.astype(int)
        kept, place = np.unique(key, return_inverse=True)
        covariance, precision = _of_scales(systematics)
        return RowNuisances(
            names=tuple(self.names),
            systematic=np.array(self.numbers, dtype=int),
            n_rows=n_rows,
            row=kept // width,
            nuisance=kept % width,
            scale=sums_by_owner(share * scale, place.ravel(), len(kept)),
            shift=sums_by_owner(shift, place.ravel(), len(kept)),
            own=sum(self.own, np.zeros((n_rows, 3))),
            covariance=covariance,
            precision=precision,
        )


def _shares(joint: Any, norm: np.ndarray) -> PieceShares:
    """The `PieceShares` of rows at their best norms."""
    return piece_shares(joint.pieces(), joint.profile.best(norm))


def _put_scales(made: _Loadings, joint: Any, systematics: Systematics) -> None:
    """The scales of instruments, which are the first parameters."""
    scales = systematics.scales
    if scales is None:
        return
    place = {name: number for number, name in enumerate(scales.names)}
    made.named((f"scale {name}" for name in scales.names), -1)
    of_run = [place.get(run.run_id.instrument, NO_GROUP) for run in joint.runs]
    made.put(np.array(of_run), 1.0)


def _of_scales(systematics: Systematics) -> tuple[np.ndarray, np.ndarray]:
    """(covariance, precision) of the scales of instruments, see `RowNuisances`.

    Scales that were taken from the hypothesis of a constant source say nothing of it; then only priors are known.
    """
    scales, calibration = systematics.scales, systematics.calibration
    if scales is None or calibration is None:
        return np.zeros((0, 0)), np.zeros((0, 0))
    if calibration.from_ == OVERLAP:
        return scales.covariance, np.linalg.inv(scales.covariance)
    sigma = dict(zip(calibration.names, calibration.prior_sigma(), strict=True))
    return scales.covariance, np.diag([sigma[name] ** -2.0 for name in scales.names])


def _put_effects(
    made: _Loadings, name: str, effects: list[tuple[int, Systematic]], joint: Any, plan: Plan
) -> None:
    """The effects of one name, which are of one parameter."""
    place: dict[str, int] = {}
    acting, shares = [], made.shares
    own = np.zeros(len(shares.row))
    for _, effect in effects:
        if effect.effect == BACKGROUND:
            raise InputError("The systematic background by run and coarser is not there yet.")
        groups = groups_of(effect, joint.runs, plan.systematics.night_lon_rad)
        loading = effect.sigma
        if effect.effect == ENERGY:
            loading = effect.sigma * energy_slopes(joint, plan.spectrum, plan.axes.true, shares)
        if effect.by == ROW:
            own += np.where(groups.of_run[shares.run] >= 0, loading, 0.0)
            continue
        numbers = np.array([place.setdefault(each, len(place)) for each in groups.names], dtype=int)
        acting.append((np.where(groups.of_run >= 0, numbers[groups.of_run], NO_GROUP), loading))
    if own.any():
        variance = sums_by_owner((shares.share * own) ** 2, shares.row, len(shares.curvature))
        made.own.append(np.column_stack([variance, 0 * variance, 0 * variance]))
    first = made.named((f"{name} {each}" for each in place), effects[0][0])
    for of_run, loading in acting:
        made.put(np.where(of_run >= 0, of_run + first, NO_GROUP), loading)


def energy_slopes(
    joint: Any, spectrum: SpectralModel, true_edges: np.ndarray, shares: PieceShares
) -> np.ndarray:
    """Derivative of ln(signal) of each piece in ln(1 + z), energies being seen 1 + z times as high, (n_pieces,).

    The index less 1 for a power law. With the flux of a bin as the integral from low/(1 + z) to high/(1 + z), that of
    it is the difference of E dN/dE at both ends.

    Parameters
    ----------
    joint : `~tevcurve.fit.row_likelihood.RowLikelihood`
    spectrum : `SpectralModel`, the reference
    true_edges : float array (n_true + 1,), TeV
    shares : `PieceShares` of the pieces
    """
    at_edges = true_edges * spectrum.dnde(true_edges)
    moved = at_edges[:-1] - at_edges[1:]
    flux = spectrum.photon_flux(true_edges)
    band = joint.fitted[shares.row] % joint.n_bands
    slopes = np.zeros(len(band))
    for number in np.unique(band):
        seen, there = (joint.signal_rates(number, each) for each in (flux, moved))
        slope = np.divide(there, seen, out=np.zeros(len(seen)), where=seen > 0)
        own = band == number
        slopes[own] = slope[shares.run[own]]
    return slopes
