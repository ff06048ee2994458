"""What of the runs enters each row: energies, seconds and runs of runs with unlike thresholds, counted by hand."""

import astropy.units as u
import numpy as np
import pytest
from dl3_files import ENERGY_EDGES, write_store
from small_store import (
    SOURCE,
    START,
    TARGET,
    cube_datasets,
    run_file,
    runs_with_thresholds,
    spectrum_datasets,
)

from tevcurve import DataStore, LightCurve, LightCurveEstimator, PowerLaw
from tevcurve.lightcurve.bins import by_night
from tevcurve.lightcurve.concatenation import concatenate
from tevcurve.lightcurve.fitted_energies import extrapolating, extrapolation_words
from tevcurve.pipeline import light_curve

# Ten bins a decade from 1 TeV on: the first edges above thresholds of 1.07 and 1.9 TeV, and the last below 7 TeV.
ABOVE_1, ABOVE_2, BELOW_7 = 10**0.1, 10**0.3, 10**0.8
SECONDS = 1680 * 0.9


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Runs with thresholds of 0.3, 1.07 and 1.9 TeV, the last one up to 7 TeV only; the fourth looks elsewhere."""
    runs = [
        *runs_with_thresholds(),
        run_file(4, 4, START + 5400, (83.63, 25.21)),
    ]
    return DataStore.from_dir(write_store(tmp_path_factory.mktemp("thresholds"), runs))


@pytest.fixture(params=["3d", "1d", "unbinned", "stacked"])
def how(request):
    return {
        "3d": {"method": "3d", "width": "1 deg"},
        "1d": {"method": "1d"},
        "unbinned": {"method": "3d", "unbinned": True, "width": "1 deg"},
        "stacked": {"method": "1d", "stacked": True},
    }[request.param]


def make(store, runs=(1, 2, 3), energy_edges=(1, 10), **options):
    options = {"spectrum": PowerLaw(index=2.7), "norm_values": None} | options
    return light_curve(
        store.get_observations(list(runs)), TARGET, energy_edges=energy_edges * u.TeV, **options
    )


def test_a_row_says_between_which_energies_it_was_fitted(store, how):
    table = make(store, **how).table
    np.testing.assert_allclose(table["e_min_fit"].quantity.to_value("TeV"), [1, ABOVE_1, ABOVE_2])
    np.testing.assert_allclose(table["e_max_fit"], [10, 10, BELOW_7])
    assert table["reason"][0] == ""
    assert "fitted above 1.26 TeV only, extrapolated to 1 TeV with the assumed spectrum" in table["reason"][1]
    assert "fitted between 2 and 6.31 TeV only, extrapolated to 1 and 10 TeV" in table["reason"][2]
    assert extrapolating(table).tolist() == [False, True, True]
    assert table["status"].tolist() == ["ok"] * 3


def test_the_flux_rests_on_the_energies_that_are_named(store):
    """The row of the run with a high threshold is that of the narrower band, times the spectrum's ratio."""
    whole = make(store, [2], method="1d").table
    narrow = make(store, [2], [ABOVE_1, 10], method="1d", e_reco=10 ** np.linspace(0.1, 1, 10) * u.TeV).table
    spectrum = PowerLaw(index=2.7)
    ratio = spectrum.integral(1 * u.TeV, 10 * u.TeV) / spectrum.integral(ABOVE_1 * u.TeV, 10 * u.TeV)
    assert narrow["reason"][0] == ""
    assert whole["n_on"][0] == narrow["n_on"][0]
    # the true axes end at different energies
    assert whole["flux"][0] == pytest.approx(narrow["flux"][0] * ratio.value, rel=1e-2)


def test_a_night_of_unlike_runs_counts_each_where_it_is_fitted(store, how):
    table = make(store, [1, 2, 3, 4], [1, 10**0.1, 2, 10], time_bins=by_night(), **how).table
    np.testing.assert_allclose(table["livetime"], [SECONDS, 2 * SECONDS, 3 * SECONDS], rtol=1e-12)
    np.testing.assert_allclose(table["ontime"], [1680, 2 * 1680, 3 * 1680], rtol=1e-12)
    assert table["n_runs"].tolist() == [1, 2, 3]
    middle = START + 840 + np.array([0, 900, 1800])
    days = np.asarray(table["time_mean"]) - table["time_mean"][0]
    np.testing.assert_allclose(days * 86400, middle - middle[0], atol=1e-4)
    np.testing.assert_allclose(table["e_min_fit"], table["e_min"])
    assert "3 of 4 runs see nothing of the band and do not count" in table["reason"][0]
    assert "only 2 to 6.31 TeV is fitted in all of its 3 runs" in table["reason"][2]


def test_runs_without_an_energy_in_common(tmp_path):
    runs = [
        run_file(1, 1, START, (83.63, 22.51), thresholds=(0.3, 2.5)),
        run_file(2, 2, START + 1800, (83.63, 21.51), thresholds=(3.0, 50.0)),
    ]
    store = DataStore.from_dir(write_store(tmp_path, runs))
    table = make(store, [1, 2], time_bins=by_night(), method="1d").table
    assert (table["e_min_fit"][0], table["e_max_fit"][0]) == (1, 10)
    assert table["reason"][0] == "no energy is fitted in all of its 2 runs"


def test_a_band_outside_the_safe_energies_says_so(store, how):
    table = make(store, [2, 3], [1, 1.1, 10], **how).table
    assert table["status"].tolist() == ["no_exposure", "ok"] * 2
    assert table["reason"][0] == "no energy bin of the band lies inside the safe energies (1.07 to 50 TeV)"
    assert (table["livetime"][0], table["ontime"][0], table["n_runs"][0]) == (0, 0, 0)
    assert np.isnan(
        [table[name][0] for name in ("e_min_fit", "e_max_fit", "time_mean", "flux", "flux_ul")]
    ).all()


def test_each_reason_for_which_nothing_is_seen(tmp_path):
    nothing_below = np.where(ENERGY_EDGES[1:] < 3, 0.0, 1e5)
    runs = [
        run_file(1, 1, START, (83.63, 22.51), thresholds=(3.0, 50.0)),
        run_file(2, 2, START + 1800, (83.63, 21.51), aeff_m2=0 * nothing_below, thresholds=(0.3, 50.0)),
        run_file(3, 3, START + 3600, (83.63, 25.21)),
    ]
    store = DataStore.from_dir(write_store(tmp_path, runs))
    table = make(store, [1, 2, 3], [1, 2], method="1d").table
    assert table["status"].tolist() == ["no_exposure", "no_exposure", "outside_fov"]
    assert "safe energies (3 to 50 TeV)" in table["reason"][0]
    assert table["reason"][1] == "the effective area at the source is zero in the energies of the band"
    (row,) = make(store, [1, 2, 3], [1, 2], method="1d", time_bins=by_night()).table
    assert row["status"] == "no_exposure"
    assert row["reason"] == (
        "none of the 3 runs sees the source in the band: the source is outside the field of view in 1, the band is "
        "outside the safe energies in 1, the effective area at the source is zero in 1"
    )


def test_files_and_further_rows_keep_the_energies(store, tmp_path):
    lc = make(store, method="1d")
    for format_, name in (("tevcurve", "a.ecsv"), ("tevcurve", "a.fits"), ("gadf", "b.fits")):
        again = LightCurve.read(lc.write(tmp_path / name, format=format_, overwrite=True))
        for column in ("e_min_fit", "e_max_fit", "livetime"):
            np.testing.assert_array_equal(again.table[column], lc.table[column])
            assert again.table[column].unit == lc.table[column].unit
    joined = concatenate([lc[2:], lc[:2]])
    np.testing.assert_array_equal(joined.table["e_min_fit"], lc.table["e_min_fit"])
    finer = lc.rebin("10 min")
    assert np.unique(np.round(finer.table["e_min_fit"], 3)).tolist() == [1, 1.259, 1.995]


def test_the_printed_light_curve_says_how_many_rows_extrapolate(store):
    lc = make(store, method="1d")
    words = "2 of 3 rows: the fit covers a part of the energy band only (e_min_fit, e_max_fit)"
    assert words in extrapolation_words(lc.table)
    assert words in str(lc)
    assert words in lc._repr_html_()
    assert extrapolation_words(lc[:1].table) == ""
    assert "part of the energy band" not in str(lc[:1])


def test_a_free_shape_extrapolates_with_what_was_fitted(store):
    lc = make(store, [2], method="1d", free=("index",), free_ts=1)
    assert "extrapolated to 1 TeV with the fitted spectrum" in lc.table["reason"][0]


@pytest.mark.parametrize("is_read", [False, True])
def test_variability_says_that_rows_extrapolate_differently(store, tmp_path, is_read):
    lc = make(store, method="1d", norm_values=np.geomspace(0.1, 10, 11))
    alike = make(store, method="1d", safe_energy="common")
    if is_read:
        lc, alike = (
            LightCurve.read(each.write(tmp_path / f"{k}.ecsv")) for k, each in enumerate((lc, alike))
        )
    found = lc.variability(n_toys=10)
    words = "rows are fitted in 3 different ranges of energy (from 1 to 2 TeV up to 6.31 to 10 TeV)"
    assert words in str(found)
    assert {result.n_energy_ranges for result in found.results} == {3}
    assert all(words in result.note for result in found.results)
    assert {result.n_energy_ranges for result in alike.variability(n_toys=10).results} == {1}
    assert "different ranges" not in str(alike.variability(n_toys=10))


def test_figures_mark_the_rows_that_extrapolate(store):
    """Hollow marks at the rows of runs 2 and 3, in all three figures, and words for them."""
    import matplotlib.pyplot as plt
    from matplotlib.colors import to_rgba

    from tevcurve.figures.style import COLOURS
    from tevcurve.lightcurve.plots.points import HOLLOW
    from tevcurve.report.conclusion import conclude
    from tevcurve.report.light_curve_figure import light_curve_figure
    from tevcurve.report.rows import ReportRows

    lc = make(store, method="1d")
    _, (ax, other) = plt.subplots(1, 2)
    lc.plot(ax=ax)
    (marks,) = [line for line in ax.lines if line.get_label() == HOLLOW]
    np.testing.assert_array_equal(marks.get_ydata(), lc.table["flux"][1:])
    assert to_rgba(marks.get_markerfacecolor()) == to_rgba(ax.get_facecolor())
    assert HOLLOW in [text.get_text() for text in ax.get_legend().get_texts()]
    # the next series has the next colour
    lc.plot(ax=ax, label="again")
    assert ax.containers[-1].lines[0].get_color() == COLOURS[1]
    lc[:1].plot(ax=other)
    assert HOLLOW not in [line.get_label() for line in other.lines]
    plt.close("all")

    rows = ReportRows.of(lc)
    (points,) = light_curve_figure(lc, rows, {})["data"]
    assert points["marker"]["symbol"] == ["circle", "circle-open", "circle-open"]
    said = conclude(lc, rows, [], []).limitations
    assert any("2 of 3 rows: the fit covers a part of the energy band only" in words for words in said)
    assert lc._repr_html_().count('fill="#fff" stroke') == 2


def test_the_page_counts_the_seconds_of_the_fullest_band(store):
    from tevcurve.report.conclusion import conclude
    from tevcurve.report.rows import ReportRows

    lc = make(store, [1, 2], [1, 1.1, 10], method="1d")
    facts = dict(conclude(lc, ReportRows.of(lc), [], []).facts)
    assert facts["Live time"].startswith(f"{2 * SECONDS / 60:.1f} min")


@pytest.mark.parametrize("options", [{}, {"time_bins": "run"}], ids=["spans", "bins"])
@pytest.mark.parametrize("kind", ["1d", "3d"])
def test_an_estimator_takes_the_energies_from_the_masks(store, kind, options):
    """Of three datasets the second lacks its two lowest energy bins, and the third all but what is above the band."""
    datasets_of = spectrum_datasets if kind == "1d" else cube_datasets
    datasets = datasets_of(store.get_observations([1, 2, 3]))
    n_bins = 12
    edges = 0.7 * (10 / 0.7) ** (np.arange(n_bins + 1) / n_bins)
    masks = np.arange(n_bins) >= np.array([[0], [2], [n_bins]])
    for dataset, mask in zip(datasets, masks, strict=True):
        if kind == "1d":
            dataset.mask_fit = mask
        else:
            dataset.mask = np.broadcast_to(mask[:, None, None], dataset.counts.data.shape)
    table = LightCurveEstimator(datasets, source=SOURCE, **options).run("1 TeV", "0.7 TeV", "10 TeV").table
    np.testing.assert_allclose(table["e_min_fit"], [edges[0], edges[2], np.nan], rtol=1e-9)
    np.testing.assert_allclose(table["e_max_fit"], [10, 10, np.nan], rtol=1e-9)
    np.testing.assert_allclose(table["livetime"], [SECONDS, SECONDS, 0], rtol=1e-9)
    assert table["n_runs"].tolist() == [1, 1, 0]
    assert "extrapolated to 0.7 TeV with the assumed spectrum" in table["reason"][1]
    assert table["status"][2] == "no_exposure"
    assert "e_min_fit" in extrapolation_words(table)


def test_the_hardness_says_which_band_is_fitted_in_a_part(store):
    table = make(store, energy_edges=[1, 3, 10], method="1d").hardness()
    words = "fitted in a part only, and the reference spectrum says the rest"
    assert words not in table["reason"][0]
    assert f"the lower band was {words}" in table["reason"][1]
    assert f"both bands were {words}" in table["reason"][2]
