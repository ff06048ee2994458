"""`tevcurve init`: a configuration with sensible values for a target."""

import os
from typing import Annotated

import typer

from tevcurve.cli.job_options import changes_of, job_options


@job_options(without=("data", "target"))
def init(
    target: Annotated[
        str, typer.Argument(help="Name of the target, as `tevcurve info PATH` shows it.", metavar="TARGET")
    ],
    path: Annotated[
        str,
        typer.Argument(help="Folder of a data store, or a FITS file with both index tables.", metavar="PATH"),
    ],
    **options,
):
    """Print a commented configuration with sensible values for a target.

    Energies are from the thresholds of the runs, the method is one that their responses allow.

    \b
    tevcurve init Crab $GAMMAPY_DATA/hess-dl3-dr1 > crab.yaml
    tevcurve init Crab $GAMMAPY_DATA/hess-dl3-dr1 --method 1d > crab.yaml
    tevcurve run crab.yaml
    """
    from tevcurve.config.changes import with_changes
    from tevcurve.config.model import Config
    from tevcurve.config.sensible import sensible_config
    from tevcurve.config.yaml_text import commented_yaml

    # From wherever it is run, it should find the same data.
    data = path if "$" in path else os.path.abspath(os.path.expanduser(path))
    config, notes = sensible_config(data, target)
    changes = changes_of(options)
    config = Config(**with_changes(config.values(), changes))
    print(commented_yaml(config, {key: note for key, note in notes.items() if key not in changes}), end="")
