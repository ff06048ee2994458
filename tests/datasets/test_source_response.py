"""Where the photons of a source are expected, against brute force on the sky and in energy."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from numpy.testing import assert_allclose
from simulated_cubes import RECO, TRUE, dispersion, gaussian_psf, geometries, point_source

from tevcurve.datasets import MapDataset
from tevcurve.errors import InputError
from tevcurve.irf import EDispKernel, PSFKernel
from tevcurve.kernels.sphere import angular_separation, directional_offset
from tevcurve.maps import WcsNDMap
from tevcurve.models import PowerLaw, SkyDisk, SkyGaussian, SkyModel, SkyPointSource

SIGMA = 0.08  # deg, of the PSF


def make_dataset(geoms, model, psf=None, edisp=None, exposure=1e12):
    """A dataset without counts and background; exposure: number, or array of the exposure map's shape, cm2 s."""
    geom, true_geom = geoms
    data = np.broadcast_to(exposure, true_geom.data_shape).astype(float)
    return MapDataset(
        WcsNDMap(geom),
        WcsNDMap(true_geom, data * 1e-4, unit="m2 s"),
        psf=psf,
        edisp=dispersion() if edisp is None else edisp,
        model=model,
    )


def flux_in_true_bins(model):
    """Integral of the spectrum over the true-energy bins by the trapezoid on 2000 points, cm-2 s-1."""
    fluxes = []
    for low, high in zip(TRUE.edges.value[:-1], TRUE.edges.value[1:], strict=True):
        energy = np.geomspace(low, high, 2001)
        fluxes.append(np.trapezoid(model.spectral_model.dnde(energy), energy))
    return np.array(fluxes)


def photons(position, sigma_deg, n=400_000, seed=2):
    """Directions (lon, lat) in radian of photons of a Gaussian around a direction in deg, cut where the table ends."""
    rng = np.random.default_rng(seed)
    limit = 6 * sigma_deg
    separation = np.deg2rad(
        sigma_deg * np.sqrt(-2 * np.log(1 - rng.uniform(size=n) * (1 - np.exp(-0.5 * 36))))
    )
    separation = separation[separation < np.deg2rad(limit)]
    return directional_offset(*np.deg2rad(position), rng.uniform(0, 2 * np.pi, len(separation)), separation)


def shares(dataset):
    """Share of the signal in each pixel, at the energies that have some."""
    signal = dataset.npred_signal().data
    total = dataset.models[0].spectral_model.photon_flux(TRUE.edges.value) @ dispersion().pdf_matrix * 1e12
    return signal.sum(axis=0) / total.sum()


@pytest.mark.parametrize("dec", [22.0, 60.0, 80.0, -75.0])
@pytest.mark.parametrize("proj", ["CAR", "TAN"])
@pytest.mark.parametrize("kernel", [False, True])
def test_a_point_source_sums_to_one_where_pixels_are_not_square_on_the_sky(dec, proj, kernel):
    geoms = geometries(skydir=(83.63, dec), binsz=(0.06, 0.02), npix=(40, 100), proj=proj)
    psf = PSFKernel.from_table_psf(gaussian_psf(), geoms[1]) if kernel else gaussian_psf()
    dataset = make_dataset(geoms, point_source(lonlat=(83.63, dec)), psf)
    assert shares(dataset).sum() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("dec", [22.0, 60.0, 80.0])
@pytest.mark.parametrize("at_equator", [False, True])
@pytest.mark.parametrize("kernel", [False, True])
def test_pixels_hold_the_photons_that_fall_on_them(dec, at_equator, kernel):
    """Against photons thrown at the sky; also where the grid's own equator is the sky's, so that pixels are narrow."""
    geoms = geometries(skydir=(83.63, dec), binsz=(0.1 / np.cos(np.deg2rad(dec)), 0.1), npix=(16, 16))
    if at_equator:
        shift = dec / 0.1
        geoms = [
            type(geom)(
                "CEL",
                "CAR",
                (83.63, 0.0),
                (geom.crpix[0], geom.crpix[1] - shift),
                geom.cdelt,
                geom.npix,
                geom.axes,
            )
            for geom in geoms
        ]
    # A kernel is a grid of equal pixels: for sources on a pixel's centre, and to 2 % where widths change with latitude.
    lon, lat = geoms[0].pix_to_lonlat(8.0, 8.0)
    position = np.rad2deg((float(lon), float(lat))) if kernel else (83.66, dec + 0.03)
    psf = PSFKernel.from_table_psf(gaussian_psf(), geoms[1]) if kernel else gaussian_psf()
    found = shares(make_dataset(geoms, point_source(lonlat=position), psf))
    lon, lat = photons(position, SIGMA)
    x, y = geoms[0].wcs.wcs_world2pix(np.rad2deg(lon), np.rad2deg(lat), 0)
    edges = [np.arange(17) - 0.5] * 2
    counts = np.histogram2d(y, x, edges)[0]
    expected = counts / len(lon)
    error = np.sqrt(counts + 1) / len(lon)
    flat = 0.02 * expected if kernel else 0
    assert np.all(np.abs(found - expected) < 5 * error + 1e-5 + flat)
    assert found.max() > 0.05


def test_forgetting_the_cosine_of_the_declination_would_be_seen():
    """Densities at the pixel centres times solid angles without cos(dec), as the tutorial has it, fail that test."""
    dec = 60.0
    (geom, _) = geometries(skydir=(83.63, dec), binsz=0.02, npix=(100, 100), proj="TAN")
    separation = np.rad2deg(angular_separation(*np.deg2rad((83.63, dec)), *geom.pixel_lonlat()))
    density = np.exp(-0.5 * (separation / SIGMA) ** 2) / (2 * np.pi * np.deg2rad(SIGMA) ** 2)
    right = np.sum(density * geom.solid_angle().value)
    assert right == pytest.approx(1, rel=1e-3)
    assert right * np.cos(np.deg2rad(dec)) == pytest.approx(0.5, rel=1e-3)


def test_a_kernel_is_put_on_the_four_pixels_around_the_source():
    geoms = geometries(binsz=0.05, npix=(40, 40))
    kernel = PSFKernel.from_table_psf(gaussian_psf(), geoms[1])
    lon, lat = geoms[0].pix_to_lonlat(20.25, 18.5)
    source = point_source(lonlat=np.rad2deg((float(lon), float(lat))))
    found = make_dataset(geoms, source, kernel).npred_signal().data
    parts = np.zeros_like(found)
    for column, row, weight in ((20, 18, 0.375), (20, 19, 0.375), (21, 18, 0.125), (21, 19, 0.125)):
        lon, lat = geoms[0].pix_to_lonlat(column, row)
        there = point_source(lonlat=np.rad2deg((float(lon), float(lat))))
        parts += weight * make_dataset(geoms, there, kernel).npred_signal().data
    assert_allclose(found, parts, rtol=1e-6, atol=1e-9 * found.max())


def test_the_exact_position_and_the_kernel_agree_on_a_pixel_centre():
    geoms = geometries(binsz=0.04, npix=(41, 41))
    source = point_source(lonlat=(83.63, 22.01))
    exact = make_dataset(geoms, source, gaussian_psf()).npred_signal().data
    kernel = PSFKernel.from_table_psf(gaussian_psf(), geoms[1])
    gridded = make_dataset(geoms, source, kernel).npred_signal().data
    assert_allclose(gridded, exact, rtol=0.01, atol=1e-4 * exact.max())


def test_a_source_near_the_border_loses_what_falls_outside():
    geoms = geometries(binsz=0.05, npix=(40, 40))
    lon, lat = geoms[0].pix_to_lonlat(-0.5 + 1e-6, 20)
    source = point_source(lonlat=np.rad2deg((float(lon), float(lat))))
    assert shares(make_dataset(geoms, source, gaussian_psf())).sum() == pytest.approx(0.5, abs=1e-3)


def test_without_psf_a_point_is_shared_between_four_pixels():
    geoms = geometries(binsz=0.05, npix=(40, 40))
    lon, lat = geoms[0].pix_to_lonlat(10.25, 8.0)
    found = shares(make_dataset(geoms, point_source(lonlat=np.rad2deg((float(lon), float(lat))))))
    assert found.sum() == pytest.approx(1)
    assert (found[8, 10], found[8, 11]) == pytest.approx((0.75, 0.25), abs=1e-6)


def test_energies_against_a_brute_force_integral():
    """Flux integrated over the true bins x exposure at the source x PSF x dispersion, sum by sum."""
    geoms = geometries(binsz=0.1, npix=(12, 12))
    spatial_slope = 1 + 0.02 * np.arange(12)[None, None, :] + 0 * np.arange(12)[None, :, None]
    exposure = 1e12 * np.arange(1, 7)[:, None, None] * spatial_slope
    lon, lat = geoms[0].pix_to_lonlat(5.5, 6.0)
    source = point_source(lonlat=np.rad2deg((float(lon), float(lat))))
    dataset = make_dataset(geoms, source, gaussian_psf(), exposure=exposure)
    at_source = 1e12 * np.arange(1, 7) * (1 + 0.02 * 5.5)
    pixels = gaussian_psf().pixel_fractions(TRUE.center.value, float(lon), float(lat), geoms[1])
    flux, matrix = flux_in_true_bins(source), dispersion().pdf_matrix
    expected = np.zeros(geoms[0].data_shape)
    for true in range(TRUE.nbin):
        for reco in range(RECO.nbin):
            expected[reco] += flux[true] * at_source[true] * matrix[true, reco] * pixels[true]
    assert_allclose(dataset.npred_signal().data, expected, rtol=1e-6)


def test_a_perfect_dispersion_needs_the_same_energies():
    geom, _ = geometries()
    exposure = WcsNDMap(geom, np.full(geom.data_shape, 1e12), unit="cm2 s")
    source = point_source()
    dataset = MapDataset(WcsNDMap(geom), exposure, model=source)
    expected = source.spectral_model.photon_flux(RECO.edges.value) * 1e12
    assert_allclose(dataset.npred_signal().data.sum(axis=(1, 2)), expected)
    identity = EDispKernel(np.eye(4), RECO.edges, RECO.edges)
    with_identity = MapDataset(WcsNDMap(geom), exposure, edisp=identity, model=source)
    assert_allclose(with_identity.npred_signal().data, dataset.npred_signal().data)
    geom, true_geom = geometries()
    other = MapDataset(WcsNDMap(geom), WcsNDMap(true_geom, unit="cm2 s"), model=source)
    with pytest.raises(
        InputError, match="Without an energy dispersion the true-energy axis must be the reco"
    ):
        other.npred()
    wrong = make_dataset(geometries(), source, edisp=identity)
    with pytest.raises(
        InputError, match=r"dispersion has the shape \(4, 4\); the dataset's axes need \(6, 4\)"
    ):
        wrong.npred()


def brute_convolution(planes, geom, sigma_deg):
    """Planes (n, nlat, nlon) spread with a Gaussian, pixel by pixel on the sphere."""
    lon, lat = (angle.ravel() for angle in geom.pixel_lonlat())
    separation = np.rad2deg(angular_separation(lon[:, None], lat[:, None], lon[None], lat[None]))
    density = np.exp(-0.5 * (separation / sigma_deg) ** 2) / (2 * np.pi * np.deg2rad(sigma_deg) ** 2)
    density[separation > 6 * sigma_deg] = 0
    spread = planes.reshape(len(planes), -1) @ density * geom.solid_angle().to_value("sr").ravel()
    return spread.reshape(planes.shape)


@pytest.mark.parametrize("dec", [22.0, 60.0])
@pytest.mark.parametrize("table", [False, True])
def test_an_extended_source_against_a_convolution_by_brute_force(dec, table):
    geoms = geometries(skydir=(83.63, dec), binsz=(0.04, 0.03), npix=(40, 40), proj="TAN")
    spatial = SkyGaussian("83.7 deg", f"{dec + 0.05} deg", "0.12 deg")
    model = SkyModel(spatial, PowerLaw(2.5, "1e-11 cm-2 s-1 TeV-1"))
    slope = 1e12 * np.linspace(1, 2, 40)[None, :, None] * np.ones((6, 40, 40))
    psf = gaussian_psf() if table else PSFKernel.from_table_psf(gaussian_psf(), geoms[1])
    dataset = make_dataset(geoms, model, psf, exposure=slope)
    lon, lat = geoms[0].pixel_lonlat()
    separation = np.rad2deg(angular_separation(*np.deg2rad((83.7, dec + 0.05)), lon, lat))
    brightness = np.exp(-0.5 * (separation / 0.12) ** 2) / (2 * np.pi * np.deg2rad(0.12) ** 2)
    filled = brightness * geoms[0].solid_angle().to_value("sr") * slope
    expected = brute_convolution(filled, geoms[0], SIGMA)
    flux = flux_in_true_bins(model)
    expected = np.einsum("t,tr,tyx->ryx", flux, dispersion().pdf_matrix, expected)
    assert_allclose(dataset.npred_signal().data, expected, rtol=0.02, atol=2e-3 * expected.max())
    assert dataset.npred_signal().data.sum() == pytest.approx(expected.sum(), rel=3e-3)


def test_nothing_comes_in_from_outside_the_map_and_nothing_is_negative():
    geoms = geometries(binsz=0.05, npix=(30, 30))
    model = SkyModel(
        SkyDisk.from_position(geoms[0].center_skydir, r_0="0.2 deg"), PowerLaw(2.5, "1e-11 cm-2 s-1 TeV-1")
    )
    kernel = PSFKernel.from_table_psf(gaussian_psf(0.1), geoms[1])
    data = make_dataset(geoms, model, kernel).npred_signal().data
    assert np.all(data >= 0)
    assert shares(make_dataset(geoms, model, kernel)).sum() == pytest.approx(1, abs=2e-3)


def test_a_galactic_model_on_an_equatorial_map_is_the_same_place():
    geoms = geometries(skydir=SkyCoord(0, 0, unit="deg", frame="galactic"), proj="TAN")
    position = SkyCoord(0.1, 0.05, unit="deg", frame="galactic")
    spectrum = PowerLaw(2.5, "1e-11 cm-2 s-1 TeV-1")
    galactic = SkyModel(SkyPointSource.from_position(position), spectrum)
    equatorial = SkyModel(SkyPointSource.from_position(position.icrs), spectrum)
    first, second = (
        make_dataset(geoms, model, gaussian_psf()).npred_signal().data for model in (galactic, equatorial)
    )
    assert_allclose(first, second, rtol=1e-6, atol=1e-9 * first.max())


def test_a_model_without_position_is_refused():
    dataset = make_dataset(geometries(), SkyModel(None, PowerLaw(), name="crab"))
    with pytest.raises(InputError, match="The model 'crab' has no position, and a map dataset needs one"):
        dataset.npred()


def test_totals_and_cells_are_those_of_the_prediction():
    dataset = make_dataset(geometries(), point_source(), gaussian_psf())
    response = dataset.response_of(dataset.models[0])
    flux = np.linspace(1, 2, TRUE.nbin) * 1e-12
    predicted = response.predict(flux)
    cell = np.array([0, 7, 211, 590, 1599])
    everywhere = response.at_counts(cell)
    assert_allclose(flux @ everywhere.per_cell, predicted.ravel()[cell])
    assert flux @ everywhere.total == pytest.approx(predicted.sum())
    mask = np.random.default_rng(1).uniform(size=predicted.shape) < 0.5
    assert np.array_equal(response.reached, predicted > 0)
    at_counts = response.at_counts(cell, mask)
    assert_allclose(flux @ at_counts.per_cell, predicted.ravel()[cell])
    assert flux @ at_counts.total == pytest.approx(predicted[mask].sum())
    assert set(vars(response)) <= {"spatial", "edisp", "reached", "sky_sum"}


def test_a_cells_value_does_not_depend_on_the_other_cells():
    dataset = make_dataset(geometries(), point_source(), gaussian_psf())
    response = dataset.response_of(dataset.models[0])
    cells = np.arange(1600)
    together = response.at_counts(cells).per_cell
    for cell in (0, 189, 410, 1211):
        assert np.array_equal(response.at_counts(np.array([cell])).per_cell[:, 0], together[:, cell])


def test_exposure_may_have_any_unit_of_area_times_time():
    geoms, source = geometries(), point_source()
    in_m2 = make_dataset(geoms, source, gaussian_psf())
    in_km2_h = MapDataset(
        in_m2.counts,
        WcsNDMap(geoms[1], in_m2.exposure.quantity.to_value("km2 h"), unit="km2 h"),
        edisp=dispersion(),
        psf=gaussian_psf(),
        model=source,
    )
    assert_allclose(in_km2_h.npred_signal().data, in_m2.npred_signal().data, rtol=1e-12)
    assert in_m2.exposure.unit == u.Unit("m2 s")
