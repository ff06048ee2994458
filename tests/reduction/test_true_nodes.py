"""Responses weighted with the flux inside each bin of true energy, against bins that are much finer."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from numpy.testing import assert_allclose, assert_array_equal

from tevcurve import DataStore, light_curve
from tevcurve.errors import InputError
from tevcurve.models import ExponentialCutoffPowerLaw, PowerLaw
from tevcurve.reduction.energy_axes import energy_axes
from tevcurve.reduction.true_nodes import true_nodes

EDGES = np.geomspace(0.2, 100, 45)
SOURCES = {
    "flare": (SkyCoord("329.71693826d", "-30.225589d"), (33787, 33795), (0.7, 20)),
    "crab": (SkyCoord("83.63308d", "22.0145d"), (23523, 23559), (1, 10)),
}
# To be right to 0.05 % up to an index of 4, and to 0.1 % beyond.
INDICES = [(1.5, 5e-4), (3.4, 5e-4), (4.0, 5e-4), (5.0, 1e-3)]


def fine(low, high, number=256):
    """Edges in TeV with at least that many bins in a decade, over the range of the default ones."""
    true = energy_axes([low, high] * u.TeV).true
    return np.geomspace(true[0], true[-1], int(np.log10(true[-1] / true[0]) * number) + 2) * u.TeV


@pytest.fixture(scope="module")
def store(hess_dl3_dr1):
    return DataStore.from_dir(hess_dl3_dr1)


def curve(store, source, index, method, **options):
    position, runs, band = SOURCES[source]
    observations = store.get_observations(list(runs))
    spectrum = PowerLaw(index=index)
    options = {"norm_values": None} | ({"width": "1.2 deg"} if method == "3d" else {}) | options
    return light_curve(observations, position, None, band * u.TeV, method, spectrum, **options)


@pytest.mark.parametrize(("index", "tolerance"), INDICES)
@pytest.mark.parametrize("source", SOURCES)
def test_1d_fluxes_are_those_of_a_fine_axis(store, source, index, tolerance):
    lc = curve(store, source, index, "1d")
    finer = curve(store, source, index, "1d", e_true=fine(*SOURCES[source][2]), responses="centre")
    assert_allclose(lc.table["flux"], finer.table["flux"], rtol=tolerance)


@pytest.mark.parametrize(
    ("index", "options"), [(4, {}), (2.6, {"unbinned": True})], ids=["binned", "unbinned"]
)
def test_3d_fluxes_are_those_of_a_fine_axis(store, index, options):
    lc = curve(store, "crab", index, "3d", **options)
    axis = fine(*SOURCES["crab"][2], 128)
    finer = curve(store, "crab", index, "3d", e_true=axis, responses="centre", **options)
    assert_allclose(lc.table["flux"], finer.table["flux"], rtol=5e-4)


@pytest.mark.parametrize("start", [2.6, 3.9])
def test_a_free_index_is_that_of_a_fine_axis_wherever_the_weights_come_from(store, start):
    lc = curve(store, "flare", start, "1d", free=("index",))
    axis = fine(*SOURCES["flare"][2])
    finer = curve(store, "flare", start, "1d", free=("index",), e_true=axis, responses="centre")
    assert_allclose(lc.table["flux"], finer.table["flux"], rtol=1e-3)
    assert_allclose(lc.table["index"], finer.table["index"], atol=0.003)


def test_responses_at_the_centre_are_too_low_for_steep_spectra(store):
    ratio = (
        curve(store, "crab", 3.4, "1d", responses="centre").table["flux"]
        / curve(store, "crab", 3.4, "1d").table["flux"]
    )
    assert np.all((ratio > 0.993) & (ratio < 0.996))


def test_the_mean_over_a_bin_is_the_integral_over_it():
    spectrum = PowerLaw(index=3.4)
    nodes = true_nodes(EDGES, "weighted", spectrum)
    assert_allclose(nodes.weights.sum(axis=1), 1, rtol=1e-12)
    # Of E^a with a power law the integral is known: a flux of another index.
    area, _ = nodes.mean(nodes.energies**1.5, np.ones((*nodes.energies.shape, 1)))
    assert_allclose(area * spectrum.photon_flux(EDGES), PowerLaw(index=1.9).photon_flux(EDGES), rtol=1e-4)


def test_the_product_of_both_means_is_the_mean_of_the_product():
    nodes = true_nodes(EDGES, "weighted", PowerLaw(index=2.5))
    area = np.where(nodes.energies < 1, 0.0, nodes.energies**2)
    dispersion = np.stack([np.exp(-nodes.energies), nodes.energies], axis=2)
    mean_area, mean_dispersion = nodes.mean(area, dispersion)
    expected = np.sum((nodes.weights * area)[:, :, None] * dispersion, axis=1)
    assert_allclose(mean_area[:, None] * mean_dispersion, expected, rtol=1e-12)


def test_fluxes_for_other_parameters_integrate_responses_that_vary_slowly():
    own = ExponentialCutoffPowerLaw(index=2.5, lambda_="0.1 TeV-1")
    nodes = true_nodes(EDGES, "weighted", own)
    assert_allclose(nodes.fluxes(own, {}), own.photon_flux(EDGES), rtol=1e-12)
    other = PowerLaw(index=3.5)

    def response(energies):
        return np.exp(-0.5 * (np.log(energies / 4) / 0.25) ** 2)

    area, _ = nodes.mean(response(nodes.energies), np.ones((*nodes.energies.shape, 1)))
    finer = np.geomspace(EDGES[0], EDGES[-1], 20001)
    exact = other.photon_flux(finer) @ response(np.sqrt(finer[1:] * finer[:-1]))
    assert nodes.fluxes(other, {}) @ area == pytest.approx(exact, rel=2e-4)


def test_bins_without_flux_have_equal_weights():
    nodes = true_nodes(EDGES, "weighted", ExponentialCutoffPowerLaw(index=2, lambda_="100 TeV-1"))
    assert_array_equal(nodes.weights[-1], 1 / nodes.weights.shape[1])


def test_what_is_no_way_to_take_responses_is_refused():
    with pytest.raises(InputError, match="wanted is 'weighted' or 'centre'"):
        true_nodes(EDGES, "center", PowerLaw())
