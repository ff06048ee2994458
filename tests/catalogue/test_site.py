"""The pages of a catalogue: what stands in them, in a browser too, with names that are meant to do harm."""

import re

import astropy.units as u
import numpy as np
import pytest
from astropy.table import Table
from small_store import TARGET

import tevcurve
from tevcurve import DataStore
from tevcurve.catalogue.site import PER_FILE

NAMES = [
    "Crab",
    "<img src=x onerror='window.harm=1'>",
    '</script><script>window.harm=1</script> "&amp;',
    "far away",
]
SHOWN = "document.querySelectorAll('#sources tbody:not([hidden]) tr:not([hidden])')"
TEXTS = f"Array.from({SHOWN}, row => row.cells[0].textContent)"


@pytest.fixture(scope="module")
def site(kept_store, tmp_path_factory):
    """A catalogue of many sources, of which most are in no field, in two energy bands."""
    n = PER_FILE + 2
    names = NAMES + [f"none {number}" for number in range(len(NAMES), n)]
    dec = np.where(np.arange(n) < 3, TARGET.dec.deg + 0.4 * np.arange(n), -60.0)
    positions = Table({"name": names, "ra": [TARGET.ra.deg] * n, "dec": dec})
    folder = tmp_path_factory.mktemp("site") / "out"
    options = {"energy_edges": [0.7, 2, 10] * u.TeV, "safe_energy": None, "folder": folder}
    return tevcurve.light_curves(DataStore.from_dir(kept_store), positions, "10 min", **options)


def test_names_stay_text_and_nothing_is_from_elsewhere(site):
    for path in (site.folder / name for name in ("index.html", "source.html")):
        page = path.read_text()
        assert not re.search(
            r"(?:src|href)=\"(?!assets/|data:,|source\.html|index\.html|light_curves\.fits|sources\.ecsv)",
            page,
        )
        assert "harm=1</script>" not in page
        assert "<img" not in page
    for path in (site.folder / "assets").iterdir():
        assert "</script" not in path.read_text()
        assert "http" not in path.read_text().replace("http://www.w3.org/2000/svg", "")


def test_the_list_has_a_line_for_each_source_and_band(site):
    page = (site.folder / "index.html").read_text()
    assert page.count("<tr><td") == 2 * len(site)
    assert "&lt;img src=x" in page
    assert f"{len(site)} sources have others of the catalogue within 0.5 deg" in page
    assert len(list((site.folder / "assets").glob("rows-*.js"))) == 2


def test_the_list_sorts_and_filters_in_a_browser(site, pages):
    pages.visit((site.folder / "index.html").as_uri())
    assert pages.run(TEXTS)[: len(NAMES)] == NAMES
    heading = "Array.from(document.querySelectorAll('thead button')).find(each => each.textContent === '{}').click()"
    pages.driver.execute_script(heading.format("TS"))
    ts = np.nan_to_num(np.asarray(site.sources["ts"])[:, 0], nan=-1)
    order = np.argsort(-ts, kind="stable")
    assert pages.run(TEXTS) == [site.names[number] for number in order]
    pages.driver.execute_script(heading.format("Source"))
    assert pages.run(TEXTS)[-1].startswith("none") or pages.run(TEXTS)[0].startswith("<")
    pages.driver.execute_script(
        "const f = document.getElementById('filter'); f.value = 'FAR'; f.dispatchEvent(new Event('input'));"
    )
    assert pages.run(TEXTS) == ["far away"]
    pages.driver.execute_script(
        "const b = document.getElementById('band'); b.value = '1'; b.dispatchEvent(new Event('change'));"
    )
    assert pages.run(TEXTS) == ["far away"]
    assert pages.console() == []
    assert pages.run("window.harm") is None


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_source_is_drawn_in_a_browser(site, pages, place):
    pages.visit("about:blank")
    pages.visit(f"{(site.folder / 'source.html').as_uri()}#{place}")
    pages.wait("document.querySelector('#plot svg') !== null")
    assert pages.run("document.getElementById('name').textContent") == NAMES[place]
    curve = site[NAMES[place]]
    one_band = curve.table[np.asarray(curve.table["e_min"]) < 1]
    seen = (one_band["ts"] >= 4) & (one_band["flux"] > 0)
    assert pages.run("document.querySelectorAll('#plot .dot').length") == np.sum(seen)
    assert pages.run("document.querySelectorAll('#plot .limit').length") == np.sum(~seen)
    assert pages.run("document.querySelectorAll('#rows tbody tr').length") == len(curve)
    assert pages.run("document.getElementById('notice').hidden") is True
    assert pages.run("window.harm") is None
    assert pages.console() == []


def test_points_stand_where_their_fluxes_are(site, pages):
    pages.visit("about:blank")
    pages.visit(f"{(site.folder / 'source.html').as_uri()}#0")
    pages.wait("document.querySelector('#plot svg') !== null")
    table = site["Crab"].table
    own = (np.asarray(table["e_min"]) < 1) & (table["ts"] >= 4) & (table["flux"] > 0)
    at = pages.run(
        "Array.from(document.querySelectorAll('#plot .dot'), each => Number(each.getAttribute('cy')))"
    )
    # Heights are linear in the flux.
    slope, offset = np.polyfit(np.asarray(table["flux"])[own], at, 1)
    np.testing.assert_allclose(slope * np.asarray(table["flux"])[own] + offset, at, atol=0.01)
    assert slope < 0


def test_sources_without_rows_and_beyond_the_end_are_told(site, pages):
    for place, words in (
        (len(site) - 1, "No run has this source"),
        (9999, "There is no source of this number"),
    ):
        pages.visit("about:blank")
        pages.visit(f"{(site.folder / 'source.html').as_uri()}#{place}")
        pages.wait("!document.getElementById('notice').textContent.includes('read')")
        assert words in pages.run("document.getElementById('notice').textContent")
        assert pages.console() == []
