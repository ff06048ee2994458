"""The public flare night through the detector of changes: when it would have alarmed, at full and at thinned flux."""

from dataclasses import dataclass, replace

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord

from tevcurve import DataStore, PowerLaw, light_curve
from tevcurve.kernels.alarm_threshold import Stretch, log_threshold, tick_of
from tevcurve.live.baseline import Baseline
from tevcurve.live.detector import Detector
from tevcurve.live.replay import replay
from tevcurve.live.settings import N_CHANGED, DetectorSettings
from validation.parts import some
from validation.report import Section, table, verdict

TARGET = SkyCoord(329.71693826, -30.2255890, unit="deg", frame="icrs")
FLARE, QUIET = list(range(33787, 33792)), [47802, 47803, 47804, 47827, 47828, 47829]
BAND, SPECTRUM = (
    [0.8, 20] * u.TeV,
    PowerLaw(index=3.4, amplitude="2e-11 cm-2 s-1 TeV-1", reference="1 TeV"),
)
# What safe energies may be: all, or those of the files.
ENERGIES = {"all": None, "of the files": "file"}
SHARES, N_THINNED = (0.3, 0.1), 20
# s of live time until the alarm in 3D with all energies; how far mean delays may be from those of a known flux.
WITHIN, CLOSE = 90.0, 1.1


def pieces(share):
    """The alarms of the night itself, and thinned flares."""
    full = [["night", method, energies] for method in ("3d", "1d") for energies in ENERGIES]
    return full + [["thinned", kept, some(share, N_THINNED, 2)] for kept in SHARES]


def curve(data, runs, method="3d", energies="all"):
    """The `LightCurve` of some runs in bins of 5 minutes."""
    observations = DataStore.from_dir(data).get_observations(runs)
    options = {"safe_energy": ENERGIES[energies], "norm_values": None}
    return light_curve(observations, TARGET, "5 min", BAND, method, SPECTRUM, **options)


def quiet_flux(data, method="3d", energies="all"):
    """The constant flux of six runs of 2008, Quantity."""
    quiet = curve(data, QUIET, method, energies)
    return Baseline.of(quiet, quiet).flux


def measure(kind, which, what, rng, data):
    """What `section` shows, dict."""
    if kind == "night":
        found = replay(curve(data, FLARE[:1], which, what), quiet_flux(data, which, what))
        first = found.alarms[0]
        seconds = delay(found.runs, found.detector, found.alarms)
        flux = [first.fit.flux * found.subject.flux, first.fit.error * found.subject.flux]
        deadc = float(found.light_curve.origin.runs.read(0).deadc)
        return {"night": [[which, what, seconds, seconds * deadc, *flux]]}
    return thinned_flares(data, which, what, rng)


def delay(runs, detector, alarms):
    """s of good time before the first alarm; all of it where there is none.

    Parameters
    ----------
    runs : list of `RunStretch`, in the order of time
    detector : `Detector`
    alarms : list of `Alarm`
    """
    seconds = 0.0
    for run in runs:
        start, stop = (
            float(detector.clock.convert(each, run.reference)) for each in run.intervals[[0, -1], [0, 1]]
        )
        if alarms and alarms[0].time_s < stop:
            at = np.array([run.intervals[0, 0] + alarms[0].time_s - start])
            return seconds + float(run.passed(at)[0][0])
        seconds += run.seconds
    return seconds


@dataclass(frozen=True)
class OneFlux(DetectorSettings):
    """Settings of a detector that knows the flux after a change.

    new : float, that flux, in units of the reference flux in the band
    """

    new: float = 1.0

    @property
    def changed(self):
        """That flux, float array (1,)."""
        return np.array([self.new])


def thinned(run, flux, share, rng):
    """A `RunStretch` with fewer events of the source, of which a share is left.

    Parameters
    ----------
    run : `RunStretch`
    flux : function of times to the flux of the source, in units of the reference flux
    share : float
    rng : numpy Generator
    """
    of_source = flux(run.time_s) * run.signal
    chance = 1 - (1 - share) * of_source / (of_source + run.background)
    kept = rng.random(len(chance)) < chance
    columns = {name: getattr(run, name)[kept] for name in ("time_s", "signal", "background")}
    return replace(run, **columns)


def threshold(settings, signal, background):
    """Natural log of the threshold in s of a detector.

    Parameters
    ----------
    settings : `DetectorSettings`
    signal, background : float arrays (n,), events per s in classes of places
    """
    own = signal > 0
    tick = tick_of(float(settings.changed.max()) * float(signal.sum()), settings.tick_s)
    stretch = Stretch(signal[own], background[own], settings.night_s, tick)
    wanted = settings.night_s / settings.seconds_per_alarm
    given = settings.head_start_s, wanted, settings.n_simulated, np.random.default_rng(0)
    return log_threshold(settings.nodes(), stretch, *given)


def thinned_flares(data, share, number, rng):
    """Dict: s until the alarm, and until that of a detector that knows the flux; logs of their thresholds."""
    lc = curve(data, FLARE)
    found = replay(lc, quiet_flux(data))
    middle, norm = lc.time.tt.mjd, np.maximum(np.asarray(lc.table["norm"], dtype=float), 0.0)
    first = found.runs[0]
    in_first = middle < first.reference.to_time(first.intervals[-1, 1]).tt.mjd
    # Both for this night: what takes longer than a run alarms more often in a long one.
    settings = replace(found.detector.settings, night_s=sum(run.seconds for run in found.runs))
    known = OneFlux(**vars(settings), new=share * float(norm[in_first].mean()))
    detectors = [
        Detector(
            one,
            {name: threshold(one, *places) for name, places in found.places.items()},
            found.detector.clock,
        )
        for one in (settings, known)
    ]

    def flux_of(run):
        return lambda time: np.interp(run.reference.to_time(time).tt.mjd, middle, norm)

    delays = []
    for _ in range(number):
        runs = [thinned(run, flux_of(run), share, rng) for run in found.runs]
        delays.append([share, *(delay(runs, one, one.follow(runs)[0]) for one in detectors)])
    logs = [float(next(iter(one.log_thresholds.values()))) for one in detectors]
    return {"thinned": delays, "thresholds": [[share, *logs]]}


def section(found):
    """The `Section`."""
    night = {(method, energies): rest for method, energies, *rest in found["night"]}
    early = night["3d", "all"][1] <= WITHIN
    shown = [
        (
            method.upper(),
            energies,
            f"{seconds:.0f} s",
            f"{live:.0f} s",
            f"{1e11 * flux:.1f} ± {1e11 * error:.1f}",
        )
        for (method, energies), (seconds, live, flux, error) in night.items()
    ]
    lines, close, ratios = [], True, []
    for share, *logs in found["thresholds"]:
        own, known = np.array([each[1:] for each in found["thinned"] if each[0] == share]).T
        ratio = own.mean() / known.mean()
        # Errors of means of the same flares: of their difference.
        error = np.std(own - ratio * known) / np.sqrt(len(own)) / known.mean()
        close &= ratio <= CLOSE
        ratios.append(f"{ratio:.2f} ± {error:.2f}")
        means = f"{own.mean():.0f} s", f"{known.mean():.0f} s"
        lines.append((f"{share:.0%}", len(own), *means, ratios[-1], *(f"{one:.1f}" for one in logs)))
    text = (
        "PKS 2155-304 from 2006-07-29 on, 0.8-20 TeV, index 3.4; quiet is the constant flux of six runs of 2008, to "
        "20 %, and one alarm per 1000 h is wished. s of good and of live time until the first alarm, and the flux "
        f"since the onset then (1e-11 cm-2 s-1). Bar (3D, all energies: within {WITHIN:.0f} s of live time): "
        f"{verdict(early)}. The safe energies of the files leave less than half of the source's events in that first "
        "run, 50 deg from the zenith; in 1D how much background there is has first to be seen.\n\n"
        + table(["", "energies", "good time", "live time", "flux"], shown)
        + "\n\nThe flare thinned, each event kept with 1 - (1 - f) times its chance to be of the source: mean s of "
        "good time until the alarm, and the same of a detector that knows the new flux. Both have a threshold, T, for "
        f"one alarm in 1000 h of nights as long as these runs. Bar (at most {CLOSE} times as late): {verdict(close)}. "
        f"To average over {N_CHANGED} fluxes costs log {N_CHANGED} = {np.log(N_CHANGED):.1f} of what log T is.\n\n"
        + table(["f", "flares", "detector", "knows the flux", "ratio", "log T", "log T, knows"], lines)
    )
    failures = [] if early else ["live flare: the alarm comes too late"]
    failures += [] if close else ["live flare: thinned flares are seen too late"]
    bars = [
        (
            f"live: alarm on the flare night within {WITHIN:.0f} s",
            f"{night['3d', 'all'][1]:.0f} s",
            early,
        ),
        (
            f"live: thinned flares at most {CLOSE} times as late as with a known flux",
            ", ".join(ratios),
            bool(close),
        ),
    ]
    return Section("Alarms on the flare night", text, {}, failures, bars)
