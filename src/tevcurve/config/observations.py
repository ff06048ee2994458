"""Which observations a configuration means, and where their source is."""

from typing import Any, Protocol

from tevcurve.config.sky import as_position
from tevcurve.pipeline.obs_ids import with_ids
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
        observations = with_ids(observations, config.runs, config.data, config.target)
    return {"observations": list(observations), "target": position, "name": config.target}
