"""Scales of instruments and the fluxes of rows that they share, in campaigns simulated from closed forms."""

from dataclasses import dataclass, replace

import astropy.units as u
import numpy as np
from astropy.time import TimeDelta

from tevcurve import CrossCalibration, Instrument, light_curve
from tevcurve.errors import InputError
from tevcurve.fit.common_scales import NO_SCALE, ScaledKind, common_scales
from tevcurve.lightcurve.bins import by_intervals
from validation.field_draws import (
    BAND,
    POINTING,
    REFERENCE,
    ROW_S,
    TARGET,
    Blob,
    drawn,
    observation,
    spectrum,
)
from validation.parts import sizes, some
from validation.report import Section, added, table, verdict

KINDS = {
    "3d": {"A": "3d", "B": "3d", "C": "3d"},
    "1d": {"A": "1d", "B": "1d", "C": "1d"},
    "mixed": {"A": "3d", "B": "1d", "C": "3d"},
}
# Of each way: the standard deviation of the prior, and where the scales are from.
WAYS = {"free": ("free", "constant"), "prior 10 %": (0.1, "overlap"), "two-stage": ("free", "overlap")}
SCALES = {"B": 0.3, "C": -0.4}
# Nights of four slots of 3 minutes, 40 minutes apart, in which the source falls by 7.
N_NIGHTS, SLOT_S, NIGHT_S, LENGTH_S = 2, 2400.0, 86400.0, 3 * ROW_S
FALLING = 2.8 * 7.0 ** (-np.arange(4) / 3)
# In which slots each observes, and from which row on; each for two rows.
OBSERVED = {"A": ((0, 1, 2, 3), 0), "B": ((1, 2, 3), 1), "C": ((0, 1), 1)}
START_S = 7.6e8
FAINT = 1 / 6
OPTIONS = {"3d": {"width": "0.8 deg", "binsz": "0.04 deg"}, "1d": {"on_radius": "0.14 deg"}}
RADIUS = {"3d": ((0.0, 0.0), 0.6), "1d": (POINTING, 0.75)}
SIGNIFICANT = {68: 1.0, 95: 1.959964}
WANTED, ROOM = {68: 68.27, 95: 95.0}, {68: 4.0, 95: 2.5}
BIAS_BAR = 0.2


@dataclass(frozen=True)
class Campaign:
    """A light curve of a campaign with its truth.

    curve: `LightCurve`. scales: dict of ln(scale). fluxes: float array (n_rows,), cm-2 s-1.
    """

    curve: object
    scales: dict
    fluxes: np.ndarray


def campaign(kind, way, rng, faint=1.0):
    """A `Campaign` of some kind and way, whose source is so many times as bright."""
    sigma, origin = WAYS[way]
    shape = FALLING if origin == "overlap" else np.ones(len(FALLING))
    scales = SCALES if sigma == "free" else {name: float(sigma * rng.normal()) for name in SCALES}
    norms = faint * np.tile(shape, N_NIGHTS)
    starts = START_S + (NIGHT_S * np.arange(N_NIGHTS)[:, None] + SLOT_S * np.arange(len(shape))).ravel()
    data = {
        name: Instrument(
            runs_of(name, method, norms, starts, np.exp(scales.get(name, 0.0)), rng),
            method=method,
            **OPTIONS[method],
        )
        for name, method in KINDS[kind].items()
    }
    first = REFERENCE.to_time(starts)
    edges = [[begin, begin + TimeDelta(LENGTH_S, format="sec")] for begin in first]
    curve = light_curve(
        target=TARGET,
        time_bins=by_intervals(edges),
        energy_edges=BAND * u.TeV,
        spectrum=spectrum(),
        instruments=data,
        cross_calibration=CrossCalibration(reference="A", sigma=dict.fromkeys(SCALES, sigma), from_=origin),
    )
    flux = spectrum().integral(*(BAND * u.TeV)).to_value("cm-2 s-1")
    return Campaign(curve, scales, norms * flux)


def runs_of(name, method, norms, starts, scale, rng):
    """The `Observation`s of an instrument: one of two rows in each slot in which it observes."""
    slots, first_row = OBSERVED[name]
    made = []
    for number, (norm, start) in enumerate(zip(norms, starts, strict=True)):
        if number % len(FALLING) in slots:
            events = drawn([Blob((0.0, 0.0), np.full(2, norm * scale))], rng, *RADIUS[method])
            made.append(observation(events, 2, 100 * ord(name) + number, start + first_row * ROW_S))
    return made


def pieces(share):
    """Pieces of `measure`: some campaigns each, of a kind and a way."""
    cells = [[kind, way, 1.0] for kind in KINDS for way in WAYS]
    few = [[kind, "two-stage", FAINT] for kind in KINDS]
    if share < 0.1:
        cells, few = cells[2::3], few[1:2]
    of_each = ((cells, some(share, 600, 4)), (few, some(share, 300, 4)))
    return [[*cell, *each] for own, n in of_each for cell in own for each in sizes(n, 100)]


def measure(kind, way, faint, first, n, rng):
    """What `section` shows: lines of sums over campaigns, by kind, way and what is looked at."""
    found = {"scales": [], "fluxes": [], "nights": []}
    refused = 0
    for _ in range(n):
        try:
            made = campaign(kind, way, rng, faint)
        except InputError:
            # Of few counts a scale may not be told at all.
            refused += 1
            continue
        table_ = made.curve.scales
        off = np.array(table_["log_scale"]) - [made.scales[name] for name in table_["instrument"]]
        found["scales"].append(
            summed(kind, way, faint, off, np.array(table_["error"]), np.array(table_["error"]))
        )
        if faint == 1:
            columns = (
                np.asarray(made.curve.table[name]) for name in ("flux", "flux_errn_tot", "flux_errp_tot")
            )
            flux, below, above = columns
            found["fluxes"].append(summed(kind, way, faint, flux - made.fluxes, below, above))
            if WAYS[way][1] == "overlap":
                found["nights"].append(
                    [kind, way, 1, *(of_nights(made.curve) - [made.scales[name] for name in SCALES])]
                )
    found["refused"] = [[kind, way, f"{faint:g}", refused, n]]
    return {name: added(lines, 3 if name != "nights" else 2) for name, lines in found.items()}


def summed(kind, way, faint, off, below, above):
    """A line of sums: how many, in the errors of 68 % and 95 %, deviations and their squares in errors, and errors.

    off: float array, what was found less the truth. below, above: its errors on both sides.
    """
    error = np.where(off > 0, below, above)
    pull = off / error
    inside = [int(np.count_nonzero(np.abs(pull) <= width)) for width in SIGNIFICANT.values()]
    sums = [float(np.sum(each)) for each in (pull, pull**2, off, error)]
    return [kind, way, f"{faint:g}", len(off), *inside, *sums]


def of_nights(curve):
    """ln(scale) (2,) of B and C, from rows by night in place of what was seen at the same time."""
    origin = curve.origin
    bare = replace(
        origin, systematics=replace(origin.systematics, scales=no_scales(origin.systematics.scales))
    )
    joint, _ = bare.rebin("night").origin.rows(below_zero=False)
    parts = joint.pieces()
    names = [joint.runs[run].run_id.instrument for run in parts.run]
    scale = np.array([list(SCALES).index(name) if name in SCALES else NO_SCALE for name in names])
    kind = ScaledKind(parts.likelihood, parts.row, scale)
    return common_scales([kind], len(joint.fitted), np.full(len(SCALES), np.inf)).log_scale


def no_scales(scales):
    """`Scales` of the same instruments that are all 1."""
    return replace(scales, log_scale=np.zeros_like(scales.log_scale))


def section(found):
    """The `Section`."""
    rows, failures = [], []
    for what in ("scales", "fluxes"):
        for kind, way, faint, n, *sums in added(found[what], 3):
            if faint == "1":
                row, missed = _covered(what, kind, way, n, sums)
                rows.append(row)
                failures += missed
    few = [line for line in added(found["scales"], 3) if line[2] != "1"]
    refused = {tuple(line[:3]): line[3:] for line in added(found["refused"], 3)}
    of_few, missed = _biases(few, refused)
    nights = [
        [kind, way, f"{n:.0f}", f"{b / n:+.3f}", f"{c / n:+.3f}"]
        for kind, way, n, b, c in added(found["nights"], 2)
    ]
    failures += missed
    text = (
        "Campaigns of three instruments drawn from closed forms: two nights of four slots of three minutes in which "
        "the source falls by 7, the reference in all of them, B in the late and C in the early ones, a minute of each "
        "slot together; true ln(scale) of 0.3 and -0.4, or drawn from the prior. Of a constant source under `constant` "
        "(free); and by overlaps with a prior of 10 % and without (two-stage). Share of scales within their errors of "
        "the truth, and of the fluxes of all rows within `flux_errn_tot` and `flux_errp_tot`, which have the scales in "
        f"them. Bars: {WANTED[68]:g} ± {ROOM[68]:g} % and {WANTED[95]:g} ± {ROOM[95]:g} % (or three of the shares' own "
        "errors); fluxes under `constant`, whose rows said the scales, may cover more.\n\n"
        + table(("what", "method", "scales", "number", "68 %", "95 %", "mean pull", "width", "bar"), rows)
        + "\n\nWith a sixth of that flux, 4 to 28 counts of the source in a piece: the mean deviation of ln(scale) "
        f"over its mean error; bar: {BIAS_BAR:g} (or three of its own errors).\n\n"
        + table(("method", "number", "not told", "mean error", "deviation over error", "bar"), of_few)
        + "\n\nThe same from rows by night, in which the instruments have not seen the source at the same time: mean "
        "deviation of ln(scale) of B and of C; without a bar, as this is what overlaps are for.\n\n"
        + table(("method", "scales", "campaigns", "B", "C"), nights)
    )
    bar = "Instruments together: scales and fluxes cover the truth", f"{len(failures)}", not failures
    return Section("Instruments together", text, failures=failures, bars=[bar])


def _covered(what, kind, way, n, sums):
    """(row of the table, failures) of sums as `summed` gives them."""
    *inside, pull, squares, _, _ = sums
    shares = dict(zip(SIGNIFICANT, (100 * each / n for each in inside), strict=True))
    room = {level: max(ROOM[level], 3 * np.sqrt(p * (100 - p) / n)) for level, p in WANTED.items()}
    # A row is among those that its own scale was taken from, so that its errors are too large: they may cover more.
    most = np.inf if what == "fluxes" and WAYS[way][1] == "constant" else 1.0
    missed = [
        level
        for level, share in shares.items()
        if not -room[level] <= share - WANTED[level] <= most * room[level]
    ]
    mean = pull / n
    cells = [f"{share:.1f}" for share in shares.values()]
    width = np.sqrt(squares / n - mean**2)
    row = [what, kind, way, f"{n:.0f}", *cells, f"{mean:+.3f}", f"{width:.3f}", verdict(not missed)]
    return row, [
        f"instruments: {shares[level]:.1f} % of {what} ({kind}, {way}) in {level} %" for level in missed
    ]


def _biases(lines, refused):
    """(rows of the table, failures) of the campaigns with few counts."""
    rows, failures = [], []
    for kind, way, faint, n, _, _, _, _, off, error in lines:
        bias, uncertain = off / error, 1 / np.sqrt(n)
        met = abs(bias) <= max(BIAS_BAR, 3 * uncertain)
        not_told, tried = refused[kind, way, faint]
        rows.append(
            [
                kind,
                f"{n:.0f}",
                f"{not_told:.0f} of {tried:.0f}",
                f"{error / n:.3f}",
                f"{bias:+.3f} ± {uncertain:.3f}",
                verdict(met),
            ]
        )
        if not met:
            failures.append(
                f"instruments: with few counts ({kind}) scales are off by {bias:+.2f} of their errors"
            )
    return rows, failures
