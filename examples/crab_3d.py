"""A light curve of the Crab nebula from four H.E.S.S. runs, with a fit in three dimensions (energy and sky).

Run it from anywhere: `python examples/crab_3d.py`. It reads the H.E.S.S. DL3 public test data release 1 from
`$GAMMAPY_DATA`, or from `../shared/data` beside the checkout, prints the fluxes and draws them. Each run is
one time bin; in each the source's flux and the level of the background are fitted, the spectral shape stays.

This work made use of data from the H.E.S.S. DL3 public test data release 1 (HESS DL3 DR1, H.E.S.S.
collaboration, 2018).
"""

import argparse
import logging
import os
import sys
from pathlib import Path

import astropy.units as u
from astropy.coordinates import SkyCoord

from tevcurve import (
    BackgroundModel,
    DataStore,
    LightCurveEstimator,
    MapAxis,
    MapDataset,
    MapMaker,
    PowerLaw,
    PSFKernel,
    SkyModel,
    SkyPointSource,
    WcsGeom,
    make_mean_edisp,
    make_mean_psf,
)

log = logging.getLogger("crab_3d")

BESIDE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "data"
# "2019" is the index file with three backgrounds for all runs; "current" is the folder's own, one for each.
INDICES = ("2019", "current")


def find_data():
    """The folder that holds `hess-dl3-dr1`, or None."""
    named = os.environ.get("GAMMAPY_DATA")
    candidates = [Path(named), BESIDE_CHECKOUT] if named else [BESIDE_CHECKOUT]
    return next((folder for folder in candidates if (folder / "hess-dl3-dr1").is_dir()), None)


def open_store(folder, index):
    """The data store of the release, seen through one of `INDICES`."""
    release = Path(folder) / "hess-dl3-dr1"
    if index == "2019":
        return DataStore.from_file(release / "hess-dl3-dr3-with-background.fits.gz")
    return DataStore.from_dir(release)


def select_crab(store):
    """The observations whose target is the Crab."""
    table = store.obs_table
    return store.get_observations(table["OBS_ID"][table["TARGET_NAME"] == "Crab"].data)


def make_geoms(position):
    """The 2 deg x 2 deg sky with 10 bins of measured energy, and the same with 20 bins of true energy."""
    sky = {"skydir": position, "binsz": 0.04, "width": (2, 2), "coordsys": "CEL", "proj": "CAR"}
    reco = MapAxis.from_bounds(0.7, 10, 10, unit="TeV", name="energy", interp="log")
    true = MapAxis.from_bounds(0.1, 20, 20, unit="TeV", name="energy", interp="log")
    return WcsGeom.create(axes=[reco], **sky), WcsGeom.create(axes=[true], **sky)


def make_sky_model(position):
    """A point source with a power law whose amplitude is to be fitted."""
    spatial = SkyPointSource(lon_0=position.ra, lat_0=position.dec, frame="icrs")
    spectral = PowerLaw(index=2.6, amplitude="2e-11 cm-2 s-1 TeV-1", reference="1 TeV")
    model = SkyModel(spatial_model=spatial, spectral_model=spectral, name="crab")
    model.parameters["lon_0"].frozen = True
    model.parameters["lat_0"].frozen = True
    return model


def make_map_dataset(observations, position, geom, geom_true, offset_max=2 * u.deg, max_radius="0.3 deg"):
    """The observations as one dataset: counts, exposure, background, and both dispersions at the target."""
    maps = MapMaker(geom, offset_max, geom_true=geom_true).run(observations)
    table_psf = make_mean_psf(observations, position)
    kernel = PSFKernel.from_table_psf(table_psf, geom_true, max_radius=max_radius)
    edisp = make_mean_edisp(observations, position, e_true=geom_true.axes[0].edges, e_reco=geom.axes[0].edges)
    background = BackgroundModel(maps["background"])
    background.parameters["norm"].frozen = False
    background.parameters["tilt"].frozen = True
    return MapDataset(
        counts=maps["counts"],
        exposure=maps["exposure"],
        background_model=background,
        psf=kernel,
        edisp=edisp,
    )


def make_datasets(observations, position, max_radius="0.3 deg"):
    """One dataset per run, each with the times of its bin and its own copy of the model."""
    geom, geom_true = make_geoms(position)
    sky_model = make_sky_model(position)
    datasets = []
    for start, stop in [(run.tstart, run.tstop) for run in observations]:
        selected = observations.select_time((start, stop))
        if len(selected) == 0:
            log.warning("No run has good time from %s to %s.", start, stop)
            continue
        dataset = make_map_dataset(selected, position, geom, geom_true, max_radius=max_radius)
        dataset.counts.meta["t_start"] = start
        dataset.counts.meta["t_stop"] = stop
        dataset.model = sky_model.copy(name="crab")
        datasets.append(dataset)
    return datasets


def make_light_curve(folder, index="2019"):
    """The light curve of the Crab between 1 and 10 TeV."""
    position = SkyCoord(83.63308, 22.01450, unit="deg", frame="icrs")
    datasets = make_datasets(select_crab(open_store(folder, index)), position)
    estimator = LightCurveEstimator(datasets, source="crab", reoptimize=True)
    return estimator.run(e_ref=1 * u.TeV, e_min=1 * u.TeV, e_max=10 * u.TeV)


def main(argv=None):
    """The exit code: 0 with a table printed and a plot written, 2 where there are no data."""
    parser = argparse.ArgumentParser(
        description="Make a light curve of the Crab nebula from four H.E.S.S. runs."
    )
    parser.add_argument(
        "--index", choices=INDICES, default="2019", help="the index files to read (%(default)s)"
    )
    parser.add_argument(
        "--plot", type=Path, default=Path("crab_3d.png"), help="the plot to write (%(default)s)"
    )
    args = parser.parse_args(argv)

    folder = find_data()
    if folder is None:
        print(
            "Set GAMMAPY_DATA to the folder that holds hess-dl3-dr1, the H.E.S.S. test data.", file=sys.stderr
        )
        return 2

    light_curve = make_light_curve(folder, args.index)
    columns = ["time_min", "time_max", "flux", "flux_err", "flux_ul", "sqrt_ts", "status"]
    print("\n".join(light_curve.table[columns].pformat(max_lines=-1, max_width=-1)))

    axes = light_curve.plot(marker="o")
    axes.set_title("Crab nebula, 1-10 TeV")
    axes.figure.savefig(args.plot, dpi=150)
    print(f"The plot is in {args.plot}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
