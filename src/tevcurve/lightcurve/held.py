"""What is settled once for all rows, held while more runs come: as a first night or another light curve has it."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tevcurve.errors import DataError, InputError
from tevcurve.lightcurve.dark_rows import safe_words
from tevcurve.lightcurve.extending import with_runs
from tevcurve.lightcurve.scale_words import scale_words
from tevcurve.models.field import ONCE
from tevcurve.reduction.safe_energy import CommonSafeEnergy
from tevcurve.systematics import Scales

log = logging.getLogger(__name__)

FIRST_NIGHT = "first night"
# s without good time after which another night begins.
GAP_S = 6 * 3600.0


@dataclass(frozen=True, eq=False)
class Held:
    """Numbers that all rows have in common.

    Attributes
    ----------
    common : `CommonSafeEnergy`, or None where none are asked for
    amplitudes : dict of the names of neighbours to their amplitudes, where these are one for all rows
    scales : `Scales` of instruments, or None
    """

    common: CommonSafeEnergy | None
    amplitudes: dict[str, float]
    scales: Scales | None

    @classmethod
    def of(cls, origin: Any) -> "Held":
        """What is settled in a `LightCurveOrigin`. origin: one that is `resolved`."""
        names = [model.name for model in origin.field.fitted]
        amplitudes = dict(zip(names, origin.field.amplitudes or (), strict=False))
        return cls(origin.settings.common, amplitudes, origin.systematics.scales)

    def into(self, origin: Any) -> Any:
        """A `LightCurveOrigin` that has these numbers, where it asks for such ones.

        origin: the `LightCurveOrigin`. Raises `InputError` where it asks for others than there are.
        """
        settings, field, systematics = origin.settings, origin.field, origin.systematics
        if settings.common not in (None, self.common):
            settings = settings.with_common(_known(self.common, "safe energies in common"))
        if _shares_amplitudes(field):
            names = [model.name for model in field.fitted]
            if set(names) != set(self.amplitudes):
                raise InputError(
                    f"The amplitudes that hold for all rows are those of {_listed(self.amplitudes)}, and the light "
                    f"curve asks for {_listed(names)}; wanted are the same neighbours."
                )
            amplitudes = tuple(self.amplitudes[name] for name in names)
            field = field if amplitudes == field.amplitudes else replace(field, amplitudes=amplitudes)
        if systematics.calibration is not None:
            systematics = replace(systematics, scales=_known(self.scales, "scales of instruments"))
        return replace(origin, settings=settings, field=field, systematics=systematics)

    def __str__(self) -> str:
        words = [] if self.common is None else [f"safe energies {safe_words(*self.common.range_tev)}"]
        words += [f"{name} {amplitude:.4g}" for name, amplitude in self.amplitudes.items()]
        return ", ".join(words + ([] if self.scales is None else [scale_words(self.scales)]))


def settles(plan: Any) -> bool:
    """Whether there are numbers that all rows have in common. plan: `Plan` of a light curve."""
    is_calibrated = plan.systematics.calibration is not None
    return plan.settings.common is not None or _shares_amplitudes(plan.field) or is_calibrated


def held_with(origin: Any, runs: Sequence[Any], gone: np.ndarray, hold: Any) -> Any:
    """A `LightCurveOrigin` that has the numbers that hold when more runs come, before these are in it.

    Parameters
    ----------
    origin : `LightCurveOrigin`
    runs : sequence of `SourceRun`, those that come
    gone : int array, numbers of the runs in whose place some of them come
    hold : `FIRST_NIGHT`, `Held`, or None for numbers that are settled anew with all runs

    Raises `InputError` as `Held.into`, `DataError` where they cannot be settled.
    """
    if hold is None or not settles(origin):
        return origin.settled(runs)
    if isinstance(hold, Held):
        return _holding(hold, origin, runs)
    kept = np.setdiff1d(np.arange(len(origin.runs)), gone)
    there = list(origin.runs)
    is_first = in_first_night([*(there[number] for number in kept), *runs])
    own, new = kept[is_first[: len(kept)]], is_first[len(kept) :]
    was_first = np.flatnonzero(in_first_night(there))
    if not np.any(new) and np.array_equal(own, was_first):
        return _holding(Held.of(origin), origin, runs)
    if np.all(is_first):
        return origin.settled(runs)
    first = [run for run, is_new in zip(runs, new, strict=True) if is_new]
    return _holding(_settled_by(origin, own, first), origin, runs)


def held_light_curve(light_curve: Any, hold: Any) -> Any:
    """A `LightCurve` with the numbers that hold, made anew where it has others.

    Parameters
    ----------
    light_curve : `LightCurve`, just made
    hold : as in `held_with`

    Raises `InputError` as `Held.into`.
    """
    origin = light_curve.origin
    if hold is None or not settles(origin):
        return light_curve
    if not isinstance(hold, Held):
        is_first = in_first_night(list(origin.runs))
        if np.all(is_first):
            return light_curve
        hold = _settled_by(origin, np.flatnonzero(is_first), [])
    return _holding(hold, origin, map(origin.runs.read, range(len(origin.runs)))).reduced().light_curve()


def in_first_night(runs: Sequence[Any]) -> np.ndarray:
    """Bool array (n,): the runs of the first night, which ends where 6 h are without good time.

    runs: sequence of what has a `gti`.
    """
    if not runs:
        return np.zeros(0, dtype=bool)
    clock = runs[0].gti.reference
    edges = np.array([clock.convert(run.gti.intervals[[0, -1], [0, 1]], run.gti.reference) for run in runs])
    order = np.argsort(edges[:, 0], kind="stable")
    start, stop = edges[order, 0], np.maximum.accumulate(edges[order, 1])
    night = np.zeros(len(runs), dtype=int)
    night[order[1:]] = np.cumsum(start[1:] - stop[:-1] > GAP_S)
    return night == 0


def _settled_by(origin: Any, numbers: np.ndarray, runs: Sequence[Any]) -> Held:
    """What some runs of an origin, and more that are not in it, give."""
    settings, field = origin.settings, replace(origin.field, amplitudes=None)
    there = origin.runs.chosen(numbers)
    if settings.common is not None:
        settings = settings.with_common(CommonSafeEnergy())
        settings = settings.settled([*(there.read(number) for number in range(len(there))), *runs])
    part = replace(
        origin, runs=there, settings=settings, field=field, systematics=origin.systematics.unsettled()
    )
    return Held.of(with_runs(part, list(runs))[0].resolved())


def _holding(hold: Held, origin: Any, runs: Iterable[Any]) -> Any:
    """The origin with what holds while these runs come, of which those are told that are safe in less."""
    common = None if origin.settings.common is None else hold.common
    is_norm_open = False
    for run in runs:
        is_norm_open = True
        own = None if common is None else _safe_with(common, run)
        if own is not None and own != common:
            log.warning(
                "Run %s is safe in less than the energies that hold for all rows: %s, of %s.",
                run.run_id,
                safe_words(*own.range_tev),
                safe_words(*common.range_tev),
            )
    if is_norm_open and origin.systematics.norms is not None:
        # Norms of backgrounds are of runs and nights, and are settled with those of more.
        origin = replace(origin, systematics=replace(origin.systematics, norms=None))
    return hold.into(origin)


def _safe_with(common: CommonSafeEnergy, run: Any) -> CommonSafeEnergy | None:
    try:
        return common.also_of([run])
    except DataError:
        return None


def _shares_amplitudes(field: Any) -> bool:
    return field.neighbours == ONCE and bool(field.fitted)


def _known(value: Any, what: str) -> Any:
    if value is None:
        raise InputError(
            f"The light curve asks for {what}, and there are none to hold; wanted are such ones."
        )
    return value


def _listed(names: Any) -> str:
    return ", ".join(sorted(names)) or "none"
