"""3D light curves of runs of unequal safe energies, stacked and joint, against the truth and a dense sum."""

from dataclasses import replace
from functools import cache

import astropy.units as u
import numpy as np

from tevcurve import light_curve
from tevcurve.demo import NIGHT, POSITION, demo_observations
from tevcurve.lightcurve.bins import by_edges
from tevcurve.reduction.cube_terms import cube_terms
from tevcurve.simulation import ResponseSet, simulate_observation
from validation.cubes import falling_root
from validation.nights import BAND, SPECTRUM, source
from validation.parts import sizes, some
from validation.report import Section, table, verdict

# Lowest safe energies of the four runs; and of runs that have all of the band.
UNEQUAL, EQUAL = (0.3, 0.75, 1.2, 1.9), (0.3, 0.3, 0.3, 0.3)
# Of the flux of 1.2e-11 cm-2 s-1 TeV-1 at 1 TeV.
FACTORS = (0.3, 3.0)
WAYS = {"stacked": {"stacked": True}, "joint": {}}
SPAN = by_edges([NIGHT - 1 * u.min, NIGHT + 2 * u.h])
MEAN_BAR, WIDTH_BAR, SUM_BAR = 0.1, 0.05, 1e-6


@cache
def responses(threshold):
    """The demo's `ResponseSet` with another lowest safe energy, TeV."""
    irfs = ResponseSet.analytic()
    table_ = replace(irfs.aeff.table, header=irfs.aeff.table.header | {"LO_THRES": threshold})
    return replace(irfs, aeff=type(irfs.aeff)(table_))


@cache
def plan():
    """(pointing, good time) of the first four runs of the demo's night."""
    return [(each.pointing, each.gti) for each in demo_observations()[:4]]


def night(number, factor, thresholds=UNEQUAL):
    """The `Observations` of four simulated runs of 20 minutes with a constant source."""
    return [
        simulate_observation(
            pointing,
            gti,
            responses(threshold),
            [source(factor=factor)],
            np.random.default_rng([30_000 + number, k]),
            obs_id=k + 1,
        )
        for k, ((pointing, gti), threshold) in enumerate(zip(plan(), thresholds, strict=True))
    ]


def fluxes(drawn, **options):
    """The `LightCurve` of one row."""
    return light_curve(
        drawn, POSITION, SPAN, BAND, "3d", SPECTRUM, width="1.6 deg", norm_values=None, **options
    )


def dense_norm(curve, drawn, thresholds):
    """The norm that fits the sum of all runs best, cells below a run's own safe energy taken out of it one by one.

    Expectations are those of the runs reduced without safe energies; counts are from the events' own energies and
    directions.
    """
    origin = curve.origin
    setting, nodes = (
        replace(origin.settings.default, safe_energy=None),
        origin.reduction.nodes_of(origin.runs[0]),
    )
    flux, edges, geom = origin.spectrum.photon_flux(origin.axes.true), origin.axes.reco, setting.geom
    signal, background, counts = 0.0, 0.0, 0.0
    for run, observation, threshold in zip(origin.runs, drawn, thresholds, strict=True):
        terms, _ = cube_terms(run, origin.source, origin.axes, setting, nodes, compact=True)
        source_, own, _ = terms.compact.in_all_cells(flux)
        # Bins that reach below the threshold are not safe.
        safe = (edges[:-1] >= threshold * (1 - 1e-9))[:, None] & np.ones(source_.shape[1], dtype=bool)
        seconds = np.diff(observation.gti.intervals, axis=1).sum()
        signal = signal + np.where(safe, source_ * seconds * run.deadc, 0.0)
        background = background + np.where(safe, own[0] * seconds, 0.0)
        counts = counts + np.where(safe, counts_in(observation.events, edges, geom, source_.shape), 0.0)
    return best_norm(signal.ravel(), background.ravel(), counts.ravel())


def counts_in(events, edges, geom, shape):
    """Events in the cells, float array (n_reco, n_pixels)."""
    ix, iy = geom.lonlat_to_idx(events.lon, events.lat)
    reco = np.searchsorted(edges, events.energy_tev, side="right") - 1
    inside = (ix >= 0) & (iy >= 0) & (reco >= 0) & (reco < shape[0])
    counts = np.zeros(shape)
    np.add.at(counts, (reco[inside], (iy * geom.npix[0] + ix)[inside]), 1.0)
    return counts


def best_norm(signal, background, counts):
    """The norm of the signal that fits best with a free norm of the background: all that is predicted was counted."""
    seen = (counts > 0) & (signal + background > 0)
    counts, shape, flat = counts[seen], signal[seen] / signal.sum(), background[seen] / background.sum()

    def tilt(fraction):
        part = (shape - flat) / (flat + np.outer(fraction, shape - flat))
        return (counts * part).sum(axis=1), -(counts * part**2).sum(axis=1)

    # Not quite 1, where cells without the source would have no prediction.
    (fraction,) = falling_root(tilt, np.array([1 - 1e-9]))
    return float(fraction * counts.sum() / signal.sum())


def pieces(share):
    """Pieces of `measure`: nights of a flux and of thresholds, of which the first five are summed densely as well."""
    n = some(share, 150, 3)
    both = (("unequal", factor) for factor in FACTORS)
    return [[*kind, *each] for kind in (*both, ("equal", FACTORS[-1])) for each in sizes(n, 50)]


def measure(kind, factor, first, n_nights, rng):
    """What `section` shows, dict; the night's number is its seed.

    norms: lists of (kind, factor, way, norm in units of the true one, its error, pull); sums: lists of (kind, factor,
    difference of a stacked norm from the dense sum, relative).
    """
    thresholds, norms, sums = {"unequal": UNEQUAL, "equal": EQUAL}[kind], [], []
    for number in range(first, first + n_nights):
        drawn = night(number, factor, thresholds)
        for way, options in WAYS.items():
            curve = fluxes(drawn, **options)
            (row,) = curve.table
            norm, errn, errp = (float(row[name]) for name in ("norm", "norm_errn", "norm_errp"))
            pull = (norm - factor) / (errn if norm > factor else errp)
            norms.append([kind, factor, way, norm / factor, float(row["norm_err"]) / factor, pull])
            if way == "stacked" and number < first + 5:
                sums.append([kind, factor, norm / dense_norm(curve, drawn, thresholds) - 1])
    return {"norms": norms, "sums": sums}


def section(found):
    """The `Section`."""
    together, failures, rows = {}, [], []
    for kind, factor, way, *numbers in found["norms"]:
        together.setdefault((kind, factor, way), []).append(numbers)
    for (kind, factor, way), numbers in together.items():
        norm, err, pull = np.array(numbers).T
        n, width = len(norm), pull.std(ddof=1)
        mean, error = pull.mean(), width / np.sqrt(n)
        good = abs(mean) <= MEAN_BAR + 3 * error and abs(width - 1) <= WIDTH_BAR + 3 * width / np.sqrt(2 * n)
        if not good:
            failures.append(
                f"3D, {way}, {kind} safe energies, {factor:g} of the flux: pulls {mean:+.2f}, {width:.2f}"
            )
        bias = f"{100 * (norm.mean() - 1):+.2f} ± {100 * norm.std(ddof=1) / np.sqrt(n):.2f}"
        pulls = f"{mean:+.3f} ± {error:.3f}", f"{width:.3f} ± {width / np.sqrt(2 * n):.3f}"
        rows.append([kind, f"{factor:g}", way, n, bias, percent_of(err), *pulls, verdict(good)])
    worst = max(abs(each[-1]) for each in found["sums"])
    if not worst <= SUM_BAR:
        failures.append(f"3D, stacked: {worst:.2g} off the dense sum")
    text = (
        "Nights of four runs of 20 minutes with a constant source, simulated as events from continuous responses and "
        f"fitted in 3D by one call in one time bin, {BAND[0].value:g}-{BAND[1].value:g} TeV. The runs' lowest safe "
        f"energies are {', '.join(f'{each:g}' for each in UNEQUAL)} TeV, or all have the whole band. Flux in units "
        "of 1.2e-11 cm-2 s-1 TeV-1 at 1 TeV. Pulls are (flux - truth) over the error on the side of the truth; bars "
        f"(and 3 standard errors): mean ±{MEAN_BAR:g}, width 1 ± {WIDTH_BAR:g}.\n\n"
        + table(
            (
                "safe energies",
                "flux",
                "runs",
                "nights",
                "bias (%)",
                "mean error (%)",
                "mean pull",
                "width",
                "bar",
            ),
            rows,
        )
        + f"\n\n{len(found['sums'])} stacked norms against the best norm of the dense sum of all runs' cells, each "
        f"run's cells below its safe energy taken out of signal, background and counts: largest relative difference "
        f"{worst:.1e} (bar {SUM_BAR:g}): {verdict(worst <= SUM_BAR)}."
    )
    bar = "3D stacked runs of unequal safe energies: pulls, and a dense sum", f"{worst:.0e}", not failures
    return Section("3D, stacked runs", text, failures=failures, bars=[bar])


def percent_of(err):
    """Mean of relative errors in per cent, str."""
    return f"{100 * np.mean(err):.1f}"
