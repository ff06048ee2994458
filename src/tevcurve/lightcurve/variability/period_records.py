"""What a search for periods says."""

from dataclasses import dataclass, field
from typing import Any

import astropy.units as u
import numpy as np

from tevcurve.lightcurve.plots.periods import plot_periods
from tevcurve.lightcurve.variability.records import VariabilityResult

# The share of toys that reach the threshold.
ONE_IN = 0.01
PERIOD_UNITS = u.s, u.ms, u.min, u.h, u.d, u.wk, u.yr


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PeriodSearch(VariabilityResult):
    """A `VariabilityResult` whose `value` is the highest of a statistic over all frequencies, with the statistic.

    Its chance is that of the highest of them all.

    Attributes
    ----------
    frequency : Quantity, of the highest
    frequencies : Quantity (m,)
    power : float array (m,), the statistic
    threshold : float, what the highest of one in a hundred toys reaches; NaN with fewer toys than that
    symbol : str, the statistic on an axis, as matplotlib has it
    """

    frequency: Any = None
    frequencies: Any = field(default=None)
    power: Any = field(default=None)
    threshold: float = np.nan
    symbol: str = "statistic"

    @property
    def period(self):
        """The period of the highest, Quantity."""
        return (1 / self.frequency).to(period_unit(self.frequency.unit))

    def measured(self):
        """The statistic and its period, in words."""
        return f"{float(self.value):.4g} at a period of {self.period:.6g}"

    def plot(self, ax=None):
        """Matplotlib axes: the statistic over frequency, with what one in a hundred toys reaches.

        ax: axes, optional.
        """
        return plot_periods(self, ax)

    def _repr_html_(self):
        return f"<p>{self}</p>"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Periodogram(PeriodSearch):
    """A `PeriodSearch` of rows. Its statistic is what a sinusoid takes from chi-square (white noise), or twice the log
    of the ratio of likelihoods with it and without (red noise).

    Attributes
    ----------
    noise : "red" or "white", what the noise beside the sinusoid is
    aliases : `QTable` of other peaks that a sinusoid at the highest would make by the times of the rows, or that would
        make the highest: `frequency`, `period`, `power`, and `share`, of the highest that a sinusoid there makes here
    window : float array (m,), the share at every frequency
    """

    noise: str = "white"
    aliases: Any = field(default=None)
    window: Any = field(default=None)

    def __str__(self):
        n = 0 if self.aliases is None else len(self.aliases)
        told = ", ".join(f"{each:.5g}" for each in self.aliases["period"][:3]) if n else ""
        more = f"; aliases of it: {told}{', ...' if n > 3 else ''}" if n else ""
        return super().__str__() + more


def period_unit(unit):
    """The unit that periods are told in, of astropy: that of which frequencies are one over, or s. unit: of these."""
    return next((each for each in PERIOD_UNITS if each**-1 == unit), u.s)


def highest(frequency_hz, power, unit, toys):
    """Fields of a `PeriodSearch`, dict.

    Parameters
    ----------
    frequency_hz : float array (m,), Hz
    power : float array (m,)
    unit : of frequencies that are shown
    toys : float array (n,), the highest of toys; may be empty
    """
    shown = (frequency_hz * u.Hz).to(unit)
    best = int(np.argmax(power))
    return {
        "value": float(power[best]),
        "frequency": shown[best],
        "frequencies": shown,
        "power": power,
        "trials": len(power),
        "threshold": float(np.quantile(toys, 1 - ONE_IN)) if len(toys) * ONE_IN >= 1 else np.nan,
    }
