"""Photons through the effective area, against integrals of flux times area times live time."""

from itertools import pairwise

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.time import Time
from response_tables import aeff_hdu
from scipy import stats
from scipy.integrate import quad

from tevcurve import GTI, PowerLaw, SkyDisk, SkyGaussian, SkyModel, SkyPointSource
from tevcurve.errors import InputError
from tevcurve.irf import EffectiveAreaTable2D
from tevcurve.maps import WcsGeom, WcsNDMap
from tevcurve.models import BrokenPowerLaw, SpectralModel, TemplateSpatialModel
from tevcurve.simulation import Constant, Flare, ResponseSet, SimulatedSource
from tevcurve.simulation.sources import draw_photons

T0 = Time("2024-03-10T23:00:00", scale="tt")
POSITION = SkyCoord(83.63, 22.01, unit="deg")
GOOD = GTI(T0 + [0, 1200] * u.s, T0 + [900, 1500] * u.s)
DEADC = 0.8


def spectrum(amplitude=3e-9, index=2.3):
    return PowerLaw(index, amplitude * u.Unit("cm-2 s-1 TeV-1"), 1 * u.TeV)


def source(spatial=None, spectral=None, light=None):
    model = SkyModel(spatial or SkyPointSource.from_position(POSITION), spectral or spectrum(), name="source")
    return SimulatedSource(model, light or Constant())


def photons(which, aeff, offset_deg=0.6, gti=GOOD, deadc=DEADC, seed=5):
    """Photons of a source with the pointing north of it."""
    pointing = np.deg2rad([POSITION.ra.deg, POSITION.dec.deg + offset_deg])
    return draw_photons(
        which, pointing, gti.intervals, gti.reference, aeff, deadc, np.random.default_rng(seed)
    )


def integral(function, low, high, kinks=()):
    """Integral over energy in steps between kinks."""
    edges = np.unique(np.clip([low, *kinks, high], low, high))
    return sum(quad(function, a, b, epsrel=1e-8)[0] for a, b in pairwise(edges))


@pytest.fixture(scope="module")
def aeff():
    return ResponseSet.analytic().aeff


@pytest.mark.parametrize(
    "spectral",
    [
        spectrum(),
        BrokenPowerLaw(1.5, 3.5, "2e-9 cm-2 s-1 TeV-1", "1.234 TeV"),
        SpectralModel.from_function(
            lambda energy, height: height * np.exp(-0.5 * (energy - 3) ** 2), height="3e-9 cm-2 s-1 TeV-1"
        ),
    ],
    ids=["power law", "broken", "line"],
)
def test_number_and_energies_follow_flux_times_area(spectral, aeff):
    drawn = photons(source(spectral=spectral), aeff)
    rate = lambda energy: float(spectral.dnde(energy) * aeff.effective_area(energy, np.deg2rad(0.6)))  # noqa: E731
    nodes = np.unique([*aeff.energy_axis.nodes, 1.234])
    expected = integral(rate, 0.05, 100, nodes) * GOOD.ontime_s * DEADC
    assert expected > 5000
    assert abs(len(drawn.energy_tev) - expected) < 4 * np.sqrt(expected)
    grid = np.geomspace(0.05, 100, 20001)
    values = spectral.dnde(grid) * aeff.effective_area(grid, np.deg2rad(0.6))
    cumulative = np.concatenate([[0], np.cumsum(0.5 * (values[1:] + values[:-1]) * np.diff(grid))])
    assert (
        stats.kstest(drawn.energy_tev, lambda e: np.interp(e, grid, cumulative / cumulative[-1])).pvalue
        > 1e-3
    )


def test_times_follow_the_light_curve_in_good_time_only(aeff):
    flare = Flare(T0 + 500 * u.s, "100 s", "300 s", amplitude=5, quiescent=0.3)
    drawn = photons(source(light=flare), aeff)
    assert np.all(GOOD.contains(drawn.time_s))
    shift = float(GOOD.reference.to_seconds(flare.t0))
    edges = GOOD.intervals - shift
    areas = flare.integral(edges[:, 1]) - flare.integral(edges[:, 0])

    def cumulative(time_s):
        inside = np.clip(time_s[:, None] - shift, edges[:, 0], edges[:, 1])
        return np.sum(flare.integral(inside) - flare.integral(edges[:, 0]), axis=1) / areas.sum()

    assert stats.kstest(drawn.time_s, cumulative).pvalue > 1e-3
    constant = photons(source(), aeff, seed=6)
    ratio = areas.sum() / GOOD.ontime_s
    error = np.sqrt(len(drawn.time_s) + ratio**2 * len(constant.time_s))
    assert abs(len(drawn.time_s) - ratio * len(constant.time_s)) < 4 * error


def test_the_true_flux_is_flux_times_mean_factor():
    flare = Flare(T0 + 500 * u.s, "100 s", "300 s", amplitude=5, quiescent=0.3)
    flux = source(light=flare).mean_flux("1 TeV", 10 * u.TeV, GOOD)
    assert flux.to_value("cm-2 s-1") == pytest.approx(3e-9 * (1 - 10**-1.3) / 1.3 * flare.mean_over(GOOD))


def test_an_extended_source_is_seen_with_the_area_where_its_photons_come_from(aeff):
    disc = SkyDisk.from_position(POSITION, r_0="1.5 deg")
    drawn = photons(source(disc, spectrum(1e-9)), aeff, offset_deg=1.2)
    # Midpoints of rings and angles in equal shares of the disc.
    cosine = 1 - (np.arange(200) + 0.5) / 200 * (1 - np.cos(np.deg2rad(1.5)))
    angle = 2 * np.pi * (np.arange(200) + 0.5) / 200
    place = POSITION.directional_offset_by(angle[:, None] * u.rad, np.arccos(cosine) * u.rad)
    pointing = SkyCoord(POSITION.ra, POSITION.dec + 1.2 * u.deg)
    offsets = pointing.separation(place).rad
    edges = np.geomspace(0.05, 100, 401)
    area = aeff.effective_area_grid(np.sqrt(edges[1:] * edges[:-1]), offsets.ravel()).mean(axis=1)
    expected = np.sum(area * spectrum(1e-9).photon_flux(edges)) * GOOD.ontime_s * DEADC
    assert expected > 4000
    assert abs(len(drawn.lon) - expected) < 4 * np.sqrt(expected) + 2e-3 * expected


@pytest.mark.parametrize("frame", ["icrs", "galactic"])
@pytest.mark.parametrize(
    ("shape", "size"), [(SkyGaussian, {"sigma": "0.2 deg"}), (SkyDisk, {"r_0": "0.3 deg"})]
)
def test_directions_follow_the_brightness_of_the_model(frame, shape, size):
    flat = EffectiveAreaTable2D.from_hdu(aeff_hdu(), "flat")
    spatial = shape.from_position(getattr(POSITION, frame), **size)
    drawn = photons(source(spatial, spectrum(1e-9)), flat, offset_deg=0.1)
    directions = SkyCoord(drawn.lon, drawn.lat, unit="rad")
    separation = np.sort(POSITION.separation(directions).rad)
    grid = np.linspace(0, separation[-1], 4001)
    brightness = spatial.profile(grid, **spatial._shape({})) * np.sin(grid)
    cumulative = np.concatenate([[0], np.cumsum(0.5 * (brightness[1:] + brightness[:-1]))])
    assert stats.kstest(separation, lambda r: np.interp(r, grid, cumulative / cumulative[-1])).pvalue > 1e-3
    angle = POSITION.position_angle(directions).rad / (2 * np.pi) % 1
    assert stats.kstest(angle, "uniform").pvalue > 1e-3


def test_no_photon_beyond_the_table_or_without_flux(aeff):
    assert len(photons(source(), aeff, offset_deg=4).time_s) == 0
    assert len(photons(source(light=Constant(0)), aeff).time_s) == 0


def test_what_cannot_be_simulated_is_said(aeff):
    with pytest.raises(InputError, match="wanted is a SkyModel"):
        SimulatedSource(spectrum())
    with pytest.raises(InputError, match="no spatial model"):
        SimulatedSource(SkyModel(spectral_model=spectrum()))
    with pytest.raises(InputError, match="light is a float"):
        SimulatedSource(source().sky_model, 1.0)
    with pytest.raises(InputError, match="a flux >= 0"):
        photons(source(spectral=spectrum(-1e-9)), aeff)
    with pytest.raises(InputError, match="at most 1e"):
        photons(source(spectral=spectrum(1.0)), aeff)


@pytest.mark.parametrize("coordsys", ["CEL", "GAL"])
def test_photons_of_a_template_are_where_its_map_is_bright(aeff, coordsys):
    place = POSITION.galactic if coordsys == "GAL" else POSITION
    geom = WcsGeom.create(place, 0.1, npix=(5, 4), proj="TAN", coordsys=coordsys)
    data = np.random.default_rng(8).uniform(size=geom.data_shape)
    template = TemplateSpatialModel(WcsNDMap(geom, data, "sr-1"), normalize=False)
    brightened = TemplateSpatialModel(template.map.copy(data=template.map.data * 3e4), normalize=False)
    made = photons(source(brightened), aeff)
    fine = WcsGeom.create(place, 0.05, npix=(14, 12), proj="TAN", coordsys=coordsys)
    frame = SkyCoord(made.lon, made.lat, unit="rad").transform_to(fine.frame).spherical
    x, y = fine.lonlat_to_idx(frame.lon.rad, frame.lat.rad)
    counts = np.bincount(y * 14 + x, minlength=14 * 12)
    expected = len(made.lon) * brightened.pixel_fractions(fine).ravel() / brightened.integral
    assert np.all(x >= 0)
    seen = expected > 5
    # The effective area changes over the map by a few per cent.
    assert abs(np.sum((counts - expected)[seen] ** 2 / expected[seen]) / seen.sum() - 1) < 0.5
    alone = len(photons(source(), aeff).lon)
    assert len(made.lon) == pytest.approx(alone * brightened.integral, rel=0.06)
