"""How commands on a result find one source of a catalogue."""

from pathlib import Path

from tevcurve.catalogue.folder import CATALOGUE, LightCurves
from tevcurve.cli.named_file import file_of, named_columns
from tevcurve.errors import InputError
from tevcurve.files.columns import listed
from tevcurve.lightcurve import LightCurve
from tevcurve.store import Result


def result_of(path, source, accept_changed=False):
    """The `Result` in a folder: of the only source, or of the one of a catalogue that is asked for.

    Parameters
    ----------
    path : Path of the folder
    source : str, name of the source, or None where the folder is the result of one
    accept_changed : bool

    Raises `InputError` where a catalogue is there and no source is asked for, or the other way round.
    """
    if not is_catalogue(path):
        if source is not None:
            raise InputError(
                f"{path} is no catalogue of light curves, which --source is for; wanted is it alone."
            )
        return Result.read(path, accept_changed)
    if source is None:
        names = LightCurves.read(path, accept_changed).names
        raise InputError(
            f"{path} is a catalogue; wanted is --source with the name of one of its {len(names)} sources, "
            f"{listed(names)}."
        )
    return LightCurves.read(path, accept_changed).result(source)


def light_curve_of(path, accept_changed=False, source=None, instrument=None):
    """The `LightCurve` of the folder of a result, or of a file with one, whose columns may be named behind it.

    Parameters
    ----------
    path : Path of the result or the file, as it stands on the line
    accept_changed : bool
    source : str, of a catalogue, or None
    instrument : str, which alone is wanted, or None
    """
    named = named_columns(path)
    if named is not None and source is None:
        light_curve = LightCurve.read(file_of(path), accept_changed=accept_changed, **named)
    elif path.is_file() and source is None:
        light_curve = LightCurve.read(path, accept_changed=accept_changed)
    else:
        light_curve = result_of(path, source, accept_changed).light_curve
    return light_curve if instrument is None else light_curve.of_instrument(instrument)


def part_of(path, which, accept_changed=False):
    """The `LightCurve` of the folder of a result, or of a file with one, or what is asked for of it.

    Parameters
    ----------
    path : Path of the result or the file
    which : (source, instrument, band), each None where all are meant
    accept_changed : bool
    """
    source, instrument, band = which
    light_curve = light_curve_of(path, accept_changed, source, instrument)
    return light_curve if band is None else light_curve.of_band(band)


def is_catalogue(path):
    """Whether a folder has the light curves of a catalogue, or will have them. path: Path."""
    return (Path(path).expanduser() / CATALOGUE).is_file()


def refuse_catalogue(path, what):
    """Raises `InputError` for a catalogue, with what adds runs to it.

    Parameters
    ----------
    path : Path of the folder
    what : str, the command
    """
    if is_catalogue(path):
        raise InputError(
            f"{path} is a catalogue, which {what} does not change; the `tevcurve light-curves` that made it takes what "
            "runs are new when it is called again with the data that have them."
        )
