"""Time binnings as text, for configuration files and the command line: "run", "2 min", "blocks 0.05"."""

import difflib
import re
from dataclasses import dataclass, field
from pathlib import Path

from tevcurve.errors import InputError
from tevcurve.lightcurve.time_text import NUMBER, as_times, is_time

# A word, or what stands in quotes; key=value stays together.
_WORD = re.compile(r"""(?:[^\s"']|"[^"]*"|'[^']*')+""")
_WITH_UNIT = re.compile(rf"({NUMBER})\s*([A-Za-z]+)?")
_MAX_FILE = 50_000_000  # bytes

FORMS = {
    "run": ("run",),
    "night": ("night", "night 16.5deg", "night gap=6h"),
    "width": ("2 min", "2 min align=absolute", "2 min start=2006-07-29T20:00:00"),
    "counts": ("counts 50",),
    "significance": ("significance 5",),
    "blocks": ("blocks", "blocks 0.05"),
    "sliding": ("sliding 10min 2min",),
    "phase": ("phase 10 period=3.906d epoch=2004-03-01T00:00:00",),
    "edges": ("edges 2006-07-29T20:00 2006-07-29T21:00", "edges FILE"),
    "intervals": ("intervals 2006-07-29T20:00 2006-07-29T21:00", "intervals FILE"),
}
"""Examples of each kind of binning, for messages."""


def as_binning(time_bins):
    """A binning of what a caller gave: itself, or that of a text such as "2 min". `InputError` for what is none."""
    if isinstance(time_bins, str):
        return binning_from_text(time_bins)
    if not callable(getattr(time_bins, "bins", None)):
        raise InputError(
            f"time_bins is {time_bins!r}; wanted is a binning of tevcurve.lightcurve.bins such as "
            "by_width('2 min'), or its text, '2 min'."
        )
    return time_bins


def binning_from_text(text, folder=None, position=None):
    """The binning of `tevcurve.lightcurve.bins` that a text stands for; `FORMS` has examples of each kind.

    Parameters
    ----------
    text : str; words after the kind are its values, key=value are further ones:
        run | night [LONGITUDE] [gap=] | [width] DURATION [start=] [align=run|absolute] | counts N |
        significance SIGMA | blocks [P0] | sliding WIDTH STEP [start=] |
        phase N period=|frequency= epoch= [derivatives=A,B] [barycentre=yes] [site=LON,LAT,HEIGHT] |
        edges TIMES|FILE | intervals TIMES|FILE
        Times are as astropy reads them, "2006-07-29T20:00:00" (UTC) or MJD ("53945.83"), with `scale=tt` in another
        scale. A file has one time per line for edges, two for intervals; `#` begins a comment.
    folder : str or Path, where a relative path of a file begins; default: the working folder
    position : `SkyCoord` of the source, for phase with barycentre=yes

    Raises `InputError` for a text that is none, with the forms that there are.
    """
    words = _words(text)
    kind, words = _kind(words, text)
    given = _Given(text, kind, [word for word in words if "=" not in word], _options(words, text), folder)
    made = _MAKERS[kind](given, position) if kind == "phase" else _MAKERS[kind](given)
    given.check_nothing_left()
    return made


def without_file(text, folder=None):
    """The text with the times of its file in place of the file's name; other texts as they are.

    text, folder: as for `binning_from_text`. Raises `InputError` for a file that cannot be read.
    """
    words = _words(text)
    if words[0].lower() not in ("edges", "intervals"):
        return text
    options = [word for word in words[1:] if "=" in word]
    given = _Given(text, words[0].lower(), [word for word in words[1:] if "=" not in word], {}, folder)
    return " ".join([words[0], *given.words_of_times(), *options])


@dataclass
class _Given:
    """What a text gives for one kind of binning: its values in order, and its options by name."""

    text: str
    kind: str
    values: list
    options: dict
    folder: object = None
    used: set = field(default_factory=set)

    def option(self, name, default=None):
        self.used.add(name)
        return self.options.get(name, default)

    def quantities(self):
        """The values as texts of a number with its unit: "2 min" and "2min" are the same; takes all values."""
        joined, self.values = " ".join(self.values), []
        found = _WITH_UNIT.findall(joined)
        if _WITH_UNIT.sub("", joined).strip():
            raise self.wrong(f"{joined!r} is no duration")
        return [f"{number} {unit}".strip() for number, unit in found]

    def number(self, what, default=None):
        """The next value as a float."""
        if not self.values and default is not None:
            return default
        word = self.values.pop(0) if self.values else None
        if word is None or not re.fullmatch(NUMBER, word):
            raise self.wrong(f"{what} is {'missing' if word is None else repr(word)}")
        return float(word)

    def times(self):
        """All values as a `Time`, or those in the file that the one value names."""
        return as_times(self.words_of_times(), self.option("scale"))

    def words_of_times(self):
        """List of all values, or of those in the file that the one value names."""
        words, self.values = self.values, []
        if len(words) == 1 and not is_time(words[0]):
            words = self._words_of_file(words[0])
        if not words:
            raise self.wrong("there are no times")
        return words

    def time(self, name):
        word, scale = self.option(name), self.option("scale")
        return None if word is None else as_times([word], scale)[0]

    def _words_of_file(self, name):
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

    def check_nothing_left(self):
        unknown = sorted(set(self.options) - self.used)
        if unknown:
            known = f"; it has {', '.join(sorted(self.used))}" if self.used else ""
            raise self.wrong(f"{self.kind} has no {unknown[0]}={known}")
        if self.values:
            raise self.wrong(f"{self.values[0]!r} is too much")

    def wrong(self, problem):
        return InputError(
            f"The time bins are {self.text!r}: {problem}; wanted is {' or '.join(FORMS[self.kind])}."
        )


def _words(text):
    words = _WORD.findall(text) if isinstance(text, str) else []
    if not words:
        raise InputError(f"The time bins are {text!r}; wanted is a text such as 'run', 'night' or '2 min'.")
    return [re.sub(r"""["']""", "", word) for word in words]


def _kind(words, text):
    first = words[0].lower()
    if _WITH_UNIT.match(first):
        return "width", words
    if first not in _MAKERS:
        near = difflib.get_close_matches(first, _MAKERS, 1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise InputError(
            f"The time bins are {text!r}{hint}; wanted is a duration such as '2 min', or one of {', '.join(_MAKERS)}."
        )
    return first, words[1:]


def _options(words, text):
    options = {}
    for word in words:
        name, is_option, value = word.partition("=")
        if is_option:
            if name in options or not value:
                raise InputError(
                    f"The time bins are {text!r}: {name}= stands there twice or without a value."
                )
            options[name] = value
    return options


def _run(given):
    from tevcurve.lightcurve.bins import by_run

    return by_run()


def _night(given):
    from tevcurve.lightcurve.bins import by_night

    site = given.quantities()
    if len(site) > 1:
        raise given.wrong("there is more than one longitude")
    return by_night(site[0] if site else None, given.option("gap"))


def _width(given):
    from tevcurve.lightcurve.bins import by_width

    width = given.quantities()
    if len(width) != 1:
        raise given.wrong("there is no width, or more than one")
    return by_width(width[0], given.time("start"), given.option("align"))


def _counts(given):
    from tevcurve.lightcurve.bins import by_counts

    return by_counts(given.number("the number of events"))


def _significance(given):
    from tevcurve.lightcurve.bins import by_significance

    # A test statistic with one degree of freedom is the square of the standard deviations.
    return by_significance(given.number("the significance") ** 2)


def _blocks(given):
    from tevcurve.lightcurve.bins import bayesian_blocks

    return bayesian_blocks(given.number("the chance", 0.01))


def _sliding(given):
    from tevcurve.lightcurve.bins import sliding

    spans = given.quantities()
    if len(spans) != 2:
        raise given.wrong("a width and a step are wanted")
    return sliding(*spans, given.time("start"))


def _phase(given, position):
    from tevcurve.lightcurve.bins import Ephemeris, by_phase

    number = given.number("the number of bins")
    scale = given.option("scale", "tdb")
    epoch = given.option("epoch")
    if epoch is None:
        raise given.wrong("epoch= is missing")
    derivatives = given.option("derivatives", "")
    try:
        derivatives = tuple(float(word) for word in derivatives.split(",") if word)
    except ValueError as error:
        raise given.wrong(f"derivatives is {derivatives!r}") from error
    ephemeris = Ephemeris(
        as_times([epoch], scale)[0], given.option("period"), given.option("frequency"), derivatives
    )
    barycentre = given.option("barycentre", "no").lower()
    site = given.option("site")
    if barycentre not in ("yes", "no", "true", "false"):
        raise given.wrong(f"barycentre is {barycentre!r}, and may be yes or no")
    if barycentre in ("no", "false"):
        return by_phase(ephemeris, number)
    return by_phase(ephemeris, number, True, position, None if site is None else _site(given, site))


def _site(given, text):
    from astropy import units as u
    from astropy.coordinates import EarthLocation

    try:
        lon, lat, height = (u.Quantity(part) for part in text.split(","))
        return EarthLocation.from_geodetic(lon, lat, height)
    except (TypeError, ValueError, u.UnitsError) as error:
        raise given.wrong(f"site is {text!r}, and may be such as 16.5deg,-23.3deg,1800m") from error


def _edges(given):
    from tevcurve.lightcurve.bins import by_edges

    return by_edges(given.times())


def _intervals(given):
    from tevcurve.lightcurve.bins import by_intervals

    times = given.times()
    if len(times) % 2:
        raise given.wrong(f"there are {len(times)} times, and each interval has two")
    return by_intervals(times.reshape(-1, 2))


_MAKERS = {
    "run": _run,
    "night": _night,
    "width": _width,
    "counts": _counts,
    "significance": _significance,
    "blocks": _blocks,
    "sliding": _sliding,
    "phase": _phase,
    "edges": _edges,
    "intervals": _intervals,
}
