"""Where a light curve may flare: scores of a grid of pulses."""

from functools import cached_property

import numpy as np

from tevcurve.kernels.exponentials import pulse_shapes
from tevcurve.lightcurve.variability.chances import Test, normal_chance

N_PEAKS, N_SCALES, N_DRAWS, BATCH = 64, 7, 2000, 500
# Where the tail of the drawn scores is taken over by the formula.
TAIL = 0.01


class FlareSearch:
    """A grid of pulses (see `tevcurve.kernels.exponentials.pulse_means`) laid over the rows of a light curve.

    A pulse's score is the slope of the likelihood in its amplitude at the constant flux that fits best, over its
    standard deviation: what the data say for it, without a fit. It costs one product of matrices for all pulses.

    rows: `Rows`.
    """

    def __init__(self, rows):
        self.rows = rows
        widths = rows.stop_s - rows.start_s
        span = rows.stop_s[-1] - rows.start_s[0]
        self.shortest = float(np.median(widths))
        edges = np.linspace(0, rows.n - 1, min(rows.n, N_PEAKS)).round().astype(int)
        scales = np.geomspace(0.5 * self.shortest, max(0.5 * span, self.shortest), N_SCALES)
        pieces = rows.pieces
        arguments = pieces.row, pieces.start_s, pieces.stop_s, pieces.weight
        peaks = rows.middle_s[edges]
        self.grid = np.stack(np.meshgrid(peaks, scales, scales, indexing="ij"), axis=-1).reshape(-1, 3)
        self.shapes = pulse_shapes(*self.grid.T, *arguments, n_rows=rows.n)

    @property
    def n_pulses(self):
        """Number of pulses in the grid."""
        return len(self.grid)

    @cached_property
    def information(self):
        """Information (n_rows,) on a row's norm at the constant flux; shared out as the expected signal is."""
        profile, n = self.rows.fits.profile, self.rows.n
        (_, _, curvature), _ = profile.evaluate(np.full(n, self.rows.fits.constant_minimum.norm[0]))
        expected = np.bincount(self.rows.pieces.row, self.rows.pieces.weight, n)
        if np.all(np.isfinite(curvature)) and curvature.min() > 0 and not self.rows.few.any():
            return 0.5 * curvature
        return 0.5 * np.sum(curvature[np.isfinite(curvature)]) * expected / expected.sum()

    @cached_property
    def _weights(self):
        """(n_pulses, n_rows): a score is the sum over the rows of weight times slope of the log likelihood."""
        info = self.information
        centred = self.shapes - (self.shapes @ info / info.sum())[:, None]
        norm = np.sqrt(centred**2 @ info)
        return centred / np.where(norm > 1e-12 * norm.max(), norm, np.inf)[:, None]

    def scores(self, fits):
        """Scores (n, n_pulses) of light curves, in standard deviations. fits: `RowFits` of n light curves."""
        constant = np.repeat(fits.constant_minimum.norm, fits.n_rows)
        (_, slope, _), _ = fits.profile.evaluate(constant)
        slope = slope.reshape(fits.n, fits.n_rows)
        return -0.5 * np.where(np.isfinite(slope), slope, 0.0) @ self._weights.T

    def test(self):
        """The `Test`: the highest score."""
        return Test(lambda fits: self.scores(fits).max(axis=1), self._chance)

    def _chance(self, value):
        """Chance of the highest score of Gaussian data: from draws, beyond them as the tail of a smooth field falls.

        In a search over three parameters that is as z^2*exp(-z^2/2) (Vitells & Gross 2011, Astropart. Phys. 35, 230).
        """
        rng, root = np.random.default_rng(0), np.sqrt(self.information)
        highest = np.concatenate(
            [
                (rng.standard_normal((BATCH, self.rows.n)) * root @ self._weights.T).max(axis=1)
                for _ in range(N_DRAWS // BATCH)
            ]
        )
        level = np.quantile(highest, 1 - TAIL)
        if value <= level:
            return float(np.mean(highest >= value))
        tail = TAIL * (value / level) ** 2 * np.exp(0.5 * (level**2 - value**2))
        return float(max(tail, normal_chance(value)))

    def best(self, number):
        """Starting points for a fit, list of (t0, log rise, log decay, amplitude, constant): good and far apart.

        Amplitude and constant of a pulse are those of least squares.

        number: int, how many are wanted; fewer where no more are far apart.
        """
        norm, weight = self.rows.fits.norm[0], 1 / np.maximum(self.rows.fits.err[0], 1e-12) ** 2
        total, mean = weight.sum(), np.sum(weight * norm) / weight.sum()
        centred = self.shapes - (self.shapes @ weight / total)[:, None]
        spread = centred**2 @ weight
        with np.errstate(divide="ignore", invalid="ignore"):
            amplitude = np.where(spread > 0, centred @ (weight * (norm - mean)) / spread, 0.0)
        gain = np.where(amplitude > 0, amplitude**2 * spread, -1.0)
        points = []
        for pulse in np.argsort(-gain, kind="stable"):
            t0, rise, decay = self.grid[pulse]
            near = [abs(t0 - p[0]) < 0.5 * self.shortest and abs(np.log(rise) - p[1]) < 1.5 for p in points]
            if sum(near) == 0:
                constant = mean - amplitude[pulse] * (self.shapes[pulse] @ weight) / total
                points.append(
                    (t0, np.log(rise), np.log(decay), max(amplitude[pulse], 1e-6), max(constant, 0.0))
                )
            if len(points) == number:
                break
        return points
