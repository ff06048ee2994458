"""Words that go with rows in papers: what they are of, how long they are, and at which levels errors and limits are."""

from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.table import Table

from tevcurve.lightcurve.interval_words import interval_sentence
from tevcurve.lightcurve.papers.shown import Shown
from tevcurve.lightcurve.plots.rows import bands_of, limits_of, values_of

if TYPE_CHECKING:
    from tevcurve.lightcurve.product import LightCurve


def limit_rows(table: Table, value: str, shown: Shown) -> tuple[np.ndarray, np.ndarray]:
    """(bool (n,), rows that are shown as the upper limit of a value, those as its lower limit), as a figure draws them.

    Magnitudes have lower limits, that a source is fainter than.

    Parameters
    ----------
    table : of a light curve
    value : name of its column
    shown : with the threshold of the test statistic
    """
    values = values_of(table, value, table[value].unit or 1)
    upper, lower = limits_of(table, values, shown.ts_threshold)
    return upper & np.isfinite(values["upper"]), lower & ~np.isfinite(values["value"])


def band_words(table: Table) -> str:
    """The energies of a table with one band, "0.7 to 20 TeV"; "" where it has several, or none. table: of rows."""
    bands = list(bands_of(table))
    if len(bands) != 1 or bands[0] is None:
        return ""
    return f"{bands[0][0]:.4g} to {bands[0][1]:.4g} TeV"


def whose(light_curve: "LightCurve") -> str:
    """What a light curve is of, "light curve of Crab", with its energies where it has one band.

    light_curve: LightCurve.
    """
    source = light_curve.meta.get("source")
    band = band_words(light_curve.table)
    return f"light curve{f' of {source}' if source else ''}{f', {band}' if band else ''}"


def error_level(meta: Any) -> str:
    """The level of the errors, a sentence, or "" where it is not known. meta: of a light curve."""
    sigma = meta.get("sigma")
    if sigma is None:
        return ""
    inside = 2 * NormalDist().cdf(float(sigma)) - 1
    return f"Errors are of {float(sigma):g} sigma ({percent(inside)} of confidence)"


def limit_level(meta: Any) -> str:
    """The level of the upper limits, a sentence, or "" where it is not known. meta: of a light curve."""
    level = meta.get("upper_limit")
    return "" if level is None else f"Upper limits are at {percent(float(level))} confidence level"


def whose_intervals(meta: Any) -> str:
    """Whose errors and limits these are, a sentence, or "" for the likelihood's. meta: of a light curve."""
    told = interval_sentence(meta)
    return told[:1].upper() + told[1:]


def percent(level: float) -> str:
    """A level of confidence, "95%". level: 0 to 1."""
    return f"{100 * level:.4g}%"


def threshold_words(shown: Shown) -> str:
    """Which rows have a limit in place of a value. shown: with the threshold of the test statistic."""
    if shown.ts_threshold is None:
        return ""
    return f"Rows with a test statistic below {shown.ts_threshold:g} are shown as their upper limit"
