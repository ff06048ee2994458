"""Files that hold a run each, without an index that leads to them."""

from tevcurve.data.observation import Observation
from tevcurve.data.run import HduAddress, Run
from tevcurve.errors import DataError
from tevcurve.files import FileCache, FitsFile, expand_path
from tevcurve.irf.layout import RESPONSE_TYPES, type_of

# HDUCLAS1 of tables that are no response; GADF, "HDU classes".
_TABLES = {"EVENTS": "events", "GTI": "gti"}


def observation_of_file(path):
    """The `Observation` of a file that has the events, the good time and the responses of one run.

    Its HDUs are told by their class (HDUCLAS1, HDUCLAS4), its OBS_ID by the header of the events.

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
    try:
        obs_id = int(ids[0])
    except (TypeError, ValueError, OverflowError):
        raise DataError(f"The events of {path} have the OBS_ID {ids[0]!r}; wanted is a number.") from None
    return Observation(Run(obs_id, addresses, FileCache()))


def _address(hdu, path):
    """`HduAddress` of a table of a run, None for others."""
    words = [str(hdu.header.get(key, "")).strip() for key in ("HDUCLAS1", "HDUCLAS4")]
    hdu_type = _TABLES.get(words[0].upper())
    hdu_class = hdu_type or words[1].lower()
    if hdu_type is None:
        # A class that is not known is told by its name, for the message of who asks for it.
        hdu_type = type_of(hdu_class) or next(
            (name for name in RESPONSE_TYPES if hdu_class.startswith(f"{name}_")), None
        )
    return None if hdu_type is None else HduAddress(hdu_type, hdu_class, path, hdu.name)
