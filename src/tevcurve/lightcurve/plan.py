"""What a light curve is to be made of: its source, its energies, and what is wanted of its runs and rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from dataclasses import field as dataclass_field
from functools import cached_property
from typing import Any, Self

import numpy as np

from tevcurve.bins import Binning
from tevcurve.bins.good_time import BinnedRun
from tevcurve.bins.time_bins import TimeBins
from tevcurve.datasets.timeline import scaled_timeline
from tevcurve.errors import InputError
from tevcurve.fit.fit_options import FitOptions
from tevcurve.lightcurve.background_norms import common_backgrounds
from tevcurve.lightcurve.run_reduction import RunReduction
from tevcurve.models import Field, SpectralModel
from tevcurve.records import short_repr
from tevcurve.reduction.energy_axes import EnergyAxes
from tevcurve.reduction.settings import SettingRule
from tevcurve.systematics import NONE, Systematics


@dataclass(frozen=True, eq=False, kw_only=True)
class Plan:
    """What is wanted of a light curve, apart from its runs.

    What holds for all rows stands here; how a run is reduced is in the setting that it has by `settings`. Raises
    `InputError` for settings that cannot be in one light curve.

    Attributes
    ----------
    source : (lon, lat), ICRS, radian
    axes : `EnergyAxes`
    settings : `SettingRule`, from a run to its setting
    field : `~tevcurve.models.Field`, the source with its reference spectrum, and the others
    time_bins : `~tevcurve.lightcurve.bins.Binning`
    options : `FitOptions`
    meta : dict of what the light curve says of itself and no other field tells, such as the name of its source
    stacked : bool, whether the runs of a time bin are added up
    exclusion : map, region, or list of these, where no OFF region of a run may lie, or None; of cubes, the pixels that
        are left are in the settings
    selected_by : name of the target that runs were chosen by, or None for their position
    instruments : dict of what instruments are called to the name of the target that the runs of each were chosen by,
        None for their position; {} where they are called as their files say
    systematics : `Systematics`, what is not known and acts on many rows: scales of instruments, systematic errors
    """

    source: tuple[float, float]
    axes: EnergyAxes
    settings: SettingRule
    field: Field
    time_bins: Binning
    options: FitOptions
    meta: dict[str, Any]
    stacked: bool = False
    exclusion: Any = None
    selected_by: str | None = None
    instruments: dict[str, str | None] = dataclass_field(default_factory=dict)
    systematics: Systematics = NONE

    __repr__ = short_repr

    def __post_init__(self) -> None:
        if self.stacked:
            self.settings.check_stackable()
        if self.options.free and len({setting.responses for setting in self.settings.all}) > 1:
            raise InputError(
                "free asks for the shape of the spectrum, and instruments have different responses ('weighted' and "
                "'centre'); wanted is one for all."
            )

    @classmethod
    def of(cls, plan: "Plan", **more: Any) -> Self:
        """The record of a class of plans with the fields of another plan.

        Parameters
        ----------
        plan : of any such class
        more : further fields of this class
        """
        return cls(**{each.name: getattr(plan, each.name) for each in fields(Plan)}, **more)

    @property
    def spectrum(self) -> SpectralModel:
        """The reference spectrum of the source."""
        return self.field.spectrum

    @property
    def bands(self) -> np.ndarray:
        """Edges (n_bands + 1,) of the energy bands in TeV."""
        return self.axes.bands

    @property
    def binning(self) -> Binning:
        """The binning of its time bins, with what of it is taken from the instruments that are joined."""
        if not self.systematics.joins_instruments:
            return self.time_bins
        return self.time_bins.at_longitude(self.systematics.night_lon_rad)

    def laid(self, runs: Sequence[BinnedRun] | BinnedRun) -> TimeBins:
        """The `TimeBins` laid over runs: over all instruments at once where these are joined, else over each.

        runs: as for `~tevcurve.bins.Binning.bins`; terms where the binning looks at events.
        """
        scales = self.systematics.scales
        if scales is not None and self.time_bins.looks_at_events:
            runs = list(runs) if isinstance(runs, Iterable) else [runs]
            runs = [scaled_timeline(run, scales.of(run.run_id.instrument)) for run in runs]
        return self.binning.bins(runs, self.systematics.joins_instruments)

    @property
    def below_zero(self) -> bool:
        """Whether rows are asked for fluxes below zero: also for limits, where not all is known of the background."""
        return self.options.negative or bool(common_backgrounds(self.systematics))

    @cached_property
    def reduction(self) -> RunReduction:
        """What makes the terms of a run."""
        wanted = self.below_zero, self.stacked, self.exclusion
        return RunReduction(self.source, self.axes, self.settings, self.field, *wanted)
