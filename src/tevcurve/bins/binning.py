"""What a time binning is: all that texts, stores, `append`, tests of variability, reports and commands know of one."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

from tevcurve.bins.given_text import GivenText
from tevcurve.bins.good_time import BinnedRun
from tevcurve.bins.joining import bins_of_instruments
from tevcurve.bins.time_bins import TimeBins
from tevcurve.declarations import Declarations
from tevcurve.errors import InputError


class Binning:
    """A rule that makes time bins from runs. Derive from it a frozen dataclass of what the rule needs, and declare:

    name : str, what texts and files call it, as in `BINNINGS`; "" for one that is in neither
    forms : tuple of str, examples of its text
    looks_at_events : bool, whether the bins depend on the events. Chances of variability are then no longer as stated,
        which is said, and more runs may change any row. If not, only the good time of the runs is known to `lay`
    overlapping : bool, whether bins may share time, so that rows are not independent; bins that do are found anyhow

    `lay` is wanted; `text` and `from_text` for whoever writes it in configurations and on the command line; `resolved`
    where a default depends on the runs. A dataclass is stored by its fields.
    """

    name: ClassVar[str] = ""
    forms: ClassVar[tuple[str, ...]] = ()
    looks_at_events: ClassVar[bool]
    overlapping: bool = False

    # What a text meant in a configuration without a version: the scale of its times where it does not name one.
    once_scale: ClassVar[str] = "utc"

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if not hasattr(cls, "looks_at_events"):
            raise InputError(
                f"The time binning {cls.__name__} does not say looks_at_events; wanted is True where its bins depend "
                "on the events, else False."
            )

    def bins(self, runs: Sequence[BinnedRun] | BinnedRun, together: bool = False) -> TimeBins:
        """`TimeBins` laid over runs, with what is declared of the binning.

        Parameters
        ----------
        runs : sequence of anything that has `run_id` and `gti`, and where the binning looks at events a `RunTimeline`;
            or one of them
        together : whether bins are laid over the runs of all instruments at once, so that one may have runs of several;
            else each is of one instrument
        """
        runs = list(runs) if isinstance(runs, Iterable) else [runs]
        numbers: dict[str, list[int]] = {}
        for number, run in enumerate(runs):
            # What is no run is refused where it is laid over.
            run_id = getattr(run, "run_id", None)
            numbers.setdefault(getattr(run_id, "instrument", ""), []).append(number)
        if together or len(numbers) < 2:
            return replace(self._laid(runs), instruments=tuple(sorted(numbers)), together=together)
        parts = {name: self._laid([runs[number] for number in numbers[name]]) for name in sorted(numbers)}
        return bins_of_instruments(parts, numbers)

    def _laid(self, runs: Sequence[BinnedRun]) -> TimeBins:
        """`TimeBins` laid over the runs of one instrument, or of all together."""
        made = self.lay(runs)
        on_events = self.looks_at_events or made.on_events
        # Who forgets to say it finds it said all the same.
        overlapping = bool(self.overlapping) or made.overlapping or made.shares_time()
        if (made.on_events, made.overlapping) == (on_events, overlapping):
            return made
        return replace(made, on_events=on_events, overlapping=overlapping)

    def lay(self, runs: Sequence[BinnedRun]) -> TimeBins:
        """`TimeBins`, of which `bins`, which is to be called, says more. runs: as there."""
        raise NotImplementedError(f"{type(self).__name__} makes no time bins: lay(runs) is wanted.")

    def resolved(self, runs: Sequence[BinnedRun]) -> Self:
        """The same with every default written down that was taken from the runs, so that it holds for others too.

        It makes of these runs the same bins. runs: as for `bins`.
        """
        return self

    def at_longitude(self, lon_rad: float | None) -> Self:
        """The same, for runs of several instruments together: where nights divide it and nothing says how, noons do.

        lon_rad: longitude to the east of the noons, radian; None where it is not known.
        """
        return self

    def text(self) -> str:
        """The text that `from_text` makes this binning of, to 1e-11 s. Raises `InputError` where it has none."""
        raise InputError(f"A time binning of {type(self).__name__} has no text.")

    @classmethod
    def from_text(cls, given: GivenText) -> Self:
        """The binning of a text. given: `GivenText`, its values and options. Raises `InputError` for a wrong one."""
        raise given.wrong("this kind of binning cannot be made of a text")

    @classmethod
    def once_options(cls, options: dict[str, str]) -> dict[str, str]:
        """Options of a text of a configuration without a version, with those that were the default then.

        options: dict of name to text, as they stand there.
        """
        return options


# By the first word of their text; a text that begins with a duration is one of `UNNAMED`.
BINNINGS: Declarations[type[Binning]] = Declarations(
    "time binning",
    "tevcurve.binnings",
    {
        "run": "tevcurve.bins.fixed:ByRun",
        "night": "tevcurve.bins.fixed:ByNight",
        "width": "tevcurve.bins.width:ByWidth",
        "counts": "tevcurve.bins.adaptive:ByCounts",
        "significance": "tevcurve.bins.adaptive:BySignificance",
        "blocks": "tevcurve.bins.blocks:BayesianBlocks",
        "sliding": "tevcurve.bins.width:Sliding",
        "phase": "tevcurve.bins.phase:ByPhase",
        "edges": "tevcurve.bins.intervals:ByEdges",
        "intervals": "tevcurve.bins.intervals:ByIntervals",
    },
)
UNNAMED = "width"
# How files of before, which had no field for it, called bins that look at events.
_ON_EVENTS = re.compile(r"until TS .*|Bayesian blocks, .*|by \d+ events")


def say_of_older(meta: dict[str, Any]) -> None:
    """None; the metadata of a file of before get the field that says whether its time bins looked at events.

    meta: dict, which is changed.
    """
    if "time_bins" in meta and "bins_on_events" not in meta:
        meta["bins_on_events"] = bool(_ON_EVENTS.fullmatch(str(meta["time_bins"])))
