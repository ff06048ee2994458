"""Which observations a configuration means, and where their source is."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any, Protocol

from tevcurve.config.sky import as_position, place_in_words
from tevcurve.data import Observation
from tevcurve.errors import InputError, MissingError
from tevcurve.instruments import Instrument, as_instruments
from tevcurve.pipeline.given_data import open_stores
from tevcurve.pipeline.instruments import observations_of_each
from tevcurve.pipeline.obs_ids import with_ids
from tevcurve.pipeline.targets import SAME_PLACE, observations_of, spelled_target


class Chosen(Protocol):
    """What a configuration says of the data."""

    @property
    def data(self) -> str | list[str] | None:
        """Path of the data, as `open_stores` takes them, or several; None where each instrument has its own."""

    @property
    def instruments(self) -> dict[str, dict[str, Any]] | None:
        """What is said of each instrument, by name; None where all data are in `data`."""

    @property
    def data_root(self) -> str | None:
        """Folder in which the index may lead anywhere, None for the store's own."""

    @property
    def irfs(self) -> str | list[str] | None:
        """Path of a file with responses, or several; None for those that go with the runs."""

    @property
    def target(self) -> str:
        """Name of the target."""

    @property
    def position(self) -> str | None:
        """Text of the position of the source, None where the event files have it."""

    @property
    def runs(self) -> list[int | str] | None:
        """OBS_IDs, None for all."""


def chosen(config: Chosen, awaited: Collection[str] = ()) -> dict[str, Any]:
    """The arguments `observations` (a list) or `instruments`, `target` (`SkyCoord`) and `name` of
    `tevcurve.light_curve`, a dict.

    The runs are those of the target's name in the index; where it has no such name and a position is given, those that
    point near that. Nothing of them is read where the position is given.
    Raises `MissingError` for a target that is not there, and for runs that are not of it.

    Parameters
    ----------
    config : with `data`, `instruments`, `data_root`, `irfs`, `target`, `position` and `runs`
    awaited : names of instruments that have no observations yet
    """
    try:
        found = _chosen(config, awaited)
    except MissingError as error:
        if place_in_words(config.target) is not None:
            raise _no_name(config.target) from error
        raise
    its = place_in_words(found["name"])
    # A light curve may be called by where it is, and by nothing else that is elsewhere.
    if its is not None and its.separation(found["target"]) > SAME_PLACE:
        raise _no_name(config.target)
    return found


def _no_name(target: str) -> InputError:
    return InputError(
        f"target is {target!r}, which is a position and no name; wanted is position, on the command line "
        f'--position "{target}".'
    )


def _chosen(config: Chosen, awaited: Collection[str]) -> dict[str, Any]:
    """As `chosen`."""
    if config.instruments is not None:
        return _chosen_of_each(config, as_instruments(config.instruments), awaited)
    assert config.data is not None
    stores = open_stores(config.data, config.data_root, config.irfs)
    if config.position is None:
        observations, position = observations_of(stores, config.target)
    else:
        position = as_position(config.position).icrs
        observations, _ = observations_of(stores, position, config.target)
    if config.runs is not None:
        observations = with_ids(observations, config.runs, config.data, config.target)
    name = spelled_target(stores, config.target)
    return {"observations": list(observations), "target": position, "name": name}


def _chosen_of_each(
    config: Chosen, instruments: dict[str, Instrument], awaited: Collection[str]
) -> dict[str, Any]:
    """As `chosen`, of instruments."""
    where = config.target if config.position is None else as_position(config.position).icrs
    there = {name: one for name, one in instruments.items() if name not in awaited}
    found, position = observations_of_each(there, where, config.target)
    given = {
        name: replace(
            one,
            data=found.get(name, []),
            data_root=None,
            irfs=None,
            runs=None,
            target=one.target or config.target,
        )
        for name, one in instruments.items()
    }
    return {"instruments": given, "target": position, "name": config.target}


def observations_in(found: dict[str, Any]) -> list[Observation]:
    """All observations of what `chosen` gave, called as their instruments are. found: dict as it gave it."""
    instruments = found.get("instruments") or {}
    return found.get("observations") or [one for each in instruments.values() for one in each.data]
