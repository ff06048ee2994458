"""The job as an object and as a YAML file."""

from tevcurve.config.mistakes import ConfigError
from tevcurve.config.model import Config
from tevcurve.config.reading import read_config

__all__ = ["Config", "ConfigError", "read_config"]
