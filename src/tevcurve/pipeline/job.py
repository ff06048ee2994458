"""From the plan of a light curve to what it makes of each observation."""

import os
from dataclasses import dataclass, replace
from functools import cached_property

from tevcurve.lightcurve.plan import Plan
from tevcurve.lightcurve.rebinning import Kept
from tevcurve.problems import at_stage, noted_remarks
from tevcurve.records import short_repr
from tevcurve.reduction.cube_terms import CubeSetting
from tevcurve.reduction.exclusion import as_exclusions
from tevcurve.reduction.off_places import off_centers
from tevcurve.reduction.regions import RunRegions
from tevcurve.reduction.source_run import checked_run
from tevcurve.store.inputs import RunKeys


@dataclass(frozen=True, eq=False, kw_only=True)
class Job(Plan):
    """The plan of a light curve with what it makes of observations."""

    __repr__ = short_repr

    def keep(self, observation):
        """The `SourceRun` of an observation, with what is odd about it. Raises `DataError` where it cannot be used.

        observation: the observation.
        """
        with noted_remarks() as remarks:
            # Whoever follows the sky otherwise may lack a pointing, too: this is the reason to tell.
            with at_stage("events"):
                observation.check_tracking()
            setting = self.settings.of(observation)
            regions = None if isinstance(setting, CubeSetting) else self._off_regions(observation, setting)
            run = checked_run(observation, self.source, regions)
        return _without_folders(replace(run, remarks=tuple(remarks)), observation.addresses)

    def run_keys(self):
        """`ByInstrument` of the `RunKeys` of what reduced runs depend on."""
        return self.settings.each(self._run_keys)

    def _run_keys(self, setting):
        if isinstance(setting, CubeSetting):
            return RunKeys(self.source)
        energies = self.axes.reco[[0, -1]].tolist()
        return RunKeys(self.source, setting.radius, self.exclusion, setting.radius_is_given, energies)

    def kept(self, runs):
        """The `Kept` of `~tevcurve.lightcurve.runs.Runs`, before they are reduced. runs: the `Runs`."""
        return Kept.of(self, runs=runs)

    def _off_regions(self, observation, setting):
        """The `RunRegions` of an observation; DataError where there is no room for any."""
        with at_stage("aeff"):
            radius = setting.radius_of(observation, self.source, self.axes)
        with at_stage("off regions"):
            off = off_centers(observation.pointing_lonlat, self.source, radius, self._exclusions)
        return RunRegions(observation, *self.source, radius, *off)

    @cached_property
    def _exclusions(self):
        return as_exclusions(self.exclusion)


def _without_folders(run, addresses):
    """The run with files called by their names only: where these lie makes no difference to it."""
    folders = sorted({f"{address.path.parent}{os.sep}" for address in addresses}, key=len, reverse=True)

    def short(text):
        for folder in folders:
            text = text.replace(folder, "")
        return text

    responses = {name: getattr(run, name) for name in ("aeff", "edisp", "bkg", "cut")}
    shorter = {
        name: replace(response, table=replace(response.table, where=short(response.table.where)))
        for name, response in responses.items()
        if hasattr(response, "table")
    }
    return replace(run, remarks=tuple((stage, short(words)) for stage, words in run.remarks), **shorter)
