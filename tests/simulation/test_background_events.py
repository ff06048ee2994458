"""Background events against the expectations that the analysis makes of the same response."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import EarthLocation, SkyCoord
from astropy.time import Time
from response_tables import table_hdu
from scipy import stats

from tevcurve import GTI, MapAxis, MapMaker, WcsGeom
from tevcurve.irf import Background3D
from tevcurve.simulation import ResponseSet, simulate_observation

T0 = Time("2024-03-10T22:00:00", scale="tt")
SITE = EarthLocation.from_geodetic(16.5 * u.deg, -23.27 * u.deg, 1835 * u.m)
ENERGY_EDGES = np.geomspace(0.3, 30, 7)
DET_EDGES = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])


def lopsided(align="RADEC", lon_sign=1):
    """A Background3D that grows towards positive DETX and, less, DETY, with an empty corner."""
    energy = np.sqrt(ENERGY_EDGES[1:] * ENERGY_EDGES[:-1])
    center = 0.5 * (DET_EDGES[1:] + DET_EDGES[:-1])
    rate = 1e-3 * energy[:, None, None] ** -2.5 * np.exp(0.7 * center[:, None] + 0.3 * center)
    rate[:, 0, 0] = 0.0
    axes = [(name, DET_EDGES[:-1], DET_EDGES[1:], "deg") for name in ("DETY", "DETX")]
    axes.insert(0, ("ENERG", ENERGY_EDGES[:-1], ENERGY_EDGES[1:], "TeV"))
    hdu = table_hdu(axes, "BKG", rate, "s-1 sr-1 MeV-1", [("FOVALIGN", align)], "BKG")
    return Background3D(Background3D.from_hdu(hdu, "lopsided").table, align, lon_sign)


def maps_of(bkg, pointing, hours=6.0, npix=16, seed=8, edges=(0.3, 0.7, 2, 30)):
    """Counts and expected background (n_energy, n, n) of a simulated observation without a source."""
    analytic = ResponseSet.analytic(None)
    irfs = ResponseSet(analytic.aeff, analytic.edisp, analytic.psf, bkg, SITE)
    gti = GTI(T0 + [0, 0.6 * hours] * u.h, T0 + [0.5 * hours, hours] * u.h)
    observation = simulate_observation(pointing, gti, irfs, [], seed)
    # Fine bins in energy: power laws between their edges are then the interpolation of the response.
    fine = np.geomspace(edges[0], edges[-1], 61)
    axis = MapAxis.from_edges(fine, unit="TeV", name="energy", interp="log")
    geom = WcsGeom.create(skydir=pointing, npix=(npix, npix), binsz=4 / npix, axes=[axis])
    maps = MapMaker(geom, "2 deg").run(observation)
    groups = np.searchsorted(edges, np.sqrt(fine[1:] * fine[:-1])) - 1
    arrays = [maps[name].data for name in ("counts", "background")]
    return observation, *(
        np.stack([a[groups == g].sum(axis=0) for g in range(len(edges) - 1)]) for a in arrays
    )


def assert_counts_are_as_expected(counts, expected):
    """Poisson deviance over all cells where something is expected, against its distribution for such counts."""
    assert np.all(counts[expected == 0] == 0)
    counts, expected = counts[expected > 0], expected[expected > 0]
    total = expected.sum()
    assert total > 3000
    assert abs(counts.sum() - total) < 4 * np.sqrt(total)
    # Rows of cells are put together until each has some events.
    order = np.argsort(expected)
    group = (np.cumsum(expected[order]) / 20).astype(int)
    observed = np.bincount(group, counts[order])
    predicted = np.bincount(group, expected[order])
    filled = predicted > 5
    chi2 = np.sum((observed - predicted)[filled] ** 2 / predicted[filled])
    assert stats.chi2.sf(chi2, filled.sum()) > 1e-3


def quadrants(cube):
    """Sums over the four quarters of the maps (n_energy, n, n)."""
    half = cube.shape[-1] // 2
    image = cube.sum(axis=0)
    return np.array(
        [
            image[rows, columns].sum()
            for rows in (slice(half), slice(half, None))
            for columns in (slice(half), slice(half, None))
        ]
    )


@pytest.mark.parametrize("kind", ["2d", "3d"])
def test_events_fill_the_map_that_the_analysis_expects(kind):
    pointing = SkyCoord(83.63, 22.01, unit="deg")
    _, counts, expected = maps_of(ResponseSet.analytic(kind).bkg, pointing)
    assert_counts_are_as_expected(counts, expected)


@pytest.mark.parametrize(
    ("align", "lon_sign", "dec"),
    [("RADEC", 1, 22.0), ("RADEC", -1, -70.0), ("ALTAZ", 1, -40.0), ("ALTAZ", -1, 45.0)],
)
def test_a_lopsided_field_lies_as_the_analysis_has_it(align, lon_sign, dec):
    pointing = SkyCoord(170.0, dec, unit="deg")
    observation, counts, expected = maps_of(lopsided(align, lon_sign), pointing, 1.0)
    assert observation.bkg.turns_with_horizon == (align == "ALTAZ")
    assert_counts_are_as_expected(counts, expected)
    measured, wanted = quadrants(counts), quadrants(expected)
    assert wanted.max() > 1.5 * wanted.min()
    assert stats.chi2.sf(np.sum((measured - wanted) ** 2 / wanted), 4) > 1e-3


def test_a_field_fixed_to_the_horizon_turns_event_by_event():
    pointing = SkyCoord(170.0, -40.0, unit="deg")
    observation, counts, _ = maps_of(lopsided("ALTAZ"), pointing, 1.0)
    _, _, still = maps_of(lopsided("RADEC"), pointing, 1.0)
    # Far from what a field that does not turn would leave.
    measured, wanted = quadrants(counts), quadrants(still)
    assert stats.chi2.sf(np.sum((measured - wanted) ** 2 / wanted), 4) < 1e-6
    assert np.all(observation.gti.contains(observation.events.time_s))


def test_times_are_even_over_good_time_and_dead_time_does_not_count():
    pointing = SkyCoord(83.63, 22.01, unit="deg")
    gti = GTI(T0 + [0, 2] * u.h, T0 + [1, 3.5] * u.h)
    irfs = ResponseSet.analytic()
    numbers = []
    for deadc in (1.0, 0.5):
        observation = simulate_observation(pointing, gti, irfs, [], 9, deadc=deadc)
        numbers.append(len(observation.events))
        start = gti.intervals[:, 0]
        length = np.diff(gti.intervals)[:, 0]
        since = np.clip(observation.events.time_s[:, None] - start, 0, length).sum(axis=1) / length.sum()
        assert stats.kstest(since, "uniform").pvalue > 1e-3
    # A background response is a rate per on-time, so that the same seed draws the same events.
    assert numbers[0] == numbers[1]
