"""The ratio of the fluxes of two energy bands in each time bin."""

import numpy as np
from astropy.table import Column, Table

from tevcurve.errors import InputError
from tevcurve.fit.ratios import estimate_ratios
from tevcurve.kernels.numbering import numbers_among
from tevcurve.lightcurve.fit_rows import limit_sigma, positive
from tevcurve.lightcurve.fitted_energies import extrapolating
from tevcurve.lightcurve.table_making import level_of
from tevcurve.rounding import decimals_of

DESCRIPTIONS = {
    "hardness": "Flux of the upper band over that of the lower band",
    "hardness_errn": "Distance down to the lower end of the likelihood interval",
    "hardness_errp": "Distance up to the upper end of the likelihood interval",
    "hardness_ll": "Lower limit, at the confidence level in the metadata",
    "hardness_ul": "Upper limit, at the confidence level in the metadata",
    "hardness_err_sys": "Systematic error, of one standard deviation",
}
SYSTEMATIC = "hardness_err_sys"
TIMES = ("instrument", "phase_min", "phase_max", "time_min", "time_max", "time_mean")


class TwoBands:
    """An origin of rows in several energy bands, with `rows`, `bands`, `spectrum` and `options`."""

    def hardness(self, light_curve, band_low, band_high, **levels):
        """The ratio of two bands of a light curve made of this; see `LightCurve.hardness`.

        Parameters
        ----------
        light_curve : `LightCurve` whose origin this is
        band_low, band_high : int, numbers of the bands, from 0
        levels : `sigma`, and `upper_limit` or `sigma_ul`, as in `tevcurve.light_curve`; default: the light curve's
            own
        """
        return hardness_table(light_curve, self, (band_low, band_high), **levels)


def hardness_table(light_curve, origin, bands, sigma=None, upper_limit=None, sigma_ul=None):
    """The hardness of a light curve; see `LightCurve.hardness`.

    Intervals are of the profile likelihood of the ratio (Wilks 1938), which is rough with few counts: with 2 to 3 in
    each band those of 68.3 % cover 55 to 73 %, the least without background, and limits of 95 % cover 90 to 97 %; from
    10 counts up both are within 2 points of nominal.

    The likelihoods of both bands are taken as independent. Where the light curve has a `background_error`, each band
    has a factor of its own on its background, with that error: what shifts the backgrounds of both bands alike is not
    in the interval as such, which is too wide or too narrow for it.

    The interval is that of counts. What is not known and the bands have in common, such as a scale of the flux, is not
    in the ratio; what `systematics` leave of an error of it, to first order, is `hardness_err_sys`, which is there
    where the light curve has any.

    Parameters
    ----------
    light_curve : `LightCurve`
    origin : `LightCurveOrigin` or `DatasetOrigin`, its origin
    bands : (band_low, band_high), their numbers
    sigma, upper_limit, sigma_ul : as in `tevcurve.light_curve`; None for the light curve's own
    """
    table, edges = light_curve.table, origin.bands
    n_bands = len(edges) - 1
    low, high = _checked(bands, n_bands)
    sigma = origin.options.sigma if sigma is None else positive(sigma, "sigma")
    given = upper_limit is not None or sigma_ul is not None
    limit = limit_sigma(sigma_ul, upper_limit) if given else origin.options.sigma_ul
    joint, _ = origin.rows(below_zero=False)
    flux = origin.spectrum.photon_flux(edges)
    unit = np.nan if joint.dark[[low, high]].any() else flux[high] / flux[low]
    columns, status, reason = _of_bins(joint, low, high, unit, sigma**2, limit**2)
    columns |= _systematic(table, origin, joint, (low, high), columns["hardness"])
    reason = _with_energies(table, n_bands, (low, high), status, reason)
    shown = [table[name][::n_bands] for name in TIMES if name in table.colnames]
    form = f".{decimals_of(*columns['hardness_errn'], *columns['hardness_errp'])}f"
    for name, values in columns.items():
        own = ".2g" if name == SYSTEMATIC else form
        shown.append(Column(values, name=name, format=own, description=DESCRIPTIONS[name]))
    shown.append(Column(status, name="status", dtype=str, description="Outcome"))
    shown.append(
        Column(reason, name="reason", dtype=str, description="The outcome in words, if not plainly ok")
    )
    meta = {
        "TIMESYS": table.meta["TIMESYS"],
        "source": table.meta.get("source", ""),
        "band_low_TeV": edges[low : low + 2].tolist(),
        "band_high_TeV": edges[high : high + 2].tolist(),
        "sigma": sigma,
        "sigma_ul": limit,
        "upper_limit": level_of(limit),
    }
    return Table(shown, meta=meta, copy=False)


def _systematic(table, origin, joint, bands, hardness):
    """The column `hardness_err_sys`, a dict of one array (n_times,); none where the light curve has no systematics.

    In a parameter a ratio moves by the difference of what its two fluxes do, which is 0 where both scale alike.
    """
    if not {"systematics", "cross_calibration"} & set(table.meta):
        return {}
    norm = np.asarray(table["norm"], dtype=float)
    nuisances = origin.nuisances(joint, norm[joint.fitted])
    place = numbers_among(joint.fitted, joint.n_bins).reshape(-1, joint.n_bands)[:, list(bands)]
    error = np.full(len(place), np.nan)
    k = np.flatnonzero((place >= 0).all(axis=1))
    if nuisances is None or not len(k):
        return {SYSTEMATIC: error}
    low, high = place[k].T
    error[k] = np.sqrt(nuisances.of_ratios(high, low, norm[joint.fitted]).spreads()[:, 0])
    return {SYSTEMATIC: hardness * error}


def _with_energies(table, n_bands, bands, status, reason):
    """The reasons, with the bands of which a part only was fitted, so that the reference spectrum says the rest."""
    partly = extrapolating(table).reshape(-1, n_bands)[:, list(bands)]
    told = list(reason)
    for k in np.flatnonzero(partly.any(axis=1)):
        if status[k] in ("ok", "at_zero", "at_bound"):
            which = (
                "both bands were"
                if partly[k].all()
                else f"the {'lower' if partly[k, 0] else 'upper'} band was"
            )
            words = f"{which} fitted in a part only, and the reference spectrum says the rest"
            told[k] = "; ".join(each for each in (reason[k], words) if each)
    return told


def _checked(bands, n_bands):
    """The two numbers, or `InputError`."""
    for name, band in zip(("band_low", "band_high"), bands, strict=True):
        if band not in range(n_bands):
            raise InputError(
                f"{name} is {band!r}; the bands of this light curve have the numbers 0 to {n_bands - 1}."
            )
    if bands[0] == bands[1]:
        raise InputError(f"band_low and band_high are both {bands[0]}; wanted are two bands.")
    return int(bands[0]), int(bands[1])


def _of_bins(joint, low, high, unit, rise, ul_rise):
    """(columns, statuses, reasons) of all time bins; `unit` is the ratio of the references."""
    place = numbers_among(joint.fitted, joint.n_bins).reshape(-1, joint.n_bands)
    columns = {name: np.full(len(place), np.nan) for name in DESCRIPTIONS if name != SYSTEMATIC}
    status, reason = ["ok"] * len(place), [""] * len(place)
    fitted = (place[:, low] >= 0) & (place[:, high] >= 0)
    for k in np.flatnonzero(~fitted):
        band = low if place[k, low] < 0 else high
        status[k], reason[k] = joint.why_unfitted(k * joint.n_bands + band)
    k = np.flatnonzero(fitted)
    if len(k):
        profiles = (joint.profile.take(place[k, band])[0] for band in (high, low))
        estimate = estimate_ratios(*profiles, rise=rise, ul_rise=ul_rise)
        columns["hardness"][k], columns["hardness_ll"][k] = unit * estimate.ratio, unit * estimate.lower_limit
        columns["hardness_ul"][k] = unit * estimate.upper_limit
        with np.errstate(invalid="ignore"):
            columns["hardness_errn"][k] = unit * (estimate.ratio - estimate.low)
            columns["hardness_errp"][k] = unit * (estimate.high - estimate.ratio)
        for number, outcome in zip(k, _outcomes(estimate), strict=True):
            status[number], reason[number] = outcome
    return columns, status, reason


def _outcomes(estimate):
    """(status, reason in words) of each bin."""
    upper, lower = estimate.numerator, estimate.denominator
    for k in range(len(estimate.ratio)):
        if not (upper.converged[k] and lower.converged[k]):
            yield "not_converged", "the search for the best flux of a band did not end"
        elif upper.norm[k] <= 0 and lower.norm[k] <= 0:
            yield "at_zero", "the fluxes of both bands are at zero, so there is no ratio"
        elif upper.norm[k] <= 0:
            yield "at_zero", "the flux of the upper band is at zero, so the upper limit is what is known"
        elif lower.norm[k] <= 0:
            yield "at_zero", "the flux of the lower band is at zero, so the lower limit is what is known"
        elif not np.isfinite(estimate.high[k]):
            yield "ok", "the interval includes a lower band without flux, so it has no upper end"
        else:
            yield "ok", ""
