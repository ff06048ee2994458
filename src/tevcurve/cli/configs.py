"""What `tevcurve init` does: a configuration printed or written."""

import os

from tevcurve.atomic import replace_file
from tevcurve.config.changes import with_changes
from tevcurve.config.model import Config
from tevcurve.config.sensible import sensible_config
from tevcurve.config.yaml_text import commented_yaml
from tevcurve.run_options import OF_CHOICE

# Keys that say which runs are looked at, and those that are paths of what is there.
_OF_DATA, _PATHS = ("data_root", "irfs", "position", "runs", *OF_CHOICE), ("data_root", "irfs", "models")


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
    replace_file(outputs.config, text.encode())
    outputs.tell()


def _absolute(path):
    """The absolute path of one, or those of a list."""
    if not isinstance(path, str):
        return [_absolute(each) for each in path]
    return path if "$" in path else os.path.abspath(os.path.expanduser(path))
