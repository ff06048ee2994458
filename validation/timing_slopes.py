"""Slopes and amplitudes of power spectra: red noise by Timmer & Koenig, and the public flare night."""

import astropy.units as u
import numpy as np

from tevcurve import DataStore, PowerLaw, light_curve
from tevcurve.lightcurve.bins import by_width
from tevcurve.lightcurve.variability.power_spectrum import spectrum_of
from validation.flare_night import RUNS, TARGET
from validation.parts import sizes, some
from validation.red_noise import drawn_fluxes, of_rms, onoff_rows, rows_of_nights
from validation.report import Section, percent, table, verdict

COUNTS, SLOPES, CURVES = (3, 10, 30, 100), (1.0, 1.5, 2.0, 2.5, 2.8), 300
# Two nights of 42 rows, without a run of the first, and the standard deviation of the log flux that rows can see.
PER_NIGHT, APART, LOST, RMS = 42, 6 * 3600.0, slice(14, 28), 0.6
# Bias over half of the width: everywhere, and of slopes to 2.5 from 10 counts up.
MOST_BIAS, LESS_BIAS = 0.4, 0.25
# Contents of intervals, and how far what they cover may be from them.
CONTENTS = ((0.6827, 0.04), (0.9545, 0.025))
WIDTHS = ("5 min", "2 min", "1 min")
PUBLISHED, ERROR, ALIKE = 1.9, 0.3, 0.3


def curve(counts, slope, rng):
    """(`PowerLawNoise`, `Rows`) of a light curve with gaps."""
    start, stop = (np.delete(each, LOST) for each in rows_of_nights(2, PER_NIGHT, apart=APART))
    noise = of_rms(slope, RMS, 1 / stop[-1], 0.5 / (stop - start)[0])
    return noise, onoff_rows(drawn_fluxes(noise, start, stop, rng), start, stop, counts, rng)


def line_of(counts, slope, rng):
    """[deviation, its square, half the width of 68 %, in 68 %, in 95 %, in 68 and 95 % of the log amplitude, told]."""
    noise, rows = curve(counts, slope, rng)
    found = spectrum_of(rows)
    posterior, truths = found.fit.posterior, (slope, np.log(noise.level * noise.pivot))
    marginals, contents = (posterior.of_slope, posterior.of_level), [content for content, _ in CONTENTS]
    inside = [[marginal.interval(content) for content in contents] for marginal in marginals]
    covered = [low <= truth <= high for truth, each in zip(truths, inside, strict=True) for low, high in each]
    deviation, (low, high) = marginals[0].mode - slope, inside[0][0]
    return [deviation, deviation**2, 0.5 * (high - low), *covered, not found.why_not]


def public(width, release):
    """[width, rows, slope, low, high] of the flare night."""
    spectrum = PowerLaw(index=3.4, amplitude="2e-11 cm-2 s-1 TeV-1", reference="1 TeV")
    observations = DataStore.from_dir(release).get_observations(RUNS)
    made = light_curve(observations, TARGET, by_width(width), [0.7, 20] * u.TeV, "1d", spectrum)
    found = made.timing.power_spectrum()
    return [width, found.n_rows, found.slope, *found.slope_68]


def pieces(share):
    """Pieces of `measure`: curves of each cell, and the public night."""
    cells = [(counts, slope) for counts in COUNTS for slope in SLOPES]
    drawn = [[*cell, *each] for cell in cells for each in sizes(some(share, CURVES, 1), 20)]
    widths = WIDTHS if share >= 0.1 else WIDTHS[:1]
    return [*drawn, *([0, width, 0, 1] for width in widths)]


def measure(counts, which, first, n, rng, data=None):
    """What `section` shows of a piece, dict. counts: 0 for the public night; which: slope, or width of its rows."""
    if not counts:
        return {"night": [public(which, data)]}
    sums = np.sum([line_of(counts, which, rng) for _ in range(n)], axis=0, dtype=float)
    return {"curves": [[counts, which, n, *sums.tolist()]]}


def cells_of(curves):
    """Dict of (counts, slope) to (number of curves, means of what `line_of` has)."""
    cells = {}
    for counts, slope, n, *sums in curves:
        known, before = cells.get((counts, slope), (0, 0))
        cells[counts, slope] = known + n, before + np.array(sums)
    return {cell: (n, sums / n) for cell, (n, sums) in cells.items()}


def cell_rows(curves):
    """(rows of the table, what misses a bar) of all cells."""
    rows, failures = [], []
    for (counts, slope), (n, mean) in cells_of(curves).items():
        bias, most = mean[0] / mean[2], LESS_BIAS if counts >= 10 and slope <= 2.5 else MOST_BIAS
        good = abs(bias) <= most
        if not good:
            failures.append(f"slope {slope:g} at {counts} counts: bias {bias:+.2f} of half the width")
        error = np.sqrt((mean[1] - mean[0] ** 2) / max(n - 1, 1))
        told = f"{mean[0]:+.3f} ± {error:.3f}", f"{mean[2]:.2f}", f"{bias:+.2f} ± {error / mean[2]:.2f}"
        shares = [percent(each, 0) for each in mean[3:]]
        rows.append([counts, f"{slope:g}", n, *told, *shares, verdict(good)])
    return rows, failures


def covered(curves):
    """Bars of what intervals of all cells cover: list of (wanted, found, whether it is met)."""
    bars, total = [], np.sum([each[2:] for each in curves], axis=0)
    for k, (content, off) in enumerate(CONTENTS):
        share = total[4 + k] / total[0]
        wanted = (
            f"intervals of {percent(content, 0)} % cover slopes of power spectra in that ± {percent(off)} %"
        )
        bars.append((wanted, f"{percent(share)} % of {total[0]:.0f}", bool(abs(share - content) <= off)))
    return bars


def night_text(night):
    """(text, bar) of the public night."""
    lines = [
        [width, n, f"{slope:.2f} -{slope - low:.2f} +{high - slope:.2f}"]
        for width, n, slope, low, high in night
    ]
    slopes = np.array([each[2] for each in night])
    half = np.array([0.5 * (each[4] - each[3]) for each in night]).mean()
    apart = float(np.ptp(slopes) / half)
    good = bool(np.all(np.abs(slopes - PUBLISHED) <= ERROR) and apart <= ALIKE)
    wanted = (
        f"the power spectrum of the flare night has a slope of {PUBLISHED} ± {ERROR}, the same within {ALIKE} of half "
        "its width from 1, 2 and 5-minute rows"
    )
    text = table(("rows of", "rows", "slope"), lines)
    return text, (wanted, f"{slopes.min():.2f} to {slopes.max():.2f}, {apart:.2f} apart", good)


def section(found):
    """The `Section`."""
    curves, night = found.get("curves", []), found.get("night", [])
    rows, failures = cell_rows(curves)
    wanted = (
        f"slopes of power spectra: bias of {LESS_BIAS:g} of half the width at most, with 10 counts or more and to 2.5; "
        f"{MOST_BIAS:g} elsewhere"
    )
    bars = [(wanted, f"in {len(rows) - len(failures)} of {len(rows)} cells", not failures), *covered(curves)]
    header = ("counts", "slope", "curves", "bias", "half the width", "their ratio", "in 68 %", "in 95 %")
    header += ("amplitude in 68 %", "in 95 %", "slope told, %", "bar")
    text = (
        "Red noise in log flux by Timmer & Koenig, drawn 8 times finer than the rows and 32 times as long as the "
        f"light curve, with a standard deviation of {RMS:g} at the frequencies that rows see: two nights of 2-minute "
        "rows in runs, one of which is missing, ON and OFF counts with a background of a fifth of the source. The "
        "posterior is asked of every curve, also where tevcurve tells no slope.\n\n" + table(header, rows)
    )
    if night:
        told, bar = night_text(night)
        text, bars = f"{text}\n\nPKS 2155-304 on 2006-07-29/30, 0.7-20 TeV, 1D:\n\n{told}", [*bars, bar]
    failures += [f"{wanted}: {found}" for wanted, found, good in bars[1:] if not good]
    return Section("Slopes of power spectra", text, failures=failures, bars=bars)
