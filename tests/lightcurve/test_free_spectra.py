"""Light curves of real runs with a free shape: what the columns say, and that they say the same in any bins."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from iminuit import Minuit

from tevcurve import DataStore
from tevcurve.errors import InputError
from tevcurve.kernels.onoff import wstat
from tevcurve.lightcurve import LightCurve
from tevcurve.lightcurve.bins import by_run, by_width
from tevcurve.models import LogParabola, PowerLaw, SkyModel
from tevcurve.pipeline import light_curve

TARGET, EDGES = "PKS 2155-304", [0.7, 20] * u.TeV


def flare(folder, method="3d", time_bins=None, runs=(33787, 33788), **options):
    observations = DataStore.from_dir(folder).get_observations(list(runs))
    options = {
        "spectrum": PowerLaw(index=3.4, amplitude="2e-11 cm-2 s-1 TeV-1"),
        "free": ("index",),
    } | options
    return light_curve(observations, TARGET, time_bins or by_run(), EDGES, method, **options)


@pytest.fixture(scope="module", params=["3d", "1d", "3d stacked", "1d stacked", "3d joint", "3d unbinned"])
def runwise(request, hess_dl3_dr1):
    method, *how = request.param.split()
    bins = by_width("2 h", align="absolute") if how in (["stacked"], ["joint"]) else by_run()
    return flare(hess_dl3_dr1, method, bins, **{word: True for word in how if word != "joint"})


def test_fluxes_are_those_of_the_fitted_spectrum(runwise):
    table = runwise.table
    assert set(table["status"]) == {"ok"}
    for row in table:
        spectrum = PowerLaw(index=row["index"], amplitude=row["norm"] * 2e-11 * u.Unit("cm-2 s-1 TeV-1"))
        assert row["flux"] == pytest.approx(spectrum.integral(*EDGES).value, rel=1e-9)
        assert row["eflux"] == pytest.approx(spectrum.energy_flux(*EDGES).value, rel=1e-9)
        assert row["dnde"] == pytest.approx(spectrum(row["e_ref"] * u.TeV).value, rel=1e-9)
        assert row["e2dnde"] == pytest.approx(row["e_ref"] ** 2 * row["dnde"], rel=1e-9)
        assert row["flux"] == pytest.approx(row["norm"] * row["ref_flux"], rel=1e-12)
        assert 0.9 < row["flux_errn"] / row["flux_err"] < 1.1
        assert row["flux"] + row["flux_errp"] < row["flux_ul"] < row["flux"] + 2 * row["flux_errp"]
        assert row["index_err"] == pytest.approx(0.5 * (row["index_errn"] + row["index_errp"]), rel=0.02)


def test_a_free_shape_fits_better_than_any_fixed_one(runwise):
    kept = runwise.origin
    best = np.asarray(runwise.table["loglike"])
    for shift, at_least in ((-1, 0.8), (0, 0.0), (1, 0.8)):
        index = runwise.table["index"] + shift * runwise.table["index_err"]
        for row, value in enumerate(index):
            spectrum = PowerLaw(index=float(value), amplitude="2e-11 cm-2 s-1 TeV-1")
            options = type(kept.options)(sigma_ul=2.0)
            fixed = replace(
                kept, field=replace(kept.field, source=SkyModel(spectral_model=spectrum)), options=options
            ).light_curve()
            rise = fixed.table["loglike"][row] - best[row]
            assert rise == pytest.approx(shift**2, abs=0.2)
            assert rise > at_least - 1e-7
            if shift == 0:
                # The same shape held fixed gives the same row but for the errors.
                assert rise == pytest.approx(0, abs=1e-6)
                for name in ("ts", "npred", "npred_excess", "flux"):
                    assert fixed.table[name][row] == pytest.approx(runwise.table[name][row], rel=1e-5)


def test_index_in_1d_as_minuit_finds_it(hess_dl3_dr1):
    lc = flare(hess_dl3_dr1, "1d", runs=(33787,), responses="centre")
    (run,), axes = lc.origin.terms, lc.origin.axes
    safe = run.mask_safe

    def statistic(parameters):
        flux = PowerLaw(index=parameters[1], amplitude=parameters[0] * 2e-11 * u.Unit("cm-2 s-1 TeV-1"))
        signal = flux.photon_flux(axes.true) @ run.response * run.livetime_s
        return wstat(run.n_on[safe], run.n_off[safe], run.alpha[safe], signal[safe]).sum()

    fit = Minuit(statistic, np.array([5.0, 3.0]), name=("norm", "index"))
    fit.errordef, fit.strategy, fit.tol = 1.0, 2, 1e-6
    fit.limits["norm"] = (1e-3, None)
    fit.migrad()
    fit.hesse()
    for name in ("norm", "index"):
        assert lc.table[name][0] == pytest.approx(fit.values[name], abs=1e-4 * fit.errors[name])
        assert lc.table[f"{name}_err"][0] == pytest.approx(fit.errors[name], rel=1e-2)
    assert lc.table["loglike"][0] == pytest.approx(fit.fval, abs=1e-4)


@pytest.mark.parametrize("method", ["3d", "1d"])
def test_weak_rows_keep_their_shape_and_rows_do_not_depend_on_each_other(method, hess_dl3_dr1):
    short = flare(hess_dl3_dr1, method, by_width("2 min"), free_ts=40)
    table = short.table
    fixed = table["status"] == "shape_fixed"
    assert fixed.any()
    assert (table["ts"][table["status"] == "ok"] >= 40).all()
    assert (table["ts"][fixed] < 40).all()
    assert (table["index"][fixed] == 3.4).all()
    assert np.isnan(table["index_err"][fixed]).all()
    assert np.isfinite(table["flux_err"][fixed]).all()
    assert all("TS" in reason and "is below 40" in reason for reason in table["reason"][fixed])
    one_run = flare(hess_dl3_dr1, method, by_width("2 min"), free_ts=40, runs=(33787,)).table
    assert 0 < len(one_run) < len(table)
    for name in table.colnames:
        np.testing.assert_array_equal(one_run[name], table[name][: len(one_run)], err_msg=name)


def test_two_bands_each_have_an_index(hess_dl3_dr1):
    table = flare(hess_dl3_dr1).rebin(energy_edges=[0.7, 1.5, 20] * u.TeV).table
    assert set(table["status"]) == {"ok"}
    assert (table["index"][::2] != table["index"][1::2]).all()
    # The whole band's index lies between, within what the bands know of it.
    assert (np.abs(table["index"] - 3.7) < 3 * table["index_err"]).all()
    assert (table["index_err"][1::2] < 0.5).all()


def test_names_that_columns_have_already(hess_dl3_dr1):
    spectrum = LogParabola(alpha=3.0, beta=0.2, amplitude="5e-11 cm-2 s-1 TeV-1")
    lc = flare(hess_dl3_dr1, "1d", free=("alpha", "beta"), spectrum=spectrum)
    assert (lc.table["alpha"] < 0.2).all()
    assert ((lc.table["spectral_alpha"] > 1.5) & (lc.table["spectral_alpha"] < 5)).all()
    assert (lc.table["beta_err"] > 0).all()
    assert lc.meta["free"] == ["alpha", "beta"]


@pytest.mark.parametrize("suffix", ["ecsv", "fits"])
def test_columns_of_parameters_survive_a_file(suffix, runwise, tmp_path):
    read = LightCurve.read(runwise.write(tmp_path / f"lc.{suffix}"))
    assert read.meta["free"] == ["index"]
    np.testing.assert_array_equal(read.table["index_errp"], runwise.table["index_errp"])
    assert (
        read.table["index"].description
        == runwise.table["index"].description
        == "Parameter index of the spectrum"
    )


@pytest.mark.parametrize(
    ("free", "words"),
    [
        (("slope",), "free has 'slope', which PowerLaw has not; wanted are some of index, reference"),
        (("amplitude",), "the amplitude, which is always fitted"),
        (("index", "index"), "each name once"),
        (("reference",), "does not change the shape"),
    ],
)
def test_what_cannot_be_free_is_refused(free, words, hess_dl3_dr1):
    with pytest.raises(InputError, match=words):
        flare(hess_dl3_dr1, "1d", runs=(33787,), free=free)


def test_one_name_may_be_a_text(hess_dl3_dr1):
    assert "index_err" in flare(hess_dl3_dr1, "1d", runs=(33787,), free="index").table.colnames
