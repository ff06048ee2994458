"""What `tevcurve timing` does."""

import astropy.units as u
from astropy.table import Table

from tevcurve.cli.console import plain
from tevcurve.cli.exit_codes import DONE, PARTLY
from tevcurve.cli.figures import write_panels
from tevcurve.cli.one_source import is_catalogue, light_curve_of
from tevcurve.cli.record_files import write_records
from tevcurve.config.quantities import as_quantities, as_quantity, parts_of_list, quantity_texts
from tevcurve.errors import DataError, InputError
from tevcurve.lightcurve.selection import rows_of_instruments
from tevcurve.lightcurve.variability.timing_tests import timing_tests
from tevcurve.progress import working

# Below so many Hz, frequencies and periods are told by days.
SLOW = 1e-4


def print_timing(path, names, options, instrument, outputs, accept_changed, source=None):
    """Exit code of `tevcurve timing` of a result or a file: 1 where some of what was asked for could not be done.

    Parameters
    ----------
    path : Path of the result or the file
    names : list of str, of tests, or None
    options : dict of keywords of the methods of `light_curve.timing` to what the line says, None where nothing
    instrument : str or None
    outputs : `Outputs`
    accept_changed : bool
    source : str, of a catalogue, or None
    """
    light_curve = light_curve_of(path, accept_changed, source, instrument)
    names = [name.replace("-", "_") for name in names or ()]
    with working("Testing"):
        found = timing_tests(light_curve, names, **_read(options, accept_changed, source, instrument))
    if outputs.records is not None:
        write_records(outputs.records, found.title, found.results, left_out=found.left_out)
    if outputs.plot is not None:
        write_panels(outputs.plot, found.plot, about=found.title)
    print(plain(found))
    outputs.tell()
    return PARTLY if names and found.left_out else DONE


def _read(options, accept_changed, source, instrument):
    """The options as Python has them."""
    read = {name: value for name, value in options.items() if value is not None}
    if "frequencies" in read:
        read["frequencies"] = frequencies_of_text(read["frequencies"])
    if "bands" in read:
        read["bands"] = _bands(read["bands"])
    if "max_lag" in read:
        read["max_lag"] = _lag(read["max_lag"])
    if "other" in read:
        read["other"] = _series(read["other"], accept_changed, source, instrument)
    return read


def frequencies_of_text(text):
    """Frequencies, a Quantity, of a text; in 1/d where they are low.

    text: str, a list of them, or one such as "linspace(0.1 Hz, 10 Hz, 2000)".

    Raises `InputError` for another text.
    """
    what = "frequencies such as 'linspace(0.1 Hz, 10 Hz, 2000)' or '0.256 1/d, 0.27 1/d'"
    try:
        found = as_quantities(quantity_texts(text, "Hz", what), "Hz", what)
    except InputError as error:
        raise InputError(f"Of frequencies one is {str(error).rstrip('.')}.") from error
    return found.to(1 / u.d) if found.value.max() < SLOW else found


def _bands(text):
    """Two numbers of bands."""
    numbers = parts_of_list(text)
    if len(numbers) != 2 or not all(each.isdigit() for each in numbers):
        raise InputError(f"bands is {text!r}; wanted are two numbers of energy bands, such as 0,1.")
    return tuple(int(each) for each in numbers)


def _lag(text):
    """A time, Quantity."""
    try:
        return as_quantity(text, "s", "a time such as '10 min'")
    except InputError as error:
        raise InputError(f"max_lag is {error}.") from error


def _series(path, accept_changed, source=None, instrument=None):
    """The `LightCurve` of a result or a file, or the `Table` in a file without one.

    Of two instruments it is the one that is not asked for, of a catalogue the source that is asked for.
    """
    path = path.expanduser()
    try:
        light_curve = light_curve_of(path, accept_changed, source if is_catalogue(path) else None)
        names = set(rows_of_instruments(light_curve.table))
        others = names - {instrument}
        return light_curve.of_instrument(*others) if len(names) == 2 and len(others) == 1 else light_curve
    except (DataError, InputError) as error:
        if not path.is_file():
            raise
        no_light_curve = error
    try:
        return (
            Table.read(path)
            if path.suffix.lower() in (".ecsv", ".fits", ".vot", ".xml")
            else Table.read(path, format="ascii")
        )
    except Exception as error:
        raise no_light_curve from error
