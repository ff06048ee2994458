"""Whether the maps of a dataset fit each other, and whether a source is on them."""

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError


def check_maps(counts, exposure, background_model):
    """None where the maps make a `MapDataset`; raises `InputError` otherwise.

    Parameters
    ----------
    counts : the map of counts
    exposure : the map of exposures
    background_model : `BackgroundModel` or None
    """
    for what, each in (("counts", counts), ("exposure", exposure)):
        if not hasattr(each, "geom"):
            raise InputError(f"The {what} of a MapDataset are a {type(each).__name__}; wanted is a WcsNDMap.")
        if len(each.geom.axes) != 1 or not each.geom.axes[0].unit.is_equivalent(u.TeV):
            names = [axis.name for axis in each.geom.axes]
            raise InputError(
                f"The {what} map of a MapDataset has the axes {names}; wanted is one axis, of energy."
            )
    if not exposure.unit.is_equivalent("cm2 s"):
        raise InputError(
            f"The exposure map has the unit {str(exposure.unit)!r}; wanted is an area times a time."
        )
    if exposure.geom.to_image() != counts.geom.to_image():
        raise InputError(
            "The exposure map has other pixels than the counts map; a MapDataset needs the same."
        )
    if background_model is None:
        return
    if not hasattr(background_model, "scaled"):
        raise InputError(
            f"The background_model of a MapDataset is a {type(background_model).__name__}; wanted is a BackgroundModel."
        )
    if background_model.map.geom != counts.geom:
        raise InputError(
            "The background map has another geometry than the counts map; a MapDataset needs the same."
        )


def checked_mask(mask, counts):
    """The mask as a bool array of the counts' shape, or None; raises `InputError` where it does not fit.

    Parameters
    ----------
    mask : bool array or map, or None
    counts : `WcsNDMap`
    """
    if mask is None:
        return None
    data = np.asarray(mask.data if hasattr(mask, "geom") else mask)
    if data.shape != counts.geom.data_shape or data.dtype != bool:
        raise InputError(
            f"The mask is {data.dtype} of shape {data.shape}; wanted is bool of shape {counts.geom.data_shape}."
        )
    return data


def check_on_map(model, geom):
    """None where a `SkyModel` lies on the pixels of a geometry; raises `InputError` otherwise.

    Parameters
    ----------
    model : `SkyModel`
    geom : `WcsGeom`
    """
    spatial = model.spatial_model
    # In plain numbers: a fit of the position asks often, and a SkyCoord costs more than all the rest.
    if spatial is None or geom.lonlat_to_idx(*spatial.lonlat_in(geom.frame))[0] >= 0:
        return
    lon, lat = np.rad2deg(spatial.lonlat())
    raise InputError(
        f"The source {model.name or model.spectral_model.name!r} at ({lon:.4f}, {lat:.4f}) deg ({spatial.frame}) lies "
        "outside the map; wanted is a map that holds it."
    )
