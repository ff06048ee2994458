"""From observations to cubes: counts, exposure and background, with the times of the events kept."""

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.maps import WcsNDMap
from tevcurve.reduction.run_in_cells import pixels_icrs, reduce_cube


class MapMaker:
    """Makes the maps of counts, exposure and background of observations.

    Parameters
    ----------
    geom : `WcsGeom` with an axis of reconstructed energy
    offset_max : Quantity, string or float in deg
        Pixels whose centre is that far from the pointing, or farther, are outside the fit.
    geom_true : `WcsGeom` with the same pixels and an axis of true energy; default: `geom`

    Raises `InputError` if the geometries do not fit.
    """

    def __init__(self, geom, offset_max, geom_true=None):
        self.geom, self.geom_true = geom, geom if geom_true is None else geom_true
        self.offset_max = _angle(offset_max, "offset_max")
        for what, each in (("geom", self.geom), ("geom_true", self.geom_true)):
            if len(each.axes) != 1 or not each.axes[0].unit.is_equivalent(u.TeV):
                names = [axis.name for axis in each.axes]
                raise InputError(f"{what} has the axes {names}; wanted is one axis, of energy.")
        if self.geom.to_image() != self.geom_true.to_image():
            raise InputError(
                "geom_true has other pixels than geom; wanted are the same, with another energy axis."
            )

    def run(self, observations):
        """The maps "counts", "exposure" and "background" of one observation or of the sum of several, a dict.

        The counts remember the reduced runs (`WcsNDMap.origin`), so that they can be cut in time without
        another reduction. Without observations: `InputError`. Raises `DataError` for a run that cannot be used.
        """
        observations = list(observations) if hasattr(observations, "__iter__") else [observations]
        if not observations:
            raise InputError("There are no observations to make maps of; wanted is one or more.")
        true_edges = self.geom_true.axes[0].edges.to_value(u.TeV)
        runs = tuple(reduce_cube(obs, self.geom, true_edges, self.offset_max) for obs in observations)
        return {
            "counts": WcsNDMap(self.geom, sum(run.counts() for run in runs), origin=runs),
            "exposure": WcsNDMap(self.geom_true, sum(exposure_of(run) for run in runs), unit="cm2 s"),
            "background": WcsNDMap(self.geom, sum(run.background() for run in runs)),
        }


def _angle(angle, name):
    """One angle above 0 as Quantity in deg, of a Quantity, a string or a float in deg; InputError otherwise."""
    try:
        plain = not isinstance(angle, str | u.Quantity)
        value = u.Quantity(angle, u.deg if plain else None).to_value(u.deg)
    except (TypeError, ValueError, u.UnitsError) as error:
        raise InputError(f"{name} is {angle!r}; wanted is an angle above 0, such as '2 deg'.") from error
    if np.ndim(value) or not value > 0:
        raise InputError(f"{name} is {angle!r}; wanted is an angle above 0, such as '2 deg'.")
    return value * u.deg


def exposure_of(run):
    """Exposure of a run in each pixel (n_true, nlat, nlon), cm2 s; zero outside the largest offset.

    run: `ReducedCube`.
    """
    offset = run.offset_of(*pixels_icrs(run.geom))
    area = run.aeff.effective_area_grid(run.true_centers, offset)
    return np.where(run.inside, area, 0.0) * run.livetime_s
