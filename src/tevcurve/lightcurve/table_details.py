"""What the columns and keywords of some files cannot hold of a table, as YAML that stands beside it in the file."""

import numpy as np
from astropy.table import Column


def apart(table, writable):
    """(table, details): a copy that the file can hold, without metadata and print formats; the rest as YAML, ASCII.

    Parameters
    ----------
    table : astropy Table
    writable : the function from a text to what the file can hold of it
    """
    from astropy.io.misc import yaml

    plain = without_formats(table)
    details = {"meta": dict(table.meta), "descriptions": {}, "text": {}}
    for name in table.colnames:
        column = table[name]
        details["descriptions"][name] = column.info.description
        if is_text(column):
            values = column.tolist()
            plain[name] = [writable(value) for value in values] if len(column) else np.zeros(0, "U1")
            if plain[name].tolist() != values:
                details["text"][name] = values
    plain.meta.clear()
    return plain, yaml.dump(details, sort_keys=False)


def put_back(table, details, writable):
    """The table, changed in place to what it was before `apart`.

    Columns that another tool has put in, and texts of rows that it has taken away or put elsewhere, stay as they are.

    Parameters
    ----------
    table : astropy Table as it was read
    details : str, the YAML
    writable : as in `apart`
    """
    from astropy.io.misc import yaml

    details = yaml.load(details)
    for name in table.colnames:
        values = details["text"].get(name)
        if values is not None and [writable(value) for value in values] == table[name].tolist():
            set_values(table, name, np.array(values, dtype=str))
        if name in details["descriptions"]:
            table[name].info.description = details["descriptions"][name]
    table.meta.clear()
    table.meta.update(details["meta"])
    return table


def without_formats(table):
    """A copy without print formats: they follow from the column names, and writers may round to them.

    table: astropy Table.
    """
    plain = table.copy()
    for column in plain.itercols():
        column.info.format = None
    return plain


def set_values(table, name, values):
    """Give a column other values; it keeps its unit and description.

    Parameters
    ----------
    table : astropy Table, changed in place
    name : str, of the column
    values : array (n_rows, ...), the new values
    """
    column = table[name]
    table[name] = Column(values, unit=column.unit, description=column.description)


def is_text(column):
    """Whether a column holds texts. column: of an astropy Table."""
    return column.dtype.kind == "U"
