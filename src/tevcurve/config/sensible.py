"""A configuration with sensible values for a target, from what its runs and their responses say."""

import re
from math import ceil, floor, isfinite, log10

import numpy as np

from tevcurve.config.model import Config
from tevcurve.errors import DataError, TevcurveError
from tevcurve.kernels.sphere import angular_separation
from tevcurve.pipeline.targets import observations_of
from tevcurve.reduction.safe_energy import range_above_fraction

# So many runs are looked at; the others will be much like them.
MOST_RUNS = 12
FRACTION = 0.1
REACH = 30
SMALLEST_OFFSET = 0.25  # deg


def sensible_config(data, target, **values):
    """(`Config`, notes) for a target of a data store; notes: dict of key to a sentence that says why a value is so.

    data: path of the store. target: name as its index has it. values: for the `Config`, these are not looked for.
    Energies are those that all runs looked at can be trusted at, at most a factor of 30. Raises as
    `tevcurve.light_curve`, and `DataError` where no run can be read.
    """
    observations, position = observations_of(data, target)
    step = max(1, ceil(len(observations) / MOST_RUNS))
    looks, problems = [], []
    for observation in observations[::step]:
        try:
            looks.append(_look_at(observation, position))
        except TevcurveError as error:
            problems.append(str(error))
        finally:
            observation.release()
    if not looks:
        raise DataError(f"No run of {target} can be read: {problems[0]}")
    made, notes = {}, {}
    for choose in (_energies, _method, _on_radius):
        chosen, why = choose(looks)
        made, notes = made | chosen, notes | why
    icrs = position.icrs
    made["position"] = f"{icrs.ra.deg:.6f} deg, {icrs.dec.deg:.6f} deg"
    notes["runs"] = f"There are {len(observations)}."
    made["output"] = re.sub(r"[^a-z0-9]+", "-", target.lower()).strip("-") + "-light-curve"
    return Config(**{"data": str(data), "target": target} | made | values), notes


def _look_at(observation, position):
    """What one run says, a dict: safe energies in TeV (NaN for none in the file), offset in deg, its responses."""
    offset = angular_separation(*observation.pointing_lonlat, position.icrs.ra.rad, position.icrs.dec.rad)
    aeff = observation.aeff
    limits = [aeff.low_threshold, aeff.high_threshold]
    low, high = (np.nan if limit is None else float(limit.to_value("TeV")) for limit in limits)
    return {
        "file": (low, high),
        "fraction": range_above_fraction(aeff, float(offset), FRACTION),
        "offset": float(np.degrees(offset)),
        "has": {name for name in ("psf", "edisp", "bkg", "rad_max") if observation.has(name)},
        "rad_max": _rad_max(observation),
    }


def _rad_max(observation):
    """The one radius in deg of a cut that is the same at all energies, else None."""
    if not observation.has("rad_max"):
        return None
    values = np.unique(np.asarray(observation.rad_max.data))
    return float(values[0]) if len(values) == 1 else None


def _energies(looks):
    in_file = all(isfinite(low) and low > 0 for low, _ in (look["file"] for look in looks))
    ranges = [look["file"] if in_file else look["fraction"] for look in looks]
    low = _rounded(max(low for low, _ in ranges), ceil)
    high = min((high for _, high in ranges if isfinite(high)), default=np.inf)
    high = _rounded(min(high, low * REACH), floor)
    lowest = min(low for low, _ in ranges)
    why = (
        "thresholds in the files"
        if in_file
        else "energies with a tenth of the largest effective area or more"
    )
    made = {"energy_edges": [f"{low:g} TeV", f"{high:g} TeV"], "safe_energy": "file" if in_file else FRACTION}
    return made, {
        "energy_edges": f"Here from the {why}, which begin at {lowest:.2g} to {max(r[0] for r in ranges):.2g} TeV."
    }


def _method(looks):
    offsets = [look["offset"] for look in looks]
    off = f"The runs point {min(offsets):.2f} to {max(offsets):.2f} deg beside the target"
    missing = sorted(set.union(*({"bkg", "psf"} - look["has"] for look in looks)))
    if not missing:
        room = "" if min(offsets) >= SMALLEST_OFFSET else ", too near for OFF regions in 1d"
        return {"method": "3d"}, {"method": f"{off}{room}; all responses for 3d are there."}
    names = {"bkg": "background", "psf": "point spread function"}
    return {"method": "1d"}, {
        "method": f"{off}; the {' and the '.join(names[m] for m in missing)} for 3d is not there."
    }


def _on_radius(looks):
    radii = {look["rad_max"] for look in looks}
    if len(radii) == 1 and (radius := radii.pop()):
        return {"on_radius": f"{radius:g} deg"}, {"on_radius": "Here that of the cut of the responses."}
    return {}, {}


def _rounded(energy, towards):
    """An energy with two digits, rounded with `ceil` or `floor`; what is there already to one in a thousand stays."""
    step = 10.0 ** (floor(log10(energy)) - 1)
    nearest = round(energy / step)
    steps = nearest if abs(energy / step - nearest) < 1e-3 * nearest else towards(energy / step)
    return float(f"{steps * step:.3g}")
