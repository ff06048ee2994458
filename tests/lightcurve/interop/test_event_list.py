"""Events as stingray takes them, and its own numbers of periods beside ours, where both apply."""

import astropy.units as u
import numpy as np
import pytest
from numpy.testing import assert_allclose
from onoff_light_curves import onoff_light_curve, onoff_run

from tevcurve.errors import InputError
from tevcurve.lightcurve.bins import by_width

pytest.importorskip("gammapy", reason="The packages of the extra [peer] are not here.")
# What these packages warn of while they are imported is theirs.
pytestmark = pytest.mark.filterwarnings("ignore")
stingray = pytest.importorskip("stingray")


def make(background=0.1, seed=1, bands=(1, 10)):
    rng = np.random.default_rng(seed)
    runs = [
        onoff_run(k, [span], 0.3, background, 0.1, rng) for k, span in enumerate([(0, 1500), (2000, 3500)])
    ]
    return onoff_light_curve(runs, by_width("5 min"), bands=bands)


def test_events_have_times_weights_and_good_time():
    lc = make()
    made, table = lc.to_event_list(), lc.events()
    assert isinstance(made, stingray.EventList)
    assert_allclose(made.time / 86400 + made.mjdref, np.sort(table["time"].tt.mjd), rtol=0, atol=1e-10)
    assert np.all(np.diff(made.time) >= 0)
    assert_allclose(made.source_probability, table["source_probability"][np.argsort(table["time"])])
    assert_allclose(np.diff(made.gti)[:, 0], [1500, 1500], atol=1e-4)
    # It makes a curve of them as of its own.
    assert made.to_lc(dt=300).n >= 10


def test_one_band_has_its_own_events():
    lc = make(bands=(1, 2, 10))
    with pytest.raises(InputError, match="holds one energy band"):
        lc.to_event_list()
    numbers = [len(lc.to_event_list(band=band).time) for band in (0, 1)]
    assert numbers == np.bincount(lc.events()["row"] % 2).tolist()


def test_z_squared_is_that_of_stingray_for_whole_periods_and_no_background():
    from stingray.pulse import z_n

    rng = np.random.default_rng(4)
    lc = onoff_light_curve([onoff_run(1, [(0, 1500)], 0.3, 1e-9, 0.1, rng)], by_width("5 min"))
    frequency = np.array([1 / 60, 1 / 50, 1 / 30])
    events = lc.to_event_list()
    assert np.all(events.source_probability > 0.999)
    for nharm in (1, 2, 4):
        own = lc.timing.z_n_search(frequency / u.s, nharm=nharm, n_toys=0).power
        phases = (events.time - events.time[0])[:, None] * frequency
        assert_allclose(own, [z_n(phase, n=nharm) for phase in phases.T], rtol=1e-3)
