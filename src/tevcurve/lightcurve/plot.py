"""Light curves on matplotlib axes: points with their time span, limits as arrows, several curves together.

The data are drawn at their absolute time (MJD, or matplotlib's dates), so that further artists can be put there:
`axis_times` gives the numbers. What an axis subtracts is only in its tick labels and said in its label.
"""

import numpy as np
from astropy import units as u

from tevcurve.errors import InputError
from tevcurve.figures.style import (
    COLOURS,
    MARKERS,
    band_text,
    current_axes,
    long_beside,
    unit_text,
    use_colours,
)
from tevcurve.lightcurve.columns import TITLES
from tevcurve.lightcurve.fitted_energies import extrapolating
from tevcurve.lightcurve.magnitudes import is_magnitude
from tevcurve.lightcurve.plots.naming import draw_legend, name_bands, name_source, plain_label
from tevcurve.lightcurve.plots.overlays import plot_blocks, plot_exposure, plot_flare
from tevcurve.lightcurve.plots.points import draw_points, make_room_for_arrows
from tevcurve.lightcurve.plots.rows import drawn_alike, limit_words, limits_of, values_of, without_place
from tevcurve.lightcurve.plots.time_axis import axis_times, dress, edges_of, keep, prepare, rows_in, scale_of
from tevcurve.lightcurve.plots.value_label import ValueLabel
from tevcurve.near_names import meant
from tevcurve.plot_options import QUANTITY, TS_THRESHOLD

__all__ = ["COLOURS", "axis_times", "plot", "plot_blocks", "plot_exposure", "plot_flare"]

NAMES = TITLES | {
    "e2dnde": r"$E^2\,\mathrm{d}N/\mathrm{d}E$",
    "index": "Photon index",
    "hardness": "Hardness",
    "rate": "Count rate",
    "mag": "Magnitude",
}
# What is compared with nothing at all.
WITH_ZERO = (*TITLES, "hardness", "rate")


def plot(
    light_curve,
    ax=None,
    label=None,
    marker=None,
    time_format=None,
    ts_threshold=TS_THRESHOLD,
    quantity=QUANTITY,
    gaps=None,
    exposure=False,
    blocks=None,
    flare=None,
    log=False,
    **keywords,
):
    """The axes with a light curve drawn: points with their time span and errors, limits as arrows.

    Errors are asymmetric where the table has both sides, else symmetric. Where the table has errors and limits with
    systematic errors, these are pale bars with caps, and the limits; the legend says so. Rows without a value are left
    out. The mark of a flux that was fitted in a part of its band only is hollow.
    Several instruments and energy bands get one colour, marker and legend entry each; where rows may be of several
    instruments together, those of the same ones do. The legend above the axes has these, and says which confidence
    level limits have. The name of the source stands above the axes, unless it has a title already; where there are
    several sources, in the legend. An axes that is logarithmic stays so. Bins in phase are drawn twice, from 0 to 2.

    Parameters
    ----------
    light_curve : LightCurve
    ax : matplotlib axes, optional
        Where to draw, by default the current axes. A light curve that is already there sets
        the time scale, the time format and the unit for the others.
    label : str, optional
        Entry for the legend.
    marker : str, optional
        Marker of the points; by default another one for each series in the axes.
    time_format : "mjd" or "utc", optional
        MJD in the time scale of the table (the default), or dates in UTC.
    ts_threshold : float or None
        A row with a smaller test statistic, or with a value that is not positive, is drawn as its upper limit where it
        has one; None draws every row as a point.
    quantity : str
        Column to draw: flux, dnde, eflux, e2dnde, norm, or any other with its errors in `_err`, such as a free
        parameter of the spectrum; of these, rows whose shape stayed fixed are left out.
    gaps : "cut", "keep" or time such as "0.5 d", optional
        Cut long gaps out of the time axis, none, or all that are longer; each cut is marked. The pieces stand to the
        same scale, but for those that were too narrow to read. By default long gaps between nights are cut, where
        some night has several time bins and nothing else was drawn on the axis before.
    exposure : bool, or what `plot_exposure` takes
        Shade the good time.
    blocks, flare : optional
        What `plot_blocks` and `plot_flare` take, to be drawn over the points.
    log : bool
        Make the axis of values logarithmic. A row that is not above zero is its upper limit there; the legend says how
        many have none and are not drawn.
    **keywords
        Go to `matplotlib.axes.Axes.errorbar`.

    Raises `InputError` for an unknown column or time format, or if the axes holds another quantity.
    """
    table = light_curve.table
    if quantity not in table.colnames:
        known = [name for name in NAMES if name in table.colnames]
        wanted = meant(quantity, known, f"it has {', '.join(known)}.")
        raise InputError(f"The light curve has no column {quantity!r} to plot; {wanted}")
    unit = table[quantity].unit or u.dimensionless_unscaled
    ax = current_axes() if ax is None else ax
    if log:
        ax.set_yscale("log")
    drawn = prepare(ax, quantity, unit, scale_of(light_curve), time_format, gaps)
    if drawn.first is None:
        _dress_values(ax, quantity in WITH_ZERO, is_magnitude(unit))
    span = edges_of(light_curve, drawn)
    values = values_of(table, quantity, drawn.unit)
    is_log = ax.get_yscale() == "log"
    limits = limits_of(table, values, ts_threshold, is_log)
    if is_log:
        drawn.not_drawn += without_place(values, limits)
    # What is no flux of the band, such as an index, extrapolates nothing.
    kinds = (*limits, extrapolating(table) & (quantity in ("flux", "eflux", "norm")))
    _draw_series(ax, drawn, light_curve, (span, values, kinds), (label, marker), keywords)
    if np.any(limits):
        make_room_for_arrows(ax)
    dress(ax)
    _label_values(ax, drawn, light_curve.meta)
    _draw_over(ax, light_curve, exposure, blocks, flare, quantity)
    return ax


def _draw_series(ax, drawn, light_curve, rows_drawn, named, keywords):
    """Draw each instrument and band, and name them and their source.

    rows_drawn: (span, values, kinds) of all rows, as `draw_points` takes them. named: (label, marker) as they were
    given.
    """
    (span, values, kinds), (label, marker) = rows_drawn, named
    source = str(light_curve.meta.get("source") or "")
    if label is None and drawn.sources not in ([], [source]):
        label = plain_label(source) or None
    series, limits = drawn_alike(light_curve.table), limit_words(light_curve.meta)
    instruments, bands = ({key[k] for key in series} for k in (0, 1))
    several_bands = len((drawn.bands | bands) - {None}) > 1
    if several_bands:
        name_bands(drawn)
    lines, unnamed = [], []
    for (instrument, band), rows in series.items():
        told = [
            label,
            instrument if len(instruments) > 1 else None,
            band_text(*band) if several_bands and band is not None else None,
        ]
        name = ", ".join(word for word in told if word is not None) or None
        style = _with_marker(keywords, marker or MARKERS[drawn.n_series % len(MARKERS)])
        rows, own = rows_in(drawn, rows, span)
        chosen = {key: value[..., rows] for key, value in values.items()}
        made = draw_points(ax, own, chosen, [kind[rows] for kind in kinds], name, style, limits=limits)
        lines.append(made)
        (bars,) = [one for one in ax.containers if one.lines[0] is made]
        unnamed += [bars] if name is None else []
        drawn.without_band += [(bars, band)] if not several_bands and band is not None else []
        drawn.n_series += 1
    drawn.bands |= set(bands)
    drawn.limits += [
        words
        for words, which in zip(limits, kinds, strict=False)
        if which.any() and words not in drawn.limits
    ]
    keep(ax, drawn, *span, next(iter(lines), None))
    name_source(ax, drawn, source, unnamed)


def _dress_values(ax, with_zero, upside_down):
    """The value axis of an axes that is to get its first light curve; of magnitudes the small ones are above."""
    use_colours(ax)
    if upside_down:
        ax.yaxis.set_inverted(True)
    if ax.get_yscale() == "linear":
        if with_zero:
            ax.axhline(0, color="0.6", linewidth=0.8, zorder=0.5)
        ax.ticklabel_format(axis="y", useMathText=True, scilimits=(-3, 4))


def _with_marker(keywords, marker):
    """Keywords of errorbar under their full names, with points that are not connected unless they say so."""
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.lines import Line2D

    style = normalize_kwargs(keywords, Line2D)
    return style if "fmt" in style else {"marker": marker, "linestyle": "none", **style}


def _draw_over(ax, light_curve, exposure, blocks, flare, quantity):
    """What else was asked for, and the legend where there are several entries."""
    if exposure is not False and exposure is not None:
        plot_exposure(light_curve if exposure is True else exposure, ax)
    if blocks is not None:
        plot_blocks(blocks, ax, quantity=quantity)
    if flare is not None:
        plot_flare(flare, ax)
    draw_legend(ax)


def _label_values(ax, drawn, meta):
    """Say on the value axis what it shows: the quantity, the band where there is only one, and the unit."""
    bands, energies = drawn.bands - {None}, ""
    of_band = len(bands) == 1 and drawn.quantity in ("flux", "eflux")
    if of_band:
        energies = band_text(*next(iter(bands)))
    if drawn.quantity == "hardness" and "band_high_TeV" in meta:
        high, low = (
            "–".join(f"{edge:.4g}" for edge in np.ravel(meta[f"band_{name}_TeV"])) for name in ("high", "low")
        )
        energies = f"{high} / {low} TeV"
    unit = f"[{unit_text(drawn.unit)}]" if str(drawn.unit) else ""
    drawn.label = ValueLabel(NAMES.get(drawn.quantity, drawn.quantity), energies, unit, of_band)
    # in two lines where one would reach into the panel below or above
    ax.set_ylabel(drawn.label.text("\n" if long_beside(ax, drawn.label.text("")) else " "))
