"""Makes the figures of the documentation: `python docs/make_figures.py`, the same files each time.

Those of the simulated night need nothing; the others need the H.E.S.S. DL3 public test data release 1 in
`$GAMMAPY_DATA`, or in `../shared/data` beside the checkout, and are left as they are without it.

This work made use of data from the H.E.S.S. DL3 public test data release 1 (HESS DL3 DR1, H.E.S.S.
collaboration, 2018).
"""

import argparse
import os
import sys
from pathlib import Path

import astropy.units as u
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from astropy.coordinates import SkyCoord
from matplotlib.patheffects import withStroke

from tevcurve import (
    DataStore,
    EBLAbsorption,
    Fit,
    PowerLaw,
    ReflectedRegionsBackgroundEstimator,
    SpectrumDatasetOnOff,
    SpectrumExtraction,
    light_curve,
)
from tevcurve.data import GTI
from tevcurve.data.time import TimeReference
from tevcurve.demo import demo_light_curve
from tevcurve.figures import save_figure
from tevcurve.figures.style import COLOURS
from tevcurve.lightcurve.bins import bayesian_blocks, by_run
from tevcurve.lightcurve.plot import plot_blocks, plot_flare
from tevcurve.lightcurve.variability import bayesian_blocks as blocks_of
from tevcurve.lightcurve.variability import flare_profile
from tevcurve.live.baseline import baseline_of
from tevcurve.live.replay import replay
from tevcurve.models import SkyGaussian, SkyModel, SkyPointSource
from tevcurve.reduction.regions import SkyCircle
from tevcurve.simulation import ResponseSet, simulate_observation

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "figures"
CRAB = SkyCoord(83.63308, 22.01450, unit="deg")
PKS = SkyCoord(329.71693826, -30.2255890, unit="deg")
# Of a detector of changes: all energies of the band, in all runs.
LIVE = {"spectrum": PowerLaw(index=3.4), "method": "3d", "safe_energy": None}


def night():
    """The simulated night: the flux with blocks and the fit of the flare, the photon index below."""
    curve = demo_light_curve(free=("index",))
    flux = demo_light_curve()
    axes = curve.plot_panels(below=["index"], exposure=True, time_format="utc", label="5-minute bins")
    plot_blocks(blocks_of(flux, n_toys=0), axes[0], label="Bayesian blocks")
    plot_flare(flare_profile(flux, n_toys=0), axes[0], label="Fit of a flare")
    for ax in axes:
        ax.margins(x=0.02)
    return axes[0].figure


def sky_models():
    """A simulated field: its events with the models, and the fluxes of runs with and without these."""
    observations, models = _crowded_field()
    target = models[0].position
    options = {"name": "B", "energy_edges": [1, 10] * u.TeV, "norm_values": None, "unbinned": True}
    alone = light_curve(observations, target, by_run(), spectrum=models[0].spectral_model, **options)
    right = light_curve(observations, target, by_run(), models=models, **options)
    figure, (sky, flux) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    _events_with_models(sky, observations, models)
    truth = models[0].spectral_model.photon_flux(np.array([1.0, 10.0]))[0] * 1e12
    flux.axhline(truth, color="0.5", linestyle="--", label="true flux of B")
    for lc, shift, colour, label in (
        (alone, -0.1, COLOURS[1], "as a point alone"),
        (right, 0.1, COLOURS[0], "with the models"),
    ):
        values, errors = (1e12 * np.asarray(lc.table[name]) for name in ("flux", "flux_err"))
        number = np.arange(1, len(values) + 1) + shift
        flux.errorbar(number, values, errors, fmt="o", color=colour, label=label)
    flux.set(xlabel="Run", ylabel=r"Flux of B (1–10 TeV) [10$^{-12}$ cm$^{-2}$ s$^{-1}$]", ylim=(0, 11.5))
    flux.legend(loc="upper right")
    return figure


def _crowded_field():
    """(six simulated runs, models): a source of 0.1 deg, and two others beside it."""
    centre, models = SkyCoord(83.63, 22.01, unit="deg"), []
    for name, angle, separation, factor, size in (
        ("B", 0, 0.0, 1, 0.1),
        ("A", 40, 0.45, 8, 0.0),
        ("C", 230, 0.3, 2, 0.0),
    ):
        place = centre.directional_offset_by(angle * u.deg, separation * u.deg)
        shape = (
            SkyGaussian.from_position(place, sigma=size * u.deg)
            if size
            else SkyPointSource.from_position(place)
        )
        spectrum = PowerLaw(index=2.5, amplitude=f"{1e-11 * factor} cm-2 s-1 TeV-1")
        models.append(SkyModel(shape, spectrum, name=name))
    irfs, made = ResponseSet.analytic(), []
    for number in range(6):
        start = 2.4e8 + 2000 * number
        gti = GTI([start], [start + 1700], TimeReference(51910, 0.000742870370370241, "tt"))
        pointing = centre.directional_offset_by(90 * number * u.deg, 0.5 * u.deg)
        made.append(simulate_observation(pointing, gti, irfs, models, number, obs_id=number + 1))
    return made, models


def _events_with_models(ax, observations, models):
    """Draw the events above 1 TeV around the first model, with the models and their names."""
    lon0, lat0 = models[0].spatial_model.lonlat()
    events = [one.events for one in observations]
    lon, lat, energy = (
        np.concatenate([getattr(one, name) for one in events]) for name in ("lon", "lat", "energy_tev")
    )
    x, y = np.rad2deg((lon - lon0) * np.cos(lat0)), np.rad2deg(lat - lat0)
    bins = np.arange(-0.9, 0.91, 0.04)
    *_, image = ax.hist2d(x[energy > 1], y[energy > 1], bins=[bins, bins], cmap="Greys", vmax=15)
    label = "Events above 1 TeV per (0.04°)$^2$"
    ax.figure.colorbar(image, ax=ax, extend="max", label=label, shrink=0.9)
    for number, model in enumerate(models):
        lon, lat = model.spatial_model.lonlat()
        place = np.rad2deg((lon - lon0) * np.cos(lat0)), np.rad2deg(lat - lat0)
        colour = COLOURS[0] if number == 0 else COLOURS[1]
        ax.plot(*place, marker="*" if number == 0 else "o", color=colour)
        outline = [withStroke(linewidth=2.5, foreground="white")]
        style = {"color": colour, "fontsize": 13, "path_effects": outline}
        ax.annotate(model.name, place, (14, 12), textcoords="offset points", **style)
        if not model.spatial_model.is_point:
            ax.add_patch(plt.Circle(place, model.spatial_model.sigma.value, fill=False, color=colour))
    ax.set(
        xlabel="East of the source [deg]",
        ylabel="North of the source [deg]",
        xlim=(0.9, -0.9),
        aspect="equal",
    )


def flare_night():
    """The flare of PKS 2155-304 in bins of 2 minutes with the blocks of its events; below, the index of 10 minutes."""
    curve, index = _flare([0.7, 20], "2 min"), _flare([0.7, 20], "10 min", free=("index",))
    blocks = curve.rebin(time_bins=bayesian_blocks(0.01))
    # the last bin of a run may be a few seconds
    whole = curve[curve.table["ontime"] > 60]
    axes = whole.plot_panels(below=[(index, "index")], blocks=blocks, exposure=curve, time_format="utc")
    return axes[0].figure


def replay_of_the_flare():
    """The detector of changes over that night, told the flux of quiet runs two years later."""
    night, quiet = (
        light_curve(_release(), f"PKS 2155-304 ({name})", width, [0.8, 20] * u.TeV, **LIVE)
        for name, width in (("flare", "2 min"), ("steady", "run"))
    )
    return replay(night, baseline_of(quiet, night)).plot(time_format="utc")[0].figure


def absorption():
    """That night's index in 10 minutes: as it arrives at the Earth, and before the absorption on the way."""
    source = EBLAbsorption(redshift=0.116, model="dominguez") * PowerLaw(index=2.8)
    seen = _flare([0.7, 20], "10 min", free=("index",))
    own = _flare([0.7, 20], "10 min", free=("index",), spectrum=source)
    figure, axes = plt.subplots(
        2, 1, figsize=(8, 6), sharex=True, gridspec_kw={"hspace": 0.08}, layout="constrained"
    )
    for curve, name, style in (
        (seen, "power law as it arrives", {"fmt": "o", "color": COLOURS[0], "ms": 6, "mfc": "none"}),
        (
            own,
            "power law of the source, absorbed (Domínguez et al. 2011, z = 0.116)",
            {"fmt": "s", "color": COLOURS[1], "ms": 3},
        ),
    ):
        table = curve.table
        hours = 24 * (table["time_mean"] - np.floor(table["time_mean"][0]) - 1)
        axes[0].errorbar(hours, 1e10 * table["flux"], 1e10 * table["flux_err"], lw=1, label=name, **style)
        fitted = np.isfinite(table["index_err"])
        axes[1].errorbar(hours[fitted], table["index"][fitted], table["index_err"][fitted], lw=1, **style)
    axes[0].set_ylabel("Flux (0.7–20 TeV) [10$^{-10}$ cm$^{-2}$ s$^{-1}$]")
    axes[0].set_title("PKS 2155-304 (flare)", loc="left")
    axes[0].axhline(0, color="0.6", lw=0.8, zorder=0.5)
    axes[0].legend(frameon=False, loc="upper right", fontsize=8)
    axes[1].set_ylabel("Photon index")
    axes[1].set_xlabel("Hours from midnight (TT), 30 July 2006")
    return figure


def hardness():
    """The same night in two energy bands and their ratio."""
    curve = _flare([0.7, 1.3, 20], "10 min")
    axes = curve.plot_panels(below=[curve.hardness()], exposure=True, time_format="utc")
    return axes[0].figure


def spectra_in_time():
    """Spectra of the flare's Bayesian blocks, from before midnight to the morning, each with its index."""
    whole = _flare([1, 10], "night", method="1d", free=("index",))
    return whole.sed([1, 1.5, 2.2, 3.3, 5, 10] * u.TeV, "blocks 0.01").plot()[0].figure


def nights_of_years():
    """PKS 2155-304 in 2006 and 2008, run by run in two bands, with the gaps between the nights cut out."""
    spectrum = PowerLaw(index=3.4)
    bands = [0.7, 1.5, 20] * u.TeV
    curve = light_curve(_release(), PKS, by_run(), bands, spectrum=spectrum, name="PKS 2155-304")
    return curve.plot_panels(time_format="utc")[0].figure


def crab_maps():
    """Counts, prediction and residuals of the four runs of the Crab nebula, after a fit."""
    sys.path.insert(0, str(ROOT / "examples"))
    from crab_3d import make_geoms, make_map_dataset, make_sky_model, open_store, select_crab

    observations = select_crab(open_store(_release().parent, "current"))
    dataset = make_map_dataset(observations, CRAB, *make_geoms(CRAB), max_radius="1 deg")
    dataset.model, dataset.name = make_sky_model(CRAB), "Crab"
    Fit([dataset]).run()
    return dataset.plot()[0].figure


def crab_regions():
    """ON and OFF regions on the counts of the four runs."""
    return _off_regions().plot().figure


def crab_spectrum():
    """The ON and OFF counts of all four runs, their fitted spectrum and what it leaves."""
    regions = _off_regions()
    edges = np.geomspace(0.5, 50, 21) * u.TeV
    extraction = SpectrumExtraction(
        regions.observations, regions.result, e_reco=edges, containment_correction=True
    )
    extraction.run()
    stacked = SpectrumDatasetOnOff.stack(extraction.spectrum_observations)
    stacked.model = PowerLaw(index=2.6, amplitude="3e-11 cm-2 s-1 TeV-1", reference="1 TeV", name="crab")
    Fit([stacked]).run()
    return stacked.plot()[0].figure


def _flare(bands, width, **options):
    options, target = {"spectrum": PowerLaw(index=3.4)} | options, "PKS 2155-304 (flare)"
    return light_curve(_release(), target, width, bands * u.TeV, **options)


def _off_regions():
    store = DataStore.from_dir(_release())
    observations = store.get_observations(
        store.obs_table["OBS_ID"][store.obs_table["TARGET_NAME"] == "Crab"].data
    )
    regions = ReflectedRegionsBackgroundEstimator(
        on_region=SkyCircle(CRAB, 0.11 * u.deg), observations=observations
    )
    regions.run()
    return regions


def _release():
    """The folder of the data release, or None."""
    folders = [os.environ.get("GAMMAPY_DATA"), ROOT.parent / "shared" / "data"]
    found = (Path(folder) / "hess-dl3-dr1" for folder in folders if folder)
    return next((folder for folder in found if folder.is_dir()), None)


SIMULATED = (night, sky_models)
MEASURED = (
    flare_night,
    replay_of_the_flare,
    absorption,
    hardness,
    spectra_in_time,
    nights_of_years,
    crab_maps,
    crab_regions,
    crab_spectrum,
)


def main(arguments=None):
    """Write the figures whose names are given, or all; returns an exit status."""
    names = [make.__name__ for make in (*SIMULATED, *MEASURED)]
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)} (default: all)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to write (default: docs/figures)")
    given = parser.parse_args(arguments)
    if unknown := set(given.names) - set(names):
        parser.error(f"there is no figure {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    matplotlib.use("Agg")
    for make in (*SIMULATED, *MEASURED):
        if given.names and make.__name__ not in given.names:
            continue
        if make in MEASURED and _release() is None:
            print(f"{make.__name__}: left out, the data are not here; set GAMMAPY_DATA to their folder")
            continue
        figure = make()
        print(save_figure(figure, given.folder / f"{make.__name__}.png"))
        plt.close(figure)
    return 0


if __name__ == "__main__":
    sys.exit(main())
