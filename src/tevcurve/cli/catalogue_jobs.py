"""What `tevcurve light-curves` does, and `tevcurve run` of a configuration with positions."""

import numpy as np

from tevcurve.catalogue import light_curves
from tevcurve.catalogue.folder import PROBLEMS
from tevcurve.catalogue.source_table import alone_words
from tevcurve.cli.cluster import cluster
from tevcurve.cli.console import note, plain, print_table
from tevcurve.cli.exit_codes import DONE, PARTLY
from tevcurve.cli.resuming import goes_on
from tevcurve.config.catalogue_keys import CATALOGUE_KEYS
from tevcurve.config.changes import with_changes
from tevcurve.config.keys import ALL, HOW, KEYS
from tevcurve.config.model import Config
from tevcurve.config.settled import with_ends
from tevcurve.errors import InputError
from tevcurve.files.columns import listed
from tevcurve.options import option_of
from tevcurve.pipeline.given_data import open_stores
from tevcurve.pipeline.obs_ids import with_ids
from tevcurve.problems import FAILED
from tevcurve.report.words import count
from tevcurve.run_options import OF_CHOICE

# Keys of the configuration that are no arguments of `light_curves`, and one that changes no row.
_OF_DATA = ("data_root", "irfs", "runs", *OF_CHOICE, "output", "overwrite", "scheduler")
_NO_MATTER = ("cache",)
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
    return make_catalogue_of(Config(**with_changes({"data": data, "positions": positions}, changes)))


def make_catalogue_of(config):
    """Exit code of a job with positions: the light curves made, written and printed.

    config: `Config`. Raises `InputError` for keys that a catalogue has not, and without a folder for it.
    """
    _check_keys(config)
    if config.output is None:
        raise InputError(
            "Wanted is --output FOLDER, in a configuration output, in which the light curves are kept."
        )
    stores = open_stores(config.data, config.data_root, config.irfs)
    if config.runs is not None:
        runs = [run for store in stores for run in store.get_observations()]
        stores = with_ids(runs, config.runs, config.data, config.target)
    config = with_ends(config, (run for store in stores for run in _runs_of(store)))
    options, norms = config.options(), option_of("norm_values")
    asked = {name: options[name] for name in CATALOGUE_KEYS if name not in _OF_DATA}
    if config.norm_values == norms.given_default:
        # A scan in each row of each source makes the table several times as large.
        asked["norm_values"] = None
    said = {"data": config.data, "positions": config.positions}
    said |= {
        name: value for name, value in config.values().items() if name in CATALOGUE_KEYS and name not in HOW
    }
    kept = f"What is done is in {config.output}: the same command goes on with it."
    with goes_on(kept), cluster(config.scheduler) as client:
        made = light_curves(
            stores,
            config.positions,
            choose=options["choose"],
            folder=config.output,
            overwrite=config.overwrite,
            config=said,
            client=client,
            progress=True,
            **asked,
        )
    return _tell(made)


def _runs_of(source):
    return source.get_observations() if hasattr(source, "get_observations") else [source]


def _check_keys(config):
    """Raises `InputError` where something is asked for that is of one source."""
    if config.target != ALL:
        raise InputError(
            f"target is {config.target!r}, and positions are given, which say what the sources are; wanted is one of "
            "them."
        )
    for key in KEYS:
        known = key.name in (*CATALOGUE_KEYS, "version", "data", "target", "positions")
        # Each is unbinned.
        if known or (key.name, getattr(config, key.name)) == ("unbinned", True):
            continue
        if getattr(config, key.name) != key.given_default and key.name not in _NO_MATTER:
            raise InputError(
                f"{key.name} is {getattr(config, key.name)!r}, which is of one source; a catalogue of positions has "
                "none."
            )


def _tell(made):
    """Exit code of a catalogue; printed are its sources, those first that are seen best."""
    sources = made.sources
    ts = np.atleast_2d(np.asarray(sources["ts"], dtype=float).reshape(len(sources), -1)).max(axis=1)
    best = np.argsort(-np.nan_to_num(ts, nan=-1.0), kind="stable")[:MOST_SOURCES]
    head = [
        "source",
        "rows",
        "live time [h]",
        "flux [1e-12 cm-2 s-1]",
        "TS",
        "TS_var",
        "p_var",
        "p_in_runs",
        "variability index",
    ]
    print_table(head, [_line(sources[number]) for number in best.tolist()])
    if len(best) < len(sources):
        print(f"and {len(sources) - len(best)} more with a smaller TS")
    print(
        plain(
            f"{count(len(sources), 'source')} in {made.folder}; the pages begin with {made.folder / 'index.html'}"
        )
    )
    unseen = sources["name"][np.asarray(sources["n_rows"]) == 0].tolist()
    if unseen:
        seen = "is" if len(unseen) == 1 else "are"
        note(
            f"{count(len(unseen), 'source')} of these {seen} in the field of view of no run that is taken: "
            f"{listed(unseen)}."
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

    def cell(name, form, factor=1.0):
        values = np.atleast_1d(np.asarray(source[name], dtype=float))
        return "/".join("-" if np.isnan(value) else format(value * factor, form) for value in values)

    return [
        str(source["name"]),
        str(int(source["n_rows"])),
        cell("livetime", ".2f", 1 / 3600),
        cell("flux", ".3f", 1e12),
        cell("ts", ".1f"),
        cell("ts_var", ".1f"),
        cell("p_var", ".2g"),
        cell("p_in_runs", ".2g"),
        cell("variability_index", ".2f"),
    ]
