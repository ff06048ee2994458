"""Time bins that grow until they have enough events, or until the source is significant enough."""

from dataclasses import dataclass

import numpy as np

from tevcurve.bins.binning import Binning
from tevcurve.bins.event_cells import event_cells
from tevcurve.bins.time_text import number_word
from tevcurve.errors import InputError
from tevcurve.kernels.onoff import wstat

_CHUNK = 64


@dataclass(frozen=True)
class ByCounts(Binning):
    """See `by_counts`. n: events in a bin."""

    name = "counts"
    forms = ("counts 50",)
    looks_at_events = True

    n: int

    def lay(self, runs):
        """`TimeBins`, in the order of time. runs: as for `bins`."""
        cells = event_cells(runs)
        running = np.append(0, np.cumsum(cells.count))
        first, n_cells = [0], len(cells.run)
        while (after := np.searchsorted(running, running[first[-1]] + self.n)) < n_cells:
            first.append(int(after))
        rest = running[-1] - running[first[-1]]
        note = f"the last bin has the rest, {rest:g} events" if rest < self.n else ""
        return cells.bins(np.array(first), kind=f"by {self.n} events", note=note)

    def text(self):
        """Its text, such as "counts 50"."""
        return f"{self.name} {self.n}"

    @classmethod
    def from_text(cls, given):
        """The binning of "counts N". given: `GivenText`."""
        return by_counts(given.number("the number of events"))


@dataclass(frozen=True)
class BySignificance(Binning):
    """See `by_significance`. ts: test statistic that a bin reaches."""

    name = "significance"
    forms = ("significance 5", "significance ts=25")
    looks_at_events = True

    ts: float

    def lay(self, runs):
        """`TimeBins`, in the order of time. runs: as for `bins`."""
        cells = event_cells(runs)
        ts_of = _running_ts(cells)
        first, n_cells = [0], len(cells.run)
        while (after := self._first_reached(ts_of, first[-1], n_cells)) < n_cells:
            first.append(after)
        rest = ts_of(first[-1], np.array([n_cells]))[0]
        note = f"the last bin has the rest and reaches TS {rest:.3g}" if rest < self.ts else ""
        return cells.bins(np.array(first), kind=f"until TS {self.ts:g}", note=note)

    def text(self):
        """Its text, such as "significance 5", or "significance ts=9.5" where that is no square of one."""
        sigma = float(np.sqrt(self.ts))
        if sigma**2 == self.ts:
            return f"{self.name} {number_word(sigma)}"
        return f"{self.name} ts={number_word(self.ts)}"

    @classmethod
    def from_text(cls, given):
        """The binning of "significance SIGMA" or "significance ts=TS". given: `GivenText`."""
        ts = given.option_number("ts")
        # A test statistic with one degree of freedom is the square of the standard deviations.
        return by_significance(given.number("the significance") ** 2 if ts is None else ts)

    def _first_reached(self, ts_of, first, n_cells):
        """The first cell before which a bin that starts at `first` has reached the TS; n_cells where it never does."""
        begin, length = first + 1, _CHUNK
        while begin < n_cells:
            stops = np.arange(begin, min(begin + length, n_cells))
            reached = np.flatnonzero(ts_of(first, stops) >= self.ts)
            if len(reached):
                return int(stops[reached[0]])
            begin, length = begin + length, 2 * length
        return n_cells


def by_counts(n):
    """A binning whose bins grow until they have n ON events; the next one starts at the next ON event or good time.

    What is left at the end is a bin of its own, with fewer events; the bins' `note` says so. Bins span runs and gaps.
    Because their edges are at events, n per bin duration overestimates the rate by a factor of about n/(n - 1).

    n: int, 2 or more. Raises InputError otherwise; `bins` does where runs overlap in time.
    """
    if int(n) != n or n < 2:
        raise InputError(f"by_counts has n = {n!r}; wanted is a whole number of events, 2 or more.")
    return ByCounts(int(n))


def by_significance(ts):
    """A binning whose bins grow until the source reaches a TS; the next one starts at the next ON event or good time.

    The TS is that of the counts summed over the energy band: ON against OFF events (Li & Ma 1983, ApJ 272, 317,
    equation 17, squared), or against the known background (Cash 1979, ApJ 228, 939). That of a fit which looks at
    energies and positions is higher. Bins span runs and gaps; what is left at the end is a bin of its own, which
    has not reached the TS.

    Stopping bias: a bin stops at an upward fluctuation, so that its flux is biased high and its length short, the
    more the lower the TS; for a source that is not there, bins of any TS appear if one waits long enough. The values
    are no independent measurements of a flux at given times: do not test them for variability.

    ts: float above 0, for example 25. Raises InputError otherwise; `bins` does where runs overlap in time or have no
    background.
    """
    if not (np.isfinite(ts) and ts > 0):
        raise InputError(f"by_significance has ts = {ts!r}; wanted is a number above 0, such as 25.")
    return BySignificance(float(ts))


def _running_ts(cells):
    """Function (first cell, cells (n,) before which it stops) -> TS (n,) of the source, 0 for a deficit."""
    ontime = cells.ontime_s
    on = _running(cells.count)
    if not cells.lines[0].has_off:
        rates = cells.per_run("background_per_s")
        if not np.all(rates > 0):
            raise InputError(
                "by_significance needs a background; runs with OFF events or a background are wanted."
            )
        background = _running(rates[cells.run] * ontime)

        def ts_known(first, stop):
            return _cash_ts(on[stop] - on[first], background[stop] - background[first])

        return ts_known
    alpha = cells.per_run("alpha")[cells.run]
    off, off_in_on = _running(cells.off_count), _running(alpha * cells.off_count)
    on_acceptance, off_acceptance = _running(ontime), _running(ontime / alpha)

    def ts_on_off(first, stop):
        n_on, n_off = on[stop] - on[first], off[stop] - off[first]
        # Without OFF events the acceptances alone say how many would be expected.
        expected = np.where(
            n_off > 0, off_in_on[stop] - off_in_on[first], on_acceptance[stop] - on_acceptance[first]
        )
        ratio = expected / np.where(n_off > 0, n_off, off_acceptance[stop] - off_acceptance[first])
        return np.where(n_on > ratio * n_off, wstat(n_on, n_off, ratio, 0.0), 0.0)

    return ts_on_off


def _running(values):
    return np.append(0.0, np.cumsum(values))


def _cash_ts(counts, background):
    """TS (n,) of counts above a known background."""
    ratio = np.where(counts > 0, counts, 1.0) / background
    return np.where(counts > background, 2 * (counts * np.log(ratio) - counts + background), 0.0)
