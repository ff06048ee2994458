"""The command `tevcurve` itself: its commands, and what becomes of errors.

Exit codes: 0 done; 1 some runs or bins failed, and the result holds the rest; 2 nothing could be done; 130 interrupted.
"""

import os
import sys
from typing import Annotated

import typer

from tevcurve.cli import append, demo, info, init, light_curve, results, store
from tevcurve.cli.console import plain
from tevcurve.cli.logs import logs_on_stderr, set_level
from tevcurve.errors import TevcurveError

# Where typer has them differs between its releases.
_UsageError = typer.BadParameter.__base__
_ClickException = _UsageError.__base__

DONE, PARTLY, NOTHING, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 130, 141
_ANYWHERE = {"-v", "-vv", "--verbose", "--debug"}

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
app.command("run")(light_curve.run)
app.command("light-curve")(light_curve.light_curve)
app.command("rebin")(results.rebin)
app.command("append")(append.append)
app.command("report")(results.report)
app.command("variability")(results.variability)
app.add_typer(store.app, name="store")


@app.callback()
def _tevcurve(
    verbose: Annotated[
        int, typer.Option("--verbose", "-v", count=True, help="Tell what is done; twice: in detail.")
    ] = 0,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where in the program an error came up.")
    ] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
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
    if version:
        from tevcurve import __version__

        print(f"tevcurve {__version__}")
        raise typer.Exit
    set_level(verbose, debug)


def main(arguments=None):
    """Exit code of the command with some arguments, by default those of the process."""
    arguments = _in_front(sys.argv[1:] if arguments is None else list(arguments))
    debug = "--debug" in arguments[: _end_of_options(arguments)]
    try:
        with logs_on_stderr():
            code = typer.main.get_command(app).main(arguments, prog_name="tevcurve", standalone_mode=False)
        sys.stdout.flush()
        return code or DONE
    except (BrokenPipeError, SystemExit) as error:
        # The parser makes an exit of a pipe that is closed.
        if not isinstance(error.__context__ or error, BrokenPipeError):
            raise
        _forget_output()
        return PIPE_CLOSED
    except (KeyboardInterrupt, typer.Abort):
        _say("Interrupted.")
        return INTERRUPTED
    except Exception as error:
        if debug:
            raise
        sentence = _sentence(error)
        if sentence:
            _say(sentence)
        return NOTHING


def _sentence(error):
    """What to tell a person of an error."""
    if isinstance(error, _UsageError):
        command = error.ctx.command_path if error.ctx else "tevcurve"
        # A command without anything has shown its help.
        return error.format_message() and f"{error.format_message()} ({command} --help has more.)"
    if isinstance(error, _ClickException):
        return error.format_message()
    if isinstance(error, TevcurveError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'A file'}: {error.strerror}."
    if isinstance(error, MemoryError):
        return "The memory does not suffice."
    return f"An internal error, {type(error).__name__}: {error} (--debug shows where.)"


def _say(sentence):
    print(f"Error: {plain(sentence)}" if sentence != "Interrupted." else sentence, file=sys.stderr)


def _in_front(arguments):
    """The arguments with the options of every command in front, where `tevcurve` itself takes them."""
    end = _end_of_options(arguments)
    front = [word for word in arguments[:end] if word in _ANYWHERE]
    return front + [word for word in arguments[:end] if word not in _ANYWHERE] + arguments[end:]


def _end_of_options(arguments):
    return arguments.index("--") if "--" in arguments else len(arguments)


def _forget_output():
    """Whoever reads has read enough; what Python flushes at its end must find an open file."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
