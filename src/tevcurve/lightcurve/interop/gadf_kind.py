"""Which columns of a table in the layout of GADF its reader starts from, the keyword SED_TYPE."""

import astropy.units as u
import numpy as np
from astropy.table import Table

from tevcurve.errors import InputError
from tevcurve.lightcurve.columns import QUANTITIES
from tevcurve.models.template_spectrum import TemplateSpectrum

NORMS = "likelihood"
_REFERENCES = ("ref_dnde", "ref_flux", "ref_eflux")
# How far fluxes may be from ours where they are made again of norms.
_AS_GOOD = 1e-3


def kind_of(table: Table, n_bands: int) -> str:
    """The kind of a table: "likelihood", of norms and a reference, else the first of flux, dnde, ... that it has.

    gammapy makes its fluxes of norms by a reference of its own, which goes through `ref_dnde` in straight lines: with
    one band, with a curved spectrum in few, or with one that is free in each row, they would not be those of the table.

    Parameters
    ----------
    table : of a light curve, with energies
    n_bands : number of its energy bands

    Raises `InputError` where it has no values of any kind.
    """
    names = set(table.colnames)
    if {"norm", *_REFERENCES} <= names and _reference_is_enough(table, n_bands):
        return NORMS
    fluxes = [quantity for quantity in QUANTITIES if quantity in names]
    if not fluxes:
        raise InputError(
            f"The columns have none of {', '.join(QUANTITIES)}, of which the layout of GADF needs one; norms are "
            "enough only where fluxes follow from the reference fluxes of several bands."
        )
    return fluxes[0]


def _reference_is_enough(table: Table, n_bands: int) -> bool:
    """Whether a reader has the fluxes back from norms and the reference fluxes of the bands."""
    if "flux" in table.colnames:
        # Those that were rounded are others.
        norm, reference, flux = (
            np.asarray(table[name], dtype=float) for name in ("norm", "ref_flux", "flux")
        )
        if np.any(np.abs(norm * reference - flux) > 1e-9 * np.abs(flux)):
            return False
    dnde, ref_flux, e_ref, e_min, e_max = (
        np.asarray(table[name], dtype=float).reshape(-1, n_bands)
        for name in ("ref_dnde", "ref_flux", "e_ref", "e_min", "e_max")
    )
    if n_bands < 2 or np.any(dnde != dnde[0]) or not np.all(np.isfinite(dnde[0]) & (dnde[0] > 0)):
        return False
    if np.any(np.diff(e_ref[0]) <= 0):
        return False
    unit = table["ref_dnde"].unit or u.Unit("cm-2 s-1 TeV-1")
    theirs = TemplateSpectrum(e_ref[0] * u.TeV, dnde[0] * unit).integral(e_min[0] * u.TeV, e_max[0] * u.TeV)
    ours = ref_flux[0] * (table["ref_flux"].unit or u.Unit("cm-2 s-1"))
    return bool(np.all(np.abs((theirs / ours).to_value("") - 1) < _AS_GOOD))
