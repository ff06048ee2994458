"""Which observations are runs that a result has, with as little reading as it takes."""

from tevcurve.errors import DataError, TevcurveError
from tevcurve.store.inputs import file_checksum


class KnownRuns:
    """The runs of a result, and by what observations of them are known again.

    Pieces of an observation, in files of their own, may share an OBS_ID: they are told by their good time.

    Parameters
    ----------
    runs : iterable of what has a `run_id` and a `gti`
    inputs : list of dicts `obs_id`, `path` and `sha256` of the files that the runs are of
    """

    def __init__(self, runs, inputs=()):
        self._by_obs_id = {}
        for run in runs:
            self._by_obs_id.setdefault(run.run_id.obs_id, []).append(run)
        self._files = {(each["obs_id"], each["sha256"]) for each in inputs if each["sha256"]}
        self._paths = {(each["obs_id"], each["path"]) for each in inputs}

    def named(self, run_id):
        """The first known `RunId` that may be of the same run as another, or None.

        run_id: the other `RunId`.
        """
        return next((one.run_id for one in self._named(run_id)), None)

    def _named(self, run_id):
        """Iterator of the known runs that may be of the same run as a `RunId`."""
        there = self._by_obs_id.get(run_id.obs_id, ())
        return (one for one in there if one.run_id == run_id or one.run_id.may_be(run_id))

    def like(self, run):
        """The `RunId` of the first known run that may be the same as another, and has good time in common; or None.

        run: what has a `run_id` and a `gti`.
        """
        return next((one.run_id for one in self._named(run.run_id) if len(one.gti.intersect(run.gti))), None)

    def of(self, observation):
        """The known `RunId` of an observation, or None.

        Its header and its good time are read only where OBS_ID is known, and neither the index with the path of its
        file nor the checksum of that tells the rest.

        observation: the observation.
        """
        told = observation.run_id_in_index
        there = self._by_obs_id.get(told.obs_id, ())
        if not there:
            return None
        if len(there) == 1 and self._is_of_known_file(
            observation, told == there[0].run_id and bool(told.instrument)
        ):
            return there[0].run_id
        try:
            return self.like(observation)
        except TevcurveError:
            # Why it cannot be read is no news of a run that is there.
            return self.named(observation.run_id)

    def _is_of_known_file(self, observation, is_told):
        """Whether the file of the events is one of a known run: by its path where the index tells the rest, or by its
        checksum.
        """
        events = [one for one in observation.addresses if one.hdu_type == "events"][:1]
        obs_id = str(observation.obs_id)
        if is_told and any((obs_id, str(one.path)) in self._paths for one in events):
            return True
        try:
            digits = [file_checksum(observation.real_path(one)) for one in events]
        except (OSError, DataError):
            return False
        return any((obs_id, each) in self._files for each in digits)
