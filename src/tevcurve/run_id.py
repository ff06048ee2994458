"""What a run is known by."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import total_ordering
from numbers import Integral, Real
from typing import Any

from tevcurve.errors import DataError

FIELDS = ("instrument", "obs_id", "part")
# What INSTRUME is called where it says more than the instrument, of whose identity it is no part.
SUBSYSTEM = "instrume"
# What its files call an instrument that is called otherwise in the identities of its runs.
TELESCOPE = "telescop"
_UNSAFE = re.compile(r"[^A-Za-z0-9_.+-]")
_DIGITS = re.compile(r"([0-9]+)")
_MOST_DIGITS = 18
_LONGEST = 40  # letters of each field in the name of a file


@total_ordering
@dataclass(frozen=True)
class RunId:
    """The identity of a run: two with one OBS_ID of two instruments are two runs.

    In order: by instrument, then numbers before other texts, numbers as numbers, also within texts ("run 9" before "run
    10"), then by part.

    Attributes
    ----------
    instrument : str, TELESCOP (else INSTRUME) of the events, "" where they do not say; or what a job calls it
    obs_id : str, the OBS_ID; of a whole number its digits
    part : str, which part of the run's good time it is, for those who tell parts by name; else "", and parts of a run,
        which have one `RunId`, are told by their good time
    """

    instrument: str
    obs_id: str
    part: str = ""

    @classmethod
    def of(cls, obs_id: int | str, instrument: str = "") -> "RunId":
        """That of a whole run.

        Parameters
        ----------
        obs_id : int or str, blanks around it aside
        instrument : str, "" where it is not known
        """
        text = str(int(obs_id)) if isinstance(obs_id, Integral) else str(obs_id).strip()
        return cls(instrument.strip(), text)

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> "RunId":
        """That of a dict as `plain` gives it. Raises `DataError` where it is none.

        values: by field, as `plain` gives them.
        """
        if set(values) != set(FIELDS) or not all(isinstance(value, str) for value in values.values()):
            raise DataError(f"a run is known by {values!r}; wanted are texts for {', '.join(FIELDS)}")
        return cls(**values)

    def plain(self) -> dict[str, str]:
        """Dict of its fields, as JSON has them."""
        return {name: getattr(self, name) for name in FIELDS}

    def may_be(self, other: "RunId") -> bool:
        """Whether both may be one run: they are the same, or one of them does not know its instrument.

        other: of another run, or the same.
        """
        same = (self.obs_id, self.part) == (other.obs_id, other.part)
        return same and (self.instrument == other.instrument or not self.instrument or not other.instrument)

    def full_text(self) -> str:
        """Words with the instrument, "HESS 23523"."""
        return f"{self.instrument} {self}".strip()

    def file_text(self) -> str:
        """Words for the name of a file: letters, digits and `_.+-` only; two runs may have the same ones."""
        parts = map(safe_name, self._parts())
        return "-".join(part for part in parts if part) or "_"

    def _parts(self) -> tuple[str, str, str]:
        return self.instrument, self.obs_id, self.part

    def __str__(self) -> str:
        return (f"{self.obs_id} {self.part}" if self.part else self.obs_id).strip()

    def __lt__(self, other: "RunId") -> bool:
        if not isinstance(other, RunId):
            return NotImplemented
        return self.order < other.order

    @property
    def order(self) -> tuple[Any, ...]:
        """What runs are put in order by; who sorts many has it made once of each."""
        # Texts and digits in turn; what has more digits is the larger number.
        pieces = _DIGITS.split(self.obs_id)
        words = [
            (len(each.lstrip("0")), each.lstrip("0")) if n % 2 else each for n, each in enumerate(pieces)
        ]
        is_number = len(pieces) == 3 and not pieces[0] and not pieces[2]
        return self.instrument, not is_number, words, self.obs_id, self.part


def safe_name(text: str) -> str:
    """A text as part of a file's name: letters, digits and `_.+-` only, cut where it is long. text: any."""
    return _UNSAFE.sub("_", text)[:_LONGEST].lstrip(".")


def names_of(run_ids: Iterable[RunId]) -> dict[RunId, str]:
    """Words for each of some runs, by the run: with the instruments where these are more than one.

    run_ids: iterable of `RunId`.
    """
    known = dict.fromkeys(run_ids)
    return dict(zip(known, words_of(known), strict=True))


def words_of(run_ids: Collection[RunId]) -> list[str]:
    """Words for each of some runs, in their order: with the instruments where these are more than one.

    run_ids: collection of `RunId`.
    """
    several = len({one.instrument for one in run_ids}) > 1
    return [one.full_text() if several else str(one) for one in run_ids]


def parts_together(run_ids: Iterable[RunId]) -> list[int] | None:
    """For each run the number of the first that it is a part of the same run with; None where each is one of its own.

    Parts of a run have its instrument and OBS_ID, and differ in their good time. What has no OBS_ID is a run of its
    own.

    run_ids: of the runs.
    """
    first: dict[tuple[str, str], int] = {}
    numbers = [
        first.setdefault((each.instrument, each.obs_id), number) if each.obs_id else number
        for number, each in enumerate(run_ids)
    ]
    return None if len(set(numbers)) == len(numbers) else numbers


def run_number(value: Any) -> int | str | None:
    """OBS_ID of a value of a header or of an index: an int where it is a whole number in any form, else the text.

    None for what is none: nothing, an empty text, a number that is not whole.

    value: str, number or None.
    """
    if isinstance(value, str):
        text = value.strip()
        return int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else text or None
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    if isinstance(value, Integral):
        # As a text one with more digits is one, too.
        return int(value) if abs(int(value)) < 2**63 else str(int(value))
    number = float(value)
    return int(number) if abs(number) < 2.0**63 and number.is_integer() else None
