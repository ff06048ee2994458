"""The light curve of time bins and bands that were laid over reduced runs."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.time import Time

from tevcurve.lightcurve.fit_rows import fit_rows, reference_fluxes
from tevcurve.lightcurve.fitted_energies import fitted_words
from tevcurve.lightcurve.joined_rows import columns_of_joined
from tevcurve.lightcurve.provenance import assumed
from tevcurve.lightcurve.table_making import table_of_arrays

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class BesideNorms:
    """What rows get beside their norms.

    Attributes
    ----------
    shapes : `FreeSpectra`, fits the spectrum's shape in each row; None: it is fixed
    nuisances : function(best norms (n_fitted,)) -> `RowNuisances`, see `fit_rows`; None: there are none
    """

    shapes: Any = None
    nuisances: Callable | None = None


NOTHING = BesideNorms()


def table_of_rows(joint, time_bins, bands, spectrum, options, meta, e_ref=None, beside=NOTHING):
    """The astropy Table of the light curve of a `RowLikelihood`: one row per time bin and band, in that order.

    Parameters
    ----------
    joint : `~tevcurve.fit.row_likelihood.RowLikelihood`
    time_bins : `TimeBins`, or what has their times, `together`, `columns` and `meta`
    bands : float array (n_bands + 1,), edges in TeV
    spectrum : `SpectralModel`, the reference; or a list, one for each time bin
    options : `FitOptions`
    meta : dict
    e_ref : float, reference energy in TeV; default: the middle of each band in log
    beside : `BesideNorms`
    """
    columns, status, reason = fit_rows(joint, options, beside.nuisances)
    cut, exposure, n_bands = joint.cut, joint.exposure, len(bands) - 1
    dark = np.count_nonzero(cut.ontime == 0)
    if dark:
        log.warning("%d of %d time bins have no good time; their rows say no_livetime.", dark, cut.n_times)
    if exposure.time_mean is not None:
        columns["time_mean"] = _mjd(exposure.time_mean, cut, n_bands, time_bins.scale)
    columns |= energy_columns(joint, exposure)
    columns |= {name: np.repeat(values, n_bands) for name, values in time_bins.columns().items()}
    columns |= columns_of_joined(joint, time_bins)
    e_min, e_max = (np.tile(edges, time_bins.n_bins) for edges in (bands[:-1], bands[1:]))
    e_ref = np.sqrt(e_min * e_max) if e_ref is None else np.full(len(e_min), e_ref)
    spectra = spectrum if isinstance(spectrum, list) else [spectrum]
    known = slice(0, n_bands * len(spectra))
    of_bands = reference_fluxes(
        [each for each in spectra for _ in range(n_bands)], e_ref[known], e_min[known], e_max[known]
    )
    repeats = 1 if isinstance(spectrum, list) else time_bins.n_bins
    reference = {name: np.tile(values, repeats) for name, values in of_bands.items()}
    if beside.shapes is not None:
        columns, reference, status, reason = beside.shapes.fit(
            (columns, reference, status, reason), (e_ref, e_min, e_max), options
        )
    is_free = bool(options.free) & (np.array(status) == "ok")
    reason = with_energies(joint, exposure, (e_min, e_max), reference, reason, is_free)
    energies = {"e_ref": e_ref, "e_min": e_min, "e_max": e_max}
    return table_of_arrays(
        _repeated(time_bins.time_min, n_bands),
        _repeated(time_bins.time_max, n_bands),
        energies | {"status": status, "reason": reason} | columns,
        reference,
        rows_meta(meta, spectra[0], time_bins),
    )


def rows_meta(meta, spectrum, time_bins):
    """The metadata of rows, dict, apart from what their table says of its columns.

    Parameters
    ----------
    meta : dict, what is said of the light curve
    spectrum : `SpectralModel`, the reference
    time_bins : `TimeBins`, or what has their `meta`
    """
    return meta | assumed(spectrum) | time_bins.meta()


def energy_columns(joint, exposure):
    """`e_min_fit` and `e_max_fit` of the rows of a `RowLikelihood`, a dict of arrays; NaN where not fitted.

    Parameters
    ----------
    joint : `RowLikelihood`
    exposure : `RowExposure`
    """
    return {"e_min_fit": joint.fitted_only(exposure.low), "e_max_fit": joint.fitted_only(exposure.high)}


def with_energies(joint, exposure, band, reference, reason, is_free=False):
    """The reasons of rows, with what is to be said of the energies that entered the fit.

    Parameters
    ----------
    joint : `RowLikelihood`
    exposure : `RowExposure`
    band : (e_min, e_max), float arrays (n_rows,), TeV
    reference : dict of the reference fluxes
    reason : list of str
    is_free : bool array (n_rows,), or False: whether the shape of the spectrum is fitted in a row
    """
    told = fitted_words(exposure, *band, np.broadcast_to(is_free, joint.n_bins))
    reason, fitted = list(reason), np.isin(np.arange(joint.n_bins), joint.fitted)
    for row, words in told.items():
        if fitted[row]:
            reason[row] = "; ".join(each for each in (reason[row], words) if each)
    for row in np.flatnonzero(fitted & ~np.isfinite(reference["ref_dnde"])):
        words = "the reference spectrum has no flux at e_ref, so there is no differential flux"
        reason[row] = "; ".join(each for each in (reason[row], words) if each)
    return reason


def _repeated(times, number):
    if number == 1:
        return times
    return Time(np.repeat(times.jd1, number), np.repeat(times.jd2, number), format="jd", scale=times.scale)


def _mjd(seconds, cut, n_bands, scale):
    """MJD of mission seconds of rows in a scale, NaN where there are none. cut: `CutRuns`."""
    mjd = np.full(len(seconds), np.nan)
    known = np.isfinite(seconds)
    if known.any():
        times = cut.times(seconds[known], np.flatnonzero(known) // n_bands)
        mjd[known] = getattr(times, scale).mjd
    return mjd
