"""Light curves with systematic errors: what is in their columns, and that it stays in other bins and with more runs."""

import filecmp

import astropy.units as u
import numpy as np
import pytest
from small_store import TARGET, make_store
from two_instruments import NAMES, make_stores

from tevcurve import CrossCalibration, Instrument, LightCurve, PowerLaw, Systematic, light_curve
from tevcurve.errors import InputError
from tevcurve.lightcurve.bins import by_counts, by_night, by_run, by_width
from tevcurve.lightcurve.columns import QUANTITIES, TOTALS
from tevcurve.pipeline.append import append_runs
from tevcurve.store import Result, input_files, write_result

BANDS = [0.7, 2, 10] * u.TeV
INDEX = 2.7
SCALE = Systematic(effect="flux_scale", sigma=0.1, by="night")
BACKGROUND = Systematic(effect="background", sigma=0.03, by="run")
ENERGY = Systematic(effect="energy_scale", sigma=0.1, by="instrument")
EFFECTS = [SCALE, BACKGROUND, ENERGY]
BINNINGS = {"night": by_night(), "width": by_width("11 min"), "counts": by_counts(60)}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("store"))


@pytest.fixture(params=["3d", "1d"])
def method(request):
    return request.param


def make(store, method="1d", time_bins=None, ids=None, **options):
    options = {"energy_edges": BANDS, "spectrum": PowerLaw(index=INDEX), "safe_energy": None} | options
    return light_curve(store.get_observations(ids), TARGET, time_bins, method=method, **options)


def assert_same_rows(one, other):
    assert one.table.colnames == other.table.colnames
    for name in one.table.colnames:
        np.testing.assert_array_equal(np.asarray(one.table[name]), np.asarray(other.table[name]), name)


def assert_same_folder(one, other):
    names = sorted(str(path.relative_to(one)) for path in one.rglob("*") if path.is_file())
    assert names == sorted(str(path.relative_to(other)) for path in other.rglob("*") if path.is_file())
    assert filecmp.cmpfiles(one, other, names, shallow=False) == (names, [], [])


def test_a_scale_is_its_sigma_times_the_flux(store, method):
    with_scale, without = make(store, method, systematics=SCALE), make(store, method)
    table = with_scale.table
    np.testing.assert_allclose(table["flux_err_sys"], 0.1 * table["flux"], rtol=1e-12)
    np.testing.assert_allclose(
        table["flux_err_tot"], np.hypot(table["flux_err"], 0.1 * table["flux"]), rtol=1e-12
    )
    assert np.all(table["flux_errp_tot"] > table["flux_errp"])
    assert np.all(table["flux_errn_tot"] > table["flux_errn"])
    assert np.all(table["flux_ul_tot"] > table["flux_ul"])
    for name in without.table.colnames:
        np.testing.assert_array_equal(table[name], without.table[name], name)
    more = {quantity + end for quantity in (*QUANTITIES, "norm") for end in TOTALS}
    assert set(table.colnames) - set(without.table.colnames) == more


def test_an_energy_scale_of_a_power_law_is_one_of_its_flux(store, method):
    table = make(store, method, systematics=ENERGY).table
    np.testing.assert_allclose(table["flux_err_sys"], 0.1 * (INDEX - 1) * table["flux"], rtol=1e-12)


def test_effects_of_one_name_add_up_and_others_in_squares(store):
    both = [SCALE, Systematic(effect="energy_scale", sigma=0.1, by="night", name="flux_scale")]
    table = make(store, systematics=both).table
    np.testing.assert_allclose(table["flux_err_sys"], 0.1 * INDEX * table["flux"], rtol=1e-12)
    apart = [SCALE, Systematic(effect="energy_scale", sigma=0.1, by="night")]
    table = make(store, systematics=apart).table
    wanted = 0.1 * np.hypot(1, INDEX - 1) * table["flux"]
    np.testing.assert_allclose(table["flux_err_sys"], wanted, rtol=1e-12)


@pytest.mark.parametrize("negative", [False, True])
def test_rows_without_a_source_have_totals_where_they_have_errors(store, method, negative):
    observations = store.get_observations()
    beside = TARGET.directional_offset_by(0 * u.deg, 0.3 * u.deg)
    options = {"energy_edges": [1, 3, 10, 30] * u.TeV, "safe_energy": None, "negative": negative}
    made = light_curve(observations, beside, "7 min", method=method, systematics=EFFECTS, **options).table
    assert np.any(made["norm"] <= 0)
    for end in ("_err", "_errn", "_errp", "_ul"):
        np.testing.assert_array_equal(np.isnan(made[f"flux{end}_tot"]), np.isnan(made[f"flux{end}"]), end)
    known = np.isfinite(made["flux_ul"])
    assert np.all(made["flux_ul_tot"][known] > 0)
    held = known & (made["norm"] == 0) & ~np.bool_(negative)
    np.testing.assert_array_equal(made["flux_errn_tot"][held], 0)


@pytest.mark.parametrize("name", BINNINGS)
def test_other_bins_are_what_one_call_gives(store, method, name):
    if name == "counts" and method == "3d":
        pytest.skip("the bins look at the same events")
    once = make(store, method, BINNINGS[name], systematics=EFFECTS)
    assert_same_rows(make(store, method, systematics=EFFECTS).rebin(BINNINGS[name]), once)


def test_rows_of_runs_in_3d_and_in_1d_have_them(tmp_path):
    stores = make_stores(tmp_path)
    instruments = {
        name: Instrument(stores[name], method=kind) for name, kind in zip(NAMES, ("3d", "1d"), strict=True)
    }
    calibration = CrossCalibration(reference=NAMES[0], sigma={NAMES[1]: 0.1}, from_="constant")
    options = {
        "energy_edges": BANDS,
        "safe_energy": None,
        "instruments": instruments,
        "time_bins": by_night(),
    }
    plain = light_curve(target=TARGET, cross_calibration=calibration, **options).table
    table = light_curve(target=TARGET, cross_calibration=calibration, systematics=EFFECTS, **options).table
    for end in ("_err", "_errn", "_errp", "_ul"):
        assert np.all(table[f"flux{end}_tot"] > table[f"flux{end}"])
    assert np.all(table["flux_err_sys"] > plain["flux_err_sys"])
    assert np.any(plain["flux_err_sys"] > 0)


def test_a_result_keeps_them(store, method, tmp_path):
    made = make(store, method, systematics=EFFECTS)
    write_result(tmp_path / "a", made, inputs=input_files(store.get_observations()))
    result = Result.read(tmp_path / "a")
    assert_same_rows(result.light_curve, made)
    assert result.light_curve.origin.systematics.effects == tuple(EFFECTS)
    assert_same_rows(result.light_curve.rebin("9 min"), make(store, method, "9 min", systematics=EFFECTS))
    assert_same_rows(LightCurve.read(tmp_path / "a" / "light_curve.ecsv"), made)


@pytest.mark.parametrize(
    ("effects", "time_bins"),
    [([SCALE, ENERGY], by_night()), (EFFECTS, by_run()), (EFFECTS, by_width("40 min", align="absolute"))],
    ids=["scales", "all", "all on a grid"],
)
def test_runs_that_are_added_make_what_one_call_gives(store, method, effects, time_bins, tmp_path):
    def result_of(ids, folder):
        observations = store.get_observations(ids)
        made = make(store, method, time_bins, ids, systematics=effects)
        write_result(folder, made, inputs=input_files(observations))

    ids = [run.obs_id for run in store.get_observations()]
    result_of(ids, tmp_path / "once")
    result_of([ids[0], ids[2]], tmp_path / "bit by bit")
    append_runs(tmp_path / "bit by bit", store.get_observations([ids[1]]))
    assert_same_folder(tmp_path / "once", tmp_path / "bit by bit")


def test_spectra_in_time_have_them(store):
    points = make(store, systematics=EFFECTS).sed([0.7, 1.5, 10] * u.TeV)
    once = make(store, energy_edges=[0.7, 1.5, 10] * u.TeV, systematics=EFFECTS)
    np.testing.assert_array_equal(points.table["e2dnde_ul_tot"], once.table["e2dnde_ul_tot"])


def test_what_does_not_go_with_them_is_refused(store):
    with pytest.raises(
        InputError, match="free is index, which does not go with systematics yet; wanted is a spectrum"
    ):
        make(store, systematics=SCALE, free=("index",))
    with pytest.raises(
        InputError, match="interval is 'feldman-cousins', which does not go with systematics yet"
    ):
        make(store, systematics=SCALE, interval="feldman-cousins")
