"""Light curves of an absorbed source: fluxes of simulated photons, the intrinsic index, and what is kept of it all."""

import sys

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord

from tevcurve import append_runs, light_curve
from tevcurve.cli.main import main
from tevcurve.config import Config
from tevcurve.data import GTI, TimeReference
from tevcurve.data.write import write_store
from tevcurve.errors import InputError
from tevcurve.models import EBLAbsorption, PowerLaw, SkyModel, SkyPointSource, SpectralModel, TemplateSpectrum
from tevcurve.report.tables import settings_table
from tevcurve.simulation import ResponseSet, simulate_observation
from tevcurve.store import Result, write_result

ebltable = pytest.importorskip("ebltable.tau_from_model", reason="ebltable is not installed")
TARGET = SkyCoord(83.63, 22.01, unit="deg")
REFERENCE = TimeReference(51910, 0.000742870370370241, "tt")
REDSHIFT, INDEX, AMPLITUDE = 0.116, 2.2, 8e-11
BAND = [0.5, 10] * u.TeV
SPECTRUM = EBLAbsorption(REDSHIFT, "dominguez") * PowerLaw(INDEX, f"{AMPLITUDE} cm-2 s-1 TeV-1")
N_RUNS = 8


@pytest.fixture(scope="module")
def observations():
    """Runs of photons whose absorption the package itself computes."""
    depth = ebltable.OptDepth.readmodel("dominguez")

    def seen(energy, amplitude):
        energy = np.asarray(energy, dtype=float)
        part = np.exp(-depth.opt_depth(REDSHIFT, energy.ravel())).reshape(energy.shape)
        return amplitude * energy**-INDEX * part

    truth = SpectralModel.from_function(seen, amplitude=f"{AMPLITUDE} cm-2 s-1 TeV-1")
    # Its kinks are known to nobody here; the sum over narrow bins is right to 1e-4.
    truth.__dict__["evaluate_integral"] = lambda low, high, amplitude: (
        seen(np.sqrt(low * high), amplitude) * (high - low)
    )
    source = SkyModel(SkyPointSource.from_position(TARGET), truth, name="source")
    irfs, made = ResponseSet.analytic(), []
    for number in range(N_RUNS):
        start = 2.4e8 + 2000 * number
        pointing = TARGET.directional_offset_by(90 * number * u.deg, 0.5 * u.deg)
        gti = GTI([start], [start + 1500], REFERENCE)
        made.append(
            simulate_observation(pointing, gti, irfs, [source], 300 + number, obs_id=number + 1, target="far")
        )
    return made


def make(observations, method="1d", spectrum=SPECTRUM, **options):
    options = {"width": "1 deg"} | options if method == "3d" else options
    return light_curve(
        observations,
        TARGET,
        energy_edges=options.pop("energy_edges", BAND),
        method=method,
        spectrum=spectrum,
        **options,
    )


@pytest.mark.parametrize("options", [{}, {"method": "3d"}, {"method": "3d", "unbinned": True}], ids=str)
def test_the_flux_is_that_of_the_photons(observations, options):
    table = make(observations, **options).table
    pulls = (table["norm"] - 1) / table["norm_err"]
    assert abs(np.mean(pulls)) < 3 / np.sqrt(N_RUNS)
    assert 0.4 < np.std(pulls) < 1.6
    energy = np.geomspace(0.5, 10, 200_001)
    depth = ebltable.OptDepth.readmodel("dominguez").opt_depth(REDSHIFT, energy)
    flux = np.trapezoid(AMPLITUDE * energy**-INDEX * np.exp(-depth), energy)
    np.testing.assert_allclose(table["flux"] / table["norm"], flux, rtol=1e-6)


def test_without_the_absorption_it_would_not_be(observations):
    plain = make(observations, spectrum=PowerLaw(INDEX), energy_edges=[0.5, 1.5, 10] * u.TeV).table
    low, high = plain["norm"][::2].mean(), plain["norm"][1::2].mean()
    assert high < 0.6 * low


@pytest.mark.parametrize("method", ["1d", "3d"])
def test_a_free_index_is_the_intrinsic_one(observations, method):
    curve = make(observations, method, free="index", free_ts=9)
    table = curve.table
    assert set(table["status"]) == {"ok"}
    pulls = (table["index"] - INDEX) / table["index_err"]
    assert abs(np.mean(pulls)) < 3 / np.sqrt(N_RUNS)
    assert 0.4 < np.std(pulls) < 1.6
    assert table["index"].description == "Parameter index of the intrinsic spectrum, before absorption"
    np.testing.assert_allclose(table["flux"], table["norm"] * table["ref_flux"], rtol=1e-9)


def test_what_is_kept_needs_no_package(observations, tmp_path, monkeypatch):
    curve = make(observations[:3])
    write_result(tmp_path / "result", curve)
    more = make(observations)
    monkeypatch.setitem(sys.modules, "ebltable", None)
    monkeypatch.setitem(sys.modules, "ebltable.tau_from_model", None)
    read = Result.read(tmp_path / "result").light_curve
    assert (
        "EBLAbsorption model=dominguez, redshift=0.116, alpha_norm=1 * PowerLaw index=2.2"
        in read.meta["spectrum"]
    )
    np.testing.assert_array_equal(read.rebin("5 min").table["flux"], curve.rebin("5 min").table["flux"])
    np.testing.assert_array_equal(
        read.rebin(energy_edges=[0.5, 2, 10] * u.TeV).table["flux"],
        curve.rebin(energy_edges=[0.5, 2, 10] * u.TeV).table["flux"],
    )
    append_runs(tmp_path / "result", observations)
    again = Result.read(tmp_path / "result").light_curve
    np.testing.assert_array_equal(again.table["flux"], more.table["flux"])
    assert dict(settings_table(again).rows)["spectrum"].startswith(
        "EBLAbsorption model=dominguez, redshift=0.116"
    )


def test_a_command_and_a_configuration_take_the_text(observations, tmp_path, capsys):
    write_store(tmp_path / "data", observations[:2])
    text = f"PowerLaw index=2.2 amplitude={AMPLITUDE} cm-2 s-1 TeV-1 * EBL z=0.116 model=dominguez"
    line = ["light-curve", str(tmp_path / "data"), "--target", "far", "--position", "83.63 deg, 22.01 deg"]
    line += ["--method", "1d", "--energy", "0.5TeV,10TeV", "--cache", "none", "--spectrum", text]
    assert main([*line, "--output", str(tmp_path / "result")]) == 0
    table = Result.read(tmp_path / "result").light_curve.table
    np.testing.assert_allclose(table["flux"], make(observations[:2]).table["flux"], rtol=1e-12)
    config = Config.read(tmp_path / "result" / "config.yaml")
    assert config.spectrum.endswith("EBLAbsorption model=dominguez redshift=0.116 alpha_norm=1.0")
    assert main([*line, "--set", "spectrum.redshift=0.2", "--output", str(tmp_path / "farther")]) == 0
    farther = Result.read(tmp_path / "farther").light_curve
    assert "redshift=0.2" in farther.meta["spectrum"]
    assert np.all(farther.table["norm"] > table["norm"])
    capsys.readouterr()
    assert main([*line[:-1], "PowerLaw * EBL z=9"]) != 0
    assert "The redshift is 9, and the opacity 'dominguez' has 0 to 3.99" in capsys.readouterr().err


def test_a_table_ends_inside_the_band_or_beyond_it(observations, caplog):
    with pytest.raises(
        InputError, match=r"goes from 0.001 to 100 TeV, and the energy bands go from 0.5 to 120 TeV"
    ):
        make(observations[:1], energy_edges=[0.5, 120] * u.TeV)
    assert not caplog.records
    curve = make(observations[:1], energy_edges=[0.5, 30] * u.TeV)
    assert curve.meta["table_of_spectrum"] == "0.001 to 100 TeV, carried on from 0.1 to 150 TeV"
    assert "table_of_spectrum" not in curve.rebin(energy_edges=[0.5, 10] * u.TeV).meta
    assert "true energies go from 0.1 to 150 TeV, and beyond the table its edge is carried on" in caplog.text
    with pytest.raises(InputError, match="a factor without a unit; wanted is a flux"):
        make(observations[:1], spectrum=EBLAbsorption(0.1))


def test_a_template_is_what_its_formula_is(observations):
    nodes = np.array([0.1, 1.0, 50.0]) * u.TeV
    power = PowerLaw(2.6, "1e-11 cm-2 s-1 TeV-1")
    template = TemplateSpectrum(nodes, power(nodes))
    for method in ("1d", "3d"):
        one, other = (make(observations[:2], method, spectrum=each).table for each in (power, template))
        for name in ("flux", "flux_err", "ts"):
            np.testing.assert_allclose(other[name], one[name], rtol=1e-7)
