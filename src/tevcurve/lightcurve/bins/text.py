"""Time binnings as text, for configuration files and the command line: "run", "2 min", "blocks 0.05"."""

import difflib
import logging

from tevcurve.errors import InputError
from tevcurve.lightcurve.bins.given_text import FORMS, WITH_UNIT, GivenText, options_of, words_of

__all__ = ["FORMS", "as_binning", "binning_from_text", "explicit_text", "scale_is_assumed"]

log = logging.getLogger(__name__)


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


def binning_from_text(text, folder=None, position=None, quiet=False):
    """The binning of `tevcurve.lightcurve.bins` that a text stands for; `FORMS` has examples of each kind.

    Parameters
    ----------
    text : str; words after the kind are its values, key=value are further ones:
        run | night [LONGITUDE] [gap=] | [width] DURATION [start=] [align=run|absolute] [rest=merge|drop|keep] |
        counts N | significance SIGMA | blocks [P0] | sliding WIDTH STEP [start=] |
        phase N period=|frequency= epoch= [derivatives=A,B] [barycentre=yes] [site=LON,LAT,HEIGHT] |
        edges TIMES|FILE | intervals TIMES|FILE
        Times are dates, "2006-07-29T20:00:00" (UTC), or MJD, "53945.83" (TT; of an epoch at the barycentre TDB), with
        `scale=utc` or, behind them, `utc` in another scale. A file has one time per line for edges, two for intervals;
        `#` begins a comment.
    folder : str or Path, where a relative path of a file begins; default: the working folder
    position : `SkyCoord` of the source, for phase with barycentre=yes
    quiet : bool, whether it is not said which scale plain numbers are taken in

    Raises `InputError` for a text that is none, with the forms that there are.
    """
    given = _given(text, folder)
    made = _made(given, position)
    if given.assumed == "numbers" and not quiet:
        log.warning(
            "The time bins are %r: plain numbers are taken as MJD in %s; scale= says another one.",
            _shortened(text),
            given.scale.upper(),
        )
    return made


def scale_is_assumed(text, folder=None):
    """Whether a text has times whose scale it does not name and that were once read in another one.

    These are numbers, and an epoch of phases. text, folder: as for `binning_from_text`. Raises `InputError` as that.
    """
    given = _given(text, folder)
    _made(given, None, check=False)
    return given.assumed == "numbers" or (given.kind == "phase" and bool(given.assumed))


def explicit_text(text, folder=None, once=False):
    """The text with the scale of its times named, and with the times of its file in place of the file's name.

    text, folder: as for `binning_from_text`. once: whether it is of a configuration without a version, whose times were
    in UTC, and those of an epoch in TDB. Raises `InputError` for a text that is none.
    """
    given = _given(text, folder)
    values, options = given.values[:], dict(given.options)
    if given.kind in ("edges", "intervals"):
        values, _ = given.words_and_scale()
    else:
        _made(given, None, check=False)
    if given.kind == "width" and once:
        options = ({} if "start" in options else {"align": "run"}) | {"rest": "keep"} | options
    elif given.scale is None:
        return text
    scale = ("tdb" if given.kind == "phase" else "utc") if once and given.assumed else given.scale
    kind = [] if given.kind == "width" else [given.kind]
    options = {name: value for name, value in options.items() if name != "scale"}
    quoted = [f"{name}={value!r}" if " " in value else f"{name}={value}" for name, value in options.items()]
    named = [f"scale={scale}"] if scale and (given.assumed != "dates" or once) else []
    values = [value.replace(" ", "T") for value in values]
    return " ".join([*kind, *values, *quoted, *named])


def _given(text, folder):
    words = words_of(text)
    kind, words = _kind(words, text)
    return GivenText(text, kind, [word for word in words if "=" not in word], options_of(words, text), folder)


def _made(given, position, check=True):
    """The binning of a `GivenText`. check: whether a phase at the barycentre needs the position."""
    if given.kind == "phase":
        made = _phase(given, position, check)
    else:
        made = _MAKERS[given.kind](given)
    given.check_nothing_left()
    return made


def _shortened(text, most=80):
    return text if len(text) <= most else text[: most - 4] + " ..."


def _kind(words, text):
    first = words[0].lower()
    if WITH_UNIT.match(first):
        return "width", words
    if first not in _MAKERS:
        near = difflib.get_close_matches(first, _MAKERS, 1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise InputError(
            f"The time bins are {text!r}{hint}; wanted is a duration such as '2 min', or one of {', '.join(_MAKERS)}."
        )
    return first, words[1:]


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
    return by_width(width[0], given.time("start"), given.option("align"), given.option("rest", "merge"))


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


def _phase(given, position, check):
    from tevcurve.lightcurve.bins import Ephemeris, by_phase

    number = given.number("the number of bins")
    barycentre = given.option("barycentre", "no").lower()
    if barycentre not in ("yes", "no", "true", "false"):
        raise given.wrong(f"barycentre is {barycentre!r}, and may be yes or no")
    there = barycentre in ("yes", "true")
    epoch = given.time("epoch", "tdb" if there else "tt")
    if epoch is None:
        raise given.wrong("epoch= is missing")
    derivatives = given.option("derivatives", "")
    try:
        derivatives = tuple(float(word) for word in derivatives.split(",") if word)
    except ValueError as error:
        raise given.wrong(f"derivatives is {derivatives!r}") from error
    ephemeris = Ephemeris(epoch, given.option("period"), given.option("frequency"), derivatives)
    site = given.option("site")
    if not there or not check:
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
