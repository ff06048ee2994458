"""What becomes of each HDU of a data store: it is used, or why it is not."""

from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from tevcurve.data.found_files import FoundFile, files_in
from tevcurve.errors import TevcurveError
from tevcurve.files import FileCache
from tevcurve.irf.layout import RESPONSE_TYPES, RESPONSES, classes_of, type_of
from tevcurve.problems import noted_remarks
from tevcurve.progress import track


@dataclass(frozen=True)
class HduUse:
    """An HDU, or a file or a row of an index that leads to none.

    Attributes
    ----------
    path : `Path` of the file
    name : EXTNAME, "" where there is none
    hdu_class : HDU_CLASS, "" where it is no table of a run
    reason : why it cannot be used or is not, in words; "" where it is used
    instrument : of events that can be read, (what their run's instrument is, INSTRUME where that says more); else None
    """

    path: Path
    name: str = ""
    hdu_class: str = ""
    reason: str = ""
    instrument: tuple[str, str] | None = None


def hdu_uses(store):
    """List of the `HduUse` of each HDU of a `DataStore`, read for it: run by run, then those that are of no run.

    Tables that several runs share are told once.

    store: the `DataStore`.
    """
    uses, files = {}, store.files
    for observation in track(store.get_observations(), len(store), "tables"):
        problem = observation.index_facts[1]
        # What is odd about a table is told when a light curve is made.
        with noted_remarks(aloud=False):
            for one in observation.addresses:
                key = one.path, one.hdu_name.upper(), one.hdu_class
                if key not in uses:
                    reason = problem or _why_not(observation, one.hdu_type)
                    told = None
                    if one.hdu_type == "events" and not reason:
                        told = observation.run_id.instrument, observation.subsystem
                    uses[key] = HduUse(one.path, one.hdu_name, one.hdu_class, reason.rstrip("."), told)
        if problem and not observation.addresses:
            uses[str(observation.run_id_in_index),] = HduUse(Path(), reason=problem.rstrip("."))
        observation.release()
    named = {key[:2] for key in uses}
    for path in dict.fromkeys(use.path for use in uses.values() if use.hdu_class):
        for hdu in FoundFile.open(path, files).hdus:
            if (path, hdu.name.upper()) not in named:
                reason = hdu.problem or "no run is led to it"
                uses[path, hdu.name.upper()] = HduUse(path, hdu.name, hdu.hdu_class, reason)
    others = [HduUse(path, reason=reason) for path, reason in store.left_out]
    return [*uses.values(), *others]


def uses_of_files(paths):
    """List of the `HduUse` of each HDU of some files, or of those in folders, as far as that can be told without a run.

    paths: iterable of `Path`.
    """
    uses, files = [], FileCache()
    each = [files_in(path) if path.is_dir() else [path] for path in paths]
    for path in chain.from_iterable(each):
        found = FoundFile.open(path, files)
        if not found.hdus:
            uses.append(HduUse(path, reason=found.words))
        for hdu in found.hdus:
            reason = hdu.problem or _why_not_read(hdu, path, files)
            uses.append(HduUse(path, hdu.name, hdu.hdu_class, reason.rstrip(".")))
    return uses


def _why_not_read(hdu, path, files):
    """Why a response cannot be read from an HDU, in words; "" where it can, and for other tables of a run."""
    if hdu.hdu_type not in RESPONSE_TYPES:
        return ""
    if type_of(hdu.hdu_class) != hdu.hdu_type:
        return f"it is of the class {hdu.hdu_class}; wanted is {' or '.join(classes_of(hdu.hdu_type))}"
    try:
        with noted_remarks(aloud=False):
            RESPONSES[hdu.hdu_class].from_hdu(files.open(path).table(hdu.name), f"HDU {hdu.name} of {path}")
    except TevcurveError as error:
        return str(error)
    return ""


def _why_not(observation, hdu_type):
    """Why the table of a type of a run cannot be used, in words; ""."""
    if hdu_type not in ("events", "gti", *RESPONSE_TYPES):
        return "it is no table of events, good time or responses"
    try:
        read = getattr(observation, hdu_type)
        return "" if hdu_type != "events" or not read.is_empty else "it has no events"
    except TevcurveError as error:
        return str(error)
