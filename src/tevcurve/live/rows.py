"""The runs behind the rows of a light curve, as a detector of changes sees them."""

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.fit.cube_likelihood import JointCubes
from tevcurve.fit.onoff_likelihood import OnOffLikelihood
from tevcurve.fit.protocols import EventView
from tevcurve.kernels.cell_classes import merge_cells
from tevcurve.lightcurve import LightCurve
from tevcurve.lightcurve.origin import LightCurveOrigin
from tevcurve.lightcurve.origin_rows import rows_behind
from tevcurve.live.alerts import Subject
from tevcurve.live.regions import OffRates, RegionsRun, places_of_regions, stretches_of_regions
from tevcurve.live.stretches import RunStretch, of_cube, together

USE = "A detector of changes"


def events_of(light_curve: LightCurve, band: int | None) -> tuple[OnOffLikelihood | JointCubes, int]:
    """(the rows as a likelihood of events, number of the band) of a light curve.

    Parameters
    ----------
    light_curve : `LightCurve`
    band : number of the energy band, where there are several

    Raises `InputError` for a light curve that does not know its events, or not by run.
    """
    joint = rows_behind(light_curve, EventView, use=USE, below_zero=False)
    if band is None:
        if joint.n_bands > 1:
            raise InputError(
                f"The light curve has {joint.n_bands} energy bands; wanted is the number of one, from 0."
            )
        band = 0
    if band not in range(joint.n_bands):
        raise InputError(f"There is no energy band {band}; wanted is one from 0 to {joint.n_bands - 1}.")
    if not isinstance(joint, OnOffLikelihood | JointCubes):
        raise InputError(f"{USE} wants rows with a fixed spectrum and, in 3D, sources at fixed places.")
    return joint, band


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


def in_order(joint: OnOffLikelihood | JointCubes) -> list[int]:
    """Numbers of the runs in the order of time, list of int. joint: as `events_of` gives it."""
    times = [run.gti for run in joint.runs]
    first = times[0].reference
    starts = [float(first.convert(one.intervals[0, 0], one.reference)) for one in times]
    return [int(number) for number in np.argsort(starts, kind="stable")]


def off_rates(joint: OnOffLikelihood | JointCubes, band: int) -> dict[str, OffRates]:
    """Dict of the name of an instrument to the `OffRates` after all runs; of none in 3D.

    Parameters
    ----------
    joint, band : as `events_of` gives them
    """
    if not isinstance(joint, OnOffLikelihood):
        return {}
    return stretches_of_regions(_regions(joint, in_order(joint), band))[1]


def stretches_of(
    joint: OnOffLikelihood | JointCubes,
    numbers: list[int],
    band: int,
    known: dict[str, OffRates],
) -> list[RunStretch]:
    """List of `RunStretch` of runs, parts that expect the same as one.

    Parameters
    ----------
    joint, band : as `events_of` gives them
    numbers : list of int, of the runs, as `in_order` gives them
    known : dict of the name of an instrument to the `OffRates` before the first run
    """
    if isinstance(joint, OnOffLikelihood):
        return stretches_of_regions(_regions(joint, numbers, band), known)[0]
    return together([of_cube(joint.runs[k], joint.fluxes[k], band) for k in numbers])


def _regions(joint, numbers, band):
    return [RegionsRun.of(joint.runs[k], joint.fluxes[k], joint.bands[k], band) for k in numbers]


def places_of(
    origin: LightCurveOrigin,
    joint: OnOffLikelihood | JointCubes,
    number: int,
    band: int,
    known: dict[str, OffRates],
) -> tuple[np.ndarray, np.ndarray]:
    """(signal, background), events per s of good time in classes of places, of a run; float arrays (n,).

    Parameters
    ----------
    origin : `LightCurveOrigin` of the light curve
    joint, band : as `events_of` gives them
    number : int, of the run
    known : dict of the name of an instrument to the `OffRates` before it
    """
    run, flux = joint.runs[number], joint.fluxes[number]
    if isinstance(joint, OnOffLikelihood):
        (own,) = _regions(joint, [number], band)
        return places_of_regions(own, known)
    terms = origin.reduction.in_cells(origin.runs.read(number))
    own, compact = terms.band_of_bin == band, terms.compact
    if compact.further is not None:
        compact = compact.settled(np.ones(len(compact.further)))
    signal, background, fixed = (each[..., own, :] for each in compact.in_all_cells(flux))
    # The background as the run's own slices have it on average, with the norm that was settled for it.
    norm = 1.0 if run.background_norm is None else run.background_norm
    background = norm * np.average(background, axis=0, weights=np.diff(terms.slice_edges))
    signal, rest = terms.deadc * signal.ravel(), background.ravel() + terms.deadc * fixed.ravel()
    signal, rest, _ = merge_cells(signal, rest, np.zeros_like(rest))
    return signal, rest
