"""The runs of a light curve, wherever they wait: what is known of each without reading it, and each run itself."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from tevcurve.data import GTI
from tevcurve.data.time_order import order_of_time
from tevcurve.datasets.source_run import SourceRun
from tevcurve.problems import Problem, attempt
from tevcurve.run_id import RunId

if TYPE_CHECKING:
    from tevcurve.bins.time_bins import TimeBins

log = logging.getLogger(__name__)

# Bytes of terms that stay in memory while runs are added, one after the other.
HELD = 2**28


class RunFacts(Protocol):
    """What is known of a run without reading it: its identity, what its files call the instrument, good time, and the
    offset of the source in radian.
    """

    @property
    def run_id(self) -> RunId: ...

    @property
    def telescope(self) -> str: ...

    @property
    def gti(self) -> GTI: ...

    @property
    def offset(self) -> float: ...


class Runs(Protocol):
    """A sequence of runs in the order of time. Its items are `RunFacts`; what else is wanted of a run, `read` gives."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[RunFacts]: ...

    def __getitem__(self, number: int) -> RunFacts: ...

    def read(self, number: int) -> SourceRun:
        """The run of a number. Raises `DataError` where its file is missing or damaged.

        number: int, place of the run, from 0.
        """

    def chosen(self, numbers: Iterable[int]) -> "Runs":
        """The runs of some numbers, in this order; they stay where they are.

        numbers: int, places of the runs, from 0.
        """

    def with_runs(self, runs: Sequence[SourceRun]) -> tuple["Runs", np.ndarray]:
        """(these and more runs, in the order of time; the numbers (n,) that the new ones have there).

        runs : the new ones
        """


class RunsInMemory(Sequence):
    """`Runs` that are all in memory, so that their items are the runs themselves.

    runs : iterable of `SourceRun`
    """

    def __init__(self, runs: Iterable[SourceRun] = ()):
        self._runs = tuple(runs)

    def read(self, number: int) -> SourceRun:
        """The run of a number. number: int, place of the run, from 0."""
        return self._runs[number]

    def chosen(self, numbers: Iterable[int]) -> "RunsInMemory":
        """The runs of some numbers, in this order. numbers: int, places of the runs, from 0."""
        return RunsInMemory(self._runs[number] for number in numbers)

    def with_runs(self, runs: Sequence[SourceRun]) -> tuple["RunsInMemory", np.ndarray]:
        """(these and more runs, in the order of time; the numbers of the new ones). runs: sequence of `SourceRun`."""
        together, places = joined_in_time(self._runs, runs)
        return RunsInMemory(together), places

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._runs)

    def __getitem__(self, number: Any) -> Any:
        return self._runs[number]

    def __repr__(self) -> str:
        return f"<{len(self)} runs in memory>"


class PickedRuns(Sequence):
    """Runs picked out of several `Runs`, where they stay. picks: sequence of (`Runs`, number there)."""

    def __init__(self, picks: Iterable[tuple[Runs, int]]):
        self._picks = tuple(picks)

    def read(self, number: int) -> SourceRun:
        """The run of a number. Raises `DataError` where its file is missing or damaged.

        number: int, place of the run, from 0.
        """
        runs, there = self._picks[number]
        return runs.read(there)

    def __len__(self) -> int:
        return len(self._picks)

    def __getitem__(self, number: Any) -> Any:
        runs, there = self._picks[number]
        return runs[there]


def joined_in_time(old: Sequence[Any], new: Sequence[Any]) -> tuple[list[Any], np.ndarray]:
    """(old and new runs, in the order of time; int array (n_new,), the numbers of the new ones there).

    Parameters
    ----------
    old, new : what `order_of_time` takes
    """
    together = [*old, *new]
    order = order_of_time(together) if together else np.zeros(0, dtype=int)
    return [together[number] for number in order], np.argsort(order)[len(old) :]


def terms_of_each(
    runs: Iterable[SourceRun], terms_of: Callable[[SourceRun], tuple[Any, Any]], strict: bool = False
) -> tuple[dict[int, tuple[Any, Any]], list[Problem]]:
    """(dict of the numbers of runs that can be reduced to their terms and fates, list of what hinders the others).

    Parameters
    ----------
    runs : read one after the other
    terms_of : function of a run to both, such as `Plan.reduction`
    strict : whether the first run that cannot be reduced raises its error
    """
    made, problems = {}, []
    for number, run in enumerate(runs):
        reduced, problem = attempt(run, partial(terms_of, run), strict)
        if problem is None:
            made[number] = reduced
        else:
            log.warning("Run %s is left out: %s", problem.run_id, problem.reason)
            problems.append(problem)
    return made, problems


class TermsOfRuns:
    """The terms and fates of runs in the energy bins of a light curve, each made when it is asked for, and kept.

    Parameters
    ----------
    runs : `Runs`
    terms_of : function of a `SourceRun` to both, such as `Plan.reduction`
    """

    def __init__(self, runs: Runs, terms_of: Callable[[SourceRun], tuple[Any, Any]]):
        self._runs, self._terms_of = runs, terms_of
        self._made: list[tuple[Any, Any] | None] = [None] * len(runs)

    @property
    def terms(self) -> Sequence[Any]:
        """The terms of each run."""
        return _OfEachRun(self, 0)

    @property
    def fates(self) -> Sequence[Any]:
        """The fates of each run's events."""
        return _OfEachRun(self, 1)

    def put(self, number: int, terms: Any, fates: Any) -> None:
        """None; what was made of a run elsewhere is kept.

        Parameters
        ----------
        number : int, place of the run, from 0
        terms, fates : what `terms_of` gave
        """
        self._made[number] = terms, fates

    def newest(self, numbers: Iterable[int], most: int = HELD) -> dict[int, tuple[Any, Any]]:
        """Dict of the numbers of runs to (terms, fates), of the last ones that are made, as far as the memory goes.

        Parameters
        ----------
        numbers : places of runs, from 0, ascending
        most : bytes of all together
        """
        found: dict[int, tuple[Any, Any]] = {}
        for number in reversed(list(numbers)):
            made = self._made[number]
            if made is None:
                continue
            most -= sum(getattr(values, "nbytes", 0) for values in (*vars(made[0]).values(), made[1]))
            if most < 0:
                break
            found[number] = made
        return found

    def of_run(self, number: int) -> tuple[Any, Any]:
        """(terms, fates) of the run of a number. number: int, place of the run, from 0."""
        made = self._made[number]
        if made is None:
            made = self._made[number] = self._terms_of(self._runs.read(number))
        return made

    def __len__(self) -> int:
        return len(self._runs)


class _OfEachRun(Sequence):
    """One of the two things that are made of each run. which: 0 for terms, 1 for fates."""

    def __init__(self, made: TermsOfRuns, which: int):
        self.made, self._which = made, which

    def __len__(self) -> int:
        return len(self.made)

    def __getitem__(self, number: Any) -> Any:
        if isinstance(number, slice):
            return tuple(self[each] for each in range(*number.indices(len(self))))
        return self.made.of_run(range(len(self))[number])[self._which]


def made_terms(terms: Sequence[Any]) -> TermsOfRuns | None:
    """The `TermsOfRuns` of which a sequence has the terms; None for another one. terms: of each run."""
    return terms.made if isinstance(terms, _OfEachRun) else None


@dataclass(frozen=True, eq=False)
class BinsOnDemand:
    """The time bins of runs, made when they are asked for: some need the runs' events.

    Attributes
    ----------
    plan : what has the binning as its `time_bins`, and lays it: `laid(runs)`, such as a `Plan`
    runs : `Runs`
    terms : the terms of each run
    """

    plan: Any
    runs: Runs
    terms: Sequence[Any]

    @cached_property
    def made(self) -> "TimeBins":
        """The `TimeBins`."""
        return self.plan.laid(self.terms if self.plan.time_bins.looks_at_events else self.runs)
