"""What the commands that run a job do: a light curve made, written and printed."""

import logging
import os
from time import perf_counter

from tevcurve.cli.cluster import cluster
from tevcurve.cli.outcome import tell
from tevcurve.cli.outputs import Outputs
from tevcurve.cli.resuming import goes_on
from tevcurve.config.changes import with_changes
from tevcurve.config.model import Config
from tevcurve.config.observations import observations_in
from tevcurve.config.reading import read_config
from tevcurve.data.found_files import is_fits_name
from tevcurve.data.targets import only_target
from tevcurve.errors import InputError, MissingError, TevcurveError
from tevcurve.on_demand import found_at
from tevcurve.pipeline import light_curve
from tevcurve.pipeline.given_data import open_stores

log = logging.getLogger(__name__)


def make_at_once(paths, changes):
    """Exit code of `tevcurve light-curve`.

    Parameters
    ----------
    paths : list of str, of the data, the last of which may be the name of the target
    changes : dict of the options that were given
    """
    several = any(key.partition(".")[0] == "instruments" for key in changes)
    if not paths and not several:
        raise InputError("There is no PATH; wanted is one of data, or --instruments, each with its own.")
    if "target" not in changes and paths and is_name(paths[-1]) and (several or len(paths) > 1):
        *paths, changes["target"] = paths
    changes = {"cache": None} | ({"data": paths} if paths else {}) | changes
    if "target" not in changes and not several:
        changes["target"] = _target(paths, changes)
    return _make(Config(**with_changes({}, changes)))


def is_name(word):
    """Whether a word among paths is the name of a target: neither there nor like a path. word: str."""
    return not (os.path.exists(word) or "/" in word or "$" in word or os.sep in word or is_fits_name(word))


def _target(paths, changes):
    """What to call the target where no name is given: the only one that there is, or else its position."""
    try:
        return only_target(*open_stores(paths, changes.get("data_root"), changes.get("irfs")))
    except MissingError:
        if "position" not in changes:
            raise
        return changes["position"]


def make_as_asked(config, changes):
    """Exit code of `tevcurve run`.

    Parameters
    ----------
    config : str, path of a configuration
    changes : dict of the options given
    """
    return _make(read_config(config, changes))


def _make(config):
    """Exit code of a job: the light curve made, written and printed."""
    if config.positions is not None:
        return found_at("tevcurve.cli.catalogue_jobs:make_catalogue_of")(config)
    outputs = Outputs.of(config.output, config.plot, config.report, config.overwrite)
    config, arguments = config.with_data()
    observations = observations_in(arguments)
    begin, n_runs = perf_counter(), len(observations)
    log.info(
        "%s runs of %s at %s", n_runs, config.target, arguments["target"].to_string("hmsdms", precision=1)
    )
    kept = (
        "Runs that were reduced are in the cache: the same command goes on with them."
        if config.cache is not None
        else "The same command begins anew; with --cache cache it goes on with the runs that were reduced."
    )
    with goes_on(kept), cluster(config.scheduler) as client:
        made = light_curve(**arguments, progress=True, client=client)
    log.info("%s rows after %.2f s", len(made), perf_counter() - begin)
    try:
        if outputs.anywhere:
            # What writes results, figures and pages is as much again to import as what makes them.
            found_at("tevcurve.cli.written:write")(outputs, made, *config.to_result(), observations)
    except (TevcurveError, OSError):
        # What cannot be kept can still be read.
        tell(made)
        raise
    return tell(made, outputs)
