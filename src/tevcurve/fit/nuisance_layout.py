"""Nuisance parameters of rows laid out so that Newton steps in all of them at once cost little.

A row of a constant source with norm F is seen at x = F exp(l) + m, with l and m linear in nuisances that have Gaussian
priors. What acts on one row alone is folded into two numbers of that row. Of the rest, those that act on many rows, the
scales of instruments among them, stand in front with F; the others fall apart into components that have no row in
common, such as nights, so that the curvature is a block-diagonal matrix with a border (Boyd & Vandenberghe 2004,
"Convex Optimization", appendix C.4). A component with more parameters than its rows can tell apart is replaced by as
many as make the same covariance.
"""

from dataclasses import dataclass

import numpy as np

from tevcurve.fit.row_nuisances import RowNuisances
from tevcurve.kernels.numbering import numbers_among

# A parameter is in front that acts on more than this share of the rows, and on more rows than this.
_BROAD, _MANY = 0.125, 64
# Of the curvature: keeps a step finite where nothing says what a free scale is.
_RIDGE = 1e-10


@dataclass(frozen=True, eq=False)
class Component:
    """Parameters of components of like size, with no row in common; padded with row n_rows and loadings 0.

    Attributes
    ----------
    rows : int array (n_components, n_rows_of_each)
    scale, shift : float arrays (n_components, n_rows_of_each, n_parameters_of_each)
    place : slice, of their parameters in a point
    """

    rows: np.ndarray
    scale: np.ndarray
    shift: np.ndarray
    place: slice

    @property
    def shape(self) -> tuple[int, int]:
        """(components, parameters of each)."""
        return self.scale.shape[0], self.scale.shape[2]


class NuisanceLayout:
    """The parameters of n light curves with the same loadings, a point being an array (n, n_parameters).

    A point has the norm, the parameters in front, those of components, and two of each row, in this order.

    Parameters
    ----------
    nuisances : `RowNuisances`
    """

    def __init__(self, nuisances: RowNuisances) -> None:
        self.n_rows = nuisances.n_rows
        rest, spread = _folded(nuisances)
        self.own = _roots(spread)
        front, others = in_front(nuisances)
        self.front_scale, self.front_shift = (
            _dense(nuisances, rest[np.isin(nuisances.nuisance[rest], front)], front, values)
            for values in (nuisances.scale, nuisances.shift)
        )
        self.precision = np.eye(len(front))
        n_scales = nuisances.n_scales
        self.precision[:n_scales, :n_scales] = nuisances.precision
        self.center = nuisances.centers[front]
        self.n_front = 1 + len(front)
        self.components = _components(
            nuisances, rest[np.isin(nuisances.nuisance[rest], others)], self.n_front
        )
        last = self.components[-1].place.stop if self.components else self.n_front
        self._own = slice(last, last + 2 * self.n_rows)
        self.n_parameters = self._own.stop

    def start(self, norm: np.ndarray) -> np.ndarray:
        """The point (n, n_parameters) without any nuisance. norm: float array (n,)."""
        point = np.zeros((len(norm), self.n_parameters))
        point[:, 0] = norm
        return point

    def penalty(self, point: np.ndarray) -> np.ndarray:
        """What the priors add to the statistic, (n,). point: float array (n, n_parameters)."""
        front = point[:, 1 : self.n_front] - self.center
        return np.sum(point[:, self.n_front :] ** 2, axis=1) + np.sum(front @ self.precision * front, axis=1)

    def seen(self, point: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(what rows see, its derivative in l, its derivative in the norm), float arrays (n, n_rows).

        point: float array (n, n_parameters).
        """
        front, own = point[:, 1 : self.n_front], self._of_rows(point)
        log, shift = front @ self.front_scale.T, front @ self.front_shift.T
        log, shift = (np.pad(each, ((0, 0), (0, 1))) for each in (log, shift))
        for each in self.components:
            values = point[:, each.place].reshape(len(point), *each.shape)
            log[:, each.rows] += np.einsum("cqm,tcm->tcq", each.scale, values)
            shift[:, each.rows] += np.einsum("cqm,tcm->tcq", each.shift, values)
        slope = np.exp(log[:, :-1] + self.own[:, 0] * own[..., 0])
        flux = point[:, :1] * slope
        shift = shift[:, :-1] + self.own[:, 1] * own[..., 0] + self.own[:, 2] * own[..., 1]
        return flux + shift, flux, slope

    def step(
        self, point: np.ndarray, flux: np.ndarray, slope: np.ndarray, pull: np.ndarray, bend: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """(the Gauss-Newton step (n, n_parameters), the fall of the statistic (n,) that it promises).

        Parameters
        ----------
        point : float array (n, n_parameters)
        flux, slope : float arrays (n, n_rows), derivatives of what rows see in l and in the norm
        pull, bend : float arrays (n, n_rows), first and second derivatives of half the rows' statistics
        """
        step, own = np.empty_like(point), self._of_rows(point)
        # Parameters of a row alone are eliminated first.
        lever = np.stack(
            [flux * self.own[:, 0] + self.own[:, 1], np.broadcast_to(self.own[:, 2], flux.shape)], -1
        )
        give = 1 + bend * np.sum(lever**2, axis=-1)
        rest, stiff = (pull - bend * np.sum(lever * own, axis=-1)) / give, bend / give
        front = np.concatenate(
            [slope[..., None], flux[..., None] * self.front_scale + self.front_shift], axis=-1
        )
        prior = np.zeros((self.n_front, self.n_front))
        prior[1:, 1:] = self.precision
        at = point[:, : self.n_front] - np.append(0.0, self.center)
        hessian = prior + np.swapaxes(front * stiff[..., None], 1, 2) @ front
        gradient = at @ prior + np.einsum("trk,tr->tk", front, rest)
        solved = [self._eliminated(each, point, flux, front, rest, stiff) for each in self.components]
        for _, _, cross, response, answer in solved:
            hessian -= np.einsum("tcmk,tcml->tkl", cross, response)
            gradient -= np.einsum("tcmk,tcm->tk", cross, answer)
        step[:, : self.n_front] = moved = -_solve(hessian, gradient)
        shifted = np.pad(np.einsum("trk,tk->tr", front, moved), ((0, 0), (0, 1)))
        for each, lift, _, response, answer in solved:
            change = -(answer + np.einsum("tcmk,tk->tcm", response, moved))
            step[:, each.place] = change.reshape(len(point), -1)
            shifted[:, each.rows] += np.einsum("tcqm,tcm->tcq", lift, change)
        force = rest + stiff * shifted[:, :-1]
        step[:, self._own] = (-own - lever * force[..., None]).reshape(len(point), -1)
        moved_rows = shifted[:, :-1] + np.sum(lever * self._of_rows(step), axis=-1)
        fall = np.sum(pull * moved_rows, axis=1) + np.sum(
            point[:, self.n_front :] * step[:, self.n_front :], axis=1
        )
        fall += np.sum((at @ prior) * step[:, : self.n_front], axis=1)
        return step, -fall

    def _eliminated(self, each, point, flux, front, rest, stiff):
        """(component, its derivatives, those across to the front, what follows the front, its own step)."""
        flux, rest, stiff = (np.pad(one, ((0, 0), (0, 1)))[:, each.rows] for one in (flux, rest, stiff))
        border = np.pad(front, ((0, 0), (0, 1), (0, 0)))[:, each.rows]
        lift = flux[..., None] * each.scale + each.shift
        weighted = np.swapaxes(lift * stiff[..., None], 2, 3)
        matrix, cross = np.eye(each.shape[1]) + weighted @ lift, weighted @ border
        pull = point[:, each.place].reshape(len(point), *each.shape) + np.einsum("tcqm,tcq->tcm", lift, rest)
        known = np.concatenate([cross, pull[..., None]], axis=-1)
        solved = known / matrix if each.shape[1] == 1 else np.linalg.solve(matrix, known)
        return each, lift, cross, solved[..., :-1], solved[..., -1]

    def _of_rows(self, point: np.ndarray) -> np.ndarray:
        """The two parameters of each row, (n, n_rows, 2)."""
        return point[:, self._own].reshape(len(point), self.n_rows, 2)


def _solve(hessian: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Solutions (n, k) of systems (n, k, k), scaled, with a ridge."""
    size = np.sqrt(np.maximum(np.einsum("tkk->tk", hessian), 1e-30))
    scaled = hessian / size[:, :, None] / size[:, None, :] + _RIDGE * np.eye(hessian.shape[1])
    return np.linalg.solve(scaled, (gradient / size)[..., None])[..., 0] / size


def _folded(nuisances: RowNuisances) -> tuple[np.ndarray, np.ndarray]:
    """(loadings (int array) of parameters that rows share, (n_rows, 3) of what each row has of its own)."""
    n_rows_of = np.bincount(nuisances.nuisance, minlength=nuisances.n_nuisances)
    alone = (n_rows_of[nuisances.nuisance] == 1) & (nuisances.nuisance >= nuisances.n_scales)
    row, scale, shift = (getattr(nuisances, name)[alone] for name in ("row", "scale", "shift"))
    more = [
        np.bincount(row, each, nuisances.n_rows) for each in (scale * scale, scale * shift, shift * shift)
    ]
    return np.flatnonzero(~alone), nuisances.own + np.stack(more, axis=1)


def _roots(spread: np.ndarray) -> np.ndarray:
    """(n_rows, 3): l and m of a row are (first * u, second * u + third * v) of standard normal u and v."""
    variance, covariance, other = spread.T
    first = np.sqrt(variance)
    second = np.divide(covariance, first, out=np.zeros_like(first), where=first > 0)
    return np.stack([first, second, np.sqrt(np.maximum(other - second**2, 0.0))], axis=1)


def in_front(nuisances: RowNuisances) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the parameters that act on many rows, the scales first, and of the others; int arrays.

    nuisances: `RowNuisances`. Parameters that act on none are in neither.
    """
    n_rows_of = np.bincount(nuisances.nuisance, minlength=nuisances.n_nuisances)
    broad = n_rows_of > max(_BROAD * nuisances.n_rows, _MANY)
    broad[: nuisances.n_scales] = True
    return np.flatnonzero(broad), np.flatnonzero(~broad & (n_rows_of > 0))


def _dense(nuisances, loadings, columns, values):
    """Loadings (n_rows, n_columns) of some parameters."""
    dense = np.zeros((nuisances.n_rows, len(columns)))
    place = numbers_among(columns, nuisances.n_nuisances)[nuisances.nuisance[loadings]]
    np.add.at(dense, (nuisances.row[loadings], place), values[loadings])
    return dense


def _components(nuisances: RowNuisances, loadings: np.ndarray, first: int) -> list[Component]:
    """The `Component` of each size, of some loadings; their parameters begin at `first`."""
    row, nuisance = nuisances.row[loadings], nuisances.nuisance[loadings]
    label = connected(row, nuisance, nuisances.n_rows, nuisances.n_nuisances)[row]
    found: dict = {}
    for number in np.unique(label):
        mine = loadings[label == number]
        rows, columns = np.unique(nuisances.row[mine]), np.unique(nuisances.nuisance[mine])
        scale, shift = (
            _dense(nuisances, mine, columns, each)[rows] for each in (nuisances.scale, nuisances.shift)
        )
        scale, shift = _condensed(scale, shift)
        size = tuple(int(np.ceil(np.log2(each))) for each in scale.shape)
        found.setdefault(size, []).append((rows, scale, shift))
    made = []
    for parts in found.values():
        made.append(_padded(parts, nuisances.n_rows, first))
        first = made[-1].place.stop
    return made


def connected(row: np.ndarray, nuisance: np.ndarray, n_rows: int, n_nuisances: int) -> np.ndarray:
    """The least row that each row is connected with, int array (n_rows,).

    Parameters
    ----------
    row, nuisance : int arrays (n_loadings,), which parameter acts on which row
    n_rows, n_nuisances : int
    """
    label = np.arange(n_rows)
    while True:
        least = np.full(n_nuisances, n_rows)
        np.minimum.at(least, nuisance, label[row])
        lower = label.copy()
        np.minimum.at(lower, row, least[nuisance])
        lower = lower[lower]
        if np.array_equal(lower, label):
            return label
        label = lower


def _condensed(scale: np.ndarray, shift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same covariance of l and m of rows, (n_rows, n_parameters) each, with as few parameters as make it."""
    n = len(scale)
    if scale.shape[1] <= n:
        return scale, shift
    left, size, _ = np.linalg.svd(np.concatenate([scale, shift]), full_matrices=False)
    both = (left * size)[:, size > 1e-14 * size[0]]
    return both[:n], both[n:]


def _padded(parts: list, n_rows: int, first: int) -> Component:
    """One `Component` of parts (rows, scale, shift) of like size."""
    q, m = (max(scale.shape[axis] for _, scale, _ in parts) for axis in (0, 1))
    rows = np.full((len(parts), q), n_rows)
    scale, shift = np.zeros((2, len(parts), q, m))
    for number, (own, one, other) in enumerate(parts):
        rows[number, : len(own)] = own
        scale[number, : len(own), : one.shape[1]] = one
        shift[number, : len(own), : one.shape[1]] = other
    return Component(rows, scale, shift, slice(first, first + len(parts) * m))
