"""From systematic errors and scales of instruments to what they do to rows: their loadings."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass, field
from typing import Any

import numpy as np

from tevcurve.datasets.cube_terms import CubeTerms
from tevcurve.errors import InputError
from tevcurve.fit.laws import NO_GROUP, RunGroups, groups_of
from tevcurve.fit.norms import estimate_norms
from tevcurve.fit.piece_shares import PieceShares, piece_shares, width_curvature
from tevcurve.fit.row_nuisances import RowNuisances
from tevcurve.kernels.numbering import members_of, sums_by_owner
from tevcurve.lightcurve.background_norms import norm_of_runs
from tevcurve.lightcurve.plan import Plan
from tevcurve.models import SpectralModel
from tevcurve.systematics import BACKGROUND, ENERGY, FLUX, OVERLAP, ROW, Systematic, Systematics


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
    of_name: dict[str, list[tuple[int, Systematic]]] = {}
    for number, effect in enumerate(systematics.effects):
        # What is not known of the background row by row is in the fit of each.
        if effect.effect != BACKGROUND or effect.by != ROW:
            of_name.setdefault(effect.name, []).append((number, effect))
    for effects in of_name.values():
        _put_effects(made, effects, joint, plan, norm)
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
            center=_center(systematics),
        )


@dataclass(frozen=True, eq=False)
class _RunsOfRows:
    """Which runs the fitted rows have, and for how long: (n,) of each row and run."""

    row: np.ndarray
    run: np.ndarray
    livetime: np.ndarray

    @classmethod
    def of(cls, joint: Any) -> "_RunsOfRows":
        rows = [cut.rows(joint.n_bands).ravel() for cut in joint.cut.cuts]
        seconds = [
            np.repeat(cut.seconds * run.deadc, joint.n_bands)
            for run, cut in zip(joint.runs, joint.cut.cuts, strict=True)
        ]
        run = np.repeat(np.arange(len(rows)), [len(each) for each in rows])
        kept, row = members_of(joint.fitted, joint.n_bins, np.concatenate(rows))
        order = np.argsort(row, kind="stable")
        return cls(row[order], run[kept][order], np.concatenate(seconds)[kept][order])


def _shares(joint: Any, norm: np.ndarray) -> PieceShares:
    """The `PieceShares` of rows at their best norms; a row that does not come apart is one piece, of its first run."""
    if joint.comes_apart:
        return piece_shares(joint.pieces(), joint.profile.best(norm))
    (_, slope, bend), _ = joint.profile.evaluate(norm)
    of_rows = _RunsOfRows.of(joint)
    row, first = np.unique(of_rows.row, return_index=True)
    return PieceShares(row, of_rows.run[first], np.ones(len(row)), width_curvature(0.5 * slope, 0.5 * bend))


def _check_together(joint: Any, of_run: np.ndarray, effect: Systematic) -> None:
    """Raises `InputError` for rows in which runs are added up and are of several groups (int array (n_runs,))."""
    if joint.comes_apart:
        return
    of_rows = _RunsOfRows.of(joint)
    group = of_run[of_rows.run]
    first = group[np.searchsorted(of_rows.row, of_rows.row)]
    if np.any(group != first):
        raise InputError(
            f"The systematic {effect.text()} is another one in several runs of a row, which are not told apart in it "
            "(they are added up, or have a background or a shape in common); wanted are rows of one group, or runs "
            "that are fitted jointly."
        )


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


def _center(systematics: Systematics) -> np.ndarray | None:
    """Where the priors of scales are from where these were settled (n_scales,); None where what is known is there."""
    scales, calibration = systematics.scales, systematics.calibration
    if scales is None or calibration is None or calibration.from_ == OVERLAP:
        return None
    return -scales.log_scale


def _put_effects(
    made: _Loadings, effects: list[tuple[int, Systematic]], joint: Any, plan: Plan, norm: np.ndarray
) -> None:
    """The effects of one name, which are of one parameter in each group of runs."""
    place: dict[str, int] = {}
    acting, shares = [], made.shares
    own = np.zeros(len(shares.row))
    for _, effect in effects:
        groups = _groups(effect, joint, plan.systematics)
        _check_together(joint, groups.of_run, effect)
        scale, shift = _loadings(effect, joint, plan, shares, norm)
        if effect.by == ROW:
            own += np.where(groups.of_run[shares.run] >= 0, scale, 0.0)
            continue
        numbers = np.array([place.setdefault(each, len(place)) for each in groups.names], dtype=int)
        acting.append((groups.of_run, numbers, scale, shift))
    if own.any():
        variance = sums_by_owner((shares.share * own) ** 2, shares.row, len(norm))
        made.own.append(np.column_stack([variance, 0 * variance, 0 * variance]))
    number, effect = effects[0]
    first = made.named((f"{effect.name} {each}" for each in place), number)
    for of_run, numbers, scale, shift in acting:
        acts = of_run >= 0
        nuisance = np.full(len(of_run), NO_GROUP)
        nuisance[acts] = first + numbers[of_run[acts]]
        made.put(nuisance, scale, shift)


def _groups(effect: Systematic, joint: Any, systematics: Systematics) -> RunGroups:
    """The `RunGroups` of an effect; norms of backgrounds and ratios of acceptances of a group are not one parameter."""
    groups = groups_of(effect, joint.runs, systematics)
    if effect.effect != BACKGROUND:
        return groups
    in_cubes = _norms_of_cubes(joint, systematics) >= 0
    acts = groups.of_run >= 0
    kinds, of_kind = np.unique(2 * groups.of_run[acts] + in_cubes[acts], return_inverse=True)
    is_mixed = np.bincount(kinds // 2, minlength=len(groups.names)) > 1
    names = [groups.names[k // 2] + (" in 3D" if k % 2 and is_mixed[k // 2] else "") for k in kinds]
    of_run = groups.of_run.copy()
    of_run[acts] = of_kind.ravel()
    return RunGroups(tuple(names), of_run)


def _norms_of_cubes(joint: Any, systematics: Systematics) -> np.ndarray:
    """Which of the settled norms each run has, int array (n_runs,), -1 for none, as ON and OFF counts have."""
    is_cube = np.array([isinstance(run, CubeTerms) for run in joint.runs], dtype=bool)
    return np.where(is_cube, norm_of_runs(systematics, joint.runs), NO_GROUP)


def _loadings(
    effect: Systematic, joint: Any, plan: Plan, shares: PieceShares, norm: np.ndarray
) -> tuple[Any, Any]:
    """What one unit of a parameter adds to ln(norm) of each piece, and by each piece to the norm of its row."""
    if effect.effect == FLUX:
        return effect.sigma, 0.0
    if effect.effect == ENERGY:
        return effect.sigma * energy_slopes(joint, plan.spectrum, plan.axes.true, shares), 0.0
    norms, of_run = plan.systematics.norms, _norms_of_cubes(joint, plan.systematics)
    error = np.full(len(joint.runs), effect.sigma)
    if norms is not None:
        error[of_run >= 0] = (norms.error / norms.norm)[of_run[of_run >= 0]]
    bend = shares.curvature[shares.row]
    slope = np.divide(joint.background_slopes(norm), bend, out=np.zeros(len(bend)), where=bend > 0)
    return 0.0, error[shares.run] * slope


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
    fluxes = spectrum.photon_flux(true_edges), at_edges[:-1] - at_edges[1:]
    rates = np.array([[joint.signal_rates(band, flux) for flux in fluxes] for band in range(joint.n_bands)])
    row, run, seconds = shares.row, shares.run, np.ones(len(shares.row))
    if not joint.comes_apart:
        row, run, seconds = astuple(_RunsOfRows.of(joint))
    seen, there = rates[joint.fitted[row] % joint.n_bands, :, run].T * seconds
    if not joint.comes_apart:
        seen, there = (np.bincount(row, each, len(shares.row)) for each in (seen, there))
    return np.divide(there, seen, out=np.zeros(len(seen)), where=seen > 0)
