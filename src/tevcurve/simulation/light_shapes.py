"""How a simulated source varies: a factor on its flux as a function of time, with a bound and exact means."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import astropy.units as u
import numpy as np
from astropy.time import Time
from scipy.special import ndtr

from tevcurve.errors import InputError

if TYPE_CHECKING:
    from tevcurve.data import GTI


class LightShape:
    """A factor >= 0 on a source's flux, a function of the seconds since its `epoch`.

    A child gives `factor`, `bound` and `integral`; a shape without an epoch (None) is the same at all times.
    """

    epoch: Time | None = None

    def factor(self, seconds: np.ndarray | float) -> np.ndarray:
        """Factor at seconds since the epoch, float64 array of their shape. seconds: since the epoch."""
        raise NotImplementedError

    def bound(self, start: np.ndarray | float, stop: np.ndarray | float) -> np.ndarray:
        """A number that the factor does not exceed within [start, stop], arrays in seconds since the epoch.

        Parameters
        ----------
        start : seconds since the epoch
        stop : seconds since the epoch
        """
        raise NotImplementedError

    def integral(self, seconds: np.ndarray | float) -> np.ndarray:
        """Integral in s of the factor from some fixed time to seconds since the epoch, float64 array.

        seconds: since the epoch.
        """
        raise NotImplementedError

    def mean(self, start: np.ndarray | float, stop: np.ndarray | float) -> np.ndarray:
        """Mean of the factor over [start, stop], arrays in seconds since the epoch, stop > start.

        Parameters
        ----------
        start : seconds since the epoch
        stop : seconds since the epoch
        """
        start, stop = np.asarray(start, dtype=float), np.asarray(stop, dtype=float)
        return (self.integral(stop) - self.integral(start)) / (stop - start)

    def seconds(self, time: Time) -> np.ndarray:
        """Seconds since the epoch of a `Time`, float64 array. time: of any shape."""
        if self.epoch is None:
            return np.zeros(time.shape)
        return (time.tt - self.epoch.tt).to_value(u.s)

    def at(self, time: Time) -> np.ndarray:
        """Factor at a `Time`, float64 array of its shape. time: of any shape."""
        return self.factor(self.seconds(time))

    def mean_over(self, gti: "GTI") -> float:
        """Mean of the factor over the good time of a `GTI`, float; NaN where there is none. gti: good time."""
        if not len(gti):
            return np.nan
        if self.epoch is None:
            return float(self.factor(np.zeros(())))
        start, stop = self.seconds(gti.start), self.seconds(gti.stop)
        return float(np.sum(self.integral(stop) - self.integral(start)) / np.sum(stop - start))


@dataclass(frozen=True)
class Constant(LightShape):
    """The same factor at all times.

    Attributes
    ----------
    level : the factor, >= 0
    """

    level: float = 1.0

    def __post_init__(self) -> None:
        _check_level(self.level, "level")

    def factor(self, seconds: np.ndarray | float) -> np.ndarray:
        """The level. seconds: since the epoch."""
        return np.full(np.shape(seconds), float(self.level))

    def bound(self, start: np.ndarray | float, stop: np.ndarray | float) -> np.ndarray:
        """The level.

        Parameters
        ----------
        start : seconds since the epoch
        stop : seconds since the epoch
        """
        return np.full(np.shape(start), float(self.level))

    def integral(self, seconds: np.ndarray | float) -> np.ndarray:
        """Level times seconds. seconds: since the epoch."""
        return self.level * np.asarray(seconds, dtype=float)


@dataclass(frozen=True, eq=False)
class Flare(LightShape):
    """A flare on a quiescent level: `quiescent + amplitude * exp(-|t - t0| / rise)` before t0, with `decay` after it.

    Attributes
    ----------
    t0 : `Time` of the peak
    rise, decay : Quantity or string; e-folding times, or with form="gaussian" the standard deviations of the two
        halves
    amplitude, quiescent : factors >= 0
    form : "exponential" or "gaussian"
    forms : those that there are
    """

    t0: Time
    rise: u.Quantity
    decay: u.Quantity
    amplitude: float = 1.0
    quiescent: float = 1.0
    form: str = "exponential"
    forms: ClassVar[tuple[str, ...]] = ("exponential", "gaussian")

    def __post_init__(self) -> None:
        _check_time(self.t0, "t0")
        for name in ("rise", "decay"):
            object.__setattr__(self, name, _duration(getattr(self, name), name))
        for name in ("amplitude", "quiescent"):
            _check_level(getattr(self, name), name)
        if self.form not in self.forms:
            raise InputError(f"form is {self.form!r}; wanted is 'exponential' or 'gaussian'.")

    @property
    def epoch(self) -> Time:  # type: ignore[override]
        """The peak."""
        return self.t0

    def _scaled(self, seconds: np.ndarray | float) -> np.ndarray:
        seconds = np.asarray(seconds, dtype=float)
        return seconds / np.where(seconds < 0, self.rise.to_value(u.s), self.decay.to_value(u.s))

    def factor(self, seconds: np.ndarray | float) -> np.ndarray:
        """Factor at seconds since the peak. seconds: since the epoch."""
        scaled = self._scaled(seconds)
        exponent = -np.abs(scaled) if self.form == "exponential" else -0.5 * scaled**2
        return self.quiescent + self.amplitude * np.exp(exponent)

    def bound(self, start: np.ndarray | float, stop: np.ndarray | float) -> np.ndarray:
        """The factor where [start, stop] comes closest to the peak.

        Parameters
        ----------
        start : seconds since the epoch
        stop : seconds since the epoch
        """
        return self.factor(np.clip(0.0, start, stop))

    def integral(self, seconds: np.ndarray | float) -> np.ndarray:
        """Integral in s from the peak on. seconds: since the epoch."""
        seconds = np.asarray(seconds, dtype=float)
        scaled = self._scaled(seconds)
        width = np.where(seconds < 0, self.rise.to_value(u.s), self.decay.to_value(u.s))
        if self.form == "exponential":
            area = -np.expm1(-np.abs(scaled))
        else:
            area = np.sqrt(2 * np.pi) * (ndtr(np.abs(scaled)) - 0.5)
        return self.quiescent * seconds + self.amplitude * np.sign(scaled) * width * area


@dataclass(frozen=True, eq=False)
class Periodic(LightShape):
    """level * (1 + amplitude * sin(2 pi (t - t0) / period)).

    Attributes
    ----------
    period : Quantity or string
    amplitude : from 0 to 1
    t0 : `Time` of the rise through the mean
    level : the mean, >= 0
    """

    period: u.Quantity
    amplitude: float
    t0: Time
    level: float = 1.0

    def __post_init__(self) -> None:
        _check_time(self.t0, "t0")
        object.__setattr__(self, "period", _duration(self.period, "period"))
        _check_level(self.level, "level")
        if not 0 <= self.amplitude <= 1:
            raise InputError(f"amplitude is {self.amplitude!r}; wanted is a number from 0 to 1.")

    @property
    def epoch(self) -> Time:  # type: ignore[override]
        """A rise through the mean."""
        return self.t0

    @property
    def _angular(self) -> float:
        return 2 * np.pi / self.period.to_value(u.s)

    def factor(self, seconds: np.ndarray | float) -> np.ndarray:
        """Factor at seconds since t0. seconds: since the epoch."""
        return self.level * (1 + self.amplitude * np.sin(self._angular * np.asarray(seconds, dtype=float)))

    def bound(self, start: np.ndarray | float, stop: np.ndarray | float) -> np.ndarray:
        """The crest.

        Parameters
        ----------
        start : seconds since the epoch
        stop : seconds since the epoch
        """
        return np.full(np.shape(start), self.level * (1 + self.amplitude))

    def integral(self, seconds: np.ndarray | float) -> np.ndarray:
        """Integral in s from t0 on. seconds: since the epoch."""
        seconds = np.asarray(seconds, dtype=float)
        # 1 - cos(x) = 2 sin^2(x / 2) keeps its digits near t0.
        wave = 2 * np.sin(0.5 * self._angular * seconds) ** 2 / self._angular
        return self.level * (seconds + self.amplitude * wave)


class TableShape(LightShape):
    """A table of factors, linear between its times and constant before the first and after the last.

    Parameters
    ----------
    time : `Time` (n,), increasing
    factor : float array (n,), >= 0
    """

    def __init__(self, time: Time, factor: np.ndarray) -> None:
        _check_time(time, "time", scalar=False)
        factor = np.array(factor, dtype=float)
        if time.ndim != 1 or factor.shape != time.shape or not len(factor):
            raise InputError(
                f"time has the shape {time.shape} and factor {factor.shape}; wanted are two lists of one length."
            )
        self._set(time[0], (time.tt - time[0].tt).to_value(u.s), factor)

    def _set(self, epoch: Time, nodes: np.ndarray, values: np.ndarray) -> None:
        if np.any(np.diff(nodes) <= 0):
            raise InputError("The times of the table do not increase; wanted are growing times.")
        if not np.all(np.isfinite(values)) or np.any(values < 0):
            raise InputError(
                "The table holds factors that are negative or not finite; factors >= 0 are wanted."
            )
        self.epoch, self._nodes, self._values = epoch, nodes, values
        steps = 0.5 * (values[1:] + values[:-1]) * np.diff(nodes)
        self._integrals = np.concatenate([[0.0], np.cumsum(steps)])

    @property
    def time(self) -> Time:
        """Times of the table, `Time` (n,)."""
        return self.epoch + self._nodes * u.s

    @property
    def values(self) -> np.ndarray:
        """Factors of the table, float64 (n,)."""
        return self._values.copy()

    def factor(self, seconds: np.ndarray | float) -> np.ndarray:
        """Factor at seconds since the first time. seconds: since the epoch."""
        return np.interp(seconds, self._nodes, self._values)

    def bound(self, start: np.ndarray | float, stop: np.ndarray | float) -> np.ndarray:
        """The largest factor in [start, stop].

        Parameters
        ----------
        start : seconds since the epoch
        stop : seconds since the epoch
        """
        start, stop = np.broadcast_arrays(np.asarray(start, dtype=float), np.asarray(stop, dtype=float))
        first = np.searchsorted(self._nodes, start, side="left")
        last = np.searchsorted(self._nodes, stop, side="right")
        ends = np.maximum(self.factor(start), self.factor(stop))
        inner = [np.max(self._values[a:b], initial=0.0) for a, b in zip(first.flat, last.flat, strict=True)]
        return np.maximum(ends, np.reshape(inner, ends.shape))

    def integral(self, seconds: np.ndarray | float) -> np.ndarray:
        """Integral in s from the first time on. seconds: since the epoch."""
        seconds = np.asarray(seconds, dtype=float)
        inside = np.clip(seconds, self._nodes[0], self._nodes[-1])
        node = np.clip(np.searchsorted(self._nodes, inside, side="right") - 1, 0, len(self._nodes) - 1)
        middle = 0.5 * (self._values[node] + self.factor(inside)) * (inside - self._nodes[node])
        return self._integrals[node] + middle + self.factor(seconds) * (seconds - inside)


class RedNoise(TableShape):
    """Noise whose power falls with the frequency as frequency^-index, made log-normal so that it stays above 0.

    Amplitudes and phases are drawn as Timmer & Koenig (1995, A&A 300, 707) do; the Gaussian series x, `oversize` times
    as long as what is kept, becomes exp(x - var(x) / 2), whose mean is 1 and whose relative standard deviation over
    many draws is `rms` (the power law is that of x). Linear between steps, constant outside.

    Parameters
    ----------
    index : of the power spectral density
    rms : relative standard deviation over the whole long series, >= 0
    start : `Time` of the first step
    duration, step : Quantities or strings
    seed : int or `numpy.random.Generator`
    oversize : how many times as long as what is kept the series is that is drawn, >= 1
    """

    def __init__(
        self,
        index: float,
        rms: float,
        start: Time,
        duration: str | u.Quantity,
        step: str | u.Quantity = "10 s",
        seed: int | np.random.Generator = 0,
        oversize: float = 8,
    ) -> None:
        _check_time(start, "start")
        _check_level(rms, "rms")
        length, width = (
            _duration(x, name).to_value(u.s) for x, name in ((duration, "duration"), (step, "step"))
        )
        n_kept = int(np.ceil(length / width - 1e-9)) + 1
        n_long = 2 * int(np.ceil(oversize * n_kept / 2))
        if not (np.isfinite(index) and oversize >= 1 and n_kept >= 2 and n_long <= 2**26):
            raise InputError(
                f"index {index!r}, oversize {oversize!r} and {n_kept} steps cannot be drawn; wanted is a finite index, "
                "oversize >= 1, and a duration of some steps, with at most 6e7 steps in all."
            )
        self.index, self.rms = float(index), float(rms)
        series = _power_law_noise(self.index, n_long, np.random.default_rng(seed))[:n_kept]
        variance = np.log1p(self.rms**2)
        self._set(start, width * np.arange(n_kept), np.exp(np.sqrt(variance) * series - 0.5 * variance))

    def __repr__(self) -> str:
        return f"RedNoise(index={self.index:g}, rms={self.rms:g}, {len(self._nodes)} steps from {self.time[0].iso})"


def _power_law_noise(index: float, number: int, rng: "np.random.Generator") -> np.ndarray:
    """Gaussian series (number,), even, of unit expected variance and a power spectral density ~ frequency^-index."""
    power = np.arange(1.0, number // 2 + 1) ** -index
    # The frequency 1 / (2 step) has a real amplitude, and counts once in the variance where others count twice.
    real, imaginary = rng.standard_normal((2, len(power)))
    spectrum = np.sqrt(0.5 * power) * (real + 1j * imaginary)
    spectrum[-1] = np.sqrt(power[-1]) * real[-1]
    variance = 2 * power[:-1].sum() + power[-1]
    return np.fft.irfft(np.concatenate([[0.0], spectrum]), number) * number / np.sqrt(variance)


def _check_time(time: Any, name: str, scalar: bool = True) -> None:
    if not isinstance(time, Time) or (scalar and not time.isscalar):
        raise InputError(f"{name} is {time!r}; wanted is {'one' if scalar else 'a'} Time.")


def _check_level(level: Any, name: str) -> None:
    if not (bool(np.isscalar(level)) and np.isfinite(level) and level >= 0):
        raise InputError(f"{name} is {level!r}; wanted is a number >= 0.")


def _duration(duration: Any, name: str) -> u.Quantity:
    try:
        seconds = u.Quantity(duration).to(u.s)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} is {duration!r}; wanted is a time such as '10 min'.") from error
    if not (seconds.isscalar and np.isfinite(seconds) and seconds > 0):
        raise InputError(f"{name} is {duration!r}; wanted is one time above 0, such as '10 min'.")
    return seconds
