"""What `tevcurve show` and `tevcurve plot` do."""

from dataclasses import replace

from astropy.table import Table, hstack

from tevcurve.cli.console import plain
from tevcurve.cli.figures import write_figure, write_panels
from tevcurve.cli.one_source import part_of
from tevcurve.cli.outcome import tell_problems
from tevcurve.config.values import none_of_words
from tevcurve.errors import InputError
from tevcurve.lightcurve.notebook_view import caption, whole_text
from tevcurve.lightcurve.papers.shown import MADE, check_names, made_column, named_columns
from tevcurve.lightcurve.plots.panels import plot_panels
from tevcurve.plot_options import PLOT_OPTIONS


def show_light_curve(path, columns, which, accept_changed):
    """None; the light curve of a result or a file is printed.

    Parameters
    ----------
    path : Path of the result or the file
    columns : str, what the option says, or None
    which : (source, instrument, band), each None where all are meant
    accept_changed : bool
    """
    light_curve = part_of(path, which, accept_changed)
    names = None
    if columns is not None:
        there = light_curve.table.colnames
        names = named_columns(columns, light_curve.table)
        check_names(light_curve.table, names)
        made = [made_column(light_curve.table, name) for name in names if name in MADE and name not in there]
        light_curve = (
            replace(light_curve, table=hstack([light_curve.table, Table(made)])) if made else light_curve
        )
    for part in whole_text(light_curve, names):
        print(plain(part))
    tell_problems(light_curve)


def draw(paths, outputs, options, which, accept_changed):
    """None; `tevcurve plot` of a result or a file, or of several below each other.

    Parameters
    ----------
    paths : list of Path of results or files
    outputs : `Outputs`
    options : dict of the options of a figure to what the line says, None where nothing
    which : (source, instrument, band), each None where all are meant
    accept_changed : bool
    """
    given = _read(options)
    if len(paths) > 1:
        _draw_beside(paths, outputs, given, which, accept_changed)
        return
    light_curve = part_of(paths[0], which, accept_changed)
    apart, below = given.pop("panels", False), given.pop("below", [])
    if apart or below:
        write_panels(
            outputs.plot, lambda: light_curve.plot_panels(below=below, **given), about=caption(light_curve)
        )
    else:
        write_figure(outputs.plot, lambda ax: light_curve.plot(ax, **given), about=caption(light_curve))
    outputs.tell()


def _draw_beside(paths, outputs, given, which, accept_changed):
    """Draw several light curves below each other."""
    if any(each is not None for each in which) or given.pop("below", []):
        raise InputError(
            "--source, --instrument, --band and --below go with one light curve; here are several."
        )
    given.pop("panels", None)
    curves = [part_of(path, which, accept_changed) for path in paths]
    about = "\n".join(map(caption, curves))
    write_panels(outputs.plot, lambda: plot_panels(curves, **given), about=about)
    outputs.tell()


def _read(options):
    """The options that were given, as `LightCurve.plot` has them."""
    read = {name: value for name, value in options.items() if value not in (None, [])}
    for option in PLOT_OPTIONS:
        if option.kind == "number or none" and option.name in read:
            read[option.name] = _number(option.name, read[option.name])
    return read


def _number(name, text):
    """A number, or None for none."""
    value = none_of_words(text)
    try:
        return None if value is None else float(value)
    except ValueError as error:
        raise InputError(f"{name} is {text!r}; wanted is a number, or none.") from error
