"""What the content of a run's input files and the settings of a job are called: checksums, and keys made of them."""

import hashlib
import json
import logging
import os
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from tevcurve import __version__
from tevcurve.errors import DataError, InputError
from tevcurve.files.content import open_file
from tevcurve.irf.layout import RESPONSE_TYPES
from tevcurve.reduction.settings import ByInstrument
from tevcurve.store.job_text import plain_settings
from tevcurve.store.run_file import MAGIC

log = logging.getLogger(__name__)

# What of a run is read to keep it, besides its responses.
_EVENTS = ("events", "gti")
_CHUNK = 2**22


def file_checksum(path):
    """SHA-256 of a file's bytes, str of hexadecimal digits.

    path: str or Path. Raises `OSError` or `DataError` where it cannot be read.
    """
    return _checksum_of_state(str(path), *_state(path))


def input_files(observations, run_ids=()):
    """List of dicts `path`, `sha256`, and `instrument`, `obs_id` and `part` of the run that it is of.

    The files of observations, each once for each run that needs it. The checksum of a file that cannot be read is None,
    and so is that of one that still grows: with the same content it may say more when it is whole.
    Observations without files, simulated ones, have none.

    Parameters
    ----------
    observations : iterable of `Observation`
    run_ids : iterable of `RunId`, of the observations that were read before; the header of others is read for theirs
    """
    listed, run_ids = [], tuple(run_ids)
    known = Counter(one.obs_id for one in run_ids)
    by_obs_id = {one.obs_id: one for one in run_ids if known[one.obs_id] == 1}
    several = Counter(observation.obs_id for observation in observations)
    for observation in observations:
        run_id = by_obs_id.get(str(observation.obs_id)) if several[observation.obs_id] == 1 else None
        words = (run_id or observation.run_id).plain()
        for path, address in {one.path: one for one in observation.addresses}.items():
            checksum = None
            if not getattr(observation, "is_growing", False):
                with suppress(OSError, DataError):
                    checksum = file_checksum(observation.real_path(address))
            listed.append({"path": str(path), "sha256": checksum, **words})
    return listed


class RunKeys:
    """What reduced runs of one job are called in a cache: a name for the content of the inputs and the settings.

    Parameters
    ----------
    source : (lon, lat), ICRS, radian
    in_regions : bool, whether events are to be counted in ON and OFF regions (1D), or that `ByInstrument`; where these
        regions are is no matter
    others : tuple of (lon, lat) of further sources, ICRS, radian
    """

    def __init__(self, source, in_regions=False, others=()):
        self._source, self._others = source, others
        self._in_regions = in_regions if isinstance(in_regions, ByInstrument) else ByInstrument(in_regions)

    @cached_property
    def _of_settings(self):
        """Digests of what runs of cubes and runs of regions have in common, dict by whether it is in regions."""
        digests = {}
        for in_regions in self._in_regions.all:
            settings = {"source": self._source, "in_regions": in_regions, "others": self._others}
            made = {"format": MAGIC.decode(), "version": __version__, "settings": plain_settings(settings)}
            digests[in_regions] = _digest(made)
        return digests

    def key(self, observation):
        """The `RunKey` of an observation, or None where it has no files, or one of them cannot be read.

        observation: `Observation`
        """
        in_regions = self._in_regions.of(observation)
        # Where there are OFF regions, no other background is read.
        unread = ("bkg",) if in_regions else ()
        needed = {*_EVENTS, *RESPONSE_TYPES}.difference(unread)
        addresses = [one for one in observation.addresses if one.hdu_type in needed]
        if not addresses:
            return None
        try:
            filters = plain_settings({"filters": observation.filters})
            paths = [observation.real_path(one) for one in addresses]
            states = {path: _state(path) for path in paths}
            hdus = [
                (one.hdu_type, one.hdu_class, one.hdu_name, file_checksum(path))
                for one, path in zip(addresses, paths, strict=True)
            ]
        except (OSError, InputError, DataError):
            return None
        inputs = {
            "settings": self._of_settings[in_regions],
            "obs_id": observation.obs_id,
            "index": observation.index_facts,
            "hdus": hdus,
            "filters": filters,
        }
        return RunKey(_digest(inputs), states)


@dataclass(frozen=True)
class RunKey:
    """What a reduced run is called in a cache.

    Attributes
    ----------
    text : str, hexadecimal digits
    states : dict of the path of each file that it is of and the state in which that was, when the key was made
    """

    text: str
    states: dict[Path, tuple[int, ...]] = field(compare=False)

    def still_holds(self):
        """Whether the files are as they were when the key was made."""
        try:
            return all(_state(path) == state for path, state in self.states.items())
        except OSError:
            return False


def _state(path):
    """What tells that a file was changed: time, size and number."""
    state = os.stat(path)
    return state.st_mtime_ns, state.st_size, state.st_ino


@lru_cache(maxsize=2**15)
def _checksum_of_state(path, *state):
    digest = hashlib.sha256()
    with open_file(path) as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _digest(tree):
    return hashlib.sha256(json.dumps(tree, sort_keys=True, default=list).encode()).hexdigest()
