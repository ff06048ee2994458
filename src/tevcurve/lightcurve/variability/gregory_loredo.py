"""The test of Gregory & Loredo: odds of a rate of events in steps against a constant one."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import astropy.units as u
import numpy as np
from astropy.table import QTable

from tevcurve.errors import InputError
from tevcurve.kernels.stepwise_rates import Steps
from tevcurve.lightcurve.plots.overlays import plot_blocks
from tevcurve.lightcurve.variability.chances import Test, chance_of
from tevcurve.lightcurve.variability.event_clock import event_clock
from tevcurve.lightcurve.variability.records import VariabilityResult
from tevcurve.lightcurve.variability.rows import rows_of

# Steps of the finest model, where there are as many events or more.
M_MAX = 64
# What is said of odds where there are scales or systematic errors.
IGNORED = ("odds by the times of events do not know of scales and systematic errors",)
# Points of the curve: of the table, and of those that fractions are counted on.
N_CELLS, N_POINTS = 256, 1000
# Odds are 1 on average over constant sources (Markov's inequality).
BOUND = "the chance of Gregory-Loredo's odds without toys is one over them, which it is never above"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class GregoryLoredoResult(VariabilityResult):
    """A `VariabilityResult` whose `value` is the log10 of the odds of variability.

    Attributes
    ----------
    probability : float, of variability, where that was as likely as not beforehand: odds/(1 + odds)
    index : int, of variability, 0 (none) to 10, as in the Chandra Source Catalogue
    within_3, within_5 : float, shares of the curve within 3 and 5 of its standard deviations from its mean
    n_steps : int, the likeliest number of steps
    n_events : int, events that the odds rest on
    curve : `QTable` with `start`, `stop` (Time), `flux`, `flux_errn`, `flux_errp` (cm-2 s-1): mean and standard
        deviation of the flux, given the events and that it goes in steps
    """

    probability: float = np.nan
    index: int = 0
    within_3: float = np.nan
    within_5: float = np.nan
    n_steps: int = 0
    n_events: int = 0
    curve: Any = None

    def measured(self):
        """The odds and the index, in words."""
        return f"log10(odds) = {self.value:.2f}, index {self.index} of 10"

    def plot(self, ax=None, **keywords):
        """The axes with the curve as steps and a band of one standard deviation.

        Parameters
        ----------
        ax : matplotlib axes, with a light curve in it or without; default: the current axes
        keywords : as for `tevcurve.lightcurve.plot.plot_blocks`
        """
        return plot_blocks(
            SimpleNamespace(blocks=self.curve), ax, **{"label": "Gregory-Loredo curve"} | keywords
        )


def gregory_loredo(light_curve, band=None, m_max=None, n_toys=1000, random_state=0):
    """The odds that the source varied, by when its events came, a `GregoryLoredoResult`.

    Models of 2 to `m_max` equal steps at all phases are compared with a constant rate (Gregory & Loredo 1992, ApJ 398,
    146, section 5, with the period as long as the observation, but that its end is not joined to its beginning;
    `tevcurve.kernels.stepwise_rates` has the equations), on
    a clock that runs as a constant source with its background gives events, so that exposure and gaps play no part
    (`tevcurve.lightcurve.variability.event_clock`). In 1D the events are those of the ON region. In 3D each event of
    the fit counts with its chance to be of the source at the constant flux: the odds of such sums are cautious. There
    are no time bins to choose, but those of the light curve say which good time is looked at.

    Odds above 1 are far rarer in constant sources than 1 of 2: for how rare these are take `p_value`, from toys that
    are even on the clock and measure their background and constant themselves (as `chances`, they end when enough is
    known). Without toys it is one over the odds, which no chance is above.

    The index is that of the Chandra Source Catalogue (its page "Gregory-Loredo Variability Probability"): with the
    probability P of variability and the shares of the curve within 3 and 5 standard deviations, 0 where P is 1/2 or
    less, 1 and 2 below 2/3 and 0.9 where more than 99.7 % and all of it are, else 3, 4 and 5 below 0.6, 2/3 and 0.9;
    from there on by the log10 of the odds, 6 to 10 from 2, 4, 10 and 30 on.

    Parameters
    ----------
    light_curve : `LightCurve` that knows its events
    band : int, number of the energy band; needed where there are several
    m_max : int, steps of the finest model, 2 or more; default: 64, or the number of events where they are fewer
    n_toys : int, the most toys for the chance; 0 for none
    random_state : int seed or numpy Generator
    """
    if m_max is not None and (m_max != int(m_max) or m_max < 2):
        raise InputError(f"m_max is {m_max!r}; wanted is a number of steps, 2 or more.")
    rows = rows_of(light_curve, band, least=1, bounded=True)
    clock = event_clock(light_curve, rows)
    steps = Steps(int(m_max or max(2, min(M_MAX, len(clock.time)))))
    odds, found = chance_of_odds(clock, steps, n_toys, random_state)
    value, rates = odds.of_all / np.log(10), odds.rates((np.arange(N_POINTS) + 0.5) / N_POINTS)
    within = [float(np.mean(np.abs(rates[0] - rates[0].mean()) <= n * rates[1])) for n in (3, 5)]
    return found.record(
        GregoryLoredoResult,
        rows,
        IGNORED if rows.unknown is not None else (),
        name="Gregory-Loredo",
        value=float(value),
        probability=_probability(value),
        index=variability_index(value, *within),
        within_3=within[0],
        within_5=within[1],
        n_steps=int(steps.steps[np.argmax(odds.of_steps)]),
        n_events=len(clock.time),
        curve=_curve(clock, odds, rows),
    )


def variability_index(log_odds, within_3, within_5):
    """The variability index of the Chandra Source Catalogue, 0 to 10; see `gregory_loredo`.

    Parameters
    ----------
    log_odds : float, log10 of the odds of variability
    within_3, within_5 : float, shares of the curve within 3 and 5 standard deviations from its mean
    """
    probability = _probability(log_odds)
    if probability <= 0.5:
        return 0
    if probability >= 0.9:
        return 6 + sum(log_odds >= edge for edge in (2, 4, 10, 30))
    if within_3 > 0.997 and within_5 == 1:
        return 1 if probability < 2 / 3 else 2
    return 3 + sum(probability >= edge for edge in (0.6, 2 / 3))


def chance_of_odds(clock, steps, n_toys, random_state):
    """(`StepOdds` of the events of an `EventClock`, the `Found` of their chance).

    Parameters
    ----------
    clock : `EventClock`
    steps : `Steps`
    n_toys : int, the most that are drawn; without any the chance is the bound that odds themselves are
    random_state : int seed or numpy Generator
    """
    odds = steps.log_odds(clock.time, clock.weight)

    def drawn(n, rng):
        for _ in range(n):
            yield steps.log_odds(*clock.toy(rng))

    test = Test(
        lambda each: np.array([each.of_all]), lambda value: float(np.exp(-max(value, 0.0))), has_tail=True
    )
    found = chance_of(odds, test, drawn, n_toys, random_state)
    if not n_toys and odds.of_all > 0:
        found.fields.update(p_is_limit=True, note=BOUND)
    return odds, found


def _probability(log_odds):
    """Of variability, from the log10 of its odds."""
    return float(1 / (1 + 10.0 ** -np.clip(log_odds, -300, 300)))


def _curve(clock, odds, rows):
    """The table of the posterior mean flux."""
    start, stop, middle, norms = clock.cells(N_CELLS)
    mean, spread = odds.rates(middle)
    unit = rows.flux * u.Unit("cm-2 s-1")
    columns = {"start": rows.time(start), "stop": rows.time(stop)}
    columns["flux"] = (clock.rates.norm + (mean - 1) * norms) * unit
    columns |= dict.fromkeys(("flux_errn", "flux_errp"), spread * norms * unit)
    return QTable(columns)
