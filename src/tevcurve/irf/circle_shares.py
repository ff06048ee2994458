"""The shares of a source's photons in circles whose centres are elsewhere."""

import numpy as np

from tevcurve.irf.source_psf import SourcePSF
from tevcurve.kernels.off_centre_disc import disc_shares, node_weights


def circle_shares(
    psf: SourcePSF, energies_tev: np.ndarray, distances: np.ndarray, radius: float
) -> np.ndarray:
    """Shares (n, n_circles) of the photons that a round function spreads in circles.

    Parameters
    ----------
    psf : `SourcePSF`
    energies_tev : true energies, float array (n,), TeV
    distances : of the centres of the circles from the source, float array (n_circles,), radian
    radius : of the circles, radian
    """
    if psf.is_endless:
        return disc_shares(
            lambda rad: psf.densities(energies_tev, rad),
            lambda angle: psf.containment_fraction(energies_tev, angle),
            distances,
            radius,
        )
    # A table, which is linear between its nodes, has shares that are sums over these.
    rad, profiles, _ = psf.profiles_up_to(energies_tev)
    return np.einsum("en,dn->ed", profiles, node_weights(rad, distances, radius))
