"""Results and reduced runs on disk: whole or not at all, readable again without loss."""

from tevcurve.store.inputs import input_files
from tevcurve.store.result import Result, write_result
from tevcurve.store.run_store import RunStore

__all__ = ["Result", "RunStore", "input_files", "write_result"]
