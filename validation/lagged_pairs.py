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
RELATED, UNRELATED, NIGHT = "related", "unrelated", "night"
COHERENCES = (1.0, 0.8, 0.5)
# Bars: width of pulls, coverage of 68 and of 95 %, share of unrelated pairs above the threshold; the lag of the flare
# night, s.
WIDTH, COVERED, COVERED_95, ABOVE = (0.9, 1.1), (0.63, 0.73), (0.925, 0.975), (0.004, 0.016)
LAG, LAG_ERROR = 19.0, 57.0


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
    """Two `Series` of ON and OFF counts, the first seen `lag` after the second.

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
        made.append(series_of_rows(onoff_rows(flux, start, stop, counts[k], rng)))
    return made


def drawn_pair(kind, rng):
    """(two `Series`, lag, coherence, faintest counts a row) of a random pair.

    20 to 100 rows, slopes of 1 to 2.5, 5 to 100 counts, variances of 0.1 to 1 of the log flux in each, half with gaps.
    """
    rows, slope = int(rng.integers(20, 101)), rng.uniform(1, 2.5)
    counts, rms = np.exp(rng.uniform(np.log(5), np.log(100), 2)), np.exp(rng.uniform(np.log(0.3), 0.0, 2))
    gaps = bool(rng.integers(2))
    lag, coherence = 0.0, 0.0
    if kind == RELATED:
        lag, coherence = rng.uniform(-0.15, 0.15) * rows, float(rng.choice(COHERENCES))
    return pair_of(rows, slope, counts, rng, lag, coherence, rms, gaps), lag, coherence, counts.min()


def measured(kind, rng):
    """[lag, coherence, faintest counts, best lag, ends of the 68 and of the 95 % interval, log evidence] of a pair."""
    (one, other), lag, coherence, counts = drawn_pair(kind, rng)
    found = search_lag(one, other, 0.5 * min(one.span, other.span))
    ends = [end for level in (0.6827, 0.95) for end in shortest_interval(found.lag, found.gain, level)]
    return [lag, coherence, counts, best_lag(found.lag, found.gain), *ends, found.log_evidence]


def public_lag(release):
    """[lag, ends of its 68 and 95 % intervals, log evidence] of the flare night, 1-20 against 0.6-1 TeV; s."""
    spectrum = PowerLaw(index=3.4, amplitude="2e-11 cm-2 s-1 TeV-1", reference="1 TeV")
    observations = DataStore.from_dir(release).get_observations(RUNS)
    bands = [0.6, 1, 20] * u.TeV
    # Fluxes may be below zero, as for every test of variability.
    curve = light_curve(observations, TARGET, by_width("5 min"), bands, "1d", spectrum, negative=True)
    found = curve.timing.time_lag(bands=(1, 0), max_lag="1 h")
    ends = [*found.interval_68.to_value("s"), *found.interval_95.to_value("s")]
    return [float(found.value.to_value("s")), *map(float, ends), found.log_evidence]


def pieces(share):
    """Pieces of `measure`: 1000 pairs of each kind, and the public night."""
    drawn = [[kind, *each] for kind in (RELATED, UNRELATED) for each in sizes(some(share, 1000), 50)]
    return [*drawn, *([[NIGHT, 0, 1]] if share >= 0.1 else [])]


def measure(kind, first, n, rng, data=None):
    """What `section` shows of a piece, dict."""
    if kind == NIGHT:
        return {NIGHT: public_lag(data)}
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


def section(found):
    """The `Section`."""
    lines, failures = [], []

    def told(name, values, n):
        good = all(_within(value, bar) for value, bar in values)
        lines.append(
            [name, f"{n}", *(f"{value:.3f}" for value, _ in values), *[""] * (3 - len(values)), verdict(good)]
        )
        if not good:
            failures.append(f"lags ({name}): " + ", ".join(f"{value:.3f}" for value, _ in values))

    clear = [pair for pair in found.get(RELATED, []) if pair[-1] > THRESHOLD]
    for coherence in (None, *COHERENCES):
        kept = [pair for pair in clear if coherence in (None, pair[1])]
        if kept:
            name = "all" if coherence is None else f"coherence {coherence:g}"
            told(name, list(zip(coverage(kept), (WIDTH, COVERED, COVERED_95), strict=True)), len(kept))
    unrelated = found.get(UNRELATED, [])
    if unrelated:
        share = float(np.mean([pair[-1] > THRESHOLD for pair in unrelated]))
        told("unrelated, above the threshold", [(share, ABOVE)], len(unrelated))
    night = found.get(NIGHT)
    if night:
        error = 0.5 * (night[2] - night[1])
        good = abs(night[0] - LAG) < LAG_ERROR
        lines.append(["flare night", "1", f"{night[0]:+.0f} +- {error:.0f} s", "", "", verdict(good)])
        if not good:
            failures.append(f"lags: the flare night's is {night[0]:.0f} s")
    text = (
        "Log fluxes by Timmer & Koenig, 4 times finer than the rows and 16 times longer, seen as ON and OFF counts: "
        "20 to 100 rows, slopes of 1 to 2.5, 5 to 100 counts in a row, variances of 0.1 to 1 of the log flux in each, "
        "half of them with gaps, lags up to 15 % of the rows. Pulls and coverage are of pairs whose evidence for one "
        f"process is above the threshold of {THRESHOLD:g}; the width is half the distance of the quantiles of 16 and "
        "84 %.\n\n"
        + table(("pairs", "number", "width of pulls, or share", "in 68 %", "in 95 %", "bar"), lines)
    )
    bar = (
        "Lags have the errors they say, and unrelated pairs are told",
        f"{len(failures)} miss it",
        not failures,
    )
    return Section("Lags", text, failures=failures, bars=[bar])
