"""What callers say of systematic errors and scales, as records that go with each other and with the instruments."""

from collections.abc import Iterable, Mapping
from typing import Any

from tevcurve.errors import InputError
from tevcurve.systematics import BACKGROUND, ROW, CrossCalibration, Systematic, Systematics


def as_systematics(given: Any) -> tuple[Systematic, ...]:
    """Tuple of `Systematic` of what a caller gave.

    given: None, a `Systematic`, a dict of its fields, or an iterable of these. Raises `InputError` for what is none,
    and for effects of one name whose laws differ.
    """
    if given is None:
        return ()
    if isinstance(given, Systematic | Mapping):
        given = [given]
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise InputError(
            f"systematics is {given!r}; wanted are records Systematic, or dicts of their fields."
        )
    made = tuple(_as_systematic(each) for each in given)
    laws: dict[str, Systematic] = {}
    for number, each in enumerate(made):
        first = laws.setdefault(each.name, each)
        if (first.by, first.shared, first.periods) != (each.by, each.shared, each.periods):
            raise InputError(
                f"Two systematics are called {each.name!r}, which makes them one parameter, and are by {first.by} and "
                f"by {each.by}; wanted is one law, or another name."
            )
        earlier = (one for one in made[:number] if (one.name, one.effect) == (each.name, each.effect))
        if any(_meet(one, each) for one in earlier):
            raise InputError(
                f"Two systematics are {each.effect} called {each.name!r}; wanted is one, or another name."
            )
    return made


def split_background(
    effects: tuple[Systematic, ...], background_error: float | None
) -> tuple[tuple[Systematic, ...], float | None]:
    """(systematics of many rows, background_error): an error of the background by row is that option, and in each fit.

    Parameters
    ----------
    effects : tuple of `Systematic`
    background_error : float, or None where it is not given

    Raises `InputError` where both are given, or one by row is not of all instruments.
    """
    by_row = [each for each in effects if each.effect == BACKGROUND and each.by == ROW]
    if not by_row:
        return effects, background_error
    if background_error is not None or len(by_row) > 1:
        more = f"background_error ({background_error:g})" if background_error is not None else "another one"
        raise InputError(
            f"The systematic {by_row[0].text()!r} is what background_error says, and {more} is given, too; wanted is "
            "one of them."
        )
    (one,) = by_row
    if one.instruments:
        raise InputError(
            f"The systematic {one.text()!r} is in the fit of each row, for all instruments; wanted is one for all, or "
            "by run or by night."
        )
    if any(each.name == one.name for each in effects if each is not one):
        raise InputError(
            f"The systematic {one.text()!r} is in the fit of each row, so that it is no parameter of other effects; "
            "wanted is a name of its own."
        )
    return tuple(each for each in effects if each is not one), one.sigma


def as_asked(instruments: Iterable[str], calibration: Any, effects: Any) -> Systematics:
    """The `Systematics` of a job, with nothing settled.

    Parameters
    ----------
    instruments : names; none where observations are given
    calibration : `CrossCalibration`, or None
    effects : what `as_systematics` takes

    Raises `InputError` for what is none, and for names that no instrument of the job has.
    """
    instruments, effects = list(instruments), as_systematics(effects)
    if not (calibration is None or isinstance(calibration, CrossCalibration)):
        raise InputError(
            f"cross_calibration is {calibration!r}; wanted is a CrossCalibration, such as "
            "CrossCalibration(reference='hess', sigma={'magic': 'free'})."
        )
    named = {name: f"of the systematic {one.name}" for one in effects for name in one.instruments}
    if calibration is not None:
        named |= dict.fromkeys(calibration.names, "of the cross-calibration")
        named |= {calibration.reference: "the reference of the cross-calibration"}
    unknown = [name for name in named if name not in instruments]
    if unknown and not instruments:
        raise InputError(
            f"{unknown[0]!r} is {named[unknown[0]]}, and observations are given; wanted is instruments, which says "
            "what each is called."
        )
    if unknown:
        raise InputError(
            f"{unknown[0]!r} is {named[unknown[0]]}, and no instrument of the light curve; these are "
            f"{', '.join(instruments)}."
        )
    return Systematics(effects=effects, calibration=calibration)


def _as_systematic(each: Any) -> Systematic:
    if isinstance(each, Systematic):
        return each
    if not isinstance(each, Mapping):
        raise InputError(f"A systematic is {each!r}; wanted is a Systematic, or a dict of its fields.")
    known = Systematic.__dataclass_fields__
    wrong = [key for key in each if key not in known]
    missing = [key for key in ("effect", "sigma", "by") if key not in each]
    if wrong or missing:
        what = f"has the key {wrong[0]!r}" if wrong else f"says nothing of {missing[0]}"
        raise InputError(f"A systematic {what}; its keys are {', '.join(known)}.")
    return Systematic(**each)


def _meet(one: Systematic, other: Systematic) -> bool:
    """Whether two act on an instrument in common."""
    return not (one.instruments and other.instruments) or bool(set(one.instruments) & set(other.instruments))
