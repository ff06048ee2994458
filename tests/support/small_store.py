"""A small store of three runs with a source, one of them with a gap, and the datasets made of it."""

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from dl3_files import RunFile, write_store
from regions import CircleSkyRegion

from tevcurve import (
    BackgroundModel,
    DataStore,
    MapDataset,
    MapMaker,
    PowerLaw,
    ReflectedRegionsBackgroundEstimator,
    SkyModel,
    SkyPointSource,
    SpectrumExtraction,
    WcsGeom,
    make_mean_edisp,
    make_mean_psf,
)
from tevcurve.maps import MapAxis
from tevcurve.reduction.energy_axes import energy_axes

TARGET = SkyCoord(83.63, 22.01, unit="deg")
SOURCE = "source"
START = 1.2e8


def run_file(obs_id, seed, tstart, pointing, n_source=150, n_background=1500, **changes):
    """A run with a point source of a falling spectrum at the target, on a flat background."""
    rng = np.random.default_rng(seed)
    n = n_source + n_background
    spread = np.deg2rad(0.06) / np.cos(TARGET.dec.rad), np.deg2rad(0.06)
    ra = np.concatenate(
        [
            TARGET.ra.deg + np.rad2deg(spread[0]) * rng.standard_normal(n_source),
            pointing[0] + rng.uniform(-2, 2, n_background),
        ]
    )
    dec = np.concatenate(
        [
            TARGET.dec.deg + np.rad2deg(spread[1]) * rng.standard_normal(n_source),
            pointing[1] + rng.uniform(-2, 2, n_background),
        ]
    )
    events = {
        "TIME": np.sort(rng.uniform(tstart - 5, tstart + 1685, n)),
        "RA": ra,
        "DEC": dec,
        "ENERGY": 0.5 * rng.uniform(size=n) ** (-1 / 1.7),
    }
    target = {"RA_OBJ": TARGET.ra.deg, "DEC_OBJ": TARGET.dec.deg}
    options = {"tstart": tstart, "tstop": tstart + 1680, "events": events, "n_events": n, "header": target}
    return RunFile(obs_id=obs_id, pointing=pointing, **(options | changes))


def make_store(folder):
    """The `DataStore` of the three runs, written to a folder."""
    runs = (
        run_file(1, 11, START, (83.63, 22.51)),
        run_file(
            2,
            12,
            START + 1800,
            (83.63, 21.51),
            gti=((START + 1800, START + 2300), (START + 2600, START + 3480)),
        ),
        run_file(3, 13, START + 3600, (84.17, 22.01), deadc=0.8),
    )
    write_store(folder, runs)
    return DataStore.from_dir(folder)


def dataset_of(observations, axes=None):
    """A MapDataset with the energy bins and pixels of the one call."""
    axes = energy_axes([0.7, 10] * u.TeV) if axes is None else axes
    reco = MapAxis(axes.reco * u.TeV, name="energy", interp="log")
    true = MapAxis(axes.true * u.TeV, name="energy", interp="log")
    geom = WcsGeom.create(skydir=TARGET, binsz=0.04, width=2, proj="TAN", axes=[reco])
    maps = MapMaker(geom, "2 deg", geom_true=geom.to_cube([true])).run(observations)
    model = SkyModel(SkyPointSource(TARGET.ra, TARGET.dec, frame="icrs"), PowerLaw(index=2.7), name=SOURCE)
    for name in ("lon_0", "lat_0"):
        model.parameters[name].frozen = True
    return MapDataset(
        counts=maps["counts"],
        exposure=maps["exposure"],
        background_model=BackgroundModel(maps["background"]),
        psf=make_mean_psf(observations, TARGET),
        edisp=make_mean_edisp(observations, TARGET, e_true=true.edges, e_reco=reco.edges),
        model=model,
    )


def cube_datasets(observations):
    """A MapDataset for each observation."""
    return [dataset_of([observation]) for observation in observations]


def spectrum_datasets(observations):
    """A SpectrumDatasetOnOff for each observation."""
    axes = energy_axes([0.7, 10] * u.TeV)
    regions = ReflectedRegionsBackgroundEstimator(CircleSkyRegion(TARGET, 0.15 * u.deg), observations)
    regions.run()
    extraction = SpectrumExtraction(
        observations,
        regions.result,
        True,
        e_reco=axes.reco * u.TeV,
        e_true=axes.true * u.TeV,
        safe_energy=None,
    )
    extraction.run()
    for dataset in extraction.spectrum_observations:
        dataset.model = PowerLaw(index=2.7, name=SOURCE)
    return extraction.spectrum_observations


def runs_with_thresholds():
    """Three runs with thresholds of 0.3, 1.07 and 1.9 TeV, the last one up to 7 TeV only."""
    return [
        run_file(1, 1, START, (83.63, 22.51)),
        run_file(2, 2, START + 1800, (83.63, 21.51), thresholds=(1.07, 50.0)),
        run_file(3, 3, START + 3600, (83.63, 22.51), thresholds=(1.9, 7.0)),
    ]
