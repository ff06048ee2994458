"""Tables in the types of JSON and arrays, and back, value by value: each text once, and numbers as they are."""

from typing import Any

import numpy as np
from astropy.table import Column, Table

from tevcurve.errors import DataError
from tevcurve.files.texts import is_text
from tevcurve.store.framed import AddArray, GetArray
from tevcurve.store.job_text import plain_settings, settings_of_plain


def table_to_plain(table: Table, add_array: AddArray) -> dict[str, Any]:
    """What stands for a table of numbers and texts, without print formats.

    Parameters
    ----------
    table : astropy Table without masked values
    add_array : function(array) -> what stands for it
    """
    columns = []
    for name in table.colnames:
        column, words = table[name], {"name": name}
        if column.unit is not None:
            words["unit"] = column.unit.to_string()
        if column.info.description:
            words["description"] = column.info.description
        values = np.asarray(column)
        if is_text(values):
            texts, codes = np.unique(values, return_inverse=True)
            words |= {"texts": texts.tolist(), "codes": add_array(codes.reshape(values.shape))}
        else:
            words["values"] = add_array(values)
        columns.append(words)
    return {"columns": columns, "meta": plain_settings(dict(table.meta))}


def table_from_plain(plain: dict[str, Any], get_array: GetArray) -> Table:
    """The table of what `table_to_plain` gave. Raises `DataError` for what is none.

    Parameters
    ----------
    plain : as it gave it
    get_array : function(words) -> the array, in the order in which they were added
    """
    columns = []
    for words in plain["columns"]:
        if "texts" in words:
            texts, codes = np.array(words["texts"], dtype=str), get_array(words["codes"])
            if codes.size and not 0 <= codes.min() <= codes.max() < len(texts):
                raise DataError(f"the column {words['name']} has texts that are not there")
            values = texts[codes] if len(texts) else np.zeros(codes.shape, dtype="U1")
        else:
            values = get_array(words["values"])
        told = {"unit": words.get("unit"), "description": words.get("description")}
        columns.append(Column(values, name=words["name"], **told))
    if len({len(column) for column in columns}) > 1:
        raise DataError("the columns of a table have different lengths")
    return Table(columns, meta=settings_of_plain(plain["meta"]))
