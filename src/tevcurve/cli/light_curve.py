"""`tevcurve light-curve` and `tevcurve run`: a light curve at once, or as a file asks for it."""

import logging
from contextlib import closing, contextmanager
from time import perf_counter
from typing import Annotated

import typer

from tevcurve.cli.job_options import changes_of, job_options
from tevcurve.errors import TevcurveError

log = logging.getLogger(__name__)


@job_options(without=("data",), store=None)
def light_curve(
    path: Annotated[
        str,
        typer.Argument(help="Folder of a data store, or a FITS file with both index tables.", metavar="PATH"),
    ],
    **options,
):
    """A light curve without a file: print it, and keep it with --output.

    \b
    tevcurve light-curve PATH --target Crab
    tevcurve light-curve PATH --target Crab --energy 0.7TeV,20TeV --method 1d
    tevcurve light-curve PATH --target Crab --time-bins 5min -o crab
    tevcurve light-curve PATH --target Crab --time-bins "blocks 0.01" --plot a.png
    tevcurve light-curve PATH --target Crab --spectrum "PowerLaw index=2.3"
    """
    from tevcurve.config.model import Config

    changes = {"data": path, "store": None} | changes_of(options)
    if "target" not in changes:
        from tevcurve.data.targets import only_target
        from tevcurve.pipeline.targets import open_store

        changes["target"] = only_target(open_store(path))
    from tevcurve.config.changes import with_changes

    return _make(Config(**with_changes({}, changes)))


@job_options()
def run(
    config: Annotated[
        str, typer.Argument(help="A configuration, as `tevcurve init` writes it.", metavar="FILE")
    ],
    **options,
):
    """Make the light curve that a configuration asks for; each of its values can be changed on the line.

    \b
    tevcurve run crab.yaml
    tevcurve run crab.yaml --time-bins 2min --energy 0.7TeV,20TeV --method 1d
    tevcurve run crab.yaml --set spectrum.index=2.3 --overwrite
    tevcurve run crab.yaml --exclusion "circle(84.4, 21.1, 0.3)"
    """
    from tevcurve.config.reading import read_config

    return _make(read_config(config, changes_of(options)))


def _make(config):
    """Exit code of a job: the light curve made, written and printed."""
    from tevcurve.cli.outcome import Outputs, tell

    outputs = Outputs.of(config.output, config.plot, config.report, config.overwrite)
    arguments = config.arguments()
    from tevcurve.pipeline import light_curve as make

    begin, n_runs = perf_counter(), len(arguments["observations"])
    log.info(
        "%s runs of %s at %s", n_runs, config.target, arguments["target"].to_string("hmsdms", precision=1)
    )
    with _cluster(config.scheduler) as client:
        made = make(**arguments, progress=True, client=client)
    log.info("%s rows after %.2f s", len(made), perf_counter() - begin)
    try:
        outputs.write(made, *config.to_result(), arguments["observations"])
    except (TevcurveError, OSError):
        # What cannot be kept can still be read.
        tell(made)
        raise
    return tell(made, outputs)


@contextmanager
def _cluster(address):
    """A context that gives a client of the Dask scheduler at an address, or None where there is no address."""
    if address is None:
        yield None
        return
    from tevcurve.pipeline.on_cluster import connect

    with closing(connect(address)) as client:
        yield client
