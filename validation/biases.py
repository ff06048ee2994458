"""Item 2: bias of ON/OFF fits over many energy bins, with free backgrounds and with a shape of the background."""

import numpy as np

from tevcurve.fit.background_shapes import off_rates, shape_terms
from tevcurve.fit.norms import estimate_norms
from tevcurve.kernels.bound_cells import BoundCells
from tevcurve.kernels.cash_profile import cash_profile
from tevcurve.kernels.onoff_profile import onoff_profile
from tevcurve.kernels.terms import CashTerms
from validation.counting import BACKGROUNDS, SIGNALS
from validation.parts import some
from validation.report import COLOURS, Section, table

N_ENERGIES, ROWS_OF_A_RUN = 10, 10
LOG_EDGES = np.linspace(0.0, np.log(10), N_ENERGIES + 1)
CENTERS = 0.5 * (LOG_EDGES[1:] + LOG_EDGES[:-1])

FITS = ("Free in each energy bin", "Shape of the run", "Known")


def shares(slope):
    """Shares (10,) of counts in equal steps over a decade of energy, of a power law whose counts go with E**slope."""
    counts = np.exp(slope * CENTERS)
    return counts / counts.sum()


# A power law of index 2.5; a background with as many counts in each bin, and one that falls as E^-2.7 in flux.
SIGNAL, FLAT, STEEP = shares(-1.5), shares(0.0), shares(-1.7)


def drawn(signal, behind, alpha, n_runs, rng):
    """(n_on, n_off) of runs of ten rows, arrays (n_runs, 10, 10); behind: counts (10,) in the ON region of a row."""
    shape = n_runs, ROWS_OF_A_RUN, N_ENERGIES
    on = rng.poisson(np.broadcast_to(signal * SIGNAL + behind, shape)).astype(float)
    return on, rng.poisson(np.broadcast_to(behind / alpha, shape)).astype(float)


def free_norms(on, off, signal, alpha):
    """Fitted fluxes (n,) with a free background in each energy bin (wstat), in units of the true one."""
    n, cells = on.size // N_ENERGIES, on.size
    source = np.tile(signal * SIGNAL, n)
    row = np.repeat(np.arange(n), N_ENERGIES)
    profile = onoff_profile(row, on.ravel(), off.ravel(), np.full(cells, alpha), source, n)
    return estimate_norms(profile, negative=True).norm


def shape_norms(on, off, signal, alpha):
    """The same with one background norm in each row, on the shape of the OFF spectrum of its run."""
    n, cells = on.size // N_ENERGIES, on.size
    # One run in a group of its own, many times.
    known = np.full((1, N_ENERGIES), 1 / alpha), np.full(1, float(ROWS_OF_A_RUN))
    bins = np.ones((1, N_ENERGIES), dtype=bool), np.zeros(N_ENERGIES, dtype=int), LOG_EDGES
    rates = off_rates(off.sum(axis=1)[:, None], *known, *bins, np.zeros(1, dtype=int))
    expected = np.repeat(rates, ROWS_OF_A_RUN, axis=1).ravel()
    row, source = np.repeat(np.arange(n), N_ENERGIES), np.tile(signal * SIGNAL, n)
    counts = on.ravel(), off.ravel()
    terms = shape_terms(row, np.arange(n), n, *counts, source, (expected, np.full(cells, alpha) * expected))
    return estimate_norms(cash_profile(terms), negative=True).norm


def known_norms(on, signal, behind):
    """The same with a background that is known in each energy bin: what remains is of the fit itself."""
    n, source, background = on.size // N_ENERGIES, signal * SIGNAL, behind
    row, energy = np.nonzero(on.reshape(n, N_ENERGIES))
    seen, every = len(row), np.ones(n)
    first = BoundCells.of(np.zeros(N_ENERGIES, dtype=int), source, np.zeros(N_ENERGIES), background)
    terms = CashTerms(
        n_bins=n,
        block_bin=np.arange(n),
        shared_total=signal * every[:, None],
        background_total=0 * every,
        constant_total=background.sum() * every,
        event_block=row,
        event_count=on.reshape(n, N_ENERGIES)[row, energy],
        event_shared=source[energy][:, None],
        event_background=np.zeros(seen),
        event_constant=background[energy],
        lone_count=0 * every,
        lone_log=0 * every,
        bounds=first.repeated(n, 1),
    )
    return estimate_norms(cash_profile(terms), negative=True).norm


def biases(signal, background, alpha, share, n_runs, rng):
    """[(mean, error), ...] of the relative bias of `free_norms`, `shape_norms` and `known_norms`."""
    on, off = drawn(signal, background * share, alpha, n_runs, rng)
    found = []
    for norm in (
        free_norms(on, off, signal, alpha),
        shape_norms(on, off, signal, alpha),
        known_norms(on, signal, background * share),
    ):
        # Rows of a run share its shape: the error is from the spread of runs.
        by_run = norm.reshape(n_runs, -1).mean(axis=1)
        found.append((float(norm.mean() - 1), float(by_run.std(ddof=1) / np.sqrt(n_runs))))
    return found


def pieces(share):
    """Pieces of `measure`: a background and an alpha each."""
    n_runs = some(share, 2000, 20)
    return [[alpha, background, n_runs] for alpha in (1.0, 0.05) for background in BACKGROUNDS]


def measure(alpha, background, n_runs, rng):
    """What `section` shows, dict: at each true signal the biases with the flat and the steep background."""
    points = []
    for signal in SIGNALS:
        flat, steep = (biases(signal, background, alpha, share, n_runs, rng) for share in (FLAT, STEEP))
        points.append([alpha, signal, background, [*flat, *steep]])
    return {"n_rows": n_runs * ROWS_OF_A_RUN, "points": points}


def figure(points):
    """Bias against the true signal, flat background: a row of panels for each alpha, a column for each fit."""
    import matplotlib.pyplot as plt

    fig, axes = plt.subplots(2, 3, figsize=(9.5, 5.6), sharex=True, sharey=True, layout="constrained")
    for row, alpha in zip(axes, (1.0, 0.05), strict=True):
        for k, ax in enumerate(row):
            for number, background in enumerate(BACKGROUNDS):
                own = [point for point in points if point[0] == alpha and point[2] == background]
                values = 100 * np.array([point[3][k] for point in own])
                signal = [point[1] * 1.05 ** (number - 1.5) for point in own]
                style = {"color": COLOURS[number], "marker": "os^D"[number], "ms": 3.5, "lw": 1.2}
                ax.errorbar(signal, values[:, 0], values[:, 1], label=f"{background:g}", **style)
            ax.axhline(0, color="0.75", lw=2, zorder=0)
        row[0].set_ylabel(f"alpha {alpha:g}\nbias of the flux (%)")
    for ax, name in zip(axes[0], FITS, strict=True):
        ax.set_title(name)
    for ax in axes[-1]:
        ax.set(xscale="log", xlabel="True signal counts", ylim=(-105, 125))
        ax.set(xticks=[1, 10, 100], xticklabels=["1", "10", "100"])
    handles, labels = axes[0, 0].get_legend_handles_labels()
    fig.legend(
        handles, labels, loc="outside lower center", ncols=4, title="Background counts behind the source"
    )
    return fig


def section(found):
    """The `Section`."""
    rows = []
    for alpha, signal, background, values in found["points"]:
        cells = [f"{100 * mean:+.1f} ± {100 * error:.1f}" for mean, error in values]
        rows.append([f"{alpha:g}", f"{signal:g}", f"{background:g}", *cells])
    worst = max(found["points"], key=lambda point: max(np.array(point[3])[[1, 4], 0] * point[1]))
    flat, steep = (worst[1] * worst[3][k][0] for k in (1, 4))
    header = [f"{share}: {name}" for share in ("flat", "steep") for name in ("free", "shape", "known")]
    text = (
        f"ON/OFF over ten energy bins of a decade, {found['n_rows']:,} rows at each point, in runs of ten rows; fluxes "
        "may be negative. Signal and background are the counts in the ON region in all ten bins together; the signal "
        'is a power law of index 2.5. "Free" (wstat) has a background of its own in each energy bin and row, "shape" '
        '(`background="shape"`) one norm in each row, on the shape of the OFF spectrum of its run, and "known" the '
        "true background: what bias it has is of the fit itself, which few counts bound from below. The background is "
        "flat (as many counts in each bin) or steep (E^-2.7 in flux). Bias in per cent of the true flux.\n\n"
        "Where energy bins have no OFF counts, a free background takes the source for background, and the shape does "
        "not. Where the background has many counts, the noise of the shape, which is taken as exact, makes the flux "
        f"too high, and a free background does not (the most: alpha {worst[0]:g}, {worst[1]:g} on {worst[2]:g}, "
        f"{flat:+.1f} counts with the flat and {steep:+.1f} with the steep background). Each is for its own case.\n\n"
        "![Bias against the true signal, flat background](figures/biases.png)\n\n"
        + table(("alpha", "signal", "counts behind", *header), rows)
    )
    return Section("2. The statistics: biases of ON/OFF fits", text, {"biases.png": figure(found["points"])})
