"""What a run expects of sources of any shape, against sums over the points of their maps."""

from types import SimpleNamespace

import astropy.units as u
import numpy as np
import pytest
from sky_fields import TARGET, beside, expected_at, runs_of, sky_model, spectrum_of

from tevcurve.kernels.sphere import directional_offset
from tevcurve.maps import WcsGeom, WcsNDMap
from tevcurve.models import SkyGaussian, SkyModel, TemplateSpatialModel
from tevcurve.reduction.seen_source import seen_source
from tevcurve.reduction.source_run import source_run
from tevcurve.reduction.true_nodes import true_nodes

EDGES = np.geomspace(0.1, 100, 49)
RECO = np.geomspace(1, 10, 11)


@pytest.fixture(scope="module")
def run():
    (observation,) = runs_of([sky_model("source")], 1, seconds=60)
    return source_run(observation, TARGET_LONLAT)


TARGET_LONLAT = (TARGET.ra.rad, TARGET.dec.rad)
GEOM = WcsGeom.create(skydir=TARGET, binsz=0.03, width=1.5, proj="TAN")


def two_hills():
    """A `SkyModel` whose map has a hill beside the target and a narrower one on the other side."""
    lon, lat = GEOM.pixel_lonlat()
    model = [
        sky_model("a", beside(50, 0.3), shape=SkyGaussian, sigma="0.12 deg"),
        sky_model("b", beside(250, 0.25), shape=SkyGaussian, sigma="0.07 deg"),
    ]
    image = sum(
        part * one.spatial_model.evaluate(lon, lat) for part, one in zip((0.7, 0.3), model, strict=True)
    )
    return SkyModel(TemplateSpatialModel(WcsNDMap(GEOM, image)), spectrum_of(), name="hills")


def random_places(number=30):
    rng = np.random.default_rng(1)
    lon, lat = directional_offset(
        *TARGET_LONLAT, rng.uniform(0, 2 * np.pi, number), np.deg2rad(rng.uniform(0, 0.7, number))
    )
    return np.geomspace(1, 10, number), lon, lat


def test_a_map_is_seen_as_the_sum_of_its_points(run):
    model, places = two_hills(), random_places()
    nodes = true_nodes(EDGES, "centre", model.spectral_model)
    flux = model.spectral_model.photon_flux(EDGES)
    seen = seen_source(run, TARGET_LONLAT, model.spatial_model)
    points = model.spatial_model.nodes(np.deg2rad(0.05))
    there = SimpleNamespace(psf=run.psf, edisp=run.edisp, offset=run.offset)
    expected, total = expected_at(run, there, model, places, 16, points)
    density = seen.densities(nodes, places) @ flux
    np.testing.assert_allclose(density, expected, rtol=2e-2, atol=2e-3 * expected.max())
    shares, dispersion = seen.shares(
        nodes, RECO, WcsGeom.create(skydir=TARGET, binsz=0.1, width=4, proj="TAN")
    )
    assert np.einsum("tp,tr,t->", shares, dispersion, flux) == pytest.approx(total, rel=2e-3)


@pytest.mark.parametrize("size", [0.1, 0.2])
def test_a_map_of_a_gaussian_is_the_gaussian(run, size):
    gaussian = SkyGaussian.from_position(beside(90, 0.1), sigma=size * u.deg)
    wide = WcsGeom.create(skydir=TARGET, binsz=0.02, width=12 * size, proj="TAN")
    template = TemplateSpatialModel(WcsNDMap(wide, gaussian.pixel_fractions(wide)))
    nodes = true_nodes(EDGES, "centre", spectrum_of())
    geom, flux, made = (
        WcsGeom.create(skydir=TARGET, binsz=0.1, width=2, proj="TAN"),
        spectrum_of().photon_flux(EDGES),
        [],
    )
    for shape, centre in ((gaussian, gaussian.lonlat()), (template, TARGET_LONLAT)):
        shares, dispersion = seen_source(run, centre, shape).shares(nodes, RECO, geom)
        made.append(np.einsum("tp,tr,t->p", shares, dispersion, flux))
    np.testing.assert_allclose(made[1], made[0], rtol=0.03, atol=5e-3 * made[0].max())
    assert made[1].sum() == pytest.approx(made[0].sum(), rel=2e-3)


def test_what_is_far_narrower_than_the_point_spread_function_is_a_point(run):
    nodes, geom = (
        true_nodes(EDGES, "centre", spectrum_of()),
        WcsGeom.create(skydir=TARGET, binsz=0.1, width=1, proj="TAN"),
    )
    point = seen_source(run, TARGET_LONLAT).shares(nodes, RECO, geom)[0]
    for sigma, within in ((1e-6, 0.0), (0.003, 5e-3)):
        narrow = seen_source(run, TARGET_LONLAT, SkyGaussian.from_position(TARGET, sigma=sigma * u.deg))
        shares = narrow.shares(nodes, RECO, geom)[0]
        np.testing.assert_allclose(shares, point, rtol=0, atol=within * point.max())
