"""Point-like responses of simulated observations: areas and dispersions within a cut, from closed forms."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from scipy.special import ndtr

from tevcurve import GTI, DataStore, PowerLaw, SkyModel, SkyPointSource
from tevcurve.data.time import TimeReference
from tevcurve.data.write import write_store
from tevcurve.errors import DataError, InputError
from tevcurve.irf import RadMax2D
from tevcurve.simulation import ResponseSet, simulate_observation
from tevcurve.simulation.responses import contained_fraction, effective_area_m2

POSITION = SkyCoord(83.63, 22.01, unit="deg")
GOOD_TIME = GTI([7.3e8], [7.3e8 + 1200], TimeReference(51910, 0.000742870370370241))
EDGES = [0.05, 1, 100] * u.TeV
RADII = [0.2, 0.1] * u.deg


@pytest.fixture(scope="module")
def irfs():
    return ResponseSet.analytic()


def simulated(irfs, seed=3):
    model = SkyModel(
        SkyPointSource.from_position(POSITION), PowerLaw(2.5, "4e-11 cm-2 s-1 TeV-1", "1 TeV"), name="source"
    )
    pointing = POSITION.directional_offset_by(40 * u.deg, 0.5 * u.deg)
    return simulate_observation(pointing, GOOD_TIME, irfs, [model], seed, target="source")


def test_the_area_of_a_fixed_cut_has_the_photons_within_it(irfs):
    aeff, edisp = (irfs.point_like("0.12 deg").given[name] for name in ("aeff", "edisp"))
    energy, offset = np.array([0.3, 1.0, 7.0])[:, None], np.array([0.5, 1.5])
    nodes = aeff.energy_axis.nodes[[20, 30, 40], None]
    expected = effective_area_m2(nodes, offset) * contained_fraction(0.12, nodes, offset) * 1e4
    # The table of the function has steps of 0.01 deg and ends at 0.7 deg.
    np.testing.assert_allclose(aeff.effective_area(nodes, np.radians(offset)), expected, rtol=3e-3)
    for response in (aeff, edisp):
        assert response.table.directional_cut == "HDUCLAS3 POINT-LIKE, RAD_MAX 0.12"
    same = edisp.migra_density(energy, np.radians(offset))
    np.testing.assert_allclose(same, irfs.edisp.migra_density(energy, np.radians(offset)), rtol=1e-12)


def test_the_area_and_the_dispersion_of_a_table_of_radii(irfs):
    given = irfs.point_like(RADII, EDGES).given
    assert sorted(given) == ["aeff", "edisp", "rad_max"]
    nodes, offset = given["aeff"].energy_axis.nodes[[24, 25, 26, 27, 30]], np.radians(0.5)
    # Reconstructed below 1 TeV with the probability of the closed form (migration_share at migra 1 / E).
    bias, sigma = 0.01 + 0.08 * np.exp(-nodes / 0.2), np.hypot(0.10, 0.06 / np.sqrt(nodes))
    below = ndtr((-np.log(nodes) - bias) / sigma)
    wide, narrow = (contained_fraction(radius, nodes, 0.5) for radius in RADII.value)
    kept = below * wide + (1 - below) * narrow
    expected = effective_area_m2(nodes, 0.5) * kept * 1e4
    np.testing.assert_allclose(given["aeff"].effective_area(nodes, offset), expected, rtol=3e-3)
    reco = given["edisp"].probabilities(nodes, offset, np.array([0.01, 1, 300]))
    np.testing.assert_allclose(reco[:, 0], below * wide / kept, atol=0.015)
    np.testing.assert_allclose(reco.sum(axis=1), 1, rtol=1e-12)


def test_events_do_not_know_of_the_cut(irfs):
    one, other = simulated(irfs), simulated(irfs.point_like(RADII, EDGES))
    for name in ("time_s", "energy_tev", "lon", "lat"):
        np.testing.assert_array_equal(getattr(one.events, name), getattr(other.events, name))
    with pytest.raises(DataError, match="has no psf"):
        _ = other.psf


@pytest.mark.parametrize("cut", [("0.12 deg",), (RADII, EDGES)])
def test_a_store_of_point_like_files_is_read_as_it_was(irfs, tmp_path, cut):
    made = simulated(irfs.point_like(*cut))
    write_store(tmp_path, [made])
    (read,) = DataStore.from_dir(tmp_path).get_observations()
    assert not read.has("psf")
    assert not read.has("bkg")
    energies, offset = np.array([0.4, 1.0, 3.0]), np.radians(0.5)
    for name, function in (("aeff", "effective_area"), ("edisp", "migra_density")):
        ours, theirs = (getattr(getattr(one, name), function)(energies, offset) for one in (read, made))
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    if len(cut) == 1:
        assert read.directional_cut == pytest.approx(np.radians(0.12))
    else:
        assert isinstance(read.directional_cut, RadMax2D)
        np.testing.assert_allclose(
            np.degrees(read.directional_cut.radius([0.1, 0.999, 1.001, 50], offset)), [0.2, 0.2, 0.1, 0.1]
        )


@pytest.mark.parametrize(
    ("cut", "words"),
    [
        (("0.1 TeV",), "wanted are angles"),
        ((0 * u.deg,), "wanted are 1, above 0"),
        (([0.1, 0.2] * u.deg,), "wanted are 1, above 0"),
        (([0.1] * u.deg, EDGES), "wanted are 2, above 0"),
    ],
)
def test_cuts_that_cannot_be_used_are_refused(irfs, cut, words):
    with pytest.raises(InputError, match=words):
        irfs.point_like(*cut)
