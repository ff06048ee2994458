"""Item 4: false-alarm rates of the tests of variability, for constant sources with gaps and limits."""

import time
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from tevcurve.kernels.onoff_profile import OnOffProfile
from tevcurve.kernels.row_blocks import best_gain, gaussian_losses
from tevcurve.lightcurve.toys_onoff import OnOffToys
from tevcurve.lightcurve.variability.blocks import gain_of
from tevcurve.lightcurve.variability.row_fits import RowFits
from validation.report import Section, table, verdict, with_binomial

# Twelve rows of unequal good time; between them are gaps, which no statistic of whole rows sees.
EXPOSURE = np.array([1.0, 1.0, 0.3, 1.0, 1.0, 0.6, 1.0, 0.1, 1.0, 1.0, 0.8, 1.0])
N_ROWS, ALPHA = len(EXPOSURE), 0.1
TESTS = ("TS_var", "chi-square", "Bayesian blocks")
CHUNK = 5000


@dataclass(frozen=True)
class Source:
    """ON counts per unit of exposure of a constant source, and of the background behind it."""

    signal: float
    background: float


BRIGHT, FAINT = Source(150.0, 20.0), Source(4.0, 1.0)


def toys_of(n_on, n_off, signal):
    """The `OnOffToys` of n light curves at once, a background rate for each; arrays (n * N_ROWS,)."""
    n = len(n_on) // N_ROWS
    number = np.arange(n * N_ROWS)
    profile = OnOffProfile(number, n_on, n_off, np.full(len(n_on), ALPHA), signal, len(n_on))
    return OnOffToys(profile, number, number // N_ROWS, np.tile(EXPOSURE, n))


def observed(source, n, rng):
    """The `OnOffToys` of n constant sources that were observed."""
    signal = np.tile(source.signal * EXPOSURE, n)
    off = np.tile(source.background * EXPOSURE / ALPHA, n)
    on = rng.poisson(signal + ALPHA * off).astype(float)
    return toys_of(on, rng.poisson(off).astype(float), signal)


def statistics(profile, n):
    """(3, n): TS_var, chi-square and the gain of further blocks."""
    fits = RowFits(profile, n)
    return np.stack([fits.ts_var, fits.chi_square, gain_of(fits)])


def constants(toys):
    """The norm (n,) of each light curve's constant source, as `OnOffToys.null_norm` has it for one."""
    own = toys.profile
    excess, signal = own.n_on - own.alpha * own.n_off, own.signal
    return excess.reshape(-1, N_ROWS).sum(axis=1) / signal.reshape(-1, N_ROWS).sum(axis=1)


def by_formula(source, n, p0, rng):
    """Shares of alarms (3,), with the chances by formula; Bayesian blocks with the gains of Gaussian light curves."""
    err = np.sqrt(source.signal * EXPOSURE + source.background * EXPOSURE * (1 + ALPHA))
    err = err / (source.signal * EXPOSURE)
    flat = [best_gain(gaussian_losses(err * rng.standard_normal((CHUNK, N_ROWS)), np.tile(err, (CHUNK, 1))))]
    while len(flat) * CHUNK < 40 / p0:
        flat.append(
            best_gain(gaussian_losses(err * rng.standard_normal((CHUNK, N_ROWS)), np.tile(err, (CHUNK, 1))))
        )
    penalty = np.quantile(np.concatenate(flat), 1 - p0)
    alarms = np.zeros(3)
    for first in range(0, n, CHUNK):
        size = min(CHUNK, n - first)
        ts, chi2, gain = statistics(observed(source, size, rng).profile, size)
        alarms += [np.sum(chdtrc(N_ROWS - 1, each) <= p0) for each in (ts, chi2)] + [np.sum(gain > penalty)]
    return alarms / n


def by_toys(source, n, p0, rng):
    """The same with chances from 1/p0 - 1 toys of each light curve, drawn with its own constant and background.

    With so many toys the chance (k + 1)/(n_toys + 1) is at most p0 only if none reaches the value; a light curve
    is done for a test when one does.
    """
    alarms, n_toys = np.zeros(3), round(1 / p0) - 1
    for first in range(0, n, CHUNK):
        size = min(CHUNK, n - first)
        data = observed(source, size, rng)
        values = statistics(data.profile, size)
        open_, alive = np.ones((3, size), dtype=bool), np.arange(size)
        norms = constants(data)
        for _ in range(n_toys):
            if not len(alive):
                break
            rows = (alive[:, None] * N_ROWS + np.arange(N_ROWS)).ravel()
            own = data.profile
            part = toys_of(own.n_on[rows], own.n_off[rows], own.signal[rows])
            drawn = part.draw(np.repeat(norms[alive], N_ROWS), 1, rng)
            reached = statistics(drawn, len(alive)) >= values[:, alive] * (1 - 1e-9)
            open_[:, alive] &= ~reached
            alive = alive[open_[:, alive].any(axis=0)]
        alarms += open_.sum(axis=1)
    return alarms / n


def section(plan, rng):
    """The `Section`. plan: list of (way, p0, number of sources), way "formula" or "toys"."""
    rows, failures = [], []
    for way, p0, n in plan:
        start = time.perf_counter()
        source = BRIGHT if way == "formula" else FAINT
        shares = (by_formula if way == "formula" else by_toys)(source, n, p0, rng)
        error = np.sqrt(p0 * (1 - p0) / n)
        for name, share in zip(TESTS, shares, strict=True):
            z = (share - p0) / error
            if abs(z) > 3:
                failures.append(f"item 4: {name} by {way} at {100 * p0:g} %: {100 * share:.3f} %")
            rows.append(
                [
                    name,
                    f"{source.signal:g} on {source.background:g}",
                    way,
                    f"{n:,}",
                    f"{100 * p0:g}",
                    with_binomial(share, n),
                    f"{z:+.1f}",
                    verdict(abs(z) <= 3),
                ]
            )
        print(f"  alarms by {way} at {p0}: {time.perf_counter() - start:.0f} s", flush=True)
    text = (
        "Constant sources in twelve ON/OFF rows (alpha 0.1) of unequal good time, 0.1 to 1, with gaps between them. "
        "The bright ones have 15 to 150 signal counts in a row, and chances by formula "
        "(Bayesian blocks: a penalty from "
        "Gaussian light curves); the faint ones have 0.4 to 4, so that most rows are "
        "limits, and chances from toys of "
        "each light curve with its own constant and background: 99 at 1 %, 999 at 0.1 %. "
        "Bar: within 3 binomial errors. "
        "The number of sources of each line is what was run; the bar is meant for "
        "10,000 at 1 % and 100,000 at 0.1 %.\n\n"
        + table(
            (
                "test",
                "counts at exposure 1",
                "chance",
                "sources",
                "nominal (%)",
                "found (%)",
                "in errors",
                "bar",
            ),
            rows,
        )
    )
    return Section(f"4. False alarms, chances by {plan[0][0]}", text, failures=failures)
