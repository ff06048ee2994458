"""Light curves fitted by the dozen, with short cuts, against each of them fitted alone."""

import numpy as np
import pytest

from tevcurve.kernels.onoff_profile import onoff_profile
from tevcurve.lightcurve.variability.block_search import gain_of
from tevcurve.lightcurve.variability.row_fits import RowFits

N, N_ROWS = 6, 12


@pytest.fixture(scope="module", params=[0.3, 20.0])
def many(request):
    """Light curves of a faint source, of which many rows are below zero, and of a bright one."""
    random = np.random.default_rng(5)
    cell = np.repeat(np.arange(N * N_ROWS), 3)
    alpha, signal = np.full(len(cell), 0.2), random.uniform(0.5, 2, len(cell))
    n_on = random.poisson(request.param * signal + alpha * 6).astype(float)
    n_off = random.poisson(6, len(cell)).astype(float)
    profile = onoff_profile(cell, n_on, n_off, alpha, signal, N * N_ROWS)
    alone = [RowFits(profile.take(np.arange(k * N_ROWS, (k + 1) * N_ROWS))[0]) for k in range(N)]
    return RowFits(profile, N), alone


def test_fluxes_and_errors_are_those_of_each_alone(many):
    fits, alone = many
    err = np.concatenate([each.errp for each in alone])
    for name in ("norm", "errn", "errp"):
        each = np.concatenate([getattr(one, name) for one in alone])
        np.testing.assert_allclose(getattr(fits, name) / err, each / err, atol=2e-5)


def test_what_rows_have_in_common_is_that_of_each_alone(many):
    fits, alone = many
    pairs = np.arange(N_ROWS - 1), np.arange(1, N_ROWS)
    for found, of_one in (
        (fits.constant, lambda one: one.constant),
        (fits.ts_var, lambda one: one.ts_var),
        (fits.gaussian_minimum.stat, lambda one: one.gaussian_minimum.stat),
        (fits.changes(*pairs), lambda one: one.changes(*pairs)),
        (gain_of(fits), gain_of),
    ):
        np.testing.assert_allclose(
            found, np.concatenate([of_one(one) for one in alone]), rtol=1e-4, atol=1e-4
        )
