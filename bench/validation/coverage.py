"""Item 2: coverage of intervals and limits by exact sums, averaged over true signals within 20 %."""

import numpy as np

from validation.counting import ALPHAS, BACKGROUNDS, SIGNALS, fitted, name_of, pairs_of, probability
from validation.report import COLOURS, Section, percent, table, verdict

LEVEL, LIMIT = 0.6826894921370859, 0.95
LIMIT_RISE = 2.705543454095404


def averaged(signal, n=21):
    """True signals within 20 %, even in their logarithm."""
    return signal * np.exp(np.linspace(np.log(0.8), np.log(1.2), n))


def feldman_cousins(on, background, level):
    """(low, high) of Feldman & Cousins, known background."""
    from tevcurve.kernels.feldman_cousins import known_background_intervals

    return known_background_intervals(on, np.full(len(on), background), level)


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
        found["FC 68.3 %"] = feldman_cousins(on, background, LEVEL)
        found["FC 95 %"] = feldman_cousins(on, background, LIMIT)
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


def figure(results):
    """Coverage against the true signal, a row of panels for intervals and one for limits."""
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots(2, 3, figsize=(10.5, 6.4), sharex=True, sharey="row", layout="constrained")
    shown = (
        ("likelihood 68.3 %", "symmetric 68.3 %", "FC 68.3 %"),
        ("limit 95 %", "'2 sigma' limit", "FC 95 %"),
    )
    for column, alpha in enumerate(ALPHAS):
        for row, names in enumerate(shown):
            ax = axes[row, column]
            for k, background in enumerate(BACKGROUNDS):
                for style, name in zip(("-", ":", "--"), names, strict=True):
                    if name not in results[alpha, background]:
                        continue
                    label = f"{background:g} counts behind" if style == "-" else None
                    values = 100 * results[alpha, background][name][0]
                    ax.plot(
                        SIGNALS,
                        values,
                        style,
                        color=COLOURS[k],
                        marker="os^D"[k],
                        ms=3.5,
                        lw=1.3,
                        label=label,
                    )
            ax.axhline(100 * (LEVEL, LIMIT)[row], color="0.6", lw=3, zorder=0)
            ax.set_xscale("log")
            if row == 0:
                ax.set_title(f"background: {name_of(alpha)}")
            else:
                ax.set_xlabel("True signal counts")
    axes[0, 0].set_ylabel("Coverage of 68.3 % intervals (%)")
    axes[1, 0].set_ylabel("Coverage of 95 % limits (%)")
    handles, labels = axes[0, 2].get_legend_handles_labels()
    for style, text in zip(("-", ":", "--"), ("likelihood", "usual", "Feldman-Cousins"), strict=True):
        handles += axes[1, 2].plot([], [], style, color="0.3")
        labels.append(text)
    fig.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=9)
    return fig


def section():
    """The `Section`; exact sums, no draws."""
    results = {(alpha, b): coverages(b, alpha, SIGNALS) for alpha in ALPHAS for b in BACKGROUNDS}
    rows, off_bar, low_fc, near = [], [], [], 0
    names = ("likelihood 68.3 %", "symmetric 68.3 %", "FC 68.3 %", "limit 95 %", "'2 sigma' limit", "FC 95 %")
    for (alpha, background), found in results.items():
        for i, signal in enumerate(SIGNALS):
            cells = [percent(found[name][0][i]) if name in found else "" for name in names]
            rows.append([name_of(alpha), f"{signal:g}", f"{background:g}", *cells])
            if signal >= 30:
                near += 1
                value = found["likelihood 68.3 %"][0][i]
                if abs(value - LEVEL) > 0.03:
                    off_bar.append(f"{name_of(alpha)}, {signal:g} on {background:g}: {percent(value)} %")
            if alpha is None:
                for name, level in (("FC 68.3 %", LEVEL), ("FC 95 %", LIMIT)):
                    if found[name][1][i] < level - 1e-6:
                        low_fc.append(
                            f"{name}, {signal:g} on {background:g}: {percent(found[name][1][i], 2)} %"
                        )
    failures = [f"item 2: likelihood interval, {each}" for each in off_bar]
    failures += [f"item 2: Feldman-Cousins, {each}" for each in low_fc]
    text = (
        "Sums over all pairs of counts with a probability above 1e-9, no draws; each number is the mean over 21 true "
        "signals within 20 %, in per cent. 'Symmetric' are errors from the curvature, and "
        "'2 sigma' a limit where the "
        "statistic has risen by 4: what is usual. Where the curvature is 0 the symmetric "
        "interval has no end, and does "
        "not cover.\n\n"
        f"Likelihood intervals within 3 points of 68.3 % from 30 signal counts up ({near} points): "
        f"{verdict(not off_bar)}{': ' + '; '.join(off_bar) if off_bar else ''}.\n\n"
        "Feldman-Cousins intervals with known background, at the lowest of all true signals, never below nominal: "
        f"{verdict(not low_fc)}{': ' + '; '.join(low_fc) if low_fc else ''}.\n\n"
        "![Coverage against the true signal](figures/coverage.png)\n\n"
        + table(("background", "signal", "counts behind", *names), rows)
    )
    return Section("2. The statistics: coverage", text, {"coverage.png": figure(results)}, failures)
