"""Light curves of gammapy 2.1 of the stores in `bench/telescope_stores.py`, one row per run, with its seconds.

Run by `bench/telescopes.py`, in an interpreter that has gammapy; prints one JSON object. The settings are those of the
references beside the data: responses at the centres of 60 bins of true energy, no safe energies, reflected regions, one
wobble region for RAD_MAX tables; cubes of pixels of 0.02 deg. Errors, limits and a scan are asked for, sensitivities
are not.
"""

import argparse
import json
import time
from pathlib import Path

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from gammapy.data import DataStore, Observation, Observations
from gammapy.datasets import Datasets, MapDataset, SpectrumDataset
from gammapy.estimators import LightCurveEstimator
from gammapy.irf import EnergyDependentMultiGaussPSF
from gammapy.makers import (
    MapDatasetMaker,
    ReflectedRegionsBackgroundMaker,
    SafeMaskMaker,
    SpectrumDatasetMaker,
    WobbleRegionsFinder,
)
from gammapy.maps import MapAxis, RegionGeom, WcsGeom
from gammapy.modeling.models import FoVBackgroundModel, PointSpatialModel, PowerLawSpectralModel, SkyModel
from regions import CircleSkyRegion, PointSkyRegion
from telescope_stores import STORES, TRUE_TEV

COLUMNS = ["errn-errp", "ul", "scan"]


def observations_of(store, data):
    """The observations of a store below the folder `data`."""
    folder = data / store.folder
    needed = ["aeff", "edisp"] + (["psf", "bkg"] if "3d" in store.kinds else [])
    if store.files:
        return Observations([read_file(file) for file in sorted(folder.glob(store.files))])
    opened = DataStore.from_dir(folder)
    ids = store.obs_ids or opened.obs_table["OBS_ID"]
    return opened.get_observations(ids, required_irf=needed, skip_missing=True)


def read_file(path):
    """The observation of a file with all of its responses; its PSF has no words of a class, by which it is known."""
    observation = Observation.read(path)
    observation.psf = EnergyDependentMultiGaussPSF.read(path, hdu="PSF_2D_GAUSS")
    return observation


def axes_of(store):
    """Axes of reconstructed and of true energy."""
    low, high, bins = store.band
    reco = MapAxis.from_energy_bounds(low, high, nbin=bins, unit="TeV")
    low, high, bins = TRUE_TEV
    return reco, MapAxis.from_energy_bounds(low, high, nbin=bins, unit="TeV", name="energy_true")


def spectra(store, observations):
    """ON/OFF spectra of observations."""
    position = SkyCoord(*store.position, unit="deg", frame="icrs")
    reco, true = axes_of(store)
    is_table = store.radius == "table"
    if is_table:
        region, background = (
            PointSkyRegion(position),
            ReflectedRegionsBackgroundMaker(region_finder=WobbleRegionsFinder(n_off_regions=1)),
        )
    else:
        radius = (
            observations[0].rad_max.quantity.ravel()[0] if store.radius == "file" else store.radius * u.deg
        )
        region, background = CircleSkyRegion(position, radius), ReflectedRegionsBackgroundMaker()
    empty = SpectrumDataset.create(RegionGeom.create(region=region, axes=[reco]), energy_axis_true=true)
    maker = SpectrumDatasetMaker(
        containment_correction=isinstance(store.radius, float), selection=["counts", "exposure", "edisp"]
    )
    datasets = Datasets()
    for observation in observations:
        dataset = maker.run(empty.copy(name=str(observation.obs_id)), observation)
        datasets.append(background.run(dataset, observation))
    datasets.models = [SkyModel(power_law(store), name="source")]
    return datasets


def cubes(store, observations):
    """Cubes of observations, each with a background model."""
    position = SkyCoord(*store.position, unit="deg", frame="icrs")
    reco, true = axes_of(store)
    geom = WcsGeom.create(skydir=position, binsz=0.02, width=(2, 2), frame="icrs", proj="TAN", axes=[reco])
    maker, safe_mask = MapDatasetMaker(), SafeMaskMaker(methods=["offset-max"], offset_max=2 * u.deg)
    datasets = Datasets()
    for observation in observations:
        empty = MapDataset.create(geom, energy_axis_true=true, name=str(observation.obs_id))
        datasets.append(safe_mask.run(maker.run(empty, observation), observation))
    place = PointSpatialModel(lon_0=position.ra, lat_0=position.dec, frame="icrs")
    place.lon_0.frozen = place.lat_0.frozen = True
    backgrounds = [FoVBackgroundModel(dataset_name=name) for name in datasets.names]
    datasets.models = [SkyModel(power_law(store), place, name="source"), *backgrounds]
    return datasets


def power_law(store):
    spectrum = PowerLawSpectralModel(index=store.index, amplitude="3e-11 cm-2 s-1 TeV-1", reference="1 TeV")
    spectrum.index.frozen = True
    return spectrum


def light_curve(store, kind, data):
    """A dict: flux, error and TS of each run, its ON and OFF counts, and the seconds it all took."""
    began, cpu = time.perf_counter(), time.process_time()
    observations = observations_of(store, data)
    datasets = spectra(store, observations) if kind == "1d" else cubes(store, observations)
    estimator = LightCurveEstimator(
        energy_edges=store.band[:2] * u.TeV,
        source="source",
        reoptimize=kind == "3d",
        selection_optional=COLUMNS,
    )
    points = estimator.run(datasets)
    made = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}
    made["obs_id"] = [str(name) for name in datasets.names]
    for name in ("flux", "flux_err"):
        made[name] = getattr(points, name).quantity.to_value("cm-2 s-1").ravel().tolist()
    made["ts"] = points.ts.data.ravel().tolist()
    made["start"] = points.geom.axes["time"].time_min.tt.mjd.tolist()
    made["n"] = [float(np.nansum(dataset.counts.data)) for dataset in datasets]
    if kind == "1d":
        made["n_off"] = [float(np.nansum(dataset.counts_off.data)) for dataset in datasets]
        made["alpha"] = [float(np.nanmean(dataset.alpha.data)) for dataset in datasets]
    return made


def main():
    """Prints the light curve of a store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder that holds hess-dl3-dr1, magic and others")
    parser.add_argument("number", type=int, help="of the store")
    parser.add_argument("kind", choices=["1d", "3d"])
    args = parser.parse_args()
    print(json.dumps(light_curve(STORES[args.number], args.kind, args.data)))


if __name__ == "__main__":
    main()
