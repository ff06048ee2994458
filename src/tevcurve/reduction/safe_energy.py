"""Between which energies a response can be trusted."""

import logging
from dataclasses import dataclass

import astropy.units as u
import numpy as np

from tevcurve.errors import DataError, InputError
from tevcurve.problems import warn

log = logging.getLogger(__name__)

COMMON = "common"


@dataclass(frozen=True)
class CommonSafeEnergy:
    """Energies that are safe in all runs of a light curve: each is fitted between the same.

    low_tev, high_tev: float, TeV, None for no limit. settled: bool, whether the runs were asked.
    """

    low_tev: float | None = None
    high_tev: float | None = None
    settled: bool = False

    @property
    def range_tev(self):
        """(low, high), TeV, 0 and infinity where there is no limit."""
        return (
            0.0 if self.low_tev is None else self.low_tev,
            np.inf if self.high_tev is None else self.high_tev,
        )

    def also_of(self, runs):
        """The energies that are safe in further runs, too, by their files.

        runs: sequence of `SourceRun`; one whose field of view does not reach the source does not count. Raises
        `DataError` where none are left.
        """
        low, high = self.range_tev
        for run in runs:
            if run.offset < run.aeff.max_offset.to_value(u.rad):
                its = _range_of_file(run)
                low, high = max(low, its[0]), min(high, its[1])
        if not low < high:
            raise DataError(
                f"The runs have no safe energies in common: one begins at {low:.3g} TeV, where another ends at "
                f"{high:.3g} TeV; wanted are other runs, or safe_energy='file'."
            )
        return CommonSafeEnergy(
            float(low) if low > 0 else None, float(high) if np.isfinite(high) else None, True
        )


def safe_energy_of(rule):
    """The rule of a light curve: as `check_safe_energy` has them, or `CommonSafeEnergy` for "common"."""
    if isinstance(rule, str) and rule == COMMON:
        return CommonSafeEnergy()
    if isinstance(rule, str) and rule != "file":
        raise InputError(
            f"safe_energy is {rule!r}; 'file', 'common', a fraction of the maximum effective area such as 0.1, or None "
            "is wanted."
        )
    return check_safe_energy(rule)


def check_safe_energy(safe_energy):
    """The rule itself: "file", None, or a float between 0 and 1; InputError for anything else.

    safe_energy: of any type.
    """
    if safe_energy is None or (isinstance(safe_energy, str) and safe_energy == "file"):
        return safe_energy
    if not isinstance(safe_energy, (int, float)) or isinstance(safe_energy, bool) or not 0 < safe_energy < 1:
        raise InputError(
            f"safe_energy is {safe_energy!r}; 'file', a fraction of the maximum effective area such as 0.1, "
            "or None is wanted."
        )
    return float(safe_energy)


def safe_energy_range(observation, offset_rad, safe_energy):
    """Lowest and highest safe energy in TeV (0 and infinity where there is no limit) at an offset in radian.

    Raises `DataError` where the file's lowest one is not below its highest one.

    Parameters
    ----------
    observation : whose effective area says it
    offset_rad : float, radian
    safe_energy : see `safe_energy_of`
    """
    if isinstance(safe_energy, CommonSafeEnergy):
        return safe_energy.range_tev
    if safe_energy is None:
        return 0.0, np.inf
    if safe_energy == "file":
        return _range_of_file(observation)
    return range_above_fraction(observation.aeff, offset_rad, safe_energy)


def _range_of_file(observation):
    aeff = observation.aeff
    limits = {"LO_THRES": aeff.low_threshold, "HI_THRES": aeff.high_threshold}
    missing = [key for key, limit in limits.items() if limit is None]
    if missing:
        warn(
            log,
            f"The effective area of observation {observation.run_id} has no {' and no '.join(missing)}: energies are "
            "not limited there.",
        )
    low = 0.0 if limits["LO_THRES"] is None else limits["LO_THRES"].to_value(u.TeV)
    high = np.inf if limits["HI_THRES"] is None else limits["HI_THRES"].to_value(u.TeV)
    if not low < high:
        raise DataError(
            f"{aeff.table.where} has LO_THRES {low:g} and HI_THRES {high:g} TeV, with no safe energies between; wanted "
            "is a lower one that is below the upper one, or safe_energy=None."
        )
    return low, high


def bins_inside(edges, low, high):
    """Whether bins (n,) between edges (n + 1,) lie inside [low, high], up to the rounding of float32 files.

    Parameters
    ----------
    edges : float array (n + 1,), TeV
    low, high : floats, TeV
    """
    return (edges[:-1] >= low * (1 - 1e-6)) & (edges[1:] <= high * (1 + 1e-6))


def range_above_fraction(aeff, offset_rad, fraction):
    """Energies in TeV between which the effective area at an offset (radian) stays above a fraction of its maximum.

    Exact for an area that is linear in log energy between the table's bin centres; raises InputError without any
    area.

    Parameters
    ----------
    aeff : the effective area, as an observation has it
    offset_rad : float, radian
    fraction : float between 0 and 1
    """
    nodes = aeff.energy_axis.nodes
    area = aeff.effective_area(nodes, offset_rad)
    peak = int(np.argmax(area))
    wanted = fraction * area[peak]
    if wanted <= 0:
        raise InputError(
            f"The effective area is 0 at an offset of {np.degrees(offset_rad):.3f} deg, so a fraction of its maximum "
            "is no limit; safe_energy='file' or None is wanted."
        )
    log_energy = np.log(nodes)
    below = np.flatnonzero(area < wanted)
    before, after = below[below < peak], below[below > peak]
    low, high = aeff.energy_axis.edges[0], aeff.energy_axis.edges[-1]
    if len(before):
        low = np.exp(_crossing(log_energy, area, before[-1], wanted))
    if len(after):
        high = np.exp(_crossing(log_energy, area, after[0] - 1, wanted))
    return float(low), float(high)


def _crossing(x, y, index, wanted):
    """Where the straight line from node `index` to the next one takes the wanted value."""
    return x[index] + (wanted - y[index]) / (y[index + 1] - y[index]) * (x[index + 1] - x[index])
