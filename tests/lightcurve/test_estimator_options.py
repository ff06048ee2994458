"""What can be asked of light curves, what cannot, and that asking changes nothing."""

import copy

import astropy.units as u
import numpy as np
import pytest
from brute_force import profile_of, rise_to
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm as gauss
from simulated_cubes import START, light_curve, point_source, simulated_cube

from tevcurve import LightCurveEstimator
from tevcurve.errors import InputError, MissingError

OTHER = ("other", (83.3, 22.4))


def test_steps_make_their_columns_and_no_others():
    dataset = simulated_cube()
    everything = light_curve([dataset])
    columns = {
        "err": {"norm_err"},
        "errp-errn": {"norm_errn", "norm_errp"},
        "ul": {"norm_ul"},
        "ts": {"ts", "sqrt_ts"},
        "norm-scan": {"norm_scan", "dloglike_scan"},
    }
    of_fluxes = {name.replace("norm", each) for name in ("norm_err", "norm_errn", "norm_errp", "norm_ul")
                 for each in ("flux", "dnde", "eflux", "e2dnde")}  # fmt: skip
    optional = set.union(*columns.values(), of_fluxes)
    assert optional <= set(everything.colnames)
    basic = light_curve([dataset], steps=[])
    assert set(basic.colnames) == set(everything.colnames) - optional
    for step, names in columns.items():
        table = light_curve([dataset], steps=[step])
        expected = names | {
            name.replace("norm", each)
            for name in names & {"norm_err", "norm_errn", "norm_errp", "norm_ul"}
            for each in ("flux", "dnde", "eflux", "e2dnde")
        }
        assert set(table.colnames) - set(basic.colnames) == expected
        for name in names:
            assert_array_equal(table[name], everything[name])
    assert set(light_curve([dataset], steps=list(columns)).colnames) == set(everything.colnames)
    with pytest.raises(
        InputError, match="There is no step 'limits'; wanted are 'all' or some of err, errp-errn"
    ):
        light_curve([dataset], steps=["err", "limits"])
    with pytest.raises(InputError, match="There is no step 'errors'"):
        light_curve([dataset], steps="errors")


def test_options_of_errors_limits_and_scans():
    dataset = simulated_cube(seed=6)
    profile = profile_of([dataset])
    table = light_curve([dataset], sigma=2, sigma_ul=3, norm_values=[0, 0.5, 2])
    row, one = table[0], light_curve([dataset])[0]
    assert row["norm_err"] == pytest.approx(2 * one["norm_err"], rel=1e-9)
    assert row["norm"] - row["norm_errn"] == pytest.approx(rise_to(profile, row["norm"], 4, 0), rel=1e-6)
    assert row["norm"] + row["norm_errp"] == pytest.approx(rise_to(profile, row["norm"], 4, 10), rel=1e-6)
    assert row["norm_ul"] == pytest.approx(rise_to(profile, row["norm"], 9, 10), rel=1e-6)
    assert_array_equal(row["norm_scan"], [0, 0.5, 2])
    assert_allclose(row["dloglike_scan"], [profile(a) - profile(row["norm"]) for a in (0, 0.5, 2)], atol=1e-6)
    assert (table.meta["sigma"], table.meta["sigma_ul"]) == (2, 3)
    assert table.meta["upper_limit"] == pytest.approx(gauss.cdf(3))
    scan = light_curve([dataset], norm_min=0.1, norm_max=10, norm_n_values=5)["norm_scan"][0]
    assert_allclose(scan, [0.1, 10**-0.5, 1, 10**0.5, 10])
    assert light_curve([dataset], upper_limit=0.9).meta["sigma_ul"] == pytest.approx(gauss.ppf(0.9))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sigma": 0}, "sigma is 0; wanted is a number above 0"),
        ({"sigma_ul": -1}, "sigma_ul is -1; wanted is a number above 0"),
        ({"sigma_ul": 2, "upper_limit": 0.95}, "they say the same, so give one"),
        ({"upper_limit": 95}, "upper_limit is 95; wanted is a confidence level such as 0.95"),
        ({"norm_min": 2, "norm_max": 1}, "The scan goes from 2 to 1 in 11 values"),
        ({"norm_n_values": 1.5}, "in 1.5 values; wanted is"),
        ({"norm_values": [1, -1]}, "norm_values must be finite and not below 0"),
    ],
)
def test_options_that_cannot_be_used_get_a_sentence(options, words):
    with pytest.raises(InputError, match=words):
        LightCurveEstimator([simulated_cube()], source="crab", **options)


@pytest.mark.parametrize(
    ("energies", "words"),
    [
        (("1 m", "1 TeV", "10 TeV"), "e_ref is '1 m'; wanted is an energy"),
        ((1, "1 TeV", "10 TeV"), "e_ref is 1; wanted is an energy"),
        (("1 TeV", "10 TeV", "1 TeV"), "e_min is 10 TeV and e_max 1 TeV; e_max must be the larger"),
        (("1 TeV", "-1 TeV", "1 TeV"), "e_min is '-1 TeV'; wanted is one energy above 0"),
        ((np.ones(2) * u.TeV, "1 TeV", "10 TeV"), "wanted is one energy above 0"),
    ],
)
def test_energies_that_cannot_be_used_get_a_sentence(energies, words):
    with pytest.raises(InputError, match=words):
        LightCurveEstimator([simulated_cube()], source="crab").run(*energies)


def test_datasets_that_cannot_be_used_get_a_sentence():
    with pytest.raises(
        InputError, match="There are no datasets to make a light curve of; wanted is one or more"
    ):
        LightCurveEstimator([], source="crab")
    timeless, backwards = simulated_cube(name="a"), simulated_cube()
    timeless.counts.meta.clear()
    with pytest.raises(InputError, match=r"The MapDataset 'a' has no times: set counts.meta"):
        light_curve([simulated_cube(), timeless])
    backwards.counts.meta["t_stop"] = START - 1 * u.day
    with pytest.raises(
        InputError, match=r"The dataset 0 stops at 2006-09-21 00:00:00.000, which is not after"
    ):
        light_curve([backwards])
    with pytest.raises(MissingError, match="The MapDataset has no source called 'vela'; it has 'crab'"):
        light_curve([simulated_cube()], source="vela")
    outside = simulated_cube()
    outside.model = point_source(lonlat=(90.0, 22.0))
    with pytest.raises(InputError, match=r"The source 'crab' at .* lies outside the map; wanted is a map"):
        light_curve([outside])
    different = simulated_cube()
    different.named("crab").spectral_model.index = 2.0
    with pytest.raises(InputError, match="Datasets of one time bin have different spectra of the source"):
        light_curve([simulated_cube(), different])


def everything_about(dataset):
    """All that a fit could change, as plain values."""
    parameters = [(p.name, p.value, p.error, p.min, p.max, p.frozen) for p in dataset.parameters]
    maps = (dataset.counts, dataset.exposure, dataset.background_model.map)
    return [
        str(parameters),
        *(array.tobytes() for array in (each.data for each in maps)),
        str([sorted(each.meta.items(), key=str) for each in maps]),
        dataset.edisp.pdf_matrix.tobytes(),
        [model.name for model in dataset.models],
    ]


@pytest.mark.parametrize("free_tilt", [False, True])
def test_nothing_is_written_into_datasets_and_models(free_tilt):
    dataset = simulated_cube(others=[point_source(*OTHER)])
    dataset.background_model.parameters["tilt"].frozen = not free_tilt
    model, before = dataset.model, copy.deepcopy(everything_about(dataset))
    objects = [id(each) for each in (*dataset.models, *dataset.parameters, dataset.background_model)]
    light_curve([dataset], steps=["err", "ul", "ts"])
    assert everything_about(dataset) == before
    assert dataset.model is model
    assert [id(each) for each in (*dataset.models, *dataset.parameters, dataset.background_model)] == objects
