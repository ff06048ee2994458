"""What the columns and keywords of some files cannot hold of a table, as YAML that stands beside it in the file."""

import numpy as np
from astropy.table import Column, vstack

from tevcurve.files.texts import MOST_BYTES, different_texts, is_text, of_one_width, text_array, width_of
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
        # Of one width, as other writers want them.
        plain[name] = values.astype(str, copy=False)
    plain.meta.clear()
    return plain, details_of(table, texts)


def held_texts(values, writable):
    """What a file can hold of texts, array (n_rows, ...) of these: they themselves where it can hold all.

    Parameters
    ----------
    values : array of texts (n_rows, ...)
    writable : as in `apart`
    """
    known = {value: writable(value) for value in different_texts(values)}
    if all(value == held for value, held in known.items()):
        # No wider than the longest one, as the rest of a longer table may be.
        longest = max(1, max(map(len, known), default=0))
        return values if width_of(values) == longest else values.astype(f"U{longest}")
    return text_array(known[value] for value in values.ravel().tolist()).reshape(values.shape)


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
        if name not in texts or np.may_share_memory(texts[name], np.asarray(table[name])):
            # What a file can hold is the very column.
            continue
        if texts[name].tolist() != (values := table[name].tolist()):
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
            set_values(table, name, text_array(values))
        if name in details["descriptions"]:
            table[name].info.description = details["descriptions"][name]
    table.meta.clear()
    table.meta.update(details["meta"])
    return table


def without_formats(table):
    """A copy without print formats: they follow from the column names, and writers may round to them.

    Its texts are all of one width, as writers want them.

    table: astropy Table.
    """
    plain = table.copy()
    for name in plain.colnames:
        plain[name].info.format = None
        values = of_one_width(plain[name])
        if values is not plain[name]:
            set_values(plain, name, values)
    return plain


def with_few_texts(table):
    """The table, changed in place so that long texts of very many rows are there once each. table: astropy Table."""
    for name in table.colnames:
        if table[name].dtype.kind == "U" and table[name].ndim == 1 and table[name].nbytes > MOST_BYTES:
            set_values(table, name, text_array(table[name].tolist()))
    return table


def one_below_other(tables):
    """The rows of tables in one, whose texts may be of one width in some and objects in others.

    tables: list of astropy Table; what their metadata say differently is that of the last one.
    """
    objects = {name for each in tables for name in each.colnames if each[name].dtype.kind == "O"}
    alike = []
    for each in tables:
        wider = [name for name in each.colnames if name in objects and each[name].dtype.kind == "U"]
        if wider:
            each = each.copy(copy_data=False)
        for name in wider:
            set_values(each, name, np.asarray(each[name]).astype(object))
        alike.append(each)
    return vstack(alike, metadata_conflicts="silent")


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
