"""The validation of alarms on changes with few draws, its intervals, and that its runs are those of the detector."""

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("validation_on_path")


def test_a_few_runs_make_the_section(monkeypatch):
    from validation import live_alarms
    from validation.parts import joined

    kinds = {tuple(piece[:4]) for piece in live_alarms.pieces(1e-4)}
    assert len(kinds) == 24
    found = [
        live_alarms.measure("H.E.S.S.-like", source, kind, 10, 0, 4, np.random.default_rng(1))
        for source in ("empty", "steady")
        for kind in ("known", "whole")
    ]
    made = live_alarms.section(joined(found))
    assert "| H.E.S.S.-like | steady | a prior, whole detector | 10 h | 0.2 |" in made.text
    assert list(made.figures) == ["live-alarms.png"]


@pytest.mark.parametrize("kind", ["known", "whole"])
def test_alarms_are_as_rare_as_wanted(kind):
    from validation import live_alarms

    n = {"known": 6000, "whole": 2000}[kind]
    rng = np.random.default_rng(2)
    ((*_, alarms),) = live_alarms.measure("H.E.S.S.-like", "steady", kind, 10, 0, n, rng)["alarms"]
    low, high = live_alarms.interval(n * live_alarms.SECONDS / 36000, alarms)
    assert low < 1 < high


def test_a_flux_far_out_in_its_prior_has_few_alarms_where_a_run_tells_it_better():
    from validation import live_alarms

    settings = live_alarms.settings_of("steady", 100)
    stretch, nodes = live_alarms.known(live_alarms.stretch_of("CTA-like"), settings.nodes())
    threshold = live_alarms.threshold_of("CTA-like", "steady", 100)
    flux = 0.15 * (1 - 2.6 * live_alarms.ERROR)
    # With nodes out to two errors they were one in six.
    assert live_alarms.alarms_in(nodes, stretch, threshold, 300, np.random.default_rng(3), flux, 0.0) < 18


def test_intervals_are_those_of_poisson_counts():
    from scipy.stats import chi2
    from validation import live_alarms

    low, high = live_alarms.interval(100.0, 90)
    assert low == pytest.approx(chi2.ppf(0.025, 180) / 200)
    assert high == pytest.approx(chi2.ppf(0.975, 182) / 200)


def test_cells_that_miss_the_bar_are_told():
    from validation import live_alarms

    many = [["H.E.S.S.-like", "empty", "known", 10, 20000, 1400]]
    assert live_alarms.section({"alarms": many}).failures
    good = [["H.E.S.S.-like", "empty", "known", 10, 20000, 933]]
    assert live_alarms.section({"alarms": good}).failures == []


def test_a_detector_has_its_alarms_where_simulated_runs_have_theirs():
    from validation import live_alarms

    from tevcurve.data.time import TimeReference
    from tevcurve.kernels.runs_side_by_side import Truth, drawn, records
    from tevcurve.live.detector import Detector
    from tevcurve.live.stretches import RunStretch
    from tevcurve.run_id import RunId

    settings, stretch, n = live_alarms.settings_of("steady", 10), live_alarms.stretch_of("H.E.S.S.-like"), 8
    truth = Truth(*(np.full(n, each) for each in (0.15, 900.0, 0.6, 1.1, live_alarms.SECONDS)))
    runs = drawn(stretch, truth, np.random.default_rng(3))
    found = records(settings.nodes(), stretch, runs, live_alarms.HEAD_START, least=2e4, bound=2e4)
    assert len(found.run) >= 4
    clock = TimeReference(55000, 0.0)
    detector = Detector(settings, {"": np.log(2e4)}, clock)
    for k in range(n):
        own = slice(0, runs.n_points[k])
        time, place, others = runs.time[own, k], runs.place[own, k], runs.others[own, k].astype(int)
        seen = place < len(stretch.signal)
        run = RunStretch(
            RunId.of(1),
            clock,
            np.array([[0.0, live_alarms.SECONDS]]),
            time[seen],
            stretch.signal[place[seen]],
            stretch.background[place[seen]],
            np.repeat(time, others),
            stretch.signal_rate,
            np.array([0.0, live_alarms.SECONDS]),
            np.array([stretch.background_rate + stretch.elsewhere]),
        )
        first = [one.time_s for one in detector.after(None, run)[1] if one.is_first][:1]
        np.testing.assert_allclose(first, found.time[found.run == k], atol=1e-6)
