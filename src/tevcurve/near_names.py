"""Which of the names that there are a person meant by one that there is not."""

import difflib
from collections.abc import Callable, Iterable

# Of several that begin with the word or have it in them, so many are told.
MOST = 3
# A word of fewer letters is in too many names, unless it is half of one.
_LEAST = 3
# Share of letters in common from which two words are near: "flix" and "flux" are; "halfs" and "phase" are not.
_ALIKE = 0.7
# No name is as long; what is longer need not be compared letter by letter.
_LONGEST = 100


def meant(name: object, known: Iterable[str], otherwise: str | None = None) -> str:
    """The end of the sentence that refuses a name: "did you mean 'night'?", or what is wanted where none is near.

    Parameters
    ----------
    name : what came
    known : names that there are
    otherwise : what to say where none is near; default: "wanted is one of ..." with all of them
    """
    names = list(known)
    near = near_names(name, names)
    if not near:
        return f"wanted is one of {', '.join(names)}." if otherwise is None else otherwise
    *others, last = map(repr, near)
    return f"did you mean {', '.join(others)} or {last}?" if others else f"did you mean {last}?"


def near_names(name: object, known: Iterable[str]) -> list[str]:
    """The names that a person may have meant, at most three.

    They are those which differ in capital letters, blanks and signs alone, else those that begin with the word, else
    the one whose letters are nearest, else those that have the word in them.

    Parameters
    ----------
    name : what came
    known : names that there are
    """
    word = _letters(name)
    if not word:
        return []
    letters = {each: _letters(each) for each in known}

    def those(is_meant: Callable[[str], bool]) -> list[str]:
        return [each for each, own in letters.items() if is_meant(own)][:MOST]

    nearest = difflib.get_close_matches(word, list(letters.values()), 1, _ALIKE)
    return (
        those(word.__eq__)
        or those(lambda own: own.startswith(word))
        or those(lambda own: own in nearest)[:1]
        or those(lambda own: word in own and (len(word) >= _LEAST or 2 * len(word) >= len(own)))
    )


def _letters(name: object) -> str:
    """The letters and digits of a name, small."""
    return "".join(filter(str.isalnum, str(name)[:_LONGEST].casefold()))
