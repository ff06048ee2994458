"""When two names mean the same target: case, blanks and the kind of a hyphen make no difference."""

from collections.abc import Iterable

# Columns of an observation index by which a target may be asked for; the last has short names that some have.
NAME_COLUMNS, ALIAS_COLUMNS = ("TARGET_NAME", "OBJECT"), ("TARGET_TAG",)
_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"))


def plain_name(name: str) -> str:
    """What is left of a name: "pks2155-304" of "PKS 2155-304" and "pks_2155-304".

    name: of a target. Signs stay, so that -304 and +304 are two.
    """
    return "".join(name.casefold().translate(_HYPHENS).replace("_", " ").split())


def as_spelled(name: str, there: Iterable[str]) -> str:
    """The name as it is spelled where it is known: itself where it is there, else the first that means the same.

    Parameters
    ----------
    name : of a target, as it was asked for
    there : names that are known

    A name that is not there in any spelling comes back as it is.
    """
    known = list(dict.fromkeys(there))
    if name in known:
        return name
    plain = plain_name(name)
    return next((each for each in known if plain_name(each) == plain), name)
