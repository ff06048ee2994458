"""ON/OFF spectra from OGIP files; see `tevcurve.datasets.ogip` for the formats."""

from pathlib import Path

import astropy.units as u
import numpy as np
from astropy.io import fits

from tevcurve.data.gti import GTI
from tevcurve.data.time import TimeReference
from tevcurve.datasets.counts import CountsSpectrum
from tevcurve.datasets.ogip import FIRST_CHANNEL, UNFITTED
from tevcurve.datasets.onoff import SpectrumDatasetOnOff
from tevcurve.errors import DataError
from tevcurve.irf import EDispKernel


def read_ogip(path):
    """SpectrumDatasetOnOff of a PHA file and of the BKG, ARF and RMF files that its header names.

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
        try:
            with fits.open(self.path, memmap=False) as hdus:
                found = [hdu for hdu in hdus if hdu.name in names]
                if not found:
                    raise DataError(f"{self.path} has no table {' or '.join(names)}.")
                self.header, self.data = found[0].header, found[0].data
                self.units = {column.name.upper(): column.unit for column in found[0].columns}
        except FileNotFoundError:
            raise DataError(f"The file {self.path} is not there.") from None
        except OSError as error:
            raise DataError(f"The file {self.path} cannot be read as FITS: {error}.") from None
        self.where = f"{found[0].name} of {self.path}"

    def column(self, name, unit=None):
        """Values of a column, as float64 in a unit where one is given."""
        if name not in self.units:
            raise DataError(f"{self.where} has no column {name}; it has {', '.join(self.units)}.")
        values = self.data[name]
        if unit is None:
            return values
        try:
            return (np.asarray(values, dtype=float) * u.Unit(self.units[name] or "")).to_value(unit)
        except (ValueError, u.UnitConversionError):
            raise DataError(f"{self.where}: {name} is in {self.units[name]!r}; {unit} is wanted.") from None

    def number_or_column(self, name, default):
        """A value for every row: the column of this name, or the keyword."""
        values = self.data[name] if name in self.units else self.header.get(name, default)
        return np.array(np.broadcast_to(values, len(self.data)), dtype=float)

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
        self.counts = np.asarray(self.table.column("COUNTS"), dtype=float)
        self.quality = self.table.number_or_column("QUALITY", 0).astype(int)
        self.scale = self.table.number_or_column("BACKSCAL", 1.0) * self.table.number_or_column(
            "AREASCAL", 1.0
        )
        self.exposure = float(self.table.header.get("EXPOSURE", 0))
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
        return {"t_start": reference.to_time(header["TSTART"]), "t_stop": reference.to_time(header["TSTOP"])}

    def beside(self, keyword):
        """Path of the file that a keyword names, beside this one."""
        name = str(self.table.header.get(keyword, "NONE")).strip()
        if name.upper() in ("", "NONE"):
            raise DataError(
                f"{self.table.where} names no {keyword}; ON/OFF spectra want background, ARF and RMF."
            )
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
    number = list(table.units).index("F_CHAN") + 1 if "F_CHAN" in table.units else 0
    first = table.header.get(f"TLMIN{number}", FIRST_CHANNEL)
    columns = [table.column(name) for name in ("N_GRP", "F_CHAN", "N_CHAN", "MATRIX")]
    matrix = np.zeros((len(table.data), len(e_reco) - 1))
    for row, (n_groups, starts, lengths, values) in enumerate(zip(*columns, strict=True)):
        used = 0
        for start, length in zip(
            np.atleast_1d(starts)[:n_groups], np.atleast_1d(lengths)[:n_groups], strict=True
        ):
            matrix[row, start - first : start - first + length] = np.atleast_1d(values)[used : used + length]
            used += length
    return EDispKernel(matrix, table.edges("ENERG_LO", "ENERG_HI"), e_reco)
