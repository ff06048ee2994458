"""The runs of a light curve as a detector sees them: neighbours in the threshold, and runs whose rates differ."""

import astropy.units as u
import numpy as np
import pytest
from numpy.testing import assert_allclose
from sky_fields import BAND, REFERENCE, START, TARGET, beside, runs_of, sky_model, spectrum_of

from tevcurve import light_curve
from tevcurve.data import GTI
from tevcurve.kernels.alarm_threshold import Stretch, log_threshold, simulated
from tevcurve.kernels.change_detector import Nodes
from tevcurve.live import rows
from tevcurve.live.rows import EventRuns, events_of, in_order, places_of, stretches_of
from tevcurve.simulation import ResponseSet, simulate_observation


def places(neighbours):
    """Rates at the places of a run with a bright neighbour, in all places and by the detector's run."""
    models = [sky_model("source"), sky_model("bright", beside(40, 0.3), 30)]
    lc = light_curve(
        runs_of(models, 1, seed=5),
        TARGET,
        "run",
        spectrum=spectrum_of(),
        name="source",
        models=models[1:],
        neighbours=neighbours,
        energy_edges=BAND,
        norm_values=None,
        binsz="0.05 deg",
        width="2.4 deg",
    )
    instruments, band = events_of(lc, None)
    (joint,) = instruments.values()
    (number,) = in_order(joint)
    (run,) = stretches_of(joint, [number], band, {}).runs
    signal, background = places_of(lc.origin, joint, number, band, {})
    return signal.sum(), background.sum(), run.signal_rate, run.background_rate[0]


@pytest.mark.parametrize("neighbours", ["free", "fixed"])
def test_the_threshold_is_of_the_places_that_the_run_has(neighbours):
    signal, background, signal_rate, background_rate = places(neighbours)
    assert_allclose(signal, signal_rate, rtol=1e-6)
    assert_allclose(background, background_rate, rtol=1e-3)


@pytest.mark.parametrize("method", ["3d", "1d"])
def test_stretches_of_more_parts_are_those_made_anew(method, monkeypatch):
    irfs, source, observations = ResponseSet.analytic(), sky_model("source"), []
    # Three runs in two parts each, and a last one.
    for number in range(7):
        gti = GTI([START + 300 * number], [START + 300 * (number + 1)], REFERENCE)
        pointing = TARGET.directional_offset_by(90 * (number // 2) * u.deg, 0.5 * u.deg)
        observations.append(simulate_observation(pointing, gti, irfs, source, number, obs_id=number // 2))
    options = {"spectrum": spectrum_of(), "energy_edges": BAND, "norm_values": None, "method": method}
    instruments, band = events_of(light_curve(observations, TARGET, "run", **options), None)
    (joint,) = instruments.values()
    parts = joint.runs
    assert stretches_of(joint, list(range(7)), band, {}).ends == [2, 4, 6, 7]
    made = []
    for name in ("of_cube", "_regions"):
        ours = getattr(rows, name)
        monkeypatch.setattr(rows, name, lambda *args, ours=ours: made.append(1) or ours(*args))
    for order in (parts, [*parts[:2], *parts[3:]], [*parts[1:]], [*parts[:5], parts[6]]):
        before = None
        for number in range(1, len(order) + 1):
            own = some_of(joint, order[:number])
            anew = stretches_of(own, list(range(number)), band, {})
            made.clear()
            before = stretches_of(own, list(range(number)), band, {}, before)
            assert len(made) <= 3
            assert before.ends == anew.ends
            assert all(one.is_same_as(two) for one, two in zip(before.runs, anew.runs, strict=True))
        # What has come in between, and other fluxes.
        for other in (some_of(joint, parts), some_of(joint, order, 1.1)):
            count = list(range(len(other.runs)))
            again = stretches_of(other, count, band, {}, before).runs
            anew = stretches_of(other, count, band, {}).runs
            assert all(one.is_same_as(two) for one, two in zip(again, anew, strict=True))


def some_of(joint, runs, factor=1.0):
    bands = None if joint.bands is None else joint.bands[:1] * len(runs)
    return EventRuns(runs, [factor * joint.fluxes[0]] * len(runs), bands)


# A source, and places around it where the background is more and more of what comes, as in the public flare runs.
RADIUS = np.linspace(0.02, 0.38, 10)
SIGNAL = 0.03 * np.exp(-0.5 * (RADIUS / 0.07) ** 2) * RADIUS
BACKGROUND = 0.03 * RADIUS
ONE = np.ones(1)
QUIET = np.array([0.06, 0.09, 0.12, 0.15, 0.18])
CHANCE = np.exp(-0.5 * np.linspace(-2, 2, 5) ** 2)
NODES = Nodes(np.geomspace(0.02, 30, 14), QUIET, CHANCE / CHANCE.sum(), ONE, ONE)


@pytest.mark.parametrize(
    "factors", [(0.5, 1, 1680), (2, 1, 1680), (1, 0.5, 1680), (1, 2, 1680), (1, 1, 3360)]
)
def test_alarms_are_as_rare_in_runs_whose_rates_differ_from_the_first_by_two(factors):
    of_signal, of_background, seconds = factors
    per, scale = 3.6e5, SIGNAL.sum() / 0.06
    first = Stretch(SIGNAL / scale, BACKGROUND / scale, 1680.0, 20.0)
    threshold = log_threshold(NODES, first, 600.0, 1680.0 / per, 250, np.random.default_rng(1))
    other = Stretch(of_signal * first.signal, of_background * first.background, float(seconds), 20.0)
    bound = float(np.log((600.0 + seconds) * per / seconds))
    found = simulated(NODES, other, 600.0, bound, 250, np.random.default_rng(2))
    chance, error = found.chance(threshold)
    assert abs(chance * per / seconds - 1) < 0.2 + 2 * error * per / seconds
