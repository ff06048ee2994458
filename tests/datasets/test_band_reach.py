"""Between which energies bands are fitted, against a look at every bin."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tevcurve.datasets.band_reach import band_reach


@pytest.mark.parametrize("seed", range(20))
def test_it_is_what_the_bins_say_one_by_one(seed):
    rng = np.random.default_rng(seed)
    n_bands, edges = rng.integers(1, 4), np.geomspace(0.1, 10, 13)
    band_of_bin = np.where(rng.random(12) < 0.4, -1, np.sort(rng.integers(0, n_bands, 12)))
    response = rng.integers(0, 2, n_bands).astype(float)
    reach = band_reach(edges, band_of_bin, n_bands, response)
    for band in range(n_bands):
        own = [number for number in range(12) if band_of_bin[number] == band]
        assert reach.low[band] == (min(edges[number] for number in own) if own else np.inf)
        assert reach.high[band] == (max(edges[number + 1] for number in own) if own else 0)
        assert reach.sees[band] == (bool(own) and response[band] > 0)
        assert reach.gaps[band] == (bool(own) and own != list(range(own[0], own[-1] + 1)))
    assert_array_equal(reach.masked, [band not in band_of_bin for band in range(n_bands)])
