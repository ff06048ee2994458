"""The detector of changes over a light curve that is there: alarms as they would have come."""

from collections.abc import MutableMapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from heapq import merge
from typing import TYPE_CHECKING, Any

import astropy.units as u
import numpy as np

from tevcurve import __version__
from tevcurve.data.time import TimeReference
from tevcurve.datasets.cube_terms import CubeTerms
from tevcurve.datasets.onoff_terms import OnOffTerms
from tevcurve.errors import InputError
from tevcurve.kernels.alarm_threshold import Stretch, log_threshold, tick_of
from tevcurve.lightcurve import LightCurve
from tevcurve.live.alerts import Subject, alert, calibrated_to, utc
from tevcurve.live.baseline import Baseline
from tevcurve.live.detector import Detector
from tevcurve.live.passed import Alarm, Passed, Trace
from tevcurve.live.plot import plot_replay
from tevcurve.live.regions import OffRates
from tevcurve.live.rows import Stretched, events_of, in_order, places_of, stretches_of, subject_of
from tevcurve.live.settings import DetectorSettings, crab_flux
from tevcurve.live.stretches import RunStretch
from tevcurve.records import short_repr

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SEED = 0


@dataclass(frozen=True, eq=False)
class Replay:
    """What a detector of changes found in a light curve: of several instruments, that of each in its own runs.

    Attributes
    ----------
    light_curve : `LightCurve`
    detector : `Detector`
    subject : `~tevcurve.live.alerts.Subject`
    passed : list of `~tevcurve.live.passed.Passed`, the runs of all instruments in the order of time
    places : dict of the name of an instrument to (signal, background), events per s of good time in classes of places,
        that its threshold was found with
    first : dict of the name of an instrument to the terms of the run that these are of
    stretched : dict of the name of an instrument to `~tevcurve.live.rows.Stretched`, what its runs were made of
    """

    light_curve: LightCurve
    detector: Detector
    subject: Subject
    passed: list[Passed]
    places: dict[str, tuple[np.ndarray, np.ndarray]]
    first: dict[str, CubeTerms | OnOffTerms]
    stretched: dict[str, Stretched]

    __repr__ = short_repr

    def knows(self, run: CubeTerms | OnOffTerms, subject: Subject) -> bool:
        """Whether the places of an instrument are those of a run of its, in the same band.

        Parameters
        ----------
        run : its terms
        subject : `~tevcurve.live.alerts.Subject`
        """
        return self.subject == subject and self.first.get(run.run_id.instrument) is run

    @property
    def runs(self) -> list[RunStretch]:
        """The runs, list of `RunStretch`, in the order of time."""
        return [one.run for one in self.passed]

    @property
    def traces(self) -> list[Trace]:
        """What was seen in each run, list of `Trace`."""
        return [one.trace for one in self.passed]

    @property
    def alarms(self) -> list[Alarm]:
        """List of `Alarm`, their records in the order in which they came."""
        each = ((alarm for one in self.passed_by(name) for alarm in one.alarms) for name in self.places)
        return list(merge(*each, key=lambda alarm: alarm.known_s))

    def passed_by(self, instrument: str) -> list[Passed]:
        """List of the `Passed` of the runs of an instrument, in the order of time. instrument: str, its name."""
        return [one for one in self.passed if one.run.run_id.instrument == instrument]

    @cached_property
    def alerts(self) -> list[dict[str, Any]]:
        """The records of alarms as dicts, told of an archive; see `tevcurve.live.alerts`."""
        return self.records(is_recent=False)

    def records(self, is_recent: bool) -> list[dict[str, Any]]:
        """The records of alarms, list of dicts. is_recent: bool, as `tevcurve.live.alerts.alert` takes it."""
        return [alert(one, self.detector, self.subject, is_recent) for one in self.alarms]

    @property
    def last_s(self) -> float:
        """The end of the last good time, s of the detector's clock."""
        return max(one.state.last_s for one in self.passed)

    def __str__(self) -> str:
        seconds = sum(run.seconds for run in self.runs)
        first = [one for one in self.alarms if one.is_first]
        lines = [
            f"{len(first) or 'No'} alarm{'' if len(first) == 1 else 's'} in {seconds / 3600:.4g} h of good time. "
            f"{calibrated_to(self.detector, self.subject)}"
        ]
        if len(self.places) > 1:
            lines[0] += f" Each of {' and '.join(self.places)} has a detector of its own."
        return "\n".join([*lines, *map(self._words, self.alarms)])

    def _words(self, alarm: Alarm) -> str:
        flux, error = self.subject.flux * alarm.fit.flux, self.subject.flux * alarm.fit.error
        when = utc(self.detector, alarm.time_s if alarm.is_first else alarm.known_s)[:-8]
        onset = utc(self.detector, alarm.onset[2])[11:-8]
        counts = f"{alarm.fit.counts:.3g} counts of the source in {alarm.seconds:.0f} s"
        if alarm.is_first:
            run = alarm.run_id.full_text() if len(self.places) > 1 else alarm.run_id.obs_id
            return (
                f"{when} UTC, run {run}: {alarm.significance:.1f} standard deviations, since {onset}; "
                f"flux {flux:.3g} ± {error:.2g} cm-2 s-1 ({counts})"
            )
        return f"  {when} UTC: {flux:.3g} ± {error:.2g} cm-2 s-1 since {onset} ({counts})"

    def plot(self, time_format: str | None = None) -> list["Axes"]:
        """The axes of a new figure: the statistic, its threshold and the alarms; below, the light curve.

        time_format: of the time axis, as of `LightCurve.plot`.
        """
        return plot_replay(self, time_format)


def replay(
    light_curve: LightCurve,
    baseline_flux: "u.Quantity | str | Baseline",
    baseline_error: float = 0.2,
    background_error: float = 0.1,
    alarms_per: u.Quantity | str = "1000 h",
    band: int | None = None,
    before: Replay | None = None,
    thresholds: MutableMapping[str, float] | None = None,
) -> Replay:
    """The `Replay` of a light curve: the detector of changes over its events, in the order of time.

    Each instrument has a detector of its own: what it says at a time rests on what that instrument saw until then.

    Parameters
    ----------
    light_curve : `LightCurve` that knows its events
    baseline_flux : flux of the source while it is quiet, in the energy band; "0 cm-2 s-1" where there is none; or a
        `~tevcurve.live.baseline.Baseline`, whose statistical error is added in quadrature to the next one
    baseline_error : how far it may be from that, over itself; above 0 and below 0.5
    background_error : the same of the background of each run
    alarms_per : good time in which one alarm is wanted while nothing changes
    band : number of the energy band, where there are several
    before : `Replay` of a light curve with fewer runs; what still holds of it is not computed again, and comes out the
        same to the last digit
    thresholds : natural logs of thresholds that were found before, by what they depend on, a text; those that are not
        there are put there

    Raises `InputError` for a light curve that does not know its events, and for values that cannot be.
    """
    instruments, band = events_of(light_curve, band)
    origin, subject = light_curve.origin, subject_of(light_curve.origin, band)
    off: dict[str, OffRates] = {}
    if isinstance(baseline_flux, Baseline):
        baseline_error, off = baseline_flux.total_error(baseline_error), baseline_flux.off_rates
        baseline_flux = baseline_flux.flux
    asked = baseline_flux, baseline_error, background_error, alarms_per
    settings = settings_of(*asked, subject.flux, crab_flux(*subject.band_tev))
    stretched: dict[str, Stretched] = {}
    first: dict[str, CubeTerms | OnOffTerms] = {}
    places: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for name, joint in instruments.items():
        numbers = in_order(joint)
        known_to = None if before is None else before.stretched.get(name)
        stretched[name] = stretches_of(joint, numbers, band, off, known_to)
        run = first[name] = joint.runs[numbers[0]]
        # In 1D they are of the background before the run, too.
        if before is not None and before.knows(run, subject) and isinstance(run, CubeTerms):
            places[name] = before.places[name]
        else:
            places[name] = places_of(origin, joint, numbers[0], band, off)
    known = {} if before is None or before.detector.settings != settings else before.places
    log_thresholds = {
        name: before.detector.log_thresholds[name]
        if before is not None and name in known and all(map(np.array_equal, known[name], own))
        else _known_threshold({} if thresholds is None else thresholds, settings, *own)
        for name, own in places.items()
    }
    begin = next(iter(stretched.values())).runs[0]
    clock = TimeReference.from_time(begin.reference.to_time(begin.intervals[0, 0]).tt)
    detector = Detector(settings, log_thresholds, clock)
    passed: list[Passed] = []
    for name, own_runs in stretched.items():
        is_like = before is not None and detector.is_same_for(name, before.detector)
        passed += detector.passed(
            own_runs.runs, before.passed_by(name) if before is not None and is_like else ()
        )
    passed.sort(key=lambda one: float(clock.convert(one.run.intervals[0, 0], one.run.reference)))
    return Replay(light_curve, detector, subject, passed, places, first, stretched)


def settings_of(
    baseline_flux: u.Quantity | str,
    baseline_error: float,
    background_error: float,
    alarms_per: u.Quantity | str,
    unit: float = 1.0,
    crab: float = 1.0,
) -> DetectorSettings:
    """The `DetectorSettings` of what `replay` is told.

    Parameters
    ----------
    baseline_flux, baseline_error, background_error, alarms_per : as `replay` takes them
    unit : float, cm-2 s-1, the reference flux in the energy band
    crab : float, cm-2 s-1, that of the Crab Nebula

    Raises `InputError` for values that cannot be.
    """
    return DetectorSettings(
        _value(baseline_flux, "cm-2 s-1", "The quiet flux") / unit,
        baseline_error,
        crab / unit,
        background_error,
        _value(alarms_per, "s", "The time for one alarm"),
    )


def _value(given, unit, what):
    try:
        value = u.Quantity(given).to_value(unit)
    except (TypeError, ValueError) as error:
        raise InputError(f"{what} is {given!r}; wanted is a number with a unit such as {unit}.") from error
    if not (np.ndim(value) == 0 and np.isfinite(value)):
        raise InputError(f"{what} is {given!r}; wanted is one finite value.")
    return float(value)


def _known_threshold(known, settings, signal, background):
    """That of `_log_threshold`, taken from what is known, or put there."""
    words = f"{__version__} {np.__version__} {_SEED} {settings} {len(signal)}".encode()
    places = (each.astype("<f8").tobytes() for each in (signal, background))
    key = sha256(b"".join([words, *places])).hexdigest()
    if key not in known:
        known[key] = _log_threshold(settings, signal, background)
    return known[key]


def _log_threshold(settings, signal, background):
    """Natural log of the threshold, s, of runs with such places."""
    own = signal > 0
    highest = float(settings.changed.max()) * float(signal.sum())
    stretch = Stretch(signal[own], background[own], settings.night_s, tick_of(highest, settings.tick_s))
    wanted = settings.night_s / settings.seconds_per_alarm
    rng = np.random.default_rng(_SEED)
    return log_threshold(settings.nodes(), stretch, settings.head_start_s, wanted, settings.n_simulated, rng)
