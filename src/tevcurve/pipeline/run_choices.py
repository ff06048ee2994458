"""Which runs are taken of several instruments: each by its own choice, where it has one."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from astropy.coordinates import SkyCoord

from tevcurve.data import Observation
from tevcurve.errors import InputError
from tevcurve.instruments import Instrument
from tevcurve.pipeline.run_choice import ALL_RUNS, RunChoice
from tevcurve.problems import Problem

CHOSEN, CHOSEN_OF = "runs_chosen", "runs_chosen_of"


@dataclass(frozen=True)
class RunChoices:
    """What the runs of each instrument have to be.

    Attributes
    ----------
    of_all : `RunChoice` of those that say nothing of their own
    own : dict of names of instruments to the `RunChoice` of each, whole
    """

    of_all: RunChoice = ALL_RUNS
    own: Mapping[str, RunChoice] = field(default_factory=dict)

    @classmethod
    def of(cls, given: Any, instruments: Mapping[str, Instrument]) -> "RunChoices":
        """Those that a caller gave, of each instrument what it says itself before what is said of all.

        Parameters
        ----------
        given : as `RunChoice.of` takes it
        instruments : dict of `Instrument`; {} for one set of observations

        Raises `InputError` for what is none.
        """
        of_all = RunChoice.of(given)
        own = {}
        for name, one in instruments.items():
            said = one.choice()
            if not said:
                continue
            try:
                own[name] = replace(of_all, **said)
            except InputError as error:
                raise InputError(f"Of the instrument {name!r}: {error}") from error
        return cls(of_all, own)

    @classmethod
    def of_meta(cls, meta: Mapping[str, Any]) -> "RunChoices":
        """Those of what a light curve says of itself. meta: dict, as `said` makes it."""
        own = {name: RunChoice.of(said) for name, said in meta.get(CHOSEN_OF, {}).items()}
        return cls(RunChoice.of(meta.get(CHOSEN)), own)

    def said(self) -> dict[str, Any]:
        """What a light curve says of the choice of its runs, a dict; {} where all are taken."""
        of_all = {CHOSEN: self.of_all.said()} if self.of_all else {}
        return of_all | (
            {CHOSEN_OF: {name: one.said() for name, one in self.own.items()}} if self.own else {}
        )

    def of_instrument(self, name: str) -> "RunChoices":
        """The choice among the runs of one instrument. name: of it."""
        return RunChoices(self.own.get(name, self.of_all))

    def split(
        self, observations: list[Observation], position: SkyCoord | None
    ) -> tuple[list[Observation], list[Problem]]:
        """(those that are as they have to be, a `Problem` for each other one, with its reason), in their order.

        Parameters
        ----------
        observations : of a target, called as their instruments are
        position : of the target; None where there are several, none of which an offset is of

        Raises as `RunChoice.split`.
        """
        if not self.own:
            return self.of_all.split(observations, position)
        taken: list[Observation] = []
        others: list[Problem] = []
        for one in observations:
            chosen, left = self.own.get(one.instrument, self.of_all).split([one], position)
            taken += chosen
            others += left
        return taken, others
