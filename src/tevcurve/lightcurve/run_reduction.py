"""From a run to its terms in the energy bins of a light curve, by the run's own setting."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import numpy as np

from tevcurve.datasets.cube_terms import CubeTerms
from tevcurve.datasets.onoff_terms import OnOffTerms
from tevcurve.datasets.source_run import SourceRun
from tevcurve.models import Field
from tevcurve.problems import at_stage
from tevcurve.records import short_repr
from tevcurve.reduction.cube_terms import CubeSetting, cube_terms, with_first_cells
from tevcurve.reduction.energy_axes import EnergyAxes
from tevcurve.reduction.exclusion import as_exclusions
from tevcurve.reduction.onoff_terms import onoff_terms
from tevcurve.reduction.settings import Identified, SettingRule
from tevcurve.reduction.true_nodes import TrueNodes, true_nodes


@dataclass(frozen=True, eq=False)
class RunReduction:
    """Function of a `SourceRun` to its terms and the fates of its events; it holds on to no run.

    Attributes
    ----------
    source : (lon, lat), ICRS, radian
    axes : `EnergyAxes`
    settings : `SettingRule`
    field : `~tevcurve.models.Field`, the source with its reference spectrum, and the others
    below_zero : bool, whether fluxes below zero are asked for
    stacked : bool, whether runs are to be added up in time bins
    exclusion : map, region, or list of these, where no OFF region may lie, or None
    """

    source: tuple[float, float]
    axes: EnergyAxes
    settings: SettingRule
    field: Field
    below_zero: bool = False
    stacked: bool = False
    exclusion: Any = None

    __repr__ = short_repr

    def __call__(self, run: SourceRun) -> tuple[CubeTerms | OnOffTerms, np.ndarray]:
        """(terms, fates) of a run: what `cube_terms` or `onoff_terms` gives. run: `SourceRun`."""
        setting = self.settings.of(run)
        with at_stage("reduction"):
            if isinstance(setting, CubeSetting):
                return self._cube(run, setting, self.below_zero, self.stacked)
            nodes = self.nodes_of(run)
            laid = self.axes, setting, nodes, self._exclusions
            return onoff_terms(run, self.source, *laid, field=self.field)

    @cached_property
    def nodes(self) -> dict[str, TrueNodes]:
        """The `TrueNodes` at which responses are taken, by the `responses` of a setting."""
        kinds = dict.fromkeys(setting.responses for setting in self.settings.all)
        return {kind: true_nodes(self.axes.true, kind, self.field.spectrum) for kind in kinds}

    @cached_property
    def _exclusions(self) -> list[Any]:
        return as_exclusions(self.exclusion)

    def nodes_of(self, run: Identified) -> TrueNodes:
        """The `TrueNodes` of a run's responses. run: what has a `run_id`."""
        return self.nodes[self.settings.of(run).responses]

    def bounded(self, terms: CubeTerms, run: SourceRun) -> CubeTerms:
        """The `CubeTerms` of a run with the cells that bound fluxes below zero.

        Parameters
        ----------
        terms : of the run, without these
        run : `SourceRun`
        """
        setting, nodes = self.settings.of(run), self.nodes_of(run)
        return with_first_cells(terms, run, self.source, self.axes, setting, nodes, self.field)

    def in_cells(self, run: SourceRun) -> CubeTerms:
        """The `CubeTerms` of a run, of events in cells, with what is expected in every cell. run: `SourceRun`."""
        setting = cast(CubeSetting, self.settings.of(run))
        return self._cube(run, replace(setting, unbinned=False), compact=True)[0]

    def _cube(
        self, run: SourceRun, setting: CubeSetting, below_zero: bool = False, compact: bool = False
    ) -> tuple[CubeTerms, np.ndarray]:
        nodes = self.nodes_of(run)
        return cube_terms(run, self.source, self.axes, setting, nodes, below_zero, compact, self.field)
