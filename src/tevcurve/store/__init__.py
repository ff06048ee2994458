"""Results and reduced runs on disk: whole or not at all, readable again without loss."""

from tevcurve.on_demand import names_on_demand
from tevcurve.renamed import say

_PLACES = {
    "Result": "tevcurve.store.result:Result",
    "RunCache": "tevcurve.store.run_cache:RunCache",
    "input_files": "tevcurve.store.inputs:input_files",
    "write_result": "tevcurve.store.result_files:write_result",
}
__all__ = sorted(_PLACES)
_found, __dir__ = names_on_demand(__name__, _PLACES)


def __getattr__(name):
    if name == "RunStore":
        say(name, "RunCache")
        name = "RunCache"
    return _found(name)
