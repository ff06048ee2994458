"""The part of a page about the time domain: power spectra, the flux of the processes behind rows, periods."""

from dataclasses import dataclass

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.figures.style import COLOURS
from tevcurve.lightcurve.plots.power_spectrum import top_of
from tevcurve.lightcurve.variability.periodogram import periodogram_of
from tevcurve.lightcurve.variability.power_spectrum import CONSTANT, LEAST_ROWS
from tevcurve.lightcurve.variability.spectrum_records import ASSUMED, TRIED
from tevcurve.lightcurve.variability.time_domain_lines import slope_result
from tevcurve.report import words
from tevcurve.report.cuts import cuts_of
from tevcurve.report.figure_style import axis, base_layout, error_bars, plain, shortened, sizes_for
from tevcurve.report.tables import ReportTable
from tevcurve.rounding import statistic_text

HEIGHT, TALL = 320, 380  # pixels
# Frequencies of a power spectrum; instants in a row; those in a gap between rows.
FINE, IN_ROW, IN_GAP = 60, 3, 3
# Of the longest row, above which a gap is one; opacities of 95 and of 68 %.
GAP, BROAD, NARROW = 0.05, 0.13, 0.28
# What a periodogram is drawn with at most.
MOST_DRAWN = 2000
# Rows in a series whose power spectrum is fitted, and periods looked for, within a second.
MOST_ROWS = 250


@dataclass(frozen=True)
class TimeDomain:
    """What the page has of the time domain.

    Attributes
    ----------
    fits : `ReportTable`, a row for each series with a power spectrum
    figures : dict of id to (title, figure)
    """

    fits: ReportTable
    figures: dict

    @classmethod
    def of(cls, rows, spectra):
        """The part about some power spectra; None without any.

        Parameters
        ----------
        rows : `ReportRows`
        spectra : dict of number of a series to its `PowerSpectrum`
        """
        if not spectra:
            return None
        periods = {number: _periodogram(spectrum) for number, spectrum in spectra.items()}
        figures = {
            "time-power": ("Power spectrum of the log flux", _power_figure(rows, spectra)),
            "time-flux": ("Flux of the process behind the rows", _flux_figure(rows, spectra)),
        }
        if any(found is not None for found in periods.values()):
            figures["time-periods"] = ("Periods, beside red noise", _periods_figure(rows, periods))
        figures = {name: (title, plain(figure)) for name, (title, figure) in figures.items()}
        return cls(_table(rows, spectra, periods), figures)


def _periodogram(spectrum):
    """The `Periodogram` of the rows of a `PowerSpectrum`, by the bound; None where there is none."""
    try:
        return periodogram_of(spectrum.fit.process.rows, n_toys=0, process=spectrum)
    except InputError:
        return None


def _table(rows, spectra, periods):
    """The `ReportTable` of what was fitted."""
    told, notes = [], dict.fromkeys((ASSUMED, TRIED))
    for number, spectrum in spectra.items():
        found = periods[number]
        cells = [rows.series_text(number) or "All energies", _with_signs(slope_result(spectrum).measured())]
        cells.append(f"exp({_with_signs(statistic_text(spectrum.log_evidence))})")
        notes |= {} if found is None else dict.fromkeys(each for each in found.note.split("; ") if each)
        period = words.UNKNOWN if found is None else f"{found.period:.5g}: {_with_signs(found.chance())}"
        told.append([*cells, period])
    headings = [
        "Series",
        "Power spectrum of the log flux",
        "Evidence over a constant flux",
        "Highest of all periods",
    ]
    note = " ".join(f"{each[:1].upper()}{each[1:]}." for each in notes)
    return ReportTable(headings, told, note, ("", "", "", ""))


def _with_signs(text):
    return text.replace("+-", "±").replace("-", words.MINUS)


def _band(x, low, high, colour, opacity, name):
    """Two traces with what is between them filled. x, low, high: lists; name: of the legend, or ""."""
    base = {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "line": {"width": 0, "color": colour},
        "hoverinfo": "skip",
    }
    fill = {"fill": "tonexty", "fillcolor": _pale(colour, opacity)}
    return [
        base | {"y": low, "showlegend": False},
        base | fill | {"y": high, "name": name, "showlegend": bool(name)},
    ]


def _pale(colour, opacity):
    """A colour "#rrggbb" as plotly takes it with an opacity."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def _power_figure(rows, spectra):
    """Frequency times power over frequency, with its 68 and 95 %."""
    traces = []
    for number, spectrum in spectra.items():
        colour, name = COLOURS[number % len(COLOURS)], rows.series_text(number)
        of = spectrum.fit.process.rows
        ends = 1 / (of.stop_s[-1] - of.start_s[0]), 0.5 / float(np.median(of.stop_s - of.start_s))
        found = spectrum.power(np.geomspace(*ends, FINE) * u.Hz)
        frequency = found["frequency"].value
        values = {each: shortened(frequency * found[each].value) for each in found.colnames[1:]}
        x = shortened(frequency)
        for content, opacity in (("95", BROAD), ("68", NARROW)):
            edges = (values[f"power_{content}_{end}"] for end in ("low", "high"))
            traces += _band(
                x, *edges, colour, opacity, f"{name} {content} %".strip() if len(spectra) == 1 else ""
            )
        line = {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": values["power"],
            "line": {"color": colour, "width": 2},
        }
        line |= {
            "name": name or "median",
            "showlegend": True,
            "hovertemplate": "%{x:.3g} Hz: %{y:.3g}<extra></extra>",
        }
        traces.append(line)
    layout = _layout(HEIGHT)
    layout["xaxis"] = axis("Frequency [Hz]") | {"type": "log", "exponentformat": "power"}
    layout["yaxis"] = axis("Frequency × power") | {"type": "log", "exponentformat": "power"}
    return {"data": traces, "layout": layout}


def _layout(height):
    layout = base_layout(height) | {"showlegend": True}
    layout["legend"] = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    return layout


def instants(of):
    """Seconds (k,) inside of each of some rows, and in the gaps between them, ascending. of: `Rows`."""
    width = of.stop_s - of.start_s
    inside = of.start_s[:, None] + width[:, None] * np.linspace(0, 1, IN_ROW)
    gap = of.start_s[1:] - of.stop_s[:-1]
    wide = gap > GAP * width.max()
    steps = np.linspace(0, 1, IN_GAP + 2)[1:-1]
    between = of.stop_s[:-1][wide, None] + gap[wide, None] * steps
    return np.unique(np.append(inside, between))


def _flux_figure(rows, spectra):
    """The fluxes of rows, and the median and 68 % of the flux of the process, over time."""
    traces, tops = [], []
    for number, spectrum in spectra.items():
        colour, name = COLOURS[number % len(COLOURS)], rows.series_text(number)
        of = spectrum.fit.process.rows
        found = spectrum.flux(of.time(instants(of)))
        x = np.round(found["time"].mjd, 7).tolist()
        low, middle, high = (
            shortened(found[each].to_value("cm-2 s-1") / 10.0**rows.exponent)
            for each in ("flux_low", "flux", "flux_high")
        )
        chosen = np.flatnonzero((rows.band == number) & rows.is_point)
        norm = of.flux * 10.0**-rows.exponent
        tops.append(top_of(norm * (of.fits.norm[0] + of.fits.errp[0]), np.array(high)))
        size, thickness = sizes_for(len(chosen))
        points = {
            "type": "scatter",
            "mode": "markers",
            "x": np.round((rows.start + rows.stop)[chosen] / 2, 7).tolist(),
        }
        points |= {
            "y": shortened(rows.value[chosen]),
            "hoverinfo": "skip",
            "showlegend": False,
            "opacity": 0.5,
        }
        points |= {"marker": {"color": colour, "size": 0.6 * size}}
        points["error_y"] = error_bars(colour, rows.errp[chosen], rows.errn[chosen]) | {
            "thickness": thickness
        }
        line = {
            "type": "scatter",
            "mode": "lines",
            "x": x,
            "y": middle,
            "line": {"color": colour, "width": 1.5},
        }
        line |= {"name": name or "the process, 68 %", "showlegend": True}
        line |= {"hovertemplate": "MJD %{x}: %{y:.3g}<extra></extra>"}
        traces += [points, *_band(x, low, high, colour, NARROW, ""), line]
    layout = _layout(TALL)
    layout["xaxis"] = axis(f"Time [MJD, {rows.scale}]")
    layout["yaxis"] = axis(rows.name) | {"range": [0, max(tops)]}
    return {"data": traces, "layout": layout, "cuts": cuts_of(rows)}


def _periods_figure(rows, periods):
    """Twice the log of the ratio of likelihoods with a sinusoid and without, over its frequency."""
    # One unit for all, that of the first.
    unit = next(found.frequencies.unit for found in periods.values() if found is not None)
    traces = []
    for number, found in periods.items():
        if found is None:
            continue
        colour, name = COLOURS[number % len(COLOURS)], rows.series_text(number)
        kept = _highest_kept(found.power)
        trace = {"type": "scatter", "mode": "lines", "line": {"color": colour, "width": 1.2}, "name": name}
        trace |= {"x": shortened(found.frequencies.to_value(unit)[kept]), "y": shortened(found.power[kept])}
        trace |= {"showlegend": bool(name), "hovertemplate": f"%{{x}} {unit}: %{{y:.3g}}<extra></extra>"}
        mark = {
            "type": "scatter",
            "mode": "markers",
            "x": [float(found.frequency.to_value(unit))],
            "y": [found.value],
        }
        mark |= {"marker": {"symbol": "triangle-down", "size": 10, "color": colour}}
        mark |= {"name": f"period {found.period:.5g}", "showlegend": True, "hoverinfo": "name"}
        traces += [trace, mark]
    layout = _layout(HEIGHT)
    layout["xaxis"] = axis(f"Frequency [{'1/d' if unit == 1 / u.d else unit}]")
    layout["yaxis"] = axis("Gain of a sinusoid [2 Δln L]") | {
        "rangemode": "tozero",
        "exponentformat": "power",
    }
    return {"data": traces, "layout": layout}


def _highest_kept(power):
    """Numbers of points to draw: all, or of each of so many stretches the highest."""
    if len(power) <= MOST_DRAWN:
        return np.arange(len(power))
    parts = np.array_split(np.arange(len(power)), MOST_DRAWN)
    return np.array([part[np.argmax(power[part])] for part in parts])


def power_spectra(light_curve, rows, summaries, wanted):
    """({number of a series: its `PowerSpectrum`}, list of sentences why others have none).

    Parameters
    ----------
    light_curve : `LightCurve`
    rows : `ReportRows` of it
    summaries : list of `VariabilitySummary` or None of each series, which may have fitted it already
    wanted : bool, whether of all series; None for those that vary and have 20 to 250 rows, False for none
    """
    found, why_not, bands = {}, {}, sorted(set(rows.bands))
    for number, summary in enumerate(summaries):
        if wanted is False or not (wanted or _is_worth_it(summary)):
            continue
        if summary is not None and getattr(summary.power_spectrum, "spectrum", None) is not None:
            found[number] = summary.power_spectrum.spectrum
            continue
        own = light_curve.of_instrument(rows.instruments[number]) if rows.of_several else light_curve
        try:
            band = bands.index(rows.bands[number]) if len(bands) > 1 else None
            found[number] = own.timing.power_spectrum(band=band)
        except InputError as error:
            why_not[str(error)] = None
    return found, list(why_not) if wanted else []


def _is_worth_it(summary):
    """Whether a `VariabilitySummary` is of rows that vary, enough of them, and no more than take a second."""
    if summary is None:
        return False
    return LEAST_ROWS <= summary.ts_var.n_rows <= MOST_ROWS and summary.ts_var.p_value < CONSTANT
