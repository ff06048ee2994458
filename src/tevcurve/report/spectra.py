"""The part of a page about spectra in time: a figure, a table of the fits, and a table for each time bin."""

from dataclasses import dataclass

import numpy as np

from tevcurve.figures.saving import figure_as_text
from tevcurve.lightcurve.sed.plot import MOST, titles_of
from tevcurve.lightcurve.sed.text import fits_table, points_table, summary
from tevcurve.report import words
from tevcurve.report.tables import ReportTable

WORDS = ("status", "instrument")


@dataclass(frozen=True)
class Spectra:
    """What the page has of flux points.

    Attributes
    ----------
    sentence : str, whose they are, and between which energies
    image : str, the figure as an address of data
    fits : `ReportTable`, a row for each time bin
    points : list of (title, `ReportTable`) of each time bin, a row for each band
    note : str, what is left out, or ""
    """

    sentence: str
    image: str
    fits: ReportTable
    points: list
    note: str

    @classmethod
    def of(cls, flux_points):
        """The part about flux points; of very many time bins the first ones. flux_points: `FluxPoints`."""
        shown = flux_points[:MOST]
        rows = points_table(shown)
        numbers = np.asarray(rows["bin"])
        rows.remove_columns(
            [name for name in rows.colnames if name.startswith(("bin", "time", "phase", "instr"))]
        )
        tables = [_as_words(rows[numbers == k + 1]) for k in range(len(shown))]
        left_out = len(flux_points) > MOST
        note = (
            f"The first {MOST} of {words.count(len(flux_points), 'time bin')} are shown." if left_out else ""
        )
        image = figure_as_text(shown.plot()[0].figure)
        points = list(zip(titles_of(shown), tables, strict=True))
        return cls(summary(flux_points), image, _as_words(fits_table(shown)), points, note)


def _as_words(table):
    """The `ReportTable` of an astropy Table."""
    units = {name: f" [{table[name].unit}]" if table[name].unit else "" for name in table.colnames}
    columns = [table[name].pformat(max_lines=-1, show_name=False, show_unit=False) for name in table.colnames]
    kinds = tuple("" if name in WORDS else "number" for name in table.colnames)
    rows = [[cell.strip() for cell in row] for row in zip(*columns, strict=True)]
    return ReportTable([name + units[name] for name in table.colnames], rows, "", kinds)
