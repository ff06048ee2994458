"""Fits held against closed forms, likelihoods written out by hand, and the truth of many simulations."""

import astropy.units as u
import numpy as np
import pytest
from iminuit import Minuit
from scipy.optimize import brentq

from tevcurve.datasets import MapDataset, SpectrumDatasetOnOff
from tevcurve.errors import InputError, MissingError
from tevcurve.fit import Fit
from tevcurve.irf import EDispKernel, EnergyDependentTablePSF
from tevcurve.maps import MapAxis, WcsGeom, WcsNDMap
from tevcurve.models import BackgroundModel, PowerLaw, SkyGaussian, SkyModel, SkyPointSource

RECO = MapAxis.from_edges([0.5, 1, 2, 5, 10], unit="TeV", name="energy", interp="log")
TRUE = MapAxis.from_edges([0.3, 0.6, 1, 2, 4, 8, 15], unit="TeV", name="energy", interp="log")
SKY = {"skydir": (83.63, 22.01), "binsz": 0.1, "npix": (13, 12)}
LEVEL = np.array([1.0, 0.5, 0.2, 0.05])[:, None, None]


def matrix():
    spread = np.log(RECO.edges.value)[None, :] - np.log(TRUE.center.value)[:, None]
    return np.diff(0.5 * (1 + np.tanh(spread / 0.15)), axis=1)


def source(
    index=2.5,
    amplitude=4e-11,
    lon=83.63,
    lat=22.01,
    sigma=None,
    frozen=("lon_0", "lat_0", "sigma"),
    name="crab",
):
    place = f"{lon} deg", f"{lat} deg"
    spatial = SkyPointSource(*place) if sigma is None else SkyGaussian(*place, f"{sigma} deg")
    model = SkyModel(spatial, PowerLaw(index, amplitude * u.Unit("cm-2 s-1 TeV-1"), 1 * u.TeV), name=name)
    for parameter in model.parameters:
        parameter.frozen = parameter.frozen or parameter.name in frozen
    return model


def cube(model, exposure=2e12, name="", psf=None, norm=1.0):
    """A `MapDataset` whose counts are what its models predict."""
    geom, true_geom = WcsGeom.create(axes=[RECO], **SKY), WcsGeom.create(axes=[TRUE], **SKY)
    background = WcsNDMap(geom, LEVEL * np.linspace(0.8, 1.2, 13) * np.ones(geom.data_shape))
    dataset = MapDataset(
        counts=WcsNDMap(geom),
        exposure=WcsNDMap(true_geom, np.full(true_geom.data_shape, exposure), unit="cm2 s"),
        background_model=BackgroundModel(background, norm=norm),
        psf=psf,
        edisp=EDispKernel(matrix(), TRUE.edges, RECO.edges),
        model=model,
        name=name,
    )
    dataset.counts.data[:] = dataset.npred().data
    return dataset


def on_off(model, exposure=2e13, name="", alpha=0.1, background=20.0):
    """A `SpectrumDatasetOnOff` whose counts are what its model predicts over a background in ON."""
    level = background * LEVEL.ravel()
    dataset = SpectrumDatasetOnOff(
        counts=np.zeros(4),
        counts_off=level / alpha,
        acceptance=1,
        acceptance_off=1 / alpha,
        exposure=np.full(6, exposure) * u.Unit("cm2 s"),
        edisp=EDispKernel(matrix(), TRUE.edges, RECO.edges),
        model=model,
        name=name,
    )
    dataset.counts.data[:] = dataset.npred_signal() + level
    return dataset


def gaussian_psf(sigma=0.12):
    rad = np.linspace(0, 6 * sigma, 121)
    density = np.exp(-0.5 * (rad / sigma) ** 2)
    return EnergyDependentTablePSF([0.1, 100], np.deg2rad(rad), np.tile(density, (2, 1)))


def backgrounds(n_counts, n_background=40.0, **parameter):
    """A cube of background only, so that all is known of its norm: n_counts over n_background."""
    dataset = cube(None)
    data = dataset.background_model.map.data
    data *= n_background / data.sum()
    dataset.counts.data[:] = data * n_counts / n_background
    for name, value in parameter.items():
        setattr(dataset.background_model.norm, name, value)
    return dataset


def test_the_norm_of_a_background_is_counts_over_expectation():
    dataset = backgrounds(25.0)
    result = Fit(dataset).run(minos=True)
    fitted = result["background.norm"]
    assert result.success
    assert fitted.value == pytest.approx(25 / 40, abs=0.005 * 5 / 40)
    assert fitted.error == pytest.approx(5 / 40, rel=1e-3)
    assert dataset.background_model.norm.value == fitted.value
    assert dataset.background_model.norm.error == fitted.error

    def rise(norm):
        return 2 * (40 * norm - 25 - 25 * np.log(40 * norm / 25)) - 1

    # The errors are counted from the value that was found.
    assert fitted.value - fitted.errn == pytest.approx(brentq(rise, 0.1, 25 / 40), abs=2e-3 * fitted.error)
    assert fitted.value + fitted.errp == pytest.approx(brentq(rise, 25 / 40, 2), abs=2e-3 * fitted.error)
    assert result.stat == pytest.approx(dataset.stat_sum(), rel=1e-12)


def test_asymmetric_errors_of_any_size():
    dataset = backgrounds(25.0)
    fit = Fit([dataset])
    fit.run()
    before = dataset.background_model.norm.value
    table = fit.asymmetric_errors("norm", sigma=2)
    assert dataset.background_model.norm.value == before

    def rise(norm):
        return 2 * (40 * norm - 25 - 25 * np.log(40 * norm / 25)) - 4

    row = table[0]
    assert row["name"] == "background.norm"
    assert row["value"] - row["errn"] == pytest.approx(brentq(rise, 0.1, 25 / 40), abs=1e-3)
    assert row["value"] + row["errp"] == pytest.approx(brentq(rise, 25 / 40, 2), abs=1e-3)


def cash_by_hand(datasets, signals):
    """The statistic over all cells as a function of (amplitude factor, index, norms...)."""

    def statistic(factor, index, *norms):
        total = 0.0
        for dataset, shape, norm in zip(datasets, signals, norms, strict=True):
            edges = TRUE.edges.value
            # The integral of E^-index over each true-energy bin.
            flux = factor * 4e-11 * (edges[:-1] ** (1 - index) - edges[1:] ** (1 - index)) / (index - 1)
            signal = np.einsum("t,tr,yx->ryx", flux * 2e12, matrix(), shape)
            predicted = signal + norm * dataset.background_model.map.data
            counts = dataset.counts.data
            logs = np.where(counts > 0, counts * np.log(predicted), 0.0)
            total += 2 * np.sum(predicted - logs)
        return total

    return statistic


def test_a_joint_fit_is_that_of_the_likelihood_written_out():
    rng, model = np.random.default_rng(7), source(sigma=0.15)
    datasets = [cube(model, name="first"), cube(model, name="second", norm=1.3)]
    shape = model.spatial_model.pixel_fractions(datasets[0].counts.geom)
    for dataset in datasets:
        dataset.counts.data[:] = rng.poisson(dataset.counts.data)
    fit = Fit(datasets)
    names = ["crab.index", "crab.amplitude", "background-first.norm", "background-second.norm"]
    assert fit.names == names
    statistic = cash_by_hand(datasets, [shape, shape])
    expected = statistic(1.0, 2.5, 1.0, 1.3)
    assert fit.stat_sum() == pytest.approx(expected, rel=1e-12)

    def of_list(x):
        return statistic(*x)

    hand = Minuit(of_list, [1, 2.5, 1, 1.3], name=["factor", "index", "b1", "b2"])
    hand.errordef, hand.tol, hand.strategy = 1, 1e-4, 2
    hand.migrad()
    hand.hesse()
    hand.minos()
    result = fit.run(minos=["crab.index", "background-first.norm"])
    assert result.success
    order = [1, 0, 2, 3]
    scale = np.array([1, 4e-11, 1, 1])
    values, errors = (np.array(what)[order] * scale for what in (hand.values, hand.errors))
    found = [result[name] for name in names]
    assert result.stat == pytest.approx(hand.fval, abs=1e-3)
    np.testing.assert_allclose((np.array([each.value for each in found]) - values) / errors, 0, atol=0.01)
    np.testing.assert_allclose([each.error for each in found], errors, rtol=5e-3)
    correlation = np.array(hand.covariance.correlation())[np.ix_(order, order)]
    np.testing.assert_allclose(result.correlation, correlation, atol=5e-3)
    for name, key in (("crab.index", "index"), ("background-first.norm", "b1")):
        error = hand.merrors[key]
        assert result[name].errn == pytest.approx(-error.lower, rel=0.02)
        assert result[name].errp == pytest.approx(error.upper, rel=0.02)
    assert np.isnan(result["crab.amplitude"].errn)


def pulls(result, truth):
    return [(result[name].value - value) / result[name].error for name, value in truth.items()]


def check_pulls(drawn):
    """Means near 0 and widths near 1, within 3.5 of their own standard deviations."""
    drawn = np.array(drawn)
    n = len(drawn)
    assert np.all(np.abs(drawn.mean(axis=0)) < 3.5 / np.sqrt(n))
    assert np.all(np.abs(drawn.std(axis=0) - 1) < 3.5 / np.sqrt(2 * n))


def test_simulated_cubes_give_back_spectrum_position_and_norms():
    rng, drawn = np.random.default_rng(11), []
    model = source(sigma=0.15, frozen=("sigma",), amplitude=8e-11)
    datasets = [cube(model, name="a"), cube(model, name="b", norm=0.7)]
    expected = [dataset.counts.data.copy() for dataset in datasets]
    truth = {"crab.lon_0": 83.63, "crab.lat_0": 22.01, "crab.index": 2.5, "crab.amplitude": 8e-11}
    truth |= {"background-a.norm": 1.0, "background-b.norm": 0.7}
    for _ in range(20):
        for dataset, mean in zip(datasets, expected, strict=True):
            dataset.counts.data[:] = rng.poisson(mean)
        result = Fit(datasets).run()
        assert result.success
        drawn.append(pulls(result, truth))
    check_pulls(drawn)


def test_simulated_spectra_give_back_the_spectrum():
    rng, drawn, model = np.random.default_rng(5), [], source(amplitude=3e-11)
    datasets = [on_off(model), on_off(model, exposure=1e13, alpha=0.2)]
    expected = [(dataset.counts.data.copy(), dataset.counts_off.data.copy()) for dataset in datasets]
    for _ in range(60):
        for dataset, (on, off) in zip(datasets, expected, strict=True):
            dataset.counts.data[:], dataset.counts_off.data[:] = rng.poisson(on), rng.poisson(off)
        result = Fit(datasets).run()
        assert result.success
        drawn.append(pulls(result, {"crab.index": 2.5, "crab.amplitude": 3e-11}))
    check_pulls(drawn)


def test_spectra_are_fitted_with_their_backgrounds_as_if_these_were_parameters():
    rng, model = np.random.default_rng(3), source(amplitude=3e-11)
    dataset = on_off(model.spectral_model)
    dataset.counts.data[:] = rng.poisson(dataset.counts.data)
    dataset.counts_off.data[:] = rng.poisson(dataset.counts_off.data)
    on, off = dataset.counts.data, dataset.counts_off.data

    def statistic(x):
        factor, index, background = x[0], x[1], x[2:]
        edges = TRUE.edges.value
        flux = factor * 3e-11 * (edges[:-1] ** (1 - index) - edges[1:] ** (1 - index)) / (index - 1)
        expected = flux * 2e13 @ matrix() + 0.1 * background
        return 2 * np.sum(expected - on * np.log(expected) + background - off * np.log(background))

    hand = Minuit(statistic, [1, 2.5, *off])
    hand.errordef, hand.tol = 1, 1e-4
    hand.migrad()
    hand.hesse()
    result = Fit(dataset).run()
    index, amplitude = result["source.index"], result["source.amplitude"]
    assert index.value == pytest.approx(hand.values[1], abs=0.01 * hand.errors[1])
    assert amplitude.value == pytest.approx(3e-11 * hand.values[0], abs=0.01 * 3e-11 * hand.errors[0])
    assert index.error == pytest.approx(hand.errors[1], rel=5e-3)
    assert amplitude.error == pytest.approx(3e-11 * hand.errors[0], rel=5e-3)
    assert result.correlation[0, 1] == pytest.approx(hand.covariance.correlation()[0, 1], abs=5e-3)


def test_a_cube_and_a_spectrum_of_one_source_are_fitted_together():
    model = source()
    dataset, spectrum = cube(model), on_off(model, exposure=1e12)
    alone, together = Fit(dataset).run(), Fit([dataset, spectrum]).run()
    assert together.names == ["crab.index", "crab.amplitude", "background.norm"]
    assert together["crab.index"].value == pytest.approx(2.5, abs=1e-2)
    assert together["crab.index"].error < alone["crab.index"].error


@pytest.mark.parametrize("start", [(83.63, 22.01), (83.58, 22.06)])
def test_a_point_source_is_found_where_it_is(start):
    # Counts as expected: the best fit is the truth itself, from any start near it.
    model = source(lon=83.655, lat=21.985, frozen=())
    dataset = cube(model, psf=gaussian_psf())
    model.spatial_model.lon_0, model.spatial_model.lat_0 = start
    result = Fit(dataset).run()
    assert result.success
    truth = {"crab.lon_0": 83.655, "crab.lat_0": 21.985, "crab.index": 2.5, "crab.amplitude": 4e-11}
    assert np.all(np.abs(pulls(result, truth)) < 0.02)
    n_photons = dataset.npred_signal().data.sum()
    # Without background it would be sigma / sqrt(n), on the sky; the background adds to it.
    ideal = 0.12 / np.sqrt(n_photons)
    assert ideal < result["crab.lat_0"].error < 2 * ideal
    ratio = result["crab.lon_0"].error * np.cos(np.deg2rad(22)) / result["crab.lat_0"].error
    assert ratio == pytest.approx(1, abs=0.05)


def test_what_is_frozen_stays():
    model = source(index=2.2)
    dataset = cube(source(index=2.5))
    dataset.model = model
    model.spectral_model.parameters["index"].frozen = True
    result = Fit(dataset).run()
    assert result.names == ["crab.amplitude", "background.norm"]
    assert model.spectral_model.index.value == 2.2
    assert np.isnan(model.spectral_model.index.error)
    assert model.spectral_model.amplitude.error > 0


def test_shared_models_are_one_and_copies_are_many():
    shared, own = source(), source()
    datasets = [cube(shared, name="a"), cube(shared, name="b"), cube(own, name="b")]
    assert Fit(datasets).names == [
        "crab-a.index",
        "crab-a.amplitude",
        "background-a.norm",
        "background-1.norm",
        "crab-2.index",
        "crab-2.amplitude",
        "background-2.norm",
    ]
    twins = [source(name=""), source(name="")]
    names = Fit(cube(twins)).names
    assert len(set(names)) == len(names) == 5
    assert names[0] == "source-0.index"


def test_a_step_in_one_background_asks_one_dataset_only():
    model = source()
    datasets = [cube(model, name=str(number)) for number in range(6)]
    asked = np.zeros(6, dtype=int)

    def counted(number, stat_sum):
        def ask():
            asked[number] += 1
            return stat_sum()

        return ask

    for number, dataset in enumerate(datasets):
        dataset.stat_sum = counted(number, dataset.stat_sum)
    result = Fit(datasets).run()
    assert result.success
    assert asked.max() < 0.45 * result.n_calls


def test_a_norm_at_its_bound_is_said_to_be_there():
    faint = source(lon=83.3, amplitude=1e-12, name="other")
    faint.spectral_model.parameters["index"].frozen = True
    faint.spectral_model.amplitude.min = 0
    model = source()
    dataset = cube(model, psf=gaussian_psf())
    # Where it should be, there are fewer events than the background alone expects.
    dataset.counts.data[:, :, 9:] *= 0.7
    dataset.model = [model, faint]
    result = Fit(dataset).run(minos=["other.amplitude", "crab.index"])
    fitted = result["other.amplitude"]
    assert result.success
    assert "other.amplitude" in result.message
    assert fitted.value == 0
    assert np.isnan(fitted.error)
    assert np.isnan(result.correlation[2]).all()
    assert fitted.errn == pytest.approx(0, abs=1e-14)
    # Up to where the statistic has risen by 1, the rest at its best.
    fit, amplitude = Fit(dataset), faint.spectral_model.amplitude
    profile = fit.stat_profile(amplitude, [0, fitted.errp])
    assert profile.stat[1] - profile.stat[0] == pytest.approx(1, abs=0.03)
    # The others have the errors that they have without it.
    dataset.model = model
    alone = Fit(dataset).run()
    assert result["crab.index"].error == pytest.approx(alone["crab.index"].error, rel=5e-3)


def test_a_profile_is_the_statistic_at_the_best_of_the_others():
    model = source(amplitude=4e-11 * 4**-2.5)
    # Far from the energy where index and amplitude know nothing of each other.
    model.spectral_model.reference = 4
    dataset = cube(model)
    dataset.counts.data[:] = np.random.default_rng(2).poisson(dataset.counts.data)
    fit, index = Fit(dataset), dataset.model.spectral_model.index
    result = fit.run(minos=["crab.index"])
    fitted = result["crab.index"]
    values = [fitted.value - fitted.errn, fitted.value, fitted.value + fitted.errp]
    profile = fit.stat_profile("crab.index", values)
    np.testing.assert_allclose(profile.stat - result.stat, [1, 0, 1], atol=0.01)
    assert index.value == fitted.value
    held = fit.stat_profile(index, values * u.one, reoptimize=False)
    assert np.all(held.stat[[0, 2]] > profile.stat[[0, 2]] + 0.1)
    assert held.stat[1] == result.stat
    default = fit.stat_profile(index, n_values=5)
    np.testing.assert_allclose(default.values, fitted.value + np.arange(-2, 3) * fitted.error)
    np.testing.assert_allclose(default.stat - result.stat, [4, 1, 0, 1, 4], rtol=0.2, atol=0.01)


def test_a_fit_without_a_minimum_leaves_the_models_as_they_were():
    # Without counts the flux falls for ever: what it has no bound to is impossible from 0 down.
    dataset = cube(source())
    dataset.background_model.norm.frozen = True
    dataset.model.spectral_model.parameters["reference"].frozen = False
    before = [parameter.value for parameter in dataset.parameters]
    result = Fit(dataset).run()
    assert not result.success
    assert "freeze" in result.message
    assert [parameter.value for parameter in dataset.parameters] == before
    assert all(np.isnan(parameter.error) for parameter in dataset.parameters)
    assert np.isnan(result.covariance).all()
    with pytest.raises(InputError, match="no minimum to count errors from"):
        Fit(dataset).asymmetric_errors()


def test_an_interrupted_fit_leaves_the_models_as_they_were():
    dataset = cube(source())
    stat_sum, calls = dataset.stat_sum, []

    def interrupted():
        calls.append(1)
        if len(calls) == 30:
            raise KeyboardInterrupt
        return stat_sum()

    dataset.stat_sum = interrupted
    before = [parameter.value for parameter in dataset.parameters]
    with pytest.raises(KeyboardInterrupt):
        Fit(dataset).run()
    assert [parameter.value for parameter in dataset.parameters] == before


def no_parameter():
    dataset = cube(source())
    for parameter in dataset.parameters:
        parameter.frozen = True
    return dataset


def no_model():
    dataset = on_off(source(), name="run 7")
    dataset.model = None
    return dataset


def impossible():
    dataset = cube(source(amplitude=1e-11), name="run 8")
    dataset.background_model.norm.value = 0
    dataset.background_model.norm.frozen = True
    dataset.model.spectral_model.amplitude = 0
    return dataset


def flat():
    dataset = cube(source())
    dataset.model.spectral_model.amplitude = 0
    return dataset


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (list, "no datasets to fit"),
        (lambda: [3], "given a int; wanted are datasets"),
        (lambda: [no_parameter()] * 2, "same dataset twice"),
        (no_parameter, "All parameters of the models are frozen"),
        (no_model, "'?run 7'? has no model"),
        (impossible, "'run 8' is inf at the start"),
        (flat, "does not depend on the parameter 'crab.index'"),
    ],
)
def test_what_cannot_be_fitted_is_told_in_a_sentence(make, words):
    with pytest.raises(InputError, match=words):
        Fit(make()).run()


def test_unknown_names_and_odd_arguments_are_told():
    fit = Fit([cube(source()), cube(source())])
    with pytest.raises(MissingError, match="no free parameter 'lon_0'"):
        fit.run(minos=["lon_0"])
    with pytest.raises(MissingError, match="more than one free parameter 'index'"):
        fit.stat_profile("index", [2])
    with pytest.raises(MissingError, match="'sigma' given"):
        fit.stat_profile(SkyGaussian("0 deg", "0 deg", "1 deg").sigma, [2])
    with pytest.raises(InputError, match="within its bounds 0 to inf"):
        fit.stat_profile("background-0.norm", [-1, 1])
    with pytest.raises(InputError, match="error of the parameter 'norm' is not known"):
        fit.stat_profile("background-0.norm")
    with pytest.raises(InputError, match="strategy is 7"):
        fit.run(strategy=7)
    with pytest.raises(InputError, match="sigma is -1"):
        fit.asymmetric_errors(sigma=-1)


def test_a_result_is_shown_as_text_table_page_and_picture():
    result = Fit(cube(source())).run(minos=["crab.index"])
    text, page = str(result), result._repr_html_()
    assert "crab.index = 2.5" in text
    assert "1 / (TeV s cm2)" in text
    assert page.count("<tr>") == 4
    assert "crab.amplitude" in page
    table = result.table
    assert list(table["name"]) == ["crab.index", "crab.amplitude", "background.norm"]
    assert np.isfinite(table["errn"]).tolist() == [True, False, False]
    np.testing.assert_allclose(np.sqrt(np.diag(result.covariance)), table["error"])
    np.testing.assert_allclose(np.diag(result.correlation), 1)
    with pytest.raises(MissingError, match="no parameter 'index' in the fit"):
        result["index"]
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2)
    assert result.plot_correlation(left) is left
    shown = [float(text.get_text()) for text in left.texts]
    np.testing.assert_allclose(shown, result.correlation.ravel(), atol=0.006)
    assert [label.get_text() for label in left.get_xticklabels()] == result.names
    dataset = cube(source())
    fit = Fit(dataset)
    fit.run()
    line = fit.stat_profile("index", n_values=3).plot(right).lines[0]
    assert line.get_ydata().min() == 0
    assert right.get_xlabel() == "crab.index"
    plt.close(figure)
