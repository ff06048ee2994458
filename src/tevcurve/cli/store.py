"""`tevcurve store`: the reduced runs that are kept between jobs."""

from typing import Annotated

import typer

from tevcurve.cli.console import plain, print_table
from tevcurve.config.values import store_folder

FOLDER = Annotated[
    str, typer.Option("--store", help="Folder of the store; 'cache' is the one in the user's cache.")
]

app = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")


@app.callback()
def _store():
    """The reduced runs that `tevcurve run` keeps, so that they are not made again: list or remove them.

    \b
    tevcurve store list
    tevcurve store empty
    tevcurve store list --store runs
    """


@app.command("list")
def list_runs(store: FOLDER = "cache"):
    """List the reduced runs, those first that were not used for the longest.

    \b
    tevcurve store list
    """
    from datetime import datetime

    from tevcurve.run_id import names_of

    kept = _open(store)
    entries = kept.entries()
    if entries:
        rows = []
        told_of = [entry.describe() for entry in entries]
        names = names_of(told["run_id"] for told in told_of if told)
        for entry, told in zip(entries, told_of, strict=True):
            used = datetime.fromtimestamp(entry.used).strftime("%Y-%m-%d %H:%M")
            rows.append(
                [names.get(told.get("run_id"), "?"), told.get("target", ""), used, _megabytes(entry.size)]
            )
        print_table(["OBS_ID", "target", "last used", "size [MB]"], rows, left=3)
    size = sum(entry.size for entry in entries)
    print(
        plain(
            f"{len(entries)} reduced runs in {kept.folder}, {_megabytes(size)} of {_megabytes(kept.max_bytes)} MB"
        )
    )


@app.command("empty")
def empty(store: FOLDER = "cache"):
    """Remove all reduced runs; results keep theirs.

    \b
    tevcurve store empty
    """
    kept = _open(store)
    print(plain(f"Removed {kept.clear()} reduced runs from {kept.folder}"))


def _open(store):
    from tevcurve.store import RunStore

    return RunStore(store_folder(store))


def _megabytes(size):
    return f"{size / 1e6:.1f}" if size < 1e8 else f"{size / 1e6:.0f}"
