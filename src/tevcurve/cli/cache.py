"""`tevcurve cache`: the reduced runs that are kept between jobs."""

from datetime import datetime
from typing import Annotated

from tevcurve.cli.click_commands import Family
from tevcurve.cli.console import plain, print_table
from tevcurve.cli.job_options import older_option, with_older_options
from tevcurve.cli.parameters import Option
from tevcurve.config.values import cache_folder
from tevcurve.renamed import say
from tevcurve.run_id import names_of

FOLDER = Annotated[
    str | None,
    Option("--cache", help="Folder of the cache; 'cache' is that of the user.", show_default="cache"),
]
OLDER = Annotated[str | None, older_option("store")]


def _cache(name):
    """The reduced runs that `tevcurve run` keeps, so that they are not made again: list or remove them.

    \b
    tevcurve cache list
    tevcurve cache empty
    tevcurve cache list --cache runs
    """
    if name != "cache":
        say(f"tevcurve {name}", "tevcurve cache")


def list_runs(cache: FOLDER = None, store: OLDER = None):
    """List the reduced runs, those first that were not used for the longest.

    \b
    tevcurve cache list
    """
    kept = _open(cache, store)
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


def empty(cache: FOLDER = None, store: OLDER = None):
    """Remove all reduced runs; results keep theirs.

    \b
    tevcurve cache empty
    """
    kept = _open(cache, store)
    print(plain(f"Removed {kept.clear()} reduced runs from {kept.folder}"))


app = Family(_cache, {"list": list_runs, "empty": empty})


def _open(cache, store):
    """The `RunCache` in a folder that was named by the option, by the older one, or by none."""
    from tevcurve.store import RunCache

    given = with_older_options({"cache": cache, "store": store})
    return RunCache(cache_folder(given.get("cache") or "cache"))


def _megabytes(size):
    return f"{size / 1e6:.1f}" if size < 1e8 else f"{size / 1e6:.0f}"
