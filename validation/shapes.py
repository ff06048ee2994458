"""Item 5: injected doubling times, flare profiles and light curves come back within their errors."""

import tempfile
from pathlib import Path

import numpy as np

from tevcurve import DataStore, light_curve
from tevcurve.data.write import write_store
from tevcurve.demo import PEAK, POSITION
from tevcurve.kernels.exponentials import pulse_means
from tevcurve.lightcurve.bins import by_width
from tevcurve.lightcurve.variability.flare_fit import PulseFit
from tevcurve.lightcurve.variability.flare_search import FlareSearch
from tevcurve.lightcurve.variability.timescales import DOUBLING, PairRates, Search
from tevcurve.simulation import Flare
from validation.coverage import LEVEL
from validation.nights import BAND, SPECTRUM, base_rows, drawn_rows, observations, source
from validation.parts import sizes, some
from validation.report import COLOURS, Section, mean_width_pull, table, verdict, with_binomial

SLACK = 0.05
FLARES = {"t0": "peak time", "log_rise": "log rise time", "log_decay": "log decay time"}


def pulls_of(best, errn, errp, true):
    """(best - true) over the error on the side of the truth."""
    return (best - true) / np.where(best > true, errn, errp)


def doublings(rows, n, rng):
    """Pulls (n,) of the growth rate between two rows in the middle, chosen before, of exponential rises."""
    pieces, middle = rows.pieces, np.array([rows.n // 2])
    pairs, pulls, inside = (middle, middle + 1), [], []
    t2 = rng.uniform(900, 7200, n)
    norms = np.empty((n, rows.n))
    weight = np.bincount(pieces.row, pieces.weight)
    pivot = rows.middle_s[middle[0]]
    for k, time in enumerate(t2):
        rate = np.log(2) / time
        low, high = (
            np.exp(np.minimum(rate * (edge - pivot), 3.0)) for edge in (pieces.start_s, pieces.stop_s)
        )
        mean = (high - low) / (rate * (pieces.stop_s - pieces.start_s))
        norms[k] = 2 * np.bincount(pieces.row, pieces.weight * mean) / weight
    for each, time in zip(drawn_rows(rows, norms, rng), t2, strict=True):
        search, true = Search(each, PairRates.of(each, pairs, 0), DOUBLING), np.log(2) / time
        best, low, high = search.rate[0], search.low[0], search.high[0]
        inside.append(low <= true <= high)
        if np.isfinite(best + low + high):
            pulls.append(pulls_of(best, best - low, high - best, true))
    return np.array(pulls), np.mean(inside)


def flares(rows, n, rng):
    """Dict of name to (pulls, share of intervals with the truth), and the number of fits that failed."""
    pieces = rows.pieces
    arguments = pieces.row, pieces.start_s, pieces.stop_s, pieces.weight
    span = rows.stop_s[-1] - rows.start_s[0]
    truth = np.column_stack(
        [
            rng.uniform(0.3, 0.6, n) * span,
            np.log(rng.uniform(600, 1800, n)),
            np.log(rng.uniform(1200, 3600, n)),
            rng.uniform(4, 12, n),
            rng.uniform(0.5, 1.5, n),
        ]
    )
    norms = np.stack(
        [
            c + a * pulse_means(t0, np.exp(rise), np.exp(decay), *arguments, n_rows=rows.n)[0]
            for t0, rise, decay, a, c in truth
        ]
    )
    search, names = FlareSearch(rows), ("t0", "log_rise", "log_decay")
    found, failed = {name: [] for name in names}, 0
    for each, true in zip(drawn_rows(rows, norms, rng), truth, strict=True):
        # The grid of pulses is that of the rows' times, which all light curves share.
        search.rows = each
        fit = PulseFit(each, search).run(search.best(2))
        good = fit.valid and all(name in fit.merrors and fit.merrors[name].is_valid for name in names)
        failed += not good
        for name, value in zip(names, true[:3], strict=True):
            if good:
                errors = fit.merrors[name]
                found[name].append(pulls_of(fit.values[name], -errors.lower, errors.upper, value))
    return {name: np.array(pulls) for name, pulls in found.items()}, failed


def through_the_pipeline(first, n_nights, width="10 min"):
    """Dict of method to pulls of all bins, from event files of nights with a flare."""
    light = Flare(PEAK, rise="20 min", decay="45 min", amplitude=6, quiescent=1)
    flux, pulls = SPECTRUM.integral(*BAND), {}
    ways = {"1D": {"method": "1d"}, "3D": {"method": "3d"}, "3D unbinned": {"method": "3d", "unbinned": True}}
    for night in range(first, first + n_nights):
        drawn = observations([source(light)], 1000 + night)
        with tempfile.TemporaryDirectory() as folder:
            write_store(Path(folder), drawn)
            store = DataStore.from_dir(folder)
            for name, options in ways.items():
                observed = store.get_observations([each.obs_id for each in drawn])
                curve = light_curve(observed, POSITION, by_width(width), BAND, spectrum=SPECTRUM, **options)
                true = _true_fluxes(curve, drawn, light) * flux.to_value("cm-2 s-1")
                best, errn, errp = (
                    np.asarray(curve.table[c], dtype=float) for c in ("flux", "flux_errn", "flux_errp")
                )
                pulls.setdefault(name, []).append(pulls_of(best, errn, errp, true))
    return {name: np.concatenate(each) for name, each in pulls.items()}


def _true_fluxes(curve, drawn, light):
    """Mean factor of each row over the good time in it."""
    reference, means = drawn[0].gti.reference, []
    for start, stop in zip(curve.time_start, curve.time_stop, strict=True):
        span = np.array([reference.to_seconds(start), reference.to_seconds(stop)], dtype=float).ravel()
        parts = [each.gti.intersect(span) for each in drawn]
        parts = [(light.mean_over(gti), np.ptp(gti.intervals, axis=1).sum()) for gti in parts if len(gti)]
        means.append(np.average([m for m, _ in parts], weights=[t for _, t in parts]))
    return np.array(means)


def figure(panels):
    """Distributions of pulls beside the normal one."""
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots(2, 4, figsize=(11, 5), sharex=True, layout="constrained")
    x = np.linspace(-4, 4, 200)
    for ax, (name, pulls) in zip(axes.ravel(), panels.items(), strict=False):
        ax.hist(
            np.clip(pulls, -3.99, 3.99),
            bins=np.linspace(-4, 4, 25),
            density=True,
            color=COLOURS[1],
            alpha=0.55,
        )
        ax.plot(x, np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi), color=COLOURS[0], lw=1.5)
        ax.set_title(f"{name} ({len(pulls)})", fontsize=9)
        ax.set_yticks([])
    for ax in axes.ravel()[len(panels) :]:
        ax.set_visible(False)
    axes[0, -1].tick_params(labelbottom=True)
    fig.supxlabel("(fit - truth) / error", fontsize=10)
    fig.supylabel("Share of pulls", fontsize=10)
    return fig


def pieces(share):
    """Pieces of `measure`: some light curves or nights of a kind each."""
    n_flares, n_nights = some(share, 1000, 10), some(share, 50)
    kinds = (("rates", n_flares, 250), ("flares", n_flares, 100), ("nights", n_nights, 5))
    return [[kind, *each] for kind, total, size in kinds for each in sizes(total, size)]


def measure(kind, first, n, rng):
    """What `section` shows, dict: pulls by name, and numbers of what they are of. Nights have seeds of their own."""
    if kind == "rates":
        pulls, covered = doublings(base_rows(), n, rng)
        return {"pulls": {"growth rate": pulls.tolist()}, "covered": [[round(covered * n), n]]}
    if kind == "flares":
        found, failed = flares(base_rows(), n, rng)
        return {
            "pulls": {FLARES[name]: each.tolist() for name, each in found.items()},
            "failed": [int(failed)],
        }
    found = through_the_pipeline(first, n)
    return {"pulls": {f"flux, {name}": each.tolist() for name, each in found.items()}, "n_nights": [n]}


def section(found):
    """The `Section`."""
    panels = {name: np.array(pulls) for name, pulls in found["pulls"].items()}
    lines, failures = [], []
    for name, pulls in panels.items():
        mean, width = mean_width_pull(pulls)
        share, error = np.mean(np.abs(pulls) <= 1), np.sqrt(LEVEL * (1 - LEVEL) / len(pulls))
        good = abs(share - LEVEL) <= SLACK + 3 * error
        if not good:
            failures.append(f"item 5: {name}: {100 * share:.1f} % within the errors")
        lines.append([name, f"{len(pulls):,}", mean, width, with_binomial(share, len(pulls)), verdict(good)])
    covered, n_flares = np.sum(found.get("covered", [[0, 1]]), axis=0)
    failed, n_nights = (sum(found.get(name, [])) for name in ("failed", "n_nights"))
    text = (
        f"Growth rates and flare profiles: {n_flares:,} light curves each of the demo night in 1D, in 5-minute rows, "
        "drawn from the rows' own expectations and fitted by tevcurve. Rates: of two neighbouring rows, chosen before; "
        "doubling times of 15 to 120 minutes. Flares: rise times of 10-30 and decay times of 20-60 minutes, peaks of 4 "
        f"to 12 times 1.2e-11 cm-2 s-1 TeV-1 at 1 TeV. {failed} flare fits did not converge or have an error "
        f"without an end, and are left out. Of all growth rates {with_binomial(covered / n_flares, n_flares)} % are in "
        "their interval, those without a finite end among them.\n\n"
        f"Light curves: {n_nights} nights with a flare (12 runs, one with a gap), written as event files, "
        "read again and taken through the whole pipeline in 10-minute bins; the truth is the mean flux over the good "
        "time of each bin. The three ways have the same events.\n\n"
        "Pulls are (fit - truth) over the error on the side of the truth; 68.3 % should be within 1. Asymmetric errors "
        "of few counts do not make normal pulls, so the bar of this report is 5 points and 3 binomial errors.\n\n"
        "![Pulls](figures/pulls.png)\n\n"
        + table(("what", "pulls", "mean", "width", "within the errors (%)", "bar"), lines)
    )
    shares = [100 * np.mean(np.abs(pulls) <= 1) for pulls in panels.values()]
    bar = (
        "5: doubling times, flare profiles and light curves come back within their errors (68.3 %)",
        f"{min(shares):.1f} to {max(shares):.1f} % of each kind",
        not failures,
    )
    return Section("5. The shapes come back", text, {"pulls.png": figure(panels)}, failures, [bar])
