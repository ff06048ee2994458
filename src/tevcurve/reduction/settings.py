"""How each run of a light curve is reduced: by one setting for all, or by one for each instrument."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from tevcurve.errors import InputError
from tevcurve.reduction.cube_terms import CubeSetting
from tevcurve.reduction.onoff_terms import OnOffSetting
from tevcurve.reduction.safe_energy import CommonSafeEnergy
from tevcurve.run_id import RunId

Setting: TypeAlias = CubeSetting | OnOffSetting
T = TypeVar("T")
S = TypeVar("S")


class Identified(Protocol):
    """An observation, a run, or what is known of one."""

    @property
    def run_id(self) -> RunId: ...


@dataclass(frozen=True, eq=False)
class ByInstrument(Generic[T]):
    """What a run has by its instrument.

    Attributes
    ----------
    default : what runs of all other instruments have
    of_instrument : dict of the instrument of a `RunId` to what its runs have
    """

    default: T
    of_instrument: dict[str, T] = field(default_factory=dict)

    def of(self, run: Identified) -> T:
        """What a run has. Its instrument is asked for only where there are several.

        run: observation, run, or what else has a `run_id`.
        """
        if not self.of_instrument:
            return self.default
        return self.of_instrument.get(run.run_id.instrument, self.default)

    @property
    def all(self) -> tuple[T, ...]:
        """All that there are, the default first."""
        return self.default, *self.of_instrument.values()

    def _each_instrument(self, function: Callable[[T], S]) -> dict[str, S]:
        return {name: function(one) for name, one in self.of_instrument.items()}


@dataclass(frozen=True, eq=False)
class SettingRule(ByInstrument[Setting]):
    """The setting of each run: `of(run)`.

    Each is a `CubeSetting` or an `OnOffSetting`; those with energies that are safe in all runs have the same ones.
    Raises `InputError` where they have not.
    """

    def __post_init__(self) -> None:
        if len(set(self._commons())) > 1:
            raise InputError(
                "The settings of instruments have different common safe energies; wanted is one."
            )

    @property
    def first_cube(self) -> CubeSetting | None:
        """The first one of cubes (3D), None where there is none."""
        return next((setting for setting in self.all if isinstance(setting, CubeSetting)), None)

    @property
    def in_regions(self) -> ByInstrument[bool]:
        """Whether the events of a run are counted in ON and OFF regions: `in_regions.of(run)`."""
        return ByInstrument(_in_regions(self.default), self._each_instrument(_in_regions))

    @property
    def common(self) -> CommonSafeEnergy | None:
        """The energies that are safe in all runs, or None where none were asked for."""
        return next(iter(self._commons()), None)

    def _commons(self) -> list[CommonSafeEnergy]:
        rules = [setting.safe_energy for setting in self.all]
        return [rule for rule in rules if isinstance(rule, CommonSafeEnergy)]

    def settled(self, runs: Iterable[Any]) -> "SettingRule":
        """The same where the common safe energies, if any, are safe in further runs, too.

        runs: sequence of `SourceRun`. Raises `DataError` where no energies are.
        """
        common = self.common
        if common is None:
            return self
        runs = [run for run in runs if isinstance(self.of(run).safe_energy, CommonSafeEnergy)]
        safe = common.also_of(runs) if runs else common
        return self if safe == common else self.with_common(safe)

    def with_common(self, safe: CommonSafeEnergy) -> "SettingRule":
        """The same with other energies where those that are safe in all runs are asked for.

        safe: `CommonSafeEnergy`.
        """

        def change(setting: Setting) -> Setting:
            is_common = isinstance(setting.safe_energy, CommonSafeEnergy)
            return replace(setting, safe_energy=safe) if is_common else setting

        return SettingRule(change(self.default), self._each_instrument(change))

    def of_runs(self, runs: Iterable[Identified]) -> dict[str, Setting]:
        """Dict of the instruments of some runs to their settings, in the order of their first runs.

        runs: iterable of what has a `run_id`; only one where all have the default.
        """
        if not self.of_instrument:
            return {"": self.default}
        return {run.run_id.instrument: self.of(run) for run in runs}

    def check_stackable(self) -> None:
        """Raises `InputError` where runs cannot be added up in time bins: in 3D that is in cells, the same for all."""
        cubes = [setting for setting in self.all if isinstance(setting, CubeSetting)]
        if any(cube.unbinned for cube in cubes):
            raise InputError(
                "stacked=True adds up cells, which unbinned=True does without; wanted is one of them."
            )
        if any(cube.geom != cubes[0].geom for cube in cubes):
            raise InputError(
                "stacked=True adds up cells, and instruments have different maps; wanted is one."
            )


def _in_regions(setting: Setting) -> bool:
    return not isinstance(setting, CubeSetting)
