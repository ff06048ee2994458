"""Events with their chances to be of the source, against events of which it is known where they come from."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord

from tevcurve import LightCurve, PowerLaw, SkyModel, SkyPointSource, light_curve
from tevcurve.data import GTI, TimeReference
from tevcurve.errors import InputError
from tevcurve.simulation import ResponseSet, simulate_observation

TARGET = SkyCoord(83.63, 22.01, unit="deg")
SPECTRUM = PowerLaw(index=2.5, amplitude="3e-11 cm-2 s-1 TeV-1", reference="1 TeV")
CLOCK = TimeReference(51910, 0.00074287037)


@pytest.fixture(scope="module")
def observations():
    made = []
    source = SkyModel(SkyPointSource.from_position(TARGET), SPECTRUM, name="source")
    for number in range(2):
        pointing = TARGET.directional_offset_by(180 * number * u.deg, 0.5 * u.deg)
        gti = GTI([2.6e8 + 2000 * number], [2.6e8 + 2000 * number + 1700], CLOCK)
        irfs = ResponseSet.analytic()
        made.append(simulate_observation(pointing, gti, irfs, source, number + 5, obs_id=number + 1))
    return made


def made_of(observations, method, **options):
    options |= {"width": "1.2 deg"} if method == "3d" else {}
    return light_curve(observations, TARGET, "30 min", [1, 30] * u.TeV, method, SPECTRUM, **options)


@pytest.mark.parametrize(
    ("method", "options"),
    [("3d", {}), ("3d", {"unbinned": True}), ("1d", {}), ("1d", {"background": "shape"})],
)
def test_chances_are_the_shares_that_come_from_the_source(observations, method, options):
    lc = made_of(observations, method, **options)
    events = lc.events()
    assert events["obs_id"].tolist() == np.repeat(["1", "2"], np.bincount(events["row"])).tolist()
    chance, own = events["source_probability"], []
    for number, observation in enumerate(observations):
        seconds = (events["time"][events["row"] == number] - CLOCK.to_time(0.0)).sec
        # Events are simulated in the order of time.
        times, origins = (np.asarray(observation.events.table[name]) for name in ("TIME", "MC_ID"))
        place = np.searchsorted(times, seconds - 1e-5)
        np.testing.assert_allclose(times[place], seconds, atol=1e-5)
        own.append(origins[place] == 1)
    is_source = np.concatenate(own)
    assert is_source.sum() > 100
    for some in (chance < 0.3, chance > 0.7, chance >= 0):
        spread = np.sqrt(np.sum(chance[some] * (1 - chance[some])))
        assert abs(np.sum(is_source[some] - chance[some])) <= 4 * spread + 0.02 * np.sum(some)
    summed = np.bincount(events["row"], chance)
    np.testing.assert_allclose(summed, lc.table["npred_excess"], rtol=1e-5)
    assert np.all(
        (events["time"] >= lc.time_start[events["row"]]) & (events["time"] < lc.time_stop[events["row"]])
    )


def test_what_has_no_events_says_so(observations, tmp_path):
    lc = made_of(observations, "1d")
    with pytest.raises(
        InputError,
        match=r"needs the events and responses of runs, which this light curve does not know \(it was read",
    ):
        LightCurve.read(lc.write(tmp_path / "lc.ecsv")).events()
