"""Observations by their OBS_IDs."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from tevcurve.data import Observation
from tevcurve.errors import MissingError
from tevcurve.files.columns import listed

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_RANGE = re.compile(r"(\d+)\s*(?:-|to|\.\.)\s*(\d+)")


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
        ids = {observation.obs_id: None for observation in observations}
        raise MissingError(
            f"{data} has no run {missing[0]} of {target}; it has {listed(ids)}{_instead(str(missing[0]))}."
        )
    return [observation for obs_id in runs for observation in by_id[obs_id]]


def _instead(word: str) -> str:
    """How what is no OBS_ID is asked for, in words: a date, and a range of OBS_IDs."""
    span = _RANGE.fullmatch(word)
    if _DATE.match(word):
        return f"; runs since a time are chosen by after: {word}, those until one by before"
    return f"; a range is chosen by where: OBS_ID >= {span[1]} and OBS_ID <= {span[2]}" if span else ""
