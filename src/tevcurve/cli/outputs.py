"""The places that a job writes to."""

import os
from dataclasses import dataclass
from pathlib import Path

from tevcurve.cli.console import plain
from tevcurve.errors import InputError

FIGURES, PAGES = (".png", ".svg", ".pdf"), (".html", ".htm")
FLUX_POINTS, ALERTS, RECORDS = (".ecsv", ".fits", ".fits.gz"), (".jsonl",), (".json",)
CONFIGS = (".yaml", ".yml")


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

    output: Path | None
    plot: Path | None
    report: Path | None
    overwrite: bool
    flux_points: Path | None = None
    alerts: Path | None = None
    records: Path | None = None
    config: Path | None = None

    @classmethod
    def of(
        cls,
        output=None,
        plot=None,
        report=None,
        overwrite=False,
        flux_points=None,
        alerts=None,
        records=None,
        config=None,
    ):
        """The outputs at some paths; raises `InputError`, before anything is computed, where one is there already.

        Parameters
        ----------
        output : str or Path of the folder of the result, or None
        plot : str or Path of the figure, or None
        report : str or Path of the page, or None
        overwrite : bool, whether what is there is replaced
        flux_points : str or Path of the file of flux points, or None
        alerts : str or Path of the file of alerts, or None
        records : str or Path of the file of what tests found, or None
        config : str or Path of the file of a configuration, or None
        """
        given = output, plot, report, flux_points, alerts, records, config
        paths = [None if path is None else Path(path).expanduser() for path in given]
        for path in filter(None, paths):
            if path.exists() and not overwrite:
                raise InputError(f"{path} is there already; --overwrite replaces it.")
        for path in filter(None, paths):
            check_writable(path)
        for path, endings in zip(
            paths[1:], (FIGURES, PAGES, FLUX_POINTS, ALERTS, RECORDS, CONFIGS), strict=True
        ):
            if path is not None and not path.parent.is_dir():
                raise InputError(f"{path} cannot be written: there is no folder {path.parent}.")
            if path is not None and not path.name.lower().endswith(endings):
                raise InputError(
                    f"{path} is no name for this file; wanted is one that ends in {' or '.join(endings)}."
                )
        return cls(*paths[:3], overwrite, *paths[3:])

    @property
    def anywhere(self):
        """Whether there is a folder, a figure or a page."""
        return any(place is not None for place in (self.output, self.plot, self.report))

    def tell(self):
        """None; printed where everything is."""
        places = {"Result": self.output, "Flux points": self.flux_points, "Figure": self.plot}
        places |= {
            "Report": self.report,
            "Alerts": self.alerts,
            "Records": self.records,
            "Configuration": self.config,
        }
        for what, path in places.items():
            if path is not None:
                print(plain(f"{what} in {path}"))
