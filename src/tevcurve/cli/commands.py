"""The commands of `tevcurve`, and what stands before them.

A command is imported when it is called, and what it does when it has read its options: who asks for help need not wait
for either.
"""

from typing import Annotated, NamedTuple

from tevcurve import __version__
from tevcurve.cli.click_commands import DrawnGroup, as_command, words_of
from tevcurve.cli.logs import set_level
from tevcurve.cli.parameters import Option, parameters_of
from tevcurve.on_demand import found_at


class Command(NamedTuple):
    """Where a command is, and what the list of commands says of it.

    Attributes
    ----------
    place : str, "module:object" of its function, or of the `Family` of commands below it
    words : str, the first line of its help
    hidden : bool, whether the list leaves it out
    """

    place: str
    words: str
    hidden: bool = False


CACHE = Command(
    "tevcurve.cli.cache:app",
    "The reduced runs that `tevcurve run` keeps, so that they are not made again: list or remove them.",
)
# What a person does one after the other: the headings of the list.
GROUPS = {
    "Begin": {
        "demo": Command(
            "tevcurve.cli.demo:demo",
            "A simulated night with a flare: print its light curve beside the truth, and draw both.",
        ),
        "info": Command(
            "tevcurve.cli.info:info",
            "What a data store or DL3 files have: targets, runs, live time, zenith angles, and which HDUs can be used.",
        ),
        "init": Command(
            "tevcurve.cli.init:init", "Print a commented configuration with sensible values for a target."
        ),
        "make-index": Command(
            "tevcurve.cli.make_index:make_index",
            "Write hdu-index.fits.gz and obs-index.fits.gz for a folder of DL3 files that has none.",
        ),
    },
    "Make": {
        "light-curve": Command(
            "tevcurve.cli.light_curve:light_curve",
            "A light curve without a file: print it, and keep it with --output.",
        ),
        "light-curves": Command(
            "tevcurve.cli.light_curves:light_curves",
            "Light curves of all sources of a catalogue from one reading of the runs, with pages to look at.",
        ),
        "run": Command(
            "tevcurve.cli.light_curve:run",
            "Make the light curve that a configuration asks for; each of its values can be changed on the line.",
        ),
        "watch": Command(
            "tevcurve.cli.watch:watch",
            "Follow a night as it comes: runs of folders into a result, and alarms on changes of the flux.",
        ),
    },
    "Change": {
        "rebin": Command(
            "tevcurve.cli.results:rebin",
            "The light curve of a result in other time bins or energy bands; the data are not read again.",
        ),
        "append": Command(
            "tevcurve.cli.append:append",
            "Add runs to a result, in place; what is there is not computed again. Runs that it has are passed over.",
        ),
    },
    "Look": {
        "show": Command(
            "tevcurve.cli.looking:show",
            "Print a light curve again: what it is, all of its rows, and on the standard error what failed.",
        ),
        "plot": Command(
            "tevcurve.cli.looking:plot",
            "Draw a light curve: points with their errors and time spans, limits as arrows.",
        ),
        "report": Command(
            "tevcurve.cli.results:report",
            "A page about a result to send to colleagues: one file, with figures to look into.",
        ),
        "replay": Command(
            "tevcurve.cli.replay:replay",
            "Would there have been an alarm? The detector of changes over the events of a result, in their order.",
        ),
    },
    "Ask": {
        "variability": Command(
            "tevcurve.cli.results:variability",
            "Did the source vary, how much and how fast? Tests that count exposure, limits and trials.",
        ),
        "timing": Command(
            "tevcurve.cli.timing:timing",
            "The time domain: power spectrum, periods, tests by the times of events, lags, each with a figure.",
        ),
        "sed": Command(
            "tevcurve.cli.results:sed",
            "Spectra in time: flux points and the fitted spectrum of each time bin; the data are not read again.",
        ),
    },
    "Hand on": {
        "export": Command(
            "tevcurve.cli.export:export",
            "Write the light curve of a result, or of a file, in another format, for a paper, or for a telegram.",
        ),
    },
    "Keep house": {
        "cache": CACHE,
        "store": CACHE._replace(hidden=True),
    },
}
COMMANDS = {name: command for group in GROUPS.values() for name, command in group.items()}


class _OnDemand(DrawnGroup):
    """The commands of the table: by their words where they are listed, by themselves where one is called."""

    def get_command(self, ctx, cmd_name):
        command = COMMANDS.get(cmd_name)
        return command and as_command(cmd_name, found_at(command.place))


def _print_version():
    print(f"tevcurve {__version__}")


def _tevcurve(
    verbose: Annotated[
        int,
        Option(
            "--verbose", "-v", count=True, show_default=False, help="Tell what is done; twice: in detail."
        ),
    ] = 0,
    debug: Annotated[bool, Option("--debug", help="Show where in the program an error came up.")] = False,
    version: Annotated[bool, Option("--version", help="Print the version.", instead=_print_version)] = False,
):
    """Light curves of gamma-ray sources from DL3 files.

    \b
    tevcurve demo                              a night to try everything on
    tevcurve info PATH                         what a data store has
    tevcurve light-curve PATH --target Crab    a light curve at once
    tevcurve init Crab PATH > config.yaml      the same by a file ...
    tevcurve run config.yaml --method 1d       ... the line can change
    tevcurve plot RESULT                       a figure of what was made

    Exit codes: 0 done; 1 some runs or bins failed, the result has the others; 2 nothing could be done.
    """
    set_level(verbose, debug)


app = _OnDemand(
    {
        heading: {name: command.words for name, command in group.items() if not command.hidden}
        for heading, group in GROUPS.items()
    },
    name="tevcurve",
    callback=_tevcurve,
    params=parameters_of(_tevcurve),
    help=words_of(_tevcurve),
    context_settings={"help_option_names": ["-h", "--help"]},
)
