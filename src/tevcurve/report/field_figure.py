"""The sky around the source as a figure: what shines there by the models, and which pixels are outside the fit."""

from html import escape

import numpy as np

from tevcurve.figures.style import COLOURS
from tevcurve.kernels.sphere import angular_separation, offset_frame
from tevcurve.lightcurve.provenance import spatial_words, spectrum_words
from tevcurve.models.field import centre_of
from tevcurve.models.round_shapes import is_round
from tevcurve.report.figure_style import axis, base_layout, shortened

HEIGHT = 460
# Pointings nearer to each other than this are one circle; more than so many would hide everything else.
SAME_POINTING, MOST_POINTINGS = np.deg2rad(0.05), 12
TURN = np.linspace(0, 2 * np.pi, 73)


def field_figure(origin):
    """The dict with `id`, `title`, `figure` of the field of a light curve, or None where there is nothing to show.

    There is for light curves that know their plan, with models beside a point, or with pixels excluded in 3D.

    origin: of the light curve, `LightCurveOrigin` or another.
    """
    field, settings = getattr(origin, "field", None), getattr(origin, "settings", None)
    if field is None or settings is None:
        return None
    cube = settings.first_cube
    if field.is_plain and (cube is None or cube.allowed is None):
        return None
    traces = [] if cube is None else [*_map(cube, origin.source), *_pointings(origin, cube)]
    traces += _sources(field, origin.source)
    layout = base_layout(HEIGHT) | {"showlegend": True}
    layout["legend"] = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    reach = _reach(cube, field, origin.source)
    layout["xaxis"] = axis("East of the source [deg]") | {"range": [reach, -reach], "constrain": "domain"}
    layout["yaxis"] = axis("North of the source [deg]") | {"range": [-reach, reach], "scaleanchor": "x"}
    return {
        "id": "quality-field",
        "title": "What shines in the field, and which pixels are outside the fit",
        "figure": {"data": traces, "layout": layout},
    }


def _flat(lon, lat, source):
    """(east, north) of directions (radian) from the source in deg."""
    return tuple(np.rad2deg(each) for each in offset_frame(np.asarray(lon), np.asarray(lat), *source))


def _reach(cube, field, source):
    """Half the side of the figure in deg: the map, and the sources up to twice as far."""
    half = 1.0 if cube is None else 0.5 * float(np.max(np.multiply(cube.geom.npix, np.abs(cube.geom.cdelt))))
    far = [np.rad2deg(angular_separation(*source, *place)) for place in field.positions]
    return float(np.clip(1.15 * max([half, *far]), 1.1 * half, 2 * half))


def _map(cube, source):
    """Traces of the border of the map and of the pixels that are excluded."""
    n_lon, n_lat = cube.geom.npix
    x = [-0.5, n_lon - 0.5, n_lon - 0.5, -0.5, -0.5]
    y = [-0.5, -0.5, n_lat - 0.5, n_lat - 0.5, -0.5]
    traces = [
        _line(*_flat(*cube.geom.pix_to_lonlat(np.array(x), np.array(y)), source), "map", "#555555", "solid")
    ]
    if cube.allowed is None:
        return traces
    east, north = _outlines(cube, source)
    fill = {"fill": "toself", "fillcolor": "rgba(120,120,120,0.45)", "name": "excluded"}
    return [_line(east, north, "excluded", "#888888", "solid") | fill | {"line": {"width": 0}}, *traces]


def _outlines(cube, source):
    """(east, north) of rectangles around the excluded pixels, one for each stretch of a row, parted by NaN."""
    out = np.pad(~cube.allowed, ((0, 0), (1, 1))).astype(int)
    row, first = np.nonzero(np.diff(out, axis=1) == 1)
    _, last = np.nonzero(np.diff(out, axis=1) == -1)
    west, end = first - 0.5, last - 0.5
    x = np.column_stack([west, end, end, west, west])
    y = row[:, None] + np.array([-0.5, -0.5, 0.5, 0.5, -0.5])
    east, north = _flat(*cube.geom.pix_to_lonlat(x, y), source)
    gap = np.full((len(row), 1), np.nan)
    return np.hstack([east, gap]).ravel(), np.hstack([north, gap]).ravel()


def _pointings(origin, cube):
    """Traces of the circles up to which pixels of the runs are in the fit, each pointing once."""
    known: list = []
    for number in range(len(origin.runs)):
        place = origin.runs.read(number).pointing_lonlat
        if all(angular_separation(*place, *one) > SAME_POINTING for one in known):
            known.append(place)
        if len(known) == MOST_POINTINGS:
            break
    traces = []
    for number, place in enumerate(known):
        east, north = _flat(*place, origin.source)
        radius = np.rad2deg(cube.offset_max)
        circle = _line(
            east + radius * np.sin(TURN), north + radius * np.cos(TURN), "offset_max", "#999999", "dot"
        )
        traces.append(circle | {"showlegend": number == 0, "legendgroup": "offset_max"})
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": "pointing",
                "legendgroup": "pointing",
                "showlegend": number == 0,
                "x": shortened([east]),
                "y": shortened([north]),
                "marker": {"symbol": "x-thin", "size": 8, "line": {"width": 1.5, "color": "#777777"}},
                "hovertemplate": "pointing<br>%{x}, %{y} deg<extra></extra>",
            }
        )
    return traces


def _sources(field, source):
    """Traces of the source and of the others: a mark with the name, and a circle around what is extended."""
    traces = []
    for number, model in enumerate((field.source, *field.others)):
        is_source = number == 0
        place = source if is_source else centre_of(model)
        colour = COLOURS[0] if is_source else COLOURS[1]
        name = "source" if is_source else "other sources"
        east, north = (float(each) for each in _flat(*place, source))
        spatial = model.spatial_model
        if spatial is not None and not spatial.is_point:
            radius, what = _size(spatial)
            circle = _line(east + radius * np.sin(TURN), north + radius * np.cos(TURN), what, colour, "solid")
            traces.append(circle | {"showlegend": False, "legendgroup": name})
        words = "" if spatial is None else spatial_words(spatial)
        label = escape(model.name) or "source"
        traces.append(
            {
                "type": "scatter",
                "mode": "markers+text",
                "name": name,
                "legendgroup": name,
                "showlegend": number < 2,
                "x": shortened([east]),
                "y": shortened([north]),
                "text": [label],
                "textposition": "top center",
                "marker": {"symbol": "star" if is_source else "circle", "size": 11, "color": colour},
                "hovertemplate": f"{label}<br>{escape(words)}<br>{escape(spectrum_words(model.spectral_model))}"
                "<extra></extra>",
            }
        )
    return traces


def _size(spatial):
    """(radius in deg, what it is) of the circle that stands for an extended source."""
    values = {parameter.name: parameter for parameter in spatial.parameters}
    for name in ("sigma", "r_0"):
        if is_round(spatial) and name in values:
            return float(values[name].quantity.to_value("deg")), name
    return float(spatial.evaluation_radius.to_value("deg")), "reach"


def _line(east, north, name, colour, dash):
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [None if np.isnan(each) else float(f"{each:.6g}") for each in east],
        "y": [None if np.isnan(each) else float(f"{each:.6g}") for each in north],
        "line": {"color": colour, "dash": dash, "width": 1.2},
        "hoverinfo": "name",
    }
