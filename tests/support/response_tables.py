"""Response HDUs in memory, with closed forms, written as GADF has them."""

import numpy as np
from astropy.io import fits

ENERGY_EDGES = np.geomspace(0.01, 100, 41)  # TeV
OFFSETS = np.array([0.0, 0.5, 1.0, 2.0])  # deg, LO and HI alike
PSF_RAD_EDGES = np.linspace(0, 0.6, 121)  # deg
MIGRA_EDGES = np.linspace(0.2, 3.0, 561)


def table_hdu(axes, column, values, unit, header=(), name="IRF"):
    """BinTableHDU of one row: axes are (name, low, high, unit), values as numpy sees them (FITS order reversed)."""
    columns = []
    for axis, low, high, axis_unit in axes:
        for end, edge in (("LO", low), ("HI", high)):
            edge = np.asarray(edge, dtype=float)
            columns.append(
                fits.Column(f"{axis}_{end}", f"{edge.size}D", unit=axis_unit or None, array=edge[None])
            )
    values = np.asarray(values, dtype=float)
    columns.append(
        fits.Column(
            column, f"{values.size}D", unit=unit or None, dim=str(values.shape[::-1]), array=values[None]
        )
    )
    return fits.BinTableHDU.from_columns(columns, header=fits.Header(list(header)), name=name)


def energy_axis(edges=ENERGY_EDGES, unit="TeV"):
    """The axis ENERG of these edges."""
    return ("ENERG", edges[:-1], edges[1:], unit)


def offset_axis(offsets=OFFSETS, unit="deg"):
    """The axis THETA of these offsets, low and high alike, as the H.E.S.S. files have it."""
    return ("THETA", offsets, offsets, unit)


def centers(edges):
    """The middles of energy bins, TeV."""
    return np.sqrt(edges[1:] * edges[:-1])


def aeff_hdu(area=lambda energy, offset: 1e5 * np.ones_like(energy), header=(), **changes):
    """AEFF_2D of a function (energy TeV, offset deg) -> m2."""
    energy, offset = np.meshgrid(centers(ENERGY_EDGES), OFFSETS)
    return table_hdu([energy_axis(), offset_axis()], "EFFAREA", area(energy, offset), "m2", header, "AEFF")


def edisp_hdu(density, migra_edges=MIGRA_EDGES):
    """EDISP_2D of a cumulative function (migra, energy TeV, offset deg) -> probability: exact means over the bins."""
    offset, migra, energy = np.meshgrid(OFFSETS, migra_edges, centers(ENERGY_EDGES), indexing="ij")
    values = np.diff(density(migra, energy, offset), axis=1) / np.diff(migra_edges)[:, None]
    axes = [energy_axis(), ("MIGRA", migra_edges[:-1], migra_edges[1:], ""), offset_axis()]
    return table_hdu(axes, "MATRIX", values, "", name="EDISP")


def psf_hdu(sigma=lambda energy, offset: 0.05 + 0 * energy, rad_edges=PSF_RAD_EDGES, scale=1.0):
    """PSF_TABLE of Gaussians of a width sigma (energy TeV, offset deg) -> deg: exact means over the bins in angle."""
    rad, offset, energy = np.meshgrid(rad_edges, OFFSETS, centers(ENERGY_EDGES), indexing="ij")
    contained = -np.expm1(-0.5 * (rad / sigma(energy, offset)) ** 2)
    ring = 2 * np.pi * np.diff(-np.cos(np.deg2rad(rad_edges)))[:, None, None]
    axes = [energy_axis(), offset_axis(), ("RAD", rad_edges[:-1], rad_edges[1:], "deg")]
    return table_hdu(axes, "RPSF", scale * np.diff(contained, axis=0) / ring, "sr-1", name="PSF")
