"""The ON/OFF likelihood of many bins at once, with known counts of other sources in both regions."""

import numpy as np

from tevcurve.kernels.onoff_beside import profile_beside
from tevcurve.kernels.onoff_profile import AT_ONCE, CellCounts


class WstatBeside(CellCounts):
    """Half the sum of wstat over the cells of each bin, with known counts of other sources.

    What `tevcurve.kernels.one_amplitude` calls a likelihood of amplitudes; the flux factor is the only one.

    Parameters
    ----------
    cell_bin, n_on, n_off, alpha, signal, n, known : see `~tevcurve.kernels.onoff_profile.CellCounts`
    """

    known: tuple[np.ndarray, np.ndarray]

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
        stat, slope, curvature = self._at(amplitudes[self.cell_bin, 0] * self.signal)
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

    def _at(self, signal: np.ndarray) -> tuple[np.ndarray, ...]:
        """`profile_beside` of all cells at signals (n_cells,) or (n_cells, m)."""
        further = (1,) * (signal.ndim - 1)
        n_on, n_off, alpha, on, off = (
            each.reshape(len(each), *further) for each in (self.n_on, self.n_off, self.alpha, *self.known)
        )
        return profile_beside(n_on, n_off, alpha, signal, on, off)
