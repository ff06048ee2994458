"""A masked value is NaN at every door."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import Column, MaskedColumn, Table
from astropy.time import Time
from astropy.timeseries import BinnedTimeSeries
from astropy.utils.masked import Masked
from light_curve_rows import make_rows
from small_store import make_store

from tevcurve import DataStore, EDispKernel, PowerLaw, SkyPointSource, SpectrumDatasetOnOff, light_curve
from tevcurve.data import GTI
from tevcurve.demo import POSITION, demo_observations
from tevcurve.errors import InputError
from tevcurve.files.masked import table_without_masks, without_masks
from tevcurve.lightcurve.product import LightCurve
from tevcurve.maps import MapAxis
from tevcurve.reduction.energy_axes import energy_axes

MASK = np.array([True] + [False] * 7)


def masked_table():
    """A light curve's table whose first row knows neither flux, counts, limit nor status."""
    table = make_rows(4).table
    table["n_on"] = np.arange(8)
    table["is_ul"] = np.zeros(8, dtype=bool)
    for name in ("flux", "flux_ul", "n_on", "is_ul", "status"):
        table[name] = MaskedColumn(table[name], mask=MASK)
    return table


def assert_known(light_curve, rtol=1e-12):
    """The first row is unknown, the others are as they were."""
    whole = make_rows(4).table
    table = light_curve.table
    for name in ("flux", "flux_ul"):
        assert np.isnan(table[name][0]), name
        np.testing.assert_allclose(np.asarray(table[name])[1:], whole[name][1:], rtol=rtol)
    assert np.isnan(table["n_on"][0])
    assert list(table["n_on"][1:]) == list(range(1, 8))
    assert str(table["status"][0]) == ""
    assert list(table["status"][1:]) == ["ok"] * 7


@pytest.mark.parametrize(
    "values",
    [
        MaskedColumn([1, 2], mask=[True, False], unit="TeV"),
        np.ma.array([7.0, 2.0], mask=[True, False]),
        np.ma.array([0, 2], mask=[True, False]),
        Masked(np.array([5, 2]), mask=[True, False]),
        Masked([3.0, 2.0] * u.TeV, mask=[True, False]),
        MaskedColumn([True, True], mask=[True, False]),
    ],
)
def test_numbers_under_a_mask_are_nan(values):
    found = without_masks(values)
    assert np.isnan(found[0])
    assert float(getattr(found[1], "value", found[1])) in (1.0, 2.0)
    assert not hasattr(found, "mask")


def test_scalars_texts_and_vectors():
    assert np.isnan(without_masks(np.ma.masked))
    assert np.isnan(without_masks(Masked(1.0 * u.s, mask=True)))
    assert without_masks(MaskedColumn(["a", "b"], mask=[True, False])).tolist() == ["", "b"]
    vectors = without_masks(np.ma.array([[1, 2], [3, 4]], mask=[[True, False], [False, True]]))
    np.testing.assert_array_equal(vectors, [[np.nan, 2], [3, np.nan]])


def test_what_has_no_mask_is_not_copied():
    column, table = Column([1, 2]), Table({"a": [1]})
    assert without_masks(column) is column
    assert table_without_masks(table) is table
    kept = without_masks(MaskedColumn([1, 2], unit="s", description="why"))
    assert kept.dtype.kind == "i"
    assert kept.unit == u.s
    assert kept.description == "why"


def test_a_table_that_is_given():
    table = masked_table()
    assert_known(LightCurve(table))
    assert table["flux"].mask[0]  # the caller's is as it was


@pytest.mark.parametrize("suffix", ["ecsv", "fits"])
def test_light_curves_in_files(tmp_path, suffix):
    if suffix == "ecsv":
        masked_table().write(tmp_path / "a.ecsv", format="ascii.ecsv")
    else:
        table = make_rows(4).table
        table["n_on"], table["is_ul"] = np.arange(8), np.zeros(8, dtype=bool)
        light_curve = LightCurve(table)
        light_curve.write(tmp_path / "a.fits")
        with fits.open(tmp_path / "a.fits", mode="update") as hdus:
            data = hdus["LIGHTCURVE"].data
            data["flux"][0] = data["flux_ul"][0] = np.nan
            data["n_on"][0], data["status"][0] = -999, ""
            number = data.names.index("n_on") + 1
            hdus["LIGHTCURVE"].header[f"TNULL{number}"] = -999
    assert_known(LightCurve.read(tmp_path / f"a.{suffix}"))


@pytest.mark.parametrize(
    ("form", "suffix"), [("votable", "xml"), ("ascii.csv", "csv"), ("ascii.ecsv", "ecsv")]
)
def test_tables_of_other_formats(tmp_path, form, suffix):
    table = masked_table()
    table.remove_columns(["norm_scan", "dloglike_scan"])
    table.write(tmp_path / f"a.{suffix}", format=form)
    read = Table.read(tmp_path / f"a.{suffix}", format=form)
    read.meta["TIMESYS"] = "tt"
    assert_known(LightCurve(read), 1e-3)  # CSV has the printed digits


def gadf_table():
    rows = make_rows(4)
    table = rows.to_gadf_table()
    mask = MASK.reshape(4, 2)
    for name in ("norm", "norm_ul", "flux", "flux_ul", "counts", "is_ul", "success"):
        values = np.asarray(table[name])
        table[name] = MaskedColumn(table[name], mask=mask.reshape(values.shape))
    table.remove_columns(["status", "reason"])
    return table


def test_flux_points_of_gammapys_layout(tmp_path):
    for table in (gadf_table(), _through_file(gadf_table(), tmp_path / "a.ecsv")):
        light_curve = LightCurve.from_gadf_table(table)
        for name in ("norm", "norm_ul", "flux", "flux_ul", "counts"):
            assert np.isnan(light_curve.table[name][0]), name
            assert np.isfinite(light_curve.table[name][1:]).all(), name
        assert light_curve.table["status"][0] == "not_converged"
        assert "does not say" in light_curve.table["reason"][0]
        assert list(light_curve.table["status"][1:]) == ["ok"] * 7
        # a limit is shown where the row says so, or else where its numbers do
        again = light_curve.to_gadf_table()["is_ul"]
        assert not again[0, 0]


def _through_file(table, path):
    table.write(path, format="ascii.ecsv")
    read = Table.read(path, format="ascii.ecsv")
    assert read["flux"].mask[0, 0]
    return read


def test_columns_of_arrays_and_of_a_time_series():
    start = Time([53343.0, 53344.0], format="mjd", scale="tt")
    norms = {
        "norm": Masked(np.array([9.0, 1.0]), mask=[True, False]),
        "counts": np.ma.array([4, 5], mask=[0, 1]),
    }
    made = LightCurve.from_arrays(start, start + 1 * u.h, 1.0, 0.5, 2.0, {"ref_flux": 1e-11}, norms)
    np.testing.assert_array_equal(made.table["norm"], [np.nan, 1])
    np.testing.assert_array_equal(made.table["counts"], [4, np.nan])
    assert np.isnan(made.table["flux"][0])
    series = BinnedTimeSeries(time_bin_start=start, time_bin_end=start + 1 * u.h)
    series["flux"] = Masked([1, 2] * u.Unit("cm-2 s-1"), mask=[False, True])
    assert np.isnan(LightCurve.from_binned_time_series(series).table["flux"][1])


def test_a_row_without_a_time_is_refused():
    table = make_rows(2).table
    table["time_min"] = MaskedColumn(table["time_min"], mask=[True, False, False, False])
    with pytest.raises(InputError, match="time_min has a row without a time"):
        LightCurve(table)
    start = Time([53343.0, 53344.0], format="mjd")
    start[0] = np.ma.masked
    with pytest.raises(InputError, match="without a time"):
        LightCurve.from_arrays(start, start + 1 * u.h, 1.0, 0.5, 2.0, {}, {"norm": [1.0, 2.0]})


def test_index_tables_of_a_store(tmp_path):
    store = make_store(tmp_path)
    table = Table(store.obs_table, copy=True)
    assert len(table) > 1
    rows = np.arange(len(table)) == 0
    table["OBS_ID"] = MaskedColumn(table["OBS_ID"], mask=rows)
    masked = DataStore(store.hdu_table, table, tmp_path)
    assert len(masked.get_observations()) == len(table) - 1


def test_arguments():
    edges = Masked([1.0, 3.0, 10.0] * u.TeV, mask=[False, True, False])
    with pytest.raises(InputError, match="energies"):
        energy_axes(edges)
    with pytest.raises(InputError):
        MapAxis.from_edges(edges, unit="TeV", name="energy")
    with pytest.raises(InputError):
        PowerLaw(index=2.0, amplitude=Masked(1 * u.Unit("cm-2 s-1 TeV-1"), mask=True))
    start = Time([53343.0, 53344.0], format="mjd", scale="tt")
    stop = start + 1 * u.h
    start[0] = np.ma.masked
    with pytest.raises(InputError, match="good time"):
        GTI(start, stop)


def _masked_bin(values):
    return np.ma.MaskedArray(values, mask=[False, True])


@pytest.mark.parametrize(
    "name", ["counts", "counts_off", "acceptance", "acceptance_off", "exposure", "mask_safe"]
)
def test_masked_bins_of_a_dataset_are_refused(name):
    """The number under a mask would be taken for the value."""
    edges = np.array([1, 2, 4.0]) * u.TeV
    given = {
        "counts": np.array([3.0, 4]),
        "counts_off": np.array([30.0, 40]),
        "acceptance": np.ones(2),
        "acceptance_off": np.full(2, 10.0),
        "exposure": np.ones(2) * u.Unit("cm2 s"),
        "mask_safe": np.ones(2, dtype=bool),
    }
    edisp = EDispKernel(np.eye(2), edges, edges)
    assert SpectrumDatasetOnOff(**given, edisp=edisp).counts.total == 7
    values = given[name]
    given[name] = Masked(values, mask=[False, True]) if name == "exposure" else _masked_bin(values)
    with pytest.raises(InputError, match="masked"):
        SpectrumDatasetOnOff(**given, edisp=edisp)


def test_masked_positions_and_norms_are_refused():
    place = SkyCoord(Masked(166.0 * u.deg, mask=True), 38 * u.deg)
    with pytest.raises(InputError, match="target is a SkyCoord whose position is masked"):
        light_curve([], place, method="1d")
    with pytest.raises(InputError, match="The position of SkyPointSource is masked"):
        SkyPointSource.from_position(place)
    for values in (np.ma.MaskedArray([0.5, 1.0], mask=[0, 1]), [0.5, np.nan]):
        with pytest.raises(InputError, match="norm_values has one that is masked"):
            light_curve(demo_observations()[:1], POSITION, method="1d", norm_values=values)
