"""Which observations a configuration means."""

from tevcurve.errors import MissingError


def chosen(config):
    """The arguments `observations`, `target` and, where the position is given, `name` of `tevcurve.light_curve`.

    Opens the data store only where runs are chosen. Raises `MissingError` for runs that are not of the target.
    """
    from tevcurve.config.sky import as_position
    from tevcurve.pipeline.targets import observations_of

    path = config.data_path()
    if config.runs is None and config.position is None:
        return {"observations": str(path), "target": config.target}
    position = None if config.position is None else as_position(config.position)
    if config.runs is None:
        return {"observations": str(path), "target": position, "name": config.target}
    observations, at = observations_of(str(path), config.target if position is None else position)
    by_id = {observation.obs_id: observation for observation in observations}
    missing = [obs_id for obs_id in config.runs if obs_id not in by_id]
    if missing:
        raise MissingError(
            f"{config.data} has no run {missing[0]} of {config.target}; it has {', '.join(map(str, by_id))}."
        )
    return {"observations": [by_id[obs_id] for obs_id in config.runs], "target": at, "name": config.target}
