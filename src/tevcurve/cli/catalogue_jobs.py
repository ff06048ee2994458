"""What `tevcurve light-curves` does, and how commands on a result find one source of a catalogue."""

from pathlib import Path

import numpy as np

from tevcurve.catalogue import LightCurves, light_curves
from tevcurve.catalogue.folder import CATALOGUE, PROBLEMS
from tevcurve.catalogue.positions import TARGETS
from tevcurve.catalogue.source_table import alone_words
from tevcurve.cli.cluster import cluster
from tevcurve.cli.console import note, plain, print_table
from tevcurve.config.catalogue_keys import CATALOGUE_KEYS
from tevcurve.config.changes import with_changes
from tevcurve.config.model import Config
from tevcurve.config.observations import with_ids
from tevcurve.errors import InputError
from tevcurve.pipeline.targets import open_stores
from tevcurve.problems import FAILED
from tevcurve.report.words import count
from tevcurve.store import Result

DONE, PARTLY = 0, 1
# Keys of the configuration that are no arguments of `light_curves`.
_OF_DATA = ("data_root", "irfs", "runs", "output", "overwrite", "scheduler")
_HOW = ("output", "overwrite", "scheduler", "n_jobs", "strict")
MOST_SOURCES, MOST_NOTES = 20, 10


def make_catalogue(paths, changes):
    """Exit code of `tevcurve light-curves`.

    Parameters
    ----------
    paths : list of str, of the data, and last of the positions
    changes : dict of the options that were given
    """
    *data, positions = paths
    if not data:
        raise InputError(
            "Wanted are data and the positions of sources, as `tevcurve light-curves PATH positions.csv --output "
            "field`."
        )
    if "output" not in changes:
        raise InputError("Wanted is --output FOLDER, in which the light curves are kept.")
    # The target is only what a configuration must have.
    given = {"data": data, "target": TARGETS, "unbinned": True, "norm_values": None}
    config = Config(**with_changes(given, changes))
    stores = open_stores(config.data, config.data_root, config.irfs)
    if config.runs is not None:
        runs = [run for store in stores for run in store.get_observations()]
        stores = with_ids(runs, config.runs, config)
    options = config.options()
    asked = {name: options[name] for name in CATALOGUE_KEYS if name not in _OF_DATA}
    said = {"data": data, "positions": positions}
    said |= {
        name: value for name, value in config.values().items() if name in CATALOGUE_KEYS and name not in _HOW
    }
    with cluster(config.scheduler) as client:
        made = light_curves(
            stores,
            positions,
            folder=config.output,
            overwrite=config.overwrite,
            config=said,
            client=client,
            progress=True,
            **asked,
        )
    return _tell(made)


def result_of(path, source, accept_changed=False):
    """The `Result` in a folder: of the only source, or of the one of a catalogue that is asked for.

    Parameters
    ----------
    path : Path of the folder
    source : str, name of the source, or None where the folder is the result of one
    accept_changed : bool

    Raises `InputError` where a catalogue is there and no source is asked for, or the other way round.
    """
    if not is_catalogue(path):
        if source is not None:
            raise InputError(
                f"{path} is no catalogue of light curves, which --source is for; wanted is it alone."
            )
        return Result.read(path, accept_changed)
    if source is None:
        n_sources = len(LightCurves.read(path, accept_changed))
        raise InputError(
            f"{path} is a catalogue of {count(n_sources, 'source')}; wanted is --source NAME, as sources.ecsv has it."
        )
    return LightCurves.read(path, accept_changed).result(source)


def is_catalogue(path):
    """Whether a folder has the light curves of a catalogue, or will have them. path: Path."""
    return (Path(path).expanduser() / CATALOGUE).is_file()


def refuse_catalogue(path, what):
    """Raises `InputError` for a catalogue, with what adds runs to it.

    Parameters
    ----------
    path : Path of the folder
    what : str, the command
    """
    if is_catalogue(path):
        raise InputError(
            f"{path} is a catalogue, which {what} does not change; the `tevcurve light-curves` that made it takes what "
            "runs are new when it is called again with the data that have them."
        )


def _tell(made):
    """Exit code of a catalogue; printed are its sources, those first that are seen best."""
    sources = made.sources
    ts = np.atleast_2d(np.asarray(sources["ts"], dtype=float).reshape(len(sources), -1)).max(axis=1)
    best = np.argsort(-np.nan_to_num(ts, nan=-1.0), kind="stable")[:MOST_SOURCES]
    head = ["source", "rows", "live time [h]", "flux [1e-12 cm-2 s-1]", "TS", "TS_var", "p", "index"]
    print_table(head, [_line(sources[number]) for number in best.tolist()])
    if len(best) < len(sources):
        print(f"and {len(sources) - len(best)} more with a smaller TS")
    print(
        plain(
            f"{count(len(sources), 'source')} in {made.folder}; the pages begin with {made.folder / 'index.html'}"
        )
    )
    if alone := alone_words(sources):
        note(alone)
    failed = made.problems[np.asarray(made.problems["kind"]).astype(str) == FAILED]
    for row in failed[:MOST_NOTES]:
        note(
            f"Run {row['instrument']} {row['obs_id']} {row['part']}".rstrip()
            + f" is left out: {row['reason']}"
        )
    if len(failed) > MOST_NOTES:
        note(f"... and {len(failed) - MOST_NOTES} more runs, which {PROBLEMS} has.")
    return PARTLY if len(failed) else DONE


def _line(source):
    """Cells of a source in words; those of several energy bands with / between them."""

    def number(name, digits, factor=1.0):
        values = np.atleast_1d(np.asarray(source[name], dtype=float))
        return "/".join("-" if np.isnan(value) else f"{value * factor:.{digits}f}" for value in values)

    return [
        str(source["name"]),
        str(int(source["n_rows"])),
        number("livetime", 2, 1 / 3600),
        number("flux", 3, 1e12),
        number("ts", 1),
        number("ts_var", 1),
        number("p_constancy", 3),
        number("variability_index", 2),
    ]
