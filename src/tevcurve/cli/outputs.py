"""The places that a job writes to."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from tevcurve.cli.console import plain
from tevcurve.errors import InputError

# Of each place what it is called, and what names of it end in; that of a result is a folder.
PLACES = {
    "output": ("Result", ()),
    "flux_points": ("Flux points", (".ecsv", ".fits", ".fits.gz")),
    "plot": ("Figure", (".png", ".svg", ".pdf")),
    "report": ("Report", (".html", ".htm")),
    "alerts": ("Alerts", (".jsonl",)),
    "records": ("Records", (".json",)),
    "config": ("Configuration", (".yaml", ".yml")),
}


def check_writable(path):
    """Raises `InputError`, before anything is computed, where nothing can be written at a place. path: Path of it."""
    # A folder of a result is made with those that it is in.
    folder = next((each for each in path.absolute().parents if each.exists()), path)
    if folder.is_dir() and not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(f"{path} cannot be written: nothing may be written into the folder {folder}.")


@dataclass(frozen=True)
class Outputs:
    """The places that a job writes to: folder of the result, figure, page and file, each a Path or None.

    Attributes
    ----------
    output : Path of the folder of the result, or None
    plot : Path of the figure, or None
    report : Path of the page, or None
    overwrite : bool, whether what is there is replaced
    flux_points : Path of the file of flux points, or None
    alerts : Path of the file of alerts, or None
    records : Path of the file of what tests found, or None
    config : Path of the file of a configuration, or None
    """

    output: Path | None = None
    plot: Path | None = None
    report: Path | None = None
    overwrite: bool = False
    flux_points: Path | None = None
    alerts: Path | None = None
    records: Path | None = None
    config: Path | None = None

    @classmethod
    def of(cls, *asked, **named):
        """The outputs at some places; raises `InputError`, before anything is computed, where one is there already.

        Parameters
        ----------
        asked, named : as the attributes, each place also as a text
        """
        outputs = cls(*asked, **named)
        paths = {name: Path(path).expanduser() for name, path in outputs.places().items()}
        for path in paths.values():
            if path.exists() and not outputs.overwrite:
                raise InputError(f"{path} is there already; --overwrite replaces it.")
        for path in paths.values():
            check_writable(path)
        for name, path in paths.items():
            _, endings = PLACES[name]
            if endings and not path.parent.is_dir():
                raise InputError(f"{path} cannot be written: there is no folder {path.parent}.")
            if endings and not path.name.lower().endswith(endings):
                raise InputError(
                    f"{path} is no name for this file; wanted is one that ends in {' or '.join(endings)}."
                )
        return replace(outputs, **paths)

    def places(self):
        """Dict of the places that there are, by name."""
        return {name: place for name in PLACES if (place := getattr(self, name)) is not None}

    @property
    def anywhere(self):
        """Whether there is a folder, a figure or a page."""
        return any(place is not None for place in (self.output, self.plot, self.report))

    def tell(self):
        """None; printed where everything is."""
        for name, path in self.places().items():
            print(plain(f"{PLACES[name][0]} in {path}"))
