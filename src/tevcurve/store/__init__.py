"""Results and reduced runs on disk: whole or not at all, readable again without loss."""

from tevcurve.store.result import Result, write_result

__all__ = ["Result", "write_result"]
