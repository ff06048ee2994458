"""From the fit of all rows to the columns of a light curve."""

from numbers import Real
from statistics import NormalDist

import numpy as np

from tevcurve.errors import InputError
from tevcurve.files.masked import without_masks
from tevcurve.fit.norms import estimate_norms
from tevcurve.fit.sensitivity import norm_sensitivities
from tevcurve.lightcurve.status import statuses
from tevcurve.options import STATISTIC, check_choice
from tevcurve.statistics import STATISTICS


def fit_rows(joint, options, nuisances=None):
    """(columns, statuses, reasons) of all rows of a `RowLikelihood`: a dict of arrays and two lists of str.

    Parameters
    ----------
    joint : `RowLikelihood` of all rows
    options : `FitOptions`
    nuisances : function(best norms (n_fitted,)) -> `RowNuisances` of the fitted rows, which make the total errors and
        limits; default: there are none
    """
    steps = options.steps
    estimate = estimate_norms(
        joint.profile,
        negative=options.negative,
        err=options.sigma if "err" in steps else None,
        errn_errp=options.sigma if "errp-errn" in steps else None,
        ul_rise=options.sigma_ul**2 if "ul" in steps else None,
        ts="ts" in steps,
        scan=options.norm_values if "norm-scan" in steps else None,
        spreads=None if nuisances is None else lambda norm: nuisances(norm).spreads(),
    )
    columns = joint.columns(estimate)
    if options.sigma_sensitivity is not None:
        found = norm_sensitivities(joint, estimate.norm, options.sigma_sensitivity)
        columns["norm_sensitivity"] = joint.spread(found)
    status, reason = statuses(joint, estimate.minimum, columns)
    reason = _with_background_words(joint, reason, options)
    if options.interval != "likelihood":
        # It needs scipy.special, which takes longer to import than a light curve to make.
        from tevcurve.lightcurve.exact_columns import with_exact_intervals

        columns, reason = with_exact_intervals(joint, columns, reason, options, estimate.minimum)
    return columns, status, reason


def _with_background_words(joint, reason, options):
    """Reasons, with what is taken as known of the background in each row that is fitted."""
    words = []
    if options.background == "shape":
        words.append(
            "one background norm for each run, on the smoothed shape of the OFF spectrum of the "
            + options.shape_from
        )
    if not words and options.background_error is None:
        return reason
    reason, guessed = list(reason), np.zeros(joint.n_bins, dtype=bool)
    if options.background == "shape":
        guessed = joint.has_guessed_shape()
    for row in joint.fitted:
        guess = "which has no OFF count: a falling power law is taken" if guessed[row] else ""
        told = [*words, guess] if guess else list(words)
        if options.background_error is not None:
            error = f"{100 * options.background_error:g} %"
            told.append(f"{joint.uncertain_in(row)} of each run is uncertain by {error}, in each row anew")
        reason[row] = "; ".join(each for each in (reason[row], ", ".join(told)) if each)
    return reason


def reference_fluxes(spectra, e_ref, e_min, e_max):
    """`ref_flux`, `ref_dnde`, `ref_eflux` and `ref_e2dnde` of rows, a dict of arrays (n_rows,) in TeV, cm, s.

    Parameters
    ----------
    spectra : list of `SpectralModel`, one per row
    e_ref, e_min, e_max : float arrays (n_rows,), TeV
    """
    seen = {}

    def once(spectrum, energy, low, high):
        # Rows of one spectrum and band are many, and each has the same reference.
        key = id(spectrum), energy, low, high
        if key not in seen:
            band = [low, high]
            flux, energy_flux = spectrum.photon_flux(band)[0], spectrum.energy_flux_bins(band)[0]
            seen[key] = float(spectrum.dnde(energy)), flux, energy_flux
        return seen[key]

    rows = zip(spectra, e_ref, e_min, e_max, strict=True)
    dnde, flux, energy_flux = np.array([once(*row) for row in rows]).reshape(-1, 3).T
    # A factor on nothing says nothing.
    dnde = np.where(dnde > 0, dnde, np.nan)
    return {
        "ref_dnde": dnde,
        "ref_flux": flux,
        "ref_eflux": energy_flux,
        "ref_e2dnde": np.asarray(e_ref) ** 2 * dnde,
    }


def limit_sigma(sigma_ul, upper_limit):
    """Standard deviations of the upper limit, of either way to say it.

    Parameters
    ----------
    sigma_ul : float above 0, standard deviations; None for 2, or where the other is given
    upper_limit : float between 0.5 and 1, confidence level of the limit; None where it is not said so

    Raises `InputError` where both are given, or the value is out of range.
    """
    if upper_limit is None:
        return positive(2 if sigma_ul is None else sigma_ul, "sigma_ul")
    if sigma_ul is not None:
        raise InputError(
            f"sigma_ul is {sigma_ul} and upper_limit {upper_limit}; they say the same, so give one."
        )
    if not (isinstance(upper_limit, Real) and 0.5 < upper_limit < 1):
        raise InputError(f"upper_limit is {upper_limit!r}; wanted is a confidence level such as 0.95.")
    return NormalDist().inv_cdf(upper_limit)


# Norms of a likelihood scan: a column of so many numbers in each row.
MAX_SCAN = 10_000


def check_options(options):
    """The `FitOptions`, or `InputError` for what is unknown or does not go together. options: `FitOptions`."""
    for name in ("interval", "background", "shape_from"):
        check_choice(name, getattr(options, name))
    if options.norm_values is not None and np.size(options.norm_values) > MAX_SCAN:
        raise InputError(
            f"norm_values has {np.size(options.norm_values)} values, each of which every row would have; wanted are at "
            f"most {MAX_SCAN}."
        )
    if options.norm_values is not None and not np.all(np.isfinite(without_masks(options.norm_values))):
        raise InputError("norm_values has one that is masked or not finite; wanted are numbers.")
    if options.background_error is not None:
        positive(options.background_error, "background_error")
    if options.sigma_sensitivity is not None:
        positive(options.sigma_sensitivity, "sigma_sensitivity")
    if options.statistic not in STATISTICS:
        raise STATISTICS.unknown(options.statistic)
    exact, shaped = options.interval != "likelihood", options.background == "shape"
    interval = f"interval='{options.interval}'"
    systematic, own = options.background_error is not None, options.statistic != STATISTIC
    refused = [
        (exact and options.negative, f"{interval} is for fluxes above zero", "negative=True"),
        (exact and options.free, f"{interval} is for a fixed spectral shape", "free"),
        (exact and systematic, f"{interval} knows background by counts", "background_error"),
        (shaped and systematic, "background='shape' takes alpha as exact", "background_error"),
        (shaped and options.free, "background='shape' is for a fixed spectral shape", "free"),
        (systematic and options.free, "background_error is for a fixed spectral shape", "free"),
        (
            options.sigma_sensitivity is not None and options.free,
            "sigma_sensitivity is for a fixed spectral shape",
            "free",
        ),
        *(
            (
                own and given,
                f"statistic='{options.statistic}' is for free backgrounds and a fixed shape",
                other,
            )
            for given, other in (
                (exact, interval),
                (shaped, "background='shape'"),
                (systematic, "background_error"),
                (options.free, "free"),
            )
        ),
    ]
    for wrong, words, other in refused:
        if wrong:
            raise InputError(f"{words}, and {other} is given too; wanted is one of them.")
    return options


def positive(value, name):
    """A float above 0, or `InputError`.

    Parameters
    ----------
    value : number
    name : str, what it is called in the message
    """
    if not (np.isfinite(value) and value > 0):
        raise InputError(f"{name} is {value!r}; wanted is a number above 0.")
    return float(value)
