"""When a flux changed, and what it is since: fits to the points that a detector has looked at."""

from dataclasses import dataclass

import numpy as np

from tevcurve.kernels.change_detector import Points

_MOST_STEPS, _CLOSE = 60, 1e-9


@dataclass(frozen=True, eq=False)
class Window:
    """Points of one run, in which the norm of the background is one.

    Attributes
    ----------
    points : `Points` (n,)
    time_s : float array (n,), seconds of one clock for all windows
    signal_rate : float, events per s at a flux of 1
    """

    points: Points
    time_s: np.ndarray
    signal_rate: float

    def __getitem__(self, own: slice) -> "Window":
        return Window(self.points[own], self.time_s[own], self.signal_rate)

    def seconds(self) -> float:
        """Good time, s."""
        return float(self.points.wait.sum())


@dataclass(frozen=True)
class FluxFit:
    """A flux that was fitted to windows.

    Attributes
    ----------
    flux, error : float, in units of the reference flux; at 0 the error is that above it
    log_likelihood : float, its natural log
    counts : float, events of the source
    norms : tuple of float, of the background in each window
    """

    flux: float
    error: float
    log_likelihood: float
    counts: float
    norms: tuple[float, ...]


def fit_flux(windows: list[Window], background_error: float, flux: float | None = None) -> FluxFit:
    """The `FluxFit` of windows: one flux, 0 or more, and a norm of the background in each.

    Parameters
    ----------
    windows : list of `Window`
    background_error : float, standard deviation around 1 of the norms, beside what the events tell
    flux : float, where it is known and only norms are fitted
    """
    exposure = sum(each.signal_rate * each.seconds() for each in windows)
    norms, best = np.ones(len(windows)), 1.0 if flux is None else flux
    for _ in range(_MOST_STEPS):
        norms = np.array(
            [_best_norm(each, best, b, background_error) for each, b in zip(windows, norms, strict=True)]
        )
        if flux is not None:
            break
        last, best = best, _best_flux(windows, norms, exposure, best)
        if abs(best - last) <= _CLOSE * max(best, last):
            break
    value = sum(
        _log_likelihood(each, best, b, background_error) for each, b in zip(windows, norms, strict=True)
    )
    error = _error(windows, norms, best, background_error, exposure)
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
    for number in range(len(windows) - 1, -1, -1):
        window = windows[number]
        points = window.points
        norm = fit_flux([window], background_error, quiet).norms[0]
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
        own = Window(points, own.time_s, own.signal_rate)
    return [own, *windows[number + 1 :]]


def _best_norm(window, flux, norm, error):
    """The norm of the background that fits best at a flux."""
    points = window.points
    others, expected = points.others.sum(), points.expected.sum()
    own = points.background > 0
    source, given = flux * points.signal[own], points.background[own]
    for _ in range(_MOST_STEPS):
        share = given / (source + norm * given)
        slope = share.sum() + others / norm - expected - (norm - 1) / error**2
        curve = np.sum(share**2) + others / norm**2 + 1 / error**2
        step = max(slope / curve, -0.5 * norm)
        norm += step
        if abs(step) <= _CLOSE * norm:
            break
    return norm


def _best_flux(windows, norms, exposure, flux):
    """The flux, 0 or more, that fits best at norms of the background."""
    signal = np.concatenate([each.points.signal for each in windows])
    given = np.concatenate([b * each.points.background for each, b in zip(windows, norms, strict=True)])
    own = signal > 0
    signal, given = signal[own], given[own]
    with np.errstate(divide="ignore"):
        if not len(signal) or np.sum(signal / given) <= exposure:
            return 0.0
    # The slope is convex: from where it is above zero each step stays there.
    flux = min(flux, len(signal) / exposure)
    for _ in range(_MOST_STEPS):
        share = signal / (flux * signal + given)
        step = (share.sum() - exposure) / np.sum(share**2)
        step = max(step, -0.9 * flux)
        flux += step
        if abs(step) <= 0.1 * _CLOSE * flux:
            break
    return flux


def _log_likelihood(window, flux, norm, error):
    points = window.points
    expected = flux * points.signal + norm * points.background
    seen = points.signal + points.background > 0
    with np.errstate(divide="ignore"):
        events = np.log(expected[seen]).sum() + points.others.sum() * np.log(norm)
    passed = flux * window.signal_rate * points.wait.sum() + norm * points.expected.sum()
    return events - passed - 0.5 * ((norm - 1) / error) ** 2


def _error(windows, norms, flux, background_error, exposure):
    """Standard deviation of the flux, by the curvature with all norms free."""
    # Without good time nothing is known.
    least = float(1 / exposure) if exposure > 0 else np.inf
    known = 0.0
    for window, norm in zip(windows, norms, strict=True):
        points = window.points
        own = points.signal > 0
        signal, given = points.signal[own], points.background[own]
        expected = flux * signal + norm * given
        if np.any(expected <= 0):
            return least
        of_norm = np.sum((given / expected) ** 2) + points.others.sum() / norm**2 + background_error**-2
        known += np.sum((signal / expected) ** 2)
        known -= np.sum(signal * given / expected**2) ** 2 / of_norm
    return float(min(known**-0.5, np.inf)) if known > 0 else least
