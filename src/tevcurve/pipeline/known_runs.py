"""Which observations are runs that a result has, with as little reading as it takes."""

from tevcurve.errors import DataError
from tevcurve.pipeline.repeats import PARTS
from tevcurve.problems import events_file
from tevcurve.store.inputs import file_checksum


class KnownRuns:
    """The runs of a result, and by what observations of them are known again: the content of their files.

    Neither OBS_ID nor the place of a file tells: a further part of a run has its OBS_ID, and a file may have grown.

    Parameters
    ----------
    runs : iterable of what has a `run_id`
    inputs : list of dicts `instrument`, `obs_id`, `path` and `sha256` of the files that the runs are of
    doubted : iterable of `RunId`, of whose files some were not used, so that what is among the inputs need not be there
    """

    def __init__(self, runs, inputs=(), doubted=()):
        self._by_obs_id = {}
        for run in runs:
            self._by_obs_id.setdefault(run.run_id.obs_id, []).append(run.run_id)
        doubted = {one.obs_id for one in doubted}
        named = [((each.get("instrument", ""), each["obs_id"]), each) for each in inputs]
        self._files = {(*run, each["sha256"]) for run, each in named if each["obs_id"] not in doubted}
        self._paths = {(*run, each["path"]) for run, each in named}

    def named(self, run_id):
        """The first known `RunId` that may be of the same run as another, or None.

        run_id: the other `RunId`.
        """
        there = self._by_obs_id.get(run_id.obs_id, ())
        return next((one for one in there if one == run_id or one.may_be(run_id)), None)

    def of(self, observation):
        """The known `RunId` of an observation, or None where it has to be read.

        It is known where a file with the same content was an input, or where its file, which was one, is gone.

        observation: the observation.
        """
        run_id = self.named(observation.run_id_in_index)
        if run_id is None:
            return None
        run = run_id.instrument, str(observation.obs_id)
        for one in observation.addresses:
            if one.hdu_type != "events":
                continue
            try:
                return run_id if (*run, file_checksum(observation.real_path(one))) in self._files else None
            except FileNotFoundError:
                return run_id if (*run, str(one.path)) in self._paths else None
            except (OSError, DataError):
                return None
        return None


def still_failed(failed, tried):
    """Those of the problems of runs that are not answered by trying again, list of `Problem`.

    A file that was tried again is known by its name, as its folder may have been moved; where a problem has none, any
    part of its run may be the one. Parts that overlapped others did so whatever else comes.

    Parameters
    ----------
    failed : iterable of `Problem`
    tried : iterable of observations
    """
    tried = [(each.run_id, events_file(each)) for each in tried]
    return [
        one
        for one in failed
        if one.stage == PARTS or not any(_is_again(one, run_id, file) for run_id, file in tried)
    ]


def _is_again(problem, run_id, file):
    """Whether a problem is of a file, or where that is not known, of a run."""
    if problem.run_id.obs_id == file:
        # The name of a file stands for what is not there.
        return True
    return problem.run_id.may_be(run_id) and problem.file in ("", file)
