"""The page in a browser: it draws without errors, shows the right numbers at a point, and asks nobody for anything."""

import time

import numpy as np
import pytest
from light_curves_to_draw import make_nights

from tevcurve.report import write_report

# Where a point of a trace is in the window.
PLACE = """
const plot = document.getElementById('plot-light-curve');
const trace = plot.data[arguments[0]], layout = plot._fullLayout;
plot.scrollIntoView({block: 'center', behavior: 'instant'});
const box = plot.getBoundingClientRect();
return [box.left + layout.xaxis._offset + layout.xaxis.d2p(trace.x[arguments[1]]),
        box.top + layout.yaxis._offset + layout.yaxis.d2p(trace.y[arguments[1]])];
"""
LIMIT = "Limit (95\u00a0%)"
TRACES = "document.getElementById('plot-light-curve').data"
LAYOUT = "document.getElementById('plot-light-curve').layout"


@pytest.fixture(scope="module")
def night_page(pages, night, tmp_path_factory):
    return write_report(night, tmp_path_factory.mktemp("report") / "night.html", n_toys=0)


@pytest.fixture(scope="module")
def bands_page(pages, bands, tmp_path_factory):
    return write_report(bands, tmp_path_factory.mktemp("report") / "bands.html", n_toys=0)


@pytest.fixture(scope="module")
def long_page(pages, long, tmp_path_factory):
    return write_report(long, tmp_path_factory.mktemp("report") / "long.html", timing=False)


def shown_at(pages, trace, point):
    """Lines that appear when the mouse is over a point."""
    from selenium.webdriver import ActionChains

    x, y = pages.driver.execute_script(PLACE, trace, point)
    pages.driver.execute_script("document.querySelector('.hover-box').hidden = true")
    ActionChains(pages.driver, duration=0).move_by_offset(0, 0).perform()
    pages.driver.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": x - 3, "y": y - 3})
    time.sleep(0.1)
    pages.driver.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": x, "y": y})
    pages.wait("document.querySelector('.hover-box:not([hidden])') !== null")
    lines = pages.run("Array.from(document.querySelectorAll('.hover-box div'), (line) => line.textContent)")
    return dict(line.split(": ", 1) for line in lines)


def table_rows(pages):
    """The rows of the table of the page, as dicts."""
    headings, *rows = pages.run(
        "Array.from(document.querySelectorAll('#table ~ .scroll tr'), "
        "(row) => Array.from(row.cells, (cell) => cell.textContent))"
    )
    return [dict(zip(headings, row, strict=True)) for row in rows]


def choose(pages, selector):
    """A click on an input of the controls, and the redrawing after it."""
    pages.run(f"document.querySelector({selector!r}).click()")
    time.sleep(0.3)


def test_page_opens_without_errors_and_loads_nothing(pages, night_page, bands_page):
    for page in (night_page, bands_page):
        pages.open(page)
        assert pages.console() == []
        own = ("data:", "blob:", page.as_uri())
        assert [address for address in pages.requests() if not address.startswith(own)] == []


def test_hostile_name_stays_text(pages, bands_page, bands):
    pages.open(bands_page)
    assert pages.run("document.querySelector('h1').textContent") == f"Light curve of {bands.meta['source']}"
    assert pages.run("window.harm") is None


def test_foreign_scripts_do_not_run(pages, night_page):
    pages.open(night_page)
    pages.driver.execute_script(
        "const script = document.createElement('script'); script.textContent = 'window.harm = 1';"
        "document.body.append(script);"
    )
    assert pages.run("window.harm") is None
    assert any("Content Security Policy" in message for message in pages.console())


def test_numbers_at_a_point_are_those_of_the_row(pages, night_page, night):
    pages.open(night_page)
    rows = table_rows(pages)
    for number in (0, 5, 11):
        shown, row, truth = shown_at(pages, 0, number), rows[number], night.table[number]
        unit = "10⁻¹¹ cm⁻² s⁻¹"
        value, down, up = (row[name] for name in (f"Flux [{unit}]", "−error", "+error"))
        assert shown["Flux"] == f"{value} −{down} +{up} {unit}"
        assert shown["Limit"] == f"< {row[LIMIT]} {unit} (95\u00a0%)"
        assert float(value) == pytest.approx(truth["flux"] * 1e11, abs=0.006)
        assert shown["Counts"] == row["Counts"] == f"{truth['counts']:.0f}"
        assert shown["Live time"] == f"{row['Live time [s]']} s"
        assert shown["TS"] == row["TS"]
        assert float(shown["TS"]) == pytest.approx(truth["ts"], rel=1e-3)
        assert shown["Zenith angle"] == f"{row['Zenith [deg]']}°"
        assert shown["Runs"] == row["Runs"] == str(number + 1)
        assert shown["Status"] == row["Status"] == "ok"
        assert shown["MJD"] == row["MJD (TT)"]
        assert shown["UTC"] == row["UTC"]


@pytest.mark.parametrize("width", [1200, 420])
def test_what_is_shown_does_not_cover_the_point(pages, bands_page, width):
    pages.driver.set_window_size(width, 900)
    pages.open(bands_page)
    n_traces = pages.run(f"{TRACES}.length")
    try:
        for trace in range(n_traces):
            if pages.run(f"{TRACES}[{trace}].words === undefined"):
                continue
            for point in (0, pages.run(f"{TRACES}[{trace}].y.length") - 1):
                assert shown_at(pages, trace, point)
                x, y = pages.driver.execute_script(PLACE, trace, point)
                box = pages.run("document.querySelector('.hover-box').getBoundingClientRect()")
                assert box["bottom"] < y - 5 or box["top"] > y + 5
                assert box["left"] >= 0
                assert box["right"] <= pages.run("document.documentElement.clientWidth")
                assert box["left"] - 1 <= x <= box["right"] + 1
        assert pages.run("document.querySelector('.hover-box b, .hover-box script, .hover-box img')") is None
        assert pages.run("window.harm") is None
    finally:
        pages.driver.set_window_size(1200, 900)


def test_limit_says_that_it_is_one(pages, bands_page, bands):
    pages.open(bands_page)
    kinds = pages.run(f"{TRACES}.map((trace) => trace.meta.kind)")
    limits = kinds.index("limits")
    band = pages.run(f"{TRACES}[{limits}].meta.band")
    faint = np.flatnonzero(bands.table["ts"] < 4)
    row = faint[faint % 3 == band][0]
    shown = shown_at(pages, limits, 0)
    assert shown["Energies"] == ("0.5–1 TeV", "1–3 TeV", "3–10 TeV")[band]
    assert float(shown["Limit"].split()[1]) == pytest.approx(bands.table["flux_ul"][row] * 1e12, rel=0.02)
    assert shown["Status"].startswith(bands.table["status"][row])


def test_time_axis_changes_between_mjd_and_utc(pages, night_page, night):
    pages.open(night_page)
    assert pages.run(f"{TRACES}[0].x") == pytest.approx(night.time.mjd.tolist(), abs=1e-8)
    pages.run("Plotly.relayout('plot-light-curve', {'xaxis.range': [60379.95, 60380]})")
    choose(pages, "input[value=utc]")
    assert pages.run(f"{LAYOUT}.xaxis.type") == "date"
    assert pages.run(f"{LAYOUT}.xaxis.title.text") == "Time [UTC]"
    unix = np.asarray(pages.run(f"{TRACES}[0].x")) / 1000
    assert unix == pytest.approx(night.time.unix, abs=0.002)
    # The zoom stays: TT is 69.184 s ahead of UTC.
    low, high = pages.run(f"{LAYOUT}.xaxis.range.map((edge) => new Date(edge).toISOString())")
    assert (low[:19], high[:19]) == ("2024-03-10T22:46:50", "2024-03-10T23:58:50")
    choose(pages, "input[value=mjd]")
    assert pages.run(f"{LAYOUT}.xaxis.range") == pytest.approx([60379.95, 60380], abs=1e-6)
    assert pages.console() == []


def test_values_change_to_a_logarithmic_axis(pages, bands_page):
    pages.open(bands_page)
    choose(pages, "input[value=log]")
    assert pages.run(f"{LAYOUT}.yaxis.type") == "log"
    low, high = pages.run("document.getElementById('plot-light-curve')._fullLayout.yaxis.range")
    assert -3 < low < high < 4
    choose(pages, "input[value=linear]")
    assert pages.run(f"{LAYOUT}.yaxis.type") == "linear"


def test_bands_can_be_left_out(pages, bands_page):
    pages.open(bands_page)
    choose(pages, "input[name=band][value='1']")
    seen = pages.run(f"{TRACES}.map((trace) => [trace.meta.band, trace.meta.kind, trace.visible])")
    assert {band for band, kind, visible in seen if visible and kind != "panel"} == {0, 2}
    choose(pages, "input[name=blocks]")
    seen = pages.run(f"{TRACES}.map((trace) => [trace.meta.kind, trace.visible])")
    assert not [kind for kind, visible in seen if visible and kind == "blocks"]


def test_a_drag_zooms_and_no_button_leads_out_of_the_page(pages, night_page):
    pages.open(night_page)
    (x0, y0), (x1, _) = (pages.driver.execute_script(PLACE, 0, number) for number in (2, 6))
    steps = [
        ("mouseMoved", x0, y0),
        ("mousePressed", x0, y0),
        ("mouseMoved", x1, y0 + 1),
        ("mouseReleased", x1, y0 + 1),
    ]
    for kind, x, y in steps:
        event = {"type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1}
        pages.driver.execute_cdp_cmd("Input.dispatchMouseEvent", event)
        time.sleep(0.1)
    time.sleep(0.5)
    low, high = pages.run(f"{LAYOUT}.xaxis.range")
    x = pages.run(f"{TRACES}[0].x")
    assert (low, high) == pytest.approx((x[2], x[6]), abs=0.002)
    buttons = pages.run(
        "Array.from(document.querySelectorAll('.modebar-btn'), (one) => one.dataset.title || '')"
    )
    assert len(buttons) == 6
    assert not [name for name in buttons if "loud" in name or "Plotly" in name or "Share" in name]


def test_table_sorts(pages, night_page):
    pages.open(night_page)
    column = (
        "Array.from(document.querySelectorAll('#table ~ .scroll th')).find((one) => one.textContent === 'TS')"
    )
    for order in ("ascending", "descending"):
        pages.run(f"{column}.querySelector('button').click()")
        assert pages.run(f"{column}.getAttribute('aria-sort')") == order
        values = [float(row["TS"]) for row in table_rows(pages)]
        assert values == sorted(values, reverse=order == "descending")


def test_page_of_very_many_rows_has_few_elements_and_draws_them_all(pages, long_page, long):
    pages.open(long_page)
    assert pages.run("document.getElementsByTagName('*').length") < 20000
    assert pages.run("document.getElementById('many-marks').hidden") is False
    assert shown_at(pages, 0, 4321)["Counts"] == f"{long.table['counts'][4321]:.0f}"
    # What is drawn reaches from the lowest end of a bar to the highest.
    numbers = pages.run(
        f"{LAYOUT}.shapes.flatMap((shape) => shape.path.match(/[^ML]+/g).map((place) => Number(place.split(',')[1])))"
    )
    flux, down, up = (np.asarray(long.table[name]) * 1e12 for name in ("flux", "flux_errn", "flux_errp"))
    assert min(numbers) == pytest.approx(np.min(flux - down), rel=1e-4)
    assert max(numbers) == pytest.approx(np.max(flux + up), rel=1e-4)
    assert pages.console() == []


def test_of_very_many_rows_those_in_view_have_their_marks(pages, long_page, long):
    pages.open(long_page)
    start, stop = long.time.mjd[[1000, 1099]]
    pages.run(f"Plotly.relayout('plot-light-curve', {{'xaxis.range': [{start}, {stop}]}})")
    pages.wait("document.getElementById('many-marks').hidden")
    assert 100 <= pages.run("document.querySelectorAll('#plot-light-curve .point').length") < 160
    choose(pages, "input[value=utc]")
    assert 100 <= pages.run("document.querySelectorAll('#plot-light-curve .point').length") < 160
    pages.run("Plotly.relayout('plot-light-curve', {'xaxis.autorange': true})")
    pages.wait("!document.getElementById('many-marks').hidden")
    choose(pages, "input[value=log]")
    assert pages.run(f"{LAYOUT}.shapes[0].path.includes('NaN')") is False
    assert pages.console() == []


def test_long_table_comes_in_parts_and_is_sorted_and_searched_as_a_whole(pages, long_page, long):
    pages.open(long_page)
    note = "document.querySelector('#table ~ .note').textContent"
    assert len(table_rows(pages)) == 500
    column = (
        "Array.from(document.querySelectorAll('#table ~ .scroll th')).find((one) => one.textContent === 'TS')"
    )
    pages.run(f"{column}.querySelector('button').click()")
    pages.wait(f"{note}.startsWith('There are')")
    pages.run(f"{column}.querySelector('button').click()")
    pages.wait(
        f"document.querySelector('#table ~ .scroll td').textContent === '{np.argmax(long.table['ts']) + 1}'"
    )
    assert pages.run(note) == f"There are {len(long)} rows; 500 are shown."
    pages.run("document.querySelectorAll('.parts button')[0].click()")
    pages.wait(f"{note}.includes('1000 are shown')")
    assert len(table_rows(pages)) == 1000
    field = "document.querySelector('.parts input')"
    pages.driver.execute_script(f"{field}.value = 'odd 4'; {field}.dispatchEvent(new Event('input'));")
    pages.wait(f"{note}.includes('odd')")
    assert [row["Row"] for row in table_rows(pages)] == ["4001"]


@pytest.mark.parametrize("width", [360, 1400])
def test_page_is_no_wider_than_its_window(pages, bands_page, width):
    metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}
    pages.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        pages.open(bands_page)
        assert pages.run("document.documentElement.scrollWidth") <= width
    finally:
        pages.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


AXES = f"Object.keys({LAYOUT}).filter((name) => name.startsWith('xaxis'))"


@pytest.fixture(scope="module")
def nights_page(pages, tmp_path_factory):
    nights = make_nights([53945.85, 54705.81, 54706.81], per_night=8, n_bands=2)
    return write_report(nights, tmp_path_factory.mktemp("report") / "nights.html", n_toys=0, timing=False)


def choose_visit(pages, value):
    pages.driver.execute_script(
        "const list = document.querySelector('select[name=visit]'); list.value = arguments[0];"
        "list.dispatchEvent(new Event('change', { bubbles: true }));",
        value,
    )


def test_gaps_between_nights_are_cut(pages, nights_page):
    """Each night is an axis with ticks in it, and all rows are drawn once; with the gaps there is one axis."""
    pages.open(nights_page)
    assert pages.run(AXES) == ["xaxis", "xaxis2", "xaxis3"]
    for number, night in (("", 53945.85), ("2", 54705.81), ("3", 54706.81)):
        low, high = pages.run(f"{LAYOUT}.xaxis{number}.range")
        assert night - 0.02 < low < night < night + 0.16 < high < night + 0.18
        ticks = [float(text) for text in pages.run(f"{LAYOUT}.xaxis{number}.ticktext")]
        assert ticks == pytest.approx(pages.run(f"{LAYOUT}.xaxis{number}.tickvals"), abs=1e-9)
        assert len(ticks) > 1
        assert min(ticks) > low
        assert max(ticks) < high
    domains = [edge for name in pages.run(AXES) for edge in pages.run(f"{LAYOUT}.{name}.domain")]
    assert domains == sorted(domains)
    marks = f"{TRACES}.filter((trace) => ['points', 'limits'].includes(trace.meta.kind))"
    assert sum(pages.run(f"{marks}.map((trace) => trace.x.length)")) == 48
    assert pages.run(f"{TRACES}.filter((trace) => trace.showlegend).length") == 2
    assert pages.run(f"{LAYOUT}.annotations[0].text") == "Time [MJD, TT]"
    choose_visit(pages, "whole")
    assert pages.run(AXES) == ["xaxis"]
    low, high = pages.run("document.getElementById('plot-light-curve')._fullLayout.xaxis.range")
    assert high - low > 760
    assert pages.console() == []


def test_pieces_of_the_axis_have_dates_and_a_zoom_of_their_own(pages, nights_page):
    pages.open(nights_page)
    choose(pages, "input[value=utc]")
    assert pages.run(f"{LAYOUT}.xaxis.ticktext")[0].endswith("29 Jul 2006")
    assert pages.run(f"{LAYOUT}.xaxis3.ticktext")[0].endswith("28 Aug 2008")
    choose(pages, "input[value=mjd]")
    pages.run("Plotly.relayout('plot-light-curve', {'xaxis2.range': [54705.83, 54705.85]})")
    pages.wait(f"{LAYOUT}.xaxis2.ticktext.length > 2")
    choose(pages, "input[value=utc]")
    low, high = pages.run(f"{LAYOUT}.xaxis2.range")
    assert high - low == pytest.approx(0.02 * 86400000, abs=10)
    choose(pages, "input[value=mjd]")
    assert pages.run(f"{LAYOUT}.xaxis2.range") == pytest.approx([54705.83, 54705.85], abs=1e-6)
    pages.run("document.getElementById('plot-light-curve').emit('plotly_doubleclick', null)")
    pages.wait(f"{LAYOUT}.xaxis2.range[1] > 54705.9")
    assert pages.console() == []


def test_one_night_is_shown_at_its_own_height(pages, nights_page):
    pages.open(nights_page)
    choose(pages, "input[name=band][value='0']")
    night = pages.run("document.querySelector('select[name=visit]').options[3].value")
    choose_visit(pages, night)
    assert pages.run(AXES) == ["xaxis"]
    low, high = pages.run(f"{LAYOUT}.xaxis.range")
    assert 54705.7 < low < high < 54706.1
    # errors of the second band end at 7, those of the first at 34
    assert 7 < pages.run(f"{LAYOUT}.yaxis.range[1]") < 8
    assert pages.console() == []


def test_ticks_on_paper_are_those_of_its_width(pages, nights_page):
    pages.open(nights_page)
    wide = pages.run(f"{LAYOUT}.xaxis.ticktext.length")
    pages.run("window.dispatchEvent(new Event('beforeprint'))")
    assert pages.run(f"{LAYOUT}.width") == 680
    assert 0 < pages.run(f"{LAYOUT}.xaxis.ticktext.length") < wide
    pages.run("window.dispatchEvent(new Event('afterprint'))")
    assert pages.run(f"{LAYOUT}.xaxis.ticktext.length") == wide
    assert pages.console() == []
