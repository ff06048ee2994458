"""The flux of a source while it is quiet, from a light curve of such a time."""

from dataclasses import dataclass

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.lightcurve import LightCurve
from tevcurve.lightcurve.selection import bands_of_rows, rows_of_band
from tevcurve.lightcurve.variability.rows import rows_of
from tevcurve.live.regions import OffRates
from tevcurve.live.rows import events_of, off_rates

_UNIT = u.Unit("cm-2 s-1")
# Of the quiet flux: how far it may be off at most, over itself.
MOST = 0.5


@dataclass(frozen=True)
class Baseline:
    """A constant flux, and how well it is known.

    Attributes
    ----------
    flux : Quantity, cm-2 s-1, 0 or more
    error : Quantity, cm-2 s-1, its statistical error; 0 where the flux is
    off_rates : dict of the name of an instrument to its `~tevcurve.live.regions.OffRates`, of a light curve in 1D
    """

    flux: u.Quantity
    error: u.Quantity
    off_rates: dict[str, OffRates]

    @property
    def share(self) -> float:
        """The error over the flux; 0 where the flux is."""
        return float(self.error / self.flux) if self.flux > 0 else 0.0

    def __str__(self) -> str:
        return f"{self.flux.value:.4g} ± {self.error.value:.2g} cm-2 s-1"

    def total_error(self, error: float) -> float:
        """The error over the flux together with another one.

        Raises `InputError` where that is not below 0.5.

        error: float, over the flux.
        """
        total = float(np.hypot(error, self.share))
        if self.share > 0 and not total < MOST:
            raise InputError(
                f"The constant flux is {self}, {total:.0%} of it with an error of {error:.0%}; wanted is a quiet time "
                f"that tells it better than to {MOST:.0%}, "
                'or the flux itself, "0 cm-2 s-1" where there is no source.'
            )
        return total

    @classmethod
    def of(cls, quiet: LightCurve, light_curve: LightCurve, band: int | None = None) -> "Baseline":
        """That of a light curve of a quiet time.

        Parameters
        ----------
        quiet : `LightCurve`
        light_curve : `LightCurve` that is to be compared with it, in the same energy band
        band : number of the energy band, where there are several

        Raises `InputError` where the energy bands differ.
        """
        (low, high), wanted = (_edges(each, band) for each in (quiet, light_curve))
        if not np.allclose((low, high), wanted, rtol=1e-6):
            raise InputError(
                f"The quiet flux is that between {low:.4g} and {high:.4g} TeV, and the light curve is of "
                f"{wanted[0]:.4g} to {wanted[1]:.4g} TeV; wanted is one energy band."
            )
        rows = rows_of(quiet, band, least=1, bounded=True)
        fits = rows.fits
        norm, minimum = float(fits.constant[0]), fits.constant_minimum
        error = float(np.sqrt(2 / minimum.curvature[0])) if norm > 0 and minimum.is_smooth[0] else 0.0
        flux, error = (max(each, 0.0) * float(rows.flux) * _UNIT for each in (norm, error))
        off = {} if quiet.origin is None else off_rates(*events_of(quiet, band))
        return cls(flux, error, off)


def baseline_of(quiet: LightCurve, light_curve: LightCurve, band: int | None = None) -> u.Quantity:
    """The constant flux of a light curve, 0 or more, Quantity in cm-2 s-1.

    Parameters
    ----------
    quiet, light_curve, band : as `Baseline.of` takes them

    Raises `InputError` where the energy bands differ.
    """
    return Baseline.of(quiet, light_curve, band).flux


def _edges(light_curve, band):
    """(lowest, highest) energy of a band, TeV; raises `InputError` where there are several and none is told."""
    table = light_curve.table
    n_bands, _ = bands_of_rows(table)
    if band is None and n_bands > 1:
        raise InputError(f"The light curve has {n_bands} energy bands; wanted is the number of one, from 0.")
    number = int(rows_of_band(table, band or 0)[0])
    return tuple(u.Quantity(table[name])[number].to_value("TeV") for name in ("e_min", "e_max"))
