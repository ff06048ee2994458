"""What is wanted of every run and of the light curve, apart from the observations."""

import os
from dataclasses import dataclass, replace
from functools import cached_property

from tevcurve.bins import Binning
from tevcurve.lightcurve.rebinning import Kept
from tevcurve.models import SpectralModel
from tevcurve.options import FitOptions
from tevcurve.problems import at_stage, noted_remarks
from tevcurve.records import short_repr
from tevcurve.reduction.cube_terms import CubeSetting
from tevcurve.reduction.exclusion import as_exclusions
from tevcurve.reduction.off_places import off_centers
from tevcurve.reduction.onoff_terms import OnOffSetting
from tevcurve.reduction.regions import RunRegions
from tevcurve.reduction.source_run import checked_run
from tevcurve.store.inputs import RunKeys


@dataclass(frozen=True, eq=False)
class Job:
    """Settings of a light curve.

    Attributes
    ----------
    setting : `CubeSetting` or `OnOffSetting`
    exclusion : map, region, or list of these, where no OFF region may lie, or None; of a cube, the pixels that are
        left are in its setting
    spectrum : `SpectralModel`, the reference
    time_bins : `~tevcurve.lightcurve.bins.Binning`
    options : `FitOptions`
    meta : dict of what the light curve says of itself
    """

    setting: CubeSetting | OnOffSetting
    exclusion: object
    spectrum: SpectralModel
    time_bins: Binning
    options: FitOptions
    meta: dict

    __repr__ = short_repr

    def keep(self, observation):
        """The `SourceRun` of an observation, with what is odd about it. Raises `DataError` where it cannot be used.

        observation: the observation.
        """
        with noted_remarks() as remarks:
            # Whoever follows the sky otherwise may lack a pointing, too: this is the reason to tell.
            with at_stage("events"):
                observation.check_tracking()
            regions = None if isinstance(self.setting, CubeSetting) else self._off_regions(observation)
            run = checked_run(observation, self.setting.source, regions)
        return _without_folders(replace(run, remarks=tuple(remarks)), observation.addresses)

    def run_keys(self):
        """The `RunKeys` of the settings that reduced runs depend on."""
        setting = self.setting
        if isinstance(setting, CubeSetting):
            return RunKeys(setting.source)
        energies = setting.axes.reco[[0, -1]].tolist()
        return RunKeys(setting.source, setting.radius, self.exclusion, setting.radius_is_given, energies)

    def kept(self, runs):
        """The `Kept` of `~tevcurve.lightcurve.runs.Runs`, before they are reduced. runs: the `Runs`."""
        return Kept(
            runs,
            (),
            self.setting,
            self.spectrum,
            self.time_bins,
            self.options,
            dict(self.meta),
            exclusion=self.exclusion,
        )

    def _off_regions(self, observation):
        """The `RunRegions` of an observation; DataError where there is no room for any."""
        source = self.setting.source
        with at_stage("aeff"):
            radius = self.setting.radius_of(observation)
        with at_stage("off regions"):
            off = off_centers(observation.pointing_lonlat, source, radius, self._exclusions)
        return RunRegions(observation, *source, radius, *off)

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
