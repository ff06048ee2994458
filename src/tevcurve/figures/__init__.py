"""What all figures have in common: colours, words on axes, panels, files."""

from tevcurve.figures.saving import save_figure
from tevcurve.figures.style import COLOURS, MARKERS

__all__ = ["COLOURS", "MARKERS", "save_figure"]
