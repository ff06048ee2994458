"""The observations of several instruments, called as these are."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from astropy.coordinates import SkyCoord

from tevcurve.data import DataStore, Observation
from tevcurve.errors import DataError, InputError, MissingError, TevcurveError
from tevcurve.instruments import Instrument
from tevcurve.pipeline.given_data import open_stores, sources_of
from tevcurve.pipeline.obs_ids import with_ids
from tevcurve.pipeline.targets import NoPosition, as_position, named_or_near, observations_of, of_each
from tevcurve.run_id import run_number


def observations_of_one(
    one: Instrument, target: Any, name: str | None = None
) -> tuple[list[Observation], SkyCoord]:
    """(observations of an instrument, position of the target) of a target, a name or a position.

    Parameters
    ----------
    one : the instrument
    target : as in `tevcurve.light_curve`
    name : of a target at a position, by which its runs are chosen where it is known. Its own name goes before

    Raises `MissingError` where there are none, `NoPosition` where nothing says where a name is.
    """
    data, own = _sources(one), one.target or name
    if isinstance(target, str):
        found, position = observations_of(data, one.target or target)
    elif own is None:
        found, position = observations_of(data, target)
    else:
        position = as_position(target)

        def choose(source: Any) -> list[Observation]:
            # A list that goes with a position is taken as it is, as `tevcurve.light_curve` does.
            is_taken = name is None and not isinstance(source, DataStore)
            return source if is_taken else named_or_near(source, position, own)

        found = of_each(sources_of(data), choose)
    if one.runs is not None:
        told = one.data if _are_paths(one.data) else "What it is given"
        ids = [run_number(each) for each in one.runs]
        found = with_ids(found, ids, told, one.target or name or "the target")
    return list(found), position


def _sources(one: Instrument) -> Any:
    """The data of an instrument, stores opened."""
    if one.data_root is None and one.irfs is None:
        return one.data
    if not _are_paths(one.data):
        raise InputError(
            f"data_root and irfs say how paths are opened, and data is {one.data!r}; wanted is a path, or a list "
            "of these."
        )
    if one.irfs is not None and not _are_paths(one.irfs):
        raise InputError(
            f"irfs is {one.irfs!r}; wanted is the path of a file with responses, or a list of these."
        )
    return open_stores(one.data, one.data_root, one.irfs)


def _are_paths(data: Any) -> bool:
    several = data if isinstance(data, list | tuple) else [data]
    return all(isinstance(each, str | os.PathLike) for each in several)


def observations_of_each(
    instruments: dict[str, Instrument], target: Any, name: str | None = None
) -> tuple[dict[str, list[Observation]], SkyCoord]:
    """(dict of the names of instruments to the observations of each, called so; position of the target).

    Of a target's name the position is that of the first instrument that has one. Those that do not know the name are
    searched there, which is said.

    Parameters
    ----------
    instruments : dict of `Instrument`
    target : as in `tevcurve.light_curve`
    name : of a target at a position, by which runs are chosen where it is known

    Raises `MissingError` where an instrument has no observation, `InputError` where two have a file in common.
    """
    position, by_name = _position_of(instruments, target), target if isinstance(target, str) else name
    found = {}
    for key, one in instruments.items():
        with _told_of(key):
            own, _ = observations_of_one(one, position, by_name)
        found[key] = [each.called(key) for each in own]
    _check_apart(found)
    return found, position


def _position_of(instruments: dict[str, Instrument], target: Any) -> SkyCoord:
    """Position of a target, of a name that of the first instrument that knows it."""
    if not isinstance(target, str):
        return target
    why: list[TevcurveError] = []
    for name, one in instruments.items():
        try:
            with _told_of(name):
                return observations_of_one(one, target)[1]
        except (MissingError, NoPosition) as error:
            why.append(error)
    kind = NoPosition if any(isinstance(error, NoPosition) for error in why) else MissingError
    raise kind(" ".join(map(str, why)))


@contextmanager
def _told_of(name: str) -> Iterator[None]:
    """A context in which what is not there is said to be of an instrument."""
    try:
        yield
    except (MissingError, NoPosition, DataError) as error:
        raise type(error)(f"Of the instrument {name!r}: {error}") from error


def _check_apart(observations: dict[str, list[Observation]]) -> None:
    """Raises `InputError` where two instruments have the events of one file; others are told when they are read."""
    owners: dict[Any, str] = {}
    for name, own in observations.items():
        for one in own:
            for address in one.addresses:
                if address.hdu_type != "events":
                    continue
                owner = owners.setdefault((address.path, address.hdu_name), name)
                if owner != name:
                    raise InputError(same_run_words(one.obs_id, owner, name))


def same_run_words(obs_id: Any, first: str, second: str) -> str:
    """Why a run cannot be of two instruments, a sentence.

    Parameters
    ----------
    obs_id : of the run
    first, second : names of the instruments
    """
    return (
        f"OBS_ID {obs_id} is one run, and both {first!r} and {second!r} have it, so that its events would count twice; "
        "wanted is each run in one instrument (`runs` says which are taken)."
    )
