"""Tables of files as astropy has them."""

import astropy.units as u
import numpy as np
from astropy.table import MaskedColumn, Table

from tevcurve.files.bintable import Rows


def as_table(table, rows=slice(None), keywords=()):
    """`Table` of a `BinTable` with its units; texts are str, and numbers have the byte order of the machine.

    Whole numbers that stand for none (TNULL) are masked.

    rows: those that are wanted. keywords: of the header, for the metadata.
    """
    made = Table(meta={key: table.header[key] for key in keywords if key in table.header})
    for column in table.columns:
        values = np.array(table.data[column.name])[rows]
        values = values.astype(values.dtype.newbyteorder("="))
        null = table.data.is_null(column.name) if isinstance(table.data, Rows) else None
        masked = null is not None and np.any(null[rows])
        made[column.name] = MaskedColumn(values, mask=null[rows]) if masked else values
        if column.unit:
            # A unit that nobody knows is kept as its text.
            made[column.name].unit = u.Unit(column.unit, parse_strict="silent")
    return made
