"""The file formats of light curves: what is declared of each, and which one a file is of, by its name."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from astropy.table import Table

from tevcurve.declarations import Declarations
from tevcurve.errors import DataError, InputError
from tevcurve.lightcurve.good_times import with_good_times
from tevcurve.lightcurve.papers.shown import TIMES, Shown, chosen

if TYPE_CHECKING:
    from tevcurve.lightcurve.product import LightCurve


# How columns of any table are named, in Python and on the command line.
NAMES = (
    'LightCurve.read(path, columns={"time": ..., "flux": ..., "flux_err": ...}) or, on the command line, '
    "FILE:time=...,flux=...,flux_err=..."
)


@dataclass(frozen=True)
class FileFormat:
    """A file format of light curves.

    Attributes
    ----------
    name : str, as in `FORMATS`
    suffixes : tuple of str, what names of its files end in; one that ends in .gz is compressed when it is written
    words : str, what is in such a file, as "an ECSV table"
    layout : str, what several formats have in common, such as "gadf"; default: its name
    loses : str, what of a light curve is not there when it is read again, or "" where nothing is lost
    encode : function(`LightCurve`) -> bytes, or None for one that cannot be written, or by `encode_table`
    encode_table : function(Table) -> bytes, or an iterator of parts of them that are written one after the other, of
        any table; or None
    encode_rows : function(`LightCurve`, `Shown`) -> bytes, where the format itself says which columns it has and with
        how many digits, or None
    needs : tuple of str, columns that it has whatever is chosen
    decode : function(bytes, Path) -> `Table`, or None for one that is read as another one of the same suffix.
        What it raises becomes a `DataError` with the file's name
    knows : function(bytes) -> bool, whether a file is such a one, where its suffix does not say it; None: it does
    """

    name: str
    suffixes: tuple[str, ...]
    words: str
    layout: str = ""
    loses: str = ""
    encode: Callable[["LightCurve"], bytes] | None = None
    encode_table: Callable[[Table], bytes | Iterator[bytes]] | None = None
    encode_rows: Callable[["LightCurve", Shown], bytes] | None = None
    needs: tuple[str, ...] = TIMES
    decode: Callable[[bytes, Path], Table] | None = None
    knows: Callable[[bytes], bool] | None = None

    @property
    def is_written(self) -> bool:
        """Whether light curves can be written in it."""
        return any((self.encode, self.encode_table, self.encode_rows))

    def parts_of(self, light_curve: "LightCurve", shown: Shown | None = None) -> Iterator[bytes]:
        """Parts of the bytes of a light curve, in their order; its good times are in its table's metadata where these
        are all there is to keep.

        Parameters
        ----------
        light_curve : LightCurve
        shown : columns and digits that are asked for; default: what the format has by itself

        Raises `InputError` where it cannot be written, or has not the columns.
        """
        shown = shown or Shown()
        if self.encode_rows is not None:
            return iter([self.encode_rows(light_curve, shown)])
        light_curve = chosen(light_curve, shown, self.needs)
        if self.encode is not None:
            return iter([self.encode(light_curve)])
        if self.encode_table is not None:
            return self.parts_of_table(with_good_times(light_curve))
        raise InputError(f"Light curves are not written as {self.words}.")

    def parts_of_table(self, table: Table) -> Iterator[bytes]:
        """Parts of the bytes of a table, in their order. table: of any columns.

        Raises `InputError` where only light curves are written in it.
        """
        if self.encode_table is None:
            raise InputError(f"Other tables than light curves are not written as {self.words}.")
        content = self.encode_table(table)
        return iter([content] if isinstance(content, bytes) else content)

    @property
    def is_text(self) -> bool:
        """Whether a person can read its bytes: all but FITS."""
        return not any(suffix.startswith(".fits") for suffix in self.suffixes)

    def said_by(self, words: str) -> bool:
        """Whether somebody means it. words: its name, or its layout."""
        return words in (self.name, self.layout or self.name)


# Of two for the same suffix the first one is written where no layout is named.
FORMATS: Declarations[FileFormat] = Declarations(
    "file format",
    "tevcurve.file_formats",
    {
        "ecsv": "tevcurve.lightcurve.ecsv_files:ECSV",
        "fits": "tevcurve.lightcurve.fits_files:FITS",
        "votable": "tevcurve.lightcurve.votable:VOTABLE",
        "gadf-ecsv": "tevcurve.lightcurve.interop.gadf_files:GADF_ECSV",
        "gadf-fits": "tevcurve.lightcurve.interop.gadf_files:GADF_FITS",
        "csv": "tevcurve.lightcurve.csv_files:CSV",
        "json": "tevcurve.lightcurve.json_files:JSON",
        "latex": "tevcurve.lightcurve.papers.latex:LATEX",
        "cds": "tevcurve.lightcurve.papers.machine_readable:CDS",
        "atel": "tevcurve.lightcurve.papers.telegram:ATEL",
        "fermi-lcr-csv": "tevcurve.lightcurve.interop.fermi_lcr:FERMI_LCR_CSV",
        "fermi-lcr-json": "tevcurve.lightcurve.interop.fermi_lcr:FERMI_LCR_JSON",
        "swift-xrt": "tevcurve.lightcurve.interop.swift_xrt:SWIFT_XRT",
        "aavso": "tevcurve.lightcurve.interop.aavso:AAVSO",
    },
)


def format_to_write(path: Path, said: str | None = None, tables: bool = False) -> FileFormat:
    """The `FileFormat` in which a file of this name is written.

    Parameters
    ----------
    path : Path
    said : str, name or layout of a format; default: the first one whose suffix it has
    tables : bool, whether one for any table is wanted

    Raises `InputError` where there is none.
    """
    known = (form for form in _in_order() if form.is_written)
    if said is not None:
        written = list(known)
        known = (form for form in written if form.said_by(said))
        if not any(form.said_by(said) for form in written):
            layouts = dict.fromkeys(form.layout or form.name for form in written)
            wanted = " or ".join(map(repr, layouts))
            raise InputError(f"The format is {said!r}; wanted is {wanted}.")
    if tables:
        known = (form for form in known if form.encode_table is not None)
    which = "a light-curve file" if said is None else "a file in this layout"
    return _of_suffix(path, known, which)


def _in_order() -> Iterator[FileFormat]:
    """The formats one after the other: who finds its own need not wait for the modules of those behind it."""
    for name in FORMATS.at_hand:
        yield FORMATS[name]
    yield from (form for name, form in FORMATS.things().items() if name not in FORMATS.at_hand)


def format_of_text(said: str) -> FileFormat:
    """The `FileFormat` of a name or layout that is a text. said: its name. Raises `InputError` where there is none."""
    known = [form for form in FORMATS.things().values() if form.is_written and form.is_text]
    for form in known:
        if form.said_by(said):
            return form
    names = dict.fromkeys(form.name for form in known)
    raise InputError(f"The format is {said!r}; wanted is one that is a text: {', '.join(names)}.")


def check_suffix(path: Path) -> None:
    """Raises `InputError` where a file of this name is of no format that is read. path: Path."""
    known = (form for form in _in_order() if form.decode is not None)
    _of_suffix(path, known, "a light-curve file", f"; columns of any other table are named, as {NAMES}")


def format_of(data: bytes, path: Path) -> FileFormat:
    """The `FileFormat` of a file, by its name and what is in it.

    Parameters
    ----------
    data : bytes of the file
    path : of the file

    Raises `InputError` for a name of no format, `DataError` where nothing of what it may be is in it.
    """
    check_suffix(path)
    may_be = []
    for form in _in_order():
        if form.decode is not None and path.name.lower().endswith(form.suffixes):
            if form.knows is None or form.knows(data):
                return form
            may_be.append(form.words)
    raise DataError(
        f"{path} is none of {', '.join(may_be)}; wanted is one of these, or names of its columns, as {NAMES}."
    )


def _of_suffix(path: Path, known: Iterable[FileFormat], which: str, more: str = "") -> FileFormat:
    suffixes: dict[str, None] = {}
    for form in known:
        if path.name.lower().endswith(form.suffixes):
            return form
        suffixes |= dict.fromkeys(form.suffixes)
    raise InputError(f"{path} is no name for {which}: it should end in {', '.join(suffixes)}{more}.")
