"""Runs of a light curve in the files of a folder, each read when it is asked for."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from tevcurve.data import GTI, TimeReference
from tevcurve.datasets.source_run import SourceRun
from tevcurve.errors import DataError
from tevcurve.files import Checksums, read_bytes
from tevcurve.lightcurve.runs import joined_in_time
from tevcurve.records import bytes_of
from tevcurve.run_id import FIELDS, TELESCOPE, RunId
from tevcurve.store.run_file import content_name, run_from_bytes, run_to_bytes
from tevcurve.store.small_files import as_json

# Bytes of runs that are held in memory after they were read: some 50 of them.
HELD = 2**26


@dataclass(frozen=True)
class RunEntry:
    """What is known of a stored run without reading it: its `~tevcurve.lightcurve.runs.RunFacts`, and its file.

    Attributes
    ----------
    run_id : `RunId`
    file : name of its file, which is made of its content
    size : bytes of the file
    gti : good time
    offset : of the source from the pointing, radian
    telescope : what the files of the run call its instrument
    """

    run_id: RunId
    file: str
    size: int
    gti: GTI
    offset: float
    telescope: str

    @classmethod
    def of(cls, run: SourceRun, content: bytes) -> "RunEntry":
        """The entry of a `SourceRun` and its bytes.

        Parameters
        ----------
        run : the `SourceRun`
        content : its bytes
        """
        file = f"{run.run_id.file_text()}-{content_name(content)[:32]}.run"
        return cls(run.run_id, file, len(content), run.gti, float(run.offset), run.telescope)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "RunEntry":
        """The entry of what `as_dict` gave. Raises `DataError` for what is none.

        values: dict as `as_dict` gives it.
        """
        try:
            file, intervals = values["file"], values["intervals"]
            clock = {
                name: values[name] for name in ("mjdrefi", "mjdreff", "scale", "place") if name in values
            }
            if len({file, Path(file).name}) != 1 or not file.endswith(".run") or "\\" in file:
                raise DataError(f"its file is {file!r}")
            gti = GTI.of_intervals(intervals, _clock(**clock))
            run_id = RunId.from_plain({name: values[name] for name in FIELDS})
            telescope = values.get(TELESCOPE, run_id.instrument)
            return cls(run_id, file, int(values["size"]), gti, float(values["offset"]), telescope)
        except (TypeError, ValueError, AttributeError, LookupError) as error:
            raise DataError(f"The list of runs has an entry that cannot be used: {error}") from error

    @cached_property
    def text(self) -> str:
        """The JSON text of `as_dict`."""
        return as_json(self.as_dict(), indent=None).rstrip("\n")

    def as_dict(self) -> dict[str, Any]:
        """Dict of plain values."""
        reference = self.gti.reference
        called = self.telescope != self.run_id.instrument
        return {
            **self.run_id.plain(),
            **({TELESCOPE: self.telescope} if called else {}),
            "file": self.file,
            "size": self.size,
            "mjdrefi": reference.mjdrefi,
            "mjdreff": reference.mjdreff,
            "scale": reference.scale,
            "intervals": self.gti.intervals.tolist(),
            "offset": self.offset,
            "place": reference.place,
        }


@lru_cache(maxsize=64, typed=True)
def _clock(**parts: Any) -> TimeReference:
    # One for all runs that have it: what shares an object is told to be the same without a look at it.
    return TimeReference(**parts)


class TakesFiles(Protocol):
    """What a folder of temporary files does, as long as it is held on to."""

    def put(self, name: str, content: bytes) -> bool:
        """Whether a file of the folder has the content.

        Parameters
        ----------
        name : of the file
        content : of the file
        """


class RunFolder:
    """Files of runs: of those that are read the first ones and the last one stay in memory.

    Where more of them have no room than do, only the last one stays: who asks for all reads most of them anyway.

    Parameters
    ----------
    path : of the folder
    held : bytes of files whose runs stay in memory after they were read
    keeper : writes into the folder and holds on to it; None where the files of new runs wait to be written
    checksums : of the folder that has this one, or None
    contents : dict of file to bytes, of those that the folder has not: they wait to be written, or it has no
        room
    """

    def __init__(
        self,
        path: Path,
        held: int = HELD,
        keeper: TakesFiles | None = None,
        checksums: Checksums | None = None,
        contents: dict[str, bytes] | None = None,
    ):
        self.path, self.keeper, self.checksums = Path(path), keeper, checksums
        self.contents = {} if contents is None else contents
        # Bytes that there is room for; None where none is held any more.
        self._left: int | None = held
        self._in_memory: dict[str, SourceRun] = {}
        self._read: dict[str, SourceRun] = {}
        self._without_room: set[str] = set()
        self._last: tuple[str, SourceRun] | None = None
        self._expected: dict[int, tuple[SourceRun, RunEntry | None, bytes | None]] = {}

    def expect(self, runs: dict[int, tuple[SourceRun, RunEntry | None, bytes | None]]) -> None:
        """None; what is known of runs that may be added next.

        runs : dict of the `id` of each to itself, its entry (None where nothing was made of it yet) and its bytes (None
            where its file is there)
        """
        self._expected = runs

    def add(self, run: SourceRun) -> RunEntry:
        """The entry of a new run, whose file is there, or waits. The run itself stays in memory. run: `SourceRun`."""
        entry = self.entry_of(run)
        self._in_memory[entry.file] = run
        return entry

    def entry_of(self, run: SourceRun) -> RunEntry:
        """The entry of a run, whose file is there, or waits; nothing else of it stays. run: `SourceRun`."""
        _, entry, content = self._expected.pop(id(run), (run, None, None))
        if entry is None:
            content = run_to_bytes(run)
            entry = RunEntry.of(run, content)
        if content is not None:
            self.put(entry.file, content)
        return entry

    def put(self, file: str, content: bytes) -> None:
        """None; a file is there, or waits.

        Parameters
        ----------
        file : its name
        content : of it
        """
        if self.keeper is None or not self.keeper.put(file, content):
            self.contents[file] = content

    def read(self, entry: RunEntry) -> SourceRun:
        """The run of an entry. Raises `DataError` where its file is missing or damaged. entry: `RunEntry`."""
        for known in (self._in_memory, self._read):
            if entry.file in known:
                return known[entry.file]
        if self._last is not None and self._last[0] == entry.file:
            return self._last[1]
        if entry.file in self.contents:
            return run_from_bytes(self.contents[entry.file], f"Run {entry.run_id}")
        run = read_run(self.path / entry.file, entry, self.checksums)
        self._last = entry.file, run
        self._hold(entry.file, run)
        return run

    def _hold(self, file: str, run: SourceRun) -> None:
        """None; a run that was read stays in memory, as far as there is room."""
        if self._left is None:
            return
        # Arrays may take many times what their file does.
        size = bytes_of(run)
        if size <= self._left:
            self._left -= size
            self._read[file] = run
            return
        self._without_room.add(file)
        if len(self._without_room) > len(self._read):
            self._left = None
            self._read.clear()

    def emptied(self, held: int) -> "RunFolder":
        """The same with no run in memory. held: bytes of the runs that stay there once they are read."""
        return RunFolder(self.path, held, self.keeper, self.checksums, self.contents)


class StoredRuns(Sequence):
    """`~tevcurve.lightcurve.runs.Runs` in files. Their items are `RunEntry`.

    Parameters
    ----------
    place : `RunFolder`
    entries : iterable of `RunEntry`
    """

    def __init__(self, place: RunFolder, entries: Iterable[RunEntry] = ()):
        self.place, self.entries = place, tuple(entries)

    def read(self, number: int) -> SourceRun:
        """The run of a number. Raises `DataError` where its file is missing or damaged.

        number: int, from 0.
        """
        return self.place.read(self.entries[number])

    def chosen(self, numbers: Iterable[int]) -> "StoredRuns":
        """The runs of some numbers, in this order. numbers: iterable of int, from 0."""
        return StoredRuns(self.place, (self.entries[number] for number in numbers))

    def with_runs(self, runs: Sequence[SourceRun]) -> tuple["StoredRuns", np.ndarray]:
        """(these and more runs, in the order of time; the numbers of the new ones). runs: sequence of `SourceRun`."""
        together, places = joined_in_time(self.entries, [self.place.add(run) for run in runs])
        return StoredRuns(self.place, together), places

    def emptied(self, held: int) -> "StoredRuns":
        """The same with none of them in memory. held: as for `RunFolder.emptied`."""
        return StoredRuns(self.place.emptied(held), self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[RunEntry]:
        return iter(self.entries)

    def __getitem__(self, number: Any) -> Any:
        return self.entries[number]

    def __repr__(self) -> str:
        return f"<{len(self)} stored runs>"


def read_run(path: Path, entry: RunEntry, checksums: Checksums | None = None) -> SourceRun:
    """The `SourceRun` of an entry in its file.

    Raises `DataError` where it is missing, damaged or another.

    Parameters
    ----------
    path : of the file
    entry : `RunEntry` of the run
    checksums : `Checksums` of the folder that has its folder, or None
    """
    if not path.exists():
        raise DataError(f"The file {path} of run {entry.run_id} is not there.")
    content = bytes(read_bytes(path))
    if checksums is not None:
        checksums.check(f"{path.parent.name}/{path.name}", content)
    accept_changed = checksums is not None and checksums.accept_changed
    own_name = len(content) == entry.size and f"-{content_name(content)[:32]}.run" in entry.file
    if not own_name and not accept_changed:
        raise DataError(f"The file {path} is not the one that was written for run {entry.run_id}.")
    return run_from_bytes(content, f"The file {path}", accept_changed)
