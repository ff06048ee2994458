"""What the columns and keywords of some files cannot hold of a table, as YAML that stands beside it in the file."""

import numpy as np
from astropy.table import Column

from tevcurve.lightcurve.table_outline import yaml_text


def apart(table, writable):
    """(table, details): a copy that the file can hold, without metadata and print formats; the rest as YAML, ASCII.

    Parameters
    ----------
    table : astropy Table
    writable : the function from a text to what the file can hold of it
    """
    plain = without_formats(table)
    texts = {name: held_texts(plain[name].data, writable) for name in table.colnames if is_text(table[name])}
    for name, values in texts.items():
        plain[name] = values
    plain.meta.clear()
    return plain, details_of(table, texts)


def held_texts(values, writable):
    """What a file can hold of texts, array (n_rows, ...) of these.

    Parameters
    ----------
    values : array of texts (n_rows, ...)
    writable : as in `apart`
    """
    words = values.ravel().tolist()
    # Many rows have the same words.
    known = {word: writable(word) for word in set(words)}
    held = [known[word] for word in words]
    return np.array(held or np.zeros(0, "U1"), dtype=str).reshape(values.shape)


def details_of(table, texts):
    """The YAML of what a file cannot hold of a table, ASCII.

    Parameters
    ----------
    table : astropy Table
    texts : dict of the names of its columns of texts to what the file can hold of these
    """
    details = {"meta": dict(table.meta), "descriptions": {}, "text": {}}
    for name in table.colnames:
        details["descriptions"][name] = table[name].info.description
        if name in texts and texts[name].tolist() != (values := table[name].tolist()):
            details["text"][name] = values
    return yaml_text(details)


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
