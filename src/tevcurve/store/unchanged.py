"""Whether a result in memory is what its folder has, so that it need not be read again."""

from tevcurve.errors import TevcurveError
from tevcurve.files import CHECKSUMS, checksum_of_file, checksum_of_parts, checksums_text
from tevcurve.lightcurve.io import table_parts
from tevcurve.lightcurve.origin import LightCurveOrigin
from tevcurve.store.result_files import (
    FORMAT,
    JOB,
    LEDGER,
    LIGHT_CURVE,
    OWN,
    PROVENANCE,
    RUN_LIST,
    RUNS,
    job_text_of,
    run_list_text,
)
from tevcurve.store.small_files import as_json
from tevcurve.store.stored_runs import StoredRuns


def is_as_written(result):
    """Whether neither a result in memory nor its folder has changed since it was read, or written by `append_runs`.

    Files are compared with the list of checksums, and what is in memory as it would be written; those of runs are
    compared when they are read.

    result: `Result`.
    """
    origin = result.light_curve.origin
    if not isinstance(origin, LightCurveOrigin) or not isinstance(origin.runs, StoredRuns):
        return False
    place, checksums = origin.runs.place, origin.runs.place.checksums
    if checksums is None or not checksums.listed or checksums.accept_changed:
        return False
    if place.contents or checksums.folder != result.folder or place.path != result.folder / RUNS:
        return False
    try:
        return _is_folder(result.folder, checksums.listed) and _is_memory(result, origin, checksums.listed)
    except (OSError, TevcurveError):
        return False


def _is_folder(folder, listed):
    """Whether the files of a folder are those that are listed, apart from those of runs."""
    if (folder / CHECKSUMS).read_bytes() != checksums_text(listed).encode():
        return False
    names = [name for name in OWN - {RUNS, CHECKSUMS} if name in listed or (folder / name).exists()]
    return all(checksum_of_file(folder / name) == listed.get(name) for name in names)


def _is_memory(result, origin, listed):
    """Whether a result would be written as it is listed."""
    ledger = result.light_curve.ledger
    written = {
        PROVENANCE: [as_json({"format": FORMAT, **result.provenance}).encode()],
        JOB: [job_text_of(origin).encode()],
        RUN_LIST: [run_list_text(origin.runs.entries, origin.failed).encode()],
        LIGHT_CURVE[0]: table_parts(result.light_curve.table, LIGHT_CURVE[0]),
    }
    if ledger is not None:
        written |= {file: table_parts(getattr(ledger, name), file) for name, file in LEDGER.items()}
    return all(checksum_of_parts(parts) == listed.get(name) for name, parts in written.items())
