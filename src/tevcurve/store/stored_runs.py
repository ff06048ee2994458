"""Kept runs in a folder, read one by one when they are asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np

from tevcurve.data import GTI, TimeReference
from tevcurve.data.time_order import order_of_time
from tevcurve.datasets.source_run import SourceRun
from tevcurve.errors import DataError
from tevcurve.files import read_bytes
from tevcurve.store.run_file import content_name, run_from_bytes, run_to_bytes

# Bytes of files whose runs are held in memory after they were read.
HELD = 2**28


@dataclass(frozen=True)
class RunEntry:
    """What is known of a stored run without reading it.

    Attributes
    ----------
    obs_id : int
    file : str, name of its file, which is made of its content
    size : int, bytes of the file
    mjdrefi, mjdreff, scale : of the `TimeReference` of its mission seconds
    intervals : list of [start, stop], good time in mission seconds
    offset : float, of the source from the pointing, radian
    place : of the clock of these seconds, as in `TimeReference`
    """

    obs_id: int
    file: str
    size: int
    mjdrefi: int
    mjdreff: float
    scale: str
    intervals: list
    offset: float
    place: str = "local"

    @classmethod
    def of(cls, run, content):
        """The entry of a `SourceRun` and its bytes."""
        reference = run.gti.reference
        return cls(
            int(run.obs_id),
            f"{run.obs_id}-{content_name(content)[:32]}.run",
            len(content),
            reference.mjdrefi,
            reference.mjdreff,
            reference.scale,
            run.gti.intervals.tolist(),
            float(run.offset),
            reference.place,
        )

    @classmethod
    def from_dict(cls, values):
        """The entry of what `as_dict` gave. Raises `DataError` for what is none."""
        try:
            entry = cls(**values)
            entry.gti  # noqa: B018 - refuses what is no good time
            float(entry.offset), int(entry.obs_id), int(entry.size)
            names = {entry.file, Path(entry.file).name}
            if len(names) != 1 or not entry.file.endswith(".run") or "\\" in entry.file:
                raise DataError(f"its file is {entry.file!r}")
        except (TypeError, ValueError, AttributeError, LookupError) as error:
            raise DataError(f"The list of runs has an entry that cannot be used: {error}") from error
        return entry

    def as_dict(self):
        """Dict of plain values."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @cached_property
    def gti(self):
        """Good time, `GTI`."""
        starts, stops = zip(*self.intervals, strict=True) if self.intervals else ((), ())
        return GTI(starts, stops, TimeReference(self.mjdrefi, self.mjdreff, self.scale, self.place))


class StoredRun:
    """A `SourceRun` in a file, which is read when more is asked for than is in the list of runs.

    runs: `StoredRuns`. number: int, its place there.
    """

    def __init__(self, runs, number):
        self._runs, self._number = runs, number

    @property
    def obs_id(self):
        """OBS_ID, int."""
        return self._runs.entries[self._number].obs_id

    @property
    def gti(self):
        """Good time, `GTI`."""
        return self._runs.entries[self._number].gti

    @property
    def offset(self):
        """Offset of the source from the pointing, float, radian."""
        return self._runs.entries[self._number].offset

    def read(self):
        """The `SourceRun` itself. Raises `DataError` where its file is missing or damaged."""
        return self._runs.read(self._number)

    def __getattr__(self, name):
        # Who asks whether a run has something that no run has needs no file.
        if name not in SourceRun.__dataclass_fields__ and not hasattr(SourceRun, name):
            raise AttributeError(f"A run has no attribute {name!r}.")
        return getattr(self.read(), name)

    def __repr__(self):
        return f"<StoredRun {self.obs_id}>"


class StoredRuns(Sequence):
    """`StoredRun`s in files of a folder; of those that are read the first ones and the last one stay in memory.

    folder: Path. entries: sequence of `RunEntry`. held: int, bytes of files whose runs stay in memory.
    keeper: object that is held on to as long as the folder is needed, or None. checksums: `Checksums` of the folder
    that has this one, or None. contents: dict of file to bytes, of those for which the folder has no room.
    """

    def __init__(self, folder, entries, held=HELD, keeper=None, checksums=None, contents=None):
        self.folder, self.entries, self.keeper = Path(folder), tuple(entries), keeper
        self.checksums, self.contents = checksums, {} if contents is None else contents
        self._in_memory, self._left, self._last = {}, held, (None, None)

    def with_runs(self, runs):
        """(`StoredRuns` with more runs, dict of the contents of their files by their names).

        All are in the order of time. The folder has the files of the new ones as soon as these are written there.

        runs: sequence of `SourceRun`; they stay in memory.
        """
        contents = [run_to_bytes(run) for run in runs]
        new = [RunEntry.of(run, content) for run, content in zip(runs, contents, strict=True)]
        entries, in_memory = (*self.entries, *new), self._in_memory | dict(enumerate(runs, start=len(self)))
        order = order_of_time(entries)
        more = StoredRuns(
            self.folder, [entries[k] for k in order], self._left, self.keeper, self.checksums, self.contents
        )
        more._in_memory = {place: in_memory[k] for place, k in enumerate(order) if k in in_memory}
        return more, {entry.file: content for entry, content in zip(new, contents, strict=True)}

    def without(self, files):
        """The numbers of the runs that are not in some files, int array. files: their names."""
        return np.flatnonzero([entry.file not in files for entry in self.entries])

    def read(self, number):
        """The `SourceRun` of a number. Raises `DataError` where its file is missing or damaged."""
        if number in self._in_memory:
            return self._in_memory[number]
        if self._last[0] == number:
            return self._last[1]
        entry = self.entries[number]
        if entry.file in self.contents:
            return run_from_bytes(self.contents[entry.file], f"Run {entry.obs_id}")
        run = read_run(self.folder / entry.file, entry, self.checksums)
        self._last = number, run
        if entry.size <= self._left:
            self._left -= entry.size
            self._in_memory[number] = run
        return run

    def __len__(self):
        return len(self.entries)

    def __getitem__(self, number):
        if isinstance(number, slice):
            return tuple(self[each] for each in range(*number.indices(len(self))))
        return StoredRun(self, range(len(self))[number])

    def __repr__(self):
        return f"<{len(self)} stored runs>"


class BinsOnDemand:
    """The `TimeBins` of stored runs, made when they are asked for: some of them need the runs' events.

    time_bins: binning. runs: `StoredRuns`. terms: the terms of each run.
    """

    def __init__(self, time_bins, runs, terms):
        self._time_bins, self._runs, self._terms = time_bins, runs, terms

    @cached_property
    def _made(self):
        return self._time_bins.bins(self._terms if self._time_bins.looks_at_events else self._runs)

    def __getattr__(self, name):
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._made, name)

    def __len__(self):
        return len(self._made)

    def __iter__(self):
        return iter(self._made)

    def __getitem__(self, number):
        return self._made[number]


def read_run(path, entry, checksums=None):
    """The `SourceRun` of an entry in its file. checksums: `Checksums` of the folder that has its folder, or None.

    Raises `DataError` where it is missing, damaged or another.
    """
    if not path.exists():
        raise DataError(f"The file {path} of run {entry.obs_id} is not there.")
    content = read_bytes(path)
    if checksums is not None:
        checksums.check(f"{path.parent.name}/{path.name}", content)
    accept_changed = checksums is not None and checksums.accept_changed
    own_name = len(content) == entry.size and f"-{content_name(content)[:32]}.run" in entry.file
    if not own_name and not accept_changed:
        raise DataError(f"The file {path} is not the one that was written for run {entry.obs_id}.")
    return run_from_bytes(content, f"The file {path}", accept_changed)


class LaidOutRuns:
    """The terms and fates of runs in the energy bins of a light curve, each made when it is asked for, and kept.

    runs: `StoredRuns`. terms_of: function of a `SourceRun` to both, such as `Kept.terms_of`.
    """

    def __init__(self, runs, terms_of):
        self._runs, self._terms_of = runs, terms_of
        self._made = [None] * len(runs)

    @property
    def terms(self):
        """The terms of each run, a sequence."""
        return _Part(self, 0)

    @property
    def fates(self):
        """The fates of each run's events, a sequence."""
        return _Part(self, 1)

    def put(self, number, terms, fate):
        """None; what was made of a run elsewhere is kept."""
        self._made[number] = terms, fate

    def part(self, number, which):
        """Terms (0) or fates (1) of a run."""
        if self._made[number] is None:
            self._made[number] = self._terms_of(self._runs.read(number))
        return self._made[number][which]

    def __len__(self):
        return len(self._runs)


class _Part(Sequence):
    """One of the two things that are made of each run."""

    def __init__(self, laid_out, which):
        self._laid_out, self._which = laid_out, which

    def __len__(self):
        return len(self._laid_out)

    def __getitem__(self, number):
        if isinstance(number, slice):
            return tuple(self[each] for each in range(*number.indices(len(self))))
        return self._laid_out.part(range(len(self))[number], self._which)
