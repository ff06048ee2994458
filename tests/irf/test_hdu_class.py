"""Which response a table holds is told by its classes, however short, or else by its name and columns."""

import numpy as np
import pytest
from response_tables import aeff_hdu, edisp_hdu, energy_axis, psf_hdu, table_hdu

from tevcurve.errors import DataError
from tevcurve.irf import Background2D, EffectiveAreaTable2D, EnergyDispersion2D
from tevcurve.irf.hdu_class import full_class, response_class_of
from tevcurve.irf.layout import RESPONSES
from tevcurve.problems import noted_remarks

AXES = ["ENERG_LO", "ENERG_HI", "THETA_LO", "THETA_HI"]
OLD_AXES = ["ETRUE_LO", "ETRUE_HI", "THETA_LO", "THETA_HI"]


def classes(second, fourth, **others):
    return {"HDUCLAS1": "RESPONSE", "HDUCLAS2": second, "HDUCLAS4": fourth} | others


@pytest.mark.parametrize(
    ("second", "fourth", "expected"),
    [
        ("EFF_AREA", "AEFF_2D", ("aeff", "aeff_2d")),
        ("EFF_AREA", "2D", ("aeff", "aeff_2d")),
        ("EDISP", "2D", ("edisp", "edisp_2d")),
        ("RPSF", "3GAUSS", ("psf", "psf_3gauss")),
        ("PSF", "PSF_3GAUSS", ("psf", "psf_3gauss")),
        ("PSF", "KING", ("psf", "psf_king")),
        ("RPSF", "TABLE", ("psf", "psf_table")),
        ("RPSF", "GTA", ("psf", "psf_gta")),
        ("BKG", "3D", ("bkg", "bkg_3d")),
        ("BKG", "2D", ("bkg", "bkg_2d")),
        ("RAD_MAX", "2D", ("rad_max", "rad_max_2d")),
        ("", "AEFF_2D", ("aeff", "aeff_2d")),
        ("", "PSF_GTA", ("psf", "psf_gta")),
    ],
)
def test_the_classes_of_the_header_are_filled_up(second, fourth, expected):
    assert response_class_of("any", classes(second, fourth), []) == expected


@pytest.mark.parametrize(
    ("name", "columns", "expected"),
    [
        ("EFFECTIVE AREA", [*AXES, "EFFAREA"], ("aeff", "aeff_2d")),
        ("EFFECTIVE_AREA", [*OLD_AXES, "EFFAREA"], ("aeff", "aeff_2d")),
        ("ENERGY DISPERSION", [*OLD_AXES, "MIGRA_LO", "MIGRA_HI", "MATRIX"], ("edisp", "edisp_2d")),
        ("POINT SPREAD FUNCTION", [*AXES, "RAD_LO", "RAD_HI", "RPSF"], ("psf", "psf_table")),
        ("PSF_2D_TABLE", [*AXES, "RAD_LO", "RAD_HI", "RPSF"], ("psf", "psf_table")),
        ("BACKGROUND", [*AXES, "BGD"], ("bkg", "bkg_2d")),
        (
            "BKG",
            ["ENERG_LO", "ENERG_HI", "DETX_LO", "DETX_HI", "DETY_LO", "DETY_HI", "BKG"],
            ("bkg", "bkg_3d"),
        ),
        ("RAD_MAX", [*AXES, "RAD_MAX"], ("rad_max", "rad_max_2d")),
        ("PSF_OF_ANOTHER_KIND", [*AXES, "WIDTH"], ("psf", "psf_of_another_kind")),
    ],
)
def test_without_classes_the_name_and_the_columns_tell(name, columns, expected):
    assert response_class_of(name, {}, columns) == expected
    assert response_class_of(name, {"HDUCLAS1": "RESPONSE"}, columns) == expected


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("EVENTS", {}),
        ("GH_CUTS", {}),
        ("", {}),
        ("POINTING", {"HDUCLAS1": "POINTING"}),
        ("AEFF", {"HDUCLAS1": "GTI"}),
    ],
)
def test_other_tables_hold_no_response(name, header):
    assert response_class_of(name, header, AXES) is None


def test_classes_of_an_index_are_filled_up_too():
    assert full_class("aeff", "2D") == full_class("aeff", " AEFF_2D ") == "aeff_2d"
    assert full_class("events", "2D") == "2d"
    assert full_class("psf", "aeff_2d") == "aeff_2d"
    for name in RESPONSES:
        hdu_type = RESPONSES[name].layout.hdu_type
        assert full_class(hdu_type, name) == full_class(hdu_type, name.removeprefix(f"{hdu_type}_")) == name


def renamed(hdu, **names):
    """A table with other names of columns."""
    for column in list(hdu.columns.names):
        for old, new in names.items():
            if column.startswith(old):
                hdu.columns.change_name(column, column.replace(old, new))
    return hdu


def test_old_names_of_columns_are_read():
    area = EffectiveAreaTable2D.from_hdu(renamed(aeff_hdu(), ENERG="ETRUE"), "here")
    assert np.array_equal(area.table.values, EffectiveAreaTable2D.from_hdu(aeff_hdu(), "here").table.values)

    def share(migra, energy, offset):
        return np.clip(migra - 0.5, 0, 1) + 0 * energy

    old = EnergyDispersion2D.from_hdu(renamed(edisp_hdu(share), ENERG="ETRUE"), "here")
    assert np.array_equal(
        old.table.values, EnergyDispersion2D.from_hdu(edisp_hdu(share), "here").table.values
    )
    with pytest.raises(DataError, match="has no column ENERG_LO"):
        EffectiveAreaTable2D.from_hdu(renamed(aeff_hdu(), ENERG="EMC"), "here")


def background(column, unit):
    edges = np.linspace(0, 2, 5)
    values = np.arange(1.0, 161.0).reshape(40, 4)
    axes = [energy_axis(), ("THETA", edges[:-1], edges[1:], "deg")]
    return table_hdu(axes, column, values, unit)


@pytest.mark.parametrize("unit", ["s-1 MeV-1 sr-1", "1/s/MeV/sr", "MeV^-1 s^-1 sr^-1", "1 / (MeV s sr)"])
def test_a_background_is_the_same_by_all_names_and_units(unit):
    expected = 1e6 * np.arange(1.0, 161.0).reshape(40, 4)
    for column in ("BKG", "BGD"):
        with noted_remarks() as noted:
            rate = Background2D.from_hdu(background(column, unit), "here")
        np.testing.assert_allclose(rate.table.values, expected, rtol=1e-12)
        assert not noted


@pytest.mark.parametrize("unit", ["", "dimensionless", "Dimensionless", "none"])
def test_a_background_without_unit_is_per_second_mev_and_steradian_and_says_so(unit):
    with noted_remarks() as noted:
        rate = Background2D.from_hdu(background("BGD", unit), "here")
    np.testing.assert_allclose(rate.table.values[0, 0], 1e6)
    ((_, words),) = noted
    assert words == "The column BGD of here has no unit; s-1 MeV-1 sr-1 is taken."


def test_an_area_without_unit_is_refused_and_numbers_may_say_that_they_have_none():
    hdu = aeff_hdu()
    hdu.columns["EFFAREA"].unit = "dimensionless"
    with pytest.raises(
        DataError, match="The column EFFAREA of here has no unit; wanted is one that converts to cm2"
    ):
        EffectiveAreaTable2D.from_hdu(hdu, "here")

    def share(migra, energy, offset):
        return np.clip(migra - 0.5, 0, 1) + 0 * energy

    hdu = edisp_hdu(share)
    for column in ("MATRIX", "MIGRA_LO", "MIGRA_HI"):
        hdu.columns[column].unit = "dimensionless"
    assert EnergyDispersion2D.from_hdu(hdu, "here").table.values.any()


def test_a_table_tells_its_class_in_a_real_header():
    header = {"HDUCLAS1": "RESPONSE", "HDUCLAS2": "RPSF", "HDUCLAS4": "PSF_TABLE"}
    assert response_class_of("PSF", header, psf_hdu().columns.names) == ("psf", "psf_table")
