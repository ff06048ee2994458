"""Integrals over energy, migration and angle, as pure array functions."""

import numpy as np
from numpy.typing import ArrayLike

from tevcurve.kernels.interpolation import Places, interpolate_axis


def integrate_loglog(edges: ArrayLike, values: np.ndarray) -> np.ndarray:
    """Integral over each bin (n - 1, ...) of a function given at the edges (n,) as values (n, ...), power law between.

    With s = log(f1 x1 / f0 x0) and L = log(x1 / x0) the integral is x0 f0 L (exp(s) - 1) / s. Where an edge value is
    0 the limit of the power law, 0, is returned.

    Parameters
    ----------
    edges : float array (n,), ascending, above 0
    values : float array (n, ...), at the edges
    """
    edges = np.asarray(edges, dtype=float)
    product = values * edges.reshape((-1,) + (1,) * (np.ndim(values) - 1))
    width = np.log(edges[1:] / edges[:-1]).reshape((-1,) + (1,) * (np.ndim(values) - 1))
    positive = product > 0
    everywhere = positive.all()
    log = np.log(product if everywhere else np.where(positive, product, 1.0))
    integrals = product[:-1] * width
    integrals *= _relative_exponential(log[1:] - log[:-1])
    return integrals if everywhere else np.where(positive[:-1] & positive[1:], integrals, 0.0)


def _relative_exponential(x: np.ndarray) -> np.ndarray:
    """(exp(x) - 1) / x, 1 at 0; as `scipy.special.exprel`, whose import alone takes longer than all else here."""
    top = np.expm1(x)
    return np.divide(top, x, out=top) if x.all() else np.divide(top, x, out=np.ones_like(x), where=x != 0)


def cumulative_density(edges: np.ndarray, density: np.ndarray) -> np.ndarray:
    """Integral (..., n + 1) of a piecewise-constant density (..., n) from the first edge to each edge (n + 1,).

    Parameters
    ----------
    edges : float array (n + 1,), ascending
    density : float array (..., n), per unit of the edges
    """
    total = np.cumsum(density * np.diff(edges), axis=-1)
    return np.concatenate([np.zeros_like(total[..., :1]), total], axis=-1)


def migration_matrix(
    true_energies: ArrayLike,
    reco_edges: ArrayLike,
    migra_edges: np.ndarray,
    density: np.ndarray,
    places: Places | None = None,
) -> np.ndarray:
    """Probability (n_true, n_reco) that a photon of a true energy is found in each reconstructed-energy bin.

    The density in migra = E_reco / E_true is constant in each migra bin, so that its integral is linear between the
    migra edges and the integral over a reco bin is exact. Each row is divided by its integral over all migra; a row
    that is 0 stays 0.

    Parameters
    ----------
    true_energies : float array (n_true,), in the unit of `reco_edges`
    reco_edges : float array (n_reco + 1,), of reconstructed energy
    migra_edges : float array (n_migra + 1,)
    density : float array (n, n_migra), at the true energies, or at nodes between which the `places` of these lie
    places : `Places` of the true energies among the nodes; default: the nodes are the true energies
    """
    true_energies = np.asarray(true_energies, dtype=float)
    cumulative = cumulative_density(migra_edges, density)
    ratio = np.asarray(reco_edges) / true_energies[:, None]
    index = np.clip(np.searchsorted(migra_edges, ratio, side="right") - 1, 0, len(migra_edges) - 2)
    low, high = migra_edges[index], migra_edges[index + 1]
    part = np.clip((ratio - low) / (high - low), 0.0, 1.0)

    def reached(node: np.ndarray) -> np.ndarray:
        rows = cumulative[node[:, None], index]
        return rows + (cumulative[node[:, None], index + 1] - rows) * part

    if places is None:
        at_edges, total = reached(np.arange(len(true_energies))), cumulative[:, -1]
    else:
        weight = places.weight[:, None]
        at_edges = reached(places.lower) * (1 - weight) + reached(places.upper) * weight
        total = interpolate_axis(cumulative[:, -1], places) * places.inside
    seen = total[:, None] > 0
    return np.divide(
        np.diff(at_edges, axis=1), total[:, None], out=np.zeros((len(ratio), ratio.shape[1] - 1)), where=seen
    )


def ring_integrals(rad: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Integral of values (..., n) at rad (n,) radian over the sphere's rings between the nodes, shape (..., n - 1).

    2 pi sin(rad) drad, the values linear in rad: Simpson's rule, exact to the fifth power of the ring's width.

    Parameters
    ----------
    rad : float array (n,), nodes, radian
    values : float array (..., n), at the nodes
    """
    middle = 0.5 * (rad[1:] + rad[:-1])
    weighted, rings = values * np.sin(rad), values[..., 1:] + values[..., :-1]
    # In place, as there are many values: pi / 3 dr (inner + 4 middle + outer).
    rings *= 0.5
    rings *= np.sin(middle)
    rings *= 4
    rings += weighted[..., :-1]
    rings += weighted[..., 1:]
    rings *= np.pi / 3 * np.diff(rad)
    return rings


def whole_integrals(rad: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Integral of values (..., n) over the whole disc up to the last node of rad (n,) radian, shape (...).

    As the last of `disc_integrals`, but for rounding, in a tenth of its time.

    Parameters
    ----------
    rad : float array (n,), nodes, radian
    values : float array (..., n), at the nodes
    """
    sine, step = np.sin(rad), np.pi / 3 * np.diff(rad)
    halfway = 2 * np.sin(0.5 * (rad[1:] + rad[:-1]))
    weight = np.zeros(len(rad))
    weight[:-1] += step * (sine[:-1] + halfway)
    weight[1:] += step * (sine[1:] + halfway)
    return np.einsum("...r,r->...", values, weight)


def disc_integrals(rad: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Integral of values (..., n) over the disc up to each node of rad (n,) radian, shape (..., n); 0 at the first.

    Parameters
    ----------
    rad : float array (n,), nodes, radian
    values : float array (..., n), at the nodes
    """
    rings = ring_integrals(rad, values)
    discs = np.zeros((*rings.shape[:-1], len(rad)))
    np.cumsum(rings, axis=-1, out=discs[..., 1:])
    return discs


def continuous_nodes(edges: np.ndarray) -> np.ndarray:
    """The nodes (2 n + 1,) of `continuous_profile`: the edges (n + 1,) and the bins' middles, in turn.

    edges: float array (n + 1,), radian, from 0.
    """
    rad = np.empty(2 * len(edges) - 1)
    rad[::2], rad[1::2] = edges, 0.5 * (edges[1:] + edges[:-1])
    return rad


def continuous_profile(edges: np.ndarray, bin_values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nodes (2 n + 1,) and values (..., 2 n + 1) of a profile that keeps the integral over each bin of (..., n).

    The nodes are the edges (n + 1,) radian, from 0, and the bins' middles. At an edge the harmonic mean of the two
    bins is taken, which cannot ask for a negative density in the middle; within half the first bin and at the last
    edge the profile is flat.

    Parameters
    ----------
    edges : float array (n + 1,), radian, from 0
    bin_values : float array (..., n), the mean of each bin
    """
    rad = continuous_nodes(edges)
    # Simpson's rule over both halves of a ring, as weights of the inner, the middle and the outer node.
    sine, step = np.sin(rad), np.pi / 6 * np.diff(edges)
    halfway = 4 * np.sin(0.5 * (rad[1:] + rad[:-1])) / 2
    inner, outer = step * (sine[:-2:2] + halfway[::2]), step * (sine[2::2] + halfway[1::2])
    middle = step * (halfway[::2] + 2 * sine[1::2] + halfway[1::2])
    low, high = bin_values[..., :-1], bin_values[..., 1:]
    total = low + high
    values = np.empty((*bin_values.shape[:-1], len(rad)))
    values[..., 2:-2:2] = 2 * low * np.divide(high, total, out=np.zeros_like(total), where=total > 0)
    values[..., -1] = bin_values[..., -1]
    left = bin_values * (inner + middle + outer) - outer * values[..., 2::2]
    values[..., 1::2] = left / (inner + middle)
    values[..., 3::2] = (left[..., 1:] - inner[1:] * values[..., 2:-2:2]) / middle[1:]
    values[..., 0] = values[..., 1]
    return rad, np.maximum(values, 0.0)


def disc_integral_at(rad: np.ndarray, values: np.ndarray, radius: ArrayLike) -> np.ndarray:
    """Integral of values (..., n) at nodes rad (n,) over the disc up to a radius (radian, broadcast with `...`).

    Parameters
    ----------
    rad : float array (n,), nodes, radian
    values : float array (..., n), at the nodes
    radius : of the disc, radian, broadcasts with `...`
    """
    shape = np.broadcast_shapes(values.shape[:-1], np.shape(radius))
    radius = np.broadcast_to(np.clip(radius, rad[0], rad[-1]), shape)
    node = np.clip(np.searchsorted(rad, radius, side="right") - 1, 0, len(rad) - 2)
    values = np.broadcast_to(values, (*shape, len(rad)))
    low, high, before = (
        np.take_along_axis(array, index[..., None], axis=-1)[..., 0]
        for array, index in ((values, node), (values, node + 1), (disc_integrals(rad, values), node))
    )
    width = radius - rad[node]
    at_radius = low + (high - low) * width / (rad[node + 1] - rad[node])
    middle = 0.5 * (low + at_radius) * np.sin(rad[node] + 0.5 * width)
    return before + np.pi / 3 * width * (low * np.sin(rad[node]) + 4 * middle + at_radius * np.sin(radius))
