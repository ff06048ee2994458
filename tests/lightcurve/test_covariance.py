"""The covariance of fluxes against closed forms."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from small_store import TARGET, make_store

from tevcurve import light_curve
from tevcurve.errors import InputError
from tevcurve.lightcurve.covariance import FluxCovariance
from tevcurve.lightcurve.product import LightCurve
from tevcurve.systematics import Systematic, Systematics


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    observations = make_store(tmp_path_factory.mktemp("store")).get_observations()
    return light_curve(observations, TARGET, "run", [1, 3, 10] * u.TeV, "1d", sigma=2)


def with_effects(plain, *effects):
    systematics = Systematics(tuple(Systematic(**each) for each in effects))
    return replace(plain.origin, systematics=systematics).resolved().light_curve()


def test_without_systematics_it_is_that_of_counts(plain):
    covariance = plain.covariance()
    error = np.asarray(plain.table["flux_err"]) / 2
    assert_allclose(covariance.matrix().to_value("cm-4 s-2"), np.diag(error**2), rtol=1e-14)
    assert covariance.names == ()


def test_what_all_rows_have_in_common_is_in_all_pairs(plain):
    """sigma * flux of one row times that of another; and what is of a run only in its own bands."""
    made = with_effects(
        plain,
        {"effect": "flux_scale", "sigma": 0.1, "by": "all"},
        {"effect": "flux_scale", "sigma": 0.2, "by": "run", "name": "run"},
        {"effect": "flux_scale", "sigma": 0.3, "by": "row", "name": "row"},
    )
    flux, error = (np.asarray(made.table[name]) for name in ("flux", "flux_err"))
    run = np.repeat(np.arange(3), 2)
    wanted = np.outer(flux, flux) * (0.1**2 + 0.2**2 * (run[:, None] == run) + 0.3**2 * np.eye(6))
    covariance = made.covariance()
    assert_allclose(covariance.matrix().to_value("cm-4 s-2"), wanted + np.diag((error / 2) ** 2), rtol=1e-12)
    assert covariance.names == ("flux_scale all", "run 1", "run 2", "run 3")
    assert covariance.loadings().unit == u.Unit("cm-2 s-1")


def test_errors_may_be_in_proportion_to_a_constant(plain):
    """The mean of two values by the matrix is between them then (Peelle 1987)."""
    made = with_effects(plain, {"effect": "flux_scale", "sigma": 0.5, "by": "all"})
    flux = np.asarray(made.table["flux"])[::2]

    def mean(covariance):
        weight = np.linalg.solve(covariance.matrix().value[::2, ::2], np.ones(len(flux)))
        return weight @ flux / weight.sum()

    constant = made.covariance(np.mean(flux) * u.Unit("cm-2 s-1"))
    assert flux.min() < mean(constant) < flux.max()
    assert_allclose(constant.loadings().value[:, 0], 0.5 * np.mean(flux), rtol=1e-12)
    assert mean(made.covariance()) < mean(constant)
    with pytest.raises(InputError, match=r"constant is <Quantity 1\. m>; wanted is a flux"):
        made.covariance(1 * u.m)


def test_rows_without_an_error_are_nan(plain):
    made = with_effects(plain, {"effect": "flux_scale", "sigma": 0.1, "by": "all"})
    table = made.table.copy()
    table["flux_err"][1] = np.nan
    matrix = LightCurve(table, made.origin, made.ledger).covariance().matrix().value
    assert np.isnan(matrix[1]).all()
    assert np.isnan(matrix[:, 1]).all()
    assert np.isfinite(np.delete(np.delete(matrix, 1, 0), 1, 1)).all()


def test_events_are_needed(plain):
    made = with_effects(plain, {"effect": "flux_scale", "sigma": 0.1, "by": "all"})
    with pytest.raises(InputError, match="The covariance of fluxes needs the events"):
        (made * 2).covariance()
    assert_array_equal((plain * 2).covariance().variance, 4 * plain.covariance().variance)


def test_scales_of_instruments_are_the_first_parameters():
    covariance = np.array([[0.04, 0.01], [0.01, 0.09]])
    row, nuisance = np.array([0, 0, 1, 1, 2]), np.array([0, 2, 1, 2, 3])
    loading = np.array([1.0, 0.5, 2.0, 0.3, 0.7])
    made = FluxCovariance(np.array([1.0, 2.0, 3.0]), ("a", "b", "c", "d"), row, nuisance, loading, covariance)
    of_all = np.eye(4)
    of_all[:2, :2] = covariance
    dense = made.loadings().value
    assert_allclose(made.matrix().value, np.diag([1.0, 2.0, 3.0]) + dense @ of_all @ dense.T, rtol=1e-14)
