"""What a data store knows of its runs: from its index tables, or from the files where it has none."""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tevcurve.data.found_files import FoundFile
from tevcurve.data.index_making import hdu_index
from tevcurve.data.index_tables import HduIndex, IndexedRun, ObsIndex
from tevcurve.data.run_files import FoundRun, runs_of
from tevcurve.data.table_bytes import primary_bytes
from tevcurve.files import FitsFile
from tevcurve.files.astropy_table import as_table

KEYWORDS = ("MJDREFI", "MJDREFF", "TIMESYS", "TIMEREF", "TIMEUNIT", "HDUCLASS", "HDUVERS")


def table_of_bytes(content, name):
    """`Table` of the bytes of an HDU.

    Parameters
    ----------
    content : bytes
    name : of the HDU
    """
    return as_table(FitsFile(primary_bytes() + content, name).table(name), keywords=KEYWORDS)


class IndexTables:
    """The runs of an HDU index, and of an observation index where there is one.

    Parameters
    ----------
    hdu_table, obs_table : `Table` or `BinTable`; None where there is no observation index
    folders : `StoreFolders`
    name : str, what the store is called in messages
    files : `FileCache` that reads what the indices do not say
    irfs : `ResponseFiles` in place of the responses of the HDU index, or None
    """

    n_events, left_out = None, ()

    def __init__(self, hdu_table, obs_table, folders, name, files, irfs=None):
        self._hdu_index = HduIndex(hdu_table, folders, name)
        self._obs_index = None if obs_table is None else ObsIndex(obs_table, name)
        self.has_obs_index = obs_table is not None
        self._files, self._irfs = files, irfs

    @cached_property
    def runs(self):
        """List of `IndexedRun`."""
        if self._obs_index is not None:
            return self._obs_index.runs
        return [IndexedRun(obs_id, (row,)) for row, obs_id in enumerate(self._hdu_index.obs_ids)]

    @property
    def obs_table(self):
        """The observation index, `Table`, or None."""
        return None if self._obs_index is None else self._obs_index.table

    @property
    def hdu_table(self):
        """The HDU index, `Table`."""
        return self._hdu_index.table

    def located(self, run):
        """(tuple of `HduAddress`, why the run cannot be used, a sentence, or None). run: one of `runs`."""
        addresses, problem = self._hdu_index.of(run, self._files)
        if self._irfs is None or problem or run.problem:
            return addresses, run.problem or problem
        return self._irfs.in_place_of(addresses, run)


@dataclass(frozen=True)
class FoundTables:
    """The runs of files that no index leads to.

    Attributes
    ----------
    found : list of `FoundRun`
    left_out : list of (`Path`, why), the files that are of no run
    base : `Path`, the folder that FILE_DIRs start from
    """

    found: list[FoundRun]
    left_out: list
    base: Path

    obs_table, has_obs_index = None, False

    @classmethod
    def of(cls, paths, base, files, irfs=None):
        """That of some files.

        Parameters
        ----------
        paths : list of `Path`
        base : `Path` that FILE_DIRs start from
        files : `FileCache` that reads them
        irfs : `ResponseFiles` in place of the responses in these files, or None
        """
        found, left_out = runs_of([FoundFile.open(path, files) for path in paths], irfs)
        return cls(found, left_out, base)

    @cached_property
    def runs(self):
        """List of `IndexedRun`, one for each file of events."""
        return [
            IndexedRun(one.obs_id, (row,), one.telescope, problem=one.problem, odd=one.odd)
            for row, one in enumerate(self.found)
        ]

    @property
    def n_events(self):
        """List of the numbers of events of the runs, None where a file cannot be read."""
        counts = [[hdu.n_rows for _, hdu in one.hdus if hdu.hdu_type == "events"] for one in self.found]
        return [each[0] if each else None for each in counts]

    @cached_property
    def hdu_table(self):
        """`Table` as an HDU index would be."""
        return table_of_bytes(self.hdu_index(), "HDU_INDEX")

    def hdu_index(self):
        """Bytes of the HDU index that leads to the runs; where instruments share an OBS_ID, with their TELESCOP."""
        rows, sizes, telescopes = [], [], []
        for one in self.found:
            for path, hdu in one.hdus:
                place = Path(os.path.relpath(path.parent, self.base)).as_posix()
                rows.append((one.obs_id, hdu.hdu_type, hdu.hdu_class, place, path.name, hdu.name))
                sizes.append(hdu.nbytes)
                telescopes.append(one.telescope)
        are_shared = len({one.obs_id for one in self.found}) < len(self.found)
        return hdu_index(rows, sizes, telescopes if are_shared else None)

    def located(self, run):
        """(tuple of `HduAddress`, why the run cannot be used, a sentence, or None). run: one of `runs`."""
        return self.found[run.rows[0]].addresses, run.problem
