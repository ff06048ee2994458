"""Which observations a configuration means, and where their source is."""

from collections.abc import Iterable
from typing import Any, Protocol

from tevcurve.config.sky import as_position
from tevcurve.data import Observation
from tevcurve.errors import MissingError
from tevcurve.files.columns import listed
from tevcurve.pipeline.targets import observations_of, open_stores


class Chosen(Protocol):
    """What a configuration says of the data."""

    @property
    def data(self) -> str | list[str]:
        """Path of the data, as `open_stores` takes them, or several."""

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


def chosen(config: Chosen) -> dict[str, Any]:
    """The arguments `observations` (a list), `target` (`SkyCoord`) and `name` of `tevcurve.light_curve`, a dict.

    The runs are those of the target's name in the index; where it has no such name and a position is given, those that
    point near that. Nothing of them is read where the position is given.
    Raises `MissingError` for a target that is not there, and for runs that are not of it.

    config: with `data`, `data_root`, `irfs`, `target`, `position` and `runs`.
    """
    stores = open_stores(config.data, config.data_root, config.irfs)
    if config.position is None:
        observations, position = observations_of(stores, config.target)
    else:
        position = as_position(config.position).icrs
        observations, _ = observations_of(stores, position, config.target)
    if config.runs is not None:
        observations = with_ids(observations, config.runs, config)
    return {"observations": list(observations), "target": position, "name": config.target}


def with_ids(observations: Iterable[Observation], runs: list[int | str], config: Chosen) -> list[Observation]:
    """The observations of some OBS_IDs, in the order of these. Raises `MissingError` for one that is not there.

    Parameters
    ----------
    observations : all that there are
    runs : the OBS_IDs
    config : with `data` and `target`, for the error
    """
    by_id: dict[int | str, list[Observation]] = {}
    for observation in observations:
        by_id.setdefault(observation.obs_id, []).append(observation)
    if any(isinstance(each, str) and each not in by_id for each in runs):
        # "HESS 23523" is that of one of several instruments.
        for observation in observations:
            by_id.setdefault(observation.run_id.full_text(), []).append(observation)
    missing = [obs_id for obs_id in runs if obs_id not in by_id]
    if missing:
        raise MissingError(
            f"{config.data} has no run {missing[0]} of {config.target}; it has {listed(by_id)}."
        )
    return [observation for obs_id in runs for observation in by_id[obs_id]]
