"""A run read once for many sources in its field of view."""

from dataclasses import dataclass, replace
from typing import Any

from tevcurve.datasets.source_run import SourceRun
from tevcurve.kernels.sphere import angular_separation
from tevcurve.records import short_repr
from tevcurve.reduction.source_run import checked_run


@dataclass(frozen=True, eq=False)
class FieldRun:
    """A run with its responses over the whole field of view, from which it is had at any source.

    Attributes
    ----------
    run : `SourceRun` at the pointing
    psf, edisp : the responses over the field of view
    """

    run: SourceRun
    psf: Any
    edisp: Any

    __repr__ = short_repr

    def offset(self, source):
        """Angle of a source from the pointing, radian. source: (lon, lat), ICRS, radian."""
        return float(angular_separation(*self.run.pointing_lonlat, *source))

    def at(self, source):
        """The `SourceRun` at a source. source: (lon, lat), ICRS, radian."""
        offset = self.offset(source)
        psf, edisp = self.psf.table_at(offset), self.edisp.around(offset)
        return replace(self.run, offset=offset, psf=psf, edisp=edisp)


def field_run(observation):
    """The `FieldRun` of an observation. Raises `DataError` where it cannot be used for 3D light curves.

    observation : as a data store gives it, which tracks a position
    """
    run = checked_run(observation, observation.pointing_lonlat)
    return FieldRun(run, observation.psf, observation.edisp)
