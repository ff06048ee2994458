"""How the bins of a light curve are put together, and spread again over all rows."""

import astropy.units as u
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from simulated_cubes import dense_likelihood, point_source, simulated_cube

from tevcurve.datasets import SpectrumDatasetOnOff
from tevcurve.errors import InputError
from tevcurve.fit.fit_options import FitOptions
from tevcurve.fit.norms import estimate_norms
from tevcurve.irf import EDispKernel
from tevcurve.lightcurve.dataset_origin import rows_of_whole
from tevcurve.models import PowerLaw


def joint_fit(datasets, bins, n_bins, reoptimize=True):
    models = [dataset.named("crab") for dataset in datasets]
    return rows_of_whole(datasets, models, np.array(bins), n_bins, reoptimize, FitOptions())


def test_values_of_fitted_bins_spread_over_all():
    dataset = simulated_cube()
    rows = joint_fit([dataset] * 2, [0, 3], 4)
    assert_array_equal(rows.spread(np.array([1.0, 2.0])), [1, np.nan, np.nan, 2])
    assert rows.spread(np.ones((2, 5))).shape == (4, 5)
    assert rows.notes() == [""] * 4
    counts = dataset.counts.data.sum()
    assert rows.count_columns(np.full(4, np.nan))["counts"].tolist() == [counts, 0, 0, counts]


def test_bins_without_signal_are_left_out_of_the_fit_and_keep_their_row():
    datasets = [simulated_cube(seed=1), simulated_cube(seed=2, exposure=0.0), simulated_cube(seed=3)]
    joint = joint_fit(datasets, [0, 1, 2], 3)
    assert joint.fitted.tolist() == [0, 2]
    assert joint.profile.n == 2
    columns = joint.columns(estimate_norms(joint.profile, err=1.0, scan=np.array([0.5, 1.0])))
    assert np.isfinite(columns["norm"]).tolist() == [True, False, True]
    assert columns["dloglike_scan"].shape == (3, 2)
    assert_array_equal(columns["norm_scan"], [0.5, 1])
    assert columns["counts"].tolist() == [dataset.counts.data.sum() for dataset in datasets]
    assert np.isnan(columns["npred"][1])
    for number in (0, 2):
        alone = joint_fit([datasets[number]], [0], 1)
        assert estimate_norms(alone.profile).norm[0] == columns["norm"][number]
    assert joint.why_unfitted(1) == (
        "no_exposure",
        "the effective area times live time at the source is zero",
    )


def test_a_further_source_of_one_dataset_is_none_of_the_others():
    """In a bin of two datasets only one has the further source; each bin has its own number of them."""
    other = point_source("other", (83.3, 22.4))
    datasets = [
        simulated_cube(seed=1, others=[other], other_flux=2),
        simulated_cube(seed=2),
        simulated_cube(seed=3),
    ]
    joint = joint_fit(datasets, [0, 0, 1], 2)
    a = np.array([0.8, 1.3])
    stat, _, _ = joint.profile.evaluate(a)[0]
    settled, _ = joint.profile.settled(a)
    norms, extras = settled.norms, settled.amplitudes[:, 1:]
    first = dense_likelihood(datasets[0])(0.8, norms[0], {"other": extras[0, 0]})
    assert stat[0] == pytest.approx(first + dense_likelihood(datasets[1])(0.8, norms[1]), rel=1e-10)
    assert stat[1] == pytest.approx(dense_likelihood(datasets[2])(1.3, norms[2]), rel=1e-10)
    assert extras[0, 0] > 1.2


def test_sources_of_one_name_in_one_bin_have_one_amplitude():
    others = [point_source("other", (83.3, 22.4)) for _ in range(2)]
    datasets = [simulated_cube(seed=seed, others=[other]) for seed, other in enumerate(others)]
    joint = joint_fit(datasets, [0, 0], 1)
    stat, _, _ = joint.profile.evaluate(np.ones(1))[0]
    settled, _ = joint.profile.settled(np.ones(1))
    norms, extras = settled.norms, settled.amplitudes[:, 1:]
    assert extras.shape == (1, 1)
    parts = [
        dense_likelihood(dataset)(1.0, norm, {"other": extras[0, 0]})
        for dataset, norm in zip(datasets, norms, strict=True)
    ]
    assert stat[0] == pytest.approx(sum(parts), rel=1e-10)


def test_further_sources_are_told_by_name_not_by_their_order():
    """Two datasets of a bin have the same two sources in another order, a third only one of them."""
    names = {"north": (83.3, 22.4), "south": (83.9, 21.6)}
    orders = (("north", "south"), ("south", "north"), ("south",))
    datasets = [
        simulated_cube(
            seed=seed, others=[point_source(name, names[name]) for name in order], other_flux=1 + seed
        )
        for seed, order in enumerate(orders)
    ]
    joint = joint_fit(datasets, [0, 0, 0], 1)
    stat, _, _ = joint.profile.evaluate(np.ones(1))[0]
    settled, _ = joint.profile.settled(np.ones(1))
    norms, extras = settled.norms, settled.amplitudes[:, 1:]
    fluxes = dict(zip(("north", "south"), extras[0], strict=True))
    parts = [
        dense_likelihood(dataset)(1.0, norm, fluxes) for dataset, norm in zip(datasets, norms, strict=True)
    ]
    assert stat[0] == pytest.approx(sum(parts), rel=1e-10)
    # And it is least there, in both.
    step = 1e-3
    for name in names:
        around = [
            sum(
                dense_likelihood(dataset)(1.0, norm, fluxes | {name: fluxes[name] + shift})
                for dataset, norm in zip(datasets, norms, strict=True)
            )
            for shift in (-step, step)
        ]
        assert abs(around[1] - around[0]) / (2 * step) < 0.01


def test_without_reoptimize_everything_else_is_fixed():
    dataset = simulated_cube(seed=1, others=[point_source("other", (83.3, 22.4))])
    dataset.background_model.norm = 0.9
    joint = joint_fit([dataset], [0], 1, reoptimize=False)
    fluxes = [0.0, 0.7, 2.0]
    stats = [joint.profile.evaluate(np.array([flux]))[0][0][0] for flux in fluxes]
    assert_allclose(stats, [dense_likelihood(dataset)(flux, 0.9) for flux in fluxes], rtol=1e-12)


def test_kinds_of_datasets_do_not_mix():
    edges = [1, 2, 4]
    spectrum = SpectrumDatasetOnOff(
        [1, 2],
        [3, 4],
        1,
        5,
        np.ones(2) * u.Unit("cm2 s"),
        EDispKernel(np.eye(2), edges * u.TeV, edges * u.TeV),
    )
    spectrum.model = PowerLaw(name="crab")
    with pytest.raises(
        InputError, match="The datasets are of the kind MapDataset, SpectrumDatasetOnOff; wanted are"
    ):
        joint_fit([simulated_cube(), spectrum], [0, 0], 1)
    with pytest.raises(InputError, match="The datasets are of the kind int"):
        rows_of_whole([3], [None], np.zeros(1), 1, True, FitOptions())
