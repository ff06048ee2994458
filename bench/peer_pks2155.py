"""Times gammapy 2.1 on the jobs of `bench/against_gammapy.py`, done the way its own documentation recommends.

Run by `bench/against_gammapy.py`, one process for each job, in an interpreter that has gammapy. Observations are cut
in time with `select_time`, each slice is reduced, and the light curve estimator fits the slices of each time bin.
"""

import astropy.units as u
from astropy.time import Time
from flare_night import AMPLITUDE, GRID_START, INDEX, NORMS, RUNS, TARGET, evenly, run_job, targets_of_runs
from gammapy.data import DataStore
from gammapy.datasets import Datasets, MapDataset, SpectrumDataset
from gammapy.estimators import LightCurveEstimator
from gammapy.makers import (
    MapDatasetMaker,
    ReflectedRegionsBackgroundMaker,
    SafeMaskMaker,
    SpectrumDatasetMaker,
)
from gammapy.maps import MapAxis, RegionGeom, WcsGeom
from gammapy.modeling.models import FoVBackgroundModel, PointSpatialModel, PowerLawSpectralModel, SkyModel
from regions import CircleSkyRegion

RECO = MapAxis.from_energy_bounds("0.7 TeV", "20 TeV", nbin=10)
TRUE = MapAxis.from_energy_bounds("0.1 TeV", "40 TeV", nbin=20, name="energy_true")


def power_law():
    spectrum = PowerLawSpectralModel(index=INDEX, amplitude=AMPLITUDE, reference="1 TeV")
    spectrum.index.frozen = True
    return spectrum


def extract(observations, position):
    """ON/OFF spectra of observations, with a model."""
    geom = RegionGeom.create(region=CircleSkyRegion(position, 0.11 * u.deg), axes=[RECO])
    empty = SpectrumDataset.create(geom=geom, energy_axis_true=TRUE)
    maker = SpectrumDatasetMaker(containment_correction=True, selection=["counts", "exposure", "edisp"])
    background = ReflectedRegionsBackgroundMaker()
    safe_mask = SafeMaskMaker(methods=["aeff-max"], aeff_percent=10)
    datasets = Datasets()
    for number, observation in enumerate(observations):
        dataset = maker.run(empty.copy(name=f"{observation.obs_id}-{number}"), observation)
        dataset = background.run(dataset, observation)
        if dataset.counts_off is not None:
            datasets.append(safe_mask.run(dataset, observation))
    datasets.models = [SkyModel(spectral_model=power_law(), name="source")]
    return datasets


def make_cubes(observations, position):
    """Cubes of observations, with a point source and a background model each."""
    geom = WcsGeom.create(skydir=position, binsz=0.04, width=(2, 2), frame="icrs", proj="CAR", axes=[RECO])
    maker, safe_mask = MapDatasetMaker(), SafeMaskMaker(methods=["offset-max"], offset_max=2 * u.deg)
    datasets = Datasets()
    for number, observation in enumerate(observations):
        empty = MapDataset.create(geom, energy_axis_true=TRUE, name=f"{observation.obs_id}-{number}")
        datasets.append(safe_mask.run(maker.run(empty, observation), observation))
    place = PointSpatialModel(lon_0=position.ra, lat_0=position.dec, frame="icrs")
    place.lon_0.frozen = place.lat_0.frozen = True
    backgrounds = [FoVBackgroundModel(dataset_name=name) for name in datasets.names]
    datasets.models = [SkyModel(power_law(), place, name="source"), *backgrounds]
    return datasets


# What the estimator computes beside flux, symmetric error and TS.
MOST = ["errn-errp", "ul", "scan"]
ALL, LEAST = [*MOST, "sensitivity"], []


def estimate(datasets, intervals=None, reoptimize=False, selection=MOST):
    """Fluxes with all errors, limits, TS and the likelihood scan, one row per interval; default: per dataset."""
    estimator = LightCurveEstimator(
        energy_edges=[0.7, 20] * u.TeV,
        source="source",
        time_intervals=intervals,
        reoptimize=reoptimize,
        selection_optional=selection,
    )
    estimator.norm.scan_values = NORMS
    return estimator.run(datasets)


def grid(observations, width):
    """Intervals of a width on the grid that meet an observation."""
    intervals = []
    for number in range(int(8 * u.hour / width)):
        start = GRID_START + number * width
        stop = start + width
        if any(obs.tstart < stop and obs.tstop > start for obs in observations):
            intervals.append(Time([start, stop]))
    return intervals


def night(make, width, reoptimize=False, selection=MOST):
    """The job that makes one light curve of the night."""

    def job(release, part):
        observations = DataStore.from_dir(release).get_observations(RUNS)
        if width is None:
            kept = evenly(RUNS, part)
            observations = DataStore.from_dir(release).get_observations(kept)
            light_curve = estimate(make(observations, TARGET), None, reoptimize, selection)
            return result(light_curve, len(kept) / len(RUNS))
        intervals = grid(observations, width)
        kept = evenly(intervals, part)
        short = observations.select_time(kept)
        light_curve = estimate(make(short, TARGET), kept, reoptimize, selection)
        return result(light_curve, len(kept) / len(intervals))

    return job


def all_runs(release, part):
    """Light curves of all targets, one row per run."""
    store = DataStore.from_dir(release)
    targets = targets_of_runs(store.obs_table)
    done, rows = 0, []
    for position, runs in evenly(targets, part):
        light_curve = estimate(extract(store.get_observations(runs), position))
        done += len(runs)
        rows += fluxes(light_curve)
    return {"part": done / len(store.obs_table), "flux": rows, "rows": len(rows)}


def fluxes(light_curve):
    return light_curve.flux.quantity.to_value("cm-2 s-1").ravel().tolist()


def result(light_curve, part):
    rows = fluxes(light_curve)
    return {"part": part, "flux": rows, "rows": len(rows)}


JOBS = {
    "1d-10min": night(extract, 10 * u.min),
    "1d-1min": night(extract, 1 * u.min),
    "3d-run": night(make_cubes, None, reoptimize=True),
    "3d-10min": night(make_cubes, 10 * u.min, reoptimize=True),
    "all-runs": all_runs,
    "1d-10min-all": night(extract, 10 * u.min, selection=ALL),
    "1d-10min-least": night(extract, 10 * u.min, selection=LEAST),
    "3d-run-all": night(make_cubes, None, reoptimize=True, selection=ALL),
    "3d-run-least": night(make_cubes, None, reoptimize=True, selection=LEAST),
    "3d-run-fixed-all": night(make_cubes, None, selection=ALL),
    "3d-run-fixed-least": night(make_cubes, None, selection=LEAST),
}

if __name__ == "__main__":
    run_job(JOBS, __doc__.splitlines()[0])
