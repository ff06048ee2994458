"""Runs of files that no index leads to: each file of events is a run, and its responses lie in it or beside it."""

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tevcurve.data.found_files import FoundFile
from tevcurve.data.header import instrument_of
from tevcurve.data.run import HduAddress
from tevcurve.errors import DataError
from tevcurve.files import expand_path
from tevcurve.files.columns import listed
from tevcurve.irf.layout import RESPONSE_TYPES
from tevcurve.run_id import run_number


@dataclass(frozen=True)
class FoundRun:
    """A run of a file of events.

    Attributes
    ----------
    obs_id : int, or str where it is no whole number
    path : `Path` of the file
    hdus : tuple of (`Path`, `FoundHdu`) of its tables
    telescope : TELESCOP of the events, else INSTRUME, else ""
    problem : why it cannot be used, a sentence; None
    odd : what is odd about it, a sentence; None
    """

    obs_id: int | str
    path: Path
    hdus: tuple = ()
    telescope: str = ""
    problem: str | None = None
    odd: str | None = None

    @property
    def addresses(self):
        """Tuple of `HduAddress`, as the rows of an index would have them."""
        return tuple(_address(path, one) for path, one in self.hdus)


class ResponseFiles:
    """The responses in some files, of which each run has its own.

    files: iterable of `FoundFile`.
    """

    def __init__(self, files):
        found = {}
        for file in files:
            for one in file.hdus:
                if one.hdu_type in RESPONSE_TYPES:
                    found.setdefault(one.hdu_type, []).append((file.path, one))
        self._found = [_OfOneType(name, its) for name, its in found.items()]

    @classmethod
    def open(cls, paths, files):
        """Those at paths that a person named; raises DataError where one cannot be read or has no response.

        Parameters
        ----------
        paths : path or list of paths; environment variables and ~ are put in
        files : `FileCache` that may read them from now on
        """
        paths = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
        found = []
        for path in map(expand_path, paths):
            files.allow(path)
            file = FoundFile.open(path, files)
            if not any(one.hdu_type in RESPONSE_TYPES for one in file.hdus):
                raise DataError(file.problem or f"The file {path} has no responses: {file.words}.")
            found.append(file)
        return cls(found)

    def of(self, obs_id, telescope):
        """List of (`Path`, `FoundHdu`) for a run: of each type the only one, or one that names it or its instrument.

        Parameters
        ----------
        obs_id : int or str
        telescope : str, "" where it is not known

        Raises `DataError` where several have a type, and nothing tells which is that of the run.
        """
        return [one for found in self._found for one in found.of(obs_id, telescope)]

    def in_place_of(self, addresses, run):
        """(tuple of `HduAddress` of a run with these responses only, why that cannot be, a sentence, or None).

        Parameters
        ----------
        addresses : tuple of `HduAddress`
        run : with `obs_id` and `telescope`
        """
        kept = [one for one in addresses if one.hdu_type not in RESPONSE_TYPES]
        try:
            found = self.of(run.obs_id, run.telescope)
        except DataError as error:
            return addresses, str(error)
        return (*kept, *(_address(path, one) for path, one in found)), None


def runs_of(files, irfs=None):
    """(list of `FoundRun`, list of (`Path`, reason)): the runs of some files in their order, and the files of none.

    The responses of a run are those in its own file, or else those in the files that have no events.

    Parameters
    ----------
    files : list of `FoundFile`
    irfs : `ResponseFiles` in place of all these, or None
    """
    beside = ResponseFiles(one for one in files if not one.of_type("events"))
    runs = [
        _run(file, irfs or beside, irfs is None) for file in files if file.of_type("events") or file.problem
    ]
    used = {path for run in runs for path, _ in run.hdus} | {run.path for run in runs}
    left = [(one.path, _left_out(one)) for one in files if one.path not in used]
    return runs, left


def _left_out(file):
    """Why a file is of no run, in a clause."""
    unread = [
        one.problem for one in file.hdus if one.problem and one.name.strip().upper().startswith("EVENTS")
    ]
    if unread:
        return unread[0].rstrip(".")
    if any(one.hdu_type in RESPONSE_TYPES for one in file.hdus):
        return "no run needs its responses"
    return file.words


def _address(path, hdu):
    return HduAddress(hdu.hdu_type, hdu.hdu_class, path, hdu.name)


def _run(file, pool, has_own):
    """The `FoundRun` of a file, with its own responses where these count, or else those of a pool (`ResponseFiles`)."""
    events = file.of_type("events")
    if len(events) != 1:
        words = f"The file {file.path} has {len(events)} tables of events; wanted is a file of one run."
        return FoundRun(file.path.name, file.path, problem=file.problem or words)
    header, problem = events[0].header, None
    (obs_id, odd), telescope = _number(header, file), instrument_of(header)
    own = [(file.path, one) for name in ("events", "gti") for one in file.of_type(name)]
    responses = [(file.path, one) for one in file.hdus if one.hdu_type in RESPONSE_TYPES and has_own]
    if not responses:
        try:
            responses = pool.of(obs_id, telescope)
        except DataError as error:
            problem = str(error)
    if not responses and not problem:
        problem = (
            f"The file {file.path} has no responses, and no file without events that is given with it has; wanted is "
            "one that is named (irfs)."
        )
    return FoundRun(obs_id, file.path, (*own, *responses), telescope, problem, odd)


def _number(header, file):
    """(OBS_ID, remark or None) of a header of events; without one the name of the file stands for it."""
    obs_id = run_number(header.get("OBS_ID"))
    if obs_id is not None:
        return obs_id, None
    name = file.path.name.split(".", 1)[0]
    return name, f"The events of {file.path} have no OBS_ID; the name of the file is taken."


class _OfOneType:
    """The responses of a type in some files, by what may tell whose they are: a store of many runs asks for each.

    Parameters
    ----------
    hdu_type : str
    found : list of (`Path`, `FoundHdu`), one or more
    """

    def __init__(self, hdu_type, found):
        self._hdu_type, self._found = hdu_type, found

    @cached_property
    def _by(self):
        """Dicts of OBS_ID, of whole numbers in the file's name, and of instrument to those of the list."""
        of_run, of_name, of_instrument = {}, {}, {}
        for one in self._found:
            path, hdu = one
            of_run.setdefault(run_number(hdu.header.get("OBS_ID")), []).append(one)
            for number in _numbers(path.name):
                of_name.setdefault(number, []).append(one)
            of_instrument.setdefault(instrument_of(hdu.header), []).append(one)
        return of_run, of_name, of_instrument

    @cached_property
    def _names(self):
        return listed((path.name for path in dict.fromkeys(path for path, _ in self._found)), 5)

    def of(self, obs_id, telescope):
        """Those that are of a run; raises DataError where nothing tells which."""
        if _is_one_file(self._found):
            return self._found
        of_run, of_name, of_instrument = self._by
        for chosen in (
            of_run.get(obs_id, []),
            of_name.get(str(obs_id).lstrip("0"), []),
            of_instrument.get(telescope, []) if telescope else [],
        ):
            if _is_one_file(chosen):
                return chosen
        raise DataError(
            f"Several files have an {self._hdu_type}, and nothing says which is that of OBS_ID {obs_id}: "
            f"{self._names}; wanted is one that is named (irfs)."
        )


def _is_one_file(found):
    """Whether some (`Path`, `FoundHdu`) are there, all of one file; the first of another one ends the search."""
    return bool(found) and all(path == found[0][0] for path, _ in found)


def _numbers(name):
    """The whole numbers in a name, texts without leading zeros."""
    return {digits.lstrip("0") for digits in re.findall(r"\d+", name)}
