"""Datasets in the FITS files that gammapy writes; gammapy is not needed.

`MapDataset.write` makes images (COUNTS, EXPOSURE, BACKGROUND, MASK_SAFE, MASK_FIT, PSF, EDISP), each with a table of
its axes. `SpectrumDatasetOnOff.write` makes tables of numbers per channel (COUNTS, COUNTS_OFF, ACCEPTANCE,
ACCEPTANCE_OFF, EXPOSURE, MASK_SAFE, EDISP), each with a table of its axes, or with `format="ogip"` the PHA file that
`SpectrumDatasetOnOff.read_ogip` reads, too. Models are not in these files; the live time is in the PHA file only.
"""

import io
from pathlib import Path

import astropy.units as u
import numpy as np
from astropy.io import fits

from tevcurve.data.gti import GTI
from tevcurve.datasets.gammapy_parts import CubeParts, OnOffParts
from tevcurve.datasets.ogip_read import read_ogip
from tevcurve.datasets.position_responses import integrate_over_reco
from tevcurve.errors import DataError
from tevcurve.files.content import read_bytes
from tevcurve.maps import MapAxis, WcsNDMap
from tevcurve.maps.fits_io import map_from_hdus
from tevcurve.maps.fits_wcs import geometry_from_header
from tevcurve.models import BackgroundModel

ON_OFF = ("COUNTS", "COUNTS_OFF", "ACCEPTANCE", "ACCEPTANCE_OFF", "EXPOSURE")
CUBE = ("COUNTS", "EXPOSURE")


def read_gammapy(path, model=None, position=None, name=""):
    """The `MapDataset` or `SpectrumDatasetOnOff` in a file of gammapy.

    The background of a `MapDataset` gets a free norm. Its PSF and energy dispersion are those at the model's position.

    Parameters
    ----------
    path : str or path
    model : `SkyModel`, or a list of them for a `MapDataset`; for spectra it may be set later
    position : `SkyCoord` at which the responses of a `MapDataset` are wanted; default: that of the first model
    name : str; default: the name of the file

    Raises `DataError` where the file is not there or holds no such dataset, `InputError` without model and position.
    """
    path = Path(path)
    models = [] if model is None else list(model) if isinstance(model, (list, tuple)) else [model]
    with fits.open(io.BytesIO(read_bytes(path)), memmap=False) as hdus:
        names = [hdu.name for hdu in hdus]
        if "SPECTRUM" in names:
            dataset = read_ogip(path)
            dataset.model, dataset.name = (models[0] if models else None), name or dataset.name
            return dataset
        name = name or path.name.split(".")[0]
        if set(ON_OFF) <= set(names) and not hdus["COUNTS"].is_image:
            return _onoff(hdus, str(path), name).dataset(models)
        if set(CUBE) <= set(names) and hdus["COUNTS"].is_image:
            return _cube(hdus, str(path), name).dataset(models, position)
    raise DataError(
        f"{path} holds the HDUs {', '.join(names)}; wanted is a MapDataset or a SpectrumDatasetOnOff of gammapy."
    )


def _cube(hdus, where, name):
    counts, exposure = (map_from_hdus(hdus, each, where) for each in CUBE)
    background = None
    if "BACKGROUND" in hdus:
        background = BackgroundModel(map_from_hdus(hdus, "BACKGROUND", where))
    masks = [
        map_from_hdus(hdus, each, where).data.astype(bool)
        for each in ("MASK_SAFE", "MASK_FIT")
        if each in hdus
    ]
    return CubeParts(
        counts,
        exposure,
        background,
        psf=_response(hdus, "PSF", where),
        edisp=_response(hdus, "EDISP", where),
        mask=np.logical_and.reduce(masks) if masks else None,
        gti=_gti(hdus, where),
        name=name,
    )


def _response(hdus, name, where):
    """A map with two axes besides the sky, `WcsNDMap`; None where it is not there."""
    if name not in hdus:
        return None
    image, axes = hdus[name], _axes(hdus, name, where)
    data = np.asarray(image.data, dtype=float)
    geom = geometry_from_header(image.header, f"{where}[{name}]").to_cube(axes)
    if data.shape != geom.data_shape:
        raise DataError(
            f"{where}[{name}] has the shape {data.shape}; its table of axes says {geom.data_shape}."
        )
    return WcsNDMap(geom, data, u.Unit(image.header.get("BUNIT", "")))


def _axes(hdus, name, where):
    """The axes besides the sky, list of `MapAxis`: AXCOLS1, AXCOLS2, ... name columns of edges in a table of bands."""
    if f"{name}_BANDS" not in hdus:
        raise DataError(f"{where} has no HDU {name}_BANDS, the table of the axes of {name}.")
    table, axes = hdus[f"{name}_BANDS"], []
    while f"AXCOLS{len(axes) + 1}" in table.header:
        number = len(axes) + 1
        columns = table.header[f"AXCOLS{number}"].replace(" ", "").split(",")
        if len(columns) != 2 or not set(columns) <= set(table.columns.names):
            raise DataError(f"{where}[{table.name}] names the columns {columns}; wanted are two of edges.")
        low, high = (np.unique(np.asarray(table.data[column], dtype=float)) for column in columns)
        unit = u.Unit(table.columns[columns[0]].unit or "")
        interp = "log" if table.header.get(f"INTERP{number}", "lin").strip() == "log" else "lin"
        stem = "energy" if columns[0] == "E_MIN" else columns[0].removesuffix("_MIN").lower()
        axes.append(MapAxis(np.append(low, high[-1]) << unit, stem, interp))
    return axes


def _onoff(hdus, where, name):
    values = {each: _numbers(hdus, each, where) for each in ON_OFF}
    (reco,), (true,) = _axes(hdus, "COUNTS", where), _axes(hdus, "EXPOSURE", where)
    return OnOffParts(
        *(values[each].value for each in ON_OFF[:4]),
        exposure=values["EXPOSURE"],
        edisp=_edisp(hdus, where, true, reco),
        reco_edges=reco.edges.to("TeV"),
        true_edges=true.edges.to("TeV"),
        mask_safe=_flags(hdus, "MASK_SAFE", where),
        mask_fit=_flags(hdus, "MASK_FIT", where),
        gti=_gti(hdus, where),
        name=name,
    )


def _numbers(hdus, name, where):
    """The values per channel of a table, Quantity."""
    table = hdus[name]
    if "DATA" not in (table.columns.names if not table.is_image else ()):
        raise DataError(f"{where}[{name}] has no column DATA; a region map of gammapy has one.")
    order = np.argsort(table.data["CHANNEL"], kind="stable")
    values = np.asarray(table.data["DATA"], dtype=float)[order].reshape(-1)
    return u.Quantity(values, table.columns["DATA"].unit or "")


def _flags(hdus, name, where):
    return _numbers(hdus, name, where).value.astype(bool) if name in hdus else None


def _edisp(hdus, where, true, reco):
    """Probabilities (n_true, n_reco)."""
    if "EDISP" not in hdus:
        return np.eye(true.nbin, reco.nbin)
    axis = _axes(hdus, "EDISP", where)[0]
    values = _numbers(hdus, "EDISP", where).value.reshape(true.nbin, -1)
    if axis.name == "migra":
        return integrate_over_reco(values, axis.edges.value, true.center, reco.edges)
    return values


def _gti(hdus, where):
    return GTI.from_hdu(hdus["GTI"], f"{where}[GTI]") if "GTI" in hdus else None
