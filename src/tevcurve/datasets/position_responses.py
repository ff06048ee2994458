"""The PSF and the energy dispersion at one position, from maps of them on a coarse grid of the sky."""

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.irf import EDispKernel, EnergyDependentTablePSF, PSFKernel

# Where gammapy cuts the kernel: the largest radius of all energies that holds this share of the light.
CONTAINMENT = 0.999
# Pixels: what is nearer to the border of two than this lies on it.
TIE = 1e-6


def psf_kernel_at(psf_map, position, geom):
    """`PSFKernel` on the pixels of a geometry.

    Parameters
    ----------
    psf_map : `WcsNDMap` with the axes rad and true energy, density per solid angle at the middle of bins in rad
    position : `SkyCoord`
    geom : `WcsGeom` with the axis of true energy
    """
    rad_axis, energy_axis = psf_map.geom.axes
    density = _at(psf_map, position, "PSF").to_value("sr-1")
    edges, middle = rad_axis.edges.to_value("rad"), rad_axis.center.to_value("rad")
    nodes, values = (
        np.append(middle, edges[-1]),
        np.column_stack([density, _end(middle, density, edges[-1], -1)]),
    )
    if edges[0] == 0:
        nodes, values = np.append(0.0, nodes), np.column_stack([_end(middle, density, 0.0, 0), values])
    table = EnergyDependentTablePSF(energy_axis.center.to_value("TeV"), nodes, np.maximum(values, 0))
    radius = np.nanmax(table.containment_radius(energy_axis.center, CONTAINMENT).to_value("deg"))
    return PSFKernel.from_table_psf(table, geom, max_radius=_whole_pixels(radius, geom) * u.deg)


def edisp_kernel_at(edisp_map, position, reco_edges):
    """`EDispKernel` from a map with the axes reconstructed and true energy, or migra (their ratio) and true energy.

    As in gammapy, densities in migra are interpolated over the sky, while probabilities are those of the pixel that
    holds the position; a corner of pixels, where a map that is centred on the source has it, is held by the lower one.

    Parameters
    ----------
    edisp_map : `WcsNDMap`: probabilities of reco bins, or densities in migra
    position : `SkyCoord`
    reco_edges : Quantity (n_reco + 1,); with probabilities they must be those of the map
    """
    axis, true = edisp_map.geom.axes
    migra = axis.name == "migra"
    values = (_at if migra else _nearest)(edisp_map, position, "energy dispersion").to_value("")
    if migra:
        return EDispKernel(
            integrate_over_reco(values, axis.edges.value, true.center, reco_edges), true.edges, reco_edges
        )
    if axis.nbin != len(reco_edges) - 1 or not np.allclose(
        axis.edges.to_value("TeV"), reco_edges.to_value("TeV")
    ):
        raise InputError("The energy dispersion has other bins of reconstructed energy than the counts.")
    return EDispKernel(values, true.edges, reco_edges)


def _at(sky_map, position, what):
    """Values (n_true, n_other) at a position, Quantity: linear between pixel centres."""
    values = sky_map.value_at(position.reshape(1), interp="linear")[..., 0]
    if not np.all(np.isfinite(values)):
        raise InputError(f"The source at {position.to_string()} lies outside the map of the {what}.")
    return values


def _nearest(sky_map, position, what):
    """Values (n_true, n_other) of the pixel that holds a position, Quantity."""
    _at(sky_map, position, what)
    geom = sky_map.geom
    x, y = geom.lonlat_to_pix(*geom.lonlat(position.reshape(1)))
    column, row = (int(np.ceil(pixel[0] - 0.5 - TIE)) for pixel in (x, y))
    return sky_map.quantity[..., max(row, 0), max(column, 0)]


def _end(middle, density, edge, side):
    """Density (n,) at the edge of the first or last bin: straight on from the two next to it."""
    near, far = (0, 1) if side == 0 else (-1, -2)
    slope = (density[:, near] - density[:, far]) / (middle[near] - middle[far])
    return density[:, near] + slope * (edge - middle[near])


def _whole_pixels(radius, geom):
    """Half the side in deg of the square whose outermost pixels have their centres inside a radius in deg."""
    size = abs(geom.cdelt[1])
    # A hair less, for the full radius of a table stands for its whole disc.
    return (np.floor(radius / size) + 0.5) * size * (1 - 1e-9)


def integrate_over_reco(density, migra, true, reco_edges):
    """Probability (n_true, n_reco) of reco bins from densities (n_true, n_migra) in reco over true energy.

    Parameters
    ----------
    density : float array (n_true, n_migra)
    migra : float array (n_migra + 1,), edges in reco over true energy
    true : Quantity (n_true,), true energies
    reco_edges : Quantity (n_reco + 1,), edges of the reco bins
    """
    reached = np.pad(np.cumsum(density * np.diff(migra), axis=1), ((0, 0), (1, 0)))
    ratio = reco_edges.to_value("TeV") / true.to_value("TeV")[:, None]
    return np.stack([np.diff(np.interp(at, migra, each)) for at, each in zip(ratio, reached, strict=True)])
