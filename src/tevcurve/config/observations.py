"""Which observations a configuration means, and where their source is."""

from tevcurve.config.sky import as_position
from tevcurve.errors import MissingError
from tevcurve.pipeline.targets import observations_of, open_store, runs_of_target


def chosen(config):
    """The arguments `observations` (a list), `target` (`SkyCoord`) and `name` of `tevcurve.light_curve`, a dict.

    The runs are those of the target's name in the index; where it has no such name and a position is given, those that
    point near that. Nothing of them is read where the position is given.
    Raises `MissingError` for a target that is not there, and for runs that are not of it.
    """
    store = open_store(config.data)
    if config.position is None:
        observations, position = observations_of(store, config.target)
    else:
        position = as_position(config.position).icrs
        try:
            observations = runs_of_target(store, config.target)
        except MissingError:
            observations, _ = observations_of(store, position)
    if config.runs is not None:
        observations = _with_ids(observations, config)
    return {"observations": list(observations), "target": position, "name": config.target}


def _with_ids(observations, config):
    by_id = {observation.obs_id: observation for observation in observations}
    missing = [obs_id for obs_id in config.runs if obs_id not in by_id]
    if missing:
        raise MissingError(
            f"{config.data} has no run {missing[0]} of {config.target}; it has {', '.join(map(str, by_id))}."
        )
    return [by_id[obs_id] for obs_id in config.runs]
