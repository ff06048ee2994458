"""Times tevcurve on the jobs of `bench/against_gammapy.py`, one process for each job, and prints JSON.

A job starts from the files and ends with the table of all columns: errors, limits, TS and the likelihood scan. The
jobs that start with "read" only read what the others need of the files; those that start with "rebin" make another
light curve of an existing one, and "large" is a rebinning as well.
"""

import time
from dataclasses import replace

import astropy.units as u
import numpy as np
from flare_night import (
    AMPLITUDE,
    GRID_START,
    INDEX,
    NORMS,
    RECO,
    RUNS,
    TARGET,
    TRUE,
    run_job,
    targets_of_runs,
)

from tevcurve.data import GTI, DataStore
from tevcurve.lightcurve.bins import by_run, by_width
from tevcurve.models import PowerLaw
from tevcurve.pipeline import light_curve

DAY = 86400.0


def make(observations, target, time_bins, method, sigma_sensitivity=None):
    return light_curve(
        observations,
        target,
        time_bins,
        energy_edges=RECO[[0, -1]],
        method=method,
        spectrum=PowerLaw(index=INDEX, amplitude=AMPLITUDE, reference="1 TeV"),
        sigma_ul=2,
        sigma_sensitivity=sigma_sensitivity,
        norm_values=NORMS,
        safe_energy=0.1 if method == "1d" else None,
        e_reco=RECO,
        e_true=TRUE,
    )


def night(method, width=None, sigma_sensitivity=None):
    """The job that makes one light curve of the night."""

    def job(release, part):
        bins = by_run() if width is None else by_width(width, start=GRID_START)
        lc = make(DataStore.from_dir(release).get_observations(RUNS), TARGET, bins, method, sigma_sensitivity)
        return {"flux": fluxes(lc), "rows": len(lc)}

    return job


def all_runs(release, part):
    """Light curves of all targets, one row per run, in 1D."""
    store = DataStore.from_dir(release)
    rows = []
    for position, runs in targets_of_runs(store.obs_table):
        rows += fluxes(make(store.get_observations(runs), position, by_run(), "1d"))
    return {"flux": rows, "rows": len(rows)}


def read(method, runs):
    """The job that reads what a method needs of the files of runs."""
    names = ["gti", "events", "aeff", "edisp", "psf", *(["bkg"] if method == "3d" else [])]

    def job(release, part):
        for observation in DataStore.from_dir(release).get_observations(runs):
            for name in names:
                getattr(observation, name)
            observation.release()
        return {}

    return job


def rebin(method):
    """The job that turns a light curve per run into one of 1-minute bins; the median of several."""

    def job(release, part):
        lc = make(DataStore.from_dir(release).get_observations(RUNS), TARGET, by_run(), method)
        seconds = []
        for _ in range(9):
            start = time.perf_counter()
            fine = lc.rebin(time_bins=by_width("1 min", start=GRID_START))
            seconds.append(time.perf_counter() - start)
        return {"seconds": float(np.median(seconds)), "rows": len(fine)}

    return job


def large(method):
    """The job that rebins so many runs to bins of one minute: the night's, repeated and redrawn."""

    def job(release, part):
        lc = make(DataStore.from_dir(release).get_observations(RUNS), TARGET, by_run(), method)
        rng = np.random.default_rng(1)
        night_runs = lc.origin.runs
        runs = [redrawn(night_runs[n % len(RUNS)], n // len(RUNS), rng) for n in range(part)]
        origin = replace(lc.origin, runs=type(night_runs)(runs)).reduced()
        start, start_cpu = time.perf_counter(), time.process_time()
        fine = origin.rebin(time_bins=by_width("1 min"))
        return {
            "seconds": time.perf_counter() - start,
            "cpu": time.process_time() - start_cpu,
            "rows": len(fine),
            "events": int(fine.ledger.totals()["used"]),
            "flux": [float(np.nanmean(fine.table["flux"]))],
        }

    return job


def redrawn(run, nights, rng):
    """A run so many nights later: as many events as a Poisson draw says, out of its own, at times of their own."""
    start, stop = run.gti.intervals.T + nights * DAY
    drawn = rng.integers(len(run.time_s), size=rng.poisson(len(run.time_s)))
    times = np.sort(rng.uniform(start[0], stop[-1], len(drawn)))
    gti = GTI(start, stop, run.gti.reference)
    good = gti.contains(times)
    energy, lon, lat = (values[drawn][good] for values in (run.energy_tev, run.lon, run.lat))
    return replace(
        run,
        run_id=replace(run.run_id, obs_id=str(int(run.run_id.obs_id) + 100_000 * nights)),
        gti=gti,
        time_s=times[good],
        energy_tev=energy,
        lon=lon,
        lat=lat,
        n_outside_gti=int(np.sum(~good)),
    )


def fluxes(lc):
    return np.asarray(lc.table["flux"]).tolist()


JOBS = {
    "1d-10min": night("1d", 10 * u.min),
    "1d-1min": night("1d", 1 * u.min),
    "3d-run": night("3d"),
    "3d-10min": night("3d", 10 * u.min),
    "all-runs": all_runs,
    "1d-10min-all": night("1d", 10 * u.min, 5),
    "3d-run-all": night("3d", None, 5),
    "read-1d": read("1d", RUNS),
    "read-3d": read("3d", RUNS),
    "read-all-runs": read("1d", None),
    "rebin-1d": rebin("1d"),
    "rebin-3d": rebin("3d"),
    "large-1d": large("1d"),
    "large-3d": large("3d"),
}

if __name__ == "__main__":
    run_job(JOBS, __doc__.splitlines()[0])
