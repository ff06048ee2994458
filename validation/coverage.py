"""Item 2: coverage of intervals and limits by exact sums, averaged over true signals within 20 %."""

import numpy as np

from tevcurve.fit.norms import estimate_norms
from tevcurve.kernels.feldman_cousins import known_background_intervals
from validation.counting import (
    ALPHAS,
    BACKGROUNDS,
    CUBE,
    SIGNALS,
    fitted,
    name_of,
    pairs_of,
    probability,
)
from validation.cubes import cube_profile
from validation.parts import sizes, some
from validation.report import COLOURS, Section, percent, table, verdict

LEVEL, LIMIT = 0.6826894921370859, 0.95
LIMIT_RISE = 2.705543454095404
# Names of ways in the tables, and in the figures.
INTERVALS = {
    "likelihood 68.3 %": "Likelihood",
    "symmetric 68.3 %": "Symmetric",
    "FC 68.3 %": "Feldman-Cousins",
}
LIMITS = {"limit 95 %": "Likelihood", "'2 sigma' limit": '"2 sigma"', "FC 95 %": "Feldman-Cousins"}


def averaged(signal, n=21):
    """True signals within 20 %, even in their logarithm."""
    return signal * np.exp(np.linspace(np.log(0.8), np.log(1.2), n))


def intervals(on, off, background, alpha):
    """Dict of name to (low, high) of pairs, in counts."""
    asked = {"err": 1.0, "errn_errp": 1.0, "ul_rise": LIMIT_RISE}
    estimate = fitted(on, off, background, alpha, **asked)
    usual = fitted(on, off, background, alpha, ul_rise=4.0).norm_ul
    nothing = np.full(len(on), -np.inf)
    found = {
        "likelihood 68.3 %": (estimate.norm - estimate.norm_errn, estimate.norm + estimate.norm_errp),
        "symmetric 68.3 %": (estimate.norm - estimate.norm_err, estimate.norm + estimate.norm_err),
        "limit 95 %": (nothing, estimate.norm_ul),
        "'2 sigma' limit": (nothing, usual),
    }
    if alpha is None:
        known = np.full(len(on), background)
        found["FC 68.3 %"] = known_background_intervals(on, known, LEVEL)
        found["FC 95 %"] = known_background_intervals(on, known, LIMIT)
    return found


def coverages(background, alpha, signals):
    """Dict of name to (mean (n_signals,), lowest (n_signals,)) coverage over true signals within 20 %."""
    everywhere = [value for signal in signals for value in (0.8 * signal, 1.2 * signal)]
    on, off = pairs_of([min(everywhere), max(everywhere)], background, alpha)
    found, results = intervals(on, off, background, alpha), {}
    for name, (low, high) in found.items():
        slack = 1e-9 * (1 + np.abs(high))
        values = np.empty((len(signals), 21))
        for i, signal in enumerate(signals):
            for j, true in enumerate(averaged(signal)):
                chance = probability(on, off, true, background, alpha)
                inside = (low - slack <= true) & (true <= high + slack)
                values[i, j] = np.sum(chance[inside]) / np.sum(chance)
        results[name] = values.mean(axis=1), values.min(axis=1)
    return results


def cube_coverages(signal, background, n, rng):
    """Dict of name to coverage of n draws of cubes, at true signals within 20 %."""
    trues = rng.choice(averaged(signal), n)
    profile = cube_profile(signal, background, trues / signal, rng)
    asked = {"err": 1.0, "errn_errp": 1.0}
    estimate = estimate_norms(profile, ul_rise=LIMIT_RISE, **asked)
    usual = estimate_norms(profile, ul_rise=4.0).norm_ul
    found, nothing = trues / signal, np.full(n, -np.inf)
    ends = {
        "likelihood 68.3 %": (estimate.norm - estimate.norm_errn, estimate.norm + estimate.norm_errp),
        "symmetric 68.3 %": (estimate.norm - estimate.norm_err, estimate.norm + estimate.norm_err),
        "limit 95 %": (nothing, estimate.norm_ul),
        "'2 sigma' limit": (nothing, usual),
    }
    return {
        name: float(np.mean((low - 1e-9 <= found) & (found <= high + 1e-9)))
        for name, (low, high) in ends.items()
    }


def pieces(share):
    """Pieces of `measure`: a background of a kind each."""
    kinds = [(alpha, 0) for alpha in ALPHAS] + [(CUBE, some(share, 40_000, 500))]
    return [[alpha, background, draws] for alpha, draws in kinds for background in BACKGROUNDS]


def measure(alpha, background, cube_draws, rng, signals=SIGNALS):
    """What `section` shows, dict: points (alpha, signal, background, dict of name to [mean, lowest])."""
    points = []
    if alpha != CUBE:
        found = coverages(background, alpha, signals)
        for i, signal in enumerate(signals):
            values = {name: [float(each[i]) for each in both] for name, both in found.items()}
            points.append([alpha, signal, background, values])
        return {"points": points}
    for signal in signals:
        numbers = [number for _, number in sizes(cube_draws, 20_000)]
        found = [cube_coverages(signal, background, number, rng) for number in numbers]
        values = {
            name: [float(np.average([each[name] for each in found], weights=numbers))] for name in found[0]
        }
        points.append([CUBE, signal, background, values])
    return {"cube_draws": cube_draws, "points": points}


def with_onoff(points, onoff):
    """Points with the coverage of Feldman-Cousins intervals from ON and OFF counts, as its own part measured it."""
    found = {tuple(point[:3]): point[3] for point in onoff["points"]} if onoff else {}
    for alpha, signal, background, values in points:
        both = found.get((alpha, signal, background), ())
        extra = {
            name: [np.mean(each), np.min(each)]
            for name, each in zip(("FC 68.3 %", "FC 95 %"), both, strict=False)
        }
        yield alpha, signal, background, values | extra


def panel(ax, points, alpha, name, level):
    """One way to make intervals, with one kind of background: coverage against the true signal."""
    for number, background in enumerate(BACKGROUNDS):
        own = [point for point in points if (point[0], point[2]) == (alpha, background) and name in point[3]]
        if own:
            values = [100 * point[3][name][0] for point in own]
            style = {"color": COLOURS[number], "marker": "os^D"[number], "ms": 3.5, "lw": 1.3}
            ax.plot([point[1] for point in own], values, label=f"{background:g}", **style)
    if not ax.lines:
        ax.text(
            0.5, 0.25, "toys of each row:\nsee the text", transform=ax.transAxes, ha="center", color="0.4"
        )
    ax.axhline(100 * level, color="0.75", lw=2.5, zorder=0)


def figure(points, ways, level, ylim):
    """Coverage against the true signal: a row of panels for each way, a column for each kind of background."""
    import matplotlib.pyplot as plt

    kinds = list(dict.fromkeys(point[0] for point in points))
    size = 2.6 * len(kinds) + 0.6, 2.2 * len(ways) + 1.0
    fig, axes = plt.subplots(
        len(ways), len(kinds), figsize=size, sharex=True, sharey=True, layout="constrained", squeeze=False
    )
    for row, (name, words) in zip(axes, ways.items(), strict=True):
        for ax, alpha in zip(row, kinds, strict=True):
            panel(ax, points, alpha, name, level)
        row[0].set_ylabel(f"{words}\ncoverage (%)")
    for ax, alpha in zip(axes[0], kinds, strict=True):
        ax.set_title({None: "known background"}.get(alpha, name_of(alpha)))
    for ax in axes[-1]:
        ax.set(
            xscale="log",
            xlabel="True signal counts",
            ylim=ylim,
            xticks=[1, 10, 100],
            xticklabels=["1", "10", "100"],
        )
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(
        handles, labels, loc="outside lower center", ncols=4, title="Background counts behind the source"
    )
    return fig


def bars(points):
    """(deviations of likelihood intervals that have a bar, words on those that miss it; the same two of FC's)."""
    off, off_bar, low, low_fc = [], [], [], []
    for alpha, signal, background, values in points:
        place = f"{name_of(alpha)}, {signal:g} on {background:g}"
        if signal >= 30 and alpha != CUBE:
            value = values["likelihood 68.3 %"][0]
            off.append(100 * (value - LEVEL))
            if abs(value - LEVEL) > 0.03:
                off_bar.append(f"{place}: {percent(value)} %")
        for name, level in (("FC 68.3 %", LEVEL), ("FC 95 %", LIMIT)):
            if alpha is not None:
                continue
            low.append(100 * (values[name][1] - level))
            if values[name][1] < level - 1e-6:
                low_fc.append(f"{name}, {place}: {percent(values[name][1], 2)} %")
    return off, off_bar, low, low_fc


def promises(off, off_bar, low, low_fc):
    """The bars of a `Section`, from what `bars` found."""
    return [
        (
            "2: likelihood intervals within 3 points of 68.3 % from 30 counts up",
            f"{min(off, default=0):+.1f} to {max(off, default=0):+.1f} points",
            not off_bar,
        ),
        (
            "2: Feldman-Cousins intervals with known background never below nominal",
            f"the lowest {min(low, default=0):+.2f} points",
            not low_fc,
        ),
    ]


def words_on_cubes(points):
    """What cubes of many signal counts do, str."""
    bright = [point for point in points if point[0] == CUBE and point[1] >= 30]
    errors = [100 * (point[3]["likelihood 68.3 %"][0] - LEVEL) for point in bright]
    limits = [100 * point[3]["limit 95 %"][0] for point in bright if point[2] <= 1]
    return (
        f"(In cubes, whose background norm is free: {min(errors):+.1f} to {max(errors):+.1f} points. One background "
        "count or less in the whole cube is next to nothing to fit the norm to, and limits of 95 % then cover "
        f"{min(limits):.1f} to {max(limits):.1f} %.)"
    )


def section(found, onoff=None):
    """The `Section`; onoff: what `validation.feldman_cousins` measured, if it did."""
    points, names = list(with_onoff(found["points"], onoff)), list(INTERVALS | LIMITS)
    off, off_bar, low, low_fc = bars(points)
    rows = [
        [
            *(name_of(alpha), f"{signal:g}", f"{background:g}"),
            *(percent(values[name][0]) if name in values else "" for name in names),
        ]
        for alpha, signal, background, values in points
    ]
    text = (
        "Known backgrounds and ON/OFF: sums over all pairs of counts with a probability above 1e-9, no draws. Cubes "
        f"(3D, as in part 1): {found['cube_draws']:,} draws at each point, so that the Monte-Carlo error is at most "
        f"{50 / np.sqrt(found['cube_draws']):.2f} points. Each number is the mean over 21 true signals within 20 %, "
        'in per cent. "Symmetric" errors are from the curvature at the best fit, and a "2 sigma" limit is where the '
        "statistic has risen by 4: what is usual. Where the curvature is 0 the symmetric interval has no end, and "
        "does not cover. Feldman-Cousins intervals of cubes are from toys of each row, which take seconds, and are not "
        "on this grid. Limits of the likelihood are one-sided (95 %: a rise of 2.706); FC 95 % are intervals of "
        "Feldman & Cousins, with two ends.\n\n"
        f"Likelihood intervals within 3 points of 68.3 % from 30 signal counts up ({len(off)} points): "
        f"{verdict(not off_bar)}{': ' + '; '.join(off_bar) if off_bar else ''}. {words_on_cubes(points)}\n\n"
        "Feldman-Cousins intervals with known background, at the lowest of all true signals, never below nominal: "
        f"{verdict(not low_fc)}{': ' + '; '.join(low_fc) if low_fc else ''}.\n\n"
        "Intervals meant for 68.3 %:\n\n![Coverage of intervals](figures/coverage.png)\n\n"
        "Limits, and intervals of Feldman & Cousins, meant for 95 %:\n\n"
        "![Coverage of limits](figures/coverage-limits.png)\n\n"
        + table(("background", "signal", "counts behind", *names), rows)
    )
    figures = {
        "coverage.png": figure(points, INTERVALS, LEVEL, (30, 102)),
        "coverage-limits.png": figure(points, LIMITS, LIMIT, (91, 100.5)),
    }
    failures = [f"item 2: likelihood interval, {each}" for each in off_bar]
    failures += [f"item 2: Feldman-Cousins, {each}" for each in low_fc]
    return Section(
        "2. The statistics: coverage", text, figures, failures, promises(off, off_bar, low, low_fc)
    )
