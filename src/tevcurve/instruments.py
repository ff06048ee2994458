"""Several instruments in one light curve: of each where its runs are, and what of the options is its own."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any

from tevcurve.errors import InputError
from tevcurve.options import OPTIONS, check_choice, option_of
from tevcurve.records import short_repr
from tevcurve.run_options import OF_CHOICE

# Options that may be others for each instrument.
OF_RUNS = tuple(option.name for option in OPTIONS if option.of_runs)
# Rows say the names of theirs with commas between, and files in ASCII.
_NAME = re.compile(r"[A-Za-z0-9_.+-]+( [A-Za-z0-9_.+-]+)*")
# Beside the names of instruments this is the key of what their scales are taken from.
_TAKEN = "from"


class _Unsaid(Enum):
    """What stands where an instrument says nothing of an option: None is said of some."""

    UNSAID = "as for all"

    def __repr__(self) -> str:
        return self.value


UNSAID = _Unsaid.UNSAID


@dataclass(frozen=True, eq=False)
class Instrument:
    """One of several instruments of a light curve: its runs, and how these are reduced.

    What is not said is as for all: the value of the call or of the configuration.

    Attributes
    ----------
    data : Observations, a DataStore, or the path of one, of a folder or of a file of a run; or a list of these
    method : "3d" or "1d"
    data_root, irfs : as in `DataStore`, where `data` are paths
    runs : list of the OBS_IDs that are taken; None for all of the target
    target : str, what its index calls the target, where that is another name than others have for it
    zenith, offset, after, before, quality, telescopes, where : which of its runs are taken, as in `choose` of
        `tevcurve.light_curve`; None for whatever they are
    safe_energy, responses, offset_max, width, binsz, unbinned, on_radius, off_regions, n_off, angular_size : as in
        `tevcurve.light_curve`
    """

    data: Any
    method: Any = UNSAID
    data_root: str | os.PathLike | None = None
    irfs: Any = None
    runs: Any = None
    target: str | None = None
    safe_energy: Any = UNSAID
    responses: Any = UNSAID
    offset_max: Any = UNSAID
    width: Any = UNSAID
    binsz: Any = UNSAID
    unbinned: Any = UNSAID
    on_radius: Any = UNSAID
    off_regions: Any = UNSAID
    n_off: Any = UNSAID
    angular_size: Any = UNSAID
    zenith: Any = UNSAID
    offset: Any = UNSAID
    after: Any = UNSAID
    before: Any = UNSAID
    quality: Any = UNSAID
    telescopes: Any = UNSAID
    where: Any = UNSAID

    __repr__ = short_repr

    def choice(self) -> dict[str, Any]:
        """Dict of what it says of which runs are taken."""
        values = {name: getattr(self, name) for name in OF_CHOICE}
        return {name: value for name, value in values.items() if value is not UNSAID}

    def options(self) -> dict[str, Any]:
        """Dict of the options that it says something of, the method among them."""
        values = {name: getattr(self, name) for name in ("method", *OF_RUNS)}
        return {name: value for name, value in values.items() if value is not UNSAID}


def as_instruments(given: Any) -> dict[str, Instrument]:
    """Dict of names to `Instrument` of what a caller gave.

    given: dict of names to `Instrument`, or to dicts of its fields. Raises `InputError` for what is none.
    """
    if not isinstance(given, Mapping) or not given:
        raise InputError(
            f"instruments is {given!r}; wanted is a dict of names to records Instrument, such as "
            "{'hess': Instrument(data, method='3d')}."
        )
    return {_checked_name(name): _as_instrument(name, one) for name, one in given.items()}


def _checked_name(name: Any) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name == _TAKEN:
        raise InputError(
            f"An instrument is called {name!r}; wanted is a name of letters, digits, _ . + - and single blanks, other "
            f"than {_TAKEN!r}."
        )
    return name


def _as_instrument(name: str, one: Any) -> Instrument:
    if isinstance(one, Instrument):
        one = {each.name: getattr(one, each.name) for each in fields(Instrument)}
    if not isinstance(one, Mapping):
        raise InputError(f"The instrument {name!r} is {one!r}; wanted is a record Instrument.")
    known = [each.name for each in fields(Instrument)]
    wrong = [key for key in one if key not in known]
    if wrong or one.get("data") is None:
        what = f"has {wrong[0]!r}" if wrong else "has no data"
        raise InputError(f"The instrument {name!r} {what}; what one has is {', '.join(known)}.")
    runs = one.get("runs")
    if runs is not None and (isinstance(runs, str) or not isinstance(runs, Sequence) or not len(runs)):
        raise InputError(
            f"runs of the instrument {name!r} is {runs!r}; wanted is a list of OBS_IDs, or None for all."
        )
    return Instrument(**one)


def options_of_each(asked: dict[str, Any], instruments: dict[str, Instrument]) -> dict[str, dict[str, Any]]:
    """Dict of the names of instruments to the options of each: its own, else those of all.

    Where instruments have different methods, each takes only those of all that its method uses.

    Parameters
    ----------
    asked : dict of options, of all
    instruments : dict of `Instrument`
    """
    own = {name: one.options() for name, one in instruments.items()}
    methods = {name: said.get("method", asked["method"]) for name, said in own.items()}
    for method in methods.values():
        check_choice("method", method)
    made = {}
    for name, said in own.items():
        of_all = asked if len(set(methods.values())) == 1 else _used_by(methods[name], asked)
        made[name] = of_all | said | {"method": methods[name]}
    return made


def _used_by(method: str, asked: dict[str, Any]) -> dict[str, Any]:
    """The options with nothing said of those that only another method uses."""
    others = [option.name for option in OPTIONS if option.method not in (None, method)]
    return asked | {name: option_of(name).given_default for name in others if name in asked}
