"""Results and reduced runs on disk: whole or not at all, readable again without loss."""

from tevcurve.renamed import say
from tevcurve.store.inputs import input_files
from tevcurve.store.result import Result, write_result
from tevcurve.store.run_cache import RunCache

__all__ = ["Result", "RunCache", "input_files", "write_result"]


def __getattr__(name):
    if name != "RunStore":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    say(name, RunCache.__name__)
    return RunCache
