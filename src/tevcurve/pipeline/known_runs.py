"""Which observations are runs that a result has, with as little reading as it takes."""

from tevcurve.errors import DataError
from tevcurve.store.inputs import file_checksum


class KnownRuns:
    """The runs of a result, and by what observations of them are known again.

    Parameters
    ----------
    run_ids : iterable of `RunId`
    inputs : list of dicts `obs_id` and `sha256` of the files that the runs are of
    """

    def __init__(self, run_ids, inputs=()):
        self._by_obs_id = {}
        for run_id in run_ids:
            self._by_obs_id.setdefault(run_id.obs_id, []).append(run_id)
        self._files = {(each["obs_id"], each["sha256"]) for each in inputs if each["sha256"]}

    def like(self, run_id):
        """The first known `RunId` that may be of the same run as another, or None.

        run_id: the other `RunId`.
        """
        there = self._by_obs_id.get(run_id.obs_id, ())
        return next((one for one in there if one == run_id or one.may_be(run_id)), None)

    def of(self, observation):
        """The known `RunId` of an observation, or None.

        A header is read only where OBS_ID is known and neither the index nor the checksum of its file tells the rest.

        observation: the observation.
        """
        told = observation.run_id_in_index
        there = self._by_obs_id.get(told.obs_id, ())
        if not there:
            return None
        if told.instrument and told in there:
            return told
        if len(there) == 1 and self._is_of_known_file(observation):
            return there[0]
        return self.like(observation.run_id)

    def _is_of_known_file(self, observation):
        events = [one for one in observation.addresses if one.hdu_type == "events"]
        try:
            digits = [file_checksum(observation.real_path(one)) for one in events[:1]]
        except (OSError, DataError):
            return False
        return any((str(observation.obs_id), each) in self._files for each in digits)
