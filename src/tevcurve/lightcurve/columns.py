"""What the columns of a light curve are called, and the unit, print format and meaning of each."""

FLUX_UNIT = "1 / (cm2 s)"
DNDE_UNIT = "1 / (TeV cm2 s)"
EFLUX_UNIT = "TeV / (cm2 s)"

QUANTITIES = {
    "flux": (FLUX_UNIT, "Integral flux between e_min and e_max"),
    "dnde": (DNDE_UNIT, "Differential flux at e_ref"),
    "eflux": (EFLUX_UNIT, "Energy flux between e_min and e_max"),
    "e2dnde": (EFLUX_UNIT, "e_ref squared times the differential flux at e_ref"),
}
VARIANTS = {
    "": "",
    "_err": ": symmetric error, from the curvature of the likelihood; NaN at a bound or a kink",
    "_errn": ": distance down to the lower end of the likelihood interval",
    "_errp": ": distance up to the upper end of the likelihood interval",
    "_ul": ": upper limit, at the confidence level in the metadata",
}


def _spread(quantity, unit, text):
    """The value, error and limit columns of one quantity."""
    return {quantity + end: (unit, ".4g", text + words) for end, words in VARIANTS.items()}


# name -> (unit, print format, description); the order is that of the table.
COLUMNS = {
    "time_min": ("d", ".6f", "Start of the time bin (MJD, time scale in TIMESYS)"),
    "time_max": ("d", ".6f", "End of the time bin (MJD, time scale in TIMESYS)"),
    "time_mean": ("d", ".6f", "Live-time-weighted mean time (MJD, time scale in TIMESYS)"),
    "phase_min": ("", ".4f", "Start of the phase bin"),
    "phase_max": ("", ".4f", "End of the phase bin"),
    "e_ref": ("TeV", ".4g", "Reference energy"),
    "e_min": ("TeV", ".4g", "Lower edge of the energy band"),
    "e_max": ("TeV", ".4g", "Upper edge of the energy band"),
    "e_min_fit": ("TeV", ".4g", "Lowest energy that entered the fit"),
    "e_max_fit": ("TeV", ".4g", "Highest energy that entered the fit"),
    **_spread("flux", *QUANTITIES["flux"]),
    "ts": ("", ".4g", "Test statistic of the source against no source"),
    "sqrt_ts": ("", ".4g", "Square root of the test statistic, with the sign of the norm"),
    "status": ("", None, "Outcome of the fit"),
    "reason": ("", None, "The outcome in words, where it is not plainly ok"),
    "counts": ("", None, "Events in the fit"),
    "npred": ("", ".4g", "Predicted events at the minimum"),
    "npred_excess": ("", ".4g", "Predicted events of the source at the minimum"),
    "n_on": ("", None, "Events in the ON region"),
    "n_off": ("", None, "Events in the OFF regions"),
    "alpha": ("", ".4g", "ON exposure over OFF exposure"),
    "excess": ("", ".4g", "ON events minus alpha times OFF events"),
    "n_runs": ("", None, "Runs that entered the fit"),
    "livetime": (
        "s",
        ".6g",
        "Live time of the runs that entered the fit: their good time in the bin, corrected for dead time",
    ),
    "ontime": ("s", ".6g", "Good time in the time bin of the runs that entered the fit"),
    **_spread("dnde", *QUANTITIES["dnde"]),
    **_spread("eflux", *QUANTITIES["eflux"]),
    **_spread("e2dnde", *QUANTITIES["e2dnde"]),
    **_spread("norm", "", "Flux in units of the reference model"),
    "ref_flux": (FLUX_UNIT, ".4g", "Integral flux of the reference model between e_min and e_max"),
    "ref_dnde": (DNDE_UNIT, ".4g", "Differential flux of the reference model at e_ref"),
    "ref_eflux": (EFLUX_UNIT, ".4g", "Energy flux of the reference model between e_min and e_max"),
    "ref_e2dnde": (
        EFLUX_UNIT,
        ".4g",
        "Differential flux of the reference model at e_ref times e_ref squared",
    ),
    "loglike": ("", ".6g", "Fit statistic (-2 log likelihood) at the minimum"),
    "norm_scan": ("", ".4g", "Norms of the likelihood scan"),
    "dloglike_scan": ("", ".4g", "Fit statistic at each norm of the scan minus that at the minimum"),
}
