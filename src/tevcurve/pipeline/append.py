"""More runs for a result on disk, without computing the rest again."""

import logging
import os
from dataclasses import replace

from astropy.coordinates import SkyCoord

from tevcurve.data import DataStore, Observation
from tevcurve.data.run_files import observation_of_file
from tevcurve.files import FitsFile, expand_path
from tevcurve.lightcurve.extending import extend
from tevcurve.pipeline.job import Job
from tevcurve.pipeline.keep_runs import as_store, check_n_jobs, keep_all
from tevcurve.pipeline.more_runs import with_runs
from tevcurve.pipeline.targets import observations_of
from tevcurve.store.adding import add_to_result
from tevcurve.store.atomic import claim
from tevcurve.store.inputs import input_files
from tevcurve.store.result import Result, package_versions

log = logging.getLogger(__name__)


def append_runs(
    result, observations, *, store=None, n_jobs=1, progress=False, strict=False, accept_changed=False
):
    """The `Result` with more runs, also on disk: what a full computation of the old runs and the new ones gives.

    Rows whose good time the new runs do not touch are taken over; bins that depend on all events, such as by_counts,
    are made anew from the runs that the result keeps. The folder has the old result or the new one at any moment.

    Parameters
    ----------
    result : `Result`, or the path of its folder
    observations : Observations, a DataStore, or paths of data stores or of files with a run each. Runs that the result
        has are passed over; those that could not be used are tried again.
    store, n_jobs, progress, strict : as in `tevcurve.light_curve`
    accept_changed : as in `Result.read`

    Raises `InputError` for a result without runs, `StoreError` where the disk does not take it.
    """
    check_n_jobs(n_jobs)
    folder = result.folder if isinstance(result, Result) else expand_path(result)
    # Two that append at the same time do so one after the other.
    with claim(folder, wait=True):
        result = Result.read(folder, accept_changed)
        kept = result.runs_to_use()
        known = {entry.obs_id for entry in kept.runs.entries}
        observations = [
            one for one in _observations(observations, kept.setting.source) if one.obs_id not in known
        ]
        if not observations:
            log.warning("There are no runs that the result %s has not; it stays as it is.", folder)
            return result
        job = Job(kept.setting, kept.exclusion, kept.spectrum, kept.time_bins, kept.options, kept.meta)
        runs, failed = keep_all(job, observations, n_jobs, progress, strict, as_store(store))
        again = {one.obs_id for one in observations}
        failed = [one for one in kept.failed if one.obs_id not in again] + failed
        settled = kept.settled(runs)
        kept, contents = with_runs(replace(settled, failed=tuple(failed)), runs, strict)
        is_same = kept.setting is result.light_curve.origin.setting
        light_curve = _light_curve(result, kept, kept.runs.without(contents) if is_same else None)
        return add_to_result(result, light_curve, contents, input_files(observations))


def _light_curve(result, kept, old):
    """The light curve of the runs in `kept`, with what is there of the old ones (int array) taken over.

    old: None where nothing can be taken over.
    """
    if old is None:
        return kept.light_curve()
    if result.provenance["versions"] != package_versions():
        log.warning("The result was made by other versions of the packages; all of its rows are made anew.")
        return kept.light_curve()
    return extend(result.light_curve, kept, old)


def _observations(given, source):
    """List of the observations that a caller means."""
    if isinstance(given, str | os.PathLike | Observation | DataStore):
        given = [given]
    found = []
    for each in given:
        if isinstance(each, str | os.PathLike):
            found += _at_path(expand_path(each), source)
        elif isinstance(each, DataStore):
            found += observations_of(each, SkyCoord(*source, unit="rad"))[0]
        else:
            found.append(each)
    return found


def _at_path(path, source):
    """List of the observations at a path: of a data store those near the source, or that of a file with one run."""
    if path.is_dir() or _has_index(path):
        return observations_of(path, SkyCoord(*source, unit="rad"))[0]
    return [observation_of_file(path)]


def _has_index(path):
    columns = [{name.upper() for name in hdu.columns.names} for hdu in FitsFile.open(path).tables()]
    return any({"OBS_ID", "HDU_TYPE", "FILE_NAME"} <= names for names in columns)
