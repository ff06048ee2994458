"""The tables of the page: headings and cells, all of them words."""

import json
from dataclasses import dataclass

import numpy as np

from tevcurve.lightcurve.ledger import NO_COUNTS
from tevcurve.lightcurve.run_columns import ids_of
from tevcurve.report import words
from tevcurve.report.embedding import QUICK, deflated

# Of longer tables the page shows the beginning until it is asked for more.
MAX_ROWS = 500


@dataclass(frozen=True)
class ReportTable:
    """A table in words.

    Attributes
    ----------
    headings : list of str
    rows : list of lists of str
    note : str, what is left out, or ""
    kinds : tuple of str, of each column: "number" (flush right), "short" (in one line), or ""
    packed : str, where `rows` are the beginning: all rows, as the base64 text of deflated JSON, else ""
    """

    headings: list
    rows: list
    note: str = ""
    kinds: tuple = ()
    packed: str = ""

    @classmethod
    def of_rows(cls, headings, rows, note, kinds, first=MAX_ROWS):
        """The table of all its rows, of which some are shown at first.

        Parameters
        ----------
        headings : list of str
        rows : list of lists of str, all of them
        note : str, what is said where not all are shown at first
        kinds : tuple of str, of each column
        first : int, how many are
        """
        if len(rows) <= first:
            return cls(headings, rows, "", kinds)
        return cls(headings, rows[:first], note, kinds, deflated(_json(rows), QUICK))


def light_curve_table(rows):
    """The `ReportTable` of `ReportRows`. rows: the `ReportRows`."""
    several, known, total = rows.n_bands > 1, rows.runs is not None, bool(rows.has_total.any())
    unit = f" [{rows.unit}]" if rows.unit else ""
    name = rows.quantity.capitalize() if rows.quantity else ""
    time = "Phase" if rows.phase is not None else f"MJD ({rows.scale})"
    # heading, kind, whether it is shown
    columns = [
        ("Row", "number", True),
        (time, "number", True),
        ("UTC", "short", rows.start_ms is not None and rows.phase is None),
        ("Instrument", "short", rows.of_several),
        ("Energies", "short", several),
        (f"{name}{unit}", "number", bool(name)),
        (f"{words.MINUS}error", "number", bool(name)),
        ("+error", "number", bool(name)),
        (f"Limit{f' ({rows.level})' if rows.level else ''}", "number", bool(name)),
        (f"{words.MINUS}error, total", "number", total),
        ("+error, total", "number", total),
        ("Limit, total", "number", total),
        ("TS", "number", True),
        ("Counts", "number", True),
        ("Live time [s]", "number", True),
        *((heading, "number", True) for heading in rows.others),
        ("Zenith [deg]", "number", known),
        ("Runs", "", known),
        ("Status", "", True),
        ("Reason", "", True),
    ]
    shown = [number for number, column in enumerate(columns) if column[2]]
    cells = (_row_cells(rows, row) for row in range(len(rows)))
    return ReportTable.of_rows(
        [columns[number][0] for number in shown],
        [[texts[number] for number in shown] for texts in cells],
        _left_out(MAX_ROWS, len(rows), "row", "All of them are in the figures."),
        tuple(columns[number][1] for number in shown),
    )


def _row_cells(rows, row):
    """All cells of one row, whether shown or not."""
    time, utc = rows.time_text(row)
    band = rows.bands[rows.band[row]]
    return [
        str(row + 1),
        time,
        utc,
        rows.instruments[rows.band[row]],
        words.band_text(band) if band else "",
        *rows.value_texts(row),
        *rows.total_texts(row),
        words.number(rows.ts[row]),
        words.number(rows.counts[row], 10),
        words.number(rows.livetime[row], 6),
        *(texts[row] for texts in rows.others.values()),
        words.fixed(rows.runs.zenith[row], 1) if rows.runs else "",
        words.listing(rows.runs.names[row]) if rows.runs else "",
        rows.status[row],
        rows.reason[row],
    ]


def ledger_table(ledger):
    """The `ReportTable` of a ledger: each run with its events by fate and its seconds, and the sums first."""
    events, seconds = ledger.events, ledger.seconds
    fates = [name for name in events.colnames if name not in (*NO_COUNTS, "total")]
    sums = [str(int(np.sum(events[name]))) for name in (*fates, "total")]
    sums += [f"{float(np.sum(seconds[name])):.1f}" for name in ("used", "total")]
    rows = [["All", *sums]]
    names, run_ids = ledger.run_names(), ids_of(events)
    for run_id, event, second in zip(run_ids, events, seconds, strict=True):
        counts = [str(int(event[name])) for name in (*fates, "total")]
        rows.append([names[run_id], *counts, f"{second['used']:.1f}", f"{second['total']:.1f}"])
    headings = ["Run", *(fate[:1].upper() + fate[1:] for fate in fates), "All events"]
    headings += ["Seconds used", "Seconds of good time"]
    note = _left_out(MAX_ROWS, len(events), "run", "The sums are of all of them.")
    kinds = ("number",) * len(headings)
    return ReportTable.of_rows(headings, rows, note, kinds, first=1 + MAX_ROWS)


def variability_table(summary):
    """The `ReportTable` of a `VariabilitySummary`. summary: the `VariabilitySummary`."""
    rows = [
        [
            result.name[:1].upper() + result.name[1:],
            result.measured().replace("+-", "±").replace("-", words.MINUS),
            "; ".join([result.chance()] + ([] if result.without is None else [str(result.without)])),
        ]
        for result in summary.results
    ]
    notes = dict.fromkeys(note for result in summary.results for note in result.note.split("; ") if note)
    note = " ".join(f"{note[:1].upper()}{note[1:]}." for note in notes)
    pulls = [f"{summary.pulls}."] if summary.pulls is not None and str(summary.pulls) else []
    note = " ".join([*pulls, *summary.left_out, note]).strip()
    return ReportTable(["Test", "Value", "Chance for a constant source"], rows, note, ("", "short", ""))


def settings_table(light_curve):
    """The `ReportTable` of what the light curve says of itself. light_curve: `LightCurve`."""
    rows = [
        [str(name), _setting(value)]
        for name, value in light_curve.meta.items()
        if not str(name).startswith("_")
    ]
    spectrum = getattr(light_curve.origin, "spectrum", None)
    if spectrum is not None and "spectrum" not in light_curve.meta:
        rows.append(["spectrum", " ".join(str(spectrum).split())])
    return ReportTable(["Setting", "Value"], rows, "", ("", ""))


def provenance_tables(provenance):
    """(`ReportTable` of versions and the like, list of (name, `ReportTable`) of lists such as the inputs).

    provenance: dict, as a result has it.
    """
    facts, lists = [], []
    for name, value in provenance.items():
        if isinstance(value, dict):
            said = "" if name == "versions" else f"{name}: "
            facts += [[f"{said}{key}", _setting(each)] for key, each in value.items()]
        elif isinstance(value, list | tuple) and value and all(isinstance(each, dict) for each in value):
            headings = [
                key for key in dict.fromkeys(key for each in value for key in each) if _tells(key, value)
            ]
            rows = [[_setting(each.get(key, "")) for key in headings] for each in value[:MAX_ROWS]]
            note = _left_out(len(rows), len(value), "entry", "All are in the result.", "entries")
            lists.append((str(name), ReportTable(headings, rows, note, ("",) * len(headings))))
        elif value not in ([], ()):
            facts.append([str(name), _setting(value)])
    return ReportTable(["What", "Value"], facts, "", ("", "")), lists


def _tells(key, entries):
    """Whether a column of runs' files tells one from another: the instrument where they are several, parts if any."""
    told = {each.get(key, "") for each in entries} if key in ("instrument", "part") else {1, 2}
    return len(told) > 1


def _json(rows):
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def _setting(value):
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return ", ".join(_setting(each) for each in value)
    return str(value)


def _left_out(shown, total, one, rest, many=None):
    if shown == total:
        return ""
    return f"The first {shown} of {words.count(total, one, many)} are shown. {rest}"
