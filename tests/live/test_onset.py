"""Fluxes since an onset: closed forms of counts, and the onset of a step."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tevcurve.kernels.change_detector import Points
from tevcurve.live.onset import Window, fit_flux, most_likely_onset, since
from tevcurve.run_id import RunId

SIGNAL_RATE = 0.1


def window(time_s, signal, background, expected_rate=0.0, others=0.0, start=0.0, end=None):
    """A `Window` of events at times, and a last look."""
    time = np.append(time_s, time_s[-1] + 1.0 if end is None else end)
    seen = np.append(np.ones(len(time_s)), 0.0)
    wait = np.diff(time, prepend=start)
    points = Points(wait, signal * seen, background * seen, others * wait, expected_rate * wait)
    return Window(points, time, SIGNAL_RATE)


def test_without_background_it_is_counts_over_exposure():
    found = fit_flux([window(np.arange(1.0, 41.0), 1.0, 0.0, end=100.0)], 0.1)
    assert_allclose(found.flux, 40 / (SIGNAL_RATE * 100), rtol=1e-8)
    assert_allclose(found.error, np.sqrt(40) / (SIGNAL_RATE * 100), rtol=1e-8)
    assert_allclose(found.counts, 40, rtol=1e-8)


def test_beside_a_known_background_it_is_what_is_more():
    # All events at one place: N = flux*s*T + b*T there; the error of the norm is next to nothing.
    own = window(np.linspace(1.0, 99.0, 60), SIGNAL_RATE, 0.2, expected_rate=0.2, end=100.0)
    found = fit_flux([own], 1e-6)
    assert_allclose(found.flux, (60 - 20) / (SIGNAL_RATE * 100), rtol=1e-6)
    assert_allclose(found.error, np.sqrt(60) / (SIGNAL_RATE * 100), rtol=1e-4)


def test_the_other_events_say_what_the_background_is():
    # ON and OFF: 60 and 3000 events, 50 of background to be expected in ON at a norm of 1, 5000 in OFF.
    time = np.linspace(1.0, 99.0, 60)
    own = window(time, SIGNAL_RATE, 0.5, expected_rate=50.5, others=30.0, end=100.0)
    found = fit_flux([own], 100.0)
    n_off = own.points.others.sum()
    assert_allclose(found.norms[0], n_off / 5000, rtol=1e-4)
    assert_allclose(found.flux, (60 - 50 * n_off / 5000) / (SIGNAL_RATE * 100), rtol=1e-4)
    assert_allclose(found.error, np.sqrt(60 + 0.01**2 * n_off) / (SIGNAL_RATE * 100), rtol=1e-3)


def test_fewer_events_than_background_are_no_flux():
    found = fit_flux([window(np.linspace(1.0, 99.0, 10), SIGNAL_RATE, 0.2, 0.2, end=100.0)], 1e-3)
    assert found.flux == 0
    assert 0 < found.error < np.inf


def test_two_runs_have_one_flux_and_a_norm_each():
    first = window(np.linspace(1.0, 99.0, 50), 1.0, 0.0, expected_rate=2.0, others=1.6, end=100.0)
    second = window(np.linspace(1001.0, 1099.0, 30), 1.0, 0.0, 2.0, 2.6, start=1000.0, end=1100.0)
    found = fit_flux([first, second], 10.0)
    assert_allclose(found.flux, 80 / (SIGNAL_RATE * 200), rtol=1e-8)
    assert_allclose(found.norms, [0.8, 1.3], rtol=1e-3)


@pytest.mark.parametrize("flux", [0.2, 8.0])
def test_the_onset_of_a_step_is_found(flux):
    rng = np.random.default_rng(2)
    change, end = 3000.0, 4000.0
    quiet = np.sort(rng.uniform(0, change, rng.poisson(2.0 * SIGNAL_RATE * change)))
    after = np.sort(rng.uniform(change, end, rng.poisson(2.0 * flux * SIGNAL_RATE * (end - change))))
    own = window(np.append(quiet, after), 1.0, 1e-9, end=end)
    place = most_likely_onset([own], 2.0 * np.array([0.2, 0.5, 2.0, 8.0]), 2.0, 0.1)
    assert abs(place[2] - change) < 60
    later = since([own], place)
    assert abs(sum(each.seconds() for each in later) - (end - place[2])) < 1e-6
    assert abs(fit_flux(later, 0.1).flux - 2.0 * flux) < 4 * fit_flux(later, 0.1).error


def test_an_onset_may_be_in_an_earlier_run():
    rng = np.random.default_rng(3)
    runs = []
    for start, rate in ((0.0, 0.2), (2000.0, 0.2), (4000.0, 2.0), (6000.0, 2.0)):
        time = np.sort(rng.uniform(start, start + 1000, rng.poisson(1000 * rate)))
        runs.append(window(time, 1.0, 1e-9, start=start, end=start + 1000))
    place = most_likely_onset(runs, np.array([0.5, 20.0]), 2.0, 0.1)
    assert place[0] == 2
    assert 4000 <= place[2] < 4010
    assert len(since(runs, place)) == 2


def test_an_onset_at_the_last_event_leaves_time_for_the_flux():
    own = window(np.array([100.0, 101.0, 600.0]), 1.0, 0.05, end=700.0)[:3]
    place = most_likely_onset([own], np.array([50.0]), 0.01, 0.1)
    later = since([own], place)
    assert sum(each.seconds() for each in later) > 0
    assert np.isfinite(fit_flux(later, 0.1).flux)
    alone = window(np.array([600.0]), 1.0, 0.05, end=700.0)[:1]
    place = most_likely_onset([alone], np.array([50.0]), 0.01, 0.1)
    assert_allclose(sum(each.seconds() for each in since([alone], place)), 600)


def test_windows_of_one_run_have_one_norm():
    times, others = np.linspace(1.0, 99.0, 60), 30.0
    whole = window(times, SIGNAL_RATE, 0.5, expected_rate=50.5, others=others, end=100.0)
    run = RunId.of(1)
    parts = [replace(part, run_id=run) for part in (whole[:20], whole[20:])]
    one, two = fit_flux([whole], 0.3), fit_flux(parts, 0.3)
    assert len(two.norms) == 1
    assert_allclose([two.flux, two.error, *two.norms], [one.flux, one.error, *one.norms], rtol=1e-8)
    assert_allclose(two.log_likelihood, one.log_likelihood, rtol=1e-10)
    assert len(fit_flux([whole[:20], whole[20:]], 0.3).norms) == 2
