"""What responses for full enclosure become where events are kept within a cut in angle, for one radius or a table.

With a radius r(E_reco) the effective area is multiplied with the share of photons within it, and the energy dispersion
with what of that each reconstructed energy has. Format: GADF, "Point-like IRFs".
"""

from dataclasses import replace
from typing import Any

import astropy.units as u
import numpy as np

from tevcurve.data.response_hdus import response_table
from tevcurve.data.table_bytes import primary_bytes
from tevcurve.errors import InputError
from tevcurve.files import FitsFile
from tevcurve.irf import EffectiveAreaTable2D, EnergyDispersion2D, RadMax2D
from tevcurve.irf.point_spread import PointSpreadResponse
from tevcurve.irf.table import Response

POINT_LIKE = "POINT-LIKE"


def rad_max_of(
    radius: u.Quantity | str | RadMax2D, energy_edges: u.Quantity | None = None
) -> RadMax2D | float:
    """The cut that a caller names: `RadMax2D`, or one radius in radian for all energies.

    Parameters
    ----------
    radius : angle, or angles (n,) of the n bins of reconstructed energy between `energy_edges`, or a `RadMax2D`
    energy_edges : Quantity (n + 1,), or None for one radius

    Raises `InputError` for what is no angle above 0, or not one for each bin.
    """
    if isinstance(radius, RadMax2D):
        return radius
    try:
        radii = np.atleast_1d(u.Quantity(radius).to_value(u.deg))
        edges = None if energy_edges is None else u.Quantity(energy_edges).to_value(u.TeV)
    except (TypeError, ValueError) as error:
        words = f"The cut is {radius!r} between the energies {energy_edges!r}"
        raise InputError(f"{words}; wanted are angles such as '0.1 deg', and energies.") from error
    n_wanted = 1 if edges is None else np.size(edges) - 1
    if radii.shape != (n_wanted,) or not np.all((radii > 0) & np.isfinite(radii)):
        raise InputError(f"The radii of the cut are {radii} deg; wanted are {n_wanted}, above 0.")
    if edges is None:
        return float(np.deg2rad(radii[0]))
    layout = RadMax2D.layout
    offset = np.array([0.0]), np.array([10.0])
    axes = [("ENERG", edges[:-1], edges[1:], "TeV"), ("THETA", *offset, "deg")]
    table = response_table(layout, axes, {"RAD_MAX": radii[:, None]})
    where = "the cut of a simulation"
    return RadMax2D.from_hdu(FitsFile(primary_bytes() + table, where).table(layout.hdu), where)


def within_cut(
    aeff: EffectiveAreaTable2D, edisp: EnergyDispersion2D, psf: PointSpreadResponse, cut: RadMax2D | float
) -> dict[str, Response]:
    """Dict of HDU_TYPE to point-like responses: aeff, edisp, and rad_max where the radius depends on the energy.

    The share of photons within the cut is exact at the nodes of the tables of area and dispersion.

    Parameters
    ----------
    aeff, edisp, psf : for full enclosure
    cut : `RadMax2D`, or a radius in radian
    """
    density, kept = _migra_within(edisp, psf, cut, aeff.energy_axis.nodes, aeff.offset_axis.nodes)
    own = {"HDUCLAS3": POINT_LIKE} | (
        {} if isinstance(cut, RadMax2D) else {"RAD_MAX": float(np.rad2deg(cut))}
    )
    made: dict[str, Response] = {"aeff": _with_values(aeff, aeff.table.values * kept, own)}
    density, kept = _migra_within(edisp, psf, cut, edisp.energy_axis.nodes, edisp.offset_axis.nodes)
    if isinstance(cut, RadMax2D):
        density = np.divide(density, kept[..., None], out=np.zeros_like(density), where=kept[..., None] > 0)
        return made | {"edisp": _with_values(edisp, density, own), "rad_max": cut}
    return made | {"edisp": _with_values(edisp, edisp.table.values, own)}


def _migra_within(
    edisp: EnergyDispersion2D,
    psf: PointSpreadResponse,
    cut: RadMax2D | float,
    energies: np.ndarray,
    offsets: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """(density (n_energy, n_offset, n_migra) of photons within the cut, share (n_energy, n_offset) of these).

    energies: TeV; offsets: radian. Without a dispersion that would tell, the share is that at E_reco = E_true.
    """
    widths = np.diff(edisp.migra_axis.edges)
    density = edisp.migra_density(energies[:, None], offsets)
    kept = np.stack([_share_of_bins(edisp, psf, cut, energies, offset) for offset in offsets], axis=1)
    total, within = density @ widths, (density * kept) @ widths
    at_true = kept[..., np.searchsorted(edisp.migra_axis.edges, 1.0) - 1].copy()
    return density * kept, np.divide(within, total, out=at_true, where=total > 0)


def _share_of_bins(
    edisp: EnergyDispersion2D,
    psf: PointSpreadResponse,
    cut: RadMax2D | float,
    energies: np.ndarray,
    offset: float,
) -> np.ndarray:
    """Share (n_energy, n_migra) of photons of true energies within the radius at their reconstructed energy.

    Averaged over each bin of migra, in which the reconstructed energies are spread evenly.
    """
    psf_here, migra = psf.table_at(offset), edisp.migra_axis.edges
    if not isinstance(cut, RadMax2D):
        share = psf_here.containment_fraction(energies, np.full(energies.shape, cut))
        return np.repeat(share[:, None], len(migra) - 1, axis=1)
    shares = []
    for energy in energies:
        # What is within the cut up to a migra rises along straight lines between the edges of the cut's table.
        knots = np.unique(np.clip(cut.energy_axis.edges / energy, migra[0], migra[-1]))
        knots = np.union1d(knots, migra[[0, -1]])
        radii = cut.radius(energy * np.sqrt(knots[1:] * knots[:-1]), offset)
        slopes = psf_here.containment_fraction(np.full(radii.shape, energy), radii)
        rising = np.append(0.0, np.cumsum(slopes * np.diff(knots)))
        shares.append(np.diff(np.interp(migra, knots, rising)) / np.diff(migra))
    return np.array(shares)


def _with_values(response: Any, values: np.ndarray, keywords: dict[str, Any]) -> Any:
    """A response with other values in its one column, and further keywords."""
    table = response.table
    (column,) = table.columns
    values = np.array(values, dtype=float)
    values.setflags(write=False)
    return replace(
        response, table=replace(table, columns={column: values}, header=dict(table.header) | keywords)
    )
