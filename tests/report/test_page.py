"""The page as text: one file, everything in it escaped, the same bytes for the same light curve."""

import hashlib
import json
import re
import zlib
from base64 import b64decode, b64encode
from dataclasses import replace
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest
from astropy.time import Time

from tevcurve import LightCurve
from tevcurve.errors import InputError
from tevcurve.lightcurve.bins import Ephemeris, by_phase, by_width, sliding
from tevcurve.report import report_html, write_report
from tevcurve.report.quality_figures import quality_figures
from tevcurve.report.rows import ReportRows
from tevcurve.report.tables import MAX_ROWS
from tevcurve.store import Result, write_result

VOID = ("meta", "link", "br", "img", "input", "hr")


class Page(HTMLParser):
    """The elements of a page: texts of each tag, attributes, tables by caption, and whether all is closed."""

    def __init__(self, text):
        super().__init__()
        self.stack, self.texts, self.elements, self.tables = [], {}, [], {}
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.stack.append(tag)
            self.texts.setdefault(tag, []).append("")
        if tag == "table":
            self.rows = []
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.stack.pop() == tag
        if tag == "table":
            self.tables[self.texts["caption"][-1]] = self.rows

    def handle_data(self, data):
        for tag in set(self.stack):
            self.texts[tag][-1] += data
        if {"td", "th"} & set(self.stack):
            self.rows[-1][-1] += data

    def data(self):
        blocks = [attributes.get("id") for tag, attributes in self.elements if tag == "script"]
        return json.loads(
            self.texts["script"][blocks.index("figure-data")],
            parse_constant=lambda name: pytest.fail(f"{name} is no JSON"),
        )


@pytest.fixture(scope="module")
def page(bands):
    return Page(report_html(bands, n_toys=0))


def test_page_is_whole_and_has_what_readers_of_screens_need(page):
    assert not page.stack
    assert ("html", {"lang": "en"}) in page.elements
    assert len(page.texts["h1"]) == 1
    for _, attributes in (one for one in page.elements if one[1].get("aria-labelledby")):
        assert any(other.get("id") == attributes["aria-labelledby"] for _, other in page.elements)
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all(attributes.get("scope") == "col" for tag, attributes in page.elements if tag == "th")


def test_names_and_reasons_stay_text(bands, page):
    name, (failed,) = bands.meta["source"], bands.ledger.failed
    assert "<script>" in name
    assert "</script>" in failed.reason
    assert page.texts["title"] == [f"Light curve of {name}"]
    assert page.texts["h1"] == [f"Light curve of {name}"]
    assert page.tables["Runs with problems"][1] == ["77", "left out", "aeff", failed.reason]
    # data, plotly, and the page's own
    assert len(page.texts["script"]) == 3
    assert not [tag for tag, _ in page.elements if tag == "img"]


def test_nothing_is_loaded_and_only_known_scripts_may_run(page):
    policy = next(a["content"] for _, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    rules = {words.split()[0]: words.split()[1:] for words in policy.split(";")}
    assert rules["default-src"] == ["'none'"]
    packed, own = page.texts["script"][1:]
    plotly = zlib.decompress(b64decode(packed))
    hashes = [b64encode(hashlib.sha256(text).digest()).decode() for text in (own.encode(), plotly)]
    assert rules["script-src"] == [f"'sha256-{digest}'" for digest in hashes]
    places = [a[name] for _, a in page.elements for name in ("src", "href") if name in a]
    assert all(place.startswith(("#", "data:")) for place in places)


def test_plotly_is_the_one_of_its_package(page):
    from plotly.offline import get_plotlyjs

    assert zlib.decompress(b64decode(page.texts["script"][1])).decode() == get_plotlyjs()
    assert "Licensed under the MIT license" in page.texts["footer"][0]


def test_data_cannot_end_their_element(bands):
    table = bands.table.copy()
    table["reason"] = [bands.ledger.failed[0].reason] * len(table)
    text = report_html(replace(bands, table=table), n_toys=0)
    block = re.search(r'id="figure-data">(.*)</script>\n<script type="text/plain"', text, re.DOTALL)[1]
    assert "<" not in block
    shown = json.loads(block)["light-curve"]["data"][0]["customdata"][0][-1]
    assert "&lt;/script&gt;&lt;img" in shown


def test_numbers_that_are_none_are_null(night):
    table = night.table.copy()
    table["flux"][3] = table["flux_ul"][3] = np.nan
    table["flux_errp"][4] = np.inf
    table["flux_err"][4] = np.inf
    page = Page(report_html(LightCurve(table), n_toys=0))
    points = page.data()["light-curve"]["data"][0]
    assert len(points["y"]) == len(table) - 1
    assert points["error_y"]["array"][3] is None
    assert "1 of 12 rows have neither a value nor a limit and are not drawn." in page.texts["li"]


def test_same_light_curve_gives_same_bytes(night, tmp_path):
    first = write_report(night, tmp_path / "first.html", n_toys=0)
    second = write_report(night, tmp_path / "second.html", n_toys=0)
    assert first.read_bytes() == second.read_bytes()


def test_a_report_is_only_replaced_when_asked(night, tmp_path):
    path = tmp_path / "night.html"
    path.write_text("mine")
    with pytest.raises(InputError, match=r"already there; pass overwrite=True"):
        write_report(night, path)
    assert path.read_text() == "mine"
    assert write_report(night, str(path), overwrite=True, n_toys=0) == path
    assert path.read_text().startswith("<!DOCTYPE html>")
    with pytest.raises(InputError, match=r"should end in \.html"):
        write_report(night, tmp_path / "night.pdf")
    with pytest.raises(InputError, match=r"the folder .* is not there"):
        write_report(night, tmp_path / "none" / "night.html")
    with pytest.raises(InputError, match="this is a dict"):
        write_report({}, tmp_path / "other.html")


def test_conclusion_has_span_livetime_mean_flux_and_variability(night):
    page = Page(report_html(night, n_toys=0))
    text = page.texts["p"][0].replace("\u00a0", " ")
    assert "from 2024-03-10 21:30 to 2024-03-11 01:52 UTC, with 3.71 h of live time in 12 runs" in text
    livetime, flux = (np.asarray(night.table[name]) for name in ("livetime", "flux"))
    said = float(re.search(r"\(([\d.]+) ± [\d.]+\) × 10⁻¹¹ cm⁻² s⁻¹ between 0.5 and 10 TeV", text)[1])
    assert said == pytest.approx(1e11 * np.average(flux, weights=livetime), abs=0.006)
    assert "The source varied (p < 1e-15)." in text


def test_what_is_limited_stands_before_the_figures(bands, page):
    said = [text.replace("\u00a0", " ") for text in page.texts["li"]]
    assert "1 run is left out (77); the reasons stand under Runs." in said
    limits = int(np.sum((bands.table["ts"] < 4) & np.isfinite(bands.table["flux_ul"])))
    assert any(text.startswith(f"{limits} of {len(bands)} rows have a TS below 4") for text in said)


def test_ledger_of_the_page_is_the_ledger(night):
    rows = Page(report_html(night, n_toys=0)).tables["Events and seconds of each run"]
    totals = night.ledger.totals()
    everything = dict(zip(rows[0], rows[1], strict=True))
    assert everything["All events"] == str(totals["total"])
    assert everything["Used"] == str(totals["used"])
    assert [row[0] for row in rows[2:]] == [str(number) for number in night.ledger.events["obs_id"]]


def test_table_has_the_rows_of_the_light_curve(night):
    headings, *rows = Page(report_html(night, n_toys=0)).tables["Rows of the light curve"]
    assert len(rows) == len(night)
    for cells, row in zip(rows, night.table, strict=True):
        shown = dict(zip(headings, cells, strict=True))
        assert float(shown["Flux [10⁻¹¹ cm⁻² s⁻¹]"]) == pytest.approx(row["flux"] * 1e11, abs=0.006)
        assert float(shown["+error"]) == pytest.approx(row["flux_errp"] * 1e11, abs=0.006)
        assert shown["Counts"] == f"{row['counts']:.0f}"
        assert float(shown["MJD (TT)"].split("–")[1]) == pytest.approx(row["time_max"], abs=1e-6)


def test_runs_of_a_row_have_their_zenith_angle(night):
    headings, *rows = Page(report_html(night, n_toys=0)).tables["Rows of the light curve"]
    for cells, run in zip(rows, night.origin.runs, strict=True):
        shown = dict(zip(headings, cells, strict=True))
        assert shown["Runs"] == str(run.run_id)
        assert float(shown["Zenith [deg]"]) == pytest.approx(run.facts["zenith"], abs=0.051)


def test_of_many_rows_the_table_has_some_and_the_figure_all(night):
    curve = night.rebin(by_width("12 s"))
    page = Page(report_html(curve, n_toys=0))
    assert len(page.tables["Rows of the light curve"]) == 1 + MAX_ROWS
    assert (
        f"The first {MAX_ROWS} of {len(curve)} rows are shown. All of them are in the figures."
        in page.texts["p"]
    )
    drawn = [len(each["y"]) for each in page.data()["light-curve"]["data"] if each["mode"] == "markers"]
    assert sum(drawn) == len(curve)


def test_page_of_very_many_rows_is_small_and_has_every_row(long):
    text = report_html(long, timing=False)
    page = Page(text)
    # plotly's script alone is 2 MB; 150 bytes for each row would make 20,000 of them 5 MB.
    assert len(text.encode()) - len(page.texts["script"][1]) < 150 * len(long)
    (packed,) = [attributes["data-rows"] for _, attributes in page.elements if "data-rows" in attributes]
    rows = json.loads(zlib.decompress(b64decode(packed)))
    assert [int(row[0]) for row in rows] == list(range(1, len(long) + 1))
    headings = page.tables["Rows of the light curve"][0]
    counts = [float(row[headings.index("Counts")]) for row in rows]
    assert counts == long.table["counts"].tolist()
    assert rows[:MAX_ROWS] == page.tables["Rows of the light curve"][1:]
    kind, data = next(
        (attributes["type"], text)
        for (tag, attributes), text in zip(
            [one for one in page.elements if one[0] == "script"], page.texts["script"], strict=True
        )
        if attributes.get("id") == "figure-data"
    )
    assert kind == "text/plain"
    trace = json.loads(zlib.decompress(b64decode(data)))["light-curve"]["data"][0]
    assert trace["y"] == pytest.approx((long.table["flux"] * 1e12).tolist(), rel=1e-5)


def test_a_table_alone_says_what_it_does_not_know(night, tmp_path):
    curve = LightCurve.read(night.write(tmp_path / "night.ecsv"))
    page = Page(report_html(curve, n_toys=0))
    said = " ".join(page.texts["li"] + page.texts["p"])
    assert "the light curve does not know its runs: it was read from" in said
    assert "The event rate of each run is not shown, because there is no ledger" in said
    assert "There is no configuration" in said
    assert "Versions and checksums of the inputs are not known" in said
    assert set(page.data()) == {"light-curve", "quality-livetime"}


def test_a_result_shows_its_configuration_and_origin(night):
    config = {"target": {"name": "<b>AGN</b>"}, "energy_edges": ["0.5 TeV", "10 TeV"]}
    provenance = {
        "versions": {"tevcurve": "1.2", "numpy": "2.0"},
        "inputs": [{"path": "run_1.fits", "sha256": "ab" * 32, "obs_id": 1}],
    }
    result = SimpleNamespace(light_curve=night, config=config, provenance=provenance)
    page = Page(report_html(result, n_toys=0))
    assert "name: <b>AGN</b>" in page.texts["pre"][0]
    assert ["numpy", "2.0"] in page.tables["Versions"]
    assert page.tables["Inputs"] == [["path", "sha256", "obs_id"], ["run_1.fits", "ab" * 32, "1"]]


def test_a_result_on_disk_gives_the_page_of_its_light_curve(bands, tmp_path):
    write_result(tmp_path / "result", bands)
    read, made = (Page(report_html(one, n_toys=0)) for one in (Result.read(tmp_path / "result"), bands))
    assert read.data() == made.data()
    assert read.texts["li"] == made.texts["li"]
    assert {**made.tables, "Versions": read.tables["Versions"]} == read.tables


def test_light_curve_without_rows_or_flux_is_a_page_too(night):
    empty = Page(report_html(LightCurve(night.table[:0]), n_toys=0))
    assert "has no rows" in empty.texts["p"][0]
    assert empty.data() == {}
    table = night.table["time_min", "time_max"].copy()
    bare = Page(report_html(LightCurve(table), n_toys=0))
    assert "There is no figure, because no row has a flux or a limit." in bare.texts["li"]
    assert len(bare.tables["Rows of the light curve"]) == 1 + len(table)


@pytest.mark.parametrize("scale", ["utc", "tdb", "local"])
def test_time_scales_have_utc_or_do_without(scale):
    start = Time(60000.0 + np.arange(5), format="mjd", scale=scale)
    norms = {"norm": np.array([1, 1.2, 5, 4.8, np.nan]), "norm_err": np.full(5, 0.1)}
    stop = Time(start.mjd + 0.5, format="mjd", scale=scale)
    curve = LightCurve.from_arrays(start, stop, 2, 1, 10, {"ref_flux": 1e-11}, norms)
    times = Page(report_html(curve, n_toys=0)).data()["light-curve"]["times"]
    if scale == "local":
        assert times is None
    else:
        assert np.asarray(times[0]["utc"][0]) / 1000 == pytest.approx(curve.time.unix[:4], abs=0.001)


def test_folded_light_curve_is_drawn_in_phase(night):
    curve = night.rebin(by_phase(Ephemeris(night.time_start[0], "1 h"), 6))
    page = Page(report_html(curve, n_toys=0))
    figure = page.data()["light-curve"]
    assert figure["layout"]["xaxis"]["title"]["text"] == "Phase (drawn twice)"
    assert figure["times"] is None
    middle = (curve.table["phase_min"] + curve.table["phase_max"]) / 2
    assert figure["data"][0]["x"] == pytest.approx([*middle, *(middle + 1)])
    assert figure["data"][0]["y"] == figure["data"][0]["y"][:6] * 2
    assert len(figure["data"][0]["customdata"]) == 12
    assert [row[1] for row in page.tables["Rows of the light curve"][1:3]] == [
        "0.0000–0.1667",
        "0.1667–0.3333",
    ]


def test_a_part_of_a_light_curve_keeps_what_it_knows(night):
    page = Page(report_html(night[2:5], n_toys=0))
    assert len(page.tables["Rows of the light curve"]) == 4
    headings, *rows = page.tables["Rows of the light curve"]
    assert [dict(zip(headings, row, strict=True))["Runs"] for row in rows] == ["3", "4", "5"]
    assert "of live time in 3 runs." in page.texts["p"][0]


def test_rows_that_share_time_are_not_added_up(night):
    page = Page(report_html(night.rebin(sliding("20 min", "10 min")), n_toys=0))
    assert "with 3.9 h of good time in 12 runs" in page.texts["p"][0]
    assert (
        "The time bins overlap, so neighbouring rows share events and are not independent."
        in page.texts["li"]
    )


def test_toys_are_drawn_only_where_the_formula_leaves_a_doubt(night, monkeypatch):
    asked = []
    summarize = LightCurve.variability

    def variability(curve, band=None, n_toys=1000, random_state=0):
        asked.append(n_toys)
        return summarize(curve, band, n_toys=0)

    monkeypatch.setattr(LightCurve, "variability", variability)
    report_html(night)
    assert asked == [0]
    constant = night.table.copy()
    constant["flux"] = constant["flux"].mean() * np.linspace(0.99, 1.01, len(constant))
    constant["norm"] = constant["flux"] / constant["ref_flux"]
    constant.remove_columns(["norm_scan", "dloglike_scan"])
    report_html(LightCurve(constant))
    assert asked == [0, 0, 1000]


def test_values_of_low_figures_have_their_unit_in_a_second_line(night):
    figures, _ = quality_figures(ReportRows.of(night), night.ledger, "")
    titles = [one["figure"]["layout"]["yaxis"]["title"]["text"] for one in figures]
    assert titles.count("Flux, 0.5–10 TeV<br>[10⁻¹¹ cm⁻² s⁻¹]") == len(titles) - 1
