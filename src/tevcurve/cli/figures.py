"""Figures into files: whole or not at all."""

import os
from pathlib import Path

from tevcurve.errors import InputError


def write_figure(path, draw, projection=None):
    """`Path` of the file into which draw(ax) has drawn, in the format of its name (.png, .pdf, .svg)."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    path = Path(path).expanduser()
    known = plt.figure().canvas.get_supported_filetypes()
    plt.close()
    if path.suffix[1:].lower() not in known:
        raise InputError(
            f"The figure is to be {path.name}; wanted is a name that ends in {', '.join(sorted(known))}."
        )
    figure, ax = plt.subplots(figsize=(9, 5), layout="constrained", subplot_kw={"projection": projection})
    draw(ax)
    building = path.with_name(f".{path.stem}-{os.getpid()}{path.suffix}")
    try:
        figure.savefig(building, dpi=150)
        building.replace(path)
    finally:
        building.unlink(missing_ok=True)
        plt.close(figure)
    return path
