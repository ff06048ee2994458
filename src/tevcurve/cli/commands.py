"""The commands of `tevcurve`, and what stands before them.

A command imports what it does when it is called: that takes a second, which who asks for help need not wait.
"""

from typing import Annotated

import typer

from tevcurve import __version__
from tevcurve.cli import append, cache, demo, export, info, init, light_curve, make_index, results
from tevcurve.cli.logs import set_level

app = typer.Typer(
    name="tevcurve",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("info")(info.info)
app.command("init")(init.init)
app.command("make-index")(make_index.make_index)
app.command("run")(light_curve.run)
app.command("light-curve")(light_curve.light_curve)
app.command("rebin")(results.rebin)
app.command("append")(append.append)
app.command("report")(results.report)
app.command("variability")(results.variability)
app.command("export")(export.export)
app.add_typer(cache.app, name="cache")
app.add_typer(cache.app, name="store", hidden=True)


def _print_version(wanted: bool):
    if wanted:
        print(f"tevcurve {__version__}")
        raise typer.Exit


@app.callback()
def _tevcurve(
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, help="Tell what is done; twice: in detail.")
    ] = 0,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where in the program an error came up.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
):
    """Light curves of gamma-ray sources from DL3 files.

    \b
    tevcurve demo                              a night to try everything on
    tevcurve info PATH                         what a data store has
    tevcurve light-curve PATH --target Crab    a light curve at once
    tevcurve init Crab PATH > config.yaml      the same by a file ...
    tevcurve run config.yaml --method 1d       ... the line can change

    Exit codes: 0 done; 1 some runs or bins failed, the result has the others; 2 nothing could be done.
    """
    set_level(verbose, debug)
