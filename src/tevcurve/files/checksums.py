"""Checksums of the files of a folder, in a file beside them that `sha256sum --check` reads, too."""

import hashlib
import logging
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tevcurve.errors import DataError
from tevcurve.files.content import read_bytes

log = logging.getLogger(__name__)

CHECKSUMS = "checksums.sha256"
_LINE = re.compile(r"^([0-9a-f]{64})  (\S[^\n]*)$")
_LARGEST = 2**26  # bytes: some 500,000 files


@dataclass(frozen=True)
class Checksums:
    """What the files of a folder were when they were written.

    Attributes
    ----------
    folder : where the files are
    listed : dict of path in the folder to SHA-256, hexadecimal digits; None where there is no list, and all is taken
    accept_changed : bool, whether a file that is another one now is taken all the same, with a warning
    """

    folder: Path
    listed: dict[str, str] | None = None
    accept_changed: bool = False
    _told: set[Path] = field(default_factory=set, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, folder: str | os.PathLike[str], accept_changed: bool = False) -> "Checksums":
        """The list in a folder. Raises `DataError` where it is damaged.

        Parameters
        ----------
        folder : where the files and their list are
        accept_changed : whether a file that is another one now is taken all the same, with a warning
        """
        folder = Path(folder)
        path = folder / CHECKSUMS
        if not path.is_file():
            return cls(folder, None, accept_changed)
        try:
            lines = [_LINE.match(line) for line in read_bytes(path, _LARGEST).decode().splitlines()]
        except UnicodeDecodeError:
            lines = [None]
        listed = {match[2]: match[1] for match in lines if match}
        made = cls(folder, listed, accept_changed)
        if None in lines:
            made._refuse(path, "has lines that are no checksums")
        return made

    def check(self, name: str, content: bytes) -> None:
        """None where a file's bytes are those that were written.

        Parameters
        ----------
        name : path of the file in the folder, with slashes
        content : bytes of the file as they are now

        Raises `DataError`, with the option that takes it all the same, where they are not. Files that are not listed
        are taken.
        """
        if self.listed is not None and name in self.listed and checksum(content) != self.listed[name]:
            self._refuse(self.folder / name, "is not as it was written: its checksum is another")

    def check_file(self, name: str) -> None:
        """As `check`, of a file that is too large to be in memory; one that is not there is passed over.

        name: path of the file in the folder, with slashes.
        """
        path = self.folder / name
        if self.listed is None or name not in self.listed or not path.is_file():
            return
        if checksum_of_file(path) != self.listed[name]:
            self._refuse(path, "is not as it was written: its checksum is another")

    def check_listed(self, names: Iterable[str]) -> None:
        """None where all of these names, as far as their files are there, are in the list; `DataError` otherwise.

        names: paths in the folder, with slashes.
        """
        listed = self.listed
        for name in names if listed is not None else ():
            if listed is not None and name not in listed and (self.folder / name).is_file():
                self._refuse(self.folder / name, f"is not in the list {CHECKSUMS} that is beside it")

    def read(self, name: str) -> bytes | bytearray:
        """The bytes of a file, checked; inflated where it is gzip. Raises `DataError` as `check` and `read_bytes`.

        name: path in the folder, with slashes.
        """
        return read_bytes(self.folder / name, check=lambda content: self.check(name, content))

    def _refuse(self, path: Path, words: str) -> None:
        if not self.accept_changed:
            raise DataError(
                f"The file {path} {words}; accept_changed=True, on the command line --accept-changed, takes it all "
                "the same."
            )
        if path not in self._told:
            self._told.add(path)
            log.warning("The file %s %s; it is taken all the same.", path, words)


def checksum(content: bytes | bytearray) -> str:
    """SHA-256 of bytes, str of hexadecimal digits. content: of a file."""
    return checksum_of_parts([content])


def checksum_of_parts(parts: Iterable[bytes | bytearray]) -> str:
    """SHA-256 of bytes, str of hexadecimal digits. parts: of these, one after the other."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def checksum_of_file(path: str | os.PathLike[str]) -> str:
    """SHA-256 of the bytes of a file, str of hexadecimal digits, read part by part. path: of the file."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def checksums_text(listed: dict[str, str]) -> str:
    """The text of a list. listed: dict of path to checksum."""
    return "".join(f"{listed[name]}  {name}\n" for name in sorted(listed))
