"""What there can be several of (time binnings, file formats, columns, ...): tables of names, loaded on first use.

A kind of things has one table, from the name that stands in texts and files to where the thing is::

    BINNINGS = Declarations("time binning", "tevcurve.binnings", {"run": "tevcurve.bins.fixed:ByRun", ...})

Names are read without importing anything. Lists in parsers, files, reports and commands are made from the table, so
that whatever is added to it is found everywhere: `register` adds in one process, an entry point of the group adds for
every process in which the package that has it is installed (worker processes among them)::

    [project.entry-points."tevcurve.binnings"]
    tides = "my_package.tides:ByTide"
"""

import logging
from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tevcurve.errors import InputError
from tevcurve.near_names import meant

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

log = logging.getLogger(__name__)

Thing = TypeVar("Thing")


class Declarations(Generic[Thing]):
    """The things of one kind by name; `name in table`, `table[name]`, and `for name in table` in the order of adding.

    Parameters
    ----------
    what : str, one of them in words, such as "time binning"
    group : str, of the entry points that add to it
    table : dict of name to "module:object", or to the thing itself where it takes no module of its own
    """

    def __init__(self, what: str, group: str, table: dict[str, str | Thing]):
        self.what, self.group = what, group
        self._own = dict(table)
        self._registered: dict[str, str | Thing] = {}
        self._of_packages: dict[str, str] | None = None
        self._loaded: dict[str, Thing] = {}
        self._all: dict[str, Thing] | None = None

    def register(self, name: str, thing: str | Thing) -> None:
        """Add a thing in this process.

        Parameters
        ----------
        name : str, what texts and files call it
        thing : itself, or "module:object"

        Raises `InputError` for a name that there is already, or that is no single word.
        """
        if not isinstance(name, str) or not name or any(sign.isspace() or sign in "=\"'" for sign in name):
            raise InputError(f"The name of a {self.what} is {name!r}; wanted is a word without = and quotes.")
        if name in self:
            raise InputError(f"There is a {self.what} {name!r} already; wanted is another name.")
        self._registered[name] = thing
        self._all = None

    def unregister(self, name: str) -> None:
        """Take away what `register` added. name: str, of the thing. Raises `InputError` where it added nothing."""
        if name not in self._registered:
            raise InputError(f"No {self.what} {name!r} was registered in this process.")
        del self._registered[name]
        self._loaded.pop(name, None)
        self._all = None

    def __contains__(self, name: object) -> bool:
        return name in self._own or name in self._registered or name in self._packages()

    def __iter__(self) -> Iterator[str]:
        return iter((*self._own, *self._registered, *self._packages()))

    def __len__(self) -> int:
        return len(self._own) + len(self._registered) + len(self._packages())

    def __getitem__(self, name: str) -> Thing:
        """The thing of a name. Raises `InputError` for a name that is not known or a thing that cannot be loaded."""
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    @property
    def at_hand(self) -> tuple[str, ...]:
        """Names of what is tevcurve's own or registered in this process; for installed packages none is asked."""
        return (*self._own, *self._registered)

    def things(self) -> dict[str, Thing]:
        """All things by name, not to be written to; this imports the modules that they are in."""
        if self._all is None:
            self._all = {name: self[name] for name in self}
        return self._all

    def unknown(self, name: object) -> InputError:
        """The error for a name that is none, with the one that may be meant or all. name: what came."""
        return InputError(f"There is no {self.what} {name!r}; {meant(name, self)}")

    def _load(self, name: str) -> Any:
        for table in (self._own, self._registered):
            if name in table:
                thing: Any = table[name]
                break
        else:
            # Entry points are looked for last: it takes milliseconds.
            thing = self._packages().get(name) if isinstance(name, str) else None
            if thing is None:
                raise self.unknown(name)
        if not isinstance(thing, str):
            return thing
        module, _, path = thing.partition(":")
        try:
            found = import_module(module)
            for part in path.split("."):
                found = getattr(found, part)
        except (ImportError, AttributeError, ValueError) as error:
            raise InputError(
                f"The {self.what} {name!r} is said to be at {thing!r}, where it is not: {error}."
            ) from error
        return found

    def _packages(self) -> dict[str, str]:
        """Name to "module:object" of what installed packages add; names that there are already are left out."""
        if self._of_packages is None:
            found: dict[str, str] = {}
            for point in sorted(_points_of(self.group), key=lambda point: (point.name, point.value)):
                if point.name in self._own or found.get(point.name, point.value) != point.value:
                    log.warning(
                        "The %s %r of %s is left out, as there is one of this name already.",
                        self.what,
                        point.name,
                        point.value,
                    )
                else:
                    found[point.name] = point.value
            self._of_packages = found
        # What this process registered before the packages were asked comes first.
        return {name: place for name, place in self._of_packages.items() if name not in self._registered}


def _points_of(group: str) -> "EntryPoints":
    """The entry points of a group."""
    return _all_points().select(group=group)


@lru_cache(maxsize=1)
def _all_points() -> Any:
    # Looking through what is installed takes 10 ms, for one group or for all, and importing what does so as much.
    from importlib.metadata import entry_points

    return entry_points()
