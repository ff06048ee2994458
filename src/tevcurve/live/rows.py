"""The runs behind the rows of a light curve, as a detector of changes sees them."""

from dataclasses import dataclass

import astropy.units as u
import numpy as np

from tevcurve.datasets.cube_terms import CubeTerms
from tevcurve.datasets.onoff_terms import OnOffTerms
from tevcurve.errors import InputError
from tevcurve.fit.cube_likelihood import JointCubes
from tevcurve.fit.onoff_likelihood import OnOffLikelihood
from tevcurve.fit.protocols import EventView
from tevcurve.kernels.cell_classes import merge_cells
from tevcurve.lightcurve import LightCurve
from tevcurve.lightcurve.origin import LightCurveOrigin
from tevcurve.lightcurve.origin_rows import rows_behind
from tevcurve.lightcurve.rows_of_runs import terms_of_rows
from tevcurve.live.alerts import Subject
from tevcurve.live.regions import (
    OffRates,
    RegionsRun,
    SeenSoFar,
    places_of_regions,
    stretches_of_regions,
)
from tevcurve.live.stretches import RunStretch, are_alike, as_one, joined_parts, of_cube

USE = "A detector of changes"


@dataclass(frozen=True, eq=False)
class EventRuns:
    """Runs of one instrument in a light curve, all in 3D or all with ON and OFF regions, and what they expect.

    Attributes
    ----------
    runs : list of `CubeTerms` or of `OnOffTerms`, in the order of the light curve
    fluxes : list of float arrays (n_true,), cm-2 s-1, of the reference spectrum in each
    bands : list of int arrays (n_reco,), number of the band of each reco bin of each; None in 3D
    """

    runs: list[CubeTerms] | list[OnOffTerms]
    fluxes: list[np.ndarray]
    bands: list[np.ndarray] | None


def events_of(light_curve: LightCurve, band: int | None) -> tuple[dict[str, EventRuns], int]:
    """(dict of the name of each instrument to its `EventRuns`, number of the band) of a light curve.

    The instruments are in the order in which they began.

    Parameters
    ----------
    light_curve : `LightCurve`
    band : number of the energy band, where there are several

    Raises `InputError` for a light curve that does not know its events, or not by run.
    """
    known, n_bands = _runs_of(light_curve)
    if band is None:
        if n_bands > 1:
            raise InputError(
                f"The light curve has {n_bands} energy bands; wanted is the number of one, from 0."
            )
        band = 0
    if band not in range(n_bands):
        raise InputError(f"There is no energy band {band}; wanted is one from 0 to {n_bands - 1}.")
    if known is None:
        raise InputError(f"{USE} wants rows with a fixed spectrum and, in 3D, sources at fixed places.")
    return known, band


def _runs_of(light_curve):
    """(dict as `events_of` gives it, or None; number of the bands), without the rows where these are not needed."""
    origin = light_curve.origin
    if isinstance(origin, LightCurveOrigin):
        return _by_instrument(
            *terms_of_rows(origin), lambda number: origin.axes.band_of_bin
        ), origin.axes.n_bands
    joint = rows_behind(light_curve, EventView, use=USE, below_zero=False)
    if not isinstance(joint, OnOffLikelihood | JointCubes):
        return None, joint.n_bands
    bands = getattr(joint, "bands", None)
    return _by_instrument(joint.runs, joint.fluxes, lambda number: bands[number]), joint.n_bands


def _by_instrument(runs, fluxes, bands_of):
    """Dict of the name of each instrument to its `EventRuns`; `bands_of` says the bands of a run by its number."""
    starts, numbers = _starts(runs), {}
    for number in np.argsort(starts, kind="stable"):
        numbers.setdefault(runs[number].run_id.instrument, []).append(int(number))
    found = {}
    for name, own in numbers.items():
        own = sorted(own)
        bands = [bands_of(number) for number in own] if isinstance(runs[own[0]], OnOffTerms) else None
        found[name] = EventRuns([runs[k] for k in own], [fluxes[k] for k in own], bands)
    return found


def _starts(runs):
    """When runs begin, list of float, s of the clock of the first one."""
    times = [run.gti for run in runs]
    first = times[0].reference
    return [float(first.convert(one.intervals[0, 0], one.reference)) for one in times]


def subject_of(origin: LightCurveOrigin, band: int) -> Subject:
    """The `Subject` of a light curve in one of its bands.

    Parameters
    ----------
    origin : `LightCurveOrigin` of the light curve
    band : int
    """
    low, high = origin.bands[band : band + 2]
    flux = float(origin.spectrum.integral(low * u.TeV, high * u.TeV).to_value("cm-2 s-1"))
    ra, dec = np.rad2deg(origin.source)
    return Subject(
        origin.meta.get("source", ""), float(ra) % 360, float(dec), (float(low), float(high)), flux
    )


def in_order(joint: EventRuns) -> list[int]:
    """Numbers of the runs in the order of time, list of int. joint: the `EventRuns` of an instrument."""
    return [int(number) for number in np.argsort(_starts(joint.runs), kind="stable")]


def off_rates(instruments: dict[str, EventRuns], band: int) -> dict[str, OffRates]:
    """Dict of the name of an instrument to the `OffRates` after all runs; of none in 3D.

    Parameters
    ----------
    instruments, band : as `events_of` gives them
    """
    found: dict[str, OffRates] = {}
    for joint in instruments.values():
        if joint.bands is not None:
            found |= stretches_of_regions(_regions(joint, in_order(joint), band))[1]
    return found


def stretches_of(
    joint: EventRuns,
    numbers: list[int],
    band: int,
    known: dict[str, OffRates],
    before: "Stretched | None" = None,
) -> "Stretched":
    """The `Stretched` of runs of an instrument, parts that expect the same as one stretch.

    Parameters
    ----------
    joint : `EventRuns` of an instrument
    numbers : list of int, of the runs, as `in_order` gives them
    band : int, number of the energy band
    known : dict of the name of an instrument to the `OffRates` before the first run
    before : `Stretched` of fewer runs; stretches to which none is added are taken over
    """
    parts = [(joint.runs[k], joint.fluxes[k]) for k in numbers]
    n_held = 0 if before is None else before.holding(parts, band, known)
    runs, ends, seen = [], [], [SeenSoFar(known)]
    if before is not None and n_held:
        runs, ends, seen = before.runs[:n_held], before.ends[:n_held], before.seen[: n_held + 1]
    rest = numbers[ends[-1] if ends else 0 :]
    if joint.bands is None:
        alone = [of_cube(joint.runs[k], joint.fluxes[k], band) for k in rest]
        whole = [(one, n_parts, seen[0]) for one, n_parts in joined_parts(alone, are_alike, as_one)]
    else:
        whole = _of_regions(_regions(joint, rest, band), seen[-1])
    for one, n_parts, after in whole:
        runs.append(one)
        ends.append((ends[-1] if ends else 0) + n_parts)
        seen.append(after)
    return Stretched(parts, band, runs, ends, seen)


def _regions(joint, numbers, band):
    return [RegionsRun.of(joint.runs[k], joint.fluxes[k], joint.bands[k], band) for k in numbers]


def _of_regions(parts, seen):
    """List of (`RunStretch`, number of its parts, `SeenSoFar` after it)."""
    found = []
    for run, n_parts in joined_parts(parts, RegionsRun.goes_on, RegionsRun.with_part):
        stretch, seen = seen.with_run(run)
        found.append((stretch, n_parts, seen))
    return found


@dataclass(frozen=True, eq=False)
class Stretched:
    """Runs, or parts of them, as stretches.

    Attributes
    ----------
    parts : list of (terms, flux as in `EventRuns`) of each, in the order of time
    band : int, number of the energy band
    runs : list of `RunStretch`
    ends : list of int, numbers of all parts until the end of each stretch
    seen : list of `SeenSoFar`, before the first stretch and after each; in 3D nothing is
    """

    parts: list[tuple[CubeTerms | OnOffTerms, np.ndarray]]
    band: int
    runs: list[RunStretch]
    ends: list[int]
    seen: list[SeenSoFar]

    def holding(self, parts: list[tuple[CubeTerms | OnOffTerms, np.ndarray]], band: int, known: dict) -> int:
        """How many of the first stretches are those of other parts, too.

        Parameters
        ----------
        parts, band, known : as of `stretches_of`
        """
        own = self.seen[0].rates
        if (
            band != self.band
            or own.keys() != known.keys()
            or any(own[name] is not known[name] for name in own)
        ):
            return 0
        n_same = 0
        for (terms, flux), (other, other_flux) in zip(self.parts, parts, strict=False):
            if terms is not other or not np.array_equal(flux, other_flux):
                break
            n_same += 1
        # What comes after the last of the parts that are the same may go on with it.
        return int(np.searchsorted(self.ends, n_same, side="left"))


def places_of(
    origin: LightCurveOrigin,
    joint: EventRuns,
    number: int,
    band: int,
    known: dict[str, OffRates],
) -> tuple[np.ndarray, np.ndarray]:
    """(signal, background), events per s of good time in classes of places, of a run; float arrays (n,).

    Parameters
    ----------
    origin : `LightCurveOrigin` of the light curve
    joint : `EventRuns` of its instrument
    number : int, of the run
    band : int, number of the energy band
    known : dict of the name of an instrument to the `OffRates` before it
    """
    run, flux = joint.runs[number], joint.fluxes[number]
    if joint.bands is not None:
        (own,) = _regions(joint, [number], band)
        return places_of_regions(own, known)
    terms = origin.reduction.in_cells(origin.runs.read(number))
    own, compact = terms.band_of_bin == band, terms.compact
    if compact.further is not None:
        compact = compact.settled(np.ones(len(compact.further)))
    signal, background, fixed = (each[..., own, :] for each in compact.in_all_cells(flux))
    # The background as it is when the run begins, whatever part of it came, with the norm that was settled for it.
    norm = 1.0 if run.background_norm is None else run.background_norm
    background = norm * background[0]
    signal, rest = terms.deadc * signal.ravel(), background.ravel() + terms.deadc * fixed.ravel()
    signal, rest, _ = merge_cells(signal, rest, np.zeros_like(rest))
    return signal, rest
