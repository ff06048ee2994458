"""When a flux changed, and what it is since: fits to the points that a detector has looked at."""

from dataclasses import dataclass, replace

import numpy as np

from tevcurve.kernels.change_detector import Points
from tevcurve.run_id import RunId

# Where a fit begins, in units of the reference flux; turns that it takes at most.
FIRST_FLUX, MOST_STEPS = 1.0, 60
_CLOSE = 1e-9


@dataclass(frozen=True, eq=False)
class Window:
    """Points of a run, or of a part of one.

    Attributes
    ----------
    points : `Points` (n,)
    time_s : float array (n,), seconds of one clock for all windows
    signal_rate : float, events per s at a flux of 1
    run_id : `RunId`; windows of one run, one after the other, have one norm of the background. None for one of its own
    level_error : float, how far that norm may be from 1 beside what is said of every run, over itself
    """

    points: Points
    time_s: np.ndarray
    signal_rate: float
    run_id: RunId | None = None
    level_error: float = 0.0

    def __getitem__(self, own: slice) -> "Window":
        return replace(self, points=self.points[own], time_s=self.time_s[own])

    def seconds(self) -> float:
        """Good time, s."""
        return float(self.points.wait.sum())


def exposure_of(windows: list[Window]) -> float:
    """Events expected at a flux of 1. windows: list of `Window`."""
    return sum(each.signal_rate * each.seconds() for each in windows)


@dataclass(frozen=True)
class FluxFit:
    """A flux that was fitted to windows.

    Attributes
    ----------
    flux, error : float, in units of the reference flux; at 0 the error is that above it
    log_likelihood : float, its natural log
    counts : float, events of the source
    norms : tuple of float, of the background in each run
    """

    flux: float
    error: float
    log_likelihood: float
    counts: float
    norms: tuple[float, ...]


def fit_flux(windows: list[Window], background_error: float, flux: float | None = None) -> FluxFit:
    """The `FluxFit` of windows: one flux, 0 or more, and a norm of the background in each run.

    Parameters
    ----------
    windows : list of `Window`
    background_error : float, standard deviation around 1 of the norms, beside what the events tell
    flux : float, where it is known and only norms are fitted
    """
    runs = [Counted.of(each, background_error) for each in by_run(windows)]
    exposure = exposure_of(windows)
    norms, best = np.ones(len(runs)), FIRST_FLUX if flux is None else flux
    for _ in range(MOST_STEPS):
        norms = np.array([best_norm(each, best, b) for each, b in zip(runs, norms, strict=True)])
        if flux is not None:
            break
        last, best = best, best_flux(runs, norms, exposure, best)
        if abs(best - last) <= _CLOSE * max(best, last):
            break
    value = -best * exposure
    value += sum(_log_likelihood(each, best, b) for each, b in zip(runs, norms, strict=True))
    error = _error(runs, norms, best, exposure)
    return FluxFit(float(best), error, float(value), float(best * exposure), tuple(map(float, norms)))


def most_likely_onset(
    windows: list[Window], changed: np.ndarray, quiet: float, background_error: float
) -> tuple[int, int, float]:
    """(number of the window, of the first point after the change in it, its time in s) of the most likely change.

    Each flux after the change, and each time at an event, or just after one, is looked at.

    Parameters
    ----------
    windows : list of `Window`, in the order of time
    changed : float array (n_changed,), fluxes after the change
    quiet : float, the flux before it
    background_error : float, as of `fit_flux`
    """
    best, place = -np.inf, (0, 0, float(windows[0].time_s[0] - windows[0].points.wait[0]))
    later, seconds = np.zeros(len(changed)), 0.0
    norms = [fit_flux(each, background_error, quiet).norms for each in by_run(windows) for _ in each]
    for number in range(len(windows) - 1, -1, -1):
        window = windows[number]
        points = window.points
        (norm,) = norms[number]
        given = norm * points.background
        still = quiet * points.signal + given
        seen = points.signal + points.background > 0
        with np.errstate(divide="ignore", invalid="ignore"):
            each = np.where(
                seen[:, None],
                np.log((changed * points.signal[:, None] + given[:, None]) / still[:, None]),
                0.0,
            )
        passed = (changed - quiet) * window.signal_rate * points.wait[:, None]
        at_event = later + np.cumsum((each - passed)[::-1], axis=0)[::-1] + passed
        before = at_event - passed
        starts = np.append(window.time_s[0] - points.wait[0], window.time_s[:-1])
        # Some good time is to be left for the flux after it.
        left = seconds + np.cumsum(points.wait[::-1])[::-1]
        places = (at_event, window.time_s, left - points.wait), (before, starts, left)
        for values, times, after in places:
            highest = np.where(after > 0, values.max(axis=1), -np.inf)
            k = int(highest.argmax())
            if highest[k] > best:
                best, place = float(highest[k]), (number, k, float(times[k]))
        later, seconds = before[0], float(left[0])
    return place


def since(windows: list[Window], place: tuple[int, int, float]) -> list[Window]:
    """The windows after a change.

    Parameters
    ----------
    windows : list of `Window`
    place : as `most_likely_onset` gives it
    """
    number, first, time = place
    own = windows[number][first:]
    # A change at an event: the wait for it was before.
    if time >= own.time_s[0]:
        wait = own.points.wait.copy()
        wait[0] = 0.0
        expected, others = own.points.expected.copy(), own.points.others.copy()
        expected[0] = others[0] = 0.0
        points = Points(wait, own.points.signal, own.points.background, others, expected)
        own = replace(own, points=points)
    return [own, *windows[number + 1 :]]


@dataclass(frozen=True, eq=False)
class Counted:
    """What the points of a run say, but for their order.

    Attributes
    ----------
    signal, background : float arrays (n,), of events, none without both
    others, expected : float, events that cannot be of the source, and what the background gives at a norm of 1
    error : float, standard deviation of the norm around 1, beside what the events tell
    """

    signal: np.ndarray
    background: np.ndarray
    others: float
    expected: float
    error: float

    @classmethod
    def of(cls, windows: list[Window], error: float) -> "Counted":
        """That of the windows of a run.

        Parameters
        ----------
        windows : list of `Window`
        error : float, standard deviation around 1 of the norms of all backgrounds, beside what the events tell
        """
        names = "signal", "background", "others", "expected"
        each = [[getattr(one.points, name) for one in windows] for name in names]
        signal, background, others, expected = map(np.concatenate, each)
        seen = signal + background > 0
        error = float(np.hypot(error, windows[0].level_error))
        return cls(signal[seen], background[seen], float(others.sum()), float(expected.sum()), error)


def by_run(windows: list[Window]) -> list[list[Window]]:
    """The windows of each run, lists of `Window`. windows: list of `Window`, in the order of time."""
    found: list[list[Window]] = []
    for one in windows:
        if found and one.run_id is not None and found[-1][0].run_id == one.run_id:
            found[-1].append(one)
        else:
            found.append([one])
    return found


def best_norm(run: Counted, flux: float, norm: float) -> float:
    """The norm of the background that fits best at a flux.

    Parameters
    ----------
    run : `Counted`
    flux : float
    norm : float, where to begin
    """
    own = run.background > 0
    source, given = flux * run.signal[own], run.background[own]
    for _ in range(MOST_STEPS):
        share = given / (source + norm * given)
        slope = share.sum() + run.others / norm - run.expected - (norm - 1) / run.error**2
        curve = np.sum(share**2) + run.others / norm**2 + 1 / run.error**2
        step = max(slope / curve, -0.5 * norm)
        norm += step
        if abs(step) <= _CLOSE * norm:
            break
    return norm


def best_flux(runs: list[Counted], norms: np.ndarray, exposure: float, flux: float) -> float:
    """The flux, 0 or more, that fits best at norms of the background.

    Parameters
    ----------
    runs : list of `Counted`
    norms : float array (n_runs,)
    exposure : float, events expected at a flux of 1
    flux : float, where to begin
    """
    signal = np.concatenate([each.signal for each in runs])
    given = np.concatenate([b * each.background for each, b in zip(runs, norms, strict=True)])
    own = signal > 0
    signal, given = signal[own], given[own]
    with np.errstate(divide="ignore"):
        if not len(signal) or np.sum(signal / given) <= exposure:
            return 0.0
    # The slope is convex: from where it is above zero each step stays there.
    flux = min(flux, len(signal) / exposure)
    for _ in range(MOST_STEPS):
        share = signal / (flux * signal + given)
        step = (share.sum() - exposure) / np.sum(share**2)
        step = max(step, -0.9 * flux)
        flux += step
        if abs(step) <= 0.1 * _CLOSE * flux:
            break
    return flux


def _log_likelihood(run, flux, norm):
    """Natural log of the likelihood of a run, but for what the source is expected to give in all."""
    with np.errstate(divide="ignore"):
        events = np.log(flux * run.signal + norm * run.background).sum() + run.others * np.log(norm)
    return events - norm * run.expected - 0.5 * ((norm - 1) / run.error) ** 2


def _error(runs, norms, flux, exposure):
    """Standard deviation of the flux, by the curvature with all norms free."""
    # Without good time nothing is known.
    least = float(1 / exposure) if exposure > 0 else np.inf
    known = 0.0
    for run, norm in zip(runs, norms, strict=True):
        own = run.signal > 0
        signal, given = run.signal[own], run.background[own]
        expected = flux * signal + norm * given
        if np.any(expected <= 0):
            return least
        of_norm = np.sum((given / expected) ** 2) + run.others / norm**2 + run.error**-2
        known += np.sum((signal / expected) ** 2)
        known -= np.sum(signal * given / expected**2) ** 2 / of_norm
    return float(min(known**-0.5, np.inf)) if known > 0 else least
