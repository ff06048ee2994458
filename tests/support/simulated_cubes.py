"""Small cubes of a source over a background, made by hand and filled by chance: what a fit of them gives is known.

Each is a `MapDataset` of 4 energies and 20 x 20 pixels, with the likelihood over all cells (`dense_cash`) to hold fits
against.
"""

import astropy.units as u
import numpy as np
from astropy.time import Time

from tevcurve import LightCurveEstimator
from tevcurve.datasets import MapDataset
from tevcurve.irf import EDispKernel, EnergyDependentTablePSF
from tevcurve.maps import MapAxis, WcsGeom, WcsNDMap
from tevcurve.models import BackgroundModel, PowerLaw, SkyModel, SkyPointSource

RECO = MapAxis.from_edges([0.5, 1, 2, 5, 10], unit="TeV", name="energy", interp="log")
TRUE = MapAxis.from_edges([0.3, 0.6, 1, 2, 4, 8, 15], unit="TeV", name="energy", interp="log")
START = Time(54000.0, format="mjd", scale="tt")
POSITION = (83.63, 22.01)
BAND = {"e_ref": 1 * u.TeV, "e_min": 1 * u.TeV, "e_max": 10 * u.TeV}


def geometries(skydir=POSITION, binsz=0.1, npix=(20, 20), **more):
    """(reco, true) `WcsGeom`."""
    return tuple(
        WcsGeom.create(skydir=skydir, binsz=binsz, npix=npix, axes=[axis], **more) for axis in (RECO, TRUE)
    )


def gaussian_psf(sigma_deg=0.08):
    """A Gaussian `EnergyDependentTablePSF`."""
    rad = np.deg2rad(np.linspace(0, 6 * sigma_deg, 121))
    density = np.exp(-0.5 * (rad / np.deg2rad(sigma_deg)) ** 2)
    return EnergyDependentTablePSF([0.1, 1.0, 10.0, 100.0], rad, np.tile(density, (4, 1)))


def dispersion():
    """An `EDispKernel` whose rows are smooth, overlap, and lose a little at the ends."""
    true, edges = TRUE.center.to_value("TeV"), RECO.edges.to_value("TeV")
    reco = np.log(edges)[None, :] - np.log(true)[:, None]
    cumulative = 0.5 * (1 + np.tanh(1.5 * reco / 0.2))
    return EDispKernel(np.diff(cumulative, axis=1), TRUE.edges, RECO.edges)


def point_source(name="crab", lonlat=POSITION, amplitude=2e-11, index=2.5):
    """A `SkyModel` of a point source with its position fixed and its amplitude free."""
    model = SkyModel(
        SkyPointSource(f"{lonlat[0]} deg", f"{lonlat[1]} deg"),
        PowerLaw(index, amplitude * u.Unit("cm-2 s-1 TeV-1"), 1 * u.TeV),
        name=name,
    )
    for parameter in model.spatial_model.parameters:
        parameter.frozen = True
    model.spectral_model.parameters["index"].frozen = True
    return model


def simulated_cube(
    flux=1.0,
    background=0.05,
    norm=1.0,
    others=(),
    other_flux=1.0,
    seed=0,
    number=0,
    psf=None,
    exposure=2e12,
    tilt=0.0,
    counts=True,
    **more,
):
    """A `MapDataset` with counts drawn from its source at `flux` times its amplitude and its background at `norm`.

    background: counts per cell in the second energy. others: further `SkyModel`s, drawn at `other_flux`. number: of
    the day that it is taken on. counts: False for none at all.
    """
    geom, true_geom = geometries()
    level = background * np.array([2.0, 1.0, 0.4, 0.1])[:, None, None] * np.ones(geom.data_shape)
    level = level * np.linspace(0.8, 1.2, geom.npix[0])
    dataset = MapDataset(
        counts=WcsNDMap(geom),
        exposure=WcsNDMap(true_geom, np.full(true_geom.data_shape, exposure), unit="cm2 s"),
        background_model=BackgroundModel(WcsNDMap(geom, level)) if background else None,
        psf=gaussian_psf() if psf is None else psf,
        edisp=dispersion(),
        model=[point_source(), *others],
        **more,
    )
    truth = flux * dataset.npred_signal("crab").data
    for other in others:
        truth = truth + other_flux * dataset.npred_signal(other.name).data
    if background:
        truth = truth + norm * dataset.background_model.scaled(tilt=tilt)
    if counts:
        dataset.counts.data[:] = np.random.default_rng(seed).poisson(truth)
    dataset.counts.meta["t_start"], dataset.counts.meta["t_stop"] = (
        START + number * u.day,
        START + (number + 0.9) * u.day,
    )
    return dataset


def dense_likelihood(dataset):
    """The Cash statistic over all cells by its definition, as a function (flux, norm=None, others=None, tilt=None).

    flux: of "crab" in units of its amplitude. norm, tilt: of the background; default: the model's. others: fluxes of
    further sources by name, in units of their amplitude.
    """
    signals = {model.name: dataset.npred_signal(model.name).data for model in dataset.models}
    background = dataset.background_model
    cells = dataset.cells
    counts = dataset.counts.data[cells]
    filled = counts > 0

    def statistic(flux=1.0, norm=None, others=None, tilt=None):
        predicted = np.zeros(dataset.counts.data.shape)
        for name, signal in signals.items():
            predicted += (flux if name == "crab" else (others or {}).get(name, 1.0)) * signal
        if background is not None:
            predicted += (background.norm.value if norm is None else norm) * background.scaled(tilt=tilt)
        predicted = predicted[cells]
        if np.any(predicted < 0) or np.any(predicted[filled] <= 0):
            return np.inf
        return 2 * (predicted.sum() - np.sum(counts[filled] * np.log(predicted[filled])))

    return statistic


def dense_cash(dataset, *values, **named):
    """`dense_likelihood` at values."""
    return dense_likelihood(dataset)(*values, **named)


def light_curve(datasets, steps="all", source="crab", reoptimize=True, **options):
    """The table of a light curve of datasets, in the band of 1 to 10 TeV."""
    return (
        LightCurveEstimator(datasets, source=source, reoptimize=reoptimize, **options)
        .run(**BAND, steps=steps)
        .table
    )
