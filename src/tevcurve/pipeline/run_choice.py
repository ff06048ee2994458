"""Which runs of a target are taken: by zenith angle, offset, time, quality, telescopes, or any column of an index."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache, partial
from typing import Any, NamedTuple

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.time import Time

from tevcurve.bins.time_text import as_times, is_plain, words_of_times
from tevcurve.data import Observation
from tevcurve.data.conditions import Condition, condition_of
from tevcurve.data.index_making import obs_index
from tevcurve.data.row_expression import NotSaid, RowExpression
from tevcurve.data.store_tables import table_of_bytes
from tevcurve.data.time import TimeReference
from tevcurve.errors import InputError, TevcurveError, Unwanted
from tevcurve.leap_seconds import as_if_none_were_to_come
from tevcurve.near_names import meant
from tevcurve.problems import NOT_CHOSEN, Problem, noted_remarks
from tevcurve.records import short_repr
from tevcurve.run_id import RunId

STAGE = "choice of runs"
ANGLES = "a condition on an angle such as '<50 deg', '>=20 deg' or '20-50 deg'"
NUMBERS = "a condition such as 0, '0, 1' or '<=1'"
MOMENTS = "a date such as 2006-07-29, or an MJD in TT such as 53945.9"
TELESCOPES = "how many there are, such as 4 or '>=3', or which are among them, such as '[1, 2]' or 'CT1, CT2'"
# What is computed is compared to what a person writes: times that differ by less, in s, are the same, and angles, in
# deg, of which so many decimals are.
_SAME_S, _DECIMALS = 1e-6, 9


@dataclass(frozen=True)
class RunChoice:
    """What runs have to be, each a text or None for any: all of it together.

    Attributes
    ----------
    zenith : condition on the zenith angle, such as "<50 deg" or "20-50 deg", ends of ranges included
    offset : condition on the angle between pointing and target, as "<1.5 deg"
    after, before : runs that begin at or after, and before, a time: a date (UTC), or MJD (TT)
    quality : condition on the column QUALITY of the observation index, such as "0" or "<=1"
    telescopes : condition on the number of telescopes ("4", ">=3"), or those that have to be among them ("1, 2")
    where : expression on the columns of the observation index, such as "ZEN_PNT < 50 and N_TELS >= 3"

    Raises `InputError` for a text that is none. A run of which something that is asked for is not known is not taken.
    """

    zenith: str | None = None
    offset: str | None = None
    after: str | None = None
    before: str | None = None
    quality: str | None = None
    telescopes: str | None = None
    where: str | None = None

    __repr__ = short_repr

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            object.__setattr__(self, each.name, None if value is None else _named_check(each.name, value))

    @classmethod
    def of(cls, given: Any) -> "RunChoice":
        """The choice that a caller gave. Raises `InputError` for what is none.

        given: `RunChoice`, dict of its attributes, text of an expression on the observation index, None for all runs.
        """
        if given is None:
            return cls()
        if isinstance(given, cls):
            return given
        if isinstance(given, str):
            return cls(where=given)
        known = [each.name for each in fields(cls)]
        if not isinstance(given, Mapping) or not set(given) <= set(known):
            raise InputError(
                f"choose is {given!r}; wanted is an expression such as 'ZEN_PNT < 50', or a dict of some of "
                f"{', '.join(known)}."
            )
        return cls(**given)

    def said(self) -> dict[str, str]:
        """Dict of what is asked for, by name."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name)) is not None}

    def __bool__(self) -> bool:
        return bool(self.said())

    def split(
        self, observations: list[Observation], position: SkyCoord | None
    ) -> tuple[list[Observation], list[Problem]]:
        """(those that are as they have to be, a `Problem` for each other one, with its reason), in their order.

        Parameters
        ----------
        observations : of a target
        position : of the target; None where there are several, none of which an offset is of: there `against_offset` is
            asked for each

        A run that cannot be read is taken, so that who reads it tells why. Raises `InputError` for columns that an
        index has not.
        """
        if not self:
            return observations, []
        if self.offset is not None and position is None:
            raise InputError("offset is given, and each of several sources has its own; wanted is none.")
        taken, others = [], []
        for one in observations:
            # A bound may be far ahead.
            with as_if_none_were_to_come():
                reason = self._against(_RunFacts(one), position)
            if reason is None:
                taken.append(one)
            else:
                # Whether its header was read makes no difference to what it is called.
                run_id = RunId.of(one.obs_id, one.instrument or one.index_facts[2])
                others.append(Problem(run_id, STAGE, reason, NOT_CHOSEN))
        return taken, others

    def _against(self, facts: "_RunFacts", position: SkyCoord | None) -> str | None:
        """What speaks against a run, a sentence, or None."""
        with _read(facts):
            try:
                for name, text in self.said().items():
                    kind = _KINDS[name]
                    reason = kind.against(kind.parse(text), facts, position)
                    if reason is not None:
                        return f"{reason}; chosen are runs {_words(name, text)}."
            except NotSaid as error:
                return f"Nothing says its {error.column}; chosen are runs {_words(name, text)}."
        return None


ALL_RUNS = RunChoice()


@contextmanager
def _read(facts: "_RunFacts") -> Iterator[None]:
    """A context in which a run is read that lets go of its files at the end, and ends where it cannot be read."""
    try:
        yield
    except InputError:
        raise
    except TevcurveError:
        pass
    finally:
        facts.release()


def offsets_deg(observation: Observation, positions: SkyCoord) -> np.ndarray | None:
    """The angles between the pointing of a run and several targets, deg (n,), as a choice by offset has them.

    Parameters
    ----------
    observation : the run
    positions : of the targets (n,)

    NaN where nothing says the pointing; None for a run that cannot be read, which is taken.
    """
    with _read(facts := _RunFacts(observation)):
        try:
            return facts.offset_deg(positions)
        except NotSaid:
            return np.full(len(positions), np.nan)
    return None


def against_offset(text: str, its_deg: float) -> str | None:
    """What speaks against a run for one of several targets, a sentence, or None.

    Parameters
    ----------
    text : the condition on the offset
    its_deg : deg, one of `offsets_deg`
    """
    wanted = _KINDS["offset"].parse(text)
    reason = "Nothing says where it points" if np.isnan(its_deg) else _against_angle(wanted, its_deg)
    return reason and f"{reason}; chosen are runs {_words('offset', text)}."


def _words(name: str, text: str) -> str:
    return f"{name} {text}" if name in ("after", "before", "where") else f"with {name} {text}"


class _RunFacts:
    """What is known of a run: of the observation index, or where there is none, of the header of its events."""

    def __init__(self, observation: Observation) -> None:
        self.observation, self._is_read = observation, False

    def release(self) -> None:
        """None; files that were read for it are forgotten."""
        if self._is_read:
            self.observation.release()

    @cached_property
    def row(self) -> Any:
        """The row of an index."""
        row = self.observation.index_row
        if row is not None:
            return row
        self._is_read = True
        with noted_remarks(aloud=False):
            # Why a header cannot be read is told to who reads the run.
            self.observation.meta  # noqa: B018
            return table_of_bytes(obs_index([self.observation]), "OBS_INDEX")[0]

    def value(self, column: str) -> Any:
        """The value of a column, a number or a text; `NotSaid` where it is masked, NaN or empty."""
        there = next((each for each in self.row.colnames if each.casefold() == column.casefold()), None)
        if there is None:
            names = self.row.colnames
            raise InputError(
                f"There is no column {column!r} in the observation index; "
                + meant(column, names, f"it has {', '.join(names)}.")
            )
        value = self.row[there]
        # As it is printed: the 46.2 of 32 bits is 46.2, and not a little more.
        value = float(str(value)) if isinstance(value, np.float32) else value
        value = value.item() if hasattr(value, "item") and np.ndim(value) == 0 else value
        value = value.strip() if isinstance(value, str) else value
        if np.ma.is_masked(value) or value is None or value == "" or value != value:
            raise NotSaid(column)
        return value

    def number(self, *columns: str) -> float:
        """The value of the first column that says a number."""
        for column in columns:
            if column not in self.row.colnames:
                continue
            try:
                value = self.value(column)
            except NotSaid:
                continue
            if isinstance(value, int | float):
                return float(value)
        raise NotSaid(columns[0])

    def angle_deg(self, column: str) -> float:
        """The value of a column that is an angle, deg, in whatever unit the index has it."""
        number = self.number(column)
        unit = self.row.table[column].unit
        try:
            return number if unit is None else float((number * u.Unit(unit)).to_value("deg"))
        except (TypeError, ValueError) as error:
            raise InputError(
                f"The observation index has {column} in {unit}; wanted is a unit of angles."
            ) from error

    def zenith_deg(self) -> float:
        """The zenith angle of the pointing, deg."""
        try:
            return self.angle_deg("ZEN_PNT")
        except NotSaid:
            return float(_as_written(90 - self.angle_deg("ALT_PNT")))

    def offset_deg(self, position: SkyCoord) -> np.ndarray:
        """The angle between the pointing and a position, or several, deg."""
        pointing = SkyCoord(self.angle_deg("RA_PNT"), self.angle_deg("DEC_PNT"), unit="deg")
        return _as_written(pointing.separation(position).deg)

    def start(self) -> Time:
        """When the run begins."""
        try:
            reference = TimeReference.from_header(dict(self.row.meta), "the observation index")
            unit = self.row.table["TSTART"].unit or self.row.meta.get("TIMEUNIT") or "s"
            return reference.to_time(self.number("TSTART") * float(u.Unit(str(unit).strip()).to("s")))
        except (KeyError, ValueError, NotSaid, TevcurveError):
            self._is_read = True
            return self.observation.tstart


def _named_check(name: str, value: Any) -> str:
    try:
        return condition_text(name, value)
    except InputError as error:
        raise InputError(f"{name} is {error}") from error


def condition_text(name: str, value: Any) -> str:
    """The text of what runs have to be; raises `InputError`, in words that follow on "is", where it is none.

    Parameters
    ----------
    name : an attribute of `RunChoice`
    value : text, number, `Time`, or list of telescopes
    """
    if isinstance(value, Time):
        value = f"{words_of_times(value)[0]} {value.scale}"
    if isinstance(value, list | tuple):
        value = f"[{', '.join(str(each) for each in value)}]"
    if isinstance(value, bool) or not isinstance(value, str | int | float) or not str(value).strip():
        raise Unwanted(f"{value!r}; wanted is {_KINDS[name].wanted}.")
    text = str(value).strip()
    _KINDS[name].parse(text)
    return text


@lru_cache(maxsize=16)
def _time_of(text: str) -> Time:
    try:
        return as_times([text])[0]
    except (InputError, IndexError) as error:
        # What a number may be otherwise is worth telling.
        told = f" ({str(error).partition(';')[0].rstrip('.')})" if is_plain([text]) else ""
        raise Unwanted(f"{text!r}{told}; wanted is {MOMENTS}.") from error


def _telescopes(text: str) -> Condition | list[str]:
    """The condition on their number, or the telescopes that have to be there."""
    inner = text.strip()
    is_list = inner.startswith("[") and inner.endswith("]")
    names = [each for each in re.split(r"[\s,;]+", inner.strip("[] ")) if each]
    is_number = re.match(r"[<>=\u2264\u2265]|below\b|above\b", inner) or (
        names == [inner] and inner[0].isdigit()
    )
    if is_number and not is_list:
        return condition_of(inner, "", TELESCOPES)
    if not names or not all(re.fullmatch(r"[\w.+-]+", each) for each in names):
        raise Unwanted(f"{text!r}; wanted is {TELESCOPES}.")
    return names


def _zenith(wanted: Condition, facts: _RunFacts, position: SkyCoord | None) -> str | None:
    its = facts.zenith_deg()
    return None if wanted.holds(its) else f"Its zenith angle is {its:.4g} deg"


def _offset(wanted: Condition, facts: _RunFacts, position: SkyCoord | None) -> str | None:
    assert position is not None
    return _against_angle(wanted, float(facts.offset_deg(position)))


def _against_angle(wanted: Condition, its: float) -> str | None:
    return None if wanted.holds(its) else f"It points {its:.4g} deg beside the target"


def _is_before(start: Time, wanted: Time) -> bool:
    return bool((start - wanted).to_value("s") < -_SAME_S)


def _as_written(angle_deg: Any) -> np.ndarray:
    """Angles without what sums of numbers leave in their last digits."""
    return np.round(np.asarray(angle_deg, dtype=float), _DECIMALS)


def _after(wanted: Time, facts: _RunFacts, position: SkyCoord | None) -> str | None:
    start = facts.start()
    return None if not _is_before(start, wanted) else f"It begins at {start.utc.isot[:19]} UTC"


def _before(wanted: Time, facts: _RunFacts, position: SkyCoord | None) -> str | None:
    start = facts.start()
    return None if _is_before(start, wanted) else f"It begins at {start.utc.isot[:19]} UTC"


def _quality(wanted: Condition, facts: _RunFacts, position: SkyCoord | None) -> str | None:
    its = facts.value("QUALITY")
    return None if isinstance(its, int | float) and wanted.holds(its) else f"Its QUALITY is {its}"


def _which_telescopes(
    wanted: Condition | list[str], facts: _RunFacts, position: SkyCoord | None
) -> str | None:
    if isinstance(wanted, Condition):
        number = facts.number("N_TELS")
        return None if wanted.holds(number) else f"It has {number:g} telescopes"
    there = str(facts.value("TELLIST"))
    names = {each.casefold() for each in re.split(r"[\s,;]+", there) if each}
    return None if {each.casefold() for each in wanted} <= names else f"Its telescopes are {there}"


def _where(wanted: RowExpression, facts: _RunFacts, position: SkyCoord | None) -> str | None:
    if wanted.holds(facts.value):
        return None
    values = ((name, facts.value(name)) for name in wanted.columns)
    its = [f"{name} {value:.6g}" if isinstance(value, float) else f"{name} {value}" for name, value in values]
    return f"It has {', '.join(its)}" if its else "It is not as wanted"


class _Kind(NamedTuple):
    """What a text that is asked for stands for, and what of a run speaks against it.

    wanted: words for messages. parse: function of the text, which raises `InputError`. against: function of what that
    gives, the facts of a run, and the position of the target, to the reason, or None.
    """

    wanted: str
    parse: Callable[[str], Any]
    against: Callable[[Any, _RunFacts, SkyCoord | None], str | None]


_ANGLE = partial(condition_of, unit="deg", examples=ANGLES)
_KINDS = {
    "zenith": _Kind(ANGLES, _ANGLE, _zenith),
    "offset": _Kind(ANGLES, _ANGLE, _offset),
    "after": _Kind(MOMENTS, _time_of, _after),
    "before": _Kind(MOMENTS, _time_of, _before),
    "quality": _Kind(NUMBERS, partial(condition_of, unit="", examples=NUMBERS), _quality),
    "telescopes": _Kind(TELESCOPES, _telescopes, _which_telescopes),
    "where": _Kind("an expression on columns such as 'ZEN_PNT < 50'", RowExpression.of, _where),
}
