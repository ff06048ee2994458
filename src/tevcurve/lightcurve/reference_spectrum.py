"""What a light curve needs of its reference spectrum, and what it cannot use."""

import numpy as np

from tevcurve.errors import InputError
from tevcurve.lightcurve.provenance import spectrum_words
from tevcurve.problems import remark

# Relative: energies so near to each other are one in different units.
SAME = 1e-9
# cm-2 s-1: less than this in a band is no flux, but the rounding of one (an exponential cutoff far below the band).
FAINTEST = 1e-100


def reference_in_bins(spectrum, true_edges, bands):
    """(flux in each true-energy bin, whether a band has none): float array (n_true,), cm-2 s-1; bool array (n_bands,).

    Parameters
    ----------
    spectrum : `SpectralModel`
    true_edges, bands : float arrays of edges, TeV

    Raises `InputError` for a spectrum that is negative, infinite or NaN anywhere between these energies, that has no
    flux in any band, or whose table ends inside the bands.
    """
    check_range(spectrum, bands)
    check_spectrum(spectrum, true_edges)
    flux = spectrum.photon_flux(true_edges)
    _check(flux, true_edges[:-1], true_edges[1:])
    dark = without_flux(spectrum.photon_flux(bands))
    if dark.all():
        raise InputError(_none_words(bands[0], bands[-1]))
    return flux, dark


def check_others(field, true_edges):
    """Raises `InputError` where another source's spectrum is negative, infinite or NaN, or has no flux or no unit.

    Parameters
    ----------
    field : `~tevcurve.models.Field`
    true_edges : float array (n_true + 1,), TeV
    """
    for model in field.others:
        what = f"The spectrum of the model {model.name!r}"
        spectrum = model.spectral_model
        if spectrum.is_factor:
            raise InputError(
                f"{what} is {spectrum_words(spectrum)}, a factor without a unit; wanted is a flux, such as it * "
                "PowerLaw()."
            )
        _check(spectrum.dnde(true_edges), true_edges, true_edges, what)
        flux = spectrum.photon_flux(true_edges)
        _check(flux, true_edges[:-1], true_edges[1:], what)
        if without_flux(flux.sum()):
            raise InputError(
                f"{what} has no flux between {true_edges[0]:.4g} and {true_edges[-1]:.4g} TeV; wanted is some, or no "
                "such model."
            )


def check_range(spectrum, bands):
    """Raises `InputError` for a spectrum whose table (of fluxes, of opacities) does not reach over all bands.

    Parameters
    ----------
    spectrum : `SpectralModel`
    bands : float array of edges, TeV, ascending
    """
    low, high = spectrum.energy_range
    if bands[0] < low * (1 - SAME) or bands[-1] > high * (1 + SAME):
        raise InputError(
            f"The reference spectrum is from a table that goes from {low:.4g} to {high:.4g} TeV, and the energy bands "
            f"go from {bands[0]:.4g} to {bands[-1]:.4g} TeV; wanted are bands inside the table."
        )


def beyond_table(spectrum, true_edges):
    """The energies that the table of a spectrum has, (low, high), TeV, where true energies lie beyond it; else None.

    Parameters
    ----------
    spectrum : `SpectralModel`
    true_edges : float array (n,), TeV, ascending
    """
    low, high = spectrum.energy_range
    is_beyond = true_edges[0] < low * (1 - SAME) or true_edges[-1] > high * (1 + SAME)
    return (low, high) if is_beyond else None


def remark_beyond(spectrum, true_edges):
    """Remarks where true energies lie beyond the table that a spectrum is from.

    Parameters
    ----------
    spectrum : `SpectralModel`
    true_edges : float array (n,), TeV, ascending
    """
    table = beyond_table(spectrum, true_edges)
    if table is not None:
        remark(
            f"The spectrum {spectrum_words(spectrum)} is from a table that goes from {table[0]:.4g} to {table[1]:.4g} "
            f"TeV; true energies go from {true_edges[0]:.4g} to {true_edges[-1]:.4g} TeV, and beyond the table its "
            "edge is carried on (an opacity as it is, a spectrum by its slope)."
        )


def check_spectrum(spectrum, true_edges):
    """Raises `InputError` for a spectrum that is negative, infinite or NaN at some edges, float array (n,), TeV.

    Or for a factor without a unit, such as an absorption alone.

    Parameters
    ----------
    spectrum : `SpectralModel`
    true_edges : float array (n,), TeV, ascending
    """
    if spectrum.is_factor:
        raise InputError(
            f"The reference spectrum is {spectrum_words(spectrum)}, a factor without a unit; wanted is a flux, such as "
            "it * PowerLaw()."
        )
    _check(spectrum.dnde(true_edges), true_edges, true_edges)


def check_flux(flux, band):
    """Raises `InputError` where a reference has no flux in a band (low, high; TeV), or what is no flux.

    Parameters
    ----------
    flux : float or array, cm-2 s-1, in the band or in parts of it
    band : (low, high), TeV, for the message
    """
    if np.any(without_flux(flux)):
        raise InputError(_none_words(*band))


def without_flux(flux):
    """Whether fluxes in bands (cm-2 s-1) are none, bool array; `InputError` for what is no flux.

    flux: float or array, cm-2 s-1.
    """
    flux = np.asarray(flux, dtype=float)
    if not np.all(np.isfinite(flux) & (flux >= 0)):
        wrong = flux[~(np.isfinite(flux) & (flux >= 0))][0]
        raise InputError(
            f"The reference spectrum has a flux of {wrong:g} cm-2 s-1 in a band; wanted is a number, 0 or more."
        )
    return flux < FAINTEST


def _none_words(low, high):
    return (
        f"The reference spectrum has no flux between {low:.4g} and {high:.4g} TeV, so there is nothing to scale; "
        "wanted is one with flux there."
    )


def _check(values, low, high, what="The reference spectrum"):
    wrong = np.flatnonzero(~(np.isfinite(values) & (values >= 0)))
    if len(wrong):
        first, last = low[wrong[0]], high[wrong[-1]]
        where = f"at {first:.4g} TeV" if first == last else f"between {first:.4g} and {last:.4g} TeV"
        raise InputError(
            f"{what} is {values[wrong[0]]:g} {where}; wanted is a finite flux, 0 or more, at all true "
            f"energies from {low[0]:.4g} to {high[-1]:.4g} TeV."
        )
