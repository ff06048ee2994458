"""Newton's method for a few non-negative amplitudes in each of many convex functions at once."""

import numpy as np

# In units of the amplitudes' own errors; what is left is added to second order by whoever uses the derivatives.
DECREMENT_STOP = 1e-4
# Where the last step is made, too, what is left of that is a tenth of it at most, and the statistic is exact to 1e-8.
BEFORE_LAST_STEP = 1e-3
DAMPING = 1e-10
# What is added to unit diagonals, so that amplitudes that can take each other's place leave something to solve.
SINGULAR = 1e-13
# Up to so many amplitudes equations are solved step by step in all bins at once.
FEW = 4


class NewtonDescent:
    """Points that go down to the minima of convex functions of n amplitudes >= 0.

    Steps are Newton's, with those amplitudes at zero that would go below, and at first not larger than the scale.
    A step that ends where the function rises along it more than half as steeply as it fell at the start has
    overshot: it is cut, and so is the largest next step. Otherwise it went down far enough (Nocedal & Wright 2006,
    "Numerical Optimization", sections 3.1 and 16.5; the slope alone decides, as a value would cost a logarithm per
    event).

    Parameters
    ----------
    point : float array (n_bins, n), where to begin
    scale : float array (n_bins, n), above 0: the amplitudes' natural size
    stop : float, the distance to the minimum, in units of the amplitudes' own errors, at which it ends

    Attributes
    ----------
    point : float array (n_bins, n), where to evaluate next, at last the minimum
    going : bool array (n_bins,), whether it is not the minimum yet
    held : bool array (n_bins, n), amplitudes that are at their bounds, or as good as
    last : float array (n_bins, n), the step from there that is too small to be worth another evaluation
    """

    def __init__(self, point: np.ndarray, scale: np.ndarray, stop: float = DECREMENT_STOP) -> None:
        self.point, self._scale, self._base, self._stop = point, scale, point, stop
        self._step, self._slope = np.zeros_like(point), np.zeros(len(point))
        self._size, self._largest = np.zeros(len(point)), np.ones(len(point))
        self.going, self.held = np.ones(len(point), dtype=bool), np.zeros(point.shape, dtype=bool)
        self.last = np.zeros_like(point)

    def end(self) -> np.ndarray:
        """The minima (n_bins, n): the points after the last step. See `gain`."""
        return np.where(self.held, 0.0, np.maximum(self.point + self.last, 0.0))

    def gain(self, gradient: np.ndarray, hessian: np.ndarray) -> np.ndarray:
        """What the last step changes of the functions, (n_bins,), to second order.

        Parameters
        ----------
        gradient : float array (n_bins, n), at the points
        hessian : float array (n_bins, n, n)
        """
        return dot(gradient + 0.5 * times(hessian, self.last), self.last)

    def advance(self, gradient: np.ndarray, hessian: np.ndarray) -> None:
        """Move `point`, given the gradients (n_bins, n) and Hessians (n_bins, n, n) there.

        Bins whose minimum is found are no longer `going` and stay.

        Parameters
        ----------
        gradient : float array (n_bins, n)
        hessian : float array (n_bins, n, n)
        """
        along = dot(gradient, self._step)
        accepted = self.going & (along <= 0.5 * np.abs(self._slope))
        cut = np.clip(np.nan_to_num(self._slope / (self._slope - along), nan=0.1), 0.1, 0.6)
        direction, held = _bounded_newton(gradient, hessian, self.point, self._scale)
        self.held = np.where(self.going[:, None], held, self.held)
        self.last = np.where(self.going[:, None], direction, self.last)
        slope = dot(gradient, direction)
        size = (np.abs(direction) / (self.point + self._scale)).max(axis=1)
        length = np.minimum(1.0, self._largest / np.maximum(size, 1e-300))
        self._largest = np.where(accepted, 4 * self._largest, cut * self._size)
        self._size = np.where(accepted, length * size, cut * self._size)
        self._slope = np.where(accepted, length * slope, cut * self._slope)
        self._step = np.where(accepted[:, None], length[:, None] * direction, cut[:, None] * self._step)
        self._base = np.where(accepted[:, None], self.point, self._base)
        self.going = self.going & ~(accepted & ~(slope < -(self._stop**2))) & (self._size > 1e-14)
        moved = self._base + self._step
        # The amplitude that reaches its bound must reach it exactly.
        moved = np.where((self._step < 0) & (moved <= 1e-12 * self._base), 0.0, moved)
        self.point = np.where(self.going[:, None], moved, self.point)


def _bounded_newton(
    gradient: np.ndarray, hessian: np.ndarray, point: np.ndarray, scale: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(Newton's direction (n_bins, n), as far as zero, and the amplitudes (bool) that it would lead below zero)."""
    n, step = point.shape[1], np.zeros_like(point)
    held = (point <= 0) & (gradient >= 0)
    # A function may be straight between its bends: there only the sign of the slope says something.
    straight = hessian[:, range(n), range(n)] <= 0
    # Amplitudes that can take each other's place: a little more curvature keeps the direction downhill.
    hessian = hessian * (1 + DAMPING * np.eye(n))
    for _ in range(n + 1):
        pushed = times(hessian, step)
        newton = np.where(
            straight, -np.sign(gradient) * (point + scale), -solve(hessian, gradient + pushed, held)
        )
        direction = np.where(held, step, newton)
        # One by one: the others may stay above zero once the first to get there is held.
        excess = np.where(held, 0.0, -direction / np.maximum(point, 1e-300))
        beyond = (excess > 1) & (np.arange(n) == excess.argmax(axis=1)[:, None])
        if not beyond.any():
            break
        held, step = held | beyond, np.where(beyond, -point, step)
    return direction, held


def dot(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Sum over the last axis of left*right, added in the order of the columns whatever the number of rows.

    Parameters
    ----------
    left, right : float arrays (..., n), which broadcast
    """
    if left.shape[-1] > FEW:
        # The order of a sum is that of memory.
        return np.einsum("...k,...k->...", np.ascontiguousarray(left), np.ascontiguousarray(right))
    total = np.zeros(len(left))
    for j in range(left.shape[1]):
        total = total + left[:, j] * right[:, j]
    return total


def times(matrix: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """matrix @ vector (n_bins, n) for matrices (n_bins, n, n), each row by itself.

    Parameters
    ----------
    matrix : float array (n_bins, n, n)
    vector : float array (n_bins, n)
    """
    n = vector.shape[1]
    if n > FEW:
        return np.einsum("bjk,bk->bj", np.ascontiguousarray(matrix), np.ascontiguousarray(vector))
    return np.stack([dot(matrix[:, j], vector) for j in range(n)], axis=1)


def solve(matrix: np.ndarray, vector: np.ndarray, held: np.ndarray) -> np.ndarray:
    """matrix^-1 vector for positive matrices (n_bins, n, n) and vectors (n_bins, n), by elimination.

    Entries that are `held` (bool (n_bins, n)), and those on which nothing depends, come out as 0.

    Parameters
    ----------
    matrix : float array (n_bins, n, n)
    vector : float array (n_bins, n)
    held : bool array (n_bins, n)
    """
    n = vector.shape[1]
    if n > FEW:
        return _solve_many(matrix, vector, held)
    matrix, vector = matrix.copy(), np.where(held, 0.0, vector)
    diagonal = matrix[:, range(n), range(n)].copy()
    usable = np.zeros_like(held)
    for j in range(n):
        usable[:, j] = ~held[:, j] & (matrix[:, j, j] > 1e-13 * diagonal[:, j])
        pivot = np.where(usable[:, j], matrix[:, j, j], np.inf)
        for k in range(j + 1, n):
            factor = matrix[:, k, j] / pivot
            matrix[:, k, j:] -= factor[:, None] * matrix[:, j, j:]
            vector[:, k] -= factor * vector[:, j]
    solution = np.zeros_like(vector)
    for j in reversed(range(n)):
        known = dot(matrix[:, j, j + 1 :], solution[:, j + 1 :])
        solution[:, j] = np.where(
            usable[:, j], (vector[:, j] - known) / np.where(usable[:, j], matrix[:, j, j], 1.0), 0.0
        )
    return solution


def _solve_many(matrix: np.ndarray, vector: np.ndarray, held: np.ndarray) -> np.ndarray:
    """As `solve`, by the library, which takes each matrix by itself; unit diagonals, and a hair more."""
    size = np.sqrt(np.maximum(matrix[:, range(matrix.shape[1]), range(matrix.shape[1])], 0.0))
    usable = ~held & (size > 0) & np.isfinite(size)
    scale = np.where(usable, 1 / np.where(usable, size, 1.0), 0.0)
    scaled = matrix * scale[:, :, None] * scale[:, None, :]
    scaled = np.where(usable[:, :, None] & usable[:, None, :], scaled, 0.0)
    scaled += np.eye(scale.shape[1]) * np.where(usable, SINGULAR, 1.0)[:, None, :]
    right = np.where(usable, scale * vector, 0.0)
    return scale * np.linalg.solve(scaled, right[:, :, None])[:, :, 0]
