"""Times gammapy 2.1 on the light curve of `bench/crab_3d.py`, done the way its own documentation recommends.

Run by `bench/crab_3d.py`, in an interpreter that has gammapy; prints one JSON object with the seconds of each
step.
"""

import argparse
import json
import time
from pathlib import Path
from statistics import median

import astropy.units as u
from astropy.coordinates import SkyCoord
from gammapy.data import DataStore
from gammapy.datasets import Datasets, MapDataset
from gammapy.estimators import LightCurveEstimator
from gammapy.makers import MapDatasetMaker, SafeMaskMaker
from gammapy.maps import MapAxis, WcsGeom
from gammapy.modeling.models import FoVBackgroundModel, PointSpatialModel, PowerLawSpectralModel, SkyModel

POSITION = SkyCoord(83.63308, 22.01450, unit="deg", frame="icrs")


def read_and_reduce(release):
    """The four Crab runs as datasets on the geometry of the tutorial."""
    store = DataStore.from_dir(release)
    table = store.obs_table
    observations = store.get_observations(table["OBS_ID"][table["TARGET_NAME"] == "Crab"])
    reco = MapAxis.from_energy_bounds("0.7 TeV", "10 TeV", nbin=10)
    true = MapAxis.from_energy_bounds("0.1 TeV", "20 TeV", nbin=20, name="energy_true")
    geom = WcsGeom.create(skydir=POSITION, binsz=0.04, width=(2, 2), frame="icrs", proj="CAR", axes=[reco])
    maker, safe_mask = MapDatasetMaker(), SafeMaskMaker(methods=["offset-max"], offset_max=2 * u.deg)
    datasets = Datasets()
    for observation in observations:
        empty = MapDataset.create(geom, energy_axis_true=true, name=f"obs-{observation.obs_id}")
        datasets.append(safe_mask.run(maker.run(empty, observation), observation))
    return datasets


def estimate(datasets):
    """The flux points of the Crab, one per run, with errors, limits, TS and likelihood scan."""
    spectrum = PowerLawSpectralModel(index=2.6, amplitude="2e-11 cm-2 s-1 TeV-1", reference="1 TeV")
    spectrum.index.frozen = True
    place = PointSpatialModel(lon_0=POSITION.ra, lat_0=POSITION.dec, frame="icrs")
    place.lon_0.frozen = place.lat_0.frozen = True
    backgrounds = [FoVBackgroundModel(dataset_name=name) for name in datasets.names]
    datasets.models = [SkyModel(spectral_model=spectrum, spatial_model=place, name="crab"), *backgrounds]
    estimator = LightCurveEstimator(
        energy_edges=[0.7, 10] * u.TeV, source="crab", reoptimize=True, selection_optional="all"
    )
    return estimator.run(datasets)


def timed(step, *args):
    """The result of a step and the seconds that it took."""
    start = time.perf_counter()
    return step(*args), time.perf_counter() - start


def main():
    """Prints the seconds of each step, the median over the repeats."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("release", type=Path, help="the folder hess-dl3-dr1")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--plot", type=Path, help="make the light curve once, draw it here, and time nothing")
    args = parser.parse_args()

    if args.plot:
        axes = estimate(read_and_reduce(args.release)).plot(sed_type="flux")
        axes.figure.savefig(args.plot, dpi=150)
        return
    datasets = read_and_reduce(args.release)
    reduce_seconds = [timed(read_and_reduce, args.release)[1] for _ in range(args.repeats)]
    light_curve, estimate_seconds = timed(estimate, datasets)
    print(
        json.dumps(
            {
                "reduce": median(reduce_seconds),
                "estimate": estimate_seconds,
                "flux": light_curve.flux.quantity.to_value("cm-2 s-1").ravel().tolist(),
            }
        )
    )


if __name__ == "__main__":
    main()
