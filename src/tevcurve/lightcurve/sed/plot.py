"""Flux points on matplotlib axes: a panel for each time bin, with the spectrum that was fitted there."""

import numpy as np
from astropy import units as u

from tevcurve.errors import InputError
from tevcurve.figures.style import label_energies, series_colours, unit_text, with_default
from tevcurve.lightcurve.columns import EFLUX_UNIT
from tevcurve.lightcurve.fitted_energies import SAME, extrapolating
from tevcurve.lightcurve.joined_rows import INSTRUMENTS
from tevcurve.lightcurve.plots.points import LAST, draw_points
from tevcurve.lightcurve.plots.rows import limit_words, limits_of, values_of
from tevcurve.lightcurve.sed.curves import DNDE, ENERGY, free_columns
from tevcurve.lightcurve.selection import INSTRUMENT, bins_of_rows
from tevcurve.rounding import fixed, with_errors

# Panels of one figure: more cannot be read.
MOST = 60
# Of more than these small ticks are left out, which take longer to draw than all the rest.
MANY = 16
# Inches: a panel of several, the only one.
PANEL, ALONE = (2.1, 1.5), (4.6, 3.2)
# Heights of letters: left, right, below and above all panels, of which the name of the source has a line; between those
# beside and those above each other.
ROOM_AROUND, NAME, ROOM_BETWEEN = (5.8, 1.0, 4.2, 6.0), 1.8, (1.0, 3.4)
# Inches between the labels of ticks and the words of their axes.
LABELS_OFF = 0.06
QUANTITY = "e2dnde"
# By whether parameters were free in the fit: how its line is drawn, and what it is called.
LINES = {
    True: {"linestyle": "-", "label": "fit of all energies"},
    False: {"linestyle": "--", "label": "reference spectrum at the fitted flux"},
}
# In powers of ten, above and below what is drawn.
ROOM = 0.25


def plot(flux_points, ax=None, columns=None, ts_threshold=4, color=None):
    """List of axes: E^2 dN/dE of each time bin in a panel of its own, all with the same axes.

    Points stand at `e_ref` over their band with asymmetric errors, limits are arrows; a point whose fit covers a part
    of its band is hollow; where the table has errors and limits with systematic errors, these are pale bars and the
    limits. The line is the fit of all energies of the time bin: with the parameters that were free,
    whose values are beside it, or, dashed, the reference spectrum scaled to the flux. It is left out where
    the source is not seen.

    Parameters
    ----------
    flux_points : `FluxPoints`
    ax : sequence of as many matplotlib axes, optional; by default those of a new figure
    columns : int, panels beside each other in a new figure; default: by their number, 2 to 6
    ts_threshold : float or None
        A point, or a fit, with a smaller test statistic is drawn as an upper limit, or without a line; None draws all.
    color : of points and lines, as matplotlib takes it

    Raises `InputError` for more than 60 time bins (`flux_points[:60]` has the first), or another number of axes.
    """
    number = len(flux_points)
    if not 0 < number <= MOST:
        raise InputError(
            f"There are {number} time bins, each of which would have a panel; wanted are 1 to {MOST}, such as "
            f"flux_points[:{MOST}]."
        )
    axes = _new_axes(number, columns) if ax is None else list(np.ravel(ax))
    if len(axes) != number:
        raise InputError(f"ax has {len(axes)} axes; wanted are {number}, one for each time bin.")
    bins, titles = bins_of_rows(flux_points.table), titles_of(flux_points)
    unit, colour = u.Unit(EFLUX_UNIT), color or series_colours()[0]
    size = _title_size(axes[0], titles)
    for k, place in enumerate(axes):
        points, fit = flux_points.table[bins == k], flux_points.fits.table[k]
        _draw_points(place, points, unit, ts_threshold, colour)
        _draw_curve(place, fit, free_columns(flux_points.fits.table), ts_threshold, colour)
        # At a place of its own, which else is looked for among all ticks.
        place.set_title(titles[k], fontsize=size, y=1.0)
    _dress(axes, flux_points, unit, own=ax is None)
    return axes


def _new_axes(number, columns):
    """Axes of a grid in a new figure that share both axes, a list; the last row may be shorter."""
    columns = min(number, columns or columns_of(number))
    rows = -(-number // columns)
    axes = list(_grid(rows, columns, PANEL if number > 1 else ALONE).ravel())
    for place in axes[number:]:
        place.remove()
    # Of columns that end above the last row the energies stand there.
    for place in axes[max(number - columns, 0) : number]:
        place.tick_params(labelbottom=True)
    return axes[:number]


def _grid(rows, columns, panel):
    """Axes of a new figure, array (rows, columns). Where they are is set here: to find it takes a second for each."""
    import matplotlib.pyplot as plt
    from matplotlib import rcParams

    letter = rcParams["font.size"] / 72
    left, right, bottom, top = (n * letter for n in ROOM_AROUND)
    beside, above = (n * letter for n in ROOM_BETWEEN)
    size = (
        left + right + columns * panel[0] + (columns - 1) * beside,
        bottom + top + rows * panel[1] + (rows - 1) * above,
    )
    figure = plt.figure(figsize=with_default("figure.figsize", size), layout="none")
    width, height = figure.get_size_inches()
    figure.subplots_adjust(
        left=left / width,
        right=1 - right / width,
        bottom=bottom / height,
        top=1 - top / height,
        wspace=beside * columns / (width - left - right - (columns - 1) * beside),
        hspace=above * rows / (height - bottom - top - (rows - 1) * above),
    )
    return figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)


def columns_of(number):
    """Panels beside each other, 1 to 6: about a third more than below each other, with few places left empty.

    number: int, of panels.
    """
    likely = int(np.clip(np.ceil(np.sqrt(1.4 * number)), 1, 6))
    return min(likely, max(likely - 1, min(number, 2)), key=lambda columns: -number % columns)


def _draw_points(ax, table, unit, ts_threshold, colour):
    values = values_of(table, QUANTITY, unit)
    upper, lower = limits_of(table, values, ts_threshold)
    low, middle, high = (np.asarray(table[name], dtype=float) for name in ("e_min", "e_ref", "e_max"))
    kinds = (upper, lower, extrapolating(table))
    style = {"color": colour, "marker": "o", "linestyle": "none", "markersize": 3.5}
    draw_points(ax, (low, high), values, kinds, None, style, middle, limit_words(table.meta))


def _draw_curve(ax, fit, free, ts_threshold, colour):
    """The line of a fit, a row of their table, where it was fitted, and its free parameters in words."""
    faint = ts_threshold is not None and "ts" in fit.colnames and not fit["ts"] >= ts_threshold
    if faint or not np.isfinite(fit[DNDE]).any():
        return
    is_free = bool(free) and fit["status"] == "ok"
    energy, dnde = (np.asarray(fit[name]) for name in (ENERGY, DNDE))
    fitted = (energy >= fit["e_min_fit"] * (1 - SAME)) & (energy <= fit["e_max_fit"] * (1 + SAME))
    style = {"color": colour, "linewidth": 1, "alpha": 0.7, **LINES[is_free]}
    ax.plot(energy[fitted], (energy**2 * dnde)[fitted], zorder=1, **style)
    if is_free:
        words = "\n".join(f"{name} {_with_error(fit, name)}" for name in free)
        ax.annotate(words, (0.95, 0.94), xycoords="axes fraction", ha="right", va="top", fontsize="small")


def _with_error(fit, name):
    error = float(fit[f"{name}_err"])
    errors = [error] if np.isfinite(error) else [float(fit[f"{name}_errn"]), float(fit[f"{name}_errp"])]
    return with_errors(float(fit[name]), *errors).replace("+-", "±")


def _title_size(ax, titles):
    """Points: small letters, or smaller ones where titles are longer than an axes is wide."""
    from matplotlib.font_manager import FontProperties

    width = 72 * ax.get_window_extent().width / ax.figure.dpi
    return min(FontProperties(size="small").get_size_in_points(), width / (0.6 * max(map(len, titles))))


def head_of(flux_points):
    """What stands above all panels, str: the source, and the time scale of their titles. flux_points: `FluxPoints`."""
    meta = flux_points.table.meta
    scale = "" if "phase_min" in flux_points.fits.table.colnames else str(meta.get("TIMESYS", "")).upper()
    return ", ".join(word for word in (str(meta.get("source") or ""), scale and f"times in {scale}") if word)


def titles_of(flux_points):
    """Words over each panel, list of str: number of the time bin, its instrument where there are several, its times.

    flux_points: `FluxPoints`.
    """
    table, several = flux_points.fits.table, len(flux_points.instruments) > 1
    folded = "phase_min" in table.colnames
    start, stop = (np.asarray(table[f"{'phase' if folded else 'time'}_{end}"]) for end in ("min", "max"))
    width = np.min(stop - start, initial=1.0, where=stop > start)
    decimals = int(np.clip(np.ceil(-np.log10(width)) + 1, 1, 8))
    names = table[INSTRUMENTS if INSTRUMENTS in table.colnames else INSTRUMENT] if several else ()
    who = [f"{name}, " if name else "" for name in names]
    what = "phase" if folded else "MJD"
    return [
        f"{k + 1}: {who[k] if who else ''}{what} {fixed(start[k], decimals)}–{fixed(stop[k], decimals)}"
        for k in range(len(flux_points))
    ]


def _draw_legend(axes):
    """What lines and hollow points are, above all panels of a figure."""
    from matplotlib import rcParams

    known = {}
    for ax in axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            known.setdefault(label, handle)
    for label in (label for label in LAST if label in known):
        known[label] = known.pop(label)
    figure, most = axes[0].figure, 1 if axes[0].get_gridspec().ncols < 2 else 3
    below_name = 1 - NAME * rcParams["font.size"] / 72 / figure.get_figheight()
    for columns in range(min(most, len(known)), 0, -1):
        style = {"frameon": False, "fontsize": "small", "ncols": columns, "bbox_to_anchor": (1, below_name)}
        legend = figure.legend(list(known.values()), list(known), loc="upper right", **style)
        if columns == 1 or legend.get_window_extent().width < figure.bbox.width:
            break
        legend.remove()


def _dress(axes, flux_points, unit, own):
    """Logarithmic axes with the same ends, and what stands on them."""
    edges = flux_points.energy_edges.to_value("TeV")
    words = rf"$E^2\,\mathrm{{d}}N/\mathrm{{d}}E$ [{unit_text(unit)}]"
    heights = _heights(flux_points, unit)
    # Axes of our own share theirs, and each one that is told tells all others.
    for ax in axes[:1] if own else axes:
        label_energies(ax, edges)
        ax.set_xlim(edges[0] / 1.1, edges[-1] * 1.1)
        ax.set_yscale("log")
        if len(axes) > MANY:
            ax.minorticks_off()
        if heights is not None:
            ax.set_ylim(*heights)
        ax.set_ylabel("" if own else words)
        if own:
            ax.set_xlabel("")
    if own:
        figure = axes[0].figure
        width, height = figure.get_size_inches()
        figure.supxlabel("Energy [TeV]", y=0.08 / height, va="bottom", fontsize="medium")
        beside = figure.supylabel(words, x=0.08 / width, ha="left", fontsize="medium")
        figure.suptitle(
            head_of(flux_points), x=0.08 / width, y=1 - 0.06 / height, ha="left", va="top", parse_math=False
        )
        _make_room(axes, beside)
        _draw_legend(axes)


def _make_room(axes, words):
    """The panels begin further right where labels of ticks would reach into the words of their axes."""
    figure = axes[0].figure
    boxes = [ax.yaxis.get_tightbbox() for ax in axes if ax.yaxis.get_tick_params()["labelleft"]]
    reach = min((box.x0 for box in boxes if box is not None), default=np.inf)
    lacking = words.get_window_extent().x1 + LABELS_OFF * figure.dpi - reach
    if lacking > 0:
        figure.subplots_adjust(left=figure.subplotpars.left + lacking / figure.bbox.width)


def _heights(flux_points, unit):
    """(lowest, highest) value that is to be seen, in a unit; None where there is nothing."""
    values = values_of(flux_points.table, QUANTITY, unit)
    upper, _ = limits_of(flux_points.table, values, 4)
    value, (down, up) = values["value"], np.nan_to_num(np.fmax(values["errors"], values["total"]))
    low = np.where(upper, values["upper"] / 3, np.where(value - down > value / 10, value - down, value / 3))
    high = np.where(upper, values["upper"], value + up)
    known = np.isfinite(low) & np.isfinite(high) & (low > 0)
    if not known.any():
        return None
    return low[known].min() / 10**ROOM, high[known].max() * 10 ** (2 * ROOM)
