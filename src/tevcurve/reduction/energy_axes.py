"""Energy axes whose edges are exactly the ones that were asked for."""

from dataclasses import dataclass
from itertools import pairwise

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.files.masked import without_masks
from tevcurve.records import short_repr

RECO_BINS_PER_DECADE = 10
TRUE_BINS_PER_DECADE = 16
# The true axis reaches this factor beyond the reco axis on either side: migration by more is next to nothing.
TRUE_REACH = 5.0
# Relative: energies so near to each other are one in different units.
SAME = 1e-12


# The dispersion has a number for each pair of a reco and a true bin, and an event for each of its true bins.
MAX_PAIRS = 1_000_000


@dataclass(frozen=True, eq=False)
class EnergyAxes:
    """Bands, reco bins and true bins, all edges in TeV.

    Attributes
    ----------
    bands : float array (n_bands + 1,), edges of the energy bands
    reco : float array (n_reco + 1,), edges of the reco bins; each band edge is one of them
    true : float array (n_true + 1,)
    """

    bands: np.ndarray
    reco: np.ndarray
    true: np.ndarray

    __repr__ = short_repr

    @property
    def n_bands(self):
        return len(self.bands) - 1

    @property
    def band_of_bin(self):
        """Number of the band of each reco bin, int array (n_reco,)."""
        return np.searchsorted(self.bands, self.reco[:-1], side="right") - 1


def energy_axes(energy_edges, e_reco=None, e_true=None):
    """The `EnergyAxes` for energy bands.

    Parameters
    ----------
    energy_edges : Quantity (n_bands + 1,), edges of the bands
    e_reco : Quantity, edges of the reco bins; default: 10 per decade in each band, evenly spaced in log
    e_true : Quantity, edges of the true bins; default: 16 per decade, from a fifth to five times the bands

    Raises `InputError` where edges do not increase, or a band edge is no edge of `e_reco` (up to the rounding of other
    units): nothing is moved.
    """
    bands = edges_in_tev(energy_edges, "energy_edges")
    reco = _split(bands) if e_reco is None else _with_exactly(bands, edges_in_tev(e_reco, "e_reco"))
    missing = [edge for edge in bands if not np.any(reco == edge)]
    if e_reco is not None and missing:
        raise InputError(missing_edge_message(missing[0], reco))
    if reco[0] != bands[0] or reco[-1] != bands[-1]:
        reco = reco[(reco >= bands[0]) & (reco <= bands[-1])]
    if e_true is None:
        low, high = bands[0] / TRUE_REACH, bands[-1] * TRUE_REACH
        true = np.geomspace(low, high, int(np.ceil(TRUE_BINS_PER_DECADE * np.log10(high / low))) + 1)
    else:
        true = edges_in_tev(e_true, "e_true")
    if (len(reco) - 1) * (len(true) - 1) > MAX_PAIRS:
        raise InputError(
            f"There would be {len(reco) - 1} bins of reconstructed energy and {len(true) - 1} of true energy; wanted "
            f"are at most {MAX_PAIRS:.0e} pairs of one and the other."
        )
    return EnergyAxes(bands, reco, true)


def energy_bins(energy_tev, edges):
    """(number of the bin of each event, whether it is in any): int and bool arrays (n,).

    Parameters
    ----------
    energy_tev : float array (n,)
    edges : float array (n_bins + 1,), TeV; an upper edge belongs to the next bin
    """
    number = np.searchsorted(edges, energy_tev, side="right") - 1
    return number, (number >= 0) & (number < len(edges) - 1)


def missing_edge_message(edge, edges):
    """The sentence that says which edges lie next to a requested one that is not there.

    Parameters
    ----------
    edge : float, TeV, the requested one
    edges : float array (n_bins + 1,), TeV, those that are there
    """
    position = np.searchsorted(edges, edge)
    near = " and ".join(f"{value:.6g} TeV" for value in edges[max(position - 1, 0) : position + 1])
    return f"The energy {edge:.6g} TeV is no edge of the reco bins; the nearest are {near}, and nothing is moved."


def edges_in_tev(edges, name):
    """Float array of energies in TeV; `InputError` unless two or more increase from above 0.

    Parameters
    ----------
    edges : Quantity (n_bins + 1,), energies
    name : str, what they are called in messages
    """
    try:
        values = np.atleast_1d(np.array(u.Quantity(without_masks(edges)).to_value(u.TeV), dtype=float))
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} is {edges!r}; wanted are energies such as [0.7, 20] * u.TeV.") from error
    if values.ndim != 1 or len(values) < 2 or not np.all(np.isfinite(values)):
        raise InputError(f"{name} is {edges!r}; wanted are two or more energies.")
    if not (values[0] > 0 and np.all(np.diff(values) > 0)):
        raise InputError(f"{name} is {edges!r}; wanted are energies that increase from above 0.")
    return values


def _with_exactly(bands, edges):
    """The edges, those that are a band's but for rounding (0.7 TeV and 700 GeV) as the band has them."""
    same = np.isclose(edges[:, None], bands, rtol=SAME, atol=0)
    return np.where(same.any(axis=1), bands[same.argmax(axis=1)], edges)


def _split(bands):
    """Edges of reco bins, evenly spaced in log inside each band, with the band edges exactly as they are."""
    parts = [bands[:1]]
    for low, high in pairwise(bands):
        number = max(1, int(np.ceil(RECO_BINS_PER_DECADE * np.log10(high / low) - 1e-9)))
        parts.append(np.append(np.geomspace(low, high, number + 1)[1:-1], high))
    return np.concatenate(parts)
