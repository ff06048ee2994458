"""Kinds of responses are declared once: reading, writing and storing go by the declaration."""

from dataclasses import dataclass

import numpy as np
import pytest

from tevcurve.data import Observation
from tevcurve.data.response_hdus import response_bytes, response_table
from tevcurve.data.table_bytes import primary_bytes
from tevcurve.errors import DataError
from tevcurve.files import FitsFile
from tevcurve.irf.layout import RESPONSE_TYPES, RESPONSES, Layout, ValueColumn, classes_of, type_of
from tevcurve.irf.table import Response


@dataclass(frozen=True, eq=False)
class TwoSigmas(Response):
    """A response with two columns of values, one of which may be below 0."""

    layout = Layout(
        "psf",
        "psf_two_sigmas",
        "PSF",
        (("ENERG", "TeV", True), ("THETA", "rad", False)),
        (ValueColumn("SIGMA", "rad"), ValueColumn("AMPL", "", signed=True)),
    )


AXES = [
    ("ENERG", np.array([0.5, 1.0, 2.0]), np.array([1.0, 2.0, 4.0]), "TeV"),
    ("THETA", np.array([0.0, 1.0]), np.array([1.0, 2.0]), "deg"),
]


def two_sigmas(sigma, amplitude):
    content = primary_bytes() + response_table(TwoSigmas.layout, AXES, {"SIGMA": sigma, "AMPL": amplitude})
    return TwoSigmas.from_hdu(FitsFile(content, "here").table("PSF"), "here")


def test_every_class_says_in_its_layout_what_the_table_calls_it():
    for name in RESPONSES:
        layout = RESPONSES[name].layout
        assert layout.hdu_class == name
        assert layout.hdu_type in RESPONSE_TYPES
        assert type_of(name) == layout.hdu_type
        assert name in classes_of(layout.hdu_type)
        assert isinstance(getattr(Observation, layout.hdu_type), property)
    assert type_of("psf_of_another_kind") is None


def test_several_columns_are_read_and_written():
    sigma = np.arange(1.0, 7.0).reshape(3, 2) / 8
    amplitude = sigma - 0.5
    response = two_sigmas(sigma, amplitude)
    np.testing.assert_allclose(np.rad2deg(response.table.columns["SIGMA"]), sigma)
    assert np.array_equal(response.table.columns["AMPL"], amplitude)
    assert response.table.values is response.table.columns["SIGMA"]
    again = TwoSigmas.from_hdu(FitsFile(primary_bytes() + response_bytes(response), "x").table("PSF"), "x")
    for name in ("SIGMA", "AMPL"):
        assert np.array_equal(again.table.columns[name], response.table.columns[name])
    near = response.table.around(1, np.deg2rad(0.2))
    assert np.array_equal(near.columns["AMPL"], response.table.columns["AMPL"])


def test_what_is_undefined_in_one_column_is_so_in_all():
    sigma, amplitude = np.ones((3, 2)), np.ones((3, 2))
    amplitude[0] = np.nan
    response = two_sigmas(sigma, amplitude)
    assert np.all(response.table.columns["SIGMA"][0] == 0)
    assert np.all(response.table.columns["SIGMA"][1:] > 0)


def test_values_below_zero_are_for_columns_that_may_have_them():
    with pytest.raises(DataError, match=r"SIGMA holds values from -0\.01"):
        two_sigmas(np.ones((3, 2)) * [-1.0, 1.0], np.ones((3, 2)))


def test_a_run_has_the_class_that_a_process_registered(tmp_path):
    from tevcurve.data.run import HduAddress, Run

    RESPONSES.register("psf_two_sigmas", TwoSigmas)
    try:
        content = primary_bytes() + response_table(
            TwoSigmas.layout, AXES, {"SIGMA": np.ones((3, 2)), "AMPL": np.ones((3, 2))}
        )
        (tmp_path / "one.fits").write_bytes(content)
        run = Run(1, [HduAddress("psf", "psf_two_sigmas", tmp_path / "one.fits", "PSF")])
        assert isinstance(run.response("psf"), TwoSigmas)
    finally:
        RESPONSES.unregister("psf_two_sigmas")
    run = Run(1, [HduAddress("psf", "psf_two_sigmas", tmp_path / "one.fits", "PSF")])
    with pytest.raises(DataError, match="which is not supported; wanted is psf_table"):
        run.response("psf")


def test_a_point_like_response_stays_one_when_it_is_written():
    layout = RESPONSES["aeff_2d"].layout
    words = {"HDUCLAS3": "POINT-LIKE", "RAD_MAX": 0.2}
    content = primary_bytes() + response_table(layout, AXES, {"EFFAREA": np.ones((3, 2))}, words)
    area = RESPONSES["aeff_2d"].from_hdu(FitsFile(content, "x").table("AEFF"), "x")
    again = RESPONSES["aeff_2d"].from_hdu(
        FitsFile(primary_bytes() + response_bytes(area), "x").table("AEFF"), "x"
    )
    assert again.table.directional_cut == area.table.directional_cut == "HDUCLAS3 POINT-LIKE, RAD_MAX 0.2"
