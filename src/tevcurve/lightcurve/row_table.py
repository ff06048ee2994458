"""The light curve of time bins and bands that were laid over reduced runs."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.time import Time

from tevcurve.files.texts import text_array
from tevcurve.lightcurve.columns import declared
from tevcurve.lightcurve.fit_rows import fit_rows, reference_fluxes
from tevcurve.lightcurve.fitted_energies import fitted_words
from tevcurve.lightcurve.joined_rows import columns_of_joined
from tevcurve.lightcurve.provenance import assumed
from tevcurve.lightcurve.table_making import light_curve_table

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


@dataclass(frozen=True, eq=False)
class AskedRows:
    """What is asked of rows, whichever of them.

    Attributes
    ----------
    bands : float array (n_bands + 1,), edges in TeV
    spectrum : `SpectralModel`, the reference; or a list, one for each time bin of rows that are fitted all at once
    options : `FitOptions`
    e_ref : float, reference energy in TeV; None for the middle of each band in log
    """

    bands: np.ndarray
    spectrum: Any
    options: Any
    e_ref: float | None = None

    def energies(self, n_times):
        """`e_ref`, `e_min` and `e_max` of the rows of so many time bins, a dict of float arrays (n_rows,), TeV.

        n_times: int
        """
        e_min, e_max = (np.tile(edges, n_times) for edges in (self.bands[:-1], self.bands[1:]))
        e_ref = np.sqrt(e_min * e_max) if self.e_ref is None else np.full(len(e_min), self.e_ref)
        return {"e_ref": e_ref, "e_min": e_min, "e_max": e_max}

    def references(self, n_times):
        """The reference fluxes of the rows of so many time bins, a dict of float arrays (n_rows,). n_times: int"""
        is_one, n_bands = not isinstance(self.spectrum, list), len(self.bands) - 1
        spectra = [self.spectrum] if is_one else self.spectrum
        energies = self.energies(len(spectra)).values()
        of_bands = reference_fluxes([each for each in spectra for _ in range(n_bands)], *energies)
        return {name: np.tile(values, n_times if is_one else 1) for name, values in of_bands.items()}


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
    asked = AskedRows(bands, spectrum, options, e_ref)
    return table_of_blocks([(0, joint, beside)], time_bins, asked, meta)


def table_of_blocks(blocks, time_bins, asked, meta):
    """The astropy Table of the light curve of rows that are fitted some at a time.

    Parameters
    ----------
    blocks : iterable of (number of the first time bin, `RowLikelihood` of it and those after it, `BesideNorms`); all
        together have all time bins, and each is dropped before the next one is asked for
    time_bins : as for `table_of_rows`
    asked : `AskedRows`
    meta : dict
    """
    n_bands = len(asked.bands) - 1
    rows, dark = _FilledRows(time_bins.n_bins * n_bands), 0
    for first, joint, beside in blocks:
        dark += np.count_nonzero(joint.cut.ontime == 0)
        rows.fill(first * n_bands, *_values_of(joint, time_bins.scale, asked, beside))
        if time_bins.together:
            rows.columns |= columns_of_joined(joint, time_bins)
    if dark:
        log.warning(
            "%d of %d time bins have no good time; their rows say no_livetime.", dark, time_bins.n_bins
        )
    rows.columns |= {name: np.repeat(values, n_bands) for name, values in time_bins.columns().items()}
    rows.columns |= asked.energies(time_bins.n_bins)
    first_spectrum = asked.spectrum[0] if isinstance(asked.spectrum, list) else asked.spectrum
    return light_curve_table(
        _repeated(time_bins.time_min, n_bands),
        _repeated(time_bins.time_max, n_bands),
        {"status": text_array(rows.status), "reason": text_array(rows.reason)} | rows.columns,
        rows_meta(meta, first_spectrum, time_bins),
        derive=True,
        owned=True,
    )


class _FilledRows:
    """The columns of rows, filled block by block, arrays (n_rows, ...) by name; status and reason are lists of str.

    Each array is made once, so that all rows are in memory once however many blocks there are.
    """

    def __init__(self, n_rows):
        self.n_rows, self.columns, self.status, self.reason = n_rows, {}, [], []
        self._known = {}

    def fill(self, first, columns, status, reason):
        """None; the rows from `first` on have these values. columns: dict of arrays (n, ...)."""
        rows = slice(first, first + len(status))
        if self.status and set(columns) != set(self.columns):
            # Rows without a value would have whatever was in memory.
            raise RuntimeError(
                f"Rows have the columns {sorted(columns)}, those before {sorted(self.columns)}."
            )
        for name, values in ((name, np.asarray(each)) for name, each in columns.items()):
            if declared(name).is_shared and values.ndim == 1:
                self.columns[name] = values
                continue
            there = self.columns.get(name)
            if there is None:
                there = np.empty((self.n_rows, *values.shape[1:]), values.dtype)
            # Longer texts, or numbers that are not whole, are not cut.
            self.columns[name] = there.astype(np.result_type(there, values), copy=False)
            self.columns[name][rows] = values
        self.status += status
        # Most reasons are those of many rows.
        self.reason += [self._known.setdefault(words, words) for words in reason]


def _values_of(joint, scale, asked, beside):
    """(dict of columns, list of statuses, list of reasons) of the rows of a `RowLikelihood`."""
    options = asked.options
    columns, status, reason = fit_rows(joint, options, beside.nuisances)
    cut, exposure = joint.cut, joint.exposure
    if exposure.time_mean is not None:
        columns["time_mean"] = _mjd(exposure.time_mean, cut, joint.n_bands, scale)
    columns |= energy_columns(joint, exposure)
    energies, reference = asked.energies(cut.n_times), asked.references(cut.n_times)
    if beside.shapes is not None:
        rows = columns, reference, status, reason
        columns, reference, status, reason = beside.shapes.fit(rows, tuple(energies.values()), options)
    is_free = bool(options.free) & (np.array(status) == "ok")
    band = energies["e_min"], energies["e_max"]
    reason = with_energies(joint, exposure, band, reference, reason, is_free)
    return columns | reference, list(status), reason


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
