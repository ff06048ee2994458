"""Runs with ON and OFF regions as a detector of changes sees them; of the background, by what was seen before.

How much background there is differs by up to two times from a run to the next one of a night (in the public runs of
H.E.S.S. between 0.8 and 20 TeV, as the zenith angle does), but how it falls with energy hardly. So its level is begun
with as that of the instrument's run before, within a factor, and a run's own OFF events tell the detector how far it is
from that; its shares in bins of energy are those of all OFF events before, its own before a slice of 20 s with them. Of
the first run nothing was seen before: its background begins as a tenth of what the Crab Nebula would give. Nothing
rests on events that came later, nor on the parts that a run came in.

A bin with few counts may have more background than they say, and the ratio of signal to background counts: with one
count more, its mean over counts n of a mean m, E[m/(n + 1)] = 1 - exp(-m), is not above that of the truth.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from tevcurve.datasets.onoff_terms import OnOffTerms
from tevcurve.live.settings import CRAB_AMPLITUDE, CRAB_INDEX
from tevcurve.live.stretches import RunStretch, joined, joined_parts, places_of_clock
from tevcurve.run_id import RunId

# Of the Crab Nebula's events in the ON region, before an OFF event has been seen.
FIRST_SHARE = 0.1
# OFF events that this counts as: for how many there are, and for their shares in energy.
_FIRST_COUNTS, _FIRST_OF_SHAPE = 0.75, 25.0
# So many those of earlier runs count as at most.
_MOST_COUNTS, _MOST_OF_SHAPE = 2.0, 400.0
# Good time of a slice, s.
SLICE_S = 20.0


@dataclass(frozen=True, eq=False)
class RegionsRun:
    """A run, or a part of one, with what it expects of the source.

    Attributes
    ----------
    terms : `OnOffTerms`
    flux : float array (n_true,), cm-2 s-1, of the reference spectrum
    own : bool array (n_reco,), bins of energy that count
    """

    terms: OnOffTerms
    flux: np.ndarray
    own: np.ndarray

    @classmethod
    def of(cls, terms: OnOffTerms, flux: np.ndarray, bands: np.ndarray, band: int) -> "RegionsRun":
        """That of one band.

        Parameters
        ----------
        terms, flux : of the record
        bands : int array (n_reco,), number of the band of each reco bin
        band : int
        """
        return cls(terms, flux, terms.mask_safe & (bands == band))

    @cached_property
    def signal(self) -> np.ndarray:
        """ON events per s of good time in each bin, of the reference flux, float array (n_reco,)."""
        folded = self.terms.deadc * np.einsum("tr,t->r", self.terms.response, self.flux)
        return np.where(self.own, folded, 0.0)

    @cached_property
    def others(self) -> np.ndarray:
        """(ON, OFF) events per s of good time in each bin, of other sources, float array (2, n_reco)."""
        others = self.terms.others_per_s
        return np.zeros((2, len(self.own))) if others is None else self.terms.deadc * others

    def background_counts(self, seconds: np.ndarray, n_off: np.ndarray) -> np.ndarray:
        """OFF events in each bin without those of other sources, float array (n, n_reco).

        Parameters
        ----------
        seconds : float array (n,), good time
        n_off : float array (n, n_reco), OFF events in it
        """
        return np.where(self.own, np.maximum(n_off - seconds[:, None] * self.others[1], 0.0), 0.0)

    def first_rates(self) -> "OffRates":
        """The `OffRates` where nothing has been seen before."""
        edges = self.terms.true_edges_tev ** (1 - CRAB_INDEX)
        crab = CRAB_AMPLITUDE * (edges[:-1] - edges[1:]) / (CRAB_INDEX - 1)
        rate = FIRST_SHARE * self.terms.deadc * np.einsum("tr,t->r", self.terms.response, crab)
        return OffRates(rate, _FIRST_COUNTS, _FIRST_OF_SHAPE)

    def goes_on(self, other: "RegionsRun") -> bool:
        """Whether another one is a part of the same run that expects the same. other: `RegionsRun`."""
        one, two = self.terms, other.terms
        same = one.run_id == two.run_id and one.reference == two.reference and one.deadc == two.deadc
        names = "signal", "others", "own"
        return bool(
            same
            and np.array_equal(one.alpha, two.alpha)
            and all(np.array_equal(getattr(self, name), getattr(other, name)) for name in names)
        )

    def with_part(self, other: "RegionsRun") -> "RegionsRun":
        """Both as one. other: `RegionsRun`, in the order of time."""
        names = (
            "intervals",
            "on_times_s",
            "on_energy_tev",
            "on_bin",
            "off_times_s",
            "off_energy_tev",
            "off_bin",
        )
        one, two = self.terms, other.terms
        both = {name: np.concatenate([getattr(one, name), getattr(two, name)]) for name in names}
        for name, of in (("on_count", "on_bin"), ("off_count", "off_bin")):
            counts = [getattr(each, name) for each in (one, two)]
            if any(each is not None for each in counts):
                filled = [
                    np.ones(len(getattr(terms, of))) if each is None else each
                    for each, terms in zip(counts, (one, two), strict=True)
                ]
                both[name] = np.concatenate(filled)
        return replace(self, terms=replace(one, **both))


@dataclass(frozen=True, eq=False)
class OffRates:
    """What OFF events so far say of the background in the ON region.

    Attributes
    ----------
    rate : float array (n_reco,), ON events per s of good time in each bin
    counts : float, OFF events that their sum counts as
    of_shape : float, OFF events that their shares of the sum count as
    """

    rate: np.ndarray
    counts: float
    of_shape: float

    @property
    def level_error(self) -> float:
        """How far the level of a run may be from what is expected, standard deviation of its natural log."""
        return float(self.counts**-0.5)

    def in_slices(
        self, run: RegionsRun, seconds: np.ndarray, n_off: np.ndarray, more: float = 0.0
    ) -> np.ndarray:
        """OFF events per s in each bin, float array (n, n_reco), expected once a run has gone on for a while.

        The level is that before the run.

        Parameters
        ----------
        run : `RegionsRun`
        seconds : float array (n,), good time of it
        n_off : float array (n, n_reco), OFF events in it
        more : float, counts in each bin beside these
        """
        before = np.where(run.own, self.rate / run.terms.alpha, 0.0)
        total = before.sum()
        if total <= 0:
            return np.zeros(n_off.shape)
        seen = run.background_counts(seconds, n_off)
        counts = self.of_shape * before / total + seen
        return np.where(run.own, total * (counts + more) / counts.sum(axis=1, keepdims=True), 0.0)

    def next(self, run: RegionsRun) -> "OffRates":
        """Those after a run.

        run: `RegionsRun`.
        """
        terms, seconds = run.terms, np.array([run.terms.ontime_s])
        off, seen = (
            self.in_slices(run, seconds, terms.n_off[None])[0],
            run.background_counts(seconds, terms.n_off),
        )
        total, known = off.sum(), float(self.rate[run.own].sum())
        if total <= 0 or known <= 0:
            return self
        n_seen = float(seen.sum())
        level = (self.counts + n_seen) / (self.counts / total + float(seconds[0]))
        found = off * terms.alpha * level / total
        # Bins that this run has nothing of keep their shares.
        rate = np.where(run.own, found, self.rate * found.sum() / known)
        return OffRates(
            rate, min(self.counts + n_seen, _MOST_COUNTS), min(self.of_shape + n_seen, _MOST_OF_SHAPE)
        )

    def at_level_of(self, other: "OffRates") -> "OffRates":
        """The same with the sum and its error of another one. other: `OffRates`."""
        total = self.rate.sum()
        rate = self.rate * other.rate.sum() / total if total > 0 else self.rate
        return replace(self, rate=rate, counts=other.counts)


def stretches_of_regions(
    runs: Sequence[RegionsRun], known: dict[str, OffRates] | None = None
) -> tuple[list[RunStretch], dict[str, OffRates]]:
    """(list of `RunStretch`, dict of the name of an instrument to the `OffRates` after them).

    ON events, and OFF events, which are of the background alone.

    Parameters
    ----------
    runs : sequence of `RegionsRun`, in the order of time; parts of a run that follow each other become one
    known : dict as it gives, before them; default: of nothing
    """
    seen, found = SeenSoFar(known or {}), []
    for run, _ in joined_parts(list(runs), RegionsRun.goes_on, RegionsRun.with_part):
        stretch, seen = seen.with_run(run)
        found.append(stretch)
    return found, seen.rates


@dataclass(frozen=True, eq=False)
class SeenSoFar:
    """What is known of the background after some runs.

    Attributes
    ----------
    rates : dict of the name of an instrument to its `OffRates`
    begun : `OffRates` that the last run began with, or None
    last : `RunId` of the last run, or None
    """

    rates: dict[str, OffRates]
    begun: OffRates | None = None
    last: RunId | None = None

    def with_run(self, run: RegionsRun) -> tuple[RunStretch, "SeenSoFar"]:
        """(`RunStretch` of the next run, what is known after it). run: `RegionsRun`, whole."""
        before, run_id = _before(run, self.rates), run.terms.run_id
        # Of a run that goes on with other responses, the level is the one that it began with.
        begun = self.begun if self.begun is not None and run_id == self.last else before
        rates = self.rates | {run_id.instrument: before.next(run)}
        return _stretch(run, before.at_level_of(begun)), SeenSoFar(rates, begun, run_id)


def places_of_regions(run: RegionsRun, known: dict[str, OffRates]) -> tuple[np.ndarray, np.ndarray]:
    """(signal, background), ON events per s in each bin that counts, before any event of it; float arrays (n,).

    Parameters
    ----------
    run : `RegionsRun`
    known : dict of the name of an instrument to its `OffRates`
    """
    return run.signal[run.own], (_before(run, known).rate + run.others[0])[run.own]


def _before(run, known):
    """The `OffRates` before a run."""
    rates = known.get(run.terms.run_id.instrument)
    return run.first_rates() if rates is None or len(rates.rate) != len(run.own) else rates


def _stretch(run: RegionsRun, rates: OffRates) -> RunStretch:
    """The `RunStretch` of a run whose background is expected as `OffRates` and its own OFF events say."""
    terms, intervals = run.terms, joined(run.terms.intervals)
    seconds = SLICE_S * np.arange(max(int(np.ceil(terms.ontime_s / SLICE_S)), 1))
    inner = places_of_clock(intervals, seconds[1:])
    n_slices, n_reco = len(seconds), len(run.own)
    key = np.searchsorted(inner, terms.off_times_s, side="right") * n_reco + terms.off_bin
    each = np.bincount(key, terms.off_count, n_slices * n_reco).reshape(n_slices, n_reco)
    n_off = np.cumsum(each, axis=0) - each
    off, highest = (rates.in_slices(run, seconds, n_off, more) for more in (0.0, 1.0))
    both = off * (1 + terms.alpha) + run.others.sum(axis=0)
    seen, beside = run.own[terms.on_bin], run.own[terms.off_bin]
    time, place = _each(seen, terms.on_count, terms.on_times_s, terms.on_bin)
    (other,) = _each(beside, terms.off_count, terms.off_times_s)
    bright = run.signal[place] > 0
    own_slice = np.searchsorted(inner, time[bright], side="right")
    return RunStretch(
        terms.run_id,
        terms.reference,
        intervals,
        time[bright],
        run.signal[place[bright]],
        (highest * terms.alpha + run.others[0])[own_slice, place[bright]],
        np.sort(np.concatenate([time[~bright], other])),
        float(run.signal.sum()),
        np.concatenate([intervals[:1, 0], inner, intervals[-1:, 1]]),
        both[:, run.own].sum(axis=1),
        rates.level_error,
    )


def _each(chosen, count, *columns):
    """Columns of chosen events, each as often as it counts."""
    found = [each[chosen] for each in columns]
    return found if count is None else [np.repeat(each, count[chosen].astype(int)) for each in found]
