"""What a table of a DL3 file is, told by its header, or else by its name: files of all codes say it differently.

Format: https://gamma-astro-data-formats.readthedocs.io/en/v0.3/general/hduclass.html
"""

from tevcurve.irf.hdu_class import response_class_of

# Tables of a run that are no responses: what they are called, and columns that they have.
_TABLES = {"events": ("TIME", "ENERGY"), "gti": ("START", "STOP")}


def kind_of(hdu):
    """(HDU_TYPE, HDU_CLASS) of a table of a run, two str, or None for another one.

    HDUCLAS1 decides; where it is missing, events and good time are told by EXTNAME and their columns. Responses as
    `tevcurve.irf.hdu_class.response_class_of` tells them.

    hdu: `BinTable`.
    """
    told = str(hdu.header.get("HDUCLAS1") or "").strip().lower()
    for name, columns in _TABLES.items():
        is_named = hdu.name.strip().lower().startswith(name) and all(one in hdu.columns for one in columns)
        if told == name or (not told and is_named):
            return name, name
    return response_class_of(hdu.name, hdu.header, hdu.columns.names)
