"""Maps that make a dataset, and those that do not."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from simulated_cubes import geometries, simulated_cube

from tevcurve.datasets import MapDataset
from tevcurve.errors import InputError
from tevcurve.maps import WcsNDMap
from tevcurve.models import BackgroundModel


def test_maps_that_do_not_fit_get_a_sentence():
    geom, true_geom = geometries()
    counts, exposure = WcsNDMap(geom), WcsNDMap(true_geom, unit="cm2 s")
    for arguments, words in [
        ((counts.data, exposure), "The counts of a MapDataset are a ndarray; wanted is a WcsNDMap"),
        ((counts.sum_over_axes(), exposure), r"The counts map of a MapDataset has the axes \[\]"),
        ((counts, WcsNDMap(true_geom)), "The exposure map has the unit ''; wanted is an area times a time"),
        (
            (counts, WcsNDMap(geometries(binsz=0.2)[1], unit="cm2 s")),
            "The exposure map has other pixels than the counts map",
        ),
        (
            (counts, exposure, BackgroundModel(WcsNDMap(geometries(binsz=0.2)[0]))),
            "The background map has another geometry than the counts map",
        ),
        (
            (counts, exposure, counts),
            "background_model of a MapDataset is a WcsNDMap; wanted is a BackgroundModel",
        ),
    ]:
        with pytest.raises(InputError, match=words):
            MapDataset(*arguments)
    with pytest.raises(InputError, match=r"The mask is float64 of shape \(4, 20, 20\); wanted is bool"):
        MapDataset(counts, exposure, mask=np.ones((4, 20, 20)))
    with pytest.raises(InputError, match=r"of shape \(20, 20\); wanted is bool of shape \(4, 20, 20\)"):
        MapDataset(counts, exposure, mask=np.ones((20, 20), dtype=bool))


def test_a_mask_may_be_a_map():
    mask = np.zeros((4, 20, 20), dtype=bool)
    mask[1] = True
    dataset = simulated_cube(mask=WcsNDMap(geometries()[0], mask))
    assert_array_equal(dataset.cells, mask)
