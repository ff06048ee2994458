"""Light curves of several instruments: the rows of each are those that it has alone."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from dl3_files import write_store
from found_files import write
from small_store import SOURCE, START, TARGET, run_file, spectrum_datasets
from two_instruments import BINNINGS, CLOCKS, LATER, NAMES, OPTIONS, make_stores, runs_of

from tevcurve import DataStore, LightCurve, LightCurveEstimator, append_runs, light_curve
from tevcurve.data.write_index import write_index
from tevcurve.errors import InputError
from tevcurve.lightcurve.bins import by_night
from tevcurve.report.page import report_html
from tevcurve.store import Result, RunCache, write_result


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    return make_stores(tmp_path_factory.mktemp("data"))


def made(stores, names=NAMES, **options):
    observations = [one for name in names for one in stores[name].get_observations()]
    return light_curve(observations, TARGET, **(OPTIONS | options))


def assert_rows(both, alone):
    """That the rows of each instrument are those that it has alone, to the last bit; then all are there."""
    assert len(both) == sum(map(len, alone.values()))
    for name, own in alone.items():
        mine = np.asarray(both.table["instrument"]) == name
        assert both.table.colnames == own.table.colnames
        for column in own.table.colnames:
            np.testing.assert_array_equal(
                np.asarray(both.table[column])[mine],
                np.asarray(own.table[column]),
                err_msg=f"{name} {column}",
            )


@pytest.mark.parametrize("kind", BINNINGS)
def test_rows_are_those_of_each_store_alone(stores, kind):
    options = {"method": "1d", "time_bins": BINNINGS[kind]}
    both = made(stores, **options)
    assert_rows(both, {name: made(stores, (name,), **options) for name in NAMES})
    start = np.asarray(both.table["phase_min" if kind == "phase" else "time_min"])
    assert np.all(np.diff(start) >= 0)
    assert both.meta["overlapping"] == (kind in ("sliding", "intervals"))


@pytest.mark.parametrize("options", [{}, {"unbinned": True}, {"stacked": True}])
def test_rows_of_cubes_are_those_of_each_store_alone(stores, options):
    options = {"time_bins": by_night(), "binsz": "0.1 deg", "width": "3 deg"} | options
    assert_rows(made(stores, **options), {name: made(stores, (name,), **options) for name in NAMES})


def test_nights_of_the_background_are_those_of_each_instrument(stores):
    options = {"method": "1d", "background": "shape", "shape_from": "night"}
    assert_rows(made(stores, **options), {name: made(stores, (name,), **options) for name in NAMES})


def test_rebinned_rows_are_those_of_each_store_alone(stores):
    both = made(stores, method="1d")
    alone = {name: made(stores, (name,), method="1d") for name in NAMES}
    for bins in ("night", "5 min", "counts 60"):
        assert_rows(both.rebin(bins), {name: one.rebin(bins) for name, one in alone.items()})
    edges = [0.8, 3] * u.TeV
    assert_rows(
        both.rebin(energy_edges=edges), {n: one.rebin(energy_edges=edges) for n, one in alone.items()}
    )


@pytest.mark.parametrize("binning", ["run", "night", "edges 53298 53299 53300 53301 scale=tt", "counts 60"])
@pytest.mark.parametrize("first", [("HESS",), ("MAGIC",)])
def test_appended_runs_of_another_instrument(stores, tmp_path, binning, first):
    options = {"method": "1d", "time_bins": binning}
    write_result(tmp_path / "result", made(stores, first, **options))
    second = next(name for name in NAMES if name not in first)
    appended = append_runs(tmp_path / "result", stores[second].get_observations())
    assert [one.instrument for one in appended.appended.added] == [second] * len(appended.appended.added)
    whole = made(stores, **options)
    for light_curve_ in (appended.light_curve, Result.read(tmp_path / "result").light_curve):
        assert light_curve_.table.colnames == whole.table.colnames
        for column in whole.table.colnames:
            np.testing.assert_array_equal(light_curve_.table[column], whole.table[column], err_msg=column)
        assert str(light_curve_.ledger) == str(whole.ledger)
        for name in ("events", "seconds"):
            tables = (getattr(each.ledger, name) for each in (light_curve_, whole))
            assert next(tables).as_array().tolist() == next(tables).as_array().tolist()
    again = append_runs(
        tmp_path / "result", [one for name in NAMES for one in stores[name].get_observations()]
    )
    assert len(again.appended.there) == 7
    assert again.appended.added == ()


def test_no_run_is_lost_for_the_same_obs_id(stores, tmp_path):
    for _ in range(2):
        lc = made(stores, method="1d", cache=tmp_path / "cache")
        assert len(lc) == 14
        assert lc.ledger.failed == ()
        runs = list(
            zip(lc.ledger.events["instrument"].tolist(), lc.ledger.events["obs_id"].tolist(), strict=True)
        )
        assert sorted(runs) == [("HESS", f"{k}") for k in (1, 2, 3)] + [
            ("MAGIC", f"{k}") for k in (1, 2, 3, 4)
        ]
    assert len(RunCache(tmp_path / "cache").entries()) == 7
    names = [entry.describe()["run_id"].full_text() for entry in RunCache(tmp_path / "cache").entries()]
    assert sorted(names) == [*(f"HESS {k}" for k in (1, 2, 3)), *(f"MAGIC {k}" for k in (1, 2, 3, 4))]


@pytest.fixture(scope="module")
def both(stores):
    return made(stores, method="1d", time_bins="10 min", negative=True)


def test_the_part_of_an_instrument_is_its_light_curve(stores, both):
    assert both.instruments == NAMES
    for name in NAMES:
        alone, part = (
            made(stores, (name,), method="1d", time_bins="10 min", negative=True),
            both.of_instrument(name),
        )
        assert_rows(part, {name: alone})
        assert_rows(part.rebin("night"), {name: alone.rebin("night")})
        assert str(part.ledger) == str(alone.ledger)
        assert str(part.variability(0, n_toys=100)) == str(alone.variability(0, n_toys=100))
        assert part.of_instrument(name).instruments == (name,)
    with pytest.raises(InputError, match="no rows of 'FACT'; its instruments are 'HESS', 'MAGIC'"):
        both.of_instrument("FACT")


def test_statistics_of_variability_are_of_one_instrument(both):
    with pytest.raises(InputError, match=r"of HESS and MAGIC, .*of_instrument"):
        both.variability(0)
    for make in (lambda: both.to_binned_time_series(0), lambda: both.to_gadf_table()):
        with pytest.raises(InputError, match="of_instrument"):
            make()


def test_pages_and_files_tell_instruments_apart(both, tmp_path):
    page = report_html(both, n_toys=0)
    for words in ("HESS, 0.7", "MAGIC, 2", ">Instrument<", "<legend>Instruments</legend>"):
        assert words in page
    for suffix in ("ecsv", "fits", "vot"):
        back = LightCurve.read(both.write(tmp_path / f"lc.{suffix}"))
        assert back.table["instrument"].tolist() == both.table["instrument"].tolist()
        assert back.instruments == NAMES
    hardness = both.hardness()
    assert hardness["instrument"].tolist() == both.table["instrument"][::2].tolist()


@pytest.mark.parametrize("options", [{}, {"time_bins": "night"}])
def test_datasets_of_two_instruments_at_one_time_are_rows_apart(tmp_path, options):
    starts = {"HESS": START, "MAGIC": START - LATER}
    runs = {
        name: [run_file(1, len(name), start, (83.63, 22.51), telescope=name, mjdref=CLOCKS[name])]
        for name, start in starts.items()
    }
    stores = {
        name: DataStore.from_dir(write_store(tmp_path / name, own)).get_observations()
        for name, own in runs.items()
    }
    datasets = {name: spectrum_datasets(own)[0] for name, own in stores.items()}

    def curve(names):
        energies = (1 * u.TeV, 0.7 * u.TeV, 10 * u.TeV)
        return LightCurveEstimator([datasets[name] for name in names], source=SOURCE, **options).run(
            *energies
        )

    both = curve(NAMES)
    assert both.table["instrument"].tolist() == list(NAMES)
    np.testing.assert_allclose(np.diff(both.table["time_min"]), 0, atol=1e-9)
    assert_rows(both, {name: curve((name,)) for name in NAMES})
    if not options:
        with pytest.raises(InputError, match="of several instruments; give the estimator time_bins"):
            both.rebin("night")


def test_runs_are_appended_as_they_were_chosen(tmp_path):
    files = runs_of(NAMES)
    hess, magic, more = (
        write_store(tmp_path / name, runs)
        for name, runs in {
            "hess": files["HESS"],
            "magic": [replace(run, target="M1") for run in files["MAGIC"][:2]],
            "more": [replace(run, target="M1") for run in files["MAGIC"][2:]],
        }.items()
    )
    lc = light_curve([hess, magic], "Crab", method="1d", **OPTIONS)
    assert len(lc.origin.runs) == 5
    result = append_runs(write_result(tmp_path / "both", lc), more)
    assert [one.obs_id for one in result.appended.added] == ["3", "4"]
    assert_rows(result.light_curve, {name: result.light_curve.of_instrument(name) for name in NAMES})


def test_one_number_of_two_instruments_in_one_index_gives_the_rows_of_both(tmp_path):
    paths = [
        write(tmp_path / f"{name}.fits", run_file(4, n + 1, START + 1800 * n, (83.63, 22.51), telescope=name))
        for n, name in enumerate(("HESS", "MAGIC"))
    ]
    options = {
        "method": "1d",
        "energy_edges": [0.7, 10] * u.TeV,
        "on_radius": "0.15 deg",
        "norm_values": None,
    }
    alone = [light_curve(path, "Crab", **options).table["flux"].item() for path in paths]
    write_index(tmp_path)
    table = light_curve(tmp_path, "Crab", **options).table
    assert table["instrument"].tolist() == ["HESS", "MAGIC"]
    assert table["flux"].ravel().tolist() == alone
