"""Figures as files that are the same, byte by byte, each time that they are made."""

import os
from base64 import b64encode
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tevcurve.atomic import replace_file
from tevcurve.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Neither the date nor the version of what drew it.
METADATA = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "ModDate": None, "Producer": None, "Creator": None},
}
SALT = "tevcurve"
# Where a file says in words what it shows.
ABOUT = {".png": "Description", ".svg": "Description", ".pdf": "Subject"}


def save_figure(
    figure: "Figure", path: str | os.PathLike[str], dpi: float = 150, about: str = "", **options: Any
) -> Path:
    """The `Path` of the file that a figure is written to: PNG, SVG or PDF by its ending, as a whole or not at all.

    The same figure gives the same bytes: identifiers in SVG are fixed, no date is written.

    Parameters
    ----------
    figure : matplotlib Figure
    path : str or Path; a file that is there is replaced
    dpi : float, pixels per inch of a PNG and of what is a picture in the other two
    about : str, what it shows, for the metadata of the file
    options : for `matplotlib.figure.Figure.savefig`, such as bbox_inches or transparent

    Raises `InputError` for another ending, or where there is no such folder, `StoreError` where it cannot be written.
    """
    path = Path(path).expanduser()
    kind = path.suffix.lower()
    if kind not in METADATA:
        raise InputError(f"The figure's file is {path.name!r}; wanted is an ending {', '.join(METADATA)}.")
    if not path.parent.is_dir():
        raise InputError(f"There is no folder {path.parent} to write the figure {path.name} into.")
    replace_file(path, _drawn(figure, kind, about, dpi=dpi, **options))
    return path


def figure_as_text(figure: "Figure") -> str:
    """A figure as an address of data, `data:image/svg+xml;base64,...`, for a page; the figure is closed.

    figure: matplotlib Figure of pyplot.
    """
    import matplotlib.pyplot as plt

    drawn = _drawn(figure, ".svg", "")
    plt.close(figure)
    return f"data:image/svg+xml;base64,{b64encode(drawn).decode('ascii')}"


def _drawn(figure: "Figure", kind: str, about: str, **options: Any) -> memoryview:
    """The bytes of a figure, in the kind of file with this ending."""
    from matplotlib import rc_context

    said = {ABOUT[kind]: about} if about else {}
    metadata = METADATA[kind] | said | options.pop("metadata", {})
    # A layout is found anew at each drawing, from the one before.
    figure.draw_without_rendering()
    buffer = BytesIO()
    with rc_context({"svg.hashsalt": SALT}):
        figure.savefig(buffer, format=kind[1:], metadata=metadata, **options)
    return buffer.getbuffer()
