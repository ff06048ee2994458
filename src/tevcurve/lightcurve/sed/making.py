"""Spectra in time of a light curve, from the events and responses that it keeps."""

import logging
from dataclasses import replace

import astropy.units as u
import numpy as np

from tevcurve.bins.made import MadeBins
from tevcurve.bins.text import as_binning
from tevcurve.errors import InputError
from tevcurve.lightcurve.fitted_energies import SAME
from tevcurve.lightcurve.origin import LightCurveOrigin
from tevcurve.lightcurve.sed.curves import with_curves
from tevcurve.lightcurve.sed.flux_points import FluxPoints
from tevcurve.lightcurve.sed.own_shapes import with_own_shapes
from tevcurve.lightcurve.selection import why_no_events
from tevcurve.reduction.energy_axes import edges_in_tev

log = logging.getLogger(__name__)

BANDS_PER_DECADE = 5


def sed(light_curve, energy_edges=None, time_bins=None):
    """Spectra in time: the `FluxPoints` of each time bin, from the events and responses that the light curve keeps.

    The points are what `tevcurve.light_curve` gives in the same bands and time bins, to the last digit. Inside a band
    the spectrum has the shape of the reference. Where the light curve has `free` parameters these are fitted to all
    energies of a time bin together, from the first edge to the last, and the points of that time bin have this
    shape; they have no likelihood scan. Where the shape was not fitted, as in faint time bins, it is the reference's.

    Time bins are made once, for all energies: those that look at events (blocks, counts, significance) are chosen on
    the events of all bands together.

    Parameters
    ----------
    light_curve : `LightCurve` of `tevcurve.light_curve`, or of a result
    energy_edges : Quantity (n_bands + 1,), edges of the energy bands; default: 5 per decade, evenly spaced in log
        and rounded to three digits, from the lowest to the highest energy that any of the light curve's
        rows was fitted at: its own energies, as far as they are safe
    time_bins : a binning of `tevcurve.lightcurve.bins`, or its text, "blocks 0.05"; default: those of the light curve
        as they are, also where they were found on its events

    Raises `InputError` for a light curve that does not know its runs.
    """
    origin = light_curve.origin
    if not isinstance(origin, LightCurveOrigin):
        why = f"does not know its events ({why_no_events(light_curve)})"
        if hasattr(origin, "rebin"):
            why = "was made of datasets, whose bands rebin(energy_edges=...) can change to others of their energy bins"
        raise InputError(
            f"This light curve {why}; wanted for spectra is one that tevcurve.light_curve or `tevcurve run` made."
        )
    edges = default_edges(light_curve) if energy_edges is None else edges_in_tev(energy_edges, "energy_edges")
    binning = _present_bins(light_curve) if time_bins is None else as_binning(time_bins)
    free = origin.options.free
    options = replace(origin.options, free=(), norm_values=None) if free else origin.options
    points = replace(origin, options=options).rebin(binning, edges * u.TeV)
    fits = origin.rebin(_made(points.ledger.time_bins, points.origin.runs), edges[[0, -1]] * u.TeV)
    if free:
        points = with_own_shapes(points, fits, free)
    return FluxPoints(points, with_curves(fits, origin.spectrum, free))


def default_edges(light_curve):
    """Edges of energy bands, TeV, float array (n_bands + 1,), that `sed` takes where none are given.

    light_curve: `LightCurve`.
    """
    table = light_curve.table
    low, high = (np.asarray(table[name], dtype=float) for name in ("e_min_fit", "e_max_fit"))
    if not np.isfinite(low).any():
        low, high = (np.asarray(table[name], dtype=float) for name in ("e_min", "e_max"))
    low, high = np.nanmin(low), np.nanmax(high)
    number = max(1, int(np.ceil(BANDS_PER_DECADE * np.log10(high / low) - SAME)))
    edges = np.geomspace(low, high, number + 1)
    inner = [float(f"{edge:.3g}") for edge in edges[1:-1]]
    edges = np.array([low, *inner, high])
    log.info("The energy bands of the spectra: %s TeV.", ", ".join(f"{edge:.4g}" for edge in edges))
    return edges


def _present_bins(light_curve):
    """The binning of a light curve of runs; where it looks at events, the bins that these made."""
    origin = light_curve.origin
    if not origin.time_bins.looks_at_events:
        return origin.time_bins
    ledger = light_curve.ledger if hasattr(light_curve.ledger, "time_bins") else origin.ledger
    return _made(ledger.time_bins, origin.runs)


def _made(time_bins, runs):
    return MadeBins.of(time_bins, runs)
