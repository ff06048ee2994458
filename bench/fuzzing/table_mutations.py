"""Ways to damage HDUs and their columns; each takes a random generator and the HDUs, list of [header, data]."""

import numpy as np

from fuzzing.headers import columns, pick, set_value, some_hdu, whole
from fuzzing.hostile_values import BAD_FORMS, BAD_NAMES, BAD_UNITS, BAD_VALUES, TEXTS


def drop_hdu(rng, hdus):
    """An HDU less."""
    hdus.pop(int(rng.integers(len(hdus))))


def swap_hdus(rng, hdus):
    """Two HDUs in each other's place."""
    one, other = rng.integers(0, len(hdus), 2)
    hdus[one], hdus[other] = hdus[other], hdus[one]


def repeat_hdu(rng, hdus):
    """An HDU twice."""
    header, data = some_hdu(rng, hdus)
    hdus.append([bytearray(header), bytearray(data)])


def rename_hdu(rng, hdus):
    """Another name of an HDU."""
    set_value(some_hdu(rng, hdus)[0], "EXTNAME", f"'{pick(rng, BAD_NAMES):<8}'")


def other_data(rng, hdus):
    """The header of one HDU with the data of another."""
    one, other = some_hdu(rng, hdus), some_hdu(rng, hdus)
    one[1], other[1] = other[1], one[1]


def other_kind(rng, hdus):
    """A table that says that it is an image or a table of text."""
    set_value(
        some_hdu(rng, hdus)[0],
        "XTENSION",
        pick(rng, ("'IMAGE   '", "'TABLE   '", "'A3DTABLE'", "'FOREIGN '", "5")),
    )


def cut_data(rng, hdus):
    """Data that stop early, in whole blocks or anywhere."""
    data = some_hdu(rng, hdus)[1]
    keep = int(rng.integers(0, len(data) + 1))
    del data[keep - keep % (2880 if rng.random() < 0.5 else 1) :]


def rename_column(rng, hdus):
    """Another name of a column."""
    header = some_hdu(rng, hdus)[0]
    known = columns(header)
    if known:
        set_value(header, f"TTYPE{pick(rng, known)[0]}", f"'{pick(rng, (*BAD_NAMES, pick(rng, known)[1]))}'")


def change_unit(rng, hdus):
    """Another unit of a column."""
    header = some_hdu(rng, hdus)[0]
    known = columns(header)
    if known:
        set_value(header, f"TUNIT{pick(rng, known)[0]}", f"'{pick(rng, BAD_UNITS)}'")


def change_form(rng, hdus):
    """Another format of a column, of the same width or not."""
    header = some_hdu(rng, hdus)[0]
    known = columns(header)
    if known:
        number, _, letter, repeat, _ = pick(rng, known)
        same = {"E": "J", "D": pick(rng, "KM"), "J": "E", "K": pick(rng, "DP"), "A": "B", "B": "A", "I": "L"}
        form = f"{repeat}{same.get(letter, 'A')}" if rng.random() < 0.5 else pick(rng, BAD_FORMS)
        set_value(header, f"TFORM{number}", f"'{form:<8}'")


def change_scaling(rng, hdus):
    """A shape, a scale or a zero of a column."""
    header = some_hdu(rng, hdus)[0]
    known = columns(header)
    if known:
        number = pick(rng, known)[0]
        keyword = pick(rng, ("TDIM", "TSCAL", "TZERO", "TNULL"))
        shapes = ("'(1,2,3)'", "'(0)'", "'(99999999999,0)'", "'()'", "'(-1,-1)'", "5")
        set_value(header, f"{keyword}{number}", pick(rng, shapes if keyword == "TDIM" else BAD_VALUES))


def change_values(rng, hdus):
    """Other values in a column: one, some, or all of them."""
    header, data = some_hdu(rng, hdus)
    known = [one for one in columns(header) if one[2] in "EDJKIB"]
    width, rows = whole(header, "NAXIS1"), whole(header, "NAXIS2")
    if not known or not rows or len(data) < width * rows:
        return
    _, _, letter, repeat, offset = pick(rng, known)
    dtype = {"E": ">f4", "D": ">f8", "J": ">i4", "K": ">i8", "I": ">i2", "B": "u1"}[letter]
    size = np.dtype(dtype).itemsize
    if offset + repeat * size > width:
        return  # an earlier mutation has made the row shorter than its columns
    values = np.ndarray((rows, repeat), dtype, data, offset, (width, size))
    share = pick(rng, (0.0, 0.01, 0.3, 1.0))
    where = rng.random(values.shape) < share
    where[int(rng.integers(rows)), int(rng.integers(repeat))] = True
    with np.errstate(all="ignore"):
        values[where] = _other_values(rng, values)[where]


def _other_values(rng, values):
    how = int(rng.integers(8))
    if how == 0:
        return values[::-1, ::-1].copy()
    if how == 1:
        return rng.permutation(values.ravel()).reshape(values.shape)
    if how == 2:
        return (values * pick(rng, (-1, 1e-9, 1e9, 2, 1e30))).astype(values.dtype)
    if how == 3:
        return np.frombuffer(rng.bytes(values.size * values.itemsize), values.dtype).reshape(values.shape)
    if how == 4:
        return np.full(values.shape, values.flat[int(rng.integers(values.size))])
    if values.dtype.kind != "f":
        return np.full(values.shape, pick(rng, (0, 1, 100, 127))).astype(values.dtype)
    return np.full(values.shape, pick(rng, (np.nan, np.inf, -np.inf, 0.0, -1.0, 1e30, -1e30, 1e-30))).astype(
        values.dtype
    )


def change_texts(rng, hdus):
    """Another text in a column of texts: in one row or in all."""
    header, data = some_hdu(rng, hdus)
    known = [one for one in columns(header) if one[2] == "A"]
    width, rows = whole(header, "NAXIS1"), whole(header, "NAXIS2")
    if not known or not rows or len(data) < width * rows:
        return change_values(rng, hdus)
    _, _, _, repeat, offset = pick(rng, known)
    text = pick(rng, TEXTS).encode("latin-1")[:repeat].ljust(repeat, b"\0")
    for row in range(rows) if rng.random() < 0.2 else [int(rng.integers(rows))]:
        data[row * width + offset : row * width + offset + repeat] = text
    return None


def change_rows(rng, hdus):
    """Rows in another order, one of them in place of another, or fewer."""
    header, data = some_hdu(rng, hdus)
    width, rows = whole(header, "NAXIS1"), whole(header, "NAXIS2")
    if rows < 2 or len(data) < width * rows:
        return
    table = np.frombuffer(bytes(data), np.uint8, width * rows).reshape(rows, width)
    how = int(rng.integers(4))
    if how == 0:
        order = rng.permutation(rows)
    elif how == 1:
        order = np.arange(rows)
        order[int(rng.integers(rows))] = int(rng.integers(rows))
    elif how == 2:
        order = np.arange(rows)[::-1]
    else:
        order = np.arange(int(rng.integers(rows)))
        set_value(header, "NAXIS2", str(len(order)))
    kept = table[order].tobytes()
    data[:] = kept + b"\0" * (-len(kept) % 2880)
