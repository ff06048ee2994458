"""Optical depths between the nodes of a table, at its edges, and what is no table."""

import numpy as np
import pytest

from tevcurve.errors import DataError, InputError
from tevcurve.models import OpacityTable

ENERGIES, REDSHIFTS = np.array([0.1, 1.0, 10.0]), np.array([0.0, 0.1, 0.3])
DEPTHS = np.array([[0, 0, 0], [0.1, 1, 4], [0.3, 3, 12.0]])


def table():
    return OpacityTable(ENERGIES, REDSHIFTS, DEPTHS, "the opacity of a test")


def test_it_is_linear_in_the_redshift_and_in_the_logarithm_of_the_energy():
    np.testing.assert_allclose(table().depth(ENERGIES, 0.1), DEPTHS[1], rtol=1e-14)
    np.testing.assert_allclose(table().depth(np.sqrt([0.1, 10]), [[0.1], [0.2]]), [[0.55, 2.5], [1.1, 5.0]])
    assert table().depth(1.0, 0.05) == pytest.approx(0.5)


def test_beyond_its_energies_the_edge_holds_and_beyond_its_redshifts_nothing():
    np.testing.assert_array_equal(table().depth(np.array([1e-3, 1e3]), 0.3), [0.3, 12])
    with pytest.raises(InputError, match=r"The redshift is 0\.31, and the opacity of a test has 0 to 0\.3"):
        table().depth(1.0, 0.31)


@pytest.mark.parametrize("redshift", [0.0, 0.05, 0.1, 0.17, 0.3])
def test_what_is_around_a_redshift_says_the_same_of_it(redshift):
    part, energy = table().around(redshift), np.geomspace(0.01, 100, 30)
    assert len(part.redshifts) == 2
    assert part.depth(energy, redshift).tobytes() == table().depth(energy, redshift).tobytes()


@pytest.mark.parametrize(
    "change",
    [
        {"energies": ENERGIES[::-1]},
        {"energies": ENERGIES - 0.1},
        {"energies": ENERGIES[:2]},
        {"redshifts": REDSHIFTS - 0.1},
        {"redshifts": REDSHIFTS[:1], "depths": DEPTHS[:1]},
        {"depths": -DEPTHS},
        {"depths": DEPTHS * np.nan},
        {"depths": "many"},
        {"depths": DEPTHS.astype(object)},
    ],
)
def test_what_is_no_table_is_refused(change):
    with pytest.raises(DataError, match="a test"):
        OpacityTable(
            **{"energies": ENERGIES, "redshifts": REDSHIFTS, "depths": DEPTHS, "where": "a test"} | change
        )
