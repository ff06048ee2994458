"""ON/OFF spectra as OGIP files: PHA and BKG (counts), ARF (effective area) and RMF (energy dispersion).

The formats are those of XSPEC and Sherpa: OGIP/92-007 (spectra) and CAL/GEN/92-002 (responses), energies in keV. What
an acceptance is here is called BACKSCAL there; QUALITY is 1 outside the safe energies, 5 outside the range of the
fit.
"""

from io import BytesIO
from pathlib import Path

import numpy as np
from astropy.io import fits

from tevcurve.atomic import replace_file
from tevcurve.data.time import TimeReference
from tevcurve.errors import InputError

UNSAFE, UNFITTED = 1, 5
FIRST_CHANNEL = 1


def ogip_paths(path):
    """Paths of the four files, a dict: pha is the path itself; arf, rmf and bkg lie beside it, `<stem>_arf.fits` ...

    path: str or Path, of the PHA file.
    """
    path = Path(path)
    stem = path.name.removesuffix(".gz").rsplit(".", 1)[0]
    return {"pha": path} | {kind: path.with_name(f"{stem}_{kind}.fits") for kind in ("arf", "rmf", "bkg")}


def write_ogip(dataset, path, overwrite=False):
    """Paths of the four files (see `ogip_paths`) that an ON/OFF dataset is written to.

    The times of the events are not among them: a dataset that is read back cannot be cut in time. Raises InputError
    when the live time is not known, or a file is there and `overwrite` is not True.

    Parameters
    ----------
    dataset : `SpectrumDatasetOnOff`
    path : str or Path, of the PHA file
    overwrite : bool, whether files that are there are replaced
    """
    livetime = dataset.livetime.to_value("s")
    if not livetime > 0:
        raise InputError(
            f"The dataset {dataset.name!r} has a live time of {livetime} s; one above 0 is wanted for OGIP."
        )
    paths = ogip_paths(path)
    present = [str(each) for each in paths.values() if each.exists()]
    if present and not overwrite:
        raise InputError(f"{' and '.join(present)} exist already; overwrite=True replaces them.")
    tables = {
        "pha": [
            _spectrum_table(dataset, dataset.counts, dataset.acceptance, "TOTAL", paths),
            *_gti_tables(dataset),
        ],
        "bkg": [_spectrum_table(dataset, dataset.counts_off, dataset.acceptance_off, "BKG")],
        "arf": [_arf_table(dataset, livetime)],
        "rmf": [_matrix_table(dataset.edisp), _channel_table(dataset.edisp)],
    }
    for kind, hdus in tables.items():
        fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(buffer := BytesIO())
        replace_file(paths[kind], buffer.getvalue())
    return paths


def _table(name, columns, **keywords):
    columns = [fits.Column(name, form, unit, array=array) for name, form, unit, array in columns]
    hdu = fits.BinTableHDU.from_columns(columns, name=name)
    hdu.header.update(
        {"HDUCLASS": "OGIP", "TELESCOP": "IACT", "INSTRUME": "IACT", "FILTER": "NONE", **keywords}
    )
    return hdu


def _channels(n):
    return ("CHANNEL", "J", None, np.arange(FIRST_CHANNEL, FIRST_CHANNEL + n))


def _spectrum_table(dataset, counts, acceptance, kind, paths=None):
    """The SPECTRUM table; `paths` where it names a background and responses."""
    data, n = counts.data, len(counts.data)
    whole = np.array_equal(data, np.round(data))
    safe, fitted = (
        np.ones(n, bool) if mask is None else mask for mask in (dataset.mask_safe, dataset.mask_fit)
    )
    quality = np.where(~safe, UNSAFE, np.where(~fitted, UNFITTED, 0))
    columns = [
        _channels(n),
        ("COUNTS", "J" if whole else "D", "count", data),
        ("QUALITY", "I", None, quality),
    ]
    constant = np.all(acceptance == acceptance[0])
    if not constant:
        columns.append(("BACKSCAL", "D", None, acceptance))
    names = {"bkg": "BACKFILE", "rmf": "RESPFILE", "arf": "ANCRFILE"}
    hdu = _table(
        "SPECTRUM",
        columns,
        HDUCLAS1="SPECTRUM",
        HDUCLAS2=kind,
        HDUCLAS3="COUNT",
        HDUCLAS4="TYPE:I",
        HDUVERS="1.2.1",
        OBS_ID=dataset.name,
        EXPOSURE=dataset.livetime.to_value("s"),
        AREASCAL=1.0,
        CORRFILE="NONE",
        CORRSCAL=0.0,
        POISSERR=True,
        CHANTYPE="PI",
        DETCHANS=n,
        **{key: paths[which].name if paths else "NONE" for which, key in names.items()},
        **({"BACKSCAL": float(acceptance[0])} if constant else {}),
    )
    hdu.header["TLMIN1"], hdu.header["TLMAX1"] = FIRST_CHANNEL, FIRST_CHANNEL + n - 1
    meta = counts.meta
    if "t_start" in meta and "t_stop" in meta:
        reference = (
            dataset.gti.reference if dataset.gti is not None else TimeReference.from_time(meta["t_start"])
        )
        times = {"TSTART": meta["t_start"], "TSTOP": meta["t_stop"]}
        hdu.header.update(
            reference.to_header() | {key: reference.to_seconds(time) for key, time in times.items()}
        )
    return hdu


def _gti_tables(dataset):
    """A list of the GTI table, empty where the dataset has no good time intervals."""
    if dataset.gti is None:
        return []
    start, stop = dataset.gti.intervals.T
    columns = [("START", "D", "s", start), ("STOP", "D", "s", stop)]
    return [_table("GTI", columns, HDUCLAS1="GTI", **dataset.gti.reference.to_header())]


def _arf_table(dataset, livetime):
    area = dataset.exposure.to_value("cm2 s") / livetime
    columns = [*_energies("ENERG_LO", "ENERG_HI", dataset.edisp.e_true), ("SPECRESP", "D", "cm**2", area)]
    return _table("SPECRESP", columns, HDUCLAS1="RESPONSE", HDUCLAS2="SPECRESP", HDUVERS="1.1.0")


def _energies(low, high, edges):
    edges = edges.to_value("keV")
    return [(low, "D", "keV", edges[:-1]), (high, "D", "keV", edges[1:])]


def _matrix_table(edisp):
    """The redistribution matrix: one group of all channels in each row."""
    n_true, n_reco = edisp.pdf_matrix.shape
    columns = [
        *_energies("ENERG_LO", "ENERG_HI", edisp.e_true),
        ("N_GRP", "I", None, np.ones(n_true)),
        ("F_CHAN", "J", None, np.full(n_true, FIRST_CHANNEL)),
        ("N_CHAN", "J", None, np.full(n_true, n_reco)),
        ("MATRIX", f"{n_reco}D", None, edisp.pdf_matrix),
    ]
    keywords = {"HDUCLAS1": "RESPONSE", "HDUCLAS2": "RSP_MATRIX", "HDUCLAS3": "REDIST", "HDUVERS": "1.3.0"}
    hdu = _table(
        "MATRIX", columns, CHANTYPE="PI", DETCHANS=n_reco, LO_THRES=0.0, RMFVERSN="1992a", **keywords
    )
    hdu.header["TLMIN4"], hdu.header["TLMAX4"] = FIRST_CHANNEL, FIRST_CHANNEL + n_reco - 1
    return hdu


def _channel_table(edisp):
    n_reco = edisp.pdf_matrix.shape[1]
    columns = [_channels(n_reco), *_energies("E_MIN", "E_MAX", edisp.e_reco)]
    keywords = {"HDUCLAS1": "RESPONSE", "HDUCLAS2": "EBOUNDS", "HDUVERS": "1.2.0"}
    return _table("EBOUNDS", columns, CHANTYPE="PI", DETCHANS=n_reco, RMFVERSN="1992a", **keywords)
