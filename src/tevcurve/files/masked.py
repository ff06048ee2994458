"""What stands for a value that is masked: NaN, never 0 and never the number under the mask."""

from typing import Any

import numpy as np
from astropy.table import Column, Table
from astropy.time import Time


def without_masks(values: Any) -> Any:
    """The values as they are where nothing can be masked; else an array with NaN (texts: "") where they are masked.

    Whole numbers and booleans with masked ones among them become floats, for these have no other NaN. A Quantity
    stays one, a `Column` too, with its unit and description.

    values: array, `Column` or Quantity, with a mask or without (of numpy or of astropy), or a scalar. Anything else, a
    `Time` too, comes back as it is.
    """
    mask = getattr(values, "mask", None)
    if mask is None or isinstance(values, Time):
        return values
    if isinstance(values, Column):
        bare = without_masks(np.ma.MaskedArray(values.data, copy=False))
        kept = {"unit": values.unit, "format": values.info.format, "description": values.info.description}
        return Column(bare, name=values.name, meta=values.meta, **kept)
    bare = values.unmasked if hasattr(values, "unmasked") else np.ma.getdata(values)
    # A structured mask has a bool for each field.
    return bare if not np.any(np.asarray(mask, dtype=bool)) else _with_nan(bare, mask)


def is_masked(values: Any) -> bool:
    """Whether an array, a Quantity, a `Column`, a `Time` or a `SkyCoord` has anything masked.

    values: anything; what can have no mask has none.
    """
    return bool(np.any(np.asarray(getattr(values, "mask", False), dtype=bool)))


def table_without_masks(table: Table) -> Table:
    """The table itself where no column has a mask, else a copy without; see `without_masks`.

    table: of any columns.
    """
    columns = [without_masks(table[name]) for name in table.colnames]
    if all(table[name] is column for name, column in zip(table.colnames, columns, strict=True)):
        return table
    return Table(columns, names=table.colnames, meta=table.meta)


def _with_nan(values: Any, mask: np.ndarray) -> Any:
    kind = getattr(values, "dtype", np.dtype(object)).kind
    if kind in "USO":
        return np.where(mask, b"" if kind == "S" else "", values)
    made = values.astype(float) if kind in "biu" else values.copy()
    if made.ndim == 0:
        return made * np.nan
    made[np.asarray(mask)] = np.nan
    return made
