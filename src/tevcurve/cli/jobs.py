"""What the commands that run a job do: a light curve made, written and printed; a configuration printed."""

import logging
import os
from time import perf_counter

from tevcurve.cli.cluster import cluster
from tevcurve.cli.outcome import tell, write
from tevcurve.cli.outputs import Outputs
from tevcurve.cli.resuming import goes_on
from tevcurve.config.changes import with_changes
from tevcurve.config.keys import CHOICES
from tevcurve.config.model import Config
from tevcurve.config.observations import observations_in
from tevcurve.config.reading import read_config
from tevcurve.config.sensible import sensible_config
from tevcurve.config.yaml_text import commented_yaml
from tevcurve.data.found_files import is_fits_name
from tevcurve.data.targets import only_target
from tevcurve.errors import InputError, MissingError, TevcurveError
from tevcurve.on_demand import found_at
from tevcurve.pipeline import light_curve
from tevcurve.pipeline.given_data import open_stores
from tevcurve.store.atomic import write_file

log = logging.getLogger(__name__)

# Keys that say which runs are looked at, and those that are paths of what is there.
_OF_DATA, _PATHS = ("data_root", "irfs", "position", "runs"), ("data_root", "irfs", "models")
_OF_DATA += tuple(option.name for option in CHOICES)


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
    if "target" not in changes and paths and _is_name(paths[-1]) and (several or len(paths) > 1):
        *paths, changes["target"] = paths
    changes = {"cache": None} | ({"data": paths} if paths else {}) | changes
    if "target" not in changes and not several:
        changes["target"] = _target(paths, changes)
    return _make(Config(**with_changes({}, changes)))


def _is_name(word):
    """Whether a word among paths is the name of a target: neither there nor like a path."""
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


def print_config(target, paths, changes, outputs):
    """None; `tevcurve init` for a target (str) of the data at some paths, with changes (dict).

    Parameters
    ----------
    target : str, its name
    paths : list of str, of the data
    changes : dict of the options given
    outputs : `Outputs`, in which the configuration is printed unless it has a file
    """
    # From wherever it is run, it should find the same data.
    changes = changes | {key: _absolute(changes[key]) for key in _PATHS if key in changes}
    of_data = {key: changes[key] for key in _OF_DATA if key in changes}
    config, notes = sensible_config(_absolute(paths), target, **of_data)
    config = Config(**with_changes(config.values(), changes))
    text = commented_yaml(config, {key: note for key, note in notes.items() if key not in changes})
    if outputs.config is None:
        print(text, end="")
        return
    write_file(outputs.config, text.encode())
    outputs.tell()


def _absolute(path):
    """The absolute path of one, or those of a list."""
    if not isinstance(path, str):
        return [_absolute(each) for each in path]
    return path if "$" in path else os.path.abspath(os.path.expanduser(path))


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
        write(outputs, made, *config.to_result(), observations)
    except (TevcurveError, OSError):
        # What cannot be kept can still be read.
        tell(made)
        raise
    return tell(made, outputs)
