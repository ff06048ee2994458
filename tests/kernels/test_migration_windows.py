"""Where energies lie in tables of migration, against a look at every true energy."""

import numpy as np

from tevcurve.kernels.migration_windows import MigrationRanges, migration_windows


def test_sums_are_those_over_all_true_energies():
    rng = np.random.default_rng(3)
    nodes = np.geomspace(0.1, 50, 60).reshape(12, 5)
    edges = np.linspace(0.2, 3.0, 29)
    table = rng.uniform(size=(60, 28)) * (rng.uniform(size=(60, 28)) < 0.3)
    table[:, :6] = table[:, 20:] = table[17] = 0
    ranges = MigrationRanges.of(table > 0)
    energy = rng.uniform(0.01, 90, 400)
    windows = migration_windows(energy, nodes, edges, ranges)
    made = np.zeros((400, 12))
    sums = windows.sums(ranges.flat(table), np.arange(400))
    for place in range(windows.width):
        made[np.arange(400), windows.first + place] += sums[:, place]
    migra = energy[:, None] / nodes.ravel()
    number = np.searchsorted(edges, migra, side="right") - 1
    inside = (number >= 0) & (number < 28)
    every = np.where(inside, table[np.arange(60), np.where(inside, number, 0)], 0.0)
    np.testing.assert_allclose(made, every.reshape(400, 12, 5).sum(axis=-1), rtol=1e-12)
    assert windows.width < 12
    assert windows.sums(ranges.flat(table), np.zeros(0, dtype=int)).shape == (0, windows.width)
    assert migration_windows(energy[:0], nodes, edges, ranges).place.shape[0] == 0
