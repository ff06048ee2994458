"""Tables of files as astropy has them."""

from collections.abc import Sequence

import astropy.units as u
import numpy as np
from astropy.table import MaskedColumn, Table

from tevcurve.files.bintable import BinTable, Rows


def as_table(table: BinTable, rows: slice | np.ndarray = slice(None), keywords: Sequence[str] = ()) -> Table:
    """`Table` of a `BinTable` with its units; texts are str, and numbers have the byte order of the machine.

    Whole numbers that stand for none (TNULL) are masked.

    Parameters
    ----------
    table : `BinTable` as it was read
    rows : those that are wanted, as an index of an array
    keywords : those of the header that go into the metadata
    """
    made = Table(meta={key: table.header[key] for key in keywords if key in table.header})
    for column in table.columns:
        values = np.array(table.data[column.name])[rows]
        values = values.astype(values.dtype.newbyteorder("="))
        null = table.data.is_null(column.name) if isinstance(table.data, Rows) else None
        masked = null is not None and np.any(null[rows])
        made[column.name] = MaskedColumn(values, mask=null[rows]) if null is not None and masked else values
        if column.unit:
            # A unit that nobody knows is kept as its text.
            made[column.name].unit = u.Unit(column.unit, parse_strict="silent")
    return made
