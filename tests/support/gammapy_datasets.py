"""Small simulated datasets of gammapy, which is imported by the tests that use this."""

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.time import Time
from gammapy.data import GTI
from gammapy.datasets import Datasets, SpectrumDataset, SpectrumDatasetOnOff
from gammapy.irf import EDispKernelMap
from gammapy.maps import MapAxis, RegionGeom, RegionNDMap
from gammapy.modeling.models import PowerLawSpectralModel, SkyModel
from regions import CircleSkyRegion

START = 53343.9
RUN_S = 1700


def make_model():
    spectrum = PowerLawSpectralModel(index=2.6, amplitude="3e-11 cm-2 s-1 TeV-1")
    return SkyModel(spectral_model=spectrum, name="crab")


def make_onoff(n_runs=4, scale="tt", seed=3, n_empty=1):
    """ON and OFF spectra of runs of half an hour; the last of them without any event."""
    rng = np.random.default_rng(seed)
    region = CircleSkyRegion(SkyCoord(83.63, 22.01, unit="deg"), 0.1 * u.deg)
    reco = MapAxis.from_energy_edges(np.geomspace(0.7, 20, 9), unit="TeV", name="energy")
    true = MapAxis.from_energy_edges(np.geomspace(0.3, 40, 17), unit="TeV", name="energy_true")
    geom = RegionGeom(region, axes=[reco])
    datasets, model = Datasets(), make_model()
    for number in range(n_runs):
        empty = number >= n_runs - n_empty
        gti = GTI.create(
            [number * 1800] * u.s,
            [number * 1800 + RUN_S] * u.s,
            reference_time=Time(START, format="mjd", scale=scale),
        )
        predicted = SpectrumDataset.create(geom, energy_axis_true=true, name=f"run{number}")
        predicted.exposure.quantity = np.full(predicted.exposure.data.shape, 1e9 * 1600) * u.Unit("cm2 s")
        predicted.exposure.meta["livetime"] = 1600 * u.s
        predicted.edisp = EDispKernelMap.from_gauss(reco, true, sigma=0.15, bias=0.02, geom=geom.to_image())
        predicted.background = RegionNDMap.from_geom(geom, data=np.full(geom.data_shape, 2.0))
        predicted.models = [model]
        counts = np.zeros(geom.data_shape) if empty else rng.poisson(predicted.npred().data).astype(float)
        off = np.zeros(geom.data_shape) if empty else rng.poisson(20, geom.data_shape).astype(float)
        onoff = SpectrumDatasetOnOff.from_spectrum_dataset(
            dataset=predicted,
            acceptance=1,
            acceptance_off=10,
            counts_off=RegionNDMap.from_geom(geom, data=off),
        )
        onoff.counts = RegionNDMap.from_geom(geom, data=counts)
        onoff.mask_safe = RegionNDMap.from_geom(geom, data=np.ones(geom.data_shape, dtype=bool))
        onoff.gti, onoff._name = gti, f"run{number}"
        onoff.models = [model]
        datasets.append(onoff)
    return datasets
