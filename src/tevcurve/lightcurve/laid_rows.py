"""The light curve of time bins and bands that were laid over reduced runs."""

import logging

import numpy as np
from astropy.time import Time

from tevcurve.lightcurve.fit_rows import fit_rows, reference_fluxes
from tevcurve.lightcurve.fitted_energies import fitted_words
from tevcurve.lightcurve.product import LightCurve

log = logging.getLogger(__name__)


def table_of_rows(
    joint,
    time_bins,
    bands,
    spectrum,
    options,
    meta,
    origin=None,
    ledger=None,
    e_ref=None,
    shapes=None,
):
    """The `LightCurve` of a `LaidFit`: one row per time bin and band, in that order.

    Parameters
    ----------
    joint : `~tevcurve.fit.laid.LaidFit`
    time_bins : `TimeBins`
    bands : float array (n_bands + 1,), edges in TeV
    spectrum : `SpectralModel`, the reference
    options : `FitOptions`
    meta : dict
    e_ref : float, reference energy in TeV; default: the middle of each band in log
    origin, ledger : see `LightCurve`
    shapes : `FreeShapes`, fits the spectrum's shape in each row; default: it is fixed
    """
    columns, status, reason = fit_rows(joint, options)
    cut, exposure, n_bands = joint.cut, joint.exposure, len(bands) - 1
    dark = np.count_nonzero(cut.ontime == 0)
    if dark:
        log.warning("%d of %d time bins have no good time; their rows say no_livetime.", dark, cut.n_times)
    columns |= {name: getattr(exposure, name) for name in ("livetime", "ontime", "n_runs")}
    columns["time_mean"] = _mjd(exposure.time_mean, cut.reference, time_bins.scale)
    columns |= {"e_min_fit": joint.fitted_only(exposure.low), "e_max_fit": joint.fitted_only(exposure.high)}
    columns |= {name: np.repeat(values, n_bands) for name, values in time_bins.columns().items()}
    e_min, e_max = (np.tile(edges, time_bins.n_bins) for edges in (bands[:-1], bands[1:]))
    e_ref = np.sqrt(e_min * e_max) if e_ref is None else np.full(len(e_min), e_ref)
    of_bands = reference_fluxes([spectrum] * n_bands, e_ref[:n_bands], e_min[:n_bands], e_max[:n_bands])
    reference = {name: np.tile(values, time_bins.n_bins) for name, values in of_bands.items()}
    if shapes is not None:
        columns, reference, status, reason = shapes.fit(
            (columns, reference, status, reason), (e_ref, e_min, e_max), options
        )
    status, reason = _with_energies(joint, (e_min, e_max), reference, status, reason, options.free)
    return LightCurve.from_arrays(
        _repeated(time_bins.time_min, n_bands),
        _repeated(time_bins.time_max, n_bands),
        e_ref,
        e_min,
        e_max,
        reference,
        columns,
        status=status,
        reason=reason,
        meta=meta | time_bins.meta(),
        origin=origin,
        ledger=ledger,
    )


def _with_energies(joint, band, reference, status, reason, free):
    """(statuses, reasons) of the fit, with what is to be said of the energies that entered it."""
    reason, status_of = list(reason), np.array(status, dtype=str)
    told = fitted_words(joint.exposure, *band, bool(free) & (status_of == "ok"))
    for row in joint.fitted[np.isin(joint.fitted, list(told))]:
        reason[row] = "; ".join(words for words in (reason[row], told[row]) if words)
    for row in joint.fitted[~np.isfinite(reference["ref_dnde"][joint.fitted])]:
        words = "the reference spectrum has no flux at e_ref, so there is no differential flux"
        reason[row] = "; ".join(each for each in (reason[row], words) if each)
    return status, reason


def _repeated(times, number):
    return Time(np.repeat(times.jd1, number), np.repeat(times.jd2, number), format="jd", scale=times.scale)


def _mjd(seconds, reference, scale):
    """MJD of mission seconds in a scale, NaN where there are none."""
    mjd = np.full(len(seconds), np.nan)
    known = np.isfinite(seconds)
    if known.any():
        mjd[known] = getattr(reference.to_time(seconds[known]), scale).mjd
    return mjd
