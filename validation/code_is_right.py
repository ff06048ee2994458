"""Item 1: pulls and fluxes of drawn counts against the exact expectation of the estimator."""

import numpy as np

from tevcurve.kernels.cube_draws import RunCells, draw_block_events
from validation.counting import (
    ALPHAS,
    BACKGROUNDS,
    CUBE,
    SIGNALS,
    code_pull,
    name_of,
    pairs_of,
    probability,
    textbook,
)
from validation.cubes import cube_code, cube_dense
from validation.parts import some
from validation.report import COLOURS, Section, table, verdict
from validation.single_cells import single_cell_toys

NUMBERS = ("pull mean", "pull width", "flux mean", "flux width")


def moments(values, weights):
    """Mean, width and the variances that one draw gives of both."""
    mean = np.sum(weights * values)
    second, fourth = (np.sum(weights * (values - mean) ** power) for power in (2, 4))
    width = np.sqrt(second)
    return (mean, width), (second, (fourth - second**2) / (4 * second) if second > 0 else 0.0)


def both(pull, flux, weights):
    """(values (4,), variances of one draw (4,)) in the order of `NUMBERS`."""
    parts = [moments(each, weights / weights.sum()) for each in (pull, flux)]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def drawn_pairs(signal, background, alpha, n, rng):
    """(n_on, n_off) of n light curves of one row, drawn by the machinery of closure and variability."""
    one = np.ones(1)
    if alpha is None:
        cells = RunCells(np.zeros(1, int), signal * one, background * np.ones((1, 1)), 1)
        parts = [(np.zeros(1, int), np.zeros(1, int), one, np.ones((1, 1)))]
        block = draw_block_events([cells], parts, np.ones((n, 1)), np.ones((n, 1)), rng)[0]
        return np.bincount(block, minlength=n).astype(float), np.zeros(n)
    toys = single_cell_toys(one, one, alpha * one, signal * one, np.zeros(1, int), one)
    drawn = toys.draw(1.0, n, rng, background / alpha * one)
    return drawn.likelihood.n_on, drawn.likelihood.n_off


def single_cell(signal, background, alpha, n, rng):
    """(exact values (4,), those of n draws (4,), deviations in errors (4,)) at a point of the grid."""
    on, off = pairs_of([signal], background, alpha)
    weights = probability(on, off, signal, background, alpha)
    best, pull = textbook(on, off, signal, background, alpha)
    exact, variance = both(pull, best / signal, weights)
    seen, counts = np.unique(
        np.stack(drawn_pairs(signal, background, alpha, n, rng)), axis=1, return_counts=True
    )
    norm, pull = code_pull(*seen, signal, background, alpha)
    code, _ = both(pull, norm / signal, counts / n)
    return exact, code, (code - exact) / np.sqrt(variance / n)


def cube(signal, background, n, rng, chunk=10_000):
    """As `single_cell`, with the dense fit in place of the exact values."""
    results = []
    for make in (cube_dense, cube_code):
        parts = [make(signal, background, min(chunk, n - first), rng) for first in range(0, n, chunk)]
        pull, flux = (np.concatenate(each) for each in zip(*parts, strict=True))
        results.append(both(pull, flux, np.ones(n)))
    (dense, first), (code, second) = results
    return dense, code, (code - dense) / np.sqrt((first + second) / n)


def point(alpha, signal, background, draws, rng):
    """What `single_cell` or `cube` has to say of a point of the grid."""
    if alpha == CUBE:
        return cube(signal, background, draws, rng)
    return single_cell(signal, background, alpha, draws, rng)


def pieces(share):
    """Pieces of `measure`: a background of a kind each."""
    draws = [(alpha, some(share, 100_000, 500)) for alpha in ALPHAS] + [(CUBE, some(share, 100_000, 200))]
    return [[alpha, background, n] for alpha, n in draws for background in BACKGROUNDS]


def measure(alpha, background, draws, rng):
    """What `section` shows, dict: at each true signal the exact values, those of draws, and the deviations.

    Points with a deviation above 3 errors are drawn a second time, with other random numbers.
    """
    points, again, second = [], [], rng.spawn(1)[0]
    for signal in SIGNALS:
        found = point(alpha, signal, background, draws, rng)
        points.append([alpha, signal, background, *(each.tolist() for each in found)])
    for place in (each[:3] for each in points if np.abs(each[5]).max() > 3):
        again.append([*place, point(*place, draws, second)[2].tolist()])
    return {"cube_draws" if alpha == CUBE else "draws": draws, "points": points, "again": again}


def figure(points):
    """Deviations of all numbers in Monte-Carlo errors, beside the normal distribution."""
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots(1, 4, figsize=(11, 2.9), sharex=True, sharey=True, layout="constrained")
    x, edges = np.linspace(-4, 4, 200), np.arange(-4, 4.01, 0.5)
    kinds = list(dict.fromkeys(point[0] for point in points))
    for ax, alpha, colour in zip(axes, kinds, COLOURS[1:], strict=False):
        z = np.concatenate([point[5] for point in points if point[0] == alpha])
        ax.hist(np.clip(z, -3.99, 3.99), bins=edges, color=colour, alpha=0.6)
        ax.plot(x, len(z) * 0.5 * np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi), color=COLOURS[0], lw=1.5)
        ax.set_title(f"{name_of(alpha)} ({len(z)} numbers)", fontsize=10)
    axes[0].set_ylabel("Numbers per half error")
    fig.supxlabel("(drawn - exact) / Monte-Carlo error", fontsize=10)
    return fig


def section(found):
    """The `Section`."""
    rows, points = [], found["points"]
    for alpha, signal, background, exact, code, z in points:
        cells = [f"{e:+.4f} / {c:+.4f}" for e, c in zip(exact, code, strict=True)]
        rows.append([name_of(alpha), f"{signal:g}", f"{background:g}", *cells, f"{np.abs(z).max():.1f}"])
    sizes = np.abs([point[5] for point in points])
    worst, at = sizes.max(), points[int(sizes.max(axis=1).argmax())]
    good = worst <= 4
    failures = (
        [] if good else [f"item 1: {np.count_nonzero(sizes > 4)} numbers deviate by more than 4 errors"]
    )
    again = "".join(
        f" Drawn again, {name_of(alpha)}, {signal:g} on {background:g} has {np.abs(z).max():.1f} at most."
        for alpha, signal, background, z in found["again"]
    )
    text = (
        "Pull = sign(a_fit - a) * sqrt(stat(a) - stat(a_fit)). Counts are drawn by what closure and the tests of "
        f"variability draw with, {found['draws']:,} times at each point (cubes: {found['cube_draws']:,}), and fitted "
        "by tevcurve (`norm >= 0`). What is expected is summed over all pairs of counts with a probability above "
        '1e-9, by textbook formulas. The cube (3D) has 2 energies, 25 pixels and a free background norm; "counts '
        'behind" are those of all its cells. It is compared with as many other draws, dense and fitted by '
        "bisection and Newton's steps. "
        "Width is the standard deviation; fluxes are in units of the true one.\n\n"
        f"Of {sizes.size} numbers at {len(rows)} points, {np.count_nonzero(sizes > 3)} are farther than 3 Monte-Carlo "
        f"errors from what is expected (by chance: {0.0027 * sizes.size:.1f}); the worst is {worst:.2f} errors off "
        f"({name_of(at[0])}, {at[1]:g} on {at[2]:g}). Bar (3 errors, and 4 for the worst of the grid): "
        f"{verdict(good)}.{again}\n\n"
        "![Deviations](figures/deviations.png)\n\n"
        "Each cell is expected / drawn; the last column is the largest of the four deviations in errors.\n\n"
        + table(("background", "signal", "counts behind", *NUMBERS, "worst"), rows)
    )
    bar = (
        "1: means and widths of pulls and fluxes within 3 Monte-Carlo errors of the exact ones, 4 for the worst",
        f"{np.count_nonzero(sizes > 3)} of {sizes.size} beyond 3, the worst {worst:.1f}",
        good,
    )
    return Section("1. The code is right", text, {"deviations.png": figure(points)}, failures, [bar])
