"""Tables as the bytes of ECSV files and back, value by value."""

import numpy as np
from astropy.table import Table

from tevcurve.files.masked import table_without_masks
from tevcurve.files.texts import different_texts, is_text, text_array
from tevcurve.lightcurve.ecsv_text import ecsv_parts
from tevcurve.lightcurve.file_formats import FileFormat
from tevcurve.lightcurve.table_details import set_values, with_few_texts, without_formats

TEXTS_KEY = "exact_texts"
SHAPES_KEY = "shapes_of_rows"


def to_ecsv(table):
    """Iterator of parts of the bytes of the ECSV file of a table. table: astropy Table."""
    texts = {n: table[n].tolist() for n in table.colnames if is_text(table[n]) and not _is_plain(table[n])}
    shapes = {n: list(table[n].shape[1:]) for n in table.colnames if not len(table) and table[n].ndim > 1}
    plain = without_formats(table) if texts or shapes else table
    if texts:
        # readers strip blanks and stumble over line breaks, so such texts also stand in the metadata
        plain.meta[TEXTS_KEY] = texts
        for name, values in texts.items():
            set_values(plain, name, text_array(_one_line(value) for value in values))
    if shapes:
        # the reader takes no vector columns without rows
        plain.meta[SHAPES_KEY] = shapes
        for name in shapes:
            set_values(plain, name, np.zeros(0, table[name].dtype))
    yield from (part.encode() for part in ecsv_parts(plain))


def from_ecsv(data, path):
    """The astropy table in bytes of an ECSV file.

    Parameters
    ----------
    data : bytes of the file
    path : it is not needed
    """
    # an empty text is a text, and an empty number a masked one
    table = table_without_masks(Table.read(data.decode().split("\n"), format="ascii.ecsv"))
    for name, values in table.meta.pop(TEXTS_KEY, {}).items():
        set_values(table, name, text_array(values))
    for name, shape in table.meta.pop(SHAPES_KEY, {}).items():
        set_values(table, name, np.zeros((0, *shape), table[name].dtype))
    return with_few_texts(table)


def _is_plain(column):
    """Whether every text of a column is one printable line without blanks around it, and no comment to a reader."""
    return all(
        value.isprintable() and value == value.strip() and not value.startswith("#")
        for value in different_texts(column)
    )


def _one_line(text):
    return " ".join("".join(c if c.isprintable() else " " for c in text).split()).lstrip("# ")


ECSV = FileFormat(
    "ecsv", (".ecsv",), "an ECSV table", layout="tevcurve", encode_table=to_ecsv, decode=from_ecsv
)
