"""Configurations read from files."""

from pathlib import Path

from tevcurve.bins.text import scale_is_assumed
from tevcurve.config.changes import with_changes
from tevcurve.config.keys import VERSION
from tevcurve.config.mistakes import ConfigError
from tevcurve.config.model import Config
from tevcurve.config.values import time_bins_text
from tevcurve.errors import InputError
from tevcurve.options import CONDITIONAL
from tevcurve.renamed import as_written, with_present_names
from tevcurve.yaml_nodes import read_marked_file


def read_config(path, changes=None):
    """The `Config` in a YAML file.

    Raises `DataError` for a file that cannot be read; `InputError` with the line for YAML that is damaged,
    and `ConfigError` with the line of each value that cannot be used.

    Parameters
    ----------
    path : str or Path
    changes : dict of key ("method", "spectrum.index") to value, in place of the file's
    """
    path, changes = Path(path).expanduser(), changes or {}
    marked = read_marked_file(path, "configuration", "as `tevcurve init TARGET PATH` writes it")
    values = with_present_names(marked.values)

    def place(key_path):
        for key in (".".join(map(str, key_path)), str(key_path[0]) if key_path else ""):
            if key in changes:
                return ""
        return f"{path}, line {marked.line(as_written(key_path, marked.values))}: "

    try:
        if "version" not in values and "time_bins" not in changes:
            _check_scale(values.get("time_bins"))
        return Config(**with_changes(_without_old_defaults(values), changes))
    except ConfigError as error:
        mistakes = sorted(
            error.mistakes, key=lambda mistake: marked.line(as_written(mistake[0], marked.values))
        )
        raise ConfigError(mistakes, place) from None


def _check_scale(time_bins):
    """Raises `ConfigError` for time bins of a file without a version whose times have no scale: it was another one."""
    try:
        if not scale_is_assumed(time_bins_text(time_bins)):
            return
    except InputError:
        return  # Said in its own words when the value is checked.
    raise ConfigError(
        [
            (
                ("time_bins",),
                f"time_bins has plain numbers for times, and the file has no version: write `version: {VERSION}` where "
                "they are MJD in TT, as tevcurve prints them, or name their scale, such as scale=utc, which they were "
                "taken in before (an epoch of phases in tdb).",
            )
        ]
    )


def _without_old_defaults(values):
    """The values of a file without those that older versions wrote for every method: the defaults of all options."""
    if not isinstance(values, dict) or "version" in values:
        return values
    defaults = {option.name: option.default for option in CONDITIONAL}
    return {name: value for name, value in values.items() if name not in defaults or value != defaults[name]}
