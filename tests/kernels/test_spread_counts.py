"""Over how many counts what is known of a flux is spread, against how the best flux follows each count."""

import numpy as np
import pytest

from tevcurve.fit.expected_cells import ExpectedCells
from tevcurve.fit.norms import estimate_norms
from tevcurve.kernels.onoff_profile import onoff_profile
from tevcurve.kernels.spread_counts import spread_counts

STEP = 1e-3


def spread(counts, best_of):
    """(sum w^2)^2 / sum w^4, w being by how much the best flux moves with each of the counts (n,)."""
    moved = counts + STEP * np.stack([np.eye(len(counts)), -np.eye(len(counts))])
    up, down = best_of(moved[0]), best_of(moved[1])
    weight = (up - down) / (2 * STEP)
    return np.sum(counts * weight**2) ** 2 / np.sum(counts * weight**4)


def cells(kind):
    rng = np.random.default_rng(5)
    signal, background = rng.uniform(1, 30, (2, 2, 6)) * np.array([[[1], [0.3]], [[1], [2]]])
    signal[:, :2] = 0
    nothing = np.zeros((2, 6))
    if kind == "known":
        return ExpectedCells.of_blocks([(signal[0], nothing[0], background[0])])
    n_blocks = {"free": 1, "two runs": 2}[kind]
    return ExpectedCells.of_blocks([(signal[k], background[k], nothing[k]) for k in range(n_blocks)])


@pytest.mark.parametrize("kind", ["free", "known", "two runs"])
@pytest.mark.parametrize("norm", [0.3, 2.0])
def test_counts_of_cubes_weigh_as_the_best_flux_follows_them(kind, norm):
    own = cells(kind)
    counts = own.expected(np.array([norm]), np.ones((1, own.n_blocks)))[0]
    profile = own.profile_of(counts[None])
    found = spread_counts(profile, np.array([norm]))
    wanted = spread(counts, lambda moved: estimate_norms(own.profile_of(moved)).norm)
    assert found == pytest.approx(wanted, rel=1e-3)


@pytest.mark.parametrize("alpha", [0.1, 1.0, 3.0])
def test_on_and_off_counts_weigh_as_the_best_flux_follows_them(alpha):
    signal, behind = np.array([80.0, 20.0, 5.0]), np.array([400.0, 50.0, 30.0])
    counts = np.concatenate([signal + behind, behind / alpha])

    def profile_of(moved):
        n, parts = len(moved), np.repeat(np.arange(len(moved)), 3)
        on, off = moved[:, :3].ravel(), moved[:, 3:].ravel()
        return onoff_profile(parts, on, off, np.full(3 * n, alpha), np.tile(signal, n), n)

    found = spread_counts(profile_of(counts[None]), np.ones(1))
    wanted = spread(counts, lambda moved: estimate_norms(profile_of(moved), negative=True).norm)
    assert found == pytest.approx(wanted, rel=1e-3)


def test_many_counts_that_say_little_are_not_counted():
    """15 counts without background say nearly all, beside 3300 of which 300 are of the source."""
    signal, background = np.r_[np.full(200, 1.5), 15.0], np.r_[np.full(200, 15.0), 0.3]
    own = ExpectedCells.of_blocks([(signal, background, 0 * signal)])
    counts = own.expected(np.ones(1), np.ones((1, 1)))
    profile = own.profile_of(counts)
    assert profile.effective_counts(np.ones(1)) > 2000
    assert spread_counts(profile, np.ones(1)) == pytest.approx(15.3, abs=0.2)
    # All of one cell are as one.
    alone = ExpectedCells.of_blocks([(np.array([300.0]), np.zeros(1), np.array([50.0]))])
    assert spread_counts(alone.profile_of(np.array([[350]])), np.ones(1)) == 350
