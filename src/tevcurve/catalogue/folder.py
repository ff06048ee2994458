"""The light curves of a catalogue in their folder, read one by one."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table

from tevcurve.atomic import recover
from tevcurve.catalogue.long_table import LONG_TABLE, NAME, read_rows
from tevcurve.data.target_names import plain_name
from tevcurve.errors import DataError, MissingError
from tevcurve.files import Checksums, expand_path
from tevcurve.files.columns import listed
from tevcurve.lightcurve import LightCurve
from tevcurve.lightcurve.columns import declared
from tevcurve.lightcurve.io import read_table
from tevcurve.lightcurve.provenance import position_words
from tevcurve.near_names import meant
from tevcurve.store import Result
from tevcurve.store.small_files import read_json

CATALOGUE, SOURCES, PROBLEMS, ENTRIES = "catalogue.json", "sources.ecsv", "problems.ecsv", "entries"
FORMAT = 1
WHAT = "a catalogue of light curves"


@dataclass(frozen=True)
class CatalogueOrigin:
    """In place of the origin of a light curve that is of a catalogue.

    reason: str, why its events are not known, with what makes it from the data.
    """

    reason: str


@dataclass(frozen=True, eq=False, repr=False)
class LightCurves:
    """The light curves of all sources of a catalogue, in a folder: `curves["Crab"]` is that of one.

    Attributes
    ----------
    folder : Path
    sources : astropy Table, a row for each source, as its descriptions say
    problems : astropy Table, a row for each run that is left out, of one source or (`source` "") of all, and for each
        thing odd about another
    provenance : dict: `versions` of packages, `inputs`: list of dicts with `path`, `sha256` and the run of each file
    config : dict of what was asked for, or None
    keeper : what the folder goes with, or None
    """

    folder: Path
    sources: Table
    problems: Table
    provenance: dict[str, Any]
    config: dict[str, Any] | None = None
    keeper: Any = field(default=None)

    @classmethod
    def read(
        cls, folder: str | os.PathLike[str], accept_changed: bool = False, keeper: Any = None
    ) -> "LightCurves":
        """The light curves in a folder that `tevcurve.light_curves` or `tevcurve light-curves` made.

        Parameters
        ----------
        folder : the folder; environment variables and ~ are put in
        accept_changed : whether files that are not as they were written are taken all the same, with a warning
        keeper : what the folder goes with; not for users

        Raises `DataError` where there are none, or not all yet, or files are changed or damaged.
        """
        folder = expand_path(folder)
        recover(folder)
        checksums = Checksums.of(folder, accept_changed)
        said = read_json(checksums, CATALOGUE, WHAT)
        if said.get("format") != FORMAT:
            raise DataError(
                f"{folder} is a catalogue of the format {said.get('format')!r}; this version of tevcurve reads "
                f"{FORMAT}."
            )
        if not (folder / SOURCES).is_file():
            raise DataError(
                f"{folder} is a catalogue that is not finished; the command that began it goes on with it."
            )
        checksums.check_file(LONG_TABLE)
        sources, problems = (read_table(folder / name, checksums) for name in (SOURCES, PROBLEMS))
        provenance = {name: said.get(name) for name in ("versions", "inputs")}
        return cls(folder, sources, problems, provenance, said.get("config"), keeper)

    @property
    def names(self) -> list[str]:
        """Names of the sources, in order."""
        return self.sources["name"].tolist()

    def __len__(self) -> int:
        return len(self.sources)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self._number

    def __getitem__(self, name: str) -> LightCurve:
        number = self._number_of(name)
        name = self.names[number]
        table = self.rows(number, number + 1)
        row = self.sources[number]
        table.remove_column(NAME)
        table.meta |= {"source": str(name), "position": _place(row), "spectrum": str(row["spectrum"])}
        if row["neighbours"]:
            others = [self.sources[self._number_of(other)] for other in neighbours_of_row(row)]
            told = [
                f"{other['name']}: SkyPointSource at {_place(other)}, {other['spectrum']}" for other in others
            ]
            table.meta |= {
                "other_sources": f"{', '.join(str(other['name']) for other in others)} (free in each row)",
                "models": told,
            }
        for column in table.colnames:
            table[column].info.format = declared(column).form
        table.meta.pop("not_in_the_model", None)
        if n_near := int(row["n_near"]):
            table.meta["not_in_the_model"] = (
                f"{n_near} {'other' if n_near == 1 else 'others'} of the catalogue within 0.5 deg"
            )
        return LightCurve(table, CatalogueOrigin(self.how_to_make_anew(name)))

    @property
    def table(self) -> Table:
        """The astropy Table of the rows of all sources, with their names in the column `source_name`."""
        return self.rows(0, len(self))

    def result(self, name: str) -> Result:
        """The `Result` of one source. Raises `MissingError` where there is none of the name.

        name: of the source; case, blanks and the kind of a hyphen make no difference where one alone is meant.
        """
        config = None if self.config is None else {**self.config, "source": self.names[self._number_of(name)]}
        return Result(self[name], config, self.provenance, self.folder)

    def how_to_make_anew(self, name: str) -> str:
        """Why the events of a source are not known, and what makes its light curve from them, in words.

        name: of the source
        """
        row = self.sources[self._number_of(name)]
        position = f"{row['ra']:.6f} {row['dec']:.6f}"
        models, of = "", ""
        if row["neighbours"]:
            models = " --models FILE"
            of = f", with the models of its neighbours {', '.join(neighbours_of_row(row))} in FILE"
        return (
            f"it is one of the catalogue {self.folder}, which keeps rows and no events; `tevcurve light-curve DATA "
            f'--position "{position}" --spectrum "{row["spectrum"]}" --unbinned{models}` makes it from the data{of}'
        )

    def rows(self, first: int, stop: int) -> Table:
        """The astropy Table of the rows of some sources, with their names in the column `source_name`.

        Parameters
        ----------
        first, stop : numbers of the sources, from the first up to the one before `stop`
        """
        n_rows = np.asarray(self.sources["n_rows"])
        ends = np.append(0, np.cumsum(n_rows))
        table = read_rows(self.folder / LONG_TABLE, int(ends[first]), int(ends[stop]))
        numbers = np.repeat(np.arange(first, stop), n_rows[first:stop])
        if not np.array_equal(np.asarray(table["source"]), numbers):
            raise DataError(f"The rows of {self.folder / LONG_TABLE} are not those that {SOURCES} tells of.")
        table.remove_column("source")
        description = table[NAME].info.description
        table[NAME] = np.asarray(self.sources["name"])[numbers] if len(table) else np.zeros(0, "U1")
        table[NAME].info.description = description
        return table

    def _number_of(self, name: str) -> int:
        if name in self._number:
            return self._number[name]
        alike = [each for each in self.names if plain_name(each) == plain_name(name)]
        if len(alike) != 1:
            raise MissingError(
                f"There is no source {name!r} in {self.folder}; "
                + meant(name, self.names, f"there are {listed(self.names)} (`sources.ecsv`).")
            )
        return self._number[alike[0]]

    @cached_property
    def _number(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.names)}

    def __repr__(self) -> str:
        return f"<LightCurves of {len(self)} sources, {int(np.sum(self.sources['n_rows']))} rows, in {self.folder}>"


def neighbours_of_row(row: Any) -> list[str]:
    """Names of the sources that are fitted with one. row: of the table of sources."""
    return json.loads(row["neighbours"]) if row["neighbours"] else []


def _place(row: Any) -> str:
    """The position of a row of the table of sources, in words."""
    return position_words((float(np.deg2rad(row["ra"])), float(np.deg2rad(row["dec"]))))
