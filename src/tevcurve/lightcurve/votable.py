"""Tables with times to VOTable files and back, with the time scale as a TIMESYS element to which the times refer.

VOTable 1.4, https://www.ivoa.net/documents/VOTable/20191021/; its words for scales and places are those of
https://www.ivoa.net/rdf/timescale and https://www.ivoa.net/rdf/refposition.
"""

import io
import re

import astropy.units as u
import numpy as np
from astropy.table import Column, Table

from tevcurve.errors import DataError, InputError
from tevcurve.files.masked import table_without_masks
from tevcurve.lightcurve.file_formats import FileFormat
from tevcurve.lightcurve.provenance import place_of_times
from tevcurve.lightcurve.table_details import apart, put_back

VERSION = "1.4"
TIMESYS_ID, UTC_ID = "time_frame", "utc_frame"
DETAILS = "tevcurve_details"
TIMES = {"time_min": "time.start", "time_max": "time.end", "time_mean": "time.epoch"}
UTC = {"utc_min": "time.start", "utc_max": "time.end", "utc": "time.epoch"}
# What columns are, in the words of https://www.ivoa.net/documents/UCD1+/.
UCDS = {
    "e_ref": "em.energy",
    "e_min": "em.energy;stat.min",
    "e_max": "em.energy;stat.max",
    "flux": "phot.flux;em.gamma",
    "flux_err": "stat.error;phot.flux;em.gamma",
    "flux_errn": "stat.error;phot.flux;em.gamma;stat.min",
    "flux_errp": "stat.error;phot.flux;em.gamma;stat.max",
    "flux_ul": "phot.flux;em.gamma;stat.max",
    "livetime": "time.duration;obs.exposure",
    "sqrt_ts": "stat.snr",
    "status": "meta.code.status",
    "reason": "meta.note",
    "instrument": "instr.tel",
}
LEVEL, LEVEL_UCD = "upper_limit", "stat.confidenceLevel"
# Scales of astropy: the words for them, and those of older standards for the same.
SCALES = {"tt": "TT", "tai": "TAI", "utc": "UTC", "tdb": "TDB", "tcb": "TCB", "tcg": "TCG", "ut1": "UT"}
_SCALES_READ = {word: scale for scale, word in SCALES.items()} | {"TDT": "tt", "ET": "tt", "IAT": "tai"}
# TIMEREF of the metadata, as GADF has it: where the light is when its time is told.
PLACES = {
    "LOCAL": "TOPOCENTER",
    "GEOCENTRIC": "GEOCENTER",
    "HELIOCENTRIC": "HELIOCENTER",
    "SOLARSYSTEM": "BARYCENTER",
}
_MJD_ZERO = 2400000.5
_ORIGINS = {"MJD-origin": _MJD_ZERO, "JD-origin": 0.0}
# As astropy writes what the standard has as +Inf and -Inf.
_INFINITE = re.compile(rb"<TD>([+-])InF</TD>")
_ELSEWHERE = re.compile(rb"<(?:\w+:)?STREAM\b[^>]*\shref\s*=", re.IGNORECASE)


def to_votable(table):
    """Bytes of a VOTable: the times refer to a TIMESYS, metadata of one value are PARAMs, and all of them in an INFO.

    table: astropy Table with TIMESYS in its metadata. Raises `InputError` where that is no scale that VOTable knows.
    """
    from astropy.io.votable.tree import Info, Resource, TableElement, VOTableFile

    plain, details = apart(table, _one_line)
    moments = [name for name in UTC if name in plain.colnames]
    for name in moments:
        plain[name] = np.char.encode(np.asarray(plain[name]), "ascii")
    file = VOTableFile(version=VERSION)
    resource = Resource()
    file.resources.append(resource)
    if set(TIMES) & set(table.colnames):
        resource.time_systems.append(_time_frame(table.meta))
    if moments:
        resource.time_systems.append(_utc_frame(table.meta))
    made = TableElement.from_table(file, plain)
    made.name = "LIGHTCURVE"
    for field in made.fields:
        if field.arraysize == "1":
            # One letter, as a column of empty texts has it; the standard has no such array.
            field.arraysize = "*"
        if field.name in TIMES:
            field.ref, field.ucd = TIMESYS_ID, TIMES[field.name]
        if field.name in UTC:
            # As DALI 1.1 has moments: https://www.ivoa.net/documents/DALI/.
            field.ref, field.ucd, field.xtype = UTC_ID, UTC[field.name], "timestamp"
        field.ucd = field.ucd or UCDS.get(field.name)
        field.description = _field_words(table, field.name)
    made.params.extend(_params(file, table.meta))
    info = Info(name=DETAILS, value="YAML", config=_config())
    info.content = details
    made.infos.append(info)
    resource.tables.append(made)
    stream = io.BytesIO()
    file.to_xml(stream, tabledata_format="tabledata")
    return _INFINITE.sub(rb"<TD>\1Inf</TD>", stream.getvalue())


def _field_words(table, name):
    """What a column means, str, with the level of a limit where it is known; None where nothing is said."""
    words, level = table[name].description, table.meta.get(LEVEL)
    if words and level is not None and name.endswith(("_ul", "_ul_tot")):
        said = f"at {100 * float(level):.4g}% confidence level"
        words = words.replace("at the confidence level in the metadata", said)
    return words


def from_votable(data, path):
    """The astropy table in bytes of a VOTable, of ours or any other: its first, with the times as MJD.

    The scale is that of the TIMESYS to which time_min and time_max refer. Masked values are NaN.

    Parameters
    ----------
    data : bytes of the file
    path : of the file, for messages

    Raises `DataError` where the scale is not said, or the data are in another file.
    """
    from astropy.io.votable import parse

    # What a file refers to is not fetched: not from other files, nor from elsewhere.
    if b"\0" in data or _ELSEWHERE.search(data):
        raise DataError(
            f"{path} is in UTF-16, or has its data elsewhere; wanted is a VOTable in UTF-8 with its data."
        )
    file = parse(io.BytesIO(data), verify="ignore")
    element = file.get_first_table()
    read = element.to_table(use_names_over_ids=True)
    frames = _frames_of(file, element, path)
    table = table_without_masks(Table([_plain(read[name]) for name in read.colnames], names=read.colnames))
    for name, (origin, _, _) in frames.items():
        _to_mjd(table, name, origin)
    details = next((info.content for info in element.infos if info.name == DETAILS), None)
    if details is not None:
        put_back(table, details, _one_line)
    else:
        table.meta.update({param.name: _value(param) for param in element.params})
    _put_frame(table.meta, list(frames.values()), path)
    return table


def _config():
    return {"version_1_1_or_later": True, "version_1_2_or_later": True, "version_1_4_or_later": True}


def _time_frame(meta):
    from astropy.io.votable.tree import TimeSys

    scale = str(meta.get("TIMESYS", "nothing")).lower()
    if scale not in SCALES:
        raise InputError(
            f"The table's TIMESYS is {scale}, for which VOTable has no word; wanted is one of {', '.join(SCALES)}."
        )
    return TimeSys(
        ID=TIMESYS_ID,
        timeorigin="MJD-origin",
        timescale=SCALES[scale],
        refposition=PLACES.get(place_of_times(meta), "UNKNOWN"),
        config=_config(),
    )


def _utc_frame(meta):
    """Moments that are texts have no origin."""
    from astropy.io.votable.tree import TimeSys

    place = PLACES.get(place_of_times(meta), "UNKNOWN")
    return TimeSys(ID=UTC_ID, timescale="UTC", refposition=place, config=_config())


def _params(file, meta):
    """PARAMs of the metadata that are one number, truth or text; the scale has its own element."""
    from astropy.io.votable.tree import Param

    made = []
    for name, value in meta.items():
        if isinstance(value, (bool, np.bool_)):
            kind = {"datatype": "boolean", "value": bool(value)}
        elif isinstance(value, (int, np.integer)) and abs(int(value)) < 2**63:
            kind = {"datatype": "long", "value": int(value)}
        elif isinstance(value, (float, np.floating)):
            kind = {"datatype": "double", "value": float(value)}
        elif isinstance(value, str):
            kind = {"datatype": "unicodeChar", "arraysize": "*", "value": _one_line(value)}
        else:
            continue
        if name != "TIMESYS":
            param = Param(file, name=_one_line(str(name)), config=_config(), **kind)
            param.ID = None  # that would be one of a column's, of the same name
            if name == LEVEL:
                param.ucd, param.description = LEVEL_UCD, "Confidence level of the upper limits"
            made.append(param)
    return made


def _frames_of(file, element, path):
    """{name: (origin as Julian Date, scale, refposition)} of the time columns."""
    frames = {one.ID: one for resource in file.resources for one in resource.time_systems}
    frames |= {one.ID: one for one in file.time_systems}
    found = {}
    for field in element.fields:
        if field.name not in TIMES:
            continue
        frame = frames.get(field.ref)
        scale = _SCALES_READ.get(str(frame.timescale).upper()) if frame is not None else None
        if scale is None:
            said = "refers to no TIMESYS" if frame is None else f"is in the time scale {frame.timescale}"
            raise DataError(
                f"{path} does not say when its rows are: {field.name} {said}; wanted is a VOTable of version 1.4 or "
                f"later whose times refer to a TIMESYS with one of the scales {', '.join(SCALES.values())}."
            )
        if frame.timeorigin is None:
            raise DataError(
                f"{path} has a TIMESYS without timeorigin; wanted is MJD-origin, or a Julian Date."
            )
        origin = _ORIGINS.get(frame.timeorigin, frame.timeorigin)
        found[field.name] = float(origin), scale, str(frame.refposition).upper()
    return found


def _to_mjd(table, name, origin):
    """Times of a column, in days or another unit since a Julian Date, as MJD; those that are stay bit by bit."""
    column = table[name]
    unit = column.unit or u.d
    if unit == u.d and origin == _MJD_ZERO:
        return
    days = u.Quantity(np.asarray(column, dtype=float), unit).to_value(u.d) + (origin - _MJD_ZERO)
    table[name] = Column(days, unit=u.d, description=column.description)


def _put_frame(meta, frames, path):
    """The scale and the place of the times in the metadata; `DataError` where the file says two."""
    scales = {scale for _, scale, _ in frames}
    said = str(meta.get("TIMESYS", "")).lower()
    if len(scales | ({said} if said and scales else set())) > 1:
        words = " and ".join(sorted({*scales, said} - {""}))
        raise DataError(f"{path} has times in the scales {words}; wanted is one.")
    if scales and not said:
        meta["TIMESYS"] = scales.pop()
        place = {word: key for key, word in PLACES.items()}.get(frames[0][2])
        if place not in (None, "LOCAL"):
            meta.setdefault("TIMEREF", place)


def _plain(column):
    """A column with texts as such, and without what only VOTable knows of it."""
    values = column.data
    if values.dtype.kind in "OS":
        values = np.ma.filled(values, "") if np.ma.isMaskedArray(values) else values
        values = np.array(
            [v.decode() if isinstance(v, bytes) else str(v) for v in values.tolist()], dtype=str
        )
        return Column(values, unit=column.unit, description=column.description)
    kind = type(column)
    return kind(values, unit=column.unit, description=column.description)


def _value(param):
    value = param.value
    return value.item() if isinstance(value, np.generic) else value


def _one_line(text):
    """What VOTable can hold of a text: printable characters of two bytes, single blanks between words."""
    return " ".join("".join(c if c.isprintable() and c <= "\uffff" else " " for c in text).split())


VOTABLE = FileFormat(
    "votable",
    (".vot", ".xml"),
    "a VOTable",
    layout="tevcurve",
    encode_table=to_votable,
    decode=from_votable,
)
