"""More runs for a result's folder; the files of those that are there are not written again."""

from pathlib import Path

from tevcurve.atomic import new_folder
from tevcurve.files import Checksums
from tevcurve.run_id import FIELDS
from tevcurve.store.result import Result
from tevcurve.store.result_files import (
    CONFIG,
    FORMAT,
    JOB,
    PROVENANCE,
    RUNS,
    job_text_of,
    keep_others,
    known_checksums,
    provenance_of,
    same_file,
    write_checksums,
    write_run_list,
    write_runs,
    write_tables,
)
from tevcurve.store.small_files import as_json


def add_to_result(result, light_curve, inputs):
    """The `Result` with another light curve of more runs, in the folder of the old one.

    The folder is made anew beside the old one, of the same files where these stay, and put in its place in one step.

    Raises `StoreError` where the disk does not take it.

    Parameters
    ----------
    result : `Result`
    light_curve : `LightCurve`, whose origin has `StoredRuns`, of which those that the result has not wait to be written
    inputs : list of dicts, see `write_result`; added to those that are there, in the place of those of a run whose file
        has the same name
    """
    folder, kept = result.folder, light_curve.origin
    again = {_file_of(each) for each in inputs}
    run_ids = {_run_of(each) for each in inputs}
    there = [
        one
        for one in result.provenance["inputs"]
        if _run_of(one) not in run_ids or _file_of(one) not in again
    ]
    inputs = there + inputs
    provenance = provenance_of(inputs)
    with new_folder(folder, overwrite=True) as part:
        keep_others(folder, part)
        entries = write_runs(part / RUNS, kept.runs)
        # What is settled from all runs may be another one now.
        (part / JOB).write_bytes(job_text_of(kept).encode())
        if (folder / CONFIG).is_file():
            same_file(folder / CONFIG, part / CONFIG)
        write_run_list(part, entries, kept.failed)
        write_tables(part, light_curve)
        (part / PROVENANCE).write_bytes(as_json({"format": FORMAT, **provenance}).encode())
        listed = write_checksums(part, known_checksums(kept, CONFIG))
    kept.runs.place.contents.clear()
    # What is there now is as it was listed now.
    kept.runs.place.checksums = Checksums(folder, listed)
    return Result(light_curve, result.config, provenance, folder)


def _run_of(entry):
    return tuple(entry[name] for name in FIELDS)


def _file_of(entry):
    """What a file of the inputs is of, and its name, a tuple: parts of a run are in files of their own."""
    return (*_run_of(entry), Path(entry["path"]).name)
