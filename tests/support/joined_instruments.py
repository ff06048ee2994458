"""Light curves whose rows have runs of two instruments, and the same runs as if of one."""

from dataclasses import replace

import numpy as np
from dl3_files import write_store
from two_instruments import NAMES, runs_of

from tevcurve import DataStore
from tevcurve.bins.text import as_binning
from tevcurve.data.time_order import in_order_of_time
from tevcurve.lightcurve.runs import RunsInMemory
from tevcurve.reduction.settings import SettingRule
from tevcurve.systematics import CrossCalibration, Scales, Systematics

REFERENCE, OTHER = NAMES
# Of the second instrument, so that no two runs of both have one OBS_ID.
FURTHER = 10


def as_one(folder):
    """The `DataStore` of the runs of both instruments under one name, those of the second with other OBS_IDs."""
    runs = [
        replace(run, telescope="BOTH", obs_id=run.obs_id + FURTHER * (name == OTHER))
        for name, own in runs_of(NAMES).items()
        for run in own
    ]
    return DataStore.from_dir(write_store(folder, runs))


def joining(log_scale=None, night_lon_rad=None):
    """The `Systematics` of a calibration with the first as reference; ln(scale) of the second is settled, or None."""
    calibration = CrossCalibration(reference=REFERENCE, sigma={OTHER: "free"})
    scales = None
    if log_scale is not None:
        scales = Scales((OTHER,), np.array([log_scale]), np.array([[0.01]]), 3, np.array([2000.0]))
    return Systematics(calibration=calibration, scales=scales, night_lon_rad=night_lon_rad)


def joined(light_curve, log_scale=0.0, **options):
    """The light curve with its instruments joined, their scales settled; further options as for `joining`."""
    origin = replace(light_curve.origin, systematics=joining(log_scale, **options))
    return origin.resolved().light_curve()


def mixed(light_curves, log_scale=0.0, time_bins="night", **changes):
    """The light curve of the runs of several in one, each by its own setting; by instrument, in the order of `NAMES`.

    changes: of the fields of the origin
    """
    origins = {name: one.origin for name, one in light_curves.items()}
    settings = {name: one.settings.default for name, one in origins.items()}
    runs = RunsInMemory(in_order_of_time([run for origin in origins.values() for run in origin.runs]))
    origin = replace(
        next(iter(origins.values())),
        runs=runs,
        settings=SettingRule(settings[REFERENCE], settings),
        systematics=joining(log_scale),
        time_bins=as_binning(time_bins),
        **changes,
    )
    return origin.reduced().light_curve()
