"""Commands on a result: `tevcurve rebin`, `tevcurve sed`, `tevcurve report` and `tevcurve variability`."""

from pathlib import Path
from typing import Annotated

from tevcurve.cli.job_options import job_options, read_list
from tevcurve.cli.outputs import Outputs
from tevcurve.cli.parameters import Argument, Option
from tevcurve.errors import InputError
from tevcurve.run_id import safe_name

RESULT = Annotated[
    Path,
    Argument(
        help="Folder of a result, as `tevcurve run` writes it.",
        metavar="RESULT",
        takes=("result", "catalogue"),
    ),
]
RESULT_OR_FILE = Annotated[
    Path,
    Argument(
        help="Folder of a result, or a file with a light curve (`tevcurve export --formats`), or of any table "
        "FILE:time=...,flux=..., the names of its columns.",
        metavar="RESULT",
        takes=("file", "result", "catalogue"),
    ),
]
BAND = Annotated[
    int | None,
    Option(help="Number of the energy band, where there are several.", show_default=False),
]
INSTRUMENT = Annotated[
    str | None, Option(help="Name of the instrument, where there are several.", show_default=False)
]
OVERWRITE = Annotated[bool, Option("--overwrite", help="Replace what is there.")]
ACCEPT_CHANGED = Annotated[
    bool,
    Option("--accept-changed", help="Take files of the result that are not as they were written."),
]
SOURCE = Annotated[
    str | None,
    Option(
        help="Which source, where RESULT is a catalogue of `tevcurve light-curves`.",
        metavar="NAME",
        show_default=False,
    ),
]
RECORDS = Annotated[
    Path | None,
    Option("--output", "-o", help="File of all that was found, for programs: .json.", show_default=False),
]
BINS = ("time_bins", "energy_edges", "e_reco", "e_true")


# What is not given stays as it is.
@job_options(only=(*BINS, "output", "plot", "report", "overwrite"), time_bins=None, energy_edges=None)
def rebin(result: RESULT, source: SOURCE = None, accept_changed: ACCEPT_CHANGED = False, **options):
    """The light curve of a result in other time bins or energy bands; the data are not read again.

    \b
    tevcurve rebin crab --time-bins 2min
    tevcurve rebin crab --time-bins "blocks 0.01" --plot blocks.png
    tevcurve rebin crab --energy 0.7TeV,2TeV,20TeV -o crab-two-bands
    """
    changes = {name: read_list(options[name]) for name in BINS if options[name] is not None}
    if not changes:
        raise InputError("Nothing is to be changed; wanted is --time-bins or --energy.")
    outputs = Outputs.of(options["output"], options["plot"], options["report"], bool(options["overwrite"]))
    from tevcurve.cli.on_results import rebin_result

    return rebin_result(result, changes, outputs, accept_changed, source)


@job_options(only=("time_bins", "energy_edges"), time_bins=None, energy_edges=None)
def sed(
    result: RESULT,
    output: Annotated[
        Path | None,
        Option(
            "--output", "-o", help="File of the flux points: .ecsv, .fits or .fits.gz.", show_default=False
        ),
    ] = None,
    plot: Annotated[
        Path | None,
        Option(help="File to draw a panel for each time bin into, .png, .pdf or .svg.", show_default=False),
    ] = None,
    report: Annotated[
        Path | None,
        Option(help="File of a page about the result, with these spectra, .html.", show_default=False),
    ] = None,
    overwrite: OVERWRITE = False,
    source: SOURCE = None,
    accept_changed: ACCEPT_CHANGED = False,
    **options,
):
    """Spectra in time: flux points and the fitted spectrum of each time bin; the data are not read again.

    Time bins are those of the result, unless others are asked for. Energy bands are 5 per decade of the energies that
    the result was fitted at. The file is one that gammapy opens.

    \b
    tevcurve sed crab
    tevcurve sed crab --time-bins "blocks 0.05" --plot blocks.png --report blocks.html
    tevcurve sed crab --energy 0.7TeV,1TeV,2TeV,5TeV,20TeV -o crab-sed.fits
    """
    changes = {name: read_list(options[name]) for name in BINS if options.get(name) is not None}
    outputs = Outputs.of(plot=plot, report=report, overwrite=overwrite, flux_points=output)
    from tevcurve.cli.on_results import print_spectra

    return print_spectra(result, changes, outputs, accept_changed, source)


def report(
    result: RESULT,
    output: Annotated[
        Path | None,
        Option("--output", "-o", help="The page; default: RESULT.html.", show_default=False),
    ] = None,
    toys: Annotated[
        int | None,
        Option(
            help="Toys for the chances of variability, 0 for none; default: 1000 where they can change a chance.",
            min=0,
            show_default=False,
        ),
    ] = None,
    timing: Annotated[
        bool | None,
        Option(
            help="Power spectra, the flux between rows, and periods; default: where 20 to 250 rows vary.",
            show_default=False,
        ),
    ] = None,
    overwrite: OVERWRITE = False,
    source: SOURCE = None,
    accept_changed: ACCEPT_CHANGED = False,
):
    """A page about a result to send to colleagues: one file, with figures to look into.

    \b
    tevcurve report crab
    tevcurve report crab -o crab-2024.html --overwrite
    tevcurve report field --source "PKS 2155-304"
    """
    if output is None:
        name = result.absolute().name + (f"-{safe_name(source)}" if source is not None else "")
        output = result.absolute().with_name(f"{name}.html")
    outputs = Outputs.of(report=output, overwrite=overwrite)
    from tevcurve.cli.on_results import report_on

    report_on(result, outputs, {"n_toys": toys, "timing": timing}, accept_changed, source)


def variability(
    result: RESULT_OR_FILE,
    band: BAND = None,
    instrument: INSTRUMENT = None,
    toys: Annotated[
        int, Option(help="Toys for the chances where rows have few counts; 0 for none.", min=0)
    ] = 1000,
    seed: Annotated[int, Option(help="Seed of the toys.", min=0)] = 0,
    output: RECORDS = None,
    overwrite: OVERWRITE = False,
    source: SOURCE = None,
    accept_changed: ACCEPT_CHANGED = False,
):
    """Did the source vary, how much and how fast? Tests that count exposure, limits and trials.

    \b
    tevcurve variability crab
    tevcurve variability crab --band 1 --toys 10000
    tevcurve variability crab/light_curve.ecsv -o crab-variability.json
    """
    outputs = Outputs.of(overwrite=overwrite, records=output)
    from tevcurve.cli.on_results import print_variability

    print_variability(result, band, instrument, toys, seed, outputs, accept_changed, source)
