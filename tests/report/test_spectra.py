"""Spectra in time on the page: the figure, a row for each fit, and a table for each time bin."""

import re
from base64 import b64decode

import astropy.units as u
import numpy as np
import pytest

from tevcurve.report import report_html
from tevcurve.report.spectra import Spectra


@pytest.fixture(scope="module")
def flux_points(night):
    return night.sed([0.5, 2, 10] * u.TeV, "2 h")[:2]


def test_tables_have_the_numbers_of_the_points(flux_points):
    part = Spectra.of(flux_points)
    assert len(part.points) == len(part.fits.rows) == len(flux_points) > 1
    assert part.note == ""
    for k, (title, table) in enumerate(part.points):
        assert title.startswith(f"{k + 1}: MJD ")
        assert len(table.rows) == flux_points.n_bands
        column = next(n for n, heading in enumerate(table.headings) if heading.startswith("e2dnde ["))
        unit = u.Unit(re.search(r"\[(.*)\]", table.headings[column])[1])
        values = [float(row[column]) for row in table.rows] * unit
        expected, error = (flux_points[k].table[name].quantity.to(unit) for name in ("e2dnde", "e2dnde_err"))
        assert np.all(np.abs(values - expected) <= np.where(np.isfinite(error), 0.06 * error, 0.01 * unit))


def test_the_page_shows_them_when_they_are_given(night, flux_points):
    page = report_html(night[:2], n_toys=0, spectra=flux_points)
    assert 'id="spectra"' in page
    assert page.count("<details>") == len(flux_points)
    image = re.search(r'src="(data:image/svg\+xml;base64,([^"]*))"', page)
    assert b64decode(image[2]).startswith(b"<?xml")
    assert image[1] == Spectra.of(flux_points).image


def test_of_many_time_bins_the_first_are_shown(flux_points, monkeypatch):
    monkeypatch.setattr("tevcurve.report.spectra.MOST", 1)
    part = Spectra.of(flux_points)
    assert len(part.points) == 1
    assert part.note == f"The first 1 of {len(flux_points)} time bins are shown."
