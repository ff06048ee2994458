"""Times gammapy 2.1 on the light curve of `bench/crab_1d.py`, done the way its own documentation recommends.

Run by `bench/crab_1d.py`, in an interpreter that has gammapy; prints one JSON object with the seconds of each
step.
"""

import argparse
import json
from pathlib import Path
from statistics import median

import astropy.units as u
from gammapy.data import DataStore
from gammapy.datasets import Datasets, SpectrumDataset
from gammapy.estimators import LightCurveEstimator
from gammapy.makers import ReflectedRegionsBackgroundMaker, SafeMaskMaker, SpectrumDatasetMaker
from gammapy.maps import MapAxis, RegionGeom
from gammapy.modeling.models import PowerLawSpectralModel, SkyModel
from peer_crab_3d import POSITION, timed
from regions import CircleSkyRegion


def read_and_extract(release):
    """The four Crab runs as ON/OFF spectra with a model."""
    store = DataStore.from_dir(release)
    table = store.obs_table
    observations = store.get_observations(table["OBS_ID"][table["TARGET_NAME"] == "Crab"])
    reco = MapAxis.from_energy_bounds("0.7 TeV", "10 TeV", nbin=10)
    true = MapAxis.from_energy_bounds("0.1 TeV", "20 TeV", nbin=20, name="energy_true")
    geom = RegionGeom.create(region=CircleSkyRegion(POSITION, 0.11 * u.deg), axes=[reco])
    maker = SpectrumDatasetMaker(containment_correction=True, selection=["counts", "exposure", "edisp"])
    background = ReflectedRegionsBackgroundMaker()
    safe_mask = SafeMaskMaker(methods=["aeff-default"])
    empty = SpectrumDataset.create(geom=geom, energy_axis_true=true)
    datasets = Datasets()
    for observation in observations:
        dataset = maker.run(empty.copy(name=str(observation.obs_id)), observation)
        datasets.append(safe_mask.run(background.run(dataset, observation), observation))
    spectrum = PowerLawSpectralModel(index=2.6, amplitude="2e-11 cm-2 s-1 TeV-1", reference="1 TeV")
    spectrum.index.frozen = True
    datasets.models = [SkyModel(spectral_model=spectrum, name="crab")]
    return datasets


def estimate(datasets):
    """The flux points of the Crab, one per run, with errors, limits, TS and likelihood scan."""
    estimator = LightCurveEstimator(
        energy_edges=[0.7, 10] * u.TeV, source="crab", reoptimize=False, selection_optional="all"
    )
    return estimator.run(datasets)


def main():
    """Prints the seconds of each step, the median over the repeats."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("release", type=Path, help="the folder hess-dl3-dr1")
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()

    estimate(read_and_extract(args.release))
    reduce_seconds, estimate_seconds = [], []
    for _ in range(args.repeats):
        datasets, seconds = timed(read_and_extract, args.release)
        reduce_seconds.append(seconds)
        light_curve, seconds = timed(estimate, datasets)
        estimate_seconds.append(seconds)
    both = [sum(pair) for pair in zip(reduce_seconds, estimate_seconds, strict=True)]
    print(
        json.dumps(
            {
                "reduce": median(reduce_seconds),
                "estimate": median(estimate_seconds),
                "both": median(both),
                "flux": light_curve.flux.quantity.to_value("cm-2 s-1").ravel().tolist(),
            }
        )
    )


if __name__ == "__main__":
    main()
