"""The words of a text for time bins: the kind, its values, and its options by name."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from astropy.coordinates import SkyCoord
from astropy.time import Time

from tevcurve.bins.time_text import (
    DATE_SCALE,
    NUMBER,
    PLAIN_SCALE,
    as_times,
    is_months,
    is_plain,
    is_time,
    plain_duration,
    split_scale,
)
from tevcurve.errors import InputError

# A word, or what stands in quotes; key=value stays together.
_WORD = re.compile(r"""(?:[^\s"']|"[^"]*"|'[^']*')+""")
WITH_UNIT = re.compile(rf"({NUMBER})\s*([A-Za-z]+)?")
_MAX_FILE = 50_000_000  # bytes


@dataclass
class GivenText:
    """What a text gives for one kind of binning: its values in order, and its options by name.

    folder: where a relative path of a file begins. used: set of the names of options that were asked for.
    forms: examples of such a text, for messages. position: `SkyCoord` of the source, or None; to_use: whether bins are
    to be made, for which it may be needed.
    has_months: whether a duration is of months.
    scale: of the times that were asked for; assumed: "numbers" or "dates" where the text does not name it, else "".
    words: of the values, with the times of a file in place of its name and without a scale.
    """

    text: str
    kind: str
    values: list[str]
    options: dict[str, str]
    folder: str | Path | None = None
    forms: tuple[str, ...] = ()
    position: SkyCoord | None = None
    to_use: bool = True
    used: set[str] = field(default_factory=set)
    scale: str | None = None
    assumed: str = ""
    has_months: bool = False
    words: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.words = list(self.values)

    def option(self, name: str, default: Any = None) -> Any:
        """The text of an option, or the default.

        Parameters
        ----------
        name : str, of the option
        default : what comes back where it is not given
        """
        self.used.add(name)
        return self.options.get(name, default)

    def quantities(self) -> list[str]:
        """The values as texts of a number with its unit: "2 min" and "2min" are the same; takes all values."""
        joined, self.values = " ".join(self.values), []
        found = WITH_UNIT.findall(joined)
        if WITH_UNIT.sub("", joined).strip():
            raise self.wrong(f"{joined!r} is no duration")
        texts = [f"{number} {unit}".strip() for number, unit in found]
        self.has_months = self.has_months or any(map(is_months, texts))
        return [plain_duration(text) if is_months(text) else text for text in texts]

    def number(self, what: str, default: float | None = None) -> float:
        """The next value as a float.

        Parameters
        ----------
        what : str, what it is, for messages
        default : float, where there are no values
        """
        if not self.values and default is not None:
            return default
        word = self.values.pop(0) if self.values else None
        if word is None or not re.fullmatch(NUMBER, word):
            raise self.wrong(f"{what} is {'missing' if word is None else repr(word)}")
        return float(word)

    def option_number(self, name: str) -> float | None:
        """An option as a float, or None. name: str, of the option."""
        word = self.option(name)
        if word is not None and not re.fullmatch(NUMBER, word):
            raise self.wrong(f"{name} is {word!r}")
        return None if word is None else float(word)

    def times(self) -> Time:
        """All values as a `Time`, or those in the file that the one value names."""
        return as_times(*self.words_and_scale())

    def words_and_scale(self) -> tuple[list[str], str]:
        """(texts of times, their scale) of all values, or of those in the file that the one value names."""
        words, scale = split_scale(self.values, self.option("scale"))
        self.values = []
        if len(words) == 1 and not is_time(words[0]):
            words, scale = split_scale(self._words_of_file(words[0]), scale)
        if not words:
            raise self.wrong("there are no times")
        self.words = words
        return words, self._scale(words, scale, PLAIN_SCALE)

    def time(self, name: str, plain_scale: str = PLAIN_SCALE) -> Time | None:
        """The `Time` of an option, or None; plain_scale: of a number without one.

        Parameters
        ----------
        name : str, of the option
        plain_scale : str, the scale of a number that does not say one
        """
        word = self.option(name)
        words, scale = split_scale([] if word is None else [word], self.option("scale"))
        if not words:
            return None
        return as_times(words, self._scale(words, scale, plain_scale))[0]

    def _scale(self, words: list[str], named: str | None, plain_scale: str) -> str:
        """The scale of some times, noted in `scale` and, where none is named, in `assumed`."""
        plain = is_plain(words)
        self.scale = named or (plain_scale if plain else DATE_SCALE)
        self.assumed = "" if named else "numbers" if plain else "dates"
        return self.scale

    def _words_of_file(self, name: str) -> list[str]:
        path = Path(self.folder or ".") / Path(name).expanduser()
        try:
            if path.stat().st_size > _MAX_FILE:
                raise self.wrong(f"the file {path} has more than {_MAX_FILE // 10**6} MB")
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no text"
            raise self.wrong(f"{name!r} is no time, and no file of times: {reason}") from error
        # A date and its time of day may stand apart in a file.
        lines = [re.sub(r"(\d{4}-\d\d-\d\d) (\d\d:)", r"\1T\2", line.split("#")[0]) for line in lines]
        return [word for line in lines for word in re.split(r"[\s,;]+", line.strip()) if word]

    def check_nothing_left(self) -> None:
        """Raises `InputError` for options and values that nobody asked for."""
        unknown = sorted(set(self.options) - self.used)
        if unknown:
            known = f"; it has {', '.join(sorted(self.used))}" if self.used else ""
            raise self.wrong(f"{self.kind} has no {unknown[0]}={known}")
        if self.values:
            raise self.wrong(f"{self.values[0]!r} is too much")

    def wrong(self, problem: str) -> InputError:
        """The `InputError` for a problem, in words. problem: str."""
        return InputError(
            f"The time bins are {self.text!r}: {problem}; wanted is {' or '.join(self.forms) or 'another binning'}."
        )


def words_of(text: Any) -> list[str]:
    """The words of a text, without their quotes. Raises `InputError` for what is none. text: str, or what came."""
    words = _WORD.findall(text) if isinstance(text, str) else []
    if not words:
        raise InputError(f"The time bins are {text!r}; wanted is a text such as 'run', 'night' or '2 min'.")
    return [re.sub(r"""["']""", "", word) for word in words]


def options_of(words: list[str], text: str) -> dict[str, str]:
    """Name to value of the words key=value. Raises `InputError` for one that stands there twice, or without a value.

    Parameters
    ----------
    words : list of str, of the text
    text : str, for messages
    """
    options: dict[str, str] = {}
    for word in words:
        name, is_option, value = word.partition("=")
        if is_option:
            if name in options or not value:
                raise InputError(
                    f"The time bins are {text!r}: {name}= stands there twice or without a value."
                )
            options[name] = value
    return options
