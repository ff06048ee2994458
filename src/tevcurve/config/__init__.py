"""The job as an object and as a YAML file."""

from tevcurve.config.reading import read_config
from tevcurve.config.mistakes import ConfigError
from tevcurve.config.model import Config

__all__ = ["Config", "ConfigError", "read_config"]
