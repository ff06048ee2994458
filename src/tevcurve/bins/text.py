"""Time binnings as text, for configuration files and the command line: "run", "2 min", "blocks 0.05"."""

import logging

from astropy.units import Quantity

from tevcurve.bins.binning import BINNINGS, UNNAMED, Binning
from tevcurve.bins.given_text import WITH_UNIT, GivenText, options_of, words_of
from tevcurve.bins.meant_text import meant_text
from tevcurve.bins.time_text import DATE_SCALE, MONTH_SAID, is_unit_of_time
from tevcurve.bins.width import by_width
from tevcurve.errors import InputError
from tevcurve.near_names import meant

__all__ = ["as_binning", "binning_from_text", "check_text", "explicit_text", "scale_is_assumed"]

log = logging.getLogger(__name__)


def as_binning(time_bins):
    """A binning of what a caller gave: itself, or that of "2 min" or of 2 * u.min. `InputError` for what is none.

    time_bins: `Binning`, str, or Quantity, a width.
    """
    if isinstance(time_bins, str):
        return binning_from_text(time_bins)
    if isinstance(time_bins, Quantity):
        return by_width(time_bins)
    if not isinstance(time_bins, Binning):
        raise InputError(
            f"time_bins is {time_bins!r}; wanted is a binning of tevcurve.lightcurve.bins such as "
            "by_width('2 min'), or its text, '2 min', or one of your own, derived from Binning there."
        )
    return time_bins


def binning_from_text(text, folder=None, position=None, quiet=False):
    """The binning of `tevcurve.lightcurve.bins` that a text stands for; each kind's `forms` are examples.

    Parameters
    ----------
    text : str; its first word is one of `BINNINGS`, or a duration. Words after it are values, key=value are options, as
        the `from_text` of that kind says. Times are dates, "2006-07-29T20:00:00" (UTC), or MJD, "53945.83" (TT; of an
        epoch at the barycentre TDB), with `scale=utc` or, behind them, `utc` in another scale. A file has one time per
        line for edges, two for intervals; `#` begins a comment.
    folder : str or Path, where a relative path of a file begins; default: the working folder
    position : `SkyCoord` of the source, for phase with barycentre=yes
    quiet : bool, whether it is not said in which scale plain numbers are taken, and for how long a month is

    Raises `InputError` for a text that is none, with the forms that there are.
    """
    given, _, made = _made_or_meant(text, lambda: _of_text(text, folder, position))
    if given.assumed == "numbers" and not quiet:
        log.warning(
            "The time bins are %r: plain numbers are taken as MJD in %s; scale= says another one.",
            _shortened(text),
            given.scale.upper(),
        )
    if given.has_months and not quiet:
        log.warning("%s", MONTH_SAID)
    return made


def check_text(text, folder=None):
    """Raises `InputError` for a text that is none; where the source is does not matter.

    Parameters
    ----------
    text : str
    folder : str or Path, where a relative path of a file begins
    """
    _checked(text, folder)


def scale_is_assumed(text, folder=None):
    """Whether a text has times whose scale it does not name and that were once read in another one.

    Parameters
    ----------
    text : str
    folder : as for `binning_from_text`

    These are numbers, and an epoch of phases. Raises `InputError` as that.
    """
    given, kind = _checked(text, folder)
    return given.assumed == "numbers" or (kind.once_scale != DATE_SCALE and bool(given.assumed))


def explicit_text(text, folder=None, once=False):
    """The text with the scale of its times named, and with the times of its file in place of the file's name.

    Parameters
    ----------
    text : str
    folder : as for `binning_from_text`
    once : bool, whether it is of a configuration without a version, whose times were in UTC, and those of an epoch
        in TDB

    Raises `InputError` for a text that is none.
    """
    given, kind = _checked(text, folder)
    options = kind.once_options(given.options) if once else given.options
    if given.scale is None and options == given.options:
        return text
    scale = kind.once_scale if once and given.assumed else given.scale
    name = [] if given.kind == UNNAMED else [given.kind]
    options = {name: value for name, value in options.items() if name != "scale"}
    quoted = [f"{name}={value!r}" if " " in value else f"{name}={value}" for name, value in options.items()]
    named = [f"scale={scale}"] if scale and (given.assumed != "dates" or once) else []
    values = [value.replace(" ", "T") for value in given.words]
    return " ".join([*name, *values, *quoted, *named])


def _given(text, folder, position=None, to_use=True):
    """(`GivenText`, the class of its binning)."""
    words = words_of(text)
    name, words = _name(words, text)
    kind = BINNINGS[name]
    values, options = [word for word in words if "=" not in word], options_of(words, text)
    return GivenText(text, name, values, options, folder, kind.forms, position, to_use), kind


def _of_text(text, folder, position=None, to_use=True):
    """(`GivenText`, the class of its binning, the binning)."""
    given, kind = _given(text, folder, position, to_use)
    made = BINNINGS[given.kind].from_text(given)
    given.check_nothing_left()
    return given, kind, made


def _checked(text, folder):
    """(`GivenText` of which a binning was made, the class of that)."""
    given, kind, _ = _made_or_meant(text, lambda: _of_text(text, folder, to_use=False))
    return given, kind


def _made_or_meant(text, make):
    """What is made of a text; of one that is none, a sentence with what was meant, where that is near."""
    try:
        return make()
    except InputError as error:
        near = meant_text(text) if isinstance(text, str) else None
        if near is None:
            raise
        raise InputError(f"The time bins are {_shortened(text)!r}; did you mean {near!r}?") from error


def _shortened(text, most=80):
    return text if len(text) <= most else text[: most - 4] + " ..."


def _name(words, text):
    """The name in `BINNINGS` of the kind of a text, and the words after it."""
    first = words[0].lower()
    if WITH_UNIT.match(first):
        return UNNAMED, words
    if first not in BINNINGS:
        known = [f"1 {first}"] if is_unit_of_time(first) else BINNINGS
        wanted = f"wanted is a duration such as '2 min', or one of {', '.join(BINNINGS)}."
        raise InputError(f"The time bins are {text!r}; {meant(first, known, wanted)}")
    return first, words[1:]
