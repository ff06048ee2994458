"""Spectra in time: the flux points of each time bin, and the spectrum that fits all of its energies.

The name is loaded on first use, so that a light curve costs none of this.
"""

from tevcurve.on_demand import names_on_demand

__all__ = ["FluxPoints"]
__getattr__, __dir__ = names_on_demand(
    __name__, {"FluxPoints": "tevcurve.lightcurve.sed.flux_points:FluxPoints"}
)
