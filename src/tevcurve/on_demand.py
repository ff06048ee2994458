"""What is found when it is asked for: names of a package, and methods of a class that are functions elsewhere.

Where something is stands as "module:object" in one table, which is read without importing anything. So a package can
offer names of slow modules, and a class what rooms above its own make of it, while all imports run one way.
"""

from __future__ import annotations

from importlib import import_module

# `import tevcurve` needs this module, and takes half the time without that of typing.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    Offering = TypeVar("Offering")


def found_at(place: str) -> Any:
    """The object at a place such as "tevcurve.lightcurve.plot:plot", or the module of that name.

    place: "module:object", or "module".
    """
    module, _, name = place.partition(":")
    found = import_module(module)
    return getattr(found, name) if name else found


def names_on_demand(
    package: str, places: dict[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """(`__getattr__`, `__dir__`) for a package that offers names from elsewhere.

    Parameters
    ----------
    package : str, its name
    places : dict of name to "module:object" or "module"
    """

    def get(name: str) -> Any:
        if name in places:
            return found_at(places[name])
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return get, lambda: sorted(places)


class Elsewhere:
    """A method of a class that is a function elsewhere, whose first argument is the object.

    Parameters
    ----------
    place : str, "module:object"
    about : str, the attribute of the object that is the first argument instead; default: the object itself
    """

    def __init__(self, place: str, about: str = "") -> None:
        self.place, self.about = place, about

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        function = found_at(self.place)
        if instance is None:
            return function
        return function.__get__(getattr(instance, self.about) if self.about else instance)

    def __repr__(self) -> str:
        return f"<method at {self.place}>"


class PropertyElsewhere:
    """A property of a class that is made elsewhere, by a class or function of the object.

    Parameters
    ----------
    place : str, "module:object"
    """

    def __init__(self, place: str) -> None:
        self.place = place

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else found_at(self.place)(instance)

    def __repr__(self) -> str:
        return f"<property at {self.place}>"


class MakerElsewhere(staticmethod):
    """A function elsewhere that makes an object, called on the class; a static method for all who ask what it is.

    Parameters
    ----------
    place : str, "module:object"
    """

    def __init__(self, place: str) -> None:
        super().__init__(found_at)
        self.place = place

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return found_at(self.place)

    def __repr__(self) -> str:
        return f"<function at {self.place}>"


def offers(
    methods: dict[str, str],
    makers: dict[str, str] | None = None,
    properties: dict[str, str] | None = None,
    about: str = "",
) -> Callable[[type[Offering]], type[Offering]]:
    """A decorator that gives a class methods that are functions elsewhere.

    Parameters
    ----------
    methods, makers : dicts of name to "module:object": functions of an object, and functions that make one
    properties : dict of the same, of what is made of an object
    about : str, the attribute of an object that its methods are given instead of it; default: the object itself
    """

    def offering(cls: type[Offering]) -> type[Offering]:
        for name, place in methods.items():
            setattr(cls, name, Elsewhere(place, about))
        for name, place in (makers or {}).items():
            setattr(cls, name, MakerElsewhere(place))
        for name, place in (properties or {}).items():
            setattr(cls, name, PropertyElsewhere(place))
        return cls

    return offering
