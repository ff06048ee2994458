"""The job as an object and as a YAML file."""

from tevcurve.on_demand import names_on_demand

_PLACES = {
    "Config": "tevcurve.config.model:Config",
    "ConfigError": "tevcurve.config.mistakes:ConfigError",
    "read_config": "tevcurve.config.reading:read_config",
}
__all__ = ["Config", "ConfigError", "read_config"]
__getattr__, __dir__ = names_on_demand(__name__, _PLACES)
