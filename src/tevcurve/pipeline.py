"""From observations to a light curve in one call: every stage once, in order."""

import logging
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord

from tevcurve.data import DataStore, Observation
from tevcurve.errors import DataError, InputError, MissingError, TevcurveError
from tevcurve.lightcurve.bins import by_run
from tevcurve.lightcurve.fit_rows import FitOptions, check_binning, check_options, limit_sigma, positive
from tevcurve.lightcurve.free_shapes import free_names
from tevcurve.lightcurve.rebinning import Kept
from tevcurve.maps import WcsGeom
from tevcurve.models import PowerLaw, SpectralModel
from tevcurve.reduction import ReflectedRegionsBackgroundEstimator
from tevcurve.reduction.cube_terms import CubeSetting
from tevcurve.reduction.energy_axes import energy_axes
from tevcurve.reduction.exclusion import as_exclusions
from tevcurve.reduction.keep import keep_run
from tevcurve.reduction.regions import SkyCircle
from tevcurve.reduction.safe_energy import check_safe_energy
from tevcurve.reduction.spectrum_terms import SpectrumSetting

log = logging.getLogger(__name__)

METHODS = ("3d", "1d")
NORM_VALUES = np.geomspace(0.2, 5, 11)


def light_curve(
    observations,
    target,
    time_bins=None,
    energy_edges=(1, 10) * u.TeV,
    method="3d",
    spectrum=None,
    *,
    free=(),
    free_ts=25,
    upper_limit=None,
    sigma_ul=None,
    sigma=1,
    negative=False,
    interval="likelihood",
    background="free",
    shape_from="run",
    background_error=None,
    norm_values=NORM_VALUES,
    safe_energy="file",
    offset_max="2 deg",
    on_radius="0.11 deg",
    exclusion=None,
    width="2 deg",
    binsz="0.04 deg",
    unbinned=False,
    stacked=False,
    e_reco=None,
    e_true=None,
    n_jobs=1,
    progress=False,
):
    """The `LightCurve` of a source, one row per time bin and energy band.

    Each run is reduced once and kept in the result, so that `lc.rebin(...)` answers without the files.

    Parameters
    ----------
    observations : Observations, a list of observations, a DataStore, or the path of one
    target : SkyCoord, or the name of a target in the observation index
    time_bins : a binning of `tevcurve.lightcurve.bins`; default: by_run()
    energy_edges : Quantity (n_bands + 1,); the bands have exactly these edges
    method : "3d" (cube with the background response) or "1d" (ON and OFF regions)
    spectrum : SpectralModel, the reference and the shape; default: a power law of index 2.5
    free : names of parameters of the spectrum's shape, such as ("index",), that are fitted in each row with the flux;
        the columns that come of it are described in `tevcurve.lightcurve.free_shapes.FreeShapes`
    free_ts : float, the TS with the fixed shape that a row must have for that; below it is `shape_fixed`
    upper_limit : float, confidence level of the limits, 0.95 by default; `sigma_ul` says it in standard deviations
    sigma : float, standard deviations of the errors
    negative : bool, whether fluxes may go below zero
    interval : "likelihood" (errors and limits are where the statistic has risen enough), or "feldman-cousins", whose
        errors and limits cover at any number of counts (`tevcurve.lightcurve.exact_columns` says what they are)
    background : "free", background counts in each energy bin, or "shape", one norm in each time bin and run on the
        shape of the OFF spectrum, for time bins without OFF counts in many energy bins (1D)
    shape_from : "run" or "night", which OFF spectrum that is
    background_error : float, such as 0.05: what is not known of the background norm (3D) or of alpha (1D) in each time
        bin and run, relative; a Gaussian prior of that standard deviation
    norm_values : float array, norms of the likelihood scan; None for no scan
    safe_energy : "file", a fraction of the largest effective area, or None; whole reco bins outside are masked
    offset_max : largest offset of a pixel from the pointing (3D)
    width, binsz : of the map around the target (3D)
    unbinned : bool, takes each event at its own energy and position (3D)
    stacked : bool, whether the runs of one time bin are added up; default: they are fitted jointly, with a background
        norm (3D) or background counts (1D) for each
    on_radius : of the ON region and of each OFF region (1D)
    exclusion : map, region, or list of these, where no OFF region may lie (1D)
    e_reco, e_true : Quantity, edges of the energy bins, for those who need certain ones
    n_jobs : int, processes that read and reduce
    progress : bool, draws a progress bar

    A run that cannot be used is left out, with its reason in `lc.ledger.failed`. Raises `InputError` for arguments,
    `DataError` where no run is left.
    """
    if method not in METHODS:
        raise InputError(f"method is {method!r}; wanted is '3d' or '1d'.")
    if unbinned and stacked:
        raise InputError(
            "stacked=True adds up cells, which unbinned=True does without; wanted is one of them."
        )
    spectrum = PowerLaw(index=2.5) if spectrum is None else spectrum
    if not isinstance(spectrum, SpectralModel):
        raise InputError(
            f"spectrum is a {type(spectrum).__name__}; wanted is a SpectralModel such as PowerLaw."
        )
    time_bins = check_binning(by_run() if time_bins is None else time_bins)
    if int(n_jobs) != n_jobs or n_jobs < 1:
        raise InputError(f"n_jobs is {n_jobs!r}; wanted is a whole number of processes, 1 or more.")
    observations, position = _observations_of(observations, target)
    icrs = position.icrs
    source = float(icrs.ra.rad), float(icrs.dec.rad)
    axes, safe_energy = energy_axes(energy_edges, e_reco, e_true), check_safe_energy(safe_energy)
    if method == "3d":
        geom = WcsGeom.create(skydir=position.icrs, binsz=binsz, width=width, coordsys="CEL", proj="TAN")
        setting = CubeSetting(
            source, geom, axes, _radian(offset_max, "offset_max"), safe_energy, bool(unbinned), bool(stacked)
        )
        find_off = None
    else:
        setting = SpectrumSetting(source, _radian(on_radius, "on_radius"), axes, safe_energy, True)
        as_exclusions(exclusion)
        find_off = partial(_off_regions, SkyCircle(position, u.Quantity(on_radius)), exclusion)
    if upper_limit is None and sigma_ul is None:
        upper_limit = 0.95
    options = FitOptions(
        positive(sigma, "sigma"),
        limit_sigma(sigma_ul, upper_limit),
        norm_values,
        bool(negative),
        free=free_names(free, spectrum),
        free_ts=positive(free_ts, "free_ts"),
        interval=interval,
        background=background,
        shape_from=shape_from,
        background_error=background_error,
    )
    check_options(options)
    if method == "3d":
        options.background_rule.check_cubes(True)
    jobs = [(observation, source, find_off) for observation in observations]
    runs, failed = _keep_all(jobs, n_jobs, progress)
    if not runs:
        reasons = "; ".join(f"{obs_id}: {reason}" for obs_id, reason in failed) or "there are no observations"
        raise DataError(f"No run can be used: {reasons}")
    meta = {
        "source": target if isinstance(target, str) else icrs.to_string("hmsdms", precision=1),
        "method": method,
        "sigma": options.sigma,
        "sigma_ul": options.sigma_ul,
        "negative": options.negative,
        "several_runs": "stacked" if stacked else "joint",
        "unbinned": bool(unbinned),
        **options.unusual(),
    }
    if upper_limit is not None:
        meta["upper_limit"] = upper_limit
    if options.free:
        meta |= {"free": list(options.free), "free_ts": options.free_ts}
    return (
        Kept(tuple(runs), tuple(failed), setting, spectrum.copy(), time_bins, options, meta)
        .reduced()
        .light_curve()
    )


def _observations_of(observations, target):
    """(list of observations, position) of what the caller gave."""
    if isinstance(observations, (str, os.PathLike)):
        path = Path(os.path.expandvars(observations)).expanduser()
        observations = DataStore.from_dir(path) if path.is_dir() else DataStore.from_file(path)
    if isinstance(observations, Observation):
        observations = [observations]
    if not hasattr(observations, "__iter__") and not isinstance(observations, DataStore):
        kind = type(observations).__name__
        raise InputError(f"observations is a {kind}; wanted are Observations, a DataStore or its path.")
    if isinstance(target, str):
        return _by_name(observations, target)
    if not isinstance(target, SkyCoord) or target.size != 1:
        raise InputError(
            f"target is {target!r}; wanted is one SkyCoord, or the name of a target in the index."
        )
    if isinstance(observations, DataStore):
        observations = _near(observations, target)
    return list(observations), target.reshape(())


def _by_name(observations, name):
    """The observations of a named target, and its position as their index or headers have it."""
    if isinstance(observations, DataStore):
        table = observations.obs_table
        columns = [column for column in ("TARGET_NAME", "OBJECT") if column in table.colnames]
        names = {str(value) for column in columns for value in table[column]}
        rows = np.logical_or.reduce([table[column] == name for column in columns]) if columns else []
        if not np.any(rows):
            raise MissingError(
                f"The index has no target {name!r}; it has {', '.join(sorted(names)) or 'no names'}."
            )
        observations = list(observations.get_observations(table["OBS_ID"][rows]))
    else:
        observations = _called(list(observations), name)
    for observation in observations:
        meta = observation.meta
        if "RA_OBJ" in meta and "DEC_OBJ" in meta:
            return observations, SkyCoord(float(meta["RA_OBJ"]), float(meta["DEC_OBJ"]), unit="deg")
    raise InputError(
        f"No observation of {name!r} has the position of its target (RA_OBJ, DEC_OBJ); give a SkyCoord."
    )


def _called(observations, name):
    """Those observations whose header calls the target by a name or by one that begins with it ("Crab Nebula")."""
    names = [observation.target_name or "" for observation in observations]
    found = [
        one for one, its in zip(observations, names, strict=True) if its.lower().startswith(name.lower())
    ]
    if not found:
        there = ", ".join(sorted({its for its in names if its})) or "no names"
        raise MissingError(f"No observation has the target {name!r}; they have {there}, or give a SkyCoord.")
    return found


def _near(store, position, reach=2.5 * u.deg):
    """The observations of a store whose pointing is near a position."""
    table = store.obs_table
    pointings = SkyCoord(
        np.asarray(table["RA_PNT"], dtype=float), np.asarray(table["DEC_PNT"], dtype=float), unit="deg"
    )
    near = pointings.separation(position) < reach
    if not near.any():
        raise MissingError(f"No observation of the store points within {reach:g} of the target.")
    return store.get_observations(table["OBS_ID"][near])


def _off_regions(on_region, exclusion, observation):
    """The `ReflectedRegions` of an observation; DataError where there is no room for any."""
    estimator = ReflectedRegionsBackgroundEstimator(on_region, [observation], exclusion)
    estimator.run()
    if not estimator.result:
        raise DataError(estimator.failed[0][1])
    return estimator.result[0]


def _keep_all(jobs, n_jobs, progress):
    """(runs, failed) of all jobs, in their order."""
    if n_jobs == 1 or len(jobs) < 2:
        return _sorted_out(map(_keep, jobs), len(jobs), progress)
    with ProcessPoolExecutor(max_workers=n_jobs) as pool:
        results = pool.map(_keep, jobs, chunksize=max(1, len(jobs) // (8 * n_jobs)))
        return _sorted_out(results, len(jobs), progress)


def _sorted_out(results, total, progress):
    runs, failed = [], []
    for run, problem in _with_progress(results, total, progress):
        if problem is None:
            runs.append(run)
        else:
            log.warning("Run %s is left out: %s", *problem)
            failed.append(problem)
    return runs, failed


def _keep(job):
    """(run, None), or (None, (obs_id, reason)): one bad run never stops the others."""
    observation, source, find_off = job
    try:
        # One run after the other, so that each file is read once.
        run = keep_run(observation, source, None if find_off is None else find_off(observation))
    except TevcurveError as error:
        return None, (observation.obs_id, str(error))
    finally:
        observation.release()
    return run, None


def _with_progress(results, total, progress):
    if not progress:
        return results
    from tqdm.auto import tqdm

    return tqdm(results, total=total, unit="run")


def _radian(angle, name):
    try:
        value = u.Quantity(angle).to_value(u.rad)
    except (TypeError, u.UnitConversionError) as error:
        raise InputError(f"{name} is {angle!r}; wanted is an angle such as '2 deg'.") from error
    return positive(value, name)
