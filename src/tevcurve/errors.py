"""The exceptions of tevcurve: each message is one sentence that says what came and what is wanted."""

from typing import Self


class TevcurveError(Exception):
    """The base of every error that tevcurve raises on purpose."""


class DataError(TevcurveError, ValueError):
    """A file, an index row, an HDU, a column or a unit is missing or cannot be used."""


class InputError(TevcurveError, ValueError):
    """An argument cannot be used.

    path: keys and numbers that lead to what is wrong inside of it, () for all of it.
    """

    path: tuple[str | int, ...] = ()

    def at(self, *path: str | int) -> Self:
        """The same, as that of a value inside another one. path: keys and numbers that lead to it."""
        self.path = (*path, *self.path)
        return self


class Unwanted(InputError):
    """A value cannot be used; the words follow on "is", and say what came and what is wanted."""


class StoreError(TevcurveError, OSError):
    """A result or a cache of runs cannot be written: no space, no permission, or something else is there."""


class MissingError(TevcurveError, KeyError):
    """An identifier or a name is not there."""

    def __str__(self) -> str:
        # KeyError shows the repr of its argument; a sentence should stay a sentence.
        return str(self.args[0]) if self.args else ""
