"""Errors and limits with systematic errors, exactly: every pair of counts, and every scale, with its probability."""

import numpy as np
from scipy.special import gammaln, xlogy

from tevcurve.fit.norms import estimate_norms
from tevcurve.kernels.onoff_profile import onoff_profile
from validation.parts import small
from validation.report import Section, percent, table, verdict

LEVEL, SIGMAS = 0.95, 1.6448536269514722
NOMINAL = 0.682689492137
# ON counts that are expected of the source and of the background, and ON over OFF acceptance.
CELLS = tuple((signal, max(signal / 5, 2.0), 0.1) for signal in (3.0, 10.0, 30.0, 100.0, 300.0))
# What is not known, in ln: of the flux, or of the acceptance ratio.
FLUX, BACKGROUND = "flux", "background"
LAWS = ((FLUX, 0.1), (FLUX, 0.2), (BACKGROUND, 0.1), (BACKGROUND, 0.3))
N_NODES, REACH = 61, 5.0
LEAST = 1e-10
# In per cent, of limits under scales of 20 %.
WITHIN = 1.5


def pieces(share):
    """Pieces of `measure`: what is not known, and a cell."""
    return [[effect, sigma, *cell] for effect, sigma in LAWS for cell in small(share, CELLS)]


def nodes():
    """(values, weights) (n,) that stand for a unit normal."""
    z = np.linspace(-REACH, REACH, N_NODES)
    weight = np.exp(-(z**2) / 2)
    return z, weight / weight.sum()


def expected(effect, sigma, signal, background, z):
    """ON counts expected at unit normals z, of the `effect` of a standard deviation `sigma` in ln."""
    on = signal * np.exp(sigma * z) if effect == FLUX else signal + 0 * z
    return on + background * (1 if effect == FLUX else np.exp(sigma * z))


def pairs_of(on_means, off_mean):
    """ON and OFF counts (n,) that are not unlikely, and their probability; on_means with weights (2, n_nodes)."""
    on = np.arange(int(on_means[0].max() + 8 * np.sqrt(on_means[0].max()) + 20)).astype(float)
    off = np.arange(int(off_mean + 8 * np.sqrt(off_mean) + 20)).astype(float)
    of_on = np.exp(xlogy(on[:, None], on_means[0]) - on_means[0] - gammaln(on[:, None] + 1)) @ on_means[1]
    of_off = np.exp(xlogy(off, off_mean) - off_mean - gammaln(off + 1))
    together = of_on[:, None] * of_off
    kept = together > LEAST
    both = np.meshgrid(on, off, indexing="ij")
    return both[0][kept], both[1][kept], together[kept]


def spreads_of(effect, sigma, on, off, signal, alpha):
    """What `RowNuisances.spreads` is of these rows, by closed forms."""
    made = np.zeros((len(on), 3))
    if effect == FLUX:
        made[:, 0] = sigma**2
    else:
        # A background that is alpha times the OFF counts, over the source's counts.
        made[:, 2] = (sigma * alpha * off / signal) ** 2
    return made


def measure(effect, sigma, signal, background, alpha, rng):
    """What `section` shows of one cell, dict. rng: nothing is drawn."""
    z, weight = nodes()
    means = np.stack([expected(effect, sigma, signal, background, z), weight])
    on, off, probability = pairs_of(means, background / alpha)
    unit = np.ones(len(on))
    profile = onoff_profile(np.arange(len(on)), on, off, alpha * unit, signal * unit, len(on))
    spreads = spreads_of(effect, sigma, on, off, signal, alpha)
    found = estimate_norms(profile, errn_errp=1.0, ul_rise=SIGMAS**2, spreads=lambda norm: spreads)

    def share(covers):
        return float(probability[covers].sum() / probability.sum())

    def inside(end):
        low, high = (getattr(found, f"norm_err{side}{end}") for side in "np")
        return share((found.norm - low <= 1) & (found.norm + high >= 1))

    limits = [share(found.norm_ul_tot >= 1), share(found.norm_ul >= 1)]
    return {"lines": [[effect, sigma, signal, background, *limits, inside("_tot"), inside("")]]}


def section(found):
    """The `Section`."""
    rows, failures, limits, ignored = [], [], [], []
    for effect, sigma, signal, background, limit, without, inside, narrow in found["lines"]:
        is_bar = (effect, sigma) == (FLUX, 0.2)
        good = abs(100 * (limit - LEVEL)) <= WITHIN
        if is_bar:
            limits.append(100 * limit)
            ignored.append(100 * without)
            if not good:
                failures.append(f"total-errors: limits at {signal:g} counts cover {percent(limit)} %")
        cell = [f"{effect} {100 * sigma:g} %", f"{signal:g}", f"{background:g}"]
        shares = [percent(each) for each in (limit, without, inside, narrow)]
        rows.append([*cell, *shares, verdict(good) if is_bar else ""])
    header = ("what is not known", "counts of the source", "of the background", "limits (%)", "ignored (%)")
    text = (
        "One row of ON and OFF counts with alpha 0.1, whose flux is seen times a scale that has its prior, or whose "
        "background is; both in ln. The shares in which the true flux is below the limit at 95 %, and inside of "
        "the errors (68.3 %), are sums over all pairs of counts and all scales with their probabilities: nothing is "
        "drawn. `flux_ul_tot`, `flux_errn_tot` and `flux_errp_tot` have the nuisance parameter at its best at each "
        "flux; the columns without `_tot` ignore it. With few counts of the source coverage moves in steps, as it "
        "does without systematic errors.\n\n"
        f"Bar: limits at 95 % under a scale of 20 % cover 95 ± {WITHIN:g} %.\n\n"
        + table((*header, "errors (%)", "ignored (%)", "bar"), rows)
    )
    bar = (
        f"limits at 95 % under a scale of the flux of 20 % cover 95 ± {WITHIN:g} %",
        f"{min(limits):.1f} to {max(limits):.1f} %; ignored: {min(ignored):.0f} to {max(ignored):.0f} %",
        not failures,
    )
    return Section("Errors and limits with systematic errors", text, {}, failures, [bar])
