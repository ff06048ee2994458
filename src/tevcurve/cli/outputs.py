"""The places that a job writes to."""

from dataclasses import dataclass
from pathlib import Path

from tevcurve.cli.console import plain
from tevcurve.errors import InputError

FIGURES, PAGES = (".png", ".svg", ".pdf"), (".html", ".htm")


@dataclass(frozen=True)
class Outputs:
    """The places that a job writes to: folder of the result, figure and page, each a Path or None.

    Attributes
    ----------
    output : Path of the folder of the result, or None
    plot : Path of the figure, or None
    report : Path of the page, or None
    overwrite : bool, whether what is there is replaced
    """

    output: Path | None
    plot: Path | None
    report: Path | None
    overwrite: bool

    @classmethod
    def of(cls, output=None, plot=None, report=None, overwrite=False):
        """The outputs at some paths; raises `InputError`, before anything is computed, where one is there already.

        Parameters
        ----------
        output : str or Path of the folder of the result, or None
        plot : str or Path of the figure, or None
        report : str or Path of the page, or None
        overwrite : bool, whether what is there is replaced
        """
        paths = [None if path is None else Path(path).expanduser() for path in (output, plot, report)]
        for path in filter(None, paths):
            if path.exists() and not overwrite:
                raise InputError(f"{path} is there already; --overwrite replaces it.")
        for path, endings in zip(paths[1:], (FIGURES, PAGES), strict=True):
            if path is not None and not path.parent.is_dir():
                raise InputError(f"{path} cannot be written: there is no folder {path.parent}.")
            if path is not None and path.suffix.lower() not in endings:
                raise InputError(
                    f"{path} is no name for this file; wanted is one that ends in {' or '.join(endings)}."
                )
        return cls(*paths, overwrite)

    def tell(self):
        """None; printed where everything is."""
        for what, path in (("Result", self.output), ("Figure", self.plot), ("Report", self.report)):
            if path is not None:
                print(plain(f"{what} in {path}"))
