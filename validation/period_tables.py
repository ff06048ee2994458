"""What the validation of periods shows: cells of light curves, with the share of alarms in each."""

import numpy as np

from validation.report import Section, added, table, verdict, with_binomial

# The chance that is asked for, and the most that it may be.
P0, MOST = 0.01, 0.015
# Fewer light curves than this have shares above the most by chance.
MANY = 2000
# The orbit and how long it was watched, days; the share of those above the threshold that are found or named.
ORBIT, SPAN_DAYS, NAMED = 3.90603, 130, 0.95


class Cells:
    """Shares of alarms in cells, each with its bar: within 3 binomial errors, and where there are many not above it.

    `failures` are the cells that miss it, in words.
    """

    def __init__(self):
        self.failures = []

    def line(self, names, n, alarms, words):
        """A line of a table: names of a cell, and its share.

        Parameters
        ----------
        names : list of str, what is shown first
        n, alarms : int
        words : str, for failures
        """
        error = np.sqrt(P0 * (1 - P0) / n)
        good = abs(alarms / n - P0) <= 3 * error and (n < MANY or alarms / n <= MOST)
        return self._told(names, n, alarms, words, good)

    def at_most(self, names, n, alarms, words):
        """The same, where fewer alarms are as good."""
        good = alarms / n <= (MOST if n >= MANY else P0 + 3 * np.sqrt(P0 * (1 - P0) / n))
        return self._told(names, n, alarms, words, good)

    def _told(self, names, n, alarms, words, good):
        if not good:
            self.failures.append(f"{words}: {100 * alarms / n:.2f} % at 1 %")
        return [*names, n, with_binomial(alarms / n, n), verdict(good)]


def constants(lines, kind, cells):
    """Rows of the table of constant sources, of one kind: cell by cell, then what they sum to."""
    by_cell = [[each[0], each[1], *each[3:]] for each in lines]
    made = [
        cells.line(
            [kind, f"{counts:g}", name, "all"], n, alarms, f"periods of {kind}, {counts:g} counts, {name}"
        )
        for counts, name, n, alarms in added(by_cell, 2)
    ]
    for place, where in enumerate(("counts", "kind", "periods")):
        sums = added([[each[place], *each[3:]] for each in lines], 1)
        if len(sums) < 2:
            continue
        for value, n, alarms in sums:
            names, shown = ["all", "all", "all"], f"{value:g}" if where == "counts" else value
            names[place] = shown
            made.append(cells.line([kind, *names], n, alarms, f"periods of {kind}, {where} {shown}"))
    return made


def reds(lines, cells):
    """Rows of the table of red noise: by slope, by counts, by nights, and all."""
    made = []
    for place in range(3):
        for value, n, red, white in added([[each[place], *each[3:]] for each in lines], 1):
            names = ["all", "all", "all"]
            names[place] = value if place == 2 else f"{value:g}"
            made.append(
                [*cells.at_most(names, n, red, f"periods of red noise, {names}"), with_binomial(white / n, n)]
            )
    n, red, white = np.sum([each[3:] for each in lines], axis=0).tolist()
    made.append([*cells.at_most(["all"] * 3, n, red, "periods of red noise"), with_binomial(white / n, n)])
    return made


def orbits(lines, cells):
    """Rows of the table of orbits."""
    made = []
    for noise, amplitude, n, above, best, named in added(lines, 2):
        good = named >= NAMED * above
        if not good:
            cells.failures.append(
                f"orbits of an amplitude of {amplitude:g}: {named} of {above} are found or named"
            )
        shares = (with_binomial(each / max(above, 1), max(above, 1)) for each in (best, named))
        made.append([noise, f"{amplitude:g}", n, above, *shares, verdict(good)])
    return made


def made_section(found, n_toys, n_red_toys, rms):
    """The `Section`.

    Parameters
    ----------
    found : dict of the lines of each kind
    n_toys, n_red_toys : int, of each light curve
    rms : float, of the red noise
    """
    cells, parts = Cells(), []
    lines = [row for kind in ("rows", "events") for row in constants(found.get(kind, []), kind, cells)]
    if lines:
        parts += [
            f"Chances of at most {100 * P0:g} %, by {n_toys} toys of each light curve, of constant sources. In rows of "
            "ON and OFF counts, by `lomb_scargle` with white noise, for periods from two rows to the span, or a third "
            "of these in log: 48 rows in six nights, 40 in one night, or 10 of unequal widths in 40 days. In weighted "
            "events of one, three or eight runs, each with a gap and a level of its own, by `z_n_search` with two "
            "harmonics and by `htest`. Counts are of the source, in a row (in those of the median width) or in a run. "
            f"Bars: within 3 binomial errors, and where a line has {MANY} light curves or more, at most "
            f"{100 * MOST:g} % (of fewer, chance alone makes more).",
            table(("constant in", "counts", "kind", "periods", "light curves", "alarms (%)", "bar"), lines),
        ]
    if found.get("red"):
        parts += [
            f"Red noise without a period, of Timmer & Koenig in log flux with an rms of {rms:g}, in 60 rows of 2 "
            f"minutes: the default of `lomb_scargle`, by {n_red_toys} toys of each, and what the bound of Baluev says "
            f"that knows of white noise only. Bar: at most {100 * MOST:g} % of all.",
            table(
                ("slope", "counts", "in", "light curves", "alarms (%)", "bar", "as if white (%)"),
                reds(found["red"], cells),
            ),
        ]
    for slope, n, seen, _ in added([[each[0], *each[3:]] for each in found.get("pulses", [])], 1):
        parts.append(
            f"With a period of 700 s and a relative amplitude of 0.5 in red noise of a slope of {slope:g}, "
            f"{with_binomial(seen / n, n)} % of {n} light curves are alarms."
        )
    if found.get("orbits"):
        parts += [
            f"An orbit of {ORBIT:g} d in runs of 28 minutes with 20 counts, in dark nights of {SPAN_DAYS} days, is the "
            "highest peak, or among its aliases, where the peak is above the threshold of 1 %, which is that of the "
            f"bound, or with red noise by toys. Bar: {100 * NAMED:g} %.",
            table(
                (
                    "noise",
                    "amplitude",
                    "light curves",
                    "above",
                    "the highest (%)",
                    "or named among the aliases (%)",
                    "bar",
                ),
                orbits(found["orbits"], cells),
            ),
        ]
    bar = (
        "Periods: false alarms at 1 %, on red noise too, and orbits found or named",
        f"{len(cells.failures)} cells miss it",
        not cells.failures,
    )
    return Section("Periods", "\n\n".join(parts), failures=cells.failures, bars=[bar])
