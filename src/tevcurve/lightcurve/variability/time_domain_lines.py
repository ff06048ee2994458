"""The lines on the time domain that stand among tests of variability: what takes next to no time."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tevcurve.errors import InputError
from tevcurve.lightcurve.variability.gregory_loredo import gregory_loredo
from tevcurve.lightcurve.variability.power_spectrum import CONSTANT, LEAST_ROWS, spectrum_of
from tevcurve.lightcurve.variability.records import VariabilityResult
from tevcurve.rounding import with_errors

# Rows whose process is fitted in a fifth of a second; of more, one asks for it.
MOST_ROWS = 150


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SlopeResult(VariabilityResult):
    """A `VariabilityResult` whose `value` is the slope of the power spectrum; NaN where it is not constrained.

    Attributes
    ----------
    amplitude, amplitude_errn, amplitude_errp : float, standard deviation of the log flux in a factor e of frequencies
        around the pivot, with its errors
    pivot : Quantity, Hz
    why_not : str, why the slope is not constrained; empty where it is
    spectrum : `PowerSpectrum`, None where none was fitted
    """

    amplitude: float = np.nan
    amplitude_errn: float = np.nan
    amplitude_errp: float = np.nan
    pivot: Any = None
    why_not: str = ""
    spectrum: Any = None

    def measured(self):
        """Slope and amplitude, in words."""
        if self.why_not:
            return f"slope not constrained, as {self.why_not}"
        amplitude = with_errors(self.amplitude, self.amplitude_errn, self.amplitude_errp)
        slope = with_errors(self.value, self.errn, self.errp)
        return f"slope {slope}, amplitude {amplitude} at {self.pivot:.3g}"


def slope_of(rows, p_value):
    """(`SlopeResult` of the power spectrum of `Rows`, "") or (None, a sentence why there is none).

    A process is fitted where the slope may be told, and that takes no time: of 20 to 150 rows that vary.

    Parameters
    ----------
    rows : `Rows`
    p_value : float, chance of TS_var
    """
    name, known = "power spectrum", _known(rows)
    if rows.n < LEAST_ROWS or p_value >= CONSTANT:
        few = f"{rows.n} rows are too few" if rows.n < LEAST_ROWS else "the rows agree with a constant flux"
        return SlopeResult(name=name, value=np.nan, why_not=few, **known), ""
    if rows.n > MOST_ROWS:
        return (
            None,
            f"Left out: {name}, as that of {rows.n} rows takes long; lc.timing.power_spectrum() has it.",
        )
    try:
        spectrum = spectrum_of(rows)
    except InputError as error:
        return None, f"Left out: {name}. {error}"
    return slope_result(spectrum), ""


def slope_result(spectrum):
    """The `SlopeResult` of a `PowerSpectrum`. spectrum: the `PowerSpectrum`."""
    (low, high), (less, more) = spectrum.slope_68, spectrum.amplitude_68
    return SlopeResult(
        name="power spectrum",
        value=spectrum.slope,
        errn=spectrum.slope - low,
        errp=high - spectrum.slope,
        amplitude=spectrum.amplitude,
        amplitude_errn=spectrum.amplitude - less,
        amplitude_errp=more - spectrum.amplitude,
        pivot=spectrum.pivot,
        why_not=spectrum.why_not,
        spectrum=spectrum,
        **_known(spectrum.fit.process.rows),
    )


def _known(rows):
    """The fields (dict) that every result on `Rows` has."""
    return {"n_rows": rows.n, "n_energy_ranges": rows.n_energy_ranges, "note": "; ".join(rows.notes)}


def odds_of(light_curve, band):
    """(`GregoryLoredoResult` without toys, "") or (None, a sentence why there is none).

    Parameters
    ----------
    light_curve : `LightCurve`
    band : int, or None for the only one
    """
    try:
        found = gregory_loredo(light_curve, band, n_toys=0)
    except InputError as error:
        return None, f"Left out: Gregory-Loredo. {error}"
    # Odds of 1 or less bound no chance.
    return found if found.value > 0 else replace(found, p_value=np.nan, p_is_limit=False), ""
