"""Single cells: the grid, exact probabilities and estimators from textbook formulas, and what tevcurve says."""

import numpy as np
from scipy.special import gammaln, xlogy

from tevcurve.fit.norms import estimate_norms
from tevcurve.kernels.bound_cells import BoundCells
from tevcurve.kernels.cash_profile import cash_profile
from tevcurve.kernels.onoff_profile import onoff_profile
from tevcurve.kernels.terms import CashTerms

SIGNALS = (0.5, 1.0, 3.0, 10.0, 30.0, 100.0)
BACKGROUNDS = (0.1, 1.0, 10.0, 100.0)
# None: the background is known.
ALPHAS = (None, 1.0, 0.05)
# In the place of an alpha: 2 energies and 25 pixels.
CUBE = "cube"
LEAST = 1e-9


def name_of(alpha):
    """What the reader calls it, str."""
    return {None: "known", CUBE: "3D cube"}.get(alpha) or f"alpha {alpha:g}"


def poisson(n, mean):
    """Probabilities of counts."""
    return np.exp(xlogy(n, mean) - mean - gammaln(n + 1))


def counts_of(mean):
    """Counts (n,) around a mean outside of which the probability of each is far below 1e-9."""
    reach = 7 * np.sqrt(mean) + 14
    return np.arange(max(0, int(mean - reach)), int(mean + reach) + 1).astype(float)


def pairs_of(signals, background, alpha):
    """(n_on, n_off) arrays (n,) that some of the signals give with a probability above 1e-9."""
    low, high = counts_of(min(signals) + background), counts_of(max(signals) + background)
    on = np.arange(low[0], high[-1] + 1)
    if alpha is None:
        return on, np.zeros_like(on)
    on, off = np.meshgrid(on, counts_of(background / alpha), indexing="ij")
    best = np.clip(on, min(signals) + background, max(signals) + background)
    likely = poisson(on, best) * poisson(off, background / alpha) > LEAST
    return on[likely], off[likely]


def probability(on, off, signal, background, alpha):
    """Probability (n,) of pairs."""
    value = poisson(on, signal + background)
    return value if alpha is None else value * poisson(off, background / alpha)


def textbook(on, off, signal, background, alpha):
    """(best signal >= 0, pull at a true signal) of pairs by the closed formulas (Cash 1979; XSPEC manual, wstat)."""
    best = np.maximum(on - (background if alpha is None else alpha * off), 0.0)
    rise = deviance(on, off, signal, background, alpha) - deviance(on, off, best, background, alpha)
    return best, np.sign(best - signal) * np.sqrt(np.maximum(rise, 0.0))


def deviance(on, off, signal, background, alpha):
    """Deviance of pairs at signals, at the background that fits best; below 0 a fitted one fills up what is missing."""
    if alpha is None:
        expected = signal + background
        return 2 * (expected - on + xlogy(on, on) - xlogy(on, expected))
    c = alpha * (on + off) - (1 + alpha) * signal
    d = np.sqrt(np.maximum(c**2 + 4 * alpha * (1 + alpha) * off * signal, 0.0))
    behind = np.maximum(np.where(c > 0, c + d, 0.0), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        # The other form of the root, where the first one cancels.
        other = np.where(d > c, 4 * alpha * (1 + alpha) * off * signal / (d - c), 0.0)
    behind = np.where(c > 0, behind, other) / (2 * alpha * (1 + alpha))
    expected = np.maximum(signal + alpha * behind, 0.0)
    value = expected - on + xlogy(on, on) - xlogy(on, expected)
    return 2 * (value + behind - off + xlogy(off, off) - xlogy(off, behind))


def profile_of(on, off, background, alpha, signal=1.0):
    """tevcurve's profile of single cells, whose flux factor is in units of `signal` counts."""
    n, unit = len(on), np.ones(len(on))
    if alpha is not None:
        return onoff_profile(np.arange(n), on, off, alpha * unit, signal * unit, n)
    seen = on > 0
    n_seen = np.count_nonzero(seen)
    return cash_profile(
        CashTerms(
            n_bins=n,
            block_bin=np.arange(n),
            shared_total=signal * unit[:, None],
            background_total=0 * unit,
            constant_total=background * unit,
            event_block=np.flatnonzero(seen),
            event_count=on[seen],
            event_shared=np.full((n_seen, 1), signal),
            event_background=np.zeros(n_seen),
            event_constant=np.full(n_seen, background),
            lone_count=0 * unit,
            lone_log=0 * unit,
            bounds=BoundCells.of(np.arange(n), signal * unit, 0 * unit, background * unit),
        )
    )


def fitted(on, off, background, alpha, **asked):
    """tevcurve's `NormEstimate` of pairs, in counts."""
    return estimate_norms(profile_of(on, off, background, alpha), **asked)


def code_pull(on, off, signal, background, alpha):
    """(best signal, pull) of pairs by tevcurve."""
    profile = profile_of(on, off, background, alpha)
    estimate = estimate_norms(profile)
    (stat, _, _), _ = profile.evaluate(np.full(len(on), signal))
    rise = stat - estimate.stat
    return estimate.norm, np.sign(estimate.norm - signal) * np.sqrt(np.maximum(rise, 0.0))
