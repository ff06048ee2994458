"""Periods shorter than a run, in the times of its events."""

from dataclasses import dataclass

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.fit.protocols import EventView
from tevcurve.kernels.numbering import numbers_among
from tevcurve.kernels.phases import GoodTimeOfRuns, HarmonicScores
from tevcurve.lightcurve.origin_rows import rows_behind
from tevcurve.lightcurve.variability.chances import Test, among, chance_of, chi_square_chance
from tevcurve.lightcurve.variability.frequencies import check_harmonics, frequencies_in_hz
from tevcurve.lightcurve.variability.likelihood_rows import Rows
from tevcurve.lightcurve.variability.period_records import PeriodSearch, highest
from tevcurve.lightcurve.variability.rows import rows_of
from tevcurve.run_id import parts_together

# The harmonics of the H test, and the slope of the log of its chance (de Jager & Buesching 2010, A&A 517, L9).
H_HARMONICS, H_SLOPE = 20, 0.4
# Below so many events, by the sum of weights, the formula is rough.
FEW_EVENTS = 100


def z_n_search(light_curve, frequencies, nharm=2, band=None, n_toys=1000, random_state=0):
    """A `PeriodSearch`: Z^2_n of the events of a light curve at frequencies whose periods are shorter than a run.

    Each event has the weight of `light_curve.events()`, with one flux for all rows. The level of each run is free, and
    what its good time, with all gaps, expects of the phases is subtracted, so that neither gaps nor slow variations
    make a period. Per frequency the statistic of constant events is chi-square with 2*nharm degrees of freedom; the
    chance of the highest of all is by toys, whose events are spread evenly over the good time of their runs.

    Times are as recorded: for pulsars, light curves want events that were brought to the barycentre.

    Parameters
    ----------
    light_curve : `LightCurve` that knows its events
    frequencies : Quantity (m,), one over time
    nharm : int, number of harmonics
    band : int, number of the energy band; needed where there are several
    n_toys : int, the most toys; 0 for the formula, in which every frequency counts as a trial
    random_state : int seed or numpy Generator
    """
    if nharm not in range(1, H_HARMONICS + 1):
        raise InputError(f"nharm is {nharm!r}; wanted is a number of harmonics from 1 to {H_HARMONICS}.")
    events = EventTimes.of(light_curve, band, "A search for periods in events")
    return events.z_n(frequencies, nharm, n_toys, random_state)


def htest(light_curve, frequencies, band=None, n_toys=1000, random_state=0):
    """A `PeriodSearch`: the H test of the events, the highest of Z^2_m - 4*m + 4 of up to 20 harmonics.

    As `z_n_search` (de Jager et al. 1989, A&A 221, 180); the chance by formula is exp(-0.4*H).

    Parameters
    ----------
    light_curve, frequencies, band, n_toys, random_state : as of `z_n_search`
    """
    return EventTimes.of(light_curve, band, "The H test").h(frequencies, n_toys, random_state)


@dataclass(frozen=True, eq=False)
class EventTimes:
    """The events of a band of a light curve.

    Attributes
    ----------
    rows : `Rows`
    good : `GoodTimeOfRuns`, s since the reference of the rows
    times : float array (n,), the same
    weight : float array (n,), chance of each to be of the source
    run : int array (n,), the run of each, of those in `good`
    """

    rows: Rows
    good: GoodTimeOfRuns
    times: np.ndarray
    weight: np.ndarray
    run: np.ndarray

    @classmethod
    def of(cls, light_curve, band, use):
        """Those of a light curve.

        Parameters
        ----------
        light_curve : `LightCurve` that knows its events
        band : int, number of the energy band, or None for the only one
        use : str, what they are wanted for

        Raises `InputError` where there are none, or no source.
        """
        joint, rows = rows_behind(light_curve, EventView, use=use), rows_of(light_curve, band, least=1)
        constant = float(rows.fits.constant[0])
        if not constant > 0:
            raise InputError(f"{use} needs a source; the constant flux of this light curve is not above 0.")
        events = joint.events(np.full(len(joint.fitted), constant))
        own = np.isin(joint.fitted[events.row[events.piece]], rows.number)
        count = events.count[own].astype(int)
        run, expected = events.run[events.piece][own], (events.signal + events.background)[own]
        weight = np.divide(events.signal[own], expected, out=np.zeros(len(run)), where=expected > 0)
        if not np.any(weight * count > 0):
            raise InputError(f"{use} needs events, and there is none that may be of the source.")
        zeros = np.array([(each.gti.reference.to_time(0.0) - rows.reference).sec for each in joint.runs])
        pieces = light_curve.origin.rows()[1].pieces(joint.runs)
        number = joint.n_bands * pieces.bin + rows.number[0] % joint.n_bands
        mine = np.isin(number, rows.number) & np.isin(pieces.run, run)
        at, seen = pieces.run[mine], np.unique(run)
        place, n_runs = numbers_among(seen, len(joint.runs)), len(seen)
        parts = parts_together(joint.runs[number].run_id for number in seen)
        if parts is not None:
            # Parts of a run have its level.
            whole, place[seen] = np.unique(parts, return_inverse=True)
            n_runs = len(whole)
        start, stop = (each[mine] + zeros[at] for each in (pieces.start_s, pieces.stop_s))
        good = GoodTimeOfRuns(start, stop, place[at], n_runs)
        times = events.time_s[own] + zeros[run]
        return cls(rows, good, *(np.repeat(each, count) for each in (times, weight, place[run])))

    def z_n(self, frequencies, nharm, n_toys, random_state):
        """The `PeriodSearch` of Z^2_n.

        Parameters
        ----------
        frequencies, nharm, n_toys, random_state : of `z_n_search`
        """
        name = f"Z^2 with {nharm} harmonic{'s' if nharm > 1 else ''}"
        chance = chi_square_chance(2 * nharm)
        return self.search(frequencies, name, nharm, lambda scores: scores[-1], chance, n_toys, random_state)

    def h(self, frequencies, n_toys, random_state):
        """The `PeriodSearch` of the H test.

        Parameters
        ----------
        frequencies, n_toys, random_state : of `htest`
        """
        cost = 4 * np.arange(H_HARMONICS)[:, None]
        return self.search(
            frequencies,
            "H",
            H_HARMONICS,
            lambda scores: (scores - cost).max(axis=0),
            lambda value: float(np.exp(-H_SLOPE * max(value, 0.0))),
            n_toys,
            random_state,
        )

    def search(self, frequencies, name, nharm, statistic, chance, n_toys, random_state):
        """The `PeriodSearch`.

        Parameters
        ----------
        frequencies, n_toys, random_state : of the caller
        name : str
        nharm : int
        statistic : function of scores (nharm, m) to (m,)
        chance : function of a value to its chance at one frequency
        """
        frequency = frequencies_in_hz(frequencies)
        check_harmonics(len(frequency), nharm)
        self._check_runs(frequency)

        scores = HarmonicScores(self.weight, self.run, self.good, frequency, nharm)

        def powers(times):
            return statistic(scores.of(times))

        def drawn(n, rng):
            for _ in range(n):
                yield self.good.drawn(self.run, rng)

        power, trials = powers(self.times), among(len(frequency))
        test = Test(
            lambda times: np.array([powers(times).max()]), lambda value: trials(chance(value)), has_tail=True
        )
        found = chance_of(self.times, test, drawn, n_toys, random_state)
        if not n_toys and self.weight.sum() < FEW_EVENTS:
            found.fields["note"] = (
                f"the events have weights of {self.weight.sum():.3g} in all, where the formula is rough"
            )
        return found.record(
            PeriodSearch,
            self.rows,
            ["times are as recorded", "the level of each run is free"],
            name=name,
            symbol="H" if name == "H" else f"$Z^2_{{{nharm}}}$",
            **highest(frequency, power, u.Quantity(frequencies).unit, found.values),
        )

    def _check_runs(self, frequency):
        """Raises `InputError` for periods that are longer than every run."""
        first = np.full(self.good.n_runs, np.inf)
        last = np.full(self.good.n_runs, -np.inf)
        np.minimum.at(first, self.good.run, self.good.start)
        np.maximum.at(last, self.good.run, self.good.stop)
        longest = float(np.max(last - first))
        if frequency[0] * longest < 1:
            raise InputError(
                f"A period of {1 / frequency[0]:.4g} s is longer than the longest run, {longest:.4g} s, and the level "
                "of each run is free; wanted are shorter ones, or timing.lomb_scargle for periods over runs."
            )
