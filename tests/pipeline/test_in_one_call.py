"""One call from observations to a light curve, and what must stay the same whatever the bins."""

import tracemalloc

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.time import Time
from small_store import START, TARGET, dataset_of, make_store

from tevcurve import LightCurveEstimator, PowerLaw
from tevcurve.errors import DataError, InputError, MissingError
from tevcurve.lightcurve.bins import by_edges, by_intervals, by_run, by_width
from tevcurve.pipeline import light_curve

BANDS = [0.7, 2, 10] * u.TeV


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("store"))


@pytest.fixture(params=["3d", "1d"])
def method(request):
    return request.param


def make(store, method="3d", time_bins=None, **options):
    options = {"energy_edges": BANDS, "spectrum": PowerLaw(index=2.7), "safe_energy": None} | options
    return light_curve(store.get_observations(), TARGET, time_bins, method=method, **options)


def assert_same_rows(one, other):
    """Every column of two light curves, to the last digit."""
    assert one.table.colnames == other.table.colnames
    for name in one.table.colnames:
        np.testing.assert_array_equal(np.asarray(one.table[name]), np.asarray(other.table[name]), name)


def edges_of(store, number):
    """Edges that cut the three runs at odd places, some inside runs, some in the gaps between them."""
    first, last = store.get_observations()[0].tstart, store.get_observations()[2].tstop
    return first + np.linspace(0, 1, number + 1) * (last - first)


def test_a_row_for_each_run_and_band(store, method):
    lc = make(store, method)
    assert len(lc) == 6
    assert lc.table["e_min"].tolist() == [0.7, 2] * 3
    assert lc.table["e_max"].tolist() == [2, 10] * 3
    assert lc.table["n_runs"].tolist() == [1] * 6
    np.testing.assert_allclose(lc.table["ontime"][::2], [1680, 1380, 1680], rtol=1e-12)
    np.testing.assert_allclose(lc.table["livetime"][::2], [1680 * 0.9, 1380 * 0.9, 1680 * 0.8], rtol=1e-12)
    assert np.all(lc.table["sqrt_ts"] > 1)
    assert set(lc.table["status"]) == {"ok"}
    assert lc.meta["upper_limit"] == 0.95
    assert lc.meta["several_runs"] == "joint"


def test_the_mean_time_is_that_of_the_good_time(store):
    lc = make(store, "1d")
    reference = store.get_observations()[0].time_reference
    # Run 2 is good for 500 s around START + 2050 and for 880 s around START + 3040.
    middle = START + (500 * 2050 + 880 * 3040) / 1380
    expected = reference.to_time(np.array([middle])).mjd[0]
    assert lc.table["time_mean"][2] == pytest.approx(expected, abs=1e-9)


def test_one_bin_over_a_run_is_the_run(store, method):
    runs = make(store, method, by_run())
    spans = [(obs.tstart, obs.tstop) for obs in store.get_observations()]
    assert_same_rows(runs, make(store, method, by_intervals(spans)))


def test_rebinned_equals_computed_afresh(store, method):
    lc = make(store, method)
    for bins in (by_width("2 min"), by_edges(edges_of(store, 7)), by_width("40 min", align="absolute")):
        assert_same_rows(lc.rebin(time_bins=bins), make(store, method, bins))


def test_other_bands_equal_computed_afresh(store, method):
    lc = make(store, method, by_width("10 min"))
    edges = [0.8, 1.3, 4, 9] * u.TeV
    fresh = make(store, method, by_width("10 min"), energy_edges=edges)
    assert_same_rows(lc.rebin(energy_edges=edges), fresh)
    assert fresh.table["e_min"][:3].tolist() == [0.8, 1.3, 4]


def test_a_row_does_not_change_with_the_other_bins(store, method):
    edges = edges_of(store, 12)
    every = make(store, method, by_edges(edges), negative=True)
    part = every.rebin(time_bins=by_edges(edges[3:6]))
    for name in every.table.colnames:
        np.testing.assert_array_equal(np.asarray(every.table[name][6:10]), np.asarray(part.table[name]), name)


def test_any_partition_adds_up(store, method):
    whole = make(store, method, by_edges(edges_of(store, 1)))
    parts = make(store, method, by_edges(edges_of(store, 9)))
    for name in ("counts", "livetime", "ontime"):
        for band in range(2):
            total = np.sum(parts.table[name][band::2])
            assert total == pytest.approx(whole.table[name][band], rel=1e-12), name


def test_likelihoods_of_a_partition_add_up_at_common_parameters(store):
    dataset = dataset_of(store.get_observations()[:1])
    options = {"source": "source", "reoptimize": False, "norm_values": [0.5, 1, 2]}
    span = dataset.time_range
    edges = span[0] + np.array([0, 0.2, 0.45, 1]) * (span[1] - span[0])
    whole = LightCurveEstimator([dataset], **options, time_bins=by_edges(edges[[0, -1]]))
    parts = LightCurveEstimator([dataset], **options, time_bins=by_edges(edges))
    energies = (1 * u.TeV, 1 * u.TeV, 10 * u.TeV)
    whole, parts = whole.run(*energies).table, parts.run(*energies).table
    share = np.asarray(parts["livetime"]) / whole["livetime"][0]
    stat = np.asarray(parts["loglike"])[:, None] + np.asarray(parts["dloglike_scan"])
    added = stat.sum(axis=0) + 2 * np.sum(np.asarray(parts["counts"]) * np.log(share))
    expected = whole["loglike"][0] + np.asarray(whole["dloglike_scan"][0])
    np.testing.assert_allclose(added, expected, rtol=1e-12)


def test_a_bin_over_three_runs_equals_the_joint_fit_of_three_datasets(store):
    span = edges_of(store, 1)
    # Datasets have their responses at the centres of their bins.
    options = {"energy_edges": [0.7, 10] * u.TeV, "sigma_ul": 2, "responses": "centre"}
    lc = make(store, "3d", by_edges(span), **options)
    datasets = [dataset_of([observation]) for observation in store.get_observations()]
    for dataset in datasets:
        dataset.counts.meta.update(t_start=span[0], t_stop=span[1])
    joint = LightCurveEstimator(datasets, source="source", reoptimize=True).run(
        1 * u.TeV, 0.7 * u.TeV, 10 * u.TeV
    )
    assert lc.table["n_runs"][0] == 3
    for name in ("flux", "flux_err", "flux_errn", "flux_errp", "flux_ul", "ts", "loglike", "counts", "npred"):
        assert lc.table[name][0] == pytest.approx(joint.table[name][0], rel=1e-6), name


def test_stacked_runs_equal_the_stacked_dataset(store):
    span = edges_of(store, 1)
    # Runs with the same pointing and responses, so that their means are their own.
    observations = store.get_observations()[:1]
    lc = light_curve(
        observations, TARGET, by_edges(span), [0.7, 10] * u.TeV, stacked=True, safe_energy=None,
        spectrum=PowerLaw(index=2.7),
    )  # fmt: skip
    joint = light_curve(
        observations,
        TARGET,
        by_edges(span),
        [0.7, 10] * u.TeV,
        safe_energy=None,
        spectrum=PowerLaw(index=2.7),
    )
    assert lc.meta["several_runs"] == "stacked"
    for name in ("flux", "flux_err", "flux_ul", "ts"):
        assert lc.table[name][0] == pytest.approx(joint.table[name][0], rel=1e-7), name


def test_stacking_sums_the_predictions_of_the_runs(store, method):
    span = edges_of(store, 1)
    joint = make(store, method, by_edges(span), energy_edges=[0.7, 10] * u.TeV)
    stacked = make(store, method, by_edges(span), energy_edges=[0.7, 10] * u.TeV, stacked=True)
    for name in ("counts", "livetime"):
        assert stacked.table[name][0] == joint.table[name][0]
    # The same events and the same expected signal: only what is assumed of the background differs.
    assert stacked.table["flux"][0] == pytest.approx(joint.table["flux"][0], abs=joint.table["flux_err"][0])
    assert stacked.table["flux_err"][0] == pytest.approx(joint.table["flux_err"][0], rel=0.1)
    assert stacked.table["flux"][0] != joint.table["flux"][0]


def test_binned_tends_to_unbinned(store):
    unbinned = make(store, "3d", energy_edges=[0.7, 10] * u.TeV, unbinned=True)
    error = np.asarray(unbinned.table["flux_err"])
    differences = []
    for binsz, n_reco in ((0.1, 6), (0.04, 15), (0.01, 60)):
        edges = np.geomspace(0.7, 10, n_reco + 1)
        edges[-1] = 10
        binned = make(store, "3d", energy_edges=[0.7, 10] * u.TeV, binsz=binsz, e_reco=edges * u.TeV)
        differences.append(np.max(np.abs(binned.table["flux"] - unbinned.table["flux"]) / error))
    assert differences[0] > differences[2]
    assert differences[2] < 0.03


def test_every_event_and_second_is_accounted_for(store, method):
    lc = make(store, method, by_edges(edges_of(store, 9)[2:5]))
    observations = store.get_observations()
    for row, observation in zip(lc.ledger.events, observations, strict=True):
        fates = [row[name] for name in lc.ledger.events.colnames[3:-1]]
        assert sum(fates) == row["total"] == len(observation.events)
        assert row["not in a GTI"] == len(observation.events) - len(observation.good_events)
    seconds = lc.ledger.seconds
    np.testing.assert_allclose(seconds["used"] + seconds["outside the time bins"], seconds["total"])
    np.testing.assert_allclose(np.sum(seconds["used"]), np.sum(lc.table["ontime"][::2]))
    used = lc.table["counts"] if method == "3d" else lc.table["n_on"] + lc.table["n_off"]
    assert lc.ledger.totals()["used"] == np.sum(used)


def test_an_event_is_told_by_the_first_thing_that_happened_to_it(store):
    lc = make(store, "3d", by_edges(edges_of(store, 9)[2:5]), energy_edges=[1, 3] * u.TeV)
    start, stop = edges_of(store, 9)[2], edges_of(store, 9)[4]
    for row, observation in zip(lc.ledger.events, store.get_observations(), strict=True):
        events = observation.good_events
        reference = observation.time_reference
        low, high = reference.to_seconds(Time([start, stop]))
        inside = (events.time_s >= low) & (events.time_s < high)
        in_energy = (events.energy_tev >= 1) & (events.energy_tev < 3)
        assert row["outside the time bins"] == np.count_nonzero(~inside)
        assert row["outside the energies"] == np.count_nonzero(inside & ~in_energy)


def test_processes_give_the_same_digits(store):
    assert_same_rows(make(store, "1d", by_width("5 min")), make(store, "1d", by_width("5 min"), n_jobs=2))


def test_a_bin_without_good_time_is_a_row(store, caplog):
    late = edges_of(store, 1)[1] + [0.1, 0.2] * u.day
    lc = make(store, "3d", by_edges(late))
    assert set(lc.table["status"]) == {"no_livetime"}
    assert np.all(np.isnan(lc.table["flux"]))
    assert "no good time" in caplog.text


def test_a_source_outside_the_field_of_view_is_a_row(store):
    away = SkyCoord(83.63, 26.5, unit="deg")
    lc = light_curve(store.get_observations()[:1], away, energy_edges=BANDS, safe_energy=None)
    assert set(lc.table["status"]) == {"outside_fov"}
    assert "deg off the pointing" in lc.table["reason"][0]


def test_a_bad_run_is_left_out_with_its_reason(store):
    # Run 1 points at the target itself: there is no room for OFF regions.
    at_pointing = SkyCoord(83.63, 22.51, unit="deg")
    lc = light_curve(
        store.get_observations()[:2], at_pointing, energy_edges=BANDS, method="1d", safe_energy=None
    )
    assert [(one.obs_id, one.stage) for one in lc.ledger.failed] == [("1", "off regions")]
    assert lc.ledger.events["obs_id"].tolist() == ["2"]


def test_a_store_or_its_path_will_do(store):
    by_name = light_curve(store, "Crab", energy_edges=BANDS, safe_energy=None)
    assert len(by_name) == 6
    assert by_name.meta["source"] == "Crab"
    near = light_curve(store, TARGET, energy_edges=BANDS, safe_energy=None)
    assert len(near) == 6


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "2d"}, "method is '2d'"),
        ({"energy_edges": [3, 1] * u.TeV}, "increase"),
        ({"energy_edges": [1, 3] * u.s}, "energy_edges"),
        ({"e_reco": [0.5, 1, 10] * u.TeV}, "0.7 TeV is no edge"),
        ({"upper_limit": 0.95, "sigma_ul": 2}, "give one"),
        ({"safe_energy": "aeff"}, "safe_energy"),
        ({"spectrum": 2.7}, "spectrum is a float"),
        ({"offset_max": "2 TeV"}, "offset_max"),
        ({"unbinned": True, "stacked": True}, "one of them"),
    ],
)
def test_bad_arguments_are_told(store, options, words):
    with pytest.raises(InputError, match=words):
        make(store, options.pop("method", "3d"), **options)


def test_unknown_targets_are_told(store):
    with pytest.raises(MissingError, match="no target 'Vela'"):
        light_curve(store, "Vela", energy_edges=BANDS)
    with pytest.raises(MissingError, match="No observation has the target 'Vela'; they have Crab"):
        light_curve(store.get_observations(), "Vela", energy_edges=BANDS)
    with pytest.raises(MissingError, match="points within"):
        light_curve(store, SkyCoord(10, 10, unit="deg"), energy_edges=BANDS)
    with pytest.raises(InputError, match="target is 83"):
        light_curve(store, 83.63, energy_edges=BANDS)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"time_bins": 3}, "time_bins is 3; wanted is a binning"),
        ({"time_bins": "1 mint"}, "1 mint"),
        ({"n_jobs": 0}, "n_jobs is 0; wanted is a whole number"),
        ({"observations": 3}, "observations is a int; wanted are Observations"),
    ],
)
def test_arguments_of_another_kind_are_told(store, change, words):
    position = SkyCoord(83.63, 22.01, unit="deg")
    with pytest.raises(InputError, match=words):
        light_curve(**{"observations": store, "target": position, "energy_edges": BANDS} | change)


def test_without_any_run_left_the_reasons_are_told(store):
    with pytest.raises(DataError, match="No run can be used: 1:"):
        light_curve(
            store.get_observations()[:1],
            SkyCoord(83.63, 22.51, unit="deg"),
            energy_edges=BANDS,
            method="1d",
        )


HUGE = {
    "binsz": ({"binsz": "1 arcsec"}, "A map of the width .* pixels of 1 arcsec has 5.18e\\+07 pixels"),
    "width": ({"width": "170 deg"}, "larger pixels or a smaller width"),
    "time bins": ({"time_bins": "1e-6 s", "method": "1d"}, "time bins; at most 1e\\+06 are made"),
    "vanishing bins": ({"time_bins": "1e-300 s", "method": "1d"}, "time bins; at most 1e\\+06 are made"),
    "reco bins": (
        {"e_reco": np.geomspace(0.7, 10, 3_000_001) * u.TeV, "method": "1d"},
        "3000000 bins of rec",
    ),
    "true bins": (
        {"e_true": np.geomspace(0.1, 100, 3_000_001) * u.TeV, "method": "1d"},
        "of true energy; wan",
    ),
    "scan": ({"norm_values": np.linspace(0, 1, 1_000_001), "method": "1d"}, "norm_values has 1000001 values"),
}


@pytest.mark.parametrize("name", HUGE)
def test_what_would_take_gigabytes_is_refused_before_it_does(store, name):
    options, words = HUGE[name]
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=words):
            light_curve(store, TARGET, **{"energy_edges": [0.7, 10] * u.TeV, "safe_energy": None} | options)
        assert tracemalloc.get_traced_memory()[1] < 5e8
    finally:
        tracemalloc.stop()
