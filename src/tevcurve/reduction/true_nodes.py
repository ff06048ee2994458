"""Where along true energy the responses of a run are taken, and how much each place counts inside its bin."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tevcurve.options import check_choice
from tevcurve.records import short_repr

# Responses change little over such a step: with it fluxes are right to some 1e-4 for indices up to 5.
NODES_PER_DECADE = 128
MOST_NODES = 256  # in a bin


@dataclass(frozen=True, eq=False)
class TrueNodes:
    """Energies at which responses are taken, some in each bin of true energy.

    The response of a bin is the mean over its nodes, and the flux that it is multiplied with is that of the whole bin:
    so a mean that is weighted with the flux gives what an integral over the bin gives.

    Attributes
    ----------
    edges : float array (n_true + 1,), TeV, of the bins
    energies : float array (n_true, n_nodes), TeV
    weights : float array (n_true, n_nodes), each row sums to 1
    spectrum : `SpectralModel` whose fluxes the weights are; None for one node at the centre of each bin
    """

    edges: np.ndarray
    energies: np.ndarray
    weights: np.ndarray
    spectrum: object = None

    __repr__ = short_repr

    @property
    def n_true(self):
        return len(self.energies)

    def each(self, function):
        """Values (n_true, n_nodes, ...) at the nodes of a function of energies (n,) in TeV.

        function: of a float array (n,), TeV, with values (n, ...).
        """
        values = function(self.energies.ravel())
        return values.reshape(*self.energies.shape, *values.shape[1:])

    def mean(self, area, dispersion):
        """(mean area (n_true,), mean dispersion (n_true, n_reco)) of those at the nodes.

        Parameters
        ----------
        area : (n_true, n_nodes)
        dispersion : (n_true, n_nodes, n_reco); it counts where there is area, so that the product of both
            means is the mean of the product. Where there is none at all, it counts as the flux does
        """
        parts = self.weights * area
        total = parts.sum(axis=1)
        summed = np.einsum("tk,tkr->tr", parts, dispersion)
        dark = total <= 0
        mean = np.divide(summed, total[:, None], out=np.zeros_like(summed), where=~dark[:, None])
        mean[dark] = np.einsum("tk,tkr->tr", self.weights[dark], dispersion[dark])
        return total, mean

    def middles(self, area):
        """Mean energies (n_true,), in log, TeV, of what is seen with areas (n_true, n_nodes).

        area: float array (n_true, n_nodes).
        """
        if self.energies.shape[1] == 1:
            return self.energies[:, 0]
        parts = self.weights * area
        parts = np.where(parts.sum(axis=1, keepdims=True) > 0, parts, self.weights)
        return np.exp(np.sum(parts * np.log(self.energies), axis=1) / parts.sum(axis=1))

    @cached_property
    def _own(self):
        """Edges and middles of the bins in turn (2 n_true + 1,), TeV, and there the spectrum; its fluxes (n_true,)."""
        energies = np.empty(2 * self.n_true + 1)
        energies[::2], energies[1::2] = self.edges, np.sqrt(self.edges[:-1] * self.edges[1:])
        return energies, self.spectrum.dnde(energies), self.spectrum.photon_flux(self.edges)

    def fluxes(self, spectrum, overrides):
        """Flux of each bin (..., n_true), cm-2 s-1, for a spectrum with other parameters, to go with these responses.

        That of the bin, where the weights are its own. Where they are another spectrum's, responses that do not change
        inside a bin would overrate the ratio of both at its ends: the flux is such that it is right for any ratio that
        is a power law.

        Parameters
        ----------
        spectrum : `SpectralModel`
        overrides : dict of parameter names to arrays (..., 1)
        """
        if self.spectrum is None:
            return spectrum.photon_flux(self.edges, **overrides)
        energies, own_density, own_flux = self._own
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            ratio = spectrum.dnde(energies, **overrides) / own_density
            ends, middle = ratio[..., ::2], ratio[..., 1::2]
            fluxes = own_flux * middle * _over_sinh(0.5 * np.log(ends[..., 1:] / ends[..., :-1]))
        good = np.isfinite(fluxes)
        return fluxes if good.all() else np.where(good, fluxes, spectrum.photon_flux(self.edges, **overrides))


def true_nodes(edges, responses, spectrum):
    """The `TrueNodes` of bins of true energy.

    Parameters
    ----------
    edges : float array (n_true + 1,), TeV
    responses : "weighted" with the flux of the spectrum, or "centre"
    spectrum : `SpectralModel`, whose flux is the weight
    """
    edges = np.asarray(edges, dtype=float)
    width = np.log(edges[1:] / edges[:-1])
    number = int(np.clip(np.ceil(width.max() / np.log(10) * NODES_PER_DECADE - 1e-6), 1, MOST_NODES))
    check_choice("responses", responses)
    if responses == "centre":
        middle = np.sqrt(edges[:-1] * edges[1:])[:, None]
        return TrueNodes(edges, middle, np.ones_like(middle))
    ends = edges[:-1, None] * np.exp(width[:, None] * np.arange(number) / number)
    ends = np.append(ends.ravel(), edges[-1])
    energies = np.sqrt(ends[:-1] * ends[1:]).reshape(-1, number)
    flux = spectrum.photon_flux(ends).reshape(-1, number)
    total = flux.sum(axis=1, keepdims=True)
    dark = ~(np.isfinite(total) & (total > 0))
    weights = np.where(dark, 1 / number, flux / np.where(dark, 1.0, total))
    return TrueNodes(edges, energies, weights, spectrum)


def source_responses(run, nodes, reco_edges, part_seen=None):
    """Effective area and dispersion at a source: (area (n_true,), dispersion (n_true, n_reco), middles (n_true,)).

    The area is in cm2; the middles are the mean energies in TeV of what is seen in each bin, at which responses that
    change slowly are taken.

    Parameters
    ----------
    run : with `area`, a function of energies (n,) in TeV to cm2, `edisp`, and the `offset` of the source in radian
    nodes : `TrueNodes`
    reco_edges : float array (n_reco + 1,), TeV
    part_seen : function of energies (n,) in TeV to the part of the photons that counts, float array (n,); None for all
    """
    area = nodes.each(run.area)
    if part_seen is not None:
        area = area * nodes.each(part_seen)
    dispersion = nodes.each(lambda energies: run.edisp.probabilities(energies, run.offset, reco_edges))
    return *nodes.mean(area, dispersion), nodes.middles(area)


def _over_sinh(x):
    """x / sinh(x), 1 at 0."""
    return np.divide(x, np.sinh(x), out=np.ones_like(x), where=x != 0)
