"""Flux points of time bins, `LightCurve.sed`, of a source whose spectrum changes from run to run."""

import astropy.units as u
import numpy as np

from tevcurve import light_curve
from tevcurve.demo import POSITION, demo_observations
from tevcurve.models import PowerLaw, SkyModel, SkyPointSource
from tevcurve.simulation import ResponseSet, simulate_observation
from validation.parts import sizes, some
from validation.report import Section, added, percent, table, verdict

# The index of the source, run after run, and that of the reference spectrum.
INDICES, REFERENCE = (2.2, 3.2), 2.5
EDGES = [0.5, 0.8, 1.25, 2, 3.2, 8] * u.TeV
WAYS = {
    "1d": {"method": "1d"},
    "3d": {"method": "3d"},
    "1d, free index": {"method": "1d", "free": ("index",)},
    "3d, free index": {"method": "3d", "free": ("index",)},
}
PULL_BAR, SHARE_BAR = 0.15, 0.03
LEVEL, LIMIT = 0.6827, 0.95


def pieces(share):
    """Pieces of `measure`: some runs each."""
    return [list(each) for each in sizes(some(share, 400, 4), 20)]


def measure(first, n_runs, rng):
    """What `section` shows, dict: for each way, index of the source and band, sums over time bins.

    [way, index, band, time bins, sum of pulls, of their squares, intervals and limits with the truth]; a pull is the
    distance from the truth in errors of that side. The run's number is its seed.
    """
    plan, irfs = demo_observations(), ResponseSet.analytic()
    runs, truths = [], []
    for number in range(first, first + n_runs):
        truths.append(PowerLaw(INDICES[number % len(INDICES)], "3e-11 cm-2 s-1 TeV-1", "1 TeV"))
        source = SkyModel(SkyPointSource.from_position(POSITION), truths[-1], name="source")
        run = plan[number % len(plan)]
        seed = np.random.default_rng([70_000, number])
        runs.append(simulate_observation(run.pointing, run.gti, irfs, [source], seed, obs_id=number))
    pairs = list(zip(runs, truths, strict=True))
    return {"sums": added([line for way in WAYS for pair in pairs for line in _of_run(way, *pair)], 3)}


def _of_run(way, run, truth):
    options = {"spectrum": PowerLaw(index=REFERENCE), "norm_values": None, "upper_limit": LIMIT, **WAYS[way]}
    points = light_curve([run], POSITION, "run", EDGES[[0, -1]], **options).sed(EDGES).table
    true = truth.dnde(np.asarray(points["e_ref"]))
    off = np.asarray(points["dnde"]) - true
    pull = off / np.where(off > 0, points["dnde_errn"], points["dnde_errp"])
    held = np.asarray(points["dnde_ul"]) >= true
    return [
        [
            way,
            truth.index.value,
            band,
            1,
            pull[band],
            pull[band] ** 2,
            int(abs(pull[band]) <= 1),
            int(held[band]),
        ]
        for band in range(len(points))
    ]


def section(found):
    """The `Section`."""
    rows, failures = [], []
    for way, index, band, n, total, squares, inside, held in added(found["sums"], 3):
        mean = total / n
        width = np.sqrt(squares / n - mean**2)
        low, high = EDGES[int(band) : int(band) + 2].value
        shares = inside / n, held / n
        rows.append(
            [
                way,
                f"{index:g}",
                f"{low:g}–{high:g} TeV",
                f"{int(n)}",
                f"{mean:+.2f} ± {width / np.sqrt(n):.2f}",
                f"{width:.2f}",
                *map(percent, shares),
            ]
        )
        off = abs(mean) > PULL_BAR + 3 * width / np.sqrt(n)
        for share, level in zip(shares, (LEVEL, LIMIT), strict=True):
            off |= abs(share - level) > SHARE_BAR + 3 * np.sqrt(level * (1 - level) / n)
        if off and "free" in way:
            failures.append(f"spectra: {low:g} to {high:g} TeV of the index {index:g} in {way}")
    headings = ("light curve", "index of the source", "band", "time bins", "mean pull", "width of the pulls")
    text = (
        "Flux points by `LightCurve.sed` of runs of 20 minutes on a source whose index changes from run to run, with a "
        f"reference of the index {REFERENCE:g}: pulls of dN/dE at the geometric mean of each band, and how often the "
        f"interval of 68.3 % and the limit of {100 * LIMIT:g} % have the truth. Without a free index, the wrong shape "
        "inside a band and beside it moves the points; with one, each time bin has its own shape. Bars are for these: "
        f"mean pull within {PULL_BAR:g}, shares within {100 * SHARE_BAR:g} % of nominal, each and three of its errors: "
        f"{verdict(not failures)}. In the highest band of the steep source a run has some two counts.\n\n"
        + table((*headings, "intervals [%]", "limits [%]"), rows)
    )
    return Section("Spectra in time", text, failures=failures)
