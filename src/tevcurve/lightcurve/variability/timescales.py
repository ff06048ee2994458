"""How fast a light curve rises and falls: doubling and halving times."""

from dataclasses import dataclass
from typing import Any

import astropy.units as u
import numpy as np
from astropy.table import QTable

from tevcurve.fit.ratios import RatioEstimate, estimate_ratios
from tevcurve.kernels.exponentials import growth_rate
from tevcurve.kernels.numbering import members_of
from tevcurve.lightcurve.variability.amplitude import neighbours
from tevcurve.lightcurve.variability.chances import Test, among, chances, normal_chance
from tevcurve.lightcurve.variability.not_known import ignoring
from tevcurve.lightcurve.variability.records import VariabilityResult
from tevcurve.lightcurve.variability.rows import rows_of

DOUBLING, HALVING = 1, -1


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class TimescaleResult(VariabilityResult):
    """A `VariabilityResult` with all `pairs`, and the `start` and `stop` of the one with the shortest time.

    pairs: `QTable`, a row for each pair whose flux changes in the direction asked for: `start`, `stop` (Time: the
    live-time-weighted middles of both bins), `timescale`, `timescale_errn`, `timescale_errp` (s), `rate`, `rate_errn`,
    `rate_errp` (1/s, of the exponential), `significance` (of the change, before trials).
    """

    start: Any = None
    stop: Any = None
    pairs: Any = None

    def measured(self):
        """The time with its errors; where one of the rows has no flux, what it is less than."""
        if self.value == 0:
            return f"under {self.errp.to_value('s'):.4g} s"
        return super().measured()


def doubling_times(light_curve, band=None, min_significance=3, max_gap=None, n_toys=1000, random_state=0):
    """The shortest doubling time between neighbouring rows, a `TimescaleResult` with those of all that rise.

    Between two rows the flux is taken to be exponential: the mean of exp(ln(2)*t/t2) over the good time of each row, in
    closed form, has the ratio of the two fluxes. The interval of that ratio is of the profile likelihood of both rows,
    so that a row which is a limit gives a doubling time that can be short without end, `errn` = `value`. It is the t2
    of Zhang et al. 1999, ApJ 527, 719, with bins that have a width.

    The shortest is sought among pairs whose rise has a significance of `min_significance` before trials, by the
    likelihood ratio against one common flux, of fluxes that may be negative and of those that may not; its chance
    counts all pairs as trials. Of a rise from no flux at all, where the time is 0, the upper end is compared. Rows with
    less than a fifth of the mean exposure are left out. The shortest of many is biased to short times; a fit of the
    flare's profile is not (`flare_profile`).

    Parameters
    ----------
    light_curve : `LightCurve`
    band : int, number of the energy band; needed where there are several
    min_significance : float, standard deviations
    max_gap : Quantity or str, time between two bins beyond which they are no neighbours; default: none
    n_toys : int, toys for the chance where they are needed; 0 for none
    random_state : int seed or numpy Generator
    """
    return _timescales(light_curve, DOUBLING, band, min_significance, max_gap, n_toys, random_state)


def halving_times(light_curve, band=None, min_significance=3, max_gap=None, n_toys=1000, random_state=0):
    """The shortest halving time between neighbouring rows, a `TimescaleResult`; else as `doubling_times`.

    Parameters
    ----------
    light_curve : `LightCurve`
    band : int, number of the energy band; needed where there are several
    min_significance : float, standard deviations
    max_gap : Quantity or str, time between two bins beyond which they are no neighbours; default: none
    n_toys : int, toys for the chance where they are needed; 0 for none
    random_state : int seed or numpy Generator
    """
    return _timescales(light_curve, HALVING, band, min_significance, max_gap, n_toys, random_state)


def _timescales(light_curve, direction, band, min_significance, max_gap, n_toys, random_state):
    rows = rows_of(light_curve, band, bounded=True)
    rows.check_order()
    search = Search(rows, PairRates.of(rows, neighbours(rows, max_gap), min_significance), direction)
    return search.result(chances(rows, {"": search.test()}, n_toys, random_state)[""])


@dataclass(frozen=True, eq=False)
class PairRates:
    """How fast pairs of rows change, n_pairs in all.

    Attributes
    ----------
    pairs : two int arrays (n_pairs,), of `neighbours`
    ratios : `RatioEstimate` of the later over the earlier row, with limits where a change is that significant
    rates : float array (3, n_pairs), 1/s, of the exponential, and both ends of its interval
    min_significance : float, standard deviations that a change needs
    """

    pairs: tuple
    ratios: RatioEstimate
    rates: np.ndarray
    min_significance: float

    @classmethod
    def of(cls, rows, pairs, min_significance):
        """Those of pairs of rows.

        Parameters
        ----------
        rows : `Rows`
        pairs : two int arrays (n_pairs,), of `neighbours`
        min_significance : float, standard deviations that a change needs
        """
        first, second = pairs
        profiles = (rows.fits.profile.take(which)[0] for which in (second, first))
        level = max(min_significance, 0.0) ** 2
        ratios = estimate_ratios(*profiles, rise=1.0, ul_rise=level or 1.0)
        pieces = [_pieces_of(rows, chosen) for chosen in pairs]
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = [np.log(each) for each in (ratios.ratio, ratios.low, ratios.high)]
        rates = np.array([growth_rate(log, *pieces) for log in logs])
        return cls(pairs, ratios, rates, min_significance)


class Search:
    """The search for the fastest change in one direction among pairs of rows.

    Parameters
    ----------
    rows : `Rows`
    pairs : `PairRates` of the rows, in either direction the same
    direction : `DOUBLING` or `HALVING`
    """

    def __init__(self, rows, pairs, direction):
        self.rows, self.pairs, self.direction = rows, pairs.pairs, direction
        self.changes, self.ratios = direction * rows.fits.changes(*self.pairs)[0], pairs.ratios
        rates = direction * pairs.rates
        # Of a fall the ends of the interval change places.
        self.rate, self.low, self.high = rates if direction == DOUBLING else rates[[0, 2, 1]]
        good = (self.changes >= pairs.min_significance) & self._sure(pairs.min_significance)
        # A rate without end says less than one that was measured: what counts of it is its lower end.
        speed = np.where(np.isfinite(self.rate), self.rate, self.low)
        self.best = int(np.argmax(np.where(good, speed, -np.inf))) if good.any() else None

    def _sure(self, sigma):
        """Bool array (n_pairs,): pairs in which fluxes that are not negative change by a factor above 1, too.

        A row far below zero differs from one at zero, and yet no time scale leads from one to the other.
        """
        if not sigma > 0:
            return self.rate > 0
        if self.direction == DOUBLING:
            return (self.rate > 0) & (self.ratios.lower_limit > 1)
        return (self.rate > 0) & (self.ratios.upper_limit < 1)

    def test(self):
        """The `Test`: the largest change of all pairs, against that of the best pair, or of any if there is none."""
        level = self.changes.max() if self.best is None else self.changes[self.best]

        def statistic(fits):
            if fits is self.rows.fits:
                return np.array([level])
            return (self.direction * fits.changes(*self.pairs)).max(axis=1)

        trials = among(len(self.changes))
        return Test(statistic, lambda value: trials(normal_chance(value)), has_tail=True)

    def result(self, found):
        """The `TimescaleResult` with what `chances` found. found: `Found`."""
        name = "shortest doubling time" if self.direction == DOUBLING else "shortest halving time"
        notes, values = list(self.rows.sliver_notes), {"value": np.nan * u.s}
        if self.best is None:
            way = "rises" if self.direction == DOUBLING else "falls"
            notes.append(f"no pair of rows {way} significantly, so the chance is that of the largest change")
        else:
            time, errn, errp = (each[self.best] for each in self._times())
            values = {"value": time * u.s, "errn": errn * u.s, "errp": errp * u.s}
            first, second = (pair[self.best] for pair in self.pairs)
            values["start"], values["stop"] = (
                self.rows.time(self.rows.middle_s[row]) for row in (first, second)
            )
        values |= {"name": name, "trials": len(self.changes), "pairs": self._table()}
        n, notes = len(self.rows.ample), [*notes, *ignoring(self.rows, found)]
        values |= {"n_rows": n, "n_left_out": self.rows.n - n}
        return found.record(TimescaleResult, self.rows, notes, **values)

    def _times(self):
        """Time scale (n_pairs,) in s, and its errors down and up; those of infinite rates are 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            time, short = np.log(2) / self.rate, np.log(2) / self.high
            long = np.where(self.low > 0, np.log(2) / np.where(self.low > 0, self.low, 1.0), np.inf)
            return time, time - short, long - time

    def _table(self):
        shown = np.flatnonzero(self.rate > 0)
        middle = [self.rows.time(self.rows.middle_s[pair[shown]]) for pair in self.pairs]
        time, errn, errp = (each[shown] * u.s for each in self._times())
        with np.errstate(invalid="ignore"):
            rates = self.rate, self.rate - self.low, self.high - self.rate
        rate, rate_errn, rate_errp = (each[shown] / u.s for each in rates)
        columns = {
            "start": middle[0],
            "stop": middle[1],
            "timescale": time,
            "timescale_errn": errn,
            "timescale_errp": errp,
            "rate": rate,
            "rate_errn": rate_errn,
            "rate_errp": rate_errp,
            "significance": self.changes[shown],
        }
        return QTable(columns)


def _pieces_of(rows, chosen):
    """Pieces of some rows (int array, sorted, each once), numbered anew, in s since the first row."""
    pieces = rows.pieces
    mine, row = members_of(chosen, rows.n, pieces.row)
    return row, pieces.start_s[mine], pieces.stop_s[mine], pieces.weight[mine]
