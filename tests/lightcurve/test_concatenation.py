import astropy.units as u
import numpy as np
import pytest
from light_curve_rows import assert_same_rows, make_rows
from numpy.testing import assert_array_equal
from small_store import TARGET, make_store
from two_instruments import make_stores

import tevcurve
from tevcurve import light_curve
from tevcurve.errors import InputError
from tevcurve.lightcurve.bins import by_run, by_width
from tevcurve.lightcurve.concatenation import concatenate


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("store"))


def light_curve_of(observations, **options):
    return tevcurve.light_curve(observations, TARGET, energy_edges=[1, 3, 10] * u.TeV, **options)


def test_parts_put_together_are_the_whole():
    whole = make_rows(5)
    joined = concatenate([whole[6:], whole[:2], whole[2:6]])
    assert_same_rows(joined.table, whole.table)
    assert joined.meta == whole.meta | {"overlapping": False}
    for name in whole.table.colnames:
        assert not np.shares_memory(joined.table[name], whole.table[name])


def test_one_is_a_copy_of_itself():
    whole = make_rows()
    assert_same_rows(concatenate([whole]).table, whole.table)
    assert concatenate([whole]) is not whole


def test_empty_parts_add_nothing():
    whole = make_rows()
    assert_same_rows(concatenate([whole[:0], whole]).table, whole.table)
    assert len(concatenate([whole[:0], whole[:0]])) == 0


def test_shared_time_is_told():
    whole = make_rows()
    assert concatenate([whole, whole[:2]]).meta["overlapping"] is True
    assert concatenate([whole[:4], whole[4:]]).meta["overlapping"] is False


def test_longer_words_are_not_cut():
    one, other = make_rows(1), make_rows(1, first_day=53350)
    other.table["status"] = ["no_livetime"] * 2
    assert concatenate([one, other]).table["status"].tolist() == ["ok", "ok", "no_livetime", "no_livetime"]


def test_metadata_stay_where_all_agree():
    one, other = make_rows(meta={"a": 1, "b": 2}), make_rows(first_day=53360, meta={"a": 1, "b": 3, "c": 4})
    meta = concatenate([one, other]).meta
    assert meta["a"] == 1
    assert not {"b", "c"} & set(meta)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"meta": {"source": "vela"}}, "source is crab and vela"),
        ({"meta": {"upper_limit": 0.9}}, "sigma_ul is 1.64.* and 1.28"),
        ({"meta": {"sigma": 2}}, "sigma is 1.0 and 2"),
        ({"scale": "utc"}, "TIMESYS is tt and utc"),
        ({"edges": [1, 2, 10]}, "the energy bands are 1-3 TeV, 3-10 TeV and 1-2 TeV, 2-10 TeV"),
        ({"edges": [1, 10]}, "the energy bands are 1-3 TeV, 3-10 TeV and 1-10 TeV"),
        ({"meta": {"responses": "centre"}}, "responses is None and centre"),
        ({"meta": {"background_error": 0.1}}, "background_error is None and 0.1"),
        ({"meta": {"shape_from": "night"}}, "shape_from is None and night"),
    ],
)
def test_what_differs_is_named(other, words):
    with pytest.raises(InputError, match=f"cannot be made one: .*{words}"):
        concatenate([make_rows(), make_rows(first_day=53360, **other)])


def test_another_position_is_another_light_curve():
    here, there = ({"position": f"83.63 deg, {dec} deg (ICRS)"} for dec in (22.01, 22.31))
    one = make_rows(meta=here)
    with pytest.raises(InputError, match=r"position is 83.63 deg, 22.01 deg \(ICRS\) and 83.63 deg, 22.31"):
        concatenate([one, make_rows(first_day=53360, meta=there)])
    # Older files do not say it.
    assert len(concatenate([one, make_rows(first_day=53360)])) == 2 * len(one)


def test_other_references_columns_and_scans_are_named():
    one, other = make_rows(), make_rows(first_day=53360)
    with pytest.raises(InputError, match="the reference model has ref_flux"):
        concatenate([one, _other_reference(other)])
    other.table.remove_column("ts")
    with pytest.raises(InputError, match="columns that only some have: ts"):
        concatenate([one, other])
    with pytest.raises(InputError, match="columns that only some have: scaled_by"):
        concatenate([one, one * 2])
    with pytest.raises(InputError, match=r"wanted are one or more light curves"):
        concatenate([])
    with pytest.raises(InputError, match=r"\['LightCurve', 'Table'\]"):
        concatenate([one, one.table])


def _other_reference(light_curve):
    light_curve = light_curve.copy()
    light_curve.table["ref_flux"] *= 1.1
    return light_curve


def test_the_ledger_of_nights_is_that_of_all_runs(store):
    ids = [observation.obs_id for observation in store.get_observations()]
    all_runs = light_curve_of(store, time_bins=by_run())
    each = [light_curve_of(store.get_observations([obs_id]), time_bins=by_run()) for obs_id in ids]
    joined = concatenate(each[::-1])
    assert joined.ledger.totals() == all_runs.ledger.totals()
    assert sorted(joined.ledger.events["obs_id"]) == sorted(map(str, ids))
    assert_array_equal(joined.table["counts"], all_runs.table["counts"])
    with pytest.raises(InputError, match="it was put together from several"):
        joined.rebin()
    # and a part of it still has the right one
    assert joined[:2].ledger.totals()["used"] == each[0].ledger.totals()["used"]


def test_parts_of_one_light_curve_have_its_ledger_together(store):
    whole = light_curve_of(store, time_bins=by_width("7 min"))
    joined = concatenate([whole[6:], whole[:6]])
    assert joined.ledger.totals() == whole.ledger.totals()
    assert_array_equal(joined.ledger.seconds["used"], whole.ledger.seconds["used"])


def test_ledgers_that_disagree_make_none(store):
    ids = [observation.obs_id for observation in store.get_observations()]
    one = light_curve_of(store.get_observations(ids[:1]))
    other = light_curve_of(store.get_observations(ids[:1]), offset_max="1 deg")
    assert concatenate([one, other]).ledger is None
    assert concatenate([one, make_like(one)]).ledger is None


def make_like(light_curve):
    return type(light_curve)(light_curve.table)


def test_rows_of_two_instruments_at_one_time_do_not_overlap(tmp_path):
    observations = {name: each.get_observations() for name, each in make_stores(tmp_path).items()}
    options = {"method": "1d", "energy_edges": [0.7, 10] * u.TeV, "safe_energy": None, "norm_values": None}
    alone = [light_curve(own, TARGET, "night", **options) for own in observations.values()]
    joined = concatenate(alone)
    whole = light_curve([one for own in observations.values() for one in own], TARGET, "night", **options)
    assert not joined.meta["overlapping"]
    assert joined.instruments == whole.instruments == ("HESS", "MAGIC")
    for name in whole.table.colnames:
        np.testing.assert_array_equal(joined.table[name], whole.table[name])
    assert str(joined.ledger) == str(whole.ledger)
    np.testing.assert_array_equal(joined.ledger.seconds["used"], whole.ledger.seconds["used"])
    with pytest.raises(InputError, match="of_instrument"):
        joined.variability()
    assert concatenate([alone[0], alone[0].copy()]).meta["overlapping"]
