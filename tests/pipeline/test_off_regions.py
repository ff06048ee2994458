"""How OFF regions are laid, asked for in the one call: numbers of circles, and what is refused."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from numpy.testing import assert_allclose, assert_array_equal

from tevcurve import DataStore, light_curve
from tevcurve.errors import DataError, InputError
from tevcurve.reduction.regions import SkyCircle

CRAB = SkyCoord(83.63308, 22.01450, unit="deg")
RUNS = [23523, 23526, 23559, 23592]


@pytest.fixture(scope="module")
def observations(hess_dl3_dr1):
    return DataStore.from_dir(hess_dl3_dr1).get_observations(RUNS)


def curve_of(observations, **options):
    return light_curve(observations, CRAB, "run", [1, 10] * u.TeV, "1d", **options)


# Numbers of gammapy 2.1 on the grid; a circle of 0.11 deg fits four times 1.5 deg off, not ten times 0.5 deg off.
@pytest.mark.parametrize(
    ("options", "n_off"),
    [
        ({}, [12, 12, 40, 40]),
        ({"angular_size": "grid"}, [12, 12, 41, 41]),
        ({"off_regions": "reflected"}, [12, 12, 40, 40]),
        ({"off_regions": "wobble"}, [3, 3, 3, 3]),
        ({"off_regions": "wobble", "n_off": 20}, [13, 13, 20, 20]),
        ({"off_regions": "wobble", "on_radius": "0.4 deg"}, [1, 1, 3, 3]),
    ],
)
def test_numbers_of_off_regions(observations, options, n_off):
    assert_allclose(1 / np.asarray(curve_of(observations, **options).table["alpha"]), n_off, rtol=1e-12)


def test_one_off_region_on_an_exclusion_costs_its_run_only(observations):
    pointing = observations[0].pointing
    opposite = pointing.directional_offset_by(
        pointing.position_angle(CRAB) + 180 * u.deg, pointing.separation(CRAB)
    )
    options = {"off_regions": "wobble", "n_off": 1}
    curve = curve_of(observations, exclusion=SkyCircle(opposite, 0.05 * u.deg), **options)
    (failed,) = curve.ledger.failed
    assert (failed.obs_id, failed.stage) == ("23523", "off regions")
    assert "all 1 places tried are on an exclusion" in failed.reason
    without = curve_of(observations[1:], **options)
    for name in ("flux", "n_on", "n_off"):
        assert_array_equal(curve.table[name], without.table[name])
    with pytest.raises(DataError, match="Run 23523 cannot be used: all 1 places"):
        curve_of(observations, exclusion=SkyCircle(opposite, 0.05 * u.deg), strict=True, **options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"off_regions": "round"}, "off_regions is 'round'; wanted is 'reflected' or 'wobble'"),
        ({"angular_size": "coarse"}, "angular_size is 'coarse'; wanted is 'exact' or 'grid'"),
        ({"off_regions": "wobble", "n_off": 0}, "n_off is 0; a number of OFF regions, at least 1, is wanted"),
    ],
)
def test_what_cannot_be_used_is_refused(observations, options, words):
    with pytest.raises(InputError, match=words):
        curve_of(observations, **options)
