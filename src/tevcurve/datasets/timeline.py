"""When the events of a run came, and at which rates they are expected: what bins that look at events need of a run."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from tevcurve.data import GTI
from tevcurve.errors import InputError
from tevcurve.records import short_repr
from tevcurve.run_id import RunId, parts_together

# Dead times of parts of a run may differ by so much, over the source's rate.
_ALIKE = 0.02


class TimedRun(Protocol):
    """What a time line needs of a run besides its events: its `RunId`, good time, and live time over on-time."""

    @property
    def run_id(self) -> RunId: ...

    @property
    def gti(self) -> GTI: ...

    @property
    def deadc(self) -> float: ...


class SpectrumRun(TimedRun, Protocol):
    """What of `~tevcurve.datasets.onoff_terms.OnOffTerms` a time line is made of; its fields are described there."""

    @property
    def on_times_s(self) -> np.ndarray: ...

    @property
    def on_bin(self) -> np.ndarray: ...

    @property
    def off_times_s(self) -> np.ndarray: ...

    @property
    def off_bin(self) -> np.ndarray: ...

    @property
    def mask_safe(self) -> np.ndarray: ...

    @property
    def true_edges_tev(self) -> np.ndarray: ...

    @property
    def alpha(self) -> np.ndarray: ...

    @property
    def response(self) -> np.ndarray: ...


@dataclass(frozen=True, eq=False)
class RunTimeline:
    """ON events of a run in the order of time, with a background that is measured by OFF events or known.

    Counts are summed over an energy band. Reduced runs make one with their method `timeline()`.

    run_id: `RunId`. gti: `GTI`.
    time_s: ON events in good time, mission seconds (n,), in order.
    signal_per_s: expected ON events of the source per second of on-time at a flux that is the same for all runs.
    off_time_s, alpha: OFF events in good time (m,), in order, and the ratio of the acceptances of ON and OFF.
    background_per_s: instead, the known number of ON events of the background per second of on-time.
    """

    run_id: RunId
    gti: GTI
    time_s: np.ndarray
    signal_per_s: float = 1.0
    off_time_s: np.ndarray | None = None
    alpha: float | None = None
    background_per_s: float | None = None

    __repr__ = short_repr

    def __post_init__(self) -> None:
        measured = self.off_time_s is not None and self.alpha is not None
        if measured == (self.background_per_s is not None):
            raise InputError(
                f"The timeline of run {self.run_id} needs a background: either off_time_s with alpha or "
                "background_per_s."
            )

    @property
    def has_off(self) -> bool:
        """Whether the background is measured by OFF events."""
        return self.off_time_s is not None

    @property
    def background_rate(self) -> float:
        """ON events of the background per second of on-time: as known, or as the OFF events of the whole run say."""
        if self.background_per_s is not None:
            return self.background_per_s
        alpha: Any = self.alpha
        off_time_s: Any = self.off_time_s
        ontime = self.gti.ontime_s
        return alpha * len(off_time_s) / ontime if ontime > 0 else 0.0


def whole_timelines(lines: Sequence[RunTimeline]) -> tuple[RunTimeline, ...]:
    """Timelines with those of parts of one run put together, where nothing else lies between them, and they are alike.

    Rates are the means over on-time; a part has that of its run in every other respect.

    lines: of runs and of parts of runs, in any order.
    """
    if parts_together(line.run_id for line in lines) is None:
        return tuple(lines)
    order = sorted(range(len(lines)), key=lambda number: _start_mjd(lines[number]))
    groups: list[list[RunTimeline]] = []
    for line in (lines[number] for number in order):
        if groups and _may_join(groups[-1][-1], line):
            groups[-1].append(line)
        else:
            groups.append([line])
    return tuple(group[0] if len(group) == 1 else _joined(group) for group in groups)


def _start_mjd(line: RunTimeline) -> float:
    return float(line.gti.start[0].tt.mjd) if len(line.gti) else -math.inf


def _may_join(one: RunTimeline, other: RunTimeline) -> bool:
    """Whether timelines are of parts of one run, which see the source alike."""
    is_same = (one.run_id, one.gti.reference) == (other.run_id, other.gti.reference)
    is_alike = math.isclose(one.signal_per_s, other.signal_per_s, rel_tol=_ALIKE)
    return bool(one.run_id.obs_id) and is_same and is_alike and one.has_off == other.has_off


def _joined(parts: Sequence[RunTimeline]) -> RunTimeline:
    """The timeline of a run of those of its parts."""
    gti = parts[0].gti
    for line in parts[1:]:
        gti = gti.union(line.gti)
    ontime = np.array([line.gti.ontime_s for line in parts])
    weight = ontime / ontime.sum() if ontime.sum() > 0 else np.full(len(parts), 1 / len(parts))

    def mean(name: str, weights: np.ndarray) -> float:
        return float(np.dot([getattr(line, name) for line in parts], weights))

    made = replace(
        parts[0],
        gti=gti,
        time_s=np.sort(np.concatenate([line.time_s for line in parts])),
        signal_per_s=mean("signal_per_s", weight),
    )
    if not made.has_off:
        return replace(made, background_per_s=mean("background_per_s", weight))
    off: list[Any] = [line.off_time_s for line in parts]
    count = np.array([len(times) for times in off])
    weight = count / count.sum() if count.sum() else weight
    return replace(made, off_time_s=np.sort(np.concatenate(off)), alpha=mean("alpha", weight))


def timeline_of(run: Any) -> RunTimeline:
    """The `RunTimeline` of a run: itself, what its method `timeline` returns, or all good events of an observation.

    Without a choice of region there is no background, so that of an observation is known to be 0.
    Raises InputError for what has no events.
    """
    if isinstance(run, RunTimeline):
        return run
    if hasattr(run, "timeline"):
        return run.timeline()
    if not hasattr(run, "good_events"):
        raise InputError(f"{run!r} has no events to make time bins from; wanted is a run with events.")
    return RunTimeline(run.run_id, run.gti, np.sort(run.good_events.time_s), background_per_s=0.0)


def scaled_timeline(run: Any, log_scale: float) -> RunTimeline:
    """The `RunTimeline` of a run whose instrument sees fluxes times a scale.

    Parameters
    ----------
    run : as for `timeline_of`
    log_scale : ln of the scale
    """
    line = timeline_of(run)
    return replace(line, signal_per_s=line.signal_per_s * math.exp(log_scale)) if log_scale else line


def spectrum_timeline(
    run: SpectrumRun, flux: np.ndarray | None = None, mask: ArrayLike | None = None
) -> RunTimeline:
    """The `RunTimeline` of a `OnOffTerms`.

    Parameters
    ----------
    run : `OnOffTerms`
    flux : of the source in each true-energy bin (n_true,), cm-2 s-1; default: a power law of index 2.5
    mask : reco bins to sum over, bool (n_reco,); default: those inside the safe energies
    """
    own = run.mask_safe if mask is None else np.asarray(mask, dtype=bool)
    flux = power_law_flux(run.true_edges_tev) if flux is None else flux
    on, off = run.on_times_s[own[run.on_bin]], run.off_bin[own[run.off_bin]]
    weights = np.bincount(off, minlength=len(own)) if len(off) else 1 / run.alpha
    alpha = np.sum((weights * run.alpha)[own]) / np.sum(weights[own]) if own.any() else 1.0
    return RunTimeline(
        run.run_id,
        run.gti,
        on,
        signal_per_s=float(np.sum((flux @ run.response)[own])) * run.deadc,
        off_time_s=run.off_times_s[own[run.off_bin]],
        alpha=float(alpha),
    )


def core_timeline(
    run: TimedRun,
    time_s: np.ndarray,
    pixel: np.ndarray,
    image: np.ndarray,
    background: np.ndarray,
    slice_edges: np.ndarray,
    fraction: float = 0.68,
) -> RunTimeline:
    """The `RunTimeline` of the events in the pixels around a source that hold a fraction of its photons.

    Parameters
    ----------
    run : with run_id, gti and deadc
    time_s, pixel : of events, in order, and the flat number of their pixels
    image : photons of the source expected in each pixel per second of live time (nlat, nlon)
    background : expected per second of on-time (n_slices, nlat, nlon)
    slice_edges : mission seconds (n_slices + 1,), between which the slices of the background are
    fraction : float, of the photons, that the pixels hold
    """
    core = core_pixels(image, fraction)
    start, stop = run.gti.intervals[:, :1], run.gti.intervals[:, 1:]
    overlap = np.minimum(stop, slice_edges[1:]) - np.maximum(start, slice_edges[:-1])
    ontime = np.maximum(overlap, 0.0).sum(axis=0)
    rates = background[:, core].sum(axis=1)
    return RunTimeline(
        run.run_id,
        run.gti,
        time_s[core.ravel()[pixel]],
        signal_per_s=float(image[core].sum()) * run.deadc,
        background_per_s=float(np.sum(rates * ontime) / ontime.sum()) if ontime.sum() > 0 else 0.0,
    )


def core_pixels(image: np.ndarray, fraction: float = 0.68) -> np.ndarray:
    """The fewest pixels that hold a fraction of an image's sum, bool array of its shape.

    Parameters
    ----------
    image : expected source photons in each pixel, above or equal 0
    fraction : float, between 0 and 1
    """
    order = np.argsort(image, axis=None, kind="stable")[::-1]
    running = np.cumsum(image.ravel()[order])
    core = np.zeros(image.size, dtype=bool)
    if running[-1] > 0:
        core[order[: np.searchsorted(running, fraction * running[-1]) + 1]] = True
    return core.reshape(image.shape)


def power_law_flux(edges_tev: np.ndarray, index: float = 2.5) -> np.ndarray:
    """Flux (n,) in each energy bin of a power law, in units of 1e-12 cm-2 s-1 TeV-1 at 1 TeV.

    Parameters
    ----------
    edges_tev : float array (n + 1,), TeV
    index : float
    """
    edges = np.asarray(edges_tev, dtype=float) ** (1 - index)
    return 1e-12 * (edges[:-1] - edges[1:]) / (index - 1)
