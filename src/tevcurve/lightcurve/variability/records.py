"""What a test of variability says."""

from dataclasses import dataclass, fields
from statistics import NormalDist

import numpy as np

from tevcurve.records import as_html
from tevcurve.rounding import sigma_text, with_errors

# No formula holds so far in its tail that smaller chances could be told; where rows have few counts and there are no
# toys, chances are not told below that of 1000 toys of which none varies as much.
LEAST_CHANCE, LEAST_ROUGH_CHANCE = 1e-15, 1e-3


@dataclass(frozen=True, eq=False, kw_only=True)
class Without:
    """What a test says of the same rows with all scales of instruments 1, and no systematic errors.

    Attributes
    ----------
    ignored : str, what is ignored, in words
    value : float
    measured : str, the value in words
    p_value : float
    p_is_limit : bool, whether the chance is smaller than can be said
    """

    ignored: str
    value: float
    measured: str
    p_value: float
    p_is_limit: bool = False

    @classmethod
    def of(cls, result, ignored):
        """That of the `VariabilityResult` of such rows.

        Parameters
        ----------
        result : `VariabilityResult`
        ignored : str, what is ignored, in words
        """
        told = result.measured(), float(result.p_value), result.p_is_limit
        names = ("measured", "p_value", "p_is_limit")
        return cls(ignored=ignored, value=float(result.value), **dict(zip(names, told, strict=True)))

    def __str__(self):
        return f"with {self.ignored} {self.measured}, {chance_text(self.p_value, self.p_is_limit)}"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class VariabilityResult:
    """A measure of variability, and the chance of it for a source that is constant.

    Attributes
    ----------
    name : str
    value : float or Quantity
    error : float or Quantity, one standard deviation; NaN where the value has none
    errn, errp : the same down and up; NaN where there are none
    p_value : float, chance that a constant source gives the value or more, after all `trials`
    p_is_limit : bool, whether the chance is smaller than can be said, so that `p_value` is an upper limit of it
    p_asymptotic : float, the chance by the formula, which holds for many counts
    method : "asymptotic" (by a formula, for many counts) or "toys" (by drawn light curves of a constant source)
    n_toys : int, number of toys, 0 without
    least_chance : float, the least chance, and the least distance from 1, that can be told
    trials : int, number of places that were looked at
    n_rows : int, rows of the light curve in it
    n_left_out : int, rows that are not in it as they have too little exposure to say anything
    n_energy_ranges : int, different ranges of energy that its rows are fitted in; above 1 they extrapolate differently,
        and a wrong spectrum looks like variability
    note : str, what a reader should know
    without : `Without`, the same with scales and systematic errors ignored; None where there are none
    """

    name: str
    value: object
    error: object = np.nan
    errn: object = np.nan
    errp: object = np.nan
    p_value: float = np.nan
    p_is_limit: bool = False
    p_asymptotic: float = np.nan
    method: str = "asymptotic"
    n_toys: int = 0
    least_chance: float = LEAST_CHANCE
    trials: int = 1
    n_rows: int = 0
    n_left_out: int = 0
    n_energy_ranges: int = 1
    note: str = ""
    without: Without | None = None

    @property
    def significance(self):
        """The chance in standard deviations, one-sided; a lower limit where the chance is an upper one.

        To neither side is it more than the toys can tell, or the formula.
        """
        if not np.isfinite(self.p_value):
            return np.nan
        return -NormalDist().inv_cdf(min(max(self.p_value, self.least_chance), 1 - self.least_chance))

    def measured(self):
        """The value with its error, in words."""
        return _with_errors(self.value, self.error, self.errn, self.errp)

    def chance(self):
        """The chance and where it is from, in words."""
        if not np.isfinite(self.p_value):
            return ""
        places = f", {self.trials} places" if self.trials > 1 else ""
        source = f"{self.n_toys} toys" if self.method == "toys" else "asymptotic"
        told = chance_text(self.p_value, self.p_is_limit)
        # A chance of 1, as far as it is known, is no significance of anything.
        sigma = f"{sigma_text(self.significance)} sigma, " if self.p_value <= 1 - self.least_chance else ""
        more = "more than " if sigma and self.p_is_limit else ""
        return f"{told} ({more}{sigma}{source}{places})"

    def __str__(self):
        without = "" if self.without is None else str(self.without)
        parts = [f"{self.name}: {self.measured()}", self.chance(), without, self.note]
        return "; ".join(part for part in parts if part)

    def __repr__(self):
        return f"<{self}>"

    def _repr_html_(self):
        rows = {field.name: _short(getattr(self, field.name)) for field in fields(self)}
        rows |= {"value": self.measured(), "significance": sigma_text(self.significance)}
        if np.isfinite(self.p_value):
            rows["p_value"] = chance_text(self.p_value, self.p_is_limit)
        return as_html(self.name, rows)


def chance_text(p_value, is_limit):
    """A chance in words, such as "p = 0.012"; "<" where it is an upper limit.

    Parameters
    ----------
    p_value : float
    is_limit : bool, whether it is an upper limit
    """
    return f"p {'<' if is_limit else '='} {p_value:.2g}"


def _short(value):
    if isinstance(value, float):
        return f"{value:.4g}"
    return np.array2string(value, precision=4) if isinstance(value, np.ndarray) else str(value)


def _with_errors(value, error, errn, errp):
    """A value and its errors to the same digits."""
    unit = getattr(value, "unit", "")
    value, error, errn, errp = (float(getattr(each, "value", each)) for each in (value, error, errn, errp))
    if not np.isfinite(value):
        return "none found"
    if not np.isnan(errn) and not np.isnan(errp):
        return with_errors(value, errn, errp, unit=unit)
    return with_errors(value, error, unit=unit)
