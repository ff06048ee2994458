"""Time binnings: the room `tevcurve.bins`, where users import them from."""

from tevcurve.bins import *  # noqa: F403
from tevcurve.bins import __all__ as __all__
