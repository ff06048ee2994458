"""Flux points of each time bin, and what a person does with them."""

from dataclasses import dataclass

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.lightcurve.joined_rows import INSTRUMENTS
from tevcurve.lightcurve.product import LightCurve
from tevcurve.lightcurve.sed.text import as_html, as_text, summary
from tevcurve.lightcurve.selection import bins_of_rows, rows_of_instruments
from tevcurve.on_demand import offers

METHODS = {
    "plot": "tevcurve.lightcurve.sed.plot:plot",
    "to_gadf_table": "tevcurve.lightcurve.sed.files:to_gadf_table",
    "write": "tevcurve.lightcurve.sed.files:write_flux_points",
}
MAKERS = {"read": "tevcurve.lightcurve.sed.files:read_flux_points"}


@offers(METHODS, MAKERS)
@dataclass(frozen=True, eq=False, repr=False)
class FluxPoints:
    """Spectra in time: flux points in the same energy bands for each time bin, as `LightCurve.sed` makes them.

    Attributes
    ----------
    points : `LightCurve` with a row for each time bin and energy band, as `tevcurve.light_curve` gives it. `dnde` and
        `e2dnde` are at `e_ref`, the geometric mean of the band's edges: the norm times the spectrum's shape there.
        Where parameters are free, the shape is that of the time bin, and columns by their names say it
    fits : `LightCurve` with a row for each time bin: the fit of all the energies together, with the parameters that are
        free, and further columns `curve_energy` (TeV) and `curve_dnde` (1 / (TeV cm2 s)), vectors: its spectrum, NaN
        where there is none

    Raises `InputError` where both have not the same time bins, or a time bin has not all of the bands.
    """

    points: LightCurve
    fits: LightCurve

    def __post_init__(self):
        bins = bins_of_rows(self.points.table)
        first = np.flatnonzero(np.diff(bins, prepend=-1))
        if len(np.unique(np.bincount(bins))) > 1:
            raise InputError("The time bins of the flux points have not all the same number of energy bands.")
        for name in ("time_min", "time_max"):
            if not np.array_equal(self.points.table[name][first], self.fits.table[name]):
                raise InputError(
                    f"The flux points are of {len(first)} time bins, which are not the {len(self.fits)} of the fits."
                )

    @property
    def table(self):
        """The table of the points, one row for each time bin and energy band."""
        return self.points.table

    @property
    def meta(self):
        """The metadata of the points."""
        return self.points.meta

    @property
    def n_bands(self):
        """Number of the energy bands, int."""
        return len(self.points) // max(len(self), 1)

    @property
    def energy_edges(self):
        """Edges of the energy bands, Quantity (n_bands + 1,), TeV."""
        low, high = (np.asarray(self.table[name])[: self.n_bands] for name in ("e_min", "e_max"))
        return np.append(low, high[-1:]) * u.TeV

    @property
    def instruments(self):
        """Names of the instruments whose rows these are, tuple of str; empty where the rows do not say."""
        return self.points.instruments

    def of_instrument(self, name):
        """The `FluxPoints` of the time bins of one instrument.

        name: one of `instruments`. Raises `InputError` for another, and where time bins are of several together.
        """
        if INSTRUMENTS in self.table.colnames:
            raise InputError(
                "Flux points have runs of several instruments together; wanted are those of one by "
                f"light_curve.of_instrument({name!r}).sed()."
            )
        numbers = rows_of_instruments(self.fits.table).get(name)
        if numbers is None:
            there = ", ".join(map(repr, self.instruments)) or "none"
            raise InputError(f"There are no flux points of {name!r}; the instruments are {there}.")
        return self[numbers]

    def __len__(self):
        return len(self.fits)

    def __getitem__(self, numbers):
        """The `FluxPoints` of some time bins, in their order.

        numbers: int, slice, bool array (n,), or increasing int array, of time bins.
        """
        fits = self.fits[numbers]
        chosen = np.arange(len(self))[numbers].reshape(-1)
        return FluxPoints(self.points[np.isin(bins_of_rows(self.table), chosen)], fits)

    def __repr__(self):
        return f"<{summary(self)}>"

    def __str__(self):
        return as_text(self)

    def _repr_html_(self):
        return as_html(self)
