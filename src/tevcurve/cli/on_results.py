"""What the commands on a result do: other bins, further runs, spectra, a page, tests of variability, other formats."""

from tevcurve.cli.console import note, plain
from tevcurve.cli.figures import write_panels
from tevcurve.cli.one_source import light_curve_of, part_of, refuse_catalogue, result_of
from tevcurve.cli.outcome import tell, tell_problems
from tevcurve.cli.resuming import goes_on
from tevcurve.cli.written import write, write_page
from tevcurve.config.rebinning import rebinned, spectra
from tevcurve.config.values import cache_folder, none_of_words
from tevcurve.lightcurve.columns import COLUMNS
from tevcurve.lightcurve.file_formats import FORMATS
from tevcurve.lightcurve.sed.plot import MOST
from tevcurve.lightcurve.sed.text import summary
from tevcurve.pipeline.append import append_runs
from tevcurve.pipeline.given_data import open_stores
from tevcurve.pipeline.selection import STAGE
from tevcurve.progress import working


def rebin_result(path, changes, outputs, accept_changed, source=None):
    """Exit code of `tevcurve rebin`.

    Parameters
    ----------
    path : Path of the result
    changes : dict of keys of the configuration
    outputs : `Outputs`
    accept_changed : bool
    source : str, of a catalogue, or None
    """
    read = result_of(path, source, accept_changed)
    with working("Fitting"):
        made, config, text = rebinned(read, changes)
    write(outputs, made, config, text, inputs=read.provenance["inputs"])
    return tell(made, outputs)


def print_spectra(path, changes, outputs, accept_changed, source=None):
    """Exit code of `tevcurve sed`.

    Parameters
    ----------
    path : Path of the result
    changes : dict of keys of the configuration
    outputs : `Outputs`
    accept_changed : bool
    source : str, of a catalogue, or None
    """
    read = result_of(path, source, accept_changed)
    with working("Fitting"):
        made = spectra(read, changes)
    if outputs.flux_points is not None:
        made.write(outputs.flux_points, overwrite=outputs.overwrite)
    if outputs.plot is not None:
        if len(made) > MOST:
            note(f"The figure shows the first {MOST} of {len(made)} time bins; --time-bins makes fewer.")
        write_panels(outputs.plot, made[:MOST].plot, about=summary(made))
    if outputs.report is not None:
        write_page(outputs, read, spectra=made)
    print(plain(made))
    outputs.tell()
    return tell_problems(made.fits)


def append_to(path, new, cache, outputs, options):
    """Exit code of `tevcurve append`.

    Parameters
    ----------
    path : Path of the result
    new : (list of Path, dict of further arguments of `open_stores`)
    cache : text of the option
    outputs : `Outputs`
    options : dict of further keywords of `append_runs`
    """
    refuse_catalogue(path, "append")
    folder = cache_folder(none_of_words(cache))
    stores = open_stores(new[0], **new[1])
    with goes_on(f"{path} is whole; the same command adds what is not there."):
        made = append_runs(path, stores, cache=folder, progress=True, **options)
    write(outputs, made.light_curve, made.config, inputs=made.provenance["inputs"])
    print(plain(f"Result in {made.folder}: {made.appended}."))
    for one in made.appended.left_out:
        if one.stage == STAGE:
            note(f"Run {one.run_id} is left out: {one.reason}")
    return tell(made.light_curve, outputs)


def report_on(path, outputs, options, accept_changed, source=None):
    """None; the page of `tevcurve report`.

    Parameters
    ----------
    path : Path of the result
    outputs : `Outputs`
    options : dict of keywords of `tevcurve.report.write_report`
    accept_changed : bool
    source : str, of a catalogue, or None
    """
    write_page(outputs, result_of(path, source, accept_changed), **options)
    outputs.tell()


def print_variability(path, band, instrument, toys, seed, outputs, accept_changed, source=None):
    """None; `tevcurve variability` of a result or a file.

    Parameters
    ----------
    path : Path of the result or the file
    band : int or None
    instrument : str or None
    toys, seed : int
    outputs : `Outputs`
    accept_changed : bool
    source : str, of a catalogue, or None
    """
    light_curve = light_curve_of(path, accept_changed, source, instrument)
    with working("Testing"):
        summary = light_curve.variability(band, toys, seed)
    if outputs.records is not None:
        # The tests of variability take more memory to import than the other commands do.
        from tevcurve.cli.record_files import write_records

        write_records(outputs.records, summary.title, summary.by_name, verdict=summary.verdict)
    print(plain(summary))
    outputs.tell()


def export_to(path, file, overwrite, form, shown, accept_changed, which):
    """None; `tevcurve export` of a result or a file.

    Parameters
    ----------
    path : Path of the result or the file
    file : Path of the new one
    overwrite : bool
    form : name of its format, or None
    shown : dict, what of the light curve is in it, as `LightCurve.write` takes it
    accept_changed : bool
    which : (source, instrument, band), each None where all are meant
    """
    written = part_of(path, which, accept_changed).write(file, overwrite, form, **shown)
    print(plain(f"Light curve in {written}"))


def print_export(path, form, shown, accept_changed, which):
    """None; printed is the light curve of a result or a file in a format that is a text.

    Parameters
    ----------
    path : Path of the result or the file
    form : name of the format
    shown : dict, what of the light curve is in it, as `LightCurve.write` takes it
    accept_changed : bool
    which : (source, instrument, band), each None where all are meant
    """
    print(plain(part_of(path, which, accept_changed).to_text(form, **shown)), end="")


def print_lists(formats, columns):
    """None; printed are the formats that can be written, and the columns that there are.

    Parameters
    ----------
    formats, columns : bool
    """
    for line in (*(_formats() if formats else ()), *(_columns() if columns else ())):
        print(plain(line))


def _columns():
    """A line for each column, str."""
    known = COLUMNS.things()
    width = max(map(len, known))
    for name, column in known.items():
        unit = f" [{column.unit}]" if column.unit else ""
        yield f"{name:<{width}}  {column.words}{unit}; by {column.filled_by}"


def _formats():
    """A line for each format, str."""
    known = FORMATS.things()
    width = max(map(len, known))
    for name, form in known.items():
        lost = f"; not read back: {form.loses}" if form.loses else ""
        lost = lost if form.is_written else "; read only"
        yield f"{name:<{width}}  {form.words} ({', '.join(form.suffixes)}){lost}"
