"""Observations by their OBS_IDs."""

from collections.abc import Iterable, Sequence
from typing import Any

from tevcurve.data import Observation
from tevcurve.errors import MissingError
from tevcurve.files.columns import listed


def with_ids(
    observations: Iterable[Observation], runs: Sequence[int | str], data: Any, target: Any
) -> list[Observation]:
    """The observations of some OBS_IDs, in the order of these. Raises `MissingError` for one that is not there.

    Parameters
    ----------
    observations : all that there are
    runs : the OBS_IDs
    data, target : what they are of, for the error
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
        raise MissingError(f"{data} has no run {missing[0]} of {target}; it has {listed(by_id)}.")
    return [observation for obs_id in runs for observation in by_id[obs_id]]
