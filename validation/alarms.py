"""Item 4: false-alarm rates of the tests of variability, for constant sources with gaps and limits."""

import dataclasses
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
from scipy.special import chdtrc

from tevcurve.lightcurve.variability.block_search import gain_of, gaussian_gains
from tevcurve.lightcurve.variability.blocks import constant_gains, gain_chance
from tevcurve.lightcurve.variability.row_fits import RowFits
from validation.parts import sizes, some
from validation.report import Section, added, percent, table, verdict
from validation.single_cells import single_cell_toys

# Twelve rows of unequal good time; between them are gaps, which no statistic of whole rows sees.
EXPOSURE = np.array([1.0, 1.0, 0.3, 1.0, 1.0, 0.6, 1.0, 0.1, 1.0, 1.0, 0.8, 1.0])
N_ROWS, ALPHA = len(EXPOSURE), 0.1
TESTS = ("TS_var", "chi-square", "Bayesian blocks")
CHUNK = 25_000
# Sources of a piece.
PORTION = {"formula": 25_000, "toys": 5_000}
# Chances of gains below this many times the nominal one are computed.
NEAR = 3


@dataclass(frozen=True)
class Source:
    """ON counts per unit of exposure of a constant source, and of the background behind it."""

    signal: float
    background: float


# The bright one has 40 signal counts or more in every row, the faint one 0.4 to 4, so that most rows are limits.
BRIGHT, FAINT = Source(400.0, 50.0), Source(4.0, 1.0)


def toys_of(n_on, n_off, signal):
    """The `OnOffToys` of n light curves at once, a background rate for each; arrays (n * N_ROWS,)."""
    n = len(n_on) // N_ROWS
    alpha, number = np.full(len(n_on), ALPHA), np.repeat(np.arange(n), N_ROWS)
    return single_cell_toys(n_on, n_off, alpha, signal, number, np.tile(EXPOSURE, n))


def observed(source, n, rng):
    """The `OnOffToys` of n constant sources that were observed."""
    signal = np.tile(source.signal * EXPOSURE, n)
    off = np.tile(source.background * EXPOSURE / ALPHA, n)
    on = rng.poisson(signal + ALPHA * off).astype(float)
    return toys_of(on, rng.poisson(off).astype(float), signal)


def statistics(profile, n):
    """(3, n): TS_var, chi-square and the gain of further blocks."""
    fits = RowFits(profile, n)
    return np.stack([fits.ts_var, fits.gaussian_minimum.stat, gain_of(fits)])


def fits_of(profile, n):
    """`RowFits` of n light curves, in which rows with the same counts share their fit: faint ones have few counts."""
    index = np.tile(np.arange(N_ROWS), n)
    own = profile.likelihood
    key = (own.n_off * (own.n_on.max() + 1) + own.n_on) * N_ROWS + index
    _, first, which = np.unique(key, return_index=True, return_inverse=True)
    few, fits = RowFits(profile.take(first)[0]), RowFits(profile, n)
    settled = few.minimum
    given = {each.name: getattr(settled, each.name) for each in dataclasses.fields(settled)}
    # Without other sources there is nothing further.
    given = {name: values[which] for name, values in given.items() if values is not None}
    fits.minimum = type(settled)(**given)
    fits.errn, fits.errp = (each[0, which].reshape(n, N_ROWS) for each in (few.errn, few.errp))
    return fits


def reached(profile, values, asked):
    """Bool array (3, n): which statistics of n light curves are at `values` (3, n) or above, of those asked for.

    No gain is more than half of TS_var, so that it is computed only where it can be reached.
    """
    n = values.shape[1]
    fits, least = fits_of(profile, n), values * (1 - 1e-9)
    able = np.flatnonzero(asked[2] & (0.505 * fits.ts_var + 0.01 >= least[2]))
    gain = np.zeros(n)
    if len(able):
        rows = (able[:, None] * N_ROWS + np.arange(N_ROWS)).ravel()
        gain[able] = gain_of(RowFits(profile.take(rows)[0], len(able)))
    return asked & (np.stack([fits.ts_var, fits.gaussian_minimum.stat, gain]) >= least)


def constants(toys):
    """The norm (n,) of each light curve's constant source, as `OnOffToys.null_norm` has it for one."""
    own = toys.profile.likelihood
    excess, signal = own.n_on - own.alpha * own.n_off, own.signal
    return excess.reshape(-1, N_ROWS).sum(axis=1) / signal.reshape(-1, N_ROWS).sum(axis=1)


def flat_gains(source, n, rng):
    """Gains of further blocks (n,) of Gaussian light curves with the source's mean errors."""
    err = np.sqrt(source.signal + source.background * (1 + ALPHA)) / source.signal / np.sqrt(EXPOSURE)
    values = err * rng.standard_normal((n, N_ROWS))
    return gaussian_gains(values, np.broadcast_to(err, values.shape))


def by_formula(source, n, p0, rng):
    """Numbers of alarms (3,) of n sources, with the chances by formula.

    For Bayesian blocks the chance is of Gaussian light curves with a light curve's own errors, as tevcurve computes
    it; for gains that are far from rare it is not computed.
    """
    worth = np.quantile(flat_gains(source, 20_000, rng), 1 - NEAR * p0)
    alarms = np.zeros(3, dtype=int)
    for first in range(0, n, CHUNK):
        size = min(CHUNK, n - first)
        profile = observed(source, size, rng).profile
        ts, chi2, gain = statistics(profile, size)
        alarms[:2] += [np.sum(chdtrc(N_ROWS - 1, each) <= p0) for each in (ts, chi2)]
        for k in np.flatnonzero(gain > worth):
            own = SimpleNamespace(n=N_ROWS, fits=RowFits(profile.take(np.arange(N_ROWS) + k * N_ROWS)[0]))
            alarms[2] += gain_chance(constant_gains(own), gain[k]) <= p0
    return alarms


def by_toys(source, n, p0, rng):
    """The same with chances from 1/p0 - 1 toys of each light curve, drawn with its own constant and background.

    With so many toys the chance (k + 1)/(n_toys + 1) is at most p0 only if none reaches the value; a light curve is
    done for a test when one does. So most of them need few of their toys, and no result depends on the others.
    """
    alarms, n_toys = np.zeros(3, dtype=int), round(1 / p0) - 1
    for first in range(0, n, CHUNK):
        size = min(CHUNK, n - first)
        data = observed(source, size, rng)
        values = statistics(data.profile, size)
        open_, alive = np.ones((3, size), dtype=bool), np.arange(size)
        norms, done = constants(data), 0
        while done < n_toys and len(alive):
            times = int(np.clip(CHUNK // (8 * len(alive)), 1, n_toys - done))
            which = np.repeat(alive, times)
            rows = (which[:, None] * N_ROWS + np.arange(N_ROWS)).ravel()
            own = data.profile.likelihood
            part = toys_of(own.n_on[rows], own.n_off[rows], own.signal[rows])
            drawn = part.draw(np.repeat(norms[which], N_ROWS), 1, rng)
            found = reached(drawn, values[:, which], open_[:, which])
            open_[:, alive] &= ~found.reshape(3, len(alive), times).any(axis=2)
            alive, done = alive[open_[:, alive].any(axis=0)], done + times
        alarms += open_.sum(axis=1)
    return alarms


def pieces(share):
    """Pieces of `measure`: some sources each."""
    full = [(way, p0, n) for way in ("formula", "toys") for p0, n in ((0.01, 10_000), (0.001, 100_000))]
    portions = [(way, p0, sizes(some(share, n, 1000), PORTION[way])) for way, p0, n in full]
    # The first of them is in the arguments so that no two pieces are the same.
    return [[way, p0, *each] for way, p0, portion in portions for each in portion]


def measure(way, p0, first, n, rng):
    """What `section` shows, dict. way: "formula" or "toys"; n: the number of sources."""
    count, source = {"formula": (by_formula, BRIGHT), "toys": (by_toys, FAINT)}[way]
    return {"lines": [[way, p0, n, *count(source, n, p0, rng).tolist()]]}


def few_and_limits(source, n=1000):
    """Shares of rows with under 20 counts and of rows that are limits (flux below twice its error)."""
    data = observed(source, n, np.random.default_rng(0))
    fits = RowFits(data.profile, n)
    limits = ~(fits.norm > 2 * fits.errn)
    return np.mean(data.profile.likelihood.n_on < 20), np.mean(limits)


def rates(lines):
    """(rows of the table, deviations in binomial errors, what misses the bar)."""
    rows, sizes, failures = [], [], []
    for way, p0, n, *alarms in added(lines, 2):
        source, error = (BRIGHT if way == "formula" else FAINT), np.sqrt(p0 * (1 - p0) / n)
        for name, number in zip(TESTS, alarms, strict=True):
            z = (number / n - p0) / error
            sizes.append(z)
            if abs(z) > 3:
                failures.append(f"item 4: {name} by {way} at {100 * p0:g} %: {100 * number / n:.3f} %")
            cells = [name, f"{source.signal:g} on {source.background:g}", way, f"{n:,}", f"{100 * p0:g}"]
            shares = f"{100 * number / n:.3f} ± {100 * error:.3f}"
            rows.append([*cells, f"{number:,}", shares, f"{z:+.1f}", verdict(abs(z) <= 3)])
    return rows, sizes, failures


def section(found):
    """The `Section`."""
    rows, sizes, failures = rates(found["lines"])
    few, limits = few_and_limits(FAINT)
    text = (
        "Constant sources in twelve ON/OFF rows (alpha 0.1) of unequal good time, 0.1 to 1, with gaps between them. "
        "The bright ones have 40 to 400 signal counts in a row, and their chances are by formula (Bayesian blocks: "
        "from Gaussian light curves with each light curve's own errors, as tevcurve computes it, but only for the "
        f"largest gains, {NEAR} times as many as are to give alarm). The faint ones have 0.4 to 4: {percent(few, 0)} % "
        f"of their rows have under 20 counts and {percent(limits, 0)} % are limits; their chances are from toys of "
        "each light curve with its own constant and background, 99 toys at 1 % and 999 at 0.1 %. (A chance is then at "
        "most nominal only if no toy reaches the value, so that toys of a light curve stop at the first that does.)"
        "\n\nBar: within 3 binomial errors.\n\n"
        + table(
            (
                "test",
                "counts at exposure 1",
                "chance",
                "sources",
                "nominal (%)",
                "alarms",
                "found (%)",
                "in errors",
                "bar",
            ),
            rows,
        )
    )
    bar = (
        "4: false-alarm rates within 3 binomial errors of 1 % and 0.1 %",
        f"{min(sizes):+.1f} to {max(sizes):+.1f} errors in {len(sizes)} rates",
        not failures,
    )
    return Section("4. False alarms", text, {}, failures, [bar])
