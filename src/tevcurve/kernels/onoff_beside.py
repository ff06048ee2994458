"""The ON/OFF likelihood with known counts of other sources in both regions, its background profiled in closed form.

In a cell, n_on counts are expected as mu_sig + on + alpha*mu_bkg and n_off counts as off + mu_bkg, with `on` and `off`
known and mu_bkg >= 0 unknown. With x = mu_bkg + off this is the likelihood of `tevcurve.kernels.onoff` for the signal
mu_sig + on - alpha*off and the background x, whose best value is the one there unless that is below `off`: then no
background is left, and both expectations are known.
"""

import numpy as np

from tevcurve.kernels.numbering import members_of
from tevcurve.kernels.onoff import poisson_deviance, profile_background, wstat_profile
from tevcurve.kernels.onoff_profile import AT_ONCE, CellCounts


def profile_beside(
    n_on: np.ndarray,
    n_off: np.ndarray,
    alpha: np.ndarray,
    mu_sig: np.ndarray,
    on: np.ndarray,
    off: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(deviance, slope and curvature in mu_sig, counts of the background in OFF), at the background that fits best.

    Parameters
    ----------
    n_on, n_off : float arrays, counts; all arguments broadcast
    alpha : float array, ratio of the acceptances, ON over OFF
    mu_sig : float array, counts of the source in ON
    on, off : float arrays >= 0, counts of other sources in ON and in OFF
    """
    n_on, n_off, alpha, mu_sig, on, off = (
        np.asarray(each, dtype=float) for each in np.broadcast_arrays(n_on, n_off, alpha, mu_sig, on, off)
    )
    shifted = mu_sig + on - alpha * off
    both = profile_background(n_on, n_off, alpha, shifted)
    stat, slope, curvature = wstat_profile(n_on, n_off, alpha, shifted)
    # Where no background is left, what is expected in ON is not negative.
    bare = np.flatnonzero(both < off)
    expected, counts = np.maximum((mu_sig + on).flat[bare], 0.0), n_on.flat[bare]
    known = off.flat[bare], n_off.flat[bare]
    deviance = poisson_deviance(counts, expected, expected - counts)
    deviance += poisson_deviance(known[1], known[0], known[0] - known[1])
    per_count = np.divide(counts, expected, out=np.zeros(len(bare)), where=counts > 0)
    bent = np.divide(per_count, expected, out=np.zeros(len(bare)), where=counts > 0)
    stat.flat[bare], slope.flat[bare], curvature.flat[bare] = 2 * deviance, 2 * (1 - per_count), 2 * bent
    return stat, slope, curvature, np.maximum(both - off, 0.0)


class WstatBeside(CellCounts):
    """Half the sum of wstat over the cells of each bin, with known counts of other sources.

    What `tevcurve.kernels.one_amplitude` calls a likelihood of amplitudes; the flux factor is the only one.

    Parameters
    ----------
    cell_bin, n_on, n_off, alpha, signal, n : see `~tevcurve.kernels.onoff_profile.CellCounts`
    on, off : float arrays (n_cells,), counts of other sources in the ON and in the OFF region of each cell
    """

    def __init__(
        self,
        cell_bin: np.ndarray,
        n_on: np.ndarray,
        n_off: np.ndarray,
        alpha: np.ndarray,
        signal: np.ndarray,
        n: int,
        on: np.ndarray,
        off: np.ndarray,
    ) -> None:
        super().__init__(cell_bin, n_on, n_off, alpha, signal, n)
        self.on, self.off = on, off

    def take(self, bins: np.ndarray, start: None = None) -> "tuple[WstatBeside, None]":
        """(the likelihood of some bins (sorted int array), None).

        Parameters
        ----------
        bins : sorted int array, the bins that are kept
        start : not used
        """
        kept, number = members_of(bins, self.n, self.cell_bin)
        n_on, n_off, alpha, signal, on, off = (
            each[kept] for each in (self.n_on, self.n_off, self.alpha, self.signal, self.on, self.off)
        )
        return WstatBeside(number, n_on, n_off, alpha, signal, len(bins), on, off), None

    def evaluate(
        self, amplitudes: np.ndarray, start: None = None, value: bool = True
    ) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], None]:
        """((half the statistic (n,), its gradient (n, 1), its Hessian (n, 1, 1)) at amplitudes (n, 1), None).

        Parameters
        ----------
        amplitudes : float array (n, 1), flux factors
        start : not used
        value : whether the statistic itself is wanted
        """
        stat, slope, curvature, _ = self._at(amplitudes[self.cell_bin, 0] * self.signal)
        sums = (stat, slope * self.signal, curvature * self.signal**2)
        stat, gradient, hessian = (0.5 * self._sum(each) for each in sums)
        return (stat, gradient[:, None], hessian[:, None, None]), None

    def stats(self, a: np.ndarray) -> np.ndarray:
        """The statistics at many flux factors of each bin, a and what comes back of shape (n, m).

        a: float array (n, m).
        """
        made = np.zeros(a.shape)
        step = max(1, AT_ONCE // max(len(self.cell_bin), 1))
        for part in (slice(k, k + step) for k in range(0, a.shape[1], step)):
            stat = self._at(a[self.cell_bin, part] * self.signal[:, None])[0]
            np.add.at(made[:, part], self.cell_bin, stat)
        return made

    def background(self, a: np.ndarray) -> np.ndarray:
        """Background counts (n_cells,) expected in the ON region of each cell at flux factors a, of shape (n,).

        Those of other sources are not among them.

        a: float array (n,).
        """
        return self.alpha * self._at(a[self.cell_bin] * self.signal)[3]

    def lower_bound(self) -> np.ndarray:
        """Flux factors (n,) far below the minimum, where the search for it and for its errors may end.

        As without other sources: a background makes up for any negative signal.
        """
        seen, least = self.signal > 0, np.zeros(self.n)
        best = self.n_on - self.on - self.alpha * np.maximum(self.n_off - self.off, 0.0)
        np.minimum.at(least, self.cell_bin[seen], best[seen] / self.signal[seen])
        counts = self.n_on + self.on + self.alpha * (self.n_off + self.off) + 100 * (1 + self.alpha)
        return least - self._sum(counts) / self.total[:, 0]

    def _at(self, signal: np.ndarray) -> tuple[np.ndarray, ...]:
        """`profile_beside` of all cells at signals (n_cells,) or (n_cells, m)."""
        further = (1,) * (signal.ndim - 1)
        n_on, n_off, alpha, on, off = (
            each.reshape(len(each), *further)
            for each in (self.n_on, self.n_off, self.alpha, self.on, self.off)
        )
        return profile_beside(n_on, n_off, alpha, signal, on, off)
