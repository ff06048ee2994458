"""The light curves that `compare_checkouts.py` makes of each checkout, by names that users have.

Each is a function of the folder of the data; its name is what a report calls it. Nothing here names a module below the
public faces, so that a checkout whose modules have moved is made the same way.
"""

import tempfile
from functools import cache
from pathlib import Path

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.time import Time

import tevcurve
from tevcurve.lightcurve.bins import by_counts, by_significance, by_width, sliding

FLARE = SkyCoord(329.71693826, -30.2255890, unit="deg", frame="icrs")
CRAB = SkyCoord(83.63308, 22.01450, unit="deg", frame="icrs")
FLARE_RUNS = range(33787, 33802)
METHODS = {"1D": {"method": "1d"}, "3D": {}, "3D unbinned": {"unbinned": True}}

CURVES = {}


def curve(name, *args, **keywords):
    """Adds a function to `CURVES`, with further arguments that it is called with."""

    def add(function):
        CURVES[name] = lambda data: function(data, *args, **keywords)
        return function

    return add


@cache
def observations(data, runs):
    """The runs of the night of the flare or of the Crab; each keeps what it has read, as a user's would."""
    store = tevcurve.DataStore.from_dir(Path(data) / "hess-dl3-dr1")
    if runs == "flare":
        return store.get_observations(list(FLARE_RUNS))
    table = store.obs_table
    return store.get_observations(table["OBS_ID"][table["TARGET_NAME"] == "Crab"].data)


def one_call(data, runs, time_bins, **options):
    """A light curve of `tevcurve.light_curve`."""
    position, index, edges = (FLARE, 3.4, (0.7, 20)) if runs == "flare" else (CRAB, 2.6, (1, 10))
    options = {"energy_edges": edges * u.TeV, "spectrum": tevcurve.PowerLaw(index=index)} | options
    return tevcurve.light_curve(observations(data, runs), position, time_bins, **options)


for runs in ("flare", "crab"):
    for method, options in METHODS.items():
        for width in ("40 min", "5 min", "1 min"):
            curve(f"{runs} {method} {width}", runs, width, **options)(one_call)
        curve(f"{runs} {method} 5 min negative", runs, "5 min", negative=True, **options)(one_call)
    curve(f"{runs} 3D stacked", runs, "2 h", stacked=True)(one_call)
    curve(f"{runs} 1D stacked", runs, "2 h", method="1d", stacked=True)(one_call)
    bands = (1, 2, 10) * u.TeV
    for method, options in METHODS.items():
        curve(f"{runs} {method} two bands", runs, "20 min", energy_edges=bands, **options)(one_call)

for method, options in METHODS.items():
    curve(f"flare {method} free index", "flare", "20 min", free=("index",), **options)(one_call)
    curve(f"flare {method} background_error", "flare", "10 min", background_error=0.05, **options)(one_call)
    curve(f"crab {method} responses at centres", "crab", "run", responses="centre", **options)(one_call)
    for energies in ("common", None, 0.1):
        name = f"flare {method} safe_energy {energies}"
        curve(name, "flare", "run", safe_energy=energies, **options)(one_call)
    curve(f"flare {method} 2 workers", "flare", "10 min", n_jobs=2, **options)(one_call)
exact = {"interval": "feldman-cousins"}
curve("flare 1D feldman-cousins", "flare", "5 min", method="1d", **exact)(one_call)
curve("crab 3D feldman-cousins", "crab", "run", **exact)(one_call)
for source in ("run", "night"):
    shape = {"method": "1d", "background": "shape", "shape_from": source}
    curve(f"flare 1D background shape of {source}", "flare", "5 min", **shape)(one_call)
for name, binning in {
    "night": "night",
    "counts": by_counts(40),
    "significance": by_significance(49),
    "blocks": "blocks 0.05",
    "sliding": sliding("20 min", "7 min"),
    "phase": "phase 4 period=1h epoch=2006-07-29T00:00:00",
}.items():
    curve(f"flare 3D bins by {name}", "flare", binning)(one_call)
    curve(f"flare 1D bins by {name}", "flare", binning, method="1d")(one_call)


@curve("crab 1D with an exclusion", method="1d")
@curve("crab 3D with an exclusion")
def excluded(data, **options):
    """Without a circle beside the source; limits and errors of other levels."""
    from regions import CircleSkyRegion

    circle = CircleSkyRegion(SkyCoord(83.2, 22.2, unit="deg"), 0.2 * u.deg)
    return one_call(data, "crab", "run", exclusion=circle, upper_limit=0.99, sigma=2, **options)


@curve("flare 1D rebinned", "1D")
@curve("flare 3D rebinned", "3D")
@curve("flare 3D unbinned rebinned", "3D unbinned")
def rebinned(data, method):
    """Other time bins and other bands, from what the light curve keeps."""
    light_curve = one_call(data, "flare", "run", **METHODS[method])
    return light_curve.rebin(by_width("7 min"), (1, 3, 20) * u.TeV)


@curve("flare 3D hardness", "3D")
@curve("flare 1D hardness", "1D")
def hardness(data, method):
    """The ratio of two bands, an astropy Table."""
    bands = (0.7, 1.5, 20) * u.TeV
    return one_call(data, "flare", "20 min", energy_edges=bands, **METHODS[method]).hardness()


@curve("flare 1D result read back", "1D")
@curve("flare 3D result read back", "3D")
def read_back(data, method):
    """A result folder, written and read."""
    with tempfile.TemporaryDirectory() as folder:
        result = tevcurve.write_result(
            f"{folder}/result", one_call(data, "flare", "10 min", **METHODS[method])
        )
        return tevcurve.Result.read(result).light_curve


@curve("flare 1D result rebinned", "1D")
@curve("flare 3D result rebinned", "3D")
def read_and_rebinned(data, method):
    """A result folder, written, read, and rebinned from the runs in it."""
    with tempfile.TemporaryDirectory() as folder:
        result = tevcurve.write_result(f"{folder}/result", one_call(data, "crab", "run", **METHODS[method]))
        light_curve = tevcurve.Result.read(result).light_curve.rebin("9 min")
        light_curve.ledger.events  # noqa: B018, counted while the files are there
        return light_curve


@curve("flare 1D appended", "1D")
@curve("flare 3D appended", "3D")
def appended(data, method):
    """Ten runs, and five more."""
    runs = observations(data, "flare")
    options = {"energy_edges": (0.7, 20) * u.TeV, "spectrum": tevcurve.PowerLaw(index=3.4)}
    with tempfile.TemporaryDirectory() as folder:
        first = tevcurve.light_curve(
            [runs[k] for k in range(10)], FLARE, "10 min", **options, **METHODS[method]
        )
        result = tevcurve.write_result(f"{folder}/result", first)
        light_curve = tevcurve.append_runs(result, [runs[k] for k in range(8, 15)]).light_curve
        light_curve.ledger.events  # noqa: B018
        return light_curve


@curve("flare 3D written as ECSV", "ecsv")
@curve("flare 3D written as FITS", "fits")
@curve("flare 3D written as VOTable", "vot")
def written(data, suffix):
    """A light curve that was written and read."""
    with tempfile.TemporaryDirectory() as folder:
        path = one_call(data, "flare", "10 min").write(f"{folder}/light_curve.{suffix}")
        return tevcurve.LightCurve.read(path)


@curve("flare 1D variability", method="1d")
@curve("flare 3D variability, negative", negative=True)
def variability(data, **options):
    """The tests of variability, with few toys."""
    return one_call(data, "flare", "10 min", **options).variability(n_toys=50, random_state=3)


@cache
def map_datasets(data):
    """A `MapDataset` for each of the four Crab runs, by the calls of the tutorial."""
    runs = observations(data, "crab")
    sky = {"skydir": CRAB, "binsz": 0.04, "width": (2, 2), "coordsys": "CEL", "proj": "CAR"}
    reco = tevcurve.MapAxis.from_bounds(0.7, 10, 10, unit="TeV", name="energy", interp="log")
    true = tevcurve.MapAxis.from_bounds(0.1, 20, 20, unit="TeV", name="energy", interp="log")
    geom, geom_true = (tevcurve.WcsGeom.create(axes=[axis], **sky) for axis in (reco, true))
    datasets = []
    for run in runs:
        span = run.tstart, run.tstop
        selected = runs.select_time(span)
        maps = tevcurve.MapMaker(geom, 2 * u.deg, geom_true=geom_true).run(selected)
        psf = tevcurve.PSFKernel.from_table_psf(
            tevcurve.make_mean_psf(selected, CRAB), geom_true, max_radius="0.3 deg"
        )
        edisp = tevcurve.make_mean_edisp(selected, CRAB, e_true=true.edges, e_reco=reco.edges)
        background = tevcurve.BackgroundModel(maps["background"])
        background.parameters["norm"].frozen = False
        dataset = tevcurve.MapDataset(
            counts=maps["counts"],
            exposure=maps["exposure"],
            background_model=background,
            psf=psf,
            edisp=edisp,
        )
        dataset.counts.meta["t_start"], dataset.counts.meta["t_stop"] = span
        dataset.model = sky_model()
        datasets.append(dataset)
    return datasets


def sky_model():
    """A point source at the Crab with its position and its index frozen."""
    position = tevcurve.SkyPointSource(lon_0=CRAB.ra, lat_0=CRAB.dec, frame="icrs")
    spectrum = tevcurve.PowerLaw(index=2.6, amplitude="2e-11 cm-2 s-1 TeV-1", reference="1 TeV")
    model = tevcurve.SkyModel(spatial_model=position, spectral_model=spectrum, name="crab")
    for name in ("lon_0", "lat_0", "index"):
        model.parameters[name].frozen = True
    return model


@cache
def spectrum_datasets(data):
    """A `SpectrumDatasetOnOff` for each of the four Crab runs."""
    from regions import CircleSkyRegion

    runs = observations(data, "crab")
    reco = tevcurve.MapAxis.from_bounds(0.7, 10, 10, unit="TeV", name="energy", interp="log")
    true = tevcurve.MapAxis.from_bounds(0.1, 20, 20, unit="TeV", name="energy", interp="log")
    background = tevcurve.ReflectedRegionsBackgroundEstimator(
        on_region=CircleSkyRegion(CRAB, 0.11 * u.deg), observations=runs
    )
    background.run()
    extraction = tevcurve.SpectrumExtraction(
        observations=runs,
        bkg_estimate=background.result,
        containment_correction=True,
        e_reco=reco.edges,
        e_true=true.edges,
    )
    extraction.run()
    for dataset in extraction.spectrum_observations:
        dataset.model = sky_model().spectral_model.copy(name="crab")
    return list(extraction.spectrum_observations)


DATASETS = {"1D": spectrum_datasets, "3D": map_datasets}
BAND = {"e_ref": 1 * u.TeV, "e_min": 1 * u.TeV, "e_max": 10 * u.TeV}


def estimator(data, method, free=(), run=BAND, most=None, **options):
    """A light curve of the estimator on the tutorial's datasets, at most so many of them.

    free: pairs of a model and a parameter.
    """
    datasets = DATASETS[method](data)[:most]
    for dataset in datasets:
        for model, parameter in free:
            getattr(dataset, model).parameters[parameter].frozen = False
    try:
        return tevcurve.LightCurveEstimator(datasets, source="crab", **options).run(**run)
    finally:
        for dataset in datasets:
            for model, parameter in free:
                getattr(dataset, model).parameters[parameter].frozen = True


for method in DATASETS:
    curve(f"datasets {method}", method)(estimator)
    curve(f"datasets {method} reoptimize", method, reoptimize=True)(estimator)
    curve(f"datasets {method} negative", method, negative=True, reoptimize=True)(estimator)
    curve(f"datasets {method} 5 min", method, time_bins="5 min", reoptimize=True)(estimator)
    exact = {"interval": "feldman-cousins"}
    curve(f"datasets {method} feldman-cousins", method, most=2, **exact)(estimator)
free = (("background_model", "tilt"),)
curve("datasets 3D free tilt", "3D", free=free, reoptimize=True)(estimator)
free = (("model", "lon_0"), ("model", "lat_0"))
curve("datasets 3D free position", "3D", free=free, most=1, reoptimize=True)(estimator)
curve("datasets 1D background shape", "1D", background="shape", time_bins="5 min")(estimator)
curve("datasets 1D background_error", "1D", background_error=0.1)(estimator)


@curve("datasets 1D two bands", "1D")
@curve("datasets 3D two bands", "3D")
def estimator_bands(data, method):
    """Bands whose edges are edges of the reco bins."""
    edges = np.geomspace(0.7, 10, 11)[[1, 5, 10]] * u.TeV
    return estimator(data, method, run={}, energy_edges=edges, time_bins="14 min", reoptimize=True)


@cache
def simulated(n=260):
    """(position, runs) of a source that so many short runs look at."""
    source = SkyCoord(83.63, 22.01, unit="deg")
    pointing = source.directional_offset_by(0 * u.deg, 0.5 * u.deg)
    responses = tevcurve.ResponseSet.analytic()
    start = Time("2024-01-01T20:00:00", scale="tt")
    numbers = range(1, n + 1)
    times = [tevcurve.GTI(begin, begin + 20 * u.s) for begin in start + np.arange(n) * 60 * u.s]
    return source, [
        tevcurve.simulate_observation(pointing, gti, responses, [sky_model()], number, obs_id=number)
        for number, gti in zip(numbers, times, strict=True)
    ]


@curve("simulated many runs 1D", method="1d")
@curve("simulated many runs 3D", width="1 deg", binsz="0.1 deg")
def many_runs(_, **options):
    """So many runs that none of them is held in memory."""
    source, runs = simulated()
    return tevcurve.light_curve(runs, source, "1 h", (1, 10) * u.TeV, **options)
