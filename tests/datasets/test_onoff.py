"""ON/OFF datasets: predictions in closed form, statistics against a background found numerically, stacking."""

import astropy.units as u
import numpy as np
import pytest
from astropy.time import Time
from figure_checks import assert_readable
from scipy.optimize import minimize_scalar

from tevcurve.data import GTI, TimeReference
from tevcurve.datasets.counts import CountsSpectrum
from tevcurve.datasets.onoff import SpectrumDatasetOnOff
from tevcurve.datasets.onoff_terms import OnOffTerms
from tevcurve.errors import InputError, MissingError
from tevcurve.irf import EDispKernel
from tevcurve.models import PowerLaw, SkyModel
from tevcurve.run_id import RunId

E_TRUE, E_RECO = [0.5, 1, 2, 4] * u.TeV, [1, 2, 3, 4] * u.TeV
MATRIX = np.array([[0.5, 0.1, 0.0], [0.2, 0.6, 0.1], [0.0, 0.3, 0.6]])
EXPOSURE = [1e12, 2e12, 4e12] * u.Unit("cm2 s")
MODEL = PowerLaw(index=2, amplitude="1e-11 cm-2 s-1 TeV-1", reference="1 TeV")
# The integral of E^-2 between two energies is the difference of their inverses.
SIGNAL = np.array([1e12, 2e12, 4e12]) * 1e-11 * np.array([1, 0.5, 0.25]) @ MATRIX


def dataset(counts=(12, 3, 0), counts_off=(20, 0, 4), acceptance_off=(10, 10, 5), **more):
    arguments = {
        "acceptance": 1.0,
        "exposure": EXPOSURE,
        "edisp": EDispKernel(MATRIX, E_TRUE, E_RECO),
        "model": MODEL,
    }
    return SpectrumDatasetOnOff(counts, counts_off, acceptance_off=acceptance_off, **{**arguments, **more})


def test_predicted_signal_is_flux_times_exposure_times_dispersion():
    np.testing.assert_allclose(dataset().npred_signal(), SIGNAL, rtol=1e-12)
    sky = SkyModel(spectral_model=MODEL.copy(), name="crab")
    np.testing.assert_allclose(dataset(model=sky).npred_signal(), SIGNAL, rtol=1e-12)


def numerical_stat(n_on, n_off, alpha, signal):
    """The least deviance over the background, and that background."""

    def deviance(background):
        total = 0.0
        for counts, expected in ((n_on, signal + alpha * background), (n_off, background)):
            total += expected - counts + (counts * np.log(counts / expected) if counts else 0)
        return 2 * total

    found = minimize_scalar(deviance, bounds=(1e-12, 100), method="bounded", options={"xatol": 1e-10})
    return found.fun, found.x


def test_the_statistic_is_the_least_over_the_background_in_the_bins_of_the_fit():
    data = dataset(mask_safe=np.array([True, True, False]))
    cells = [
        numerical_stat(*cell) for cell in zip((12, 3, 0), (20, 0, 4), (0.1, 0.1, 0.2), SIGNAL, strict=True)
    ]
    stats, backgrounds = np.array(cells).T
    np.testing.assert_allclose(data.stat_array(), stats, rtol=1e-7)
    assert data.stat_sum() == pytest.approx(stats[0] + stats[1], rel=1e-7)
    np.testing.assert_allclose(data.npred_background(), data.alpha * backgrounds, rtol=1e-4, atol=1e-10)
    np.testing.assert_allclose(data.npred(), SIGNAL + data.alpha * backgrounds, rtol=1e-4)


def test_excess_and_significance():
    data = dataset()
    np.testing.assert_allclose(data.excess, [10, 3, -0.8])
    # Li & Ma (1983), equation 17; without ON counts only its second term is left.
    expected = np.sqrt(2 * (12 * np.log(11 * 12 / 32) + 20 * np.log(1.1 * 20 / 32)))
    assert data.significance[0] == pytest.approx(expected)
    assert data.significance[2] == pytest.approx(-np.sqrt(2 * 4 * np.log(1.2)))
    totals = data.totals()
    assert (totals.n_on, totals.n_off, totals.excess) == (15, 24, pytest.approx(12.2))
    assert totals.alpha == pytest.approx(2.8 / 24)
    assert totals.significance > data.significance[0]


def test_totals_count_only_what_is_fitted_and_know_alpha_without_off_counts():
    data = dataset(counts_off=(20, 0, 0))
    data.mask_fit = np.array([False, True, True])
    totals = data.totals()
    assert (totals.n_on, totals.n_off, totals.excess) == (3, 0, 3)
    assert totals.alpha == pytest.approx(2 / 15)
    data.mask_fit = np.zeros(3, dtype=bool)
    assert np.isnan(data.totals().significance)


def test_the_range_of_a_fit_takes_whole_bins():
    data = dataset(mask_safe=np.array([True, True, False]))
    data.set_fit_energy_range("1.5 TeV", 4000 * u.GeV)
    np.testing.assert_array_equal(data.mask_fit, [False, True, True])
    np.testing.assert_array_equal(data.mask, [False, True, False])
    data.set_fit_energy_range()
    assert data.mask_fit.all()


def test_counts_have_data_and_a_meta_that_may_be_replaced():
    data = dataset()
    with pytest.raises(InputError, match="has no times"):
        _ = data.time_range
    start, stop = Time([53343.9, 53344.0], format="mjd", scale="tt")
    data.counts.meta = {}
    data.counts.meta["t_start"] = start
    data.counts.meta["t_stop"] = stop
    assert data.time_range == (start, stop)
    assert data.counts.total == 15
    copy = data.counts.copy()
    copy.data[0] = 0
    copy.meta.clear()
    assert (data.counts.total, len(data.counts.meta)) == (15, 2)


def test_sources_go_by_their_name():
    sky = SkyModel(spectral_model=MODEL.copy(name="inner"), name="crab")
    data = dataset(model=sky)
    assert data.named("crab") is data.named("inner") is sky
    with pytest.raises(MissingError, match="'vela'"):
        data.named("vela")
    assert data.parameters.names == MODEL.parameters.names


@pytest.mark.parametrize("name", ["mask_safe", "mask_fit"])
def test_what_is_set_later_is_checked_as_what_is_given(name):
    data, mask = dataset(**{name: [True, False, True]}), np.array([False, True, True])
    assert getattr(data, name).tolist() == [True, False, True]
    setattr(data, name, mask)
    mask[:] = False
    assert getattr(data, name).tolist() == [False, True, True]
    setattr(data, name, None)
    assert data.mask.all()
    for wrong in ([True, False], [1, 0, 1]):
        with pytest.raises(InputError, match=f"{name} is .* booleans, 3, are wanted"):
            setattr(data, name, wrong)
    with pytest.raises(InputError, match="model is a str; a SpectralModel or a SkyModel is wanted"):
        data.model = "crab"
    assert data.model is MODEL


def test_a_spectral_model_alone_is_a_source_without_a_position():
    source = dataset(model=MODEL.copy(name="crab")).named("crab")
    assert source.spectral_model.name == "crab"
    assert source.spatial_model is None


def test_without_a_model_nothing_is_predicted():
    data = dataset(model=None, name="run 7")
    for ask in (data.npred, data.stat_sum, lambda: data.parameters):
        with pytest.raises(InputError, match="'run 7' has no model"):
            ask()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"counts": (1, 2)}, "counts have the shape"),
        ({"counts": CountsSpectrum([1, 2, 3, 5] * u.TeV)}, "other energy bins"),
        ({"acceptance_off": (1, 1, 0)}, "above 0"),
        ({"exposure": [1, 2] * u.Unit("m2 s")}, "exposure has the shape"),
        ({"mask_safe": np.ones(3)}, "booleans"),
        ({"model": "crab"}, "SpectralModel"),
    ],
)
def test_what_does_not_fit_is_refused(change, words):
    with pytest.raises(InputError, match=words):
        dataset(**change)


def test_a_stack_predicts_the_sum_of_its_datasets():
    first = dataset(livetime="100 s", mask_safe=np.array([False, True, True]))
    second = dataset(
        (5, 6, 7), (1, 2, 3), 8, exposure=2 * EXPOSURE, edisp=EDispKernel(MATRIX[::-1], E_TRUE, E_RECO)
    )
    stacked = SpectrumDatasetOnOff.stack([first, second])
    expected = np.where(first.mask, first.npred_signal(), 0) + second.npred_signal()
    np.testing.assert_allclose(stacked.npred_signal(), expected, rtol=1e-12)
    np.testing.assert_array_equal(stacked.counts.data, [5, 9, 7])
    np.testing.assert_array_equal(stacked.counts_off.data, [1, 2, 7])
    np.testing.assert_allclose(
        stacked.alpha * stacked.counts_off.data, [1 / 8, 2 / 8, 4 / 5 + 3 / 8], rtol=1e-12
    )
    np.testing.assert_allclose(stacked.exposure.value, 3 * EXPOSURE.value)
    assert np.isnan(stacked.livetime)
    assert stacked.mask.all()


def test_a_stack_without_off_counts_weights_the_acceptances_with_the_live_time():
    first = dataset(counts_off=(0, 0, 0), acceptance_off=10, livetime="100 s")
    second = dataset(counts_off=(0, 0, 0), acceptance_off=4, livetime="300 s")
    stacked = SpectrumDatasetOnOff.stack([first, second])
    np.testing.assert_allclose(stacked.alpha, 400 / (100 * 10 + 300 * 4))
    assert u.isclose(stacked.livetime, 400 * u.s)


def test_a_stack_of_one_is_that_dataset():
    one = dataset(livetime="100 s", gti=GTI([0], [110], TimeReference(51544, 0.0)))
    stacked = SpectrumDatasetOnOff.stack([one])
    assert stacked.stat_sum() == pytest.approx(one.stat_sum(), rel=1e-12)
    assert stacked.gti == one.gti


def test_only_datasets_with_the_same_bins_are_stacked():
    other = dataset(edisp=EDispKernel(MATRIX, [0.5, 1, 2, 5] * u.TeV, E_RECO))
    with pytest.raises(InputError, match="e_true"):
        SpectrumDatasetOnOff.stack([dataset(), other])
    with pytest.raises(InputError, match="no dataset"):
        SpectrumDatasetOnOff.stack([])


def run(start, stop, obs_id=1):
    """A run with one ON event per 10 s and one OFF event per 5 s, in bins 0, 1, 2, 0 ..."""
    on, off = np.arange(start, stop, 10.0), np.arange(start, stop, 5.0)
    return OnOffTerms(
        run_id=RunId.of(obs_id),
        reference=TimeReference(51544, 0.0),
        intervals=np.array([[start, stop]], dtype=float),
        deadc=0.9,
        on_times_s=on,
        on_energy_tev=np.full(len(on), 1.5),
        on_bin=np.arange(len(on)) % 3,
        off_times_s=off,
        off_energy_tev=np.full(len(off), 1.5),
        off_bin=np.arange(len(off)) % 3,
        acceptance_off=np.full(3, 8.0),
        exposure_per_s=np.array([1e9, 2e9, 3e9]),
        edisp=MATRIX,
        true_edges_tev=E_TRUE.value,
        reco_edges_tev=E_RECO.value,
        mask_safe=np.array([False, True, True]),
    )


def test_a_dataset_of_a_run_can_be_cut_in_time():
    whole = SpectrumDatasetOnOff.from_reduced(run(0, 600), MODEL)
    assert (whole.counts.total, whole.counts_off.total) == (60, 120)
    whole.mask_fit = np.array([True, False, True])
    part = whole.between((100, 200))
    assert (part.counts.total, part.counts_off.total) == (10, 20)
    assert u.isclose(part.livetime, 90 * u.s)
    np.testing.assert_allclose(part.npred_signal(), whole.npred_signal() / 6, rtol=1e-12)
    np.testing.assert_array_equal(part.mask, [False, False, True])
    assert part.model is MODEL
    start, stop = part.time_range
    assert [start.mjd, stop.mjd] == pytest.approx([51544 + 100 / 86400, 51544 + 200 / 86400], abs=1e-9)


def test_a_stack_of_runs_can_be_cut_across_them():
    datasets = [SpectrumDatasetOnOff.from_reduced(run(start, start + 600), MODEL) for start in (0, 1000)]
    part = SpectrumDatasetOnOff.stack(datasets).between((500, 1100))
    np.testing.assert_allclose(
        part.npred_signal(), np.where(part.mask, datasets[0].npred_signal(), 0) / 3, rtol=1e-12
    )
    assert u.isclose(part.livetime, 200 * 0.9 * u.s)
    np.testing.assert_array_equal(part.mask, [False, True, True])
    # 10 ON events in each run: those of the bins 1 and 2 are in the fit.
    events = [range(50, 60), range(10)]
    expected = [
        sum(i % 3 == energy_bin for run_events in events for i in run_events) for energy_bin in (1, 2)
    ]
    np.testing.assert_array_equal(part.counts.data, [0, *expected])


def test_counts_made_by_hand_cannot_be_cut_in_time():
    with pytest.raises(InputError, match="cut in time"):
        dataset().between((0, 1))


def test_words_for_a_person():
    data = dataset(mask_fit=[True, False, False], livetime=100 * u.s, name="<night>")
    text = str(data)
    assert text.startswith("SpectrumDatasetOnOff '<night>'\n")
    assert "3 bins, 1 to 4 TeV, 1 of them in the fit" in text
    assert "12 ON, 20 OFF, alpha 0.1" in text
    assert "Excess:     10.0" in text
    assert "Live time:  100.0 s" in text
    assert "'&lt;night&gt;" not in text
    assert "&lt;night&gt;" in data._repr_html_()
    bare = dataset(model=None, mask_fit=[False] * 3)
    assert str(bare).startswith("SpectrumDatasetOnOff\n")
    assert "Model:      none" in str(bare)
    assert "alpha" not in str(bare)


def test_the_plot_shows_excess_prediction_and_residuals():
    import matplotlib.pyplot as plt

    data = dataset(mask_safe=np.array([True, True, False]))
    top, bottom = data.plot()
    labels = top.get_legend_handles_labels()[1]
    assert set(labels) == {"Predicted signal", "Background from OFF", "Excess", "Excess, not fitted"}
    (fitted, masked) = (container[0].get_ydata() for container in bottom.containers)
    signs = np.sign(data.excess - SIGNAL)
    np.testing.assert_allclose(np.append(fitted, masked), signs * np.sqrt(data.stat_array()), rtol=1e-12)
    assert top.get_ylabel() == "Counts per bin"
    assert (bottom.get_xlabel(), bottom.get_ylabel()) == ("Energy [TeV]", "Residual [σ]")
    assert_readable(top.figure)
    # Not figure.clear(): before matplotlib 3.11 that warns about shared logarithmic axes.
    plt.close(top.figure)
    assert data.counts.plot().patches
    plt.close("all")


def test_the_plot_is_drawn_into_the_callers_axes():
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(12, 5), layout="constrained")
    top, bottom = dataset().plot(ax=left)
    assert top is left
    assert bottom.get_shared_x_axes().joined(top, bottom)
    dataset(model=None).plot(ax=right)
    assert_readable(figure)
    assert len(figure.axes) == 4
    given = list(plt.subplots(2)[1])
    assert dataset().plot(ax=given) == given
    plt.close("all")
