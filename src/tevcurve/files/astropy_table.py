"""Tables of files as astropy has them."""

import astropy.units as u
import numpy as np
from astropy.table import Table


def as_table(table, rows=slice(None), keywords=()):
    """`Table` of a `BinTable` with its units; texts are str, and numbers have the byte order of the machine.

    rows: those that are wanted. keywords: of the header, for the metadata.
    """
    made = Table(meta={key: table.header[key] for key in keywords if key in table.header})
    for column in table.columns:
        values = np.array(table.data[column.name])[rows]
        made[column.name] = values.astype(values.dtype.newbyteorder("="))
        if column.unit:
            # A unit that nobody knows is kept as its text.
            made[column.name].unit = u.Unit(column.unit, parse_strict="silent")
    return made
