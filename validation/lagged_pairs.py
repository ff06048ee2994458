"""Pairs of light curves of red noise, one after the other, and unrelated ones: lags, and evidence for one process."""

import astropy.units as u
import numpy as np

from tevcurve import DataStore, PowerLaw, light_curve
from tevcurve.lightcurve.bins import by_width
from tevcurve.lightcurve.variability.lag_search import best_lag, search_lag, shortest_interval
from tevcurve.lightcurve.variability.lag_series import series_of_rows
from tevcurve.lightcurve.variability.time_lag import THRESHOLD
from validation.flare_night import RUNS, TARGET
from validation.parts import sizes, some
from validation.red_noise import drawn_series, means_of_rows, of_rms, onoff_rows
from validation.report import Section, table, verdict

# Samples of the log flux in a row, and how many times the light curve's length they are drawn.
FINE, LONG = 4, 16
RELATED, UNRELATED, KNOWN, NIGHT = "related", "unrelated", "known", "night"
COHERENCES = (1.0, 0.8, 0.5)
# The largest lag of related pairs, and what is looked at in them, as a share of the rows.
LARGEST = 0.25
# Rows, slope, counts and lag of pairs that the cross-correlation is held against.
KNOWN_ROWS, KNOWN_SLOPE, KNOWN_COUNTS, KNOWN_LAG = 60, 2.0, 30.0, 3.0
# The threshold was set by so many of the unrelated pairs, the first of them.
SET_BY = 500
# Counts below which a pair is faint.
FAINT = 15
# Bars: width of pulls, coverage of 68 and of 95 %, share of unrelated pairs above the threshold; the lag of the flare
# night, s; scatter of a lag of three rows.
WIDTH, COVERED, COVERED_95, ABOVE = (0.9, 1.1), (0.63, 0.73), (0.925, 0.975), (0.004, 0.016)
LAG, LAG_ERROR = 19.0, 57.0
SCATTER = 0.29
WIDTHS = ("1 min", "2 min", "5 min")


def sampled(n, gaps, rng):
    """(start, stop) of n rows of width 1, with runs of 10 to 30 rows and gaps between them where wanted."""
    if not gaps:
        return np.arange(n) + 0.0, np.arange(n) + 1.0
    start, first = [], 0.0
    while len(start) < n:
        length = int(rng.integers(10, 31))
        start += list(first + np.arange(length))
        first += length + rng.integers(2, 13)
    start = np.array(start[:n])
    return start, start + 1.0


def pair_of(n, slope, counts, rng, lag=0.0, coherence=1.0, rms=(0.6, 0.6), gaps=False):
    """Two `Rows` of ON and OFF counts, the first seen `lag` after the second.

    Parameters
    ----------
    n : int, rows of each
    slope : float, of the power of both
    counts : (float, float), mean ON counts of the source in a row
    rng : numpy Generator
    lag : float, in widths of rows
    coherence : float, correlation of the log fluxes
    rms : (float, float), of the log flux, between the frequencies of the whole time and of two rows
    gaps : bool
    """
    spans = [sampled(n, gaps, rng) for _ in range(2)] if gaps else [sampled(n, False, rng)] * 2
    length, step = max(stop[-1] for _, stop in spans), 1 / FINE
    before = abs(lag) + 1
    total = int(np.ceil((length + 2 * before) / step))
    noise = of_rms(slope, 1.0, 1 / length, 0.5)
    common, *own = (drawn_series(noise, total, step, rng, long=LONG) for _ in range(3))
    made = []
    for k, (start, stop) in enumerate(spans):
        series = np.sqrt(coherence) * common + np.sqrt(1 - coherence) * own[k]
        shift = before - (lag if k == 0 else 0.0)
        seen = means_of_rows(series, step, start + shift, stop + shift)
        series = rms[k] * (series - seen.mean())
        flux = means_of_rows(np.exp(series), step, start + shift, stop + shift)
        made.append(onoff_rows(flux, start, stop, counts[k], rng))
    return made


def drawn_pair(kind, rng):
    """(two `Series`, lag, coherence, faintest counts a row, largest lag looked at) of a random pair.

    20 to 100 rows, slopes of 1 to 2.5, 5 to 100 counts, variances of 0.1 to 1 of the log flux in each, half with gaps.
    """
    rows, slope = int(rng.integers(20, 101)), rng.uniform(1, 2.5)
    counts, rms = np.exp(rng.uniform(np.log(5), np.log(100), 2)), np.exp(rng.uniform(np.log(0.3), 0.0, 2))
    gaps = bool(rng.integers(2))
    lag, coherence = 0.0, 0.0
    if kind == RELATED:
        lag, coherence = rng.uniform(-LARGEST, LARGEST) * rows, float(rng.choice(COHERENCES))
    pair = [series_of_rows(each) for each in pair_of(rows, slope, counts, rng, lag, coherence, rms, gaps)]
    return pair, lag, coherence, counts.min(), LARGEST * rows


def measured(kind, rng):
    """[lag, coherence, faintest counts, best lag, ends of the 68 and of the 95 % interval, log evidence] of a pair."""
    pair, lag, coherence, counts, reach = drawn_pair(kind, rng)
    found = search_lag(*pair, reach)
    ends = [end for level in (0.6827, 0.95) for end in shortest_interval(found.lag, found.gain, level)]
    return [lag, coherence, counts, best_lag(found.lag, found.gain), *ends, found.log_evidence]


def correlated(one, other, reach, step=0.1):
    """The lag at which the interpolated cross-correlation of two `Rows` is highest."""
    middle = [each.middle_s for each in (one, other)]
    value = [each.fits.norm[0] - each.fits.norm[0].mean() for each in (one, other)]

    def mean_product(first, second, lag):
        when = middle[first] - lag
        inside = (when >= middle[second][0]) & (when <= middle[second][-1])
        return np.mean(value[first][inside] * np.interp(when[inside], middle[second], value[second]))

    lags = np.arange(-reach, reach + step, step)
    return float(lags[np.argmax([mean_product(0, 1, lag) + mean_product(1, 0, -lag) for lag in lags])])


def of_known_lag(rng):
    """[best lag, lag of the highest cross-correlation] of a pair with a lag of `KNOWN_LAG` rows."""
    rows = pair_of(KNOWN_ROWS, KNOWN_SLOPE, (KNOWN_COUNTS, KNOWN_COUNTS), rng, lag=KNOWN_LAG)
    reach = LARGEST * KNOWN_ROWS
    found = search_lag(*(series_of_rows(each) for each in rows), reach)
    return [best_lag(found.lag, found.gain), correlated(*rows, reach)]


def public_lag(release, width):
    """[lag, ends of its 68 and 95 % intervals, log evidence] of the flare night, 1-20 against 0.6-1 TeV; s."""
    spectrum = PowerLaw(index=3.4, amplitude="2e-11 cm-2 s-1 TeV-1", reference="1 TeV")
    observations = DataStore.from_dir(release).get_observations(RUNS)
    bands = [0.6, 1, 20] * u.TeV
    # Fluxes may be below zero, as for every test of variability.
    curve = light_curve(observations, TARGET, by_width(width), bands, "1d", spectrum, negative=True)
    found = curve.timing.time_lag(bands=(1, 0), max_lag="1 h")
    ends = [*found.interval_68.to_value("s"), *found.interval_95.to_value("s")]
    return [float(found.value.to_value("s")), *map(float, ends), found.log_evidence]


def pieces(share):
    """Pieces of `measure`: 1000 related pairs, 1000 unrelated ones, 100 of a known lag, and the public night.

    They take turns, so that what is there early is of all.
    """
    drawn = [
        [kind, *each]
        for kind, n in ((RELATED, 1000), (UNRELATED, 1000), (KNOWN, 100))
        for each in sizes(some(share, n), 50)
    ]
    night = [[NIGHT, k, 1] for k in range(len(WIDTHS))] if share >= 0.1 else []
    return sorted([*drawn, *night], key=lambda piece: piece[1])


def measure(kind, first, n, rng, data=None):
    """What `section` shows of a piece, dict."""
    if kind == NIGHT:
        return {NIGHT: [public_lag(data, WIDTHS[first])]}
    if kind == KNOWN:
        return {KNOWN: [of_known_lag(rng) for _ in range(n)]}
    return {kind: [measured(kind, rng) for _ in range(n)]}


def coverage(pairs):
    """(width of pulls, shares within the 68 and the 95 % interval) of rows of `measured`."""
    lag, _, _, best, low, high, far_low, far_high, _ = np.array(pairs).T
    pull = (best - lag) / (0.5 * (high - low))
    width = 0.5 * np.diff(np.quantile(pull, [0.1587, 0.8413]))[0]
    return float(width), *(
        float(np.mean((a <= lag) & (lag <= b))) for a, b in ((low, high), (far_low, far_high))
    )


def _within(value, bar):
    return bar[0] <= value <= bar[1]


def groups(pairs):
    """[(name, pairs, whether the bar is theirs)] of related pairs."""
    clear = [pair for pair in pairs if pair[-1] > THRESHOLD]
    found = [
        ("all", pairs, True),
        ("evidence above the threshold", clear, True),
        ("of these, coherence below 1", [pair for pair in clear if pair[1] < 1], True),
    ]
    found += [(f"coherence {c:g}", [pair for pair in clear if pair[1] == c], False) for c in COHERENCES]
    found.append((f"below {FAINT} counts a row", [pair for pair in clear if pair[2] < FAINT], False))
    found.append((f"{FAINT} counts and more", [pair for pair in clear if pair[2] >= FAINT], False))
    return [each for each in found if len(each[1]) > 1]


def section(found):
    """The `Section`."""
    lines, failures = [], []

    def told(name, n, cells, good):
        cells = [*cells, *[""] * (3 - len(cells))]
        lines.append([name, f"{n}", *cells, "" if good is None else verdict(good)])
        if good is False:
            failures.append(f"lags ({name}): " + ", ".join(each for each in cells if each))

    for name, pairs, is_bar in groups(found.get(RELATED, [])):
        values = coverage(pairs)
        good = all(_within(*each) for each in zip(values, (WIDTH, COVERED, COVERED_95), strict=True))
        told(name, len(pairs), [f"{value:.3f}" for value in values], good if is_bar else None)
    unrelated = found.get(UNRELATED, [])
    unrelated = unrelated[SET_BY:] or unrelated
    if unrelated:
        share = float(np.mean([pair[-1] > THRESHOLD for pair in unrelated]))
        told("unrelated, above the threshold", len(unrelated), [f"{share:.2%}"], _within(share, ABOVE))
    known = np.array(found.get(KNOWN, []))
    if len(known) > 1:
        mean, scatter = known.mean(axis=0), known.std(axis=0, ddof=1)
        good = abs(mean[0] - KNOWN_LAG) < 3 * scatter[0] / len(known) ** 0.5 and scatter[0] < SCATTER
        told("lag of 3 rows", len(known), [f"{mean[0]:.2f} +- {scatter[0]:.2f}"], good)
        told("the same by cross-correlation", len(known), [f"{mean[1]:.2f} +- {scatter[1]:.2f}"], None)
    for width, (lag, low, high, *_) in zip(WIDTHS, found.get(NIGHT, []), strict=False):
        cell = f"{lag:+.0f} -{lag - low:.0f} +{high - lag:.0f} s"
        told(f"flare night, {width}", 1, [cell], abs(lag - LAG) < LAG_ERROR)
    text = (
        "Log fluxes by Timmer & Koenig, 4 times finer than the rows and 16 times longer, seen as ON and OFF counts: "
        "20 to 100 rows, slopes of 1 to 2.5, 5 to 100 counts in a row, variances of 0.1 to 1 of the log flux in each, "
        "half of them with gaps, coherences of 1, 0.8 and 0.5, lags up to 25 % of the rows, which is what was looked "
        "at. The width of pulls is half the distance of the quantiles of 16 and 84 % of (lag - true lag) over half of "
        "the 68 % interval. Groups without a word are for a look: a posterior is right on average over its prior, "
        f"not at each coherence. The threshold of {THRESHOLD:g} was set with the first 500 unrelated pairs and "
        "is counted on the others. A lag of 3 rows: 60 rows, slope 2, 30 counts.\n\n"
        + table(("pairs", "number", "width of pulls, or else", "in 68 %", "in 95 %", "bar"), lines)
    )
    bar = (
        "Lags have the errors they say, and unrelated pairs are told",
        f"{len(failures)} miss it" if failures else "met",
        not failures,
    )
    return Section("Lags", text, failures=failures, bars=[bar])
