"""Files that hold a run each, without an index that leads to them."""

from tevcurve.data.observation import Observation
from tevcurve.data.run import HduAddress, Run
from tevcurve.data.run_numbers import run_number
from tevcurve.errors import DataError
from tevcurve.files import FileCache, FitsFile, expand_path
from tevcurve.irf.hdu_class import response_class_of

# HDUCLAS1 of tables that are no response; GADF, "HDU classes".
_TABLES = {"EVENTS": "events", "GTI": "gti"}


def observation_of_file(path):
    """The `Observation` of a file that has the events, the good time and the responses of one run.

    Its HDUs are told by their class (HDUCLAS1, HDUCLAS4), responses without one by their name and columns, its OBS_ID
    by the header of the events.

    path: str or Path; environment variables and ~ are put in.
    Raises `DataError` where the file cannot be read, or has no events of one run.
    """
    path = expand_path(path)
    addresses, ids = [], []
    for hdu in FitsFile.open(path).tables():
        address = _address(hdu, path)
        if address is not None:
            addresses.append(address)
        if address is not None and address.hdu_type == "events":
            ids.append(hdu.header.get("OBS_ID"))
    if len(ids) != 1:
        raise DataError(f"The file {path} has {len(ids)} tables of events; wanted is a file of one run.")
    obs_id = run_number(ids[0])
    if obs_id is None:
        raise DataError(f"The events of {path} have the OBS_ID {ids[0]!r}; wanted is a number or a text.")
    return Observation(Run(obs_id, addresses, FileCache()))


def _address(hdu, path):
    """`HduAddress` of a table of a run, None for others."""
    hdu_type = _TABLES.get(str(hdu.header.get("HDUCLAS1", "")).strip().upper())
    if hdu_type is not None:
        return HduAddress(hdu_type, hdu_type, path, hdu.name)
    told = response_class_of(hdu.name, hdu.header, hdu.columns.names)
    return None if told is None else HduAddress(*told, path, hdu.name)
