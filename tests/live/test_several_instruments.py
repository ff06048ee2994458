"""Several instruments in one light curve: each has a detector of its own, whatever the others saw meanwhile."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from two_instruments import NAMES, make_stores

from tevcurve import Instrument, light_curve
from tevcurve.live.baseline import Baseline
from tevcurve.live.replay import replay

ASKED = {"energy_edges": [0.7, 10] * u.TeV, "safe_energy": None, "norm_values": None}
ASKED |= {"time_bins": "night", "target": "Crab"}
KINDS = {"HESS": {"method": "3d"}, "MAGIC": {"method": "1d", "on_radius": 0.2 * u.deg}}


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    return make_stores(tmp_path_factory.mktemp("stores"))


@pytest.fixture(autouse=True)
def thresholds(monkeypatch):
    monkeypatch.setattr("tevcurve.live.replay._log_threshold", lambda settings, *places: np.log(2e4))


def values(found):
    return [(one.run_id, one.time_s, one.log_statistic, one.significance) for one in found.alarms]


def statistic(found, name):
    return np.concatenate([one.trace.log_statistic for one in found.passed_by(name)])


def made(stores, names=NAMES, **more):
    instruments = {name: Instrument(stores[name], **KINDS[name]) for name in names}
    return light_curve(instruments=instruments, **ASKED, **more)


def test_each_has_a_detector_of_its_own_in_3d_beside_1d(stores):
    """Half of the runs of one are within those of the other; both clocks begin with the first run of all."""
    both = replay(made(stores), "0 cm-2 s-1", alarms_per="100 h")
    assert "HESS and MAGIC has a detector of its own" in str(both)
    alone = {name: replay(made(stores, [name]), "0 cm-2 s-1", alarms_per="100 h") for name in NAMES}
    assert all(one.alarms for one in alone.values())
    for name, one in alone.items():
        # Of clocks that begin elsewhere times differ by rounding, and the statistic with them.
        np.testing.assert_allclose(statistic(both, name), statistic(one, name), rtol=1e-9)
        of_both = [each["id"] for each in both.alerts if each["mission"] == name]
        assert of_both == [each["id"] for each in one.alerts]
    times = [one.known_s for one in both.alarms]
    assert times == sorted(times)


def test_what_is_known_of_each_is_gone_on_with(stores):
    whole = made(stores)
    origin = whole.origin
    runs = [run.run_id for run in origin.runs]
    for number in range(1, len(runs)):
        part = replace(origin, runs=origin.runs.chosen(np.arange(number))).resolved().light_curve()
        before = replay(part, "0 cm-2 s-1", alarms_per="100 h")
        again = replay(whole, "0 cm-2 s-1", alarms_per="100 h", before=before)
        anew = replay(whole, "0 cm-2 s-1", alarms_per="100 h")
        assert values(again) == values(anew)
        for name in NAMES:
            assert_array_equal(statistic(again, name), statistic(anew, name))


def test_one_quiet_flux_of_several_wants_a_calibration(stores):
    whole = made(stores)
    with pytest.raises(Exception, match="instrument"):
        Baseline.of(whole, whole)
