"""Does a light curve of this observation tell the truth? The same observation, simulated and fitted many times."""

from dataclasses import dataclass, field

import astropy.units as u
import numpy as np
from scipy.special import chdtrc, ndtr

from tevcurve.errors import InputError
from tevcurve.fit.norms import estimate_norms
from tevcurve.lightcurve.exact_coverage import exact_coverage
from tevcurve.lightcurve.origin_rows import rows_behind
from tevcurve.lightcurve.variability.not_known import without_nuisances
from tevcurve.lightcurve.variability.row_fits import RowFits
from tevcurve.lightcurve.variability.rows import DRAWN, rows_of
from tevcurve.records import as_html, as_text, short_repr
from tevcurve.rounding import with_errors

# Events or cells that are drawn and fitted at once.
_BATCH = 400_000


@dataclass(frozen=True, eq=False)
class Closure:
    """What simulations of an observation say of its light curve; arrays have one value for each row.

    Attributes
    ----------
    n : int, simulated light curves. rows : int array (n_rows,), numbers of the rows of the table
    truth, bias : float arrays (n_rows,), cm-2 s-1: the true flux, and the mean of the fitted minus the true one
    bias_error : float array (n_rows,), cm-2 s-1, one standard deviation of the bias for so many simulations
    pull_mean, pull_width : float arrays (n_rows,), of sign(fit - truth) * sqrt(stat(truth) - stat(fit))
    coverage, limit_coverage : float arrays (n_rows,), shares of intervals and of limits that have the truth;
        by Feldman & Cousins where the light curve's are (`tevcurve.lightcurve.exact_coverage`)
    level, limit_level : float, the shares that errors and limits are meant to have for many counts
    p0 : float, chance at which a test of variability gives alarm
    false_alarms : dict of float, shares of constant sources for which "TS_var" and "chi-square" give alarm, with the
        chance of a chi-square by formula; not for chi-square where too many fluxes are at their lowest bound
    power : float, share of simulations in which TS_var gives alarm at p0, NaN for a constant truth; p0 is that of
        n_constant constant sources with the same mean, or by formula where every row has many counts
    power_from : "toys" or "asymptotic"
    n_constant : int, simulated constant sources
    n_bad : int, rows whose fit did not converge; they are in no number above
    fixed_shape : tuple of str, parameters of the spectrum that the light curve fits in each row, and simulations do not
    not_drawn : str, what is not known and in no simulation, in words; empty where there is nothing
    """

    n: int
    rows: np.ndarray
    truth: u.Quantity
    bias: u.Quantity
    bias_error: u.Quantity
    pull_mean: np.ndarray
    pull_width: np.ndarray
    coverage: np.ndarray
    limit_coverage: np.ndarray
    level: float
    limit_level: float
    p0: float
    false_alarms: dict = field(default_factory=dict)
    power: float = np.nan
    power_from: str = ""
    n_constant: int = 0
    n_bad: int = 0
    fixed_shape: tuple = ()
    not_drawn: str = ""

    __repr__ = short_repr

    def _words(self):
        total = np.sum(self.truth)
        bias = f"{np.sum(self.bias).to_value(u.Unit('cm-2 s-1')) / len(self.rows):.2g} cm-2 s-1"
        if total > 0:
            relative = np.sum(self.bias) / total
            error = np.sqrt(np.sum(self.bias_error**2)) / total
            bias = f"{with_errors(100 * relative, 100 * error, unit='%')} of the mean flux"
        width = float(np.sqrt(np.mean(self.pull_width**2 + (self.pull_mean - self.pull_mean.mean()) ** 2)))
        words = {
            "bias": bias,
            "pull": f"mean {self.pull_mean.mean():+.3f}, width {width:.3f}",
            "errors": _share(self.coverage.mean(), self.n * len(self.rows), self.level),
            "limits": _share(self.limit_coverage.mean(), self.n * len(self.rows), self.limit_level),
        }
        for name, rate in self.false_alarms.items():
            words[name] = "false alarms " + _share(rate, self.n_constant, self.p0)
        if np.isfinite(self.power):
            words["power"] = (
                f"{100 * self.power:.1f} % see the variation with p <= {self.p0:g} ({self.power_from})"
            )
        if self.n_bad:
            words["failed"] = f"{self.n_bad} rows"
        if self.fixed_shape:
            names = ", ".join(self.fixed_shape)
            words["shape"] = (
                f"the reference's in all rows; {names} is not fitted, so its errors are not tried"
            )
        if self.not_drawn:
            words["not drawn"] = f"{self.not_drawn}; simulations are of counts, and try statistical errors"
        return words

    def _title(self):
        kind = "varying" if np.ptp(self.truth) > 0 else "constant"
        return f"{self.n} simulations of {len(self.rows)} rows with a {kind} source"

    def __str__(self):
        return as_text(self._title(), self._words())

    def _repr_html_(self):
        return as_html(self._title(), self._words())


def closure(light_curve, n=1000, truth=None, random_state=0, *, band=None, p0=0.01):
    """What a light curve of the same observation says of a source that is known, a `Closure`.

    Counts are drawn from what each run expects in each row, with its gaps, pointing and responses, and the background
    that fits the data best (what is uncertain of it is drawn by its prior); and all are fitted as the light curve was,
    with its errors, limits and bounds, but the spectrum's shape is the reference's in all rows. The tests of
    variability have unbounded fluxes, as always. Scales of instruments are those that the light curve has, and there
    are no systematic errors: these are in no simulation.

    Parameters
    ----------
    light_curve : `LightCurve` of `tevcurve.light_curve`
    n : int, number of simulations, 2 or more; so many constant sources are simulated too where the truth varies
    truth : the true fluxes, >= 0: a Quantity (one for each row of the table, or of the band) in cm-2 s-1, or an array
        of norms; one value for all; default: the constant flux that fits the light curve best
    random_state : int seed or numpy Generator
    band : int, number of the energy band; needed where there are several
    p0 : float, the chance below which a test of variability gives alarm
    """
    if int(n) != n or n < 2:
        raise InputError(f"n is {n!r}; wanted is a number of simulations, 2 or more.")
    if not 0 < p0 < 1:
        raise InputError(f"p0 is {p0!r}; wanted is a probability between 0 and 1.")
    rows = rows_of(light_curve, band)
    if rows.maker is None:
        rows_behind(light_curve, *DRAWN, use="Closure")
    not_drawn = ""
    if rows.unknown is not None:
        not_drawn, rows = rows.unknown.errors, without_nuisances(rows)
    options, rng = light_curve.origin.options, np.random.default_rng(random_state)
    norms = _true_norms(truth, rows, len(light_curve.table))
    constant = np.ptp(norms) == 0
    signal = rows.fits.profile.total
    level = np.full(rows.n, norms[0] if constant else np.sum(norms * signal) / np.sum(signal))
    exact = exact_coverage(light_curve.origin, rows, norms) if options.interval != "likelihood" else None
    moments, tests = _Moments(norms, rows.n, exact), []
    for fits, counts in _drawn(rows, norms, int(n), rng):
        moments.add(fits, counts, options)
        tests.append(_statistics(fits))
    tests = np.concatenate(tests, axis=1)
    null = tests if constant else _null(rows, level, int(n), rng)
    power, source = (np.nan, "") if constant else _power(rows, tests[0], null[0], p0)
    chances = chdtrc(rows.n - 1, null)
    unit = rows.flux * u.Unit("cm-2 s-1")
    return Closure(
        n=int(n),
        rows=rows.number,
        truth=norms * unit,
        **moments.results(unit),
        level=float(1 - 2 * ndtr(-options.sigma)),
        limit_level=float(ndtr(options.sigma_ul)),
        p0=float(p0),
        false_alarms={
            name: float(np.mean(row <= p0))
            for name, row in zip(("TS_var", "chi-square"), chances, strict=True)
            if name == "TS_var" or not rows.why_no_squares
        },
        power=power,
        power_from=source,
        n_constant=int(n),
        fixed_shape=tuple(options.free),
        not_drawn=not_drawn,
    )


class _Moments:
    """Sums over simulated light curves."""

    def __init__(self, norms, n_rows, exact=None):
        self.norms, self.sums, self.exact = norms, np.zeros((7, n_rows)), exact
        self.n_bad = 0

    def add(self, fits, counts, options):
        """Fit toys as the light curve was, and add them up."""
        asked = {} if self.exact else {"errn_errp": options.sigma, "ul_rise": options.sigma_ul**2}
        estimate = estimate_norms(fits.profile, negative=options.negative, **asked)
        true, norm = np.tile(self.norms, fits.n), estimate.norm
        (stat, _, _), _ = fits.profile.evaluate(true)
        rise = np.maximum(stat - estimate.stat, 0.0)
        pull = np.sign(norm - true) * np.sqrt(rise)
        good = estimate.minimum.converged & np.isfinite(pull)
        if self.exact:
            inside, below = self.exact(fits, counts, rise)
            below |= true <= norm
        else:
            errn, errp, limit = estimate.norm_errn, estimate.norm_errp, estimate.norm_ul
            good &= np.isfinite(errn + errp + limit)
            # Where an end of an interval is the truth to rounding, it is inside.
            slack = 1e-9 * (errn + errp)
            inside = (true >= norm - errn - slack) & (true <= norm + errp + slack)
            below = true <= limit
        values = [np.ones(len(norm)), norm - true, (norm - true) ** 2, pull, pull**2, inside, below]
        for total, value in zip(self.sums, values, strict=True):
            total += np.where(good, value, 0.0).reshape(fits.n, -1).sum(axis=0)
        self.n_bad += int(np.count_nonzero(~good))

    def results(self, unit):
        """Fields of `Closure`."""
        count = self.sums[0]
        bias, square, pull, pull_square, inside, below = self.sums[1:] / count
        spread = np.sqrt(np.maximum(square - bias**2, 0.0) / np.maximum(count - 1, 1))
        return {
            "bias": bias * unit,
            "bias_error": spread * unit,
            "pull_mean": pull,
            "pull_width": np.sqrt(np.maximum(pull_square - pull**2, 0.0)),
            "coverage": inside,
            "limit_coverage": below,
            "n_bad": self.n_bad,
        }


def _true_norms(truth, rows, n_table):
    """The true norms (n_rows,)."""
    if truth is None:
        null = rows.maker.null_norm(float(rows.fits.constant[0]))
        return np.full(rows.n, max(null, 0.0))
    try:
        if isinstance(truth, u.Quantity):
            # A column of a table says its unit with its values.
            truth = truth.to_value(u.Unit("cm-2 s-1")) / rows.flux
        norms = np.asarray(truth, dtype=float)
    except (TypeError, ValueError, u.UnitConversionError) as error:
        raise InputError(f"truth is {truth!r}; wanted are norms, or fluxes in cm-2 s-1.") from error
    if norms.ndim == 1 and len(norms) == n_table:
        norms = norms[rows.number]
    if norms.shape not in ((), (1,), (rows.n,)):
        raise InputError(
            f"truth has the shape {norms.shape}; wanted is one value, or one for each of the {n_table} rows."
        )
    if not (np.all(np.isfinite(norms)) and np.all(norms >= 0)):
        raise InputError("truth has fluxes below zero or not finite; a source has none of these.")
    return np.broadcast_to(norms, (rows.n,)).copy()


def _drawn(rows, norms, n, rng):
    """(`RowFits` of toys, the counts that they are fits of), in batches that make n together.

    The background is that of the data with a constant source: it must not change with what is assumed of the source.
    """
    maker = rows.maker
    measured = np.full(rows.n, maker.null_norm(float(rows.fits.constant[0])))
    background = maker.measured_background(measured)
    batch = max(1, min(n, _BATCH // max(maker.events_per_toy(), 1)))
    for first in range(0, n, batch):
        size = min(batch, n - first)
        counts = maker.draw_counts(norms, size, rng, background)
        yield RowFits(maker.profile_of(counts, size), size, rows.fits.lowest), counts


def _statistics(fits):
    """TS_var and chi-square (2, n)."""
    return np.stack([fits.ts_var, fits.gaussian_minimum.stat])


def _null(rows, level, n, rng):
    return np.concatenate([_statistics(fits) for fits, _ in _drawn(rows, level, n, rng)], axis=1)


def _power(rows, values, null, p0):
    """(share of TS_var (n,) that give alarm, where its chance is from)."""
    if not rows.few.any():
        return float(np.mean(chdtrc(rows.n - 1, values) <= p0)), "asymptotic"
    null = np.sort(null)
    beyond = len(null) - np.searchsorted(null, values * (1 - 1e-9), side="left")
    return float(np.mean((beyond + 1) / (len(null) + 1) <= p0)), "toys"


def _share(share, n, nominal):
    error = np.sqrt(max(share * (1 - share), 0.25 / n) / n)
    return f"{with_errors(100 * share, 100 * error, unit='%')} (nominal {100 * nominal:.2f} %)"
