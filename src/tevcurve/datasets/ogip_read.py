"""ON/OFF spectra from OGIP files; see `tevcurve.datasets.ogip` for the formats."""

from pathlib import Path

import astropy.units as u
import numpy as np

from tevcurve.data.gti import GTI
from tevcurve.data.time import TimeReference
from tevcurve.data.time_keywords import seconds_in_unit
from tevcurve.datasets.counts import CountsSpectrum
from tevcurve.datasets.ogip import FIRST_CHANNEL, UNFITTED
from tevcurve.datasets.onoff import SpectrumDatasetOnOff
from tevcurve.errors import DataError
from tevcurve.files import FitsFile, column_values, header_number
from tevcurve.files.columns import listed
from tevcurve.irf import EDispKernel

_MOST_CELLS = 2**24


def read_ogip(path):
    """SpectrumDatasetOnOff of a PHA file and of the BKG, ARF and RMF files that its header names.

    path: str or Path, of the PHA file.

    Raises DataError where a file, a table or a column is missing, or the files do not fit each other.
    """
    on = _Spectrum(path)
    off, rmf, arf = _Spectrum(on.beside("BACKFILE")), on.beside("RESPFILE"), on.beside("ANCRFILE")
    edisp = _read_rmf(rmf)
    if not len(on.counts) == len(off.counts) == len(edisp.e_reco) - 1:
        raise DataError(
            f"{path} has {len(on.counts)} channels, its background {len(off.counts)} and {rmf} "
            f"{len(edisp.e_reco) - 1}; as many in all are wanted."
        )
    return SpectrumDatasetOnOff(
        counts=CountsSpectrum(edisp.e_reco, on.counts, on.times),
        counts_off=CountsSpectrum(edisp.e_reco, off.counts),
        acceptance=on.scale,
        # A background that was exposed for longer has seen more, as a larger region would have.
        acceptance_off=off.scale * (off.exposure / on.exposure),
        exposure=_read_arf(arf, edisp.e_true) * on.exposure * u.Unit("cm2 s"),
        edisp=edisp,
        livetime=on.exposure * u.s,
        mask_safe=np.isin(on.quality, (0, UNFITTED)),
        mask_fit=on.quality != UNFITTED,
        name=str(on.table.header.get("OBS_ID", Path(path).stem)),
        gti=_read_gti(path),
    )


class _Table:
    """One binary table of a FITS file, read at once; `names` are those it may go by."""

    def __init__(self, path, *names):
        self.path = Path(path)
        file = FitsFile.open(self.path)
        found = [name for name in file.names if name.upper() in names]
        if not found:
            raise DataError(f"{self.path} has no table {' or '.join(names)}.")
        self._table = file.table(found[0])
        self.header, self.data = self._table.header, self._table.data
        self.names = [name.upper() for name in self._table.columns.names]
        self.where = f"{found[0]} of {self.path}"

    def column(self, name, unit=None):
        """Values of a column, as float64 in a unit where one is given."""
        if unit is not None:
            return column_values(self._table, name, unit, self.where)
        if name not in self.names:
            raise DataError(f"{self.where} has no column {name}; it has {listed(self.names)}.")
        return self.data[name]

    def numbers(self, name):
        """Values of a column whose unit is of no matter, one a row, float64."""
        values = self.column(name)
        # gammapy writes QUALITY as truth values.
        if values.dtype.kind not in "biuf" or values.ndim != 1:
            raise DataError(f"The column {name} of {self.where} does not hold one number in each row.")
        return values.astype(float)

    def number_or_column(self, name, default):
        """A value for every row: the column of this name, or the keyword."""
        if name in self.names:
            return self.numbers(name)
        return np.full(len(self.data), header_number(self.header, name, self.where, default))

    def edges(self, low, high):
        """Edges of energy bins that touch, Quantity in TeV, in increasing order."""
        low, high = self.column(low, "TeV"), self.column(high, "TeV")
        if not np.allclose(low[1:], high[:-1], rtol=1e-5, atol=0):
            raise DataError(f"{self.where}: the energy bins do not touch; bins without gaps are wanted.")
        return np.append(low, high[-1]) * u.TeV


class _Spectrum:
    """Counts and what belongs to them, of a PHA or a BKG file."""

    def __init__(self, path):
        self.table = _Table(path, "SPECTRUM")
        self.counts = self.table.numbers("COUNTS")
        self.quality = self.table.number_or_column("QUALITY", 0).astype(int)
        self.scale = self.table.number_or_column("BACKSCAL", 1.0) * self.table.number_or_column(
            "AREASCAL", 1.0
        )
        self.exposure = header_number(self.table.header, "EXPOSURE", self.table.where, 0.0)
        if not self.exposure > 0:
            raise DataError(
                f"{self.table.where} has an EXPOSURE of {self.exposure}; a time above 0 is wanted."
            )

    @property
    def times(self):
        """The meta of the counts: `t_start` and `t_stop` where the file has them."""
        header = self.table.header
        if "TSTART" not in header or "TSTOP" not in header:
            return {}
        reference = TimeReference.from_header(header, self.table.where)
        unit = seconds_in_unit(header, self.table.where)
        start, stop = (unit * header_number(header, key, self.table.where) for key in ("TSTART", "TSTOP"))
        return {"t_start": reference.to_time(start), "t_stop": reference.to_time(stop)}

    def beside(self, keyword):
        """Path of the file that a keyword names, beside this one."""
        name = str(self.table.header.get(keyword, "NONE")).strip()
        if name.upper() in ("", "NONE"):
            raise DataError(
                f"{self.table.where} names no {keyword}; ON/OFF spectra want background, ARF and RMF."
            )
        if Path(name).name != name:
            raise DataError(f"{self.table.where} has the {keyword} {name!r}; wanted is a file beside it.")
        return self.table.path.with_name(name)


def _read_gti(path):
    try:
        table = _Table(path, "GTI")
    except DataError:
        return None
    reference = TimeReference.from_header(table.header, table.where)
    return GTI(table.column("START", "s"), table.column("STOP", "s"), reference)


def _read_arf(path, e_true):
    """Effective area in cm2 (n_true,), on the energies of the RMF."""
    table = _Table(path, "SPECRESP")
    edges = table.edges("ENERG_LO", "ENERG_HI")
    if len(edges) != len(e_true) or not np.allclose(edges.value, e_true.value, rtol=1e-5, atol=0):
        raise DataError(f"{table.where} has other energy bins than the RMF; the same are wanted.")
    return table.column("SPECRESP", "cm2")


def _read_rmf(path):
    """EDispKernel of a redistribution matrix in groups of channels (CAL/GEN/92-002, section 3)."""
    channels = _Table(path, "EBOUNDS")
    e_reco = channels.edges("E_MIN", "E_MAX")
    table = _Table(path, "MATRIX", "SPECRESP MATRIX")
    number = table.names.index("F_CHAN") + 1 if "F_CHAN" in table.names else 0
    first = table.header.get(f"TLMIN{number}", FIRST_CHANNEL)
    columns = [table.column(name) for name in ("N_GRP", "F_CHAN", "N_CHAN", "MATRIX")]
    shape = len(table.data), len(e_reco) - 1
    if shape[0] * shape[1] > _MOST_CELLS:
        raise DataError(
            f"{table.where} is a matrix of {shape[0]} x {shape[1]}; at most {_MOST_CELLS} cells are wanted."
        )
    matrix = np.zeros(shape)
    try:
        for row, (n_groups, starts, lengths, values) in zip(matrix, zip(*columns, strict=True), strict=True):
            _fill_groups(
                row, int(n_groups), np.atleast_1d(starts) - int(first), np.atleast_1d(lengths), values
            )
    except (ValueError, TypeError, IndexError) as error:
        raise DataError(f"{table.where} has groups of channels that do not fit it: {error}.") from None
    return EDispKernel(matrix, table.edges("ENERG_LO", "ENERG_HI"), e_reco)


def _fill_groups(row, n_groups, starts, lengths, values):
    """Puts the values of groups of channels into a row of the matrix."""
    used = 0
    for start, length in zip(starts[:n_groups].tolist(), lengths[:n_groups].tolist(), strict=True):
        row[start : start + length] = np.atleast_1d(values)[used : used + length]
        used += length
