"""Counts over energy."""

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.figures.style import current_axes, label_energies
from tevcurve.files.masked import is_masked
from tevcurve.maps import MapAxis


class CountsSpectrum:
    """Counts in energy bins: `data` (n,), the bins, and what belongs to them.

    Raises InputError when the array does not fit the bins.

    Parameters
    ----------
    energy : edges of the bins, Quantity or MapAxis
    data : float array (n,); zeros where None
    meta : dict, free to change and to replace; `t_start` and `t_stop` (Time) say which time the counts are of
    """

    def __init__(self, energy, data=None, meta=None):
        self.energy_axis = (
            energy if isinstance(energy, MapAxis) else MapAxis(energy, name="energy", interp="log")
        )
        shape = (self.energy_axis.nbin,)
        if is_masked(data):
            raise InputError(
                "The counts have masked bins; wanted are counts in all, and a mask_safe or mask_fit of the dataset."
            )
        self.data = np.zeros(shape) if data is None else np.array(data, dtype=float)
        if self.data.shape != shape:
            raise InputError(
                f"The counts have the shape {self.data.shape}; {shape} is wanted for these energy bins."
            )
        self.meta = {} if meta is None else meta

    @property
    def meta(self):
        """What belongs to the counts, a dict."""
        return self._meta

    @meta.setter
    def meta(self, meta):
        if not isinstance(meta, dict):
            raise InputError(f"The meta of counts is a {type(meta).__name__}; a dict is wanted.")
        self._meta = meta

    @property
    def energy_edges(self):
        """Edges of the bins, Quantity (n + 1,)."""
        return self.energy_axis.edges

    @property
    def total(self):
        """Sum over all bins, float."""
        return float(self.data.sum())

    def copy(self):
        """Counts with an array and a meta of their own."""
        return CountsSpectrum(self.energy_axis, self.data, dict(self.meta))

    def plot(self, ax=None, **style):
        """Axes with the counts per bin as steps; the keywords are matplotlib's `stairs`.

        Parameters
        ----------
        ax : matplotlib axes; default: the present ones
        style : keywords of `stairs`
        """
        ax, edges = current_axes() if ax is None else ax, self.energy_edges.to_value(u.TeV)
        ax.stairs(self.data, edges, **style)
        label_energies(ax, edges)
        ax.set_ylabel("Counts per bin")
        return ax

    def __repr__(self):
        return f"<CountsSpectrum: {self.total:g} counts, {self.energy_axis!r}>"
