"""PSF kernels as other programs make them of a file, in numpy, to show what each way of doing it changes."""

import numpy as np

PIXEL = 0.04
# Edges in deg of the bins in angle of gammapy 2.1.
COARSE = np.linspace(0, 0.66, 67)


def shared_by_four(kernel):
    """A kernel (n, odd, odd) put on the four middle pixels of 50 x 50: the target lies on their common corner."""
    half = kernel.shape[1] // 2
    shares = np.zeros((len(kernel), 50, 50))
    for row in (24, 25):
        for column in (24, 25):
            cut = slice(row - half, row + half + 1), slice(column - half, column + half + 1)
            shares[:, cut[0], cut[1]] += kernel / 4
    return shares


def kernel_of(rad_deg, profiles, subpixels, npix, largest=np.inf):
    """Kernel (n, npix, npix) of profiles (n, n_rad), linear between angles (deg) and straight on past both ends.

    `subpixels` (n,) samples stand along a pixel's side; from the angle `largest` (deg) on there is nothing.
    """
    kernel = np.zeros((len(profiles), npix, npix))
    for image, profile, n in zip(kernel, profiles, subpixels, strict=True):
        place = ((np.arange(npix * n) + 0.5) / n - npix / 2) * PIXEL
        rad = np.hypot(place[:, None], place)
        low = np.clip(np.searchsorted(rad_deg, rad) - 1, 0, len(rad_deg) - 2)
        slope = np.diff(profile) / np.diff(rad_deg)
        density = np.maximum(profile[low] + slope[low] * (rad - rad_deg[low]), 0) * (rad < largest)
        image[:] = density.reshape(npix, n, npix, n).sum(axis=(1, 3))
    return _divided(kernel, kernel.sum(axis=(1, 2), keepdims=True))


def through_bin_centres(psf, offset, energies_tev, rad_deg, energy_scale=np.log):
    """The file's PSF (n_energy, n_rad) with each value standing at the middle of its bin in angle; offset in rad."""
    energy, offsets, rad = psf.table.axes
    low = np.clip(np.searchsorted(offsets.nodes, offset) - 1, 0, offsets.nbin - 2)
    weight = (offset - offsets.nodes[low]) / (offsets.nodes[low + 1] - offsets.nodes[low])
    values = (1 - weight) * psf.table.values[:, low] + weight * psf.table.values[:, low + 1]
    wanted, known = energy_scale(energies_tev), energy_scale(energy.nodes)
    values = np.stack([np.interp(wanted, known, column) for column in values.T])
    nodes = np.rad2deg(rad.nodes)
    inner = values[0] + (values[1] - values[0]) * (rad_deg[:, None] - nodes[0]) / (nodes[1] - nodes[0])
    between = np.stack([np.interp(rad_deg, nodes, column) for column in values.T], axis=1)
    return np.where(rad_deg[:, None] < nodes[0], inner, between).T


def on_coarse_bins(psf, offset, energies_tev):
    """The middles (66,) in deg of bins of 0.01 deg, and the file's PSF there, normalised over them; offset in rad."""
    middles = (COARSE[1:] + COARSE[:-1]) / 2
    profiles = through_bin_centres(psf, offset, energies_tev, middles)
    return middles, _divided(profiles, (profiles @ _solid_angles())[:, None])


def subpixels_of(profiles):
    """Samples along a pixel's side in gammapy 2.1: 6 pixels over the radius of 68 %, rounded up, 4 at most."""
    edges = np.linspace(0, COARSE[-1], 66 * 20 + 1)
    radii = (edges[1:] + edges[:-1]) / 2
    light = np.cumsum(profiles * _solid_angles(), axis=1)
    light = np.pad(_divided(light, light[:, -1:]), ((0, 0), (1, 0)))
    nearest = [np.argmin(np.abs(np.interp(radii, COARSE, row) - 0.68)) for row in light]
    return np.clip(np.ceil(6 * PIXEL / radii[nearest]), 1, 4).astype(int)


def _solid_angles():
    return 2 * np.pi * np.diff(-np.cos(np.deg2rad(COARSE)))


def _divided(values, totals):
    """Values over totals, 0 where the total is 0."""
    return np.divide(values, totals, out=np.zeros_like(values), where=totals > 0)
