"""Flux points in files: nothing is lost, and gammapy reads the same numbers."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from small_store import TARGET
from two_instruments import make_stores

from tevcurve import light_curve
from tevcurve.errors import DataError, InputError
from tevcurve.lightcurve.sed import FluxPoints
from tevcurve.lightcurve.table_details import set_values

SUFFIXES = ("ecsv", "fits", "fits.gz")
VALUES = [
    q + end
    for q in ("norm", "flux", "dnde", "eflux", "e2dnde")
    for end in ("", "_err", "_errn", "_errp", "_ul")
]


def assert_same_table(table, expected):
    assert set(table.colnames) >= set(expected.colnames)
    for name in expected.colnames:
        values, wanted = np.asarray(table[name]), np.asarray(expected[name])
        if wanted.dtype.kind in "iuf":
            values, wanted = values.astype(float), wanted.astype(float)
        assert_array_equal(values, wanted, err_msg=name)
        assert table[name].unit == expected[name].unit, name


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kind", ["flux_points", "plain_points"])
def test_files_give_back_every_number(kind, request, tmp_path, suffix):
    flux_points = request.getfixturevalue(kind)
    path = flux_points.write(tmp_path / f"points.{suffix}")
    again = FluxPoints.read(path)
    assert_same_table(again.table, flux_points.table)
    assert_same_table(again.fits.table, flux_points.fits.table)
    assert again.meta["TIMESYS"] == flux_points.meta["TIMESYS"]
    assert again.meta["spectrum"] == flux_points.meta["spectrum"]
    first = path.read_bytes()
    assert flux_points.write(path, overwrite=True).read_bytes() == first
    with pytest.raises(InputError, match="already there"):
        flux_points.write(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_texts_that_are_objects_make_the_same_file(flux_points, tmp_path, suffix):
    table = flux_points.fits.table.copy()
    set_values(table, "status", np.array(table["status"].tolist(), dtype=object))
    of_objects = replace(flux_points, fits=replace(flux_points.fits, table=table))
    first, second = (
        one.write(tmp_path / f"{number}.{suffix}") for number, one in enumerate((flux_points, of_objects))
    )
    assert first.read_bytes() == second.read_bytes()


def test_flux_points_of_several_instruments_come_back(tmp_path, caplog):
    observations = [one for store in make_stores(tmp_path).values() for one in store.get_observations()]
    options = {"time_bins": "run", "method": "1d", "safe_energy": None, "energy_edges": [0.7, 10] * u.TeV}
    made = light_curve(observations, TARGET, **options).sed([0.7, 2, 10] * u.TeV)
    again = FluxPoints.read(made.write(tmp_path / "points.fits"))
    assert "gammapy does not read" in caplog.text
    assert again.instruments == ("HESS", "MAGIC")
    assert_same_table(again.table, made.table)
    assert_same_table(again.fits.table, made.fits.table)


def test_what_is_no_file_of_flux_points_says_so(curve, flux_points, tmp_path):
    with pytest.raises(InputError, match=r"should end in \.ecsv"):
        flux_points.write(tmp_path / "points.vot")
    with pytest.raises(DataError, match="holds no flux points"):
        FluxPoints.read(curve.write(tmp_path / "curve.ecsv"))
    with pytest.raises(InputError, match="no time bin 99"):
        flux_points.to_gadf_table(99)


@pytest.mark.filterwarnings("ignore")
class TestWithGammapy:
    """What gammapy 2.1 makes of both layouts."""

    @pytest.fixture(scope="class")
    def theirs(self):
        reason = "gammapy is not here, which would read the flux points: pip install tevcurve[peer]."
        return pytest.importorskip("gammapy.estimators", reason=reason).FluxPoints

    @pytest.mark.parametrize("suffix", SUFFIXES)
    @pytest.mark.parametrize("kind", ["flux_points", "plain_points"])
    def test_it_reads_all_time_bins(self, theirs, kind, request, tmp_path, suffix):
        flux_points = request.getfixturevalue(kind)
        path = flux_points.write(tmp_path / f"points.{suffix}")
        read, table = theirs.read(path, format="lightcurve"), flux_points.table
        # What is no dN/dE it makes of norms with one spectrum for all time bins, whatever their own shapes are.
        told = [
            name for name in VALUES if kind == "plain_points" or name.startswith(("norm", "dnde", "e2dnde"))
        ]
        for name in told:
            values = getattr(read, name).quantity[..., 0, 0].ravel().to_value(table[name].unit or "")
            assert_allclose(values, table[name], rtol=1e-12, err_msg=name)
        assert_allclose(read.ts.data.ravel(), table["ts"])
        energy, time = (read.geom.axes[name] for name in ("energy", "time"))
        assert_allclose(energy.edges.to_value("TeV"), flux_points.energy_edges.value, rtol=1e-12)
        assert_allclose(time.time_min.tt.mjd, flux_points.fits.table["time_min"], rtol=0, atol=1e-11)
        assert_allclose(time.time_max.tt.mjd, flux_points.fits.table["time_max"], rtol=0, atol=1e-11)

    def test_it_takes_one_time_bin(self, theirs, plain_points):
        table = plain_points[1].table
        read = theirs.from_table(plain_points.to_gadf_table(1), format="gadf-sed")
        assert read.geom.axes.names == ["energy"]
        for name in VALUES:
            values = getattr(read, name).quantity.ravel().to_value(table[name].unit or "")
            assert_allclose(values, table[name], rtol=1e-12, err_msg=name)
        assert_allclose(read.energy_ref.to_value("TeV"), table["e_ref"], rtol=1e-12)
        assert_allclose(read.stat_scan.data[:, :, 0, 0], table["dloglike_scan"] + table["loglike"][:, None])
        assert_allclose(read.counts.data.ravel(), table["n_on"])
