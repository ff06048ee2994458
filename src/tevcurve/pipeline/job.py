"""From the plan of a light curve to what it makes of each observation."""

import os
from dataclasses import dataclass, replace

from tevcurve.lightcurve.origin import LightCurveOrigin
from tevcurve.lightcurve.plan import Plan
from tevcurve.problems import at_stage, noted_remarks
from tevcurve.records import short_repr
from tevcurve.reduction.source_run import checked_run
from tevcurve.store.inputs import RunKeys


@dataclass(frozen=True, eq=False, kw_only=True)
class Job(Plan):
    """The plan of a light curve with what it makes of observations."""

    __repr__ = short_repr

    def keep(self, observation):
        """The `SourceRun` of an observation, known as its files say, with what is odd about it.

        Raises `DataError` where it cannot be used.

        observation: the observation.
        """
        with noted_remarks() as remarks:
            # Whoever follows the sky otherwise may lack a pointing, too: this is the reason to tell.
            with at_stage("events"):
                observation.check_tracking()
            in_regions, others = self.settings.in_regions.of(observation), self.field.positions
            run = checked_run(observation.called(None), self.source, in_regions, others)
        return _without_folders(replace(run, remarks=tuple(remarks)), observation.addresses)

    def run_keys(self):
        """The `RunKeys` of what reduced runs depend on."""
        return RunKeys(self.source, self.settings.in_regions, self.field.positions)

    def origin_of(self, runs):
        """The `LightCurveOrigin` of `~tevcurve.lightcurve.runs.Runs`, before they are reduced. runs: the `Runs`."""
        return LightCurveOrigin.of(self, runs=runs)


def _without_folders(run, addresses):
    """The run with files called by their names only: where these lie makes no difference to it."""

    def short(text):
        return without_folders(text, addresses)

    responses = {name: getattr(run, name) for name in ("aeff", "edisp", "bkg", "cut")}
    shorter = {
        name: replace(response, table=replace(response.table, where=short(response.table.where)))
        for name, response in responses.items()
        if hasattr(response, "table")
    }
    return replace(run, remarks=tuple((stage, short(words)) for stage, words in run.remarks), **shorter)


def without_folders(text, addresses):
    """A text with files called by their names only, str.

    Parameters
    ----------
    text : str
    addresses : of the HDUs of a run, with the `path` of their files
    """
    folders = sorted({f"{address.path.parent}{os.sep}" for address in addresses}, key=len, reverse=True)
    for folder in folders:
        text = text.replace(folder, "")
    return text
