"""UTC of times to come, whose leap seconds nobody knows yet."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import erfa
import numpy as np
from astropy.time import Time

from tevcurve.problems import remark


@contextmanager
def as_if_none_were_to_come() -> Iterator[None]:
    """Conversions from and to UTC within it take times far ahead as without further leap seconds, and do not warn.

    Simulations lie there; `remark_future` says it of their runs.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=erfa.ErfaWarning, message=".*dubious year")
        yield


def in_scale(time: Time, scale: str) -> Time:
    """The `Time` in a scale; from or to UTC far ahead as without further leap seconds.

    Parameters
    ----------
    time : of any scale
    scale : such as "utc" or "tt"
    """
    with as_if_none_were_to_come():
        return getattr(time, scale)


def as_utc(time: Time) -> Time:
    """The `Time` in UTC; far ahead as without further leap seconds. time: `Time` of any scale."""
    return in_scale(time, "utc")


def utc_if_known(time: Time) -> Time:
    """The `Time` in UTC, or in TT where the leap seconds up to it are not known. time: `Time` of any scale."""
    utc = as_utc(time)
    return time.tt if np.any(utc.jd1 > _last_known()) else utc


def utc_text(time: Time) -> str:
    """A `Time` in UTC as text, "2024-03-10 23:40:00.000". time: a scalar of any scale."""
    with as_if_none_were_to_come():
        return str(time.utc.iso)


def remark_future(time: Time, where: str) -> None:
    """None; a remark where the leap seconds up to a `Time` are not known.

    Parameters
    ----------
    time : a scalar
    where : whose time it is, for the words
    """
    if time.jd1 > _last_known():
        words = "up to which leap seconds are not known; its UTC is taken as without more of them"
        remark(f"{where} is of {utc_text(time)[:10]}, {words}.")


def may_be_future(mjd: float) -> bool:
    """Whether `remark_future` may have something to say of a day, without a `Time` of it. mjd: of any scale."""
    return mjd + 2400000.5 + 1 > _last_known()


@lru_cache(maxsize=1)
def _last_known() -> float:
    """Julian day up to which leap seconds are known, as ERFA sees it: to five years after its last look at them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", erfa.ErfaWarning)
        year = int(erfa.leap_seconds.get()["year"][-1])
        while not caught:
            year += 1
            erfa.dat(year, 1, 1, 0.0)
    return float(sum(erfa.cal2jd(year, 1, 1)))
