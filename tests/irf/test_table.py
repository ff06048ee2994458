import astropy.units as u
import numpy as np
import pytest
from astropy.io import fits
from response_tables import ENERGY_EDGES, OFFSETS, aeff_hdu, energy_axis, offset_axis, table_hdu

from tevcurve.errors import DataError
from tevcurve.irf import EffectiveAreaTable2D
from tevcurve.irf.layout import Layout, ValueColumn
from tevcurve.irf.table import read_response

LAYOUT = Layout(
    "aeff",
    "aeff_2d",
    "EFF_AREA",
    (("ENERG", "TeV", True), ("THETA", "rad", False)),
    (ValueColumn("EFFAREA", "cm2"),),
)
WHERE = "run.fits[AEFF]"


def read(hdu):
    return read_response(hdu, WHERE, LAYOUT)


def values(shape=(4, 40)):
    return np.arange(1.0, 1 + np.prod(shape)).reshape(shape)


def test_columns_are_converted_by_their_own_units():
    hdu = table_hdu([energy_axis(ENERGY_EDGES * 1e6, "MeV"), offset_axis()], "EFFAREA", values(), "km2")
    table = read(hdu)
    energy, offset = table.axes
    np.testing.assert_allclose(energy.edges, ENERGY_EDGES, rtol=1e-14)
    np.testing.assert_allclose(energy.nodes, np.sqrt(ENERGY_EDGES[1:] * ENERGY_EDGES[:-1]), rtol=1e-14)
    np.testing.assert_allclose(offset.nodes, np.deg2rad(OFFSETS), rtol=1e-14)
    np.testing.assert_allclose(table.values, values().T * 1e10, rtol=1e-14)
    assert table.n_negative == 0


def test_what_is_read_cannot_be_changed():
    table = read(aeff_hdu())
    for array in (table.values, table.axes[0].low, table.axes[0].nodes):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0


def test_responses_with_the_same_edges_have_one_axis_and_their_own_words_of_what_is_wrong():
    one, other = read(aeff_hdu()), read(aeff_hdu())
    assert one.axes[0] is other.axes[0]
    assert one.axes[1] is other.axes[1]
    wider = read(table_hdu([energy_axis(ENERGY_EDGES * 2), offset_axis()], "EFFAREA", values(), "m2"))
    assert wider.axes[0] is not one.axes[0]
    np.testing.assert_allclose(wider.axes[0].low, 2 * one.axes[0].low, rtol=1e-14)
    falling = table_hdu([energy_axis(ENERGY_EDGES[::-1]), offset_axis()], "EFFAREA", values(), "m2")
    for where in ("a.fits[AEFF]", "b.fits[AEFF]"):
        with pytest.raises(DataError, match=rf"^{where[0]}\.fits\[AEFF\]: the bins of the axis ENERG"):
            read_response(falling, where, LAYOUT)


def test_one_bin_per_axis_is_read():
    hdu = table_hdu(
        [energy_axis(np.array([1.0, 10.0])), ("THETA", [0.3], [0.5], "deg")], "EFFAREA", [[7.0]], "m2"
    )
    area = EffectiveAreaTable2D.from_hdu(hdu, WHERE)
    assert area.evaluate(3 * u.TeV, 0.4 * u.deg).to_value("m2") == pytest.approx(7.0)


def test_a_small_undershoot_is_read_as_zero_and_counted():
    data = values()
    data[1, :3] = -0.01
    table = read(table_hdu([energy_axis(), offset_axis()], "EFFAREA", data, "m2"))
    assert table.n_negative == 3
    assert table.values.min() == 0


def broken(change):
    axes, column, data, unit = [energy_axis(), offset_axis()], "EFFAREA", values(), "m2"
    name, low, high, axis_unit = axes[0]
    if change == "column":
        column = "AREA"
    elif change == "axis":
        axes = axes[:1]
    elif change == "unit":
        unit = ""
    elif change == "other unit":
        unit = "TeV"
    elif change == "energy unit":
        axes[0] = (name, low, high, "")
    elif change == "shape":
        data = values((40, 3))
    elif change == "order":
        axes[0] = (name, low[::-1], high[::-1], axis_unit)
    elif change == "zero energy":
        axes[0] = (name, np.append(0, low[1:]), high, axis_unit)
    elif change == "nan axis":
        axes[0] = (name, np.append(np.nan, low[1:]), high, axis_unit)
    elif change == "length":
        axes[0] = (name, low[1:], high, axis_unit)
    elif change == "wide":
        axes[1] = (axes[1][0], axes[1][1], np.append(axes[1][2][:-1], 800.0), "deg")
    elif change == "huge":
        data[2, 2] = 1e80
    elif change == "nan":
        data[2, 2] = np.nan
    elif change == "negative":
        data[2, 2] = -100
    return table_hdu(axes, column, data, unit)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("column", "has no column EFFAREA; it has ENERG_LO"),
        ("axis", "has no column THETA_LO"),
        ("unit", "column EFFAREA of .* has no unit; wanted is one that converts to cm2"),
        ("other unit", "column EFFAREA of .* has the unit 'TeV'"),
        ("energy unit", "column ENERG_LO of .* has no unit; wanted is one that converts to TeV"),
        ("shape", r"EFFAREA has the shape \(40, 3\); \(4, 40\) \(THETA, ENERG\) is wanted"),
        ("order", "the bins of the axis ENERG do not increase"),
        ("zero energy", "the axis ENERG starts at 0 TeV"),
        ("nan axis", "the axis ENERG holds values that are not finite"),
        ("length", "ENERG_LO has 39 values and ENERG_HI has 40"),
        ("nan", "EFFAREA holds 1 values that are not finite"),
        ("wide", r"axis THETA goes from 0 to 13.9626 rad; at most 6.28319 is wanted"),
        ("huge", "EFFAREA holds values up to 1e.84, which nothing has"),
        ("negative", "EFFAREA holds values from -1e"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(change, message):
    with pytest.raises(DataError, match=message) as caught:
        read(broken(change))
    assert WHERE in str(caught.value)
    assert str(caught.value).endswith(".")


def test_two_rows_and_images_are_refused():
    hdu = aeff_hdu()
    twice = fits.BinTableHDU(np.concatenate([hdu.data, hdu.data]), header=hdu.header)
    with pytest.raises(DataError, match="has 2 rows; one is wanted"):
        read(twice)
    with pytest.raises(DataError, match="this is a ImageHDU; a binary table is wanted"):
        read(fits.ImageHDU(np.zeros((3, 3))))


def test_reading_from_a_file_names_what_is_not_there(tmp_path):
    path = tmp_path / "irf.fits"
    with pytest.raises(DataError, match=r"irf\.fits does not exist"):
        EffectiveAreaTable2D.read(path)
    fits.HDUList([fits.PrimaryHDU(), aeff_hdu()]).writeto(path)
    assert EffectiveAreaTable2D.read(path).max_offset == 2 * u.deg
    with pytest.raises(DataError, match=r"irf\.fits has no HDU PSF; it has"):
        EffectiveAreaTable2D.read(path, "PSF")
    path.write_text("nothing of the kind")
    with pytest.raises(DataError, match="is not a FITS file"):
        EffectiveAreaTable2D.read(path)
