"""The structure function of a light curve: how far fluxes are apart after some time, without their errors."""

from dataclasses import dataclass

import astropy.units as u
import numpy as np
from astropy.table import QTable

from tevcurve.errors import InputError
from tevcurve.lightcurve.plots.structure_function import plot_structure_function
from tevcurve.lightcurve.variability.power_spectrum import check_process, spectrum_of
from tevcurve.lightcurve.variability.rows import rows_of
from tevcurve.records import as_html, as_text

N_LAGS, LEAST_PAIRS = 14, 3
# Of the process, in each lag: 95 and 68 % and the median.
BANDS = {
    "band_95_low": 0.02275,
    "band_68_low": 0.15865,
    "band": 0.5,
    "band_68_high": 0.84135,
    "band_95_high": 0.97725,
}
NO_FIT = (
    "points of one light curve go together, so that no line is fitted: slopes and breaks are also those of chance, of "
    "gaps and of its length; what it can say of the process is in lc.timing.power_spectrum()"
)


@dataclass(frozen=True, eq=False, repr=False)
class StructureFunction:
    """A structure function of the first order, over the square of the mean flux.

    Attributes
    ----------
    table : `QTable` with a row for each lag: `lag_low`, `lag_high`, `lag` (s; of its pairs, on average), `n_pairs`,
        `value`, and `band_95_low` to `band_95_high`, what light curves of the fitted process have; NaN without toys
    mean_flux : Quantity, cm-2 s-1
    n_rows : int
    notes : tuple of str
    """

    table: QTable
    mean_flux: u.Quantity
    n_rows: int
    notes: tuple = ()

    def plot(self, ax=None):
        """The axes with its points, on logarithmic scales, and the bands of the fitted process.

        ax: matplotlib axes; default: those of a new figure.
        """
        return plot_structure_function(self, ax)

    def _words(self):
        first, last = self.table[0], self.table[-1]
        ends = (
            f"{each['value']:.3g} at {each['lag'].value:.3g} s ({each['n_pairs']} pairs)"
            for each in (first, last)
        )
        return {"value": ", ".join(ends), "note": "; ".join((NO_FIT, *self.notes)) + "."}

    @property
    def _title(self):
        return f"Structure function, {self.n_rows} rows, {len(self.table)} lags"

    def __str__(self):
        return as_text(self._title, self._words())

    __repr__ = __str__

    def _repr_html_(self):
        return as_html(self._title, self._words())


def structure_function(light_curve, band=None, lags=None, n_toys=200, random_state=0, process=None):
    """The structure function of the fluxes, a `StructureFunction`: a figure, of which nothing is fitted.

    For each range of lags it is the mean over all pairs of rows that are so far apart of

        (flux_1 - flux_2)^2 - err_1^2 - err_2^2

    over the square of the mean flux (Simonetti, Cordes & Heeschen 1985, ApJ 296, 46, without the noise): 0 on average
    for a constant source, and twice the relative variance at lags beyond which nothing is remembered. Fluxes are those
    that may be negative, so that none is left out as one would be whose log is taken; errors are the geometric means of
    those up and down. Slivers, rows with under a fifth of the mean exposure, are left out. The bands are of light
    curves that the fitted process gives, with the same gaps and errors (`lc.timing.power_spectrum`), taken in the same
    way: where the points are in them, no more is known than the power spectrum says.

    Parameters
    ----------
    light_curve : `LightCurve`
    band : int, number of the energy band; needed where there are several
    lags : Quantity (n + 1,), ascending edges of the lags; default: 14 equal factors, from the shortest time between
        rows to the longest; those with under three pairs are left out
    n_toys : int, light curves of the process that the bands are from; 0 for none
    random_state : int seed or numpy Generator
    process : `PowerSpectrum` of the same rows where it is at hand; default: a power law is fitted

    Raises `InputError` for rows that are not in the order of time, for lags without pairs, for a process of other rows,
    and where a process is fitted what `power_spectrum` does.
    """
    if int(n_toys) != n_toys or n_toys < 0:
        raise InputError(f"n_toys is {n_toys!r}; wanted is a number of light curves, or 0 for none.")
    rows = rows_of(light_curve, band, least=3)
    rows.check_order()
    if process is not None:
        check_process(process, rows)
    pairs = _Pairs.of(rows, lags)
    values, mean = pairs.values(rows.fits)
    columns = pairs.columns() | {"value": values[0]}
    columns |= dict.fromkeys(BANDS, np.full(len(values[0]), np.nan)) | _bands(
        rows, pairs, n_toys, random_state, process
    )
    notes = list(rows.notes) + ([rows.why_no_toys] if n_toys and rows.maker is None else [])
    flux = float(mean[0]) * rows.flux * u.Unit("cm-2 s-1")
    return StructureFunction(QTable(columns), flux, rows.n, tuple(notes))


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Pairs of rows: numbers of the two (n_pairs,), the lag they are in, times between them (s), and the edges (s)."""

    first: np.ndarray
    second: np.ndarray
    lag: np.ndarray
    apart_s: np.ndarray
    edges_s: np.ndarray

    @classmethod
    def of(cls, rows, lags):
        """Those of `Rows` in ranges of lags that have some. lags: Quantity (n + 1,), or None."""
        one, other = np.triu_indices(len(rows.ample), 1)
        first, second = rows.ample[one], rows.ample[other]
        apart = rows.middle_s[second] - rows.middle_s[first]
        edges = _default_edges(apart) if lags is None else _edges(lags)
        lag = np.searchsorted(edges, apart, side="right") - 1
        count = np.bincount(lag[(lag >= 0) & (lag < len(edges) - 1)], minlength=len(edges) - 1)
        kept = np.flatnonzero(count >= LEAST_PAIRS)
        if not len(kept):
            raise InputError(
                f"No range of lags has {LEAST_PAIRS} pairs of rows; wanted are longer or wider ones."
            )
        place = np.full(len(edges) + 1, -1)
        place[kept] = np.arange(len(kept))
        number = place[lag]
        own = number >= 0
        ranges = np.stack([edges[kept], edges[kept + 1]], axis=1)
        return cls(first[own], second[own], number[own], apart[own], ranges)

    def columns(self):
        """Columns of the table that say which pairs there are, dict."""
        count = np.bincount(self.lag)
        return {
            "lag_low": self.edges_s[:, 0] * u.s,
            "lag_high": self.edges_s[:, 1] * u.s,
            "lag": np.bincount(self.lag, self.apart_s) / count * u.s,
            "n_pairs": count,
        }

    def values(self, fits):
        """(structure functions (n, n_lags), mean norms (n,)) of n light curves. fits: `RowFits`."""
        used = np.unique([self.first, self.second])
        mean, count = fits.norm[:, used].mean(axis=1), np.bincount(self.lag)
        values = np.empty((fits.n, len(count)))
        for number, (norm, variance) in enumerate(zip(fits.norm, fits.errn * fits.errp, strict=True)):
            apart = (norm[self.first] - norm[self.second]) ** 2
            apart -= variance[self.first] + variance[self.second]
            values[number] = np.bincount(self.lag, apart) / count / mean[number] ** 2
        return values, mean


def _default_edges(apart):
    """Edges that hold all times between rows."""
    return np.geomspace(apart.min() * (1 - 1e-6), apart.max() * (1 + 1e-6), N_LAGS + 1)


def _edges(lags):
    """Edges in s of what was given."""
    edges = np.atleast_1d(u.Quantity(lags).to_value(u.s))
    if edges.ndim != 1 or len(edges) < 2 or edges[0] < 0 or not np.all(np.diff(edges) > 0):
        raise InputError(f"lags are {lags!r}; wanted are ascending edges, two or more, 0 or above.")
    return edges


def _bands(rows, pairs, n_toys, random_state, process):
    """Columns of the bands of the process, dict; empty without toys. process: `PowerSpectrum`, or None."""
    if not n_toys or rows.maker is None:
        return {}
    fit = (process or spectrum_of(rows)).fit
    _, fits = fit.simulated(int(n_toys), np.random.default_rng(random_state))
    values, _ = pairs.values(fits)
    return dict(zip(BANDS, np.quantile(values, list(BANDS.values()), axis=0), strict=True))
