from tevcurve.store.inputs import input_files as input_files
from tevcurve.store.result import Result as Result
from tevcurve.store.result_files import write_result as write_result
from tevcurve.store.run_cache import RunCache as RunCache

__all__: list[str]
