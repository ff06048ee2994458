import numpy as np
import pytest

from tevcurve.models.quadrature import integrate_over_energy


def test_a_kink_is_split_at_and_an_unnamed_step_is_told():
    kink = np.array([0.7, 3.3])
    exact = 0.5 * (10 - 3.3) ** 2

    def hinge(energy):
        return np.maximum(energy - kink[:, None], 0)

    result = integrate_over_energy(hinge, np.array([1.0, 1.0]), 10.0, breaks=[kink])
    np.testing.assert_allclose(result, [0.5 * 9.3**2 - 0.5 * 0.3**2, exact], rtol=1e-13)
    with pytest.warns(RuntimeWarning, match="only good to"):
        rough = integrate_over_energy(lambda e: np.where(e < 3.3, 0.0, 1.0), 1.0, 10.0)
    assert rough == pytest.approx(6.7, rel=1e-3)


def test_bins_of_an_exponential():
    edges = np.geomspace(0.1, 30, 12)
    flat = integrate_over_energy(lambda e: np.exp(-e), edges[:-1], edges[1:])
    np.testing.assert_allclose(flat, np.exp(-edges[:-1]) * -np.expm1(-np.diff(edges)), rtol=1e-12)
