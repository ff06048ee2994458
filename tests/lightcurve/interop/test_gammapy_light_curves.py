"""Light curves go to gammapy and come from there, value by value."""

import astropy.units as u
import numpy as np
import pytest
from astropy.time import Time
from light_curve_rows import make_rows
from numpy.testing import assert_allclose, assert_array_equal

from tevcurve.lightcurve.interop.gadf_table import from_gadf_table, to_gadf_table
from tevcurve.lightcurve.product import LightCurve
from tevcurve.models import PowerLaw

pytest.importorskip("gammapy.estimators")
from gammapy.estimators import FluxPoints, LightCurveEstimator
from gammapy.modeling import Parameter
from gammapy_datasets import START, make_onoff

EDGES = [0.7, 3, 20] * u.TeV
# gammapy's own imports and fits warn of things that are not ours.
pytestmark = pytest.mark.filterwarnings("ignore")
SUFFIXES = ("ecsv", "fits", "fits.gz")
NORMS = ("norm", "norm_err", "norm_errn", "norm_errp", "norm_ul", "ts", "sqrt_ts")
FLUXES = [
    q + end for q in ("flux", "dnde", "eflux", "e2dnde") for end in ("", "_err", "_errn", "_errp", "_ul")
]


@pytest.fixture(scope="module", params=["tt", "utc"])
def theirs(request):
    """gammapy's light curve in two bands: three runs, two of them in one time bin; in UTC one run."""
    start = Time(START, format="mjd", scale=request.param)
    times = [start + low * u.s + [0, high - low] * u.s for low, high in [(0, 3550), (3590, 5350)]]
    n_runs = 3 if request.param == "tt" else 1
    estimator = LightCurveEstimator(
        energy_edges=EDGES,
        source="crab",
        selection_optional="all",
        time_intervals=times[: n_runs - 1 or 1],
        n_sigma_ul=3,
        norm=Parameter("norm", 1, scan_min=0.5, scan_max=2, scan_n_values=3, interp="log"),
    )
    return estimator.run(make_onoff(n_runs, request.param, n_empty=0))


def flat(flux_map):
    """Values of a map of gammapy as our rows have them: (times, bands, ...)."""
    data = flux_map.quantity.to_value(flux_map.unit) if flux_map.unit else flux_map.data
    return data[..., 0, 0]


def assert_all_values(light_curve, points, rtol=1e-14):
    """Every number of a light curve is that of gammapy's flux points."""
    table = light_curve.table
    n_rows = len(table)
    for name in NORMS:
        assert_allclose(
            table[name], flat(getattr(points, name)).reshape(n_rows), rtol=rtol, atol=0, err_msg=name
        )
    for name in FLUXES:
        expected = getattr(points, name).quantity[..., 0, 0].reshape(n_rows).to_value(table[name].unit)
        assert_allclose(table[name], expected, rtol=1e-12, atol=0, err_msg=name)
    for name in ("ref_flux", "ref_dnde", "ref_eflux"):
        expected = getattr(points, name.removeprefix("ref_") + "_ref")[:, 0, 0].to_value(table[name].unit)
        assert_allclose(table[name], np.tile(expected, n_rows // 2), rtol=1e-12, err_msg=name)
    for name in ("counts", "npred", "npred_excess"):
        per_dataset = getattr(points, name).data[..., 0, 0]
        assert_allclose(table[name], np.nansum(per_dataset, axis=-1).reshape(n_rows), rtol=rtol, err_msg=name)
    assert_array_equal(table["is_ul"], flat(points.is_ul).reshape(n_rows))
    stat = points.stat.data[..., 0, 0].reshape(n_rows)
    assert_allclose(table["loglike"], stat, rtol=rtol)
    axis = points.stat_scan.geom.axes["norm"]
    scan = np.moveaxis(points.stat_scan.data[..., 0, 0], -1, -1).reshape(n_rows, axis.nbin)
    assert_allclose(table["dloglike_scan"] + table["loglike"][:, None], scan, rtol=1e-13)
    for row in table["norm_scan"]:
        assert_allclose(row, axis.center.to_value(""), rtol=1e-12)
    energy = points.geom.axes["energy"]
    for name, expected in (
        ("e_ref", energy.center),
        ("e_min", energy.edges[:-1]),
        ("e_max", energy.edges[1:]),
    ):
        assert_allclose(table[name], np.tile(expected.to_value("TeV"), n_rows // 2), rtol=1e-12, err_msg=name)
    time = points.geom.axes["time"]
    for name, expected in (("time_min", time.time_min), ("time_max", time.time_max)):
        expected = getattr(expected, light_curve.meta["TIMESYS"]).mjd
        assert_allclose(table[name], np.repeat(expected, 2), rtol=0, atol=1e-11, err_msg=name)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_gammapys_files_are_read(theirs, tmp_path, suffix):
    path = tmp_path / f"theirs.{suffix}"
    theirs.write(path, format="lightcurve", sed_type="likelihood")
    light_curve = LightCurve.read(path)
    assert_all_values(light_curve, theirs)
    assert light_curve.meta["TIMESYS"] == theirs.geom.axes["time"].reference_time.scale
    assert set(light_curve.table["status"]) == {"ok"}
    assert_allclose(light_curve.table["norm_sensitivity"], flat(theirs.norm_sensitivity).ravel(), rtol=1e-14)


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [("flux", "fits"), ("flux", "ecsv"), ("dnde", "ecsv"), ("eflux", "fits"), ("e2dnde", "fits")],
)
def test_files_without_a_reference_have_their_fluxes_and_more_with_a_spectrum(theirs, tmp_path, suffix, kind):
    path = tmp_path / f"theirs.{suffix}"
    theirs.write(path, format="lightcurve", sed_type=kind)
    table = LightCurve.read(path).table
    for name in FLUXES:
        if name.startswith(kind):
            expected = getattr(theirs, name).quantity[..., 0, 0].ravel().to_value(table[name].unit)
            assert_allclose(table[name], expected, rtol=1e-12, err_msg=name)
    assert "norm" not in table.colnames
    spectrum = PowerLaw(index=2.6, amplitude="3e-11 cm-2 s-1 TeV-1", reference="1 TeV")
    assert_all_values(LightCurve.read(path, spectrum=spectrum), theirs, rtol=1e-11)


def test_a_bin_without_success_says_so(theirs):
    table = theirs.to_table(format="lightcurve", sed_type="likelihood")
    table["success"][0, 1] = False
    light_curve = from_gadf_table(table)
    assert light_curve.table["status"].tolist()[:2] == ["ok", "not_converged"]
    assert "as the file says" in light_curve.table["reason"][1]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("scale", ["tt", "utc", "tai"])
def test_ours_are_opened_by_gammapy(tmp_path, suffix, scale):
    light_curve = make_rows(5, scale=scale)
    table = light_curve.table
    table["norm"][3] = np.nan
    path = light_curve.write(tmp_path / f"ours.{suffix}", format="gadf")
    points = FluxPoints.read(path, format="lightcurve")
    expected = light_curve.copy()
    expected.table["is_ul"] = (table["ts"] < 4) | ~np.isfinite(table["norm"])
    for quantity in ("flux", "dnde", "eflux", "e2dnde"):
        expected.table[quantity] = table["norm"] * table[f"ref_{quantity}"]
    assert_all_values(expected, points)
    assert points.n_sigma_ul == light_curve.meta["sigma_ul"]
    assert points.n_sigma == 1
    assert points.success.data.all()
    # the reference model goes through our reference fluxes
    energies = np.asarray(table["e_ref"][:2]) * u.TeV
    dnde = points.reference_model.spectral_model(energies).to_value(table["ref_dnde"].unit)
    assert_allclose(dnde, table["ref_dnde"][:2], rtol=1e-12)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_there_and_back_again(tmp_path, suffix):
    light_curve = make_rows(3)
    points = FluxPoints.read(
        light_curve.write(tmp_path / f"ours.{suffix}", format="gadf"), format="lightcurve"
    )
    points.write(tmp_path / f"theirs.{suffix}", format="lightcurve", sed_type="likelihood")
    back = LightCurve.read(tmp_path / f"theirs.{suffix}").table
    for name in light_curve.table.colnames:
        if name in back.colnames and name not in ("status", "reason"):
            assert_allclose(back[name], light_curve.table[name], rtol=1e-12, err_msg=name)
    assert set(light_curve.table.colnames) - set(back.colnames) == {"livetime"}


def test_the_good_time_is_there(tmp_path):
    light_curve = make_rows(3)
    points = FluxPoints.read(light_curve.write(tmp_path / "ours.fits", format="gadf"), format="lightcurve")
    assert_allclose(points.gti.time_start.mjd, light_curve.time_start.mjd[::2], rtol=0, atol=1e-11)
    assert_allclose(points.gti.time_stop.mjd, light_curve.time_stop.mjd[::2], rtol=0, atol=1e-11)
    assert points.gti.time_start.scale == "tt"


def test_tables_go_over_without_a_file(theirs):
    light_curve = from_gadf_table(theirs.to_table(format="lightcurve", sed_type="likelihood"))
    assert_all_values(light_curve, theirs)
    assert_all_values(light_curve, FluxPoints.from_table(to_gadf_table(light_curve), format="lightcurve"))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_rows_of_instruments_are_opened_by_gammapy_and_come_back(tmp_path, suffix):
    light_curve = make_rows(6)
    table = light_curve.table.copy()
    names = ["HESS", "MAGIC"]
    table["instrument"] = [names[number % 2] for number in np.repeat(np.arange(len(table) // 2), 2)]
    path = LightCurve(table).write(tmp_path / f"lc.{suffix}", format=f"gadf-{suffix.split('.')[0]}")
    points = FluxPoints.read(path, format="lightcurve")
    assert_allclose(flat(points.flux).ravel(), table["flux"], rtol=1e-12)
    assert LightCurve.read(path).table["instrument"].tolist() == table["instrument"].tolist()


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("case", ["one band", "curved", "free", "chosen", "rounded"])
def test_fluxes_are_the_same_whatever_the_reference(tmp_path, suffix, case):
    light_curve = make_rows(3, edges=np.array([1.0, 10.0] if case == "one band" else [1.0, 3.0, 10.0]))
    table, shown = light_curve.table, {}
    if case == "curved":
        table["ref_flux"] *= 1.2
    if case == "free":
        table["ref_dnde"] *= np.linspace(1, 2, len(table))
    for end in ("", "_err", "_errn", "_errp", "_ul"):
        table[f"flux{end}"][:] = table[f"norm{end}"] * table["ref_flux"]
    if case == "chosen":
        shown = {"columns": "flux,flux_err,flux_errn,flux_errp,flux_ul"}
    if case == "rounded":
        shown = {"digits": "pdg"}
    path = light_curve.write(tmp_path / f"ours.{suffix}", format="gadf", **shown)
    points, wanted = FluxPoints.read(path, format="lightcurve"), LightCurve.read(path).table
    assert_allclose(wanted["flux"], table["flux"], rtol=0.1 if case == "rounded" else 1e-14)
    for end in ("", "_err", "_errn", "_errp", "_ul"):
        theirs = getattr(points, f"flux{end}").quantity[..., 0, 0].ravel()
        assert_allclose(theirs.to_value(wanted["flux"].unit), wanted[f"flux{end}"], rtol=1e-12, err_msg=end)
