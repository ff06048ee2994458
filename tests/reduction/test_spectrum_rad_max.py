"""MAGIC runs whose responses hold for a cut that depends on the energy (RAD_MAX), against gammapy 2.1."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from regions import CircleSkyRegion

from tevcurve.data import DataStore
from tevcurve.reduction.regions import ReflectedRegionsBackgroundEstimator
from tevcurve.reduction.spectrum import SpectrumExtraction

# gammapy 2.1 on the same axes: ON counts, and the exposure (cm2 s) of every fifth true-energy bin.
N_ON = {5029747: [88, 65, 36, 23, 9, 6, 1, 0], 5029748: [70, 50, 30, 23, 8, 2, 3, 1]}
EXPOSURE = {
    5029747: [1.98886991e11, 4.79713855e11, 7.49234295e11, 1.01458585e12, 1.33954051e12, 1.53633823e12],
    5029748: [2.00306920e11, 4.41936920e11, 7.12640194e11, 9.44851793e11, 1.21009841e12, 1.31742389e12],
}


@pytest.fixture(scope="module")
def datasets(gammapy_data):
    folder = gammapy_data / "magic" / "rad_max" / "data"
    if not folder.is_dir():
        pytest.skip("The MAGIC runs are not here: they lie in magic/rad_max beside hess-dl3-dr1.")
    observations = DataStore.from_dir(folder).get_observations(list(N_ON))
    on_region = CircleSkyRegion(SkyCoord(83.63308, 22.01450, unit="deg"), 0.2 * u.deg)
    regions = ReflectedRegionsBackgroundEstimator(on_region, observations)
    regions.run()
    axes = {"e_reco": np.geomspace(0.2, 10, 9) * u.TeV, "e_true": np.geomspace(0.08, 30, 41) * u.TeV}
    extraction = SpectrumExtraction(observations, regions.result, safe_energy=None, **axes)
    extraction.run()
    return {int(dataset.name): dataset for dataset in extraction.spectrum_observations}


def test_on_counts_and_exposure_are_those_of_gammapy(datasets):
    for obs_id, n_on in N_ON.items():
        np.testing.assert_array_equal(datasets[obs_id].counts.data, n_on)
        np.testing.assert_allclose(datasets[obs_id].exposure.value[:30:5], EXPOSURE[obs_id], rtol=1e-8)
        assert datasets[obs_id].totals().significance > 20
