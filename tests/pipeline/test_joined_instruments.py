"""Rows with runs of several instruments: what one instrument of that name would give, and the scale of each."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from joined_instruments import FURTHER, OTHER, REFERENCE, as_one, joined, joining
from scipy.optimize import brentq
from small_store import TARGET
from two_instruments import BINNINGS, NAMES, OPTIONS, make_stores

from tevcurve import light_curve
from tevcurve.errors import InputError
from tevcurve.lightcurve.extending import rows_stand_alone

ON_EVENTS = ("counts", "significance", "blocks")
CUBES = {"method": "3d", "binsz": "0.1 deg", "width": "3 deg"}
METHODS = {"1d": {"method": "1d"}, "3d": CUBES, "unbinned": CUBES | {"unbinned": True}}


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    return make_stores(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def one_store(tmp_path_factory):
    return as_one(tmp_path_factory.mktemp("one"))


def both(stores, names=NAMES, apart=False, **options):
    observations = [one for name in names for one in stores[name].get_observations()]
    if apart:
        # Those of the second night only, which no run of the other meets.
        observations = [one for one in observations if (one.run_id.instrument, one.obs_id) not in SHARED]
    return light_curve(observations, TARGET, **(OPTIONS | options))


SHARED = {(OTHER, 1), (OTHER, 2)}


def one(one_store, apart=False, **options):
    observations = one_store.get_observations()
    if apart:
        observations = [run for run in observations if int(run.obs_id) not in (FURTHER + 1, FURTHER + 2)]
    return light_curve(observations, TARGET, **(OPTIONS | options))


def assert_same_rows(found, wanted):
    """That all columns are the same to the last bit, but those that tell of instruments and of their scales."""
    names = [name for name in wanted.table.colnames if name != "instrument"]
    further = {name for name in found.table.colnames if name.endswith(("_sys", "_tot"))}
    assert set(found.table.colnames) - further == {*names, "instruments", "simultaneous"}
    for name in names:
        np.testing.assert_array_equal(found.table[name], wanted.table[name], err_msg=name)


# Widths of one instrument begin with each run, those of several with the first of the runs that overlap.
@pytest.mark.parametrize("kind", [kind for kind in BINNINGS if kind != "width"])
def test_rows_are_those_of_one_instrument_with_all_runs(stores, one_store, kind):
    options = {"method": "1d", "time_bins": BINNINGS[kind], "apart": kind in ON_EVENTS}
    found, wanted = joined(both(stores, **options)), one(one_store, **options)
    assert_same_rows(found, wanted)
    assert found.meta["overlapping"] == wanted.meta["overlapping"] == (kind in ("sliding", "intervals"))
    assert found.meta["time_bins"] == wanted.meta["time_bins"]
    for name in ("events", "seconds"):
        tables = [getattr(each.ledger, name) for each in (found, wanted)]
        for column in tables[0].colnames[3:]:
            np.testing.assert_array_equal(*(table[column] for table in tables), err_msg=column)


@pytest.mark.parametrize("method", METHODS)
def test_rows_of_any_method_are_those_of_one_instrument(stores, one_store, method):
    options = METHODS[method] | {"time_bins": "night"}
    assert_same_rows(joined(both(stores, **options)), one(one_store, **options))


def test_a_scale_divides_the_flux_of_rows_of_one_instrument(stores):
    scale = 1.3
    raw, scaled = (joined(both(stores, method="1d"), np.log(value)) for value in (1, scale))
    of_other = np.asarray(raw.table["instruments"]) == OTHER
    assert 0 < np.count_nonzero(of_other) < len(raw)
    for name in ("flux", "flux_err", "flux_errn", "flux_errp", "flux_ul"):
        ratio = np.asarray(raw.table[name]) / np.asarray(scaled.table[name])
        np.testing.assert_allclose(ratio[of_other], scale, rtol=1e-6, err_msg=name)
        np.testing.assert_array_equal(ratio[~of_other], 1)
    np.testing.assert_allclose(raw.table["ts"], scaled.table["ts"], rtol=1e-9, atol=1e-9)


def test_a_row_of_both_is_the_best_of_their_sum(stores):
    log_scale = 0.4
    lc = both(stores, method="1d", time_bins="night", energy_edges=[0.7, 10] * u.TeV)
    found = joined(lc, log_scale)
    pieces = joined(lc).origin.rows()[0].pieces()
    theta = np.array([log_scale * (lc.origin.runs[run].run_id.instrument == OTHER) for run in pieces.run])
    scale = np.exp(theta)

    def slope(row, norm):
        (_, gradient, _), _ = pieces.likelihood.evaluate((norm * scale)[:, None])
        return float(np.sum((gradient[:, 0] * scale)[pieces.row == row]))

    for row, norm in enumerate(found.table["norm"]):
        best = brentq(lambda a, row=row: slope(row, a), norm / 9, norm * 9, rtol=1e-14)
        assert norm == pytest.approx(best, rel=1e-9)


def test_columns_say_who_observed_and_how_long_at_once(stores):
    # Runs of 1680 s: 0, 1800 and 3600 s of the one; 900, 2700, 90000 and 91800 s of the other.
    table = joined(both(stores, method="1d", time_bins="night", energy_edges=[0.7, 10] * u.TeV)).table
    assert table["instruments"].tolist() == ["HESS, MAGIC", "MAGIC"]
    np.testing.assert_allclose(table["simultaneous"], [780 + 780 + 780 + 780, 0], atol=1e-6)
    assert "instrument" not in table.colnames
    by_run = joined(both(stores, method="1d", time_bins="run", energy_edges=[0.7, 10] * u.TeV)).table
    assert by_run["instruments"].tolist() == [*(REFERENCE, OTHER) * 2, REFERENCE, OTHER, OTHER]
    assert not by_run["simultaneous"].any()


def test_bins_that_look_at_events_need_runs_apart(stores):
    lc = both(stores, method="1d")
    with pytest.raises(InputError, match="HESS 1 and MAGIC 1 overlap in time"):
        joined(lc).rebin("counts 60")


def test_the_light_curve_of_one_instrument(stores):
    options = {"method": "1d", "time_bins": "night"}
    found = joined(both(stores, **options), 0.0)
    assert found.instruments == NAMES
    for name in NAMES:
        part, alone = found.of_instrument(name), both(stores, (name,), **options)
        assert_same_rows(part, alone)
        assert part.instruments == (name,)
        assert not np.any(part.table["simultaneous"])
    with pytest.raises(InputError, match="no rows of 'VERITAS'"):
        found.of_instrument("VERITAS")
    with pytest.raises(InputError, match="does not know its runs"):
        found[:1].of_instrument(REFERENCE)


@pytest.mark.parametrize(("lon_deg", "n_rows"), [(None, 2), (0.0, 2), (-150.0, 3)])
def test_nights_are_those_at_the_reference(stores, lon_deg, n_rows):
    """All runs start between 21:20 and 23:00 UT; noon at 150 deg west is at 22:00."""
    lon = None if lon_deg is None else np.deg2rad(lon_deg)
    lc = joined(both(stores, method="1d", energy_edges=[0.7, 10] * u.TeV), night_lon_rad=lon)
    assert len(lc.rebin("night")) == n_rows
    assert len(lc.rebin("night gap=6h")) == len(lc.rebin("night 0deg")) == 2
    assert len(lc.rebin("night -150deg")) == 3


def test_rows_do_not_stand_alone_before_scales_are_settled(stores):
    origin = both(stores, (REFERENCE,), method="1d").origin
    assert rows_stand_alone(replace(origin, systematics=joining(0.0)))
    assert not rows_stand_alone(replace(origin, systematics=joining()))
