"""When events came on a clock that runs as a constant source, with its background, is expected to give them."""

from dataclasses import dataclass, replace

import numpy as np

from tevcurve.bins.pieces import expand_ranges
from tevcurve.errors import InputError
from tevcurve.fit.onoff_likelihood import OnOffLikelihood
from tevcurve.fit.protocols import EventView
from tevcurve.lightcurve.origin_rows import rows_behind

USE = "A test of when events came"
# Fewer say nothing.
LEAST_EVENTS = 3


@dataclass(frozen=True, eq=False)
class ConstantRates:
    """What runs expect of a constant source, and how well their background is known.

    Attributes
    ----------
    signal : float array (n_runs,), counts per s of the source at norm 1, or what its events weigh
    background : float array (n_runs,), counts per s of all else
    alpha : float array (n_runs,), ratio of the acceptances of ON and OFF; 0 where the background is no matter
    seconds : float array (n_runs,), good time
    norm : float, of the constant source
    """

    signal: np.ndarray
    background: np.ndarray
    alpha: np.ndarray
    seconds: np.ndarray
    norm: float

    @property
    def total(self):
        """Counts per s, float array (n_runs,)."""
        return self.norm * self.signal + self.background

    def measured_again(self, n_events, rng):
        """The `ConstantRates` that such runs measure when OFF events are counted again.

        Parameters
        ----------
        n_events : int, ON events of all runs
        rng : numpy Generator
        """
        seen = self.alpha > 0
        if not seen.any():
            return self
        time = np.where(seen, self.seconds / np.where(seen, self.alpha, 1.0), 1.0)
        background = np.where(seen, rng.poisson(self.background * time) / time, self.background)
        return replace(self, background=background, norm=self.fitted(n_events, background))

    def fitted(self, n_events, background):
        """The norm, 0 or more, with which all runs together expect a number of events.

        Parameters
        ----------
        n_events : float
        background : float array (n_runs,), counts per s
        """
        return max((n_events - background @ self.seconds) / (self.signal @ self.seconds), 0.0)


@dataclass(frozen=True, eq=False)
class EventClock:
    """Events of a light curve on a clock from 0 to 1 that stands still where there is no good time.

    Attributes
    ----------
    time : float array (n_events,), ascending, when events came on the clock
    weight : float array (n_events,), what events count; None where each counts once
    rates : `ConstantRates`
    edges_s : float array (n + 1,), s since the reference of the rows: between them each run is good or is not
    seconds : float array (n, n_runs), good time of each run between these
    """

    time: np.ndarray
    weight: np.ndarray | None
    rates: ConstantRates
    edges_s: np.ndarray
    seconds: np.ndarray

    def passed(self, rates):
        """What a clock by some rates shows at the edges, float array (n + 1,). rates: `ConstantRates`."""
        passed = np.append(0.0, np.cumsum(self.seconds @ rates.total))
        return passed / passed[-1]

    def toy(self, rng):
        """(times, weights) of as many events of a constant source, as `time` and `weight`.

        Each event is drawn evenly on the clock. In 1D OFF events are drawn, too, and the toy's clock is set by the
        background and the constant that it measures itself. Weights are drawn from those of all events.

        rng: numpy Generator
        """
        time = np.sort(rng.random(len(self.time)))
        weight = None if self.weight is None else rng.choice(self.weight, len(time))
        measured = self.rates.measured_again(len(time), rng)
        if measured is not self.rates:
            time = np.interp(time, self.passed(self.rates), self.passed(measured))
        return time, weight

    def cells(self, number):
        """Pieces of good time without a gap in them, each about the same on the clock, about `number` of them.

        (their starts, their stops, s since the reference of the rows; their middles on the clock; norms that a rate
        of 1 more than the constant one stands for), float arrays.

        number : int
        """
        runs, passed = self.seconds @ self.rates.total > 0, self.passed(self.rates)
        first = np.flatnonzero(runs & ~np.append(False, runs[:-1]))
        last = np.flatnonzero(runs & ~np.append(runs[1:], False)) + 1
        starts, stops, middles = [], [], []
        for a, b in zip(first, last, strict=True):
            n = max(1, round(number * (passed[b] - passed[a])))
            edges = np.linspace(passed[a], passed[b], n + 1)
            own = np.interp(edges, passed[a : b + 1], self.edges_s[a : b + 1])
            starts, stops = np.append(starts, own[:-1]), np.append(stops, own[1:])
            middles = np.append(middles, 0.5 * (edges[:-1] + edges[1:]))
        return starts, stops, middles, self._norms(0.5 * (starts + stops))

    def _norms(self, middle_s):
        """Norms that a rate of 1 more than the constant one stands for, at times (n,)."""
        if self.weight is not None:
            # Of events with a chance w to be the source's, that share w of the rate changes with it.
            return np.full(len(middle_s), self.rates.norm * self.weight.sum() / np.sum(self.weight**2))
        own = np.searchsorted(self.edges_s, middle_s, side="right") - 1
        return (self.seconds[own] @ self.rates.total) / (self.seconds[own] @ self.rates.signal)


def event_clock(light_curve, rows):
    """The `EventClock` of the events of rows.

    In 1D these are the ON events, and the background of each run is alpha times its OFF events, spread evenly over
    its good time. Else, or where other sources are in the ON region, they are all events of the fit, each with the
    chance to be of the source (`LightCurve.events`) at the constant flux as its weight, and the clock goes by the
    signal alone: that is what weights of a constant source add up to.

    Parameters
    ----------
    light_curve : `LightCurve`
    rows : `Rows` of it

    Raises `InputError` for a light curve that does not know its events, has fewer than three, or weighs them and
    does not see the source.
    """
    joint = rows_behind(light_curve, EventView, use=USE, below_zero=False)
    constant = max(float(rows.fits.constant[0]), 0.0)
    counts = isinstance(joint, OnOffLikelihood) and joint.cells.others is None
    if not counts and constant == 0:
        raise InputError(
            "The constant flux of this light curve is not above zero, so no event has a chance to be of the source; "
            "wanted is a source that is seen, or a light curve in 1D."
        )
    band = int(rows.number[0]) % joint.n_bands
    edges, seconds = _good_time(light_curve, joint, rows)
    dead = np.array([run.deadc for run in joint.runs])
    signal, none = joint.signal_rates(band) * dead, np.zeros(len(joint.runs))
    rates = ConstantRates(signal, none, none, seconds.sum(axis=0), constant)
    time_s, weight = _events(joint, rows, constant)
    if len(time_s) < LEAST_EVENTS:
        raise InputError(f"The light curve has {len(time_s)} events; wanted are {LEAST_EVENTS} or more.")
    if counts:
        weight, rates = None, _measured_rates(joint, rates, band, len(time_s))
    clock = EventClock(np.zeros(0), weight, rates, edges, seconds)
    return replace(clock, time=np.interp(time_s, edges, clock.passed(rates)))


def _good_time(light_curve, joint, rows):
    """(edges, seconds) of an `EventClock`."""
    numbers = rows.number // joint.n_bands
    pieces = light_curve.origin.laid(joint.runs).pieces(joint.runs)
    mine = np.isin(pieces.bin, numbers)
    run, zeros = pieces.run[mine], _zeros(joint, rows)
    start, stop = (each[mine] + zeros[run] for each in (pieces.start_s, pieces.stop_s))
    edges = np.unique([start, stop])
    owner, between = expand_ranges(np.searchsorted(edges, start), np.searchsorted(edges, stop))
    seconds = np.zeros((len(edges) - 1, len(joint.runs)))
    seconds[between, run[owner]] = np.diff(edges)[between]
    return edges, seconds


def _zeros(joint, rows):
    """Time zero of each run in s since the reference of the rows, float array (n_runs,)."""
    return np.array([(run.gti.reference.to_time(0.0) - rows.reference).sec for run in joint.runs])


def _events(joint, rows, constant):
    """(times in s since the reference of the rows, chances to be of the source) of their events, in the order of time.

    Those that stand for several counts are as many.
    """
    events = joint.events(np.full(len(joint.fitted), constant))
    mine = np.isin(joint.fitted[events.row[events.piece]], rows.number)
    time = (events.time_s + _zeros(joint, rows)[events.run[events.piece]])[mine]
    expected = events.signal + events.background
    chance = np.divide(events.signal, expected, out=np.zeros(len(expected)), where=expected > 0)[mine]
    count = np.round(events.count[mine]).astype(int)
    time, chance = np.repeat(time, count), np.repeat(chance, count)
    order = np.argsort(time, kind="stable")
    return time[order], chance[order]


def _measured_rates(joint, rates, band, n_events):
    """The `ConstantRates` with the backgrounds that OFF events measure, and the norm that they leave."""
    lines = [
        run.timeline(mask=run.mask_safe & (own == band))
        for run, own in zip(joint.runs, joint.bands, strict=True)
    ]
    background = np.array([line.background_rate for line in lines])
    alpha = np.array([line.alpha for line in lines])
    # The norm of OFF events counted again is that of this many seconds, of the whole run.
    share = np.array([line.gti.ontime_s for line in lines])
    alpha = np.divide(alpha * rates.seconds, share, out=np.zeros(len(alpha)), where=share > 0)
    return replace(rates, background=background, alpha=alpha, norm=rates.fitted(n_events, background))
