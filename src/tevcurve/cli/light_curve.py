"""`tevcurve light-curve` and `tevcurve run`: a light curve at once, or as a file asks for it."""

from typing import Annotated

from tevcurve.cli.job_options import changes_of, job_options
from tevcurve.cli.parameters import Argument


@job_options(without=("data", "positions"), cache=None)
def light_curve(
    paths: Annotated[
        list[str] | None,
        Argument(
            help="Folder of a data store or of DL3 files, an index file, or DL3 files with a run each; none where each "
            "of --instruments has its own. The last word may be the target.",
            metavar="PATH...",
            takes=("data",),
            last=("name", "data"),
        ),
    ] = None,
    **options,
):
    """A light curve without a file: print it, and keep it with --output.

    \b
    tevcurve light-curve PATH Crab
    tevcurve light-curve PATH --target Crab --energy 0.7TeV,20TeV --method 1d
    tevcurve light-curve PATH --target Crab --time-bins 5min -o crab
    tevcurve light-curve PATH --target Crab --time-bins "blocks 0.01" --plot a.png
    tevcurve light-curve PATH --target Crab --spectrum "PowerLaw index=2.3"
    tevcurve light-curve run_*.fits --irfs irfs.fits --position "83.633 22.014"
    """
    from tevcurve.cli.jobs import make_at_once

    return make_at_once(paths or [], changes_of(options))


@job_options()
def run(
    config: Annotated[
        str,
        Argument(
            help="A configuration, as `tevcurve init` writes it.", metavar="FILE", takes=("configuration",)
        ),
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
    from tevcurve.cli.jobs import make_as_asked

    return make_as_asked(config, changes_of(options))
