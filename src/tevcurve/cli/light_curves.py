"""`tevcurve light-curves`: all sources of a catalogue from one reading of the runs."""

from typing import Annotated

from tevcurve.cli.job_options import changes_of, job_options
from tevcurve.cli.parameters import Argument
from tevcurve.config.catalogue_keys import CATALOGUE_KEYS


@job_options(only=CATALOGUE_KEYS, norm_values=None)
def light_curves(
    paths: Annotated[
        list[str],
        Argument(
            help="The data, as light-curve takes them, and last the positions: a CSV, ECSV or FITS file with name, ra, "
            "dec (deg, ICRS) and, where wanted, spectrum and neighbours; or the word targets, all of the index.",
            metavar="PATH... POSITIONS",
            takes=("data",),
            last=("positions",),
        ),
    ],
    **options,
):
    """Light curves of all sources of a catalogue from one reading of the runs, with pages to look at.

    The same command goes on with what is in the folder after it was stopped, and adds what runs are new. Runs are
    chosen for all sources alike, by --offset for each source by its own; what is nearer than --offset-max is seen.

    \b
    tevcurve light-curves PATH positions.csv --output field
    tevcurve light-curves PATH targets --output all --time-bins night --n-jobs 4
    tevcurve report field --source "PKS 2155-304"
    """
    from tevcurve.cli.catalogue_jobs import make_catalogue

    return make_catalogue(paths, changes_of(options))
