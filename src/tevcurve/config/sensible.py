"""A configuration with sensible values for a target, from what its runs and their responses say."""

import os
import re
from collections.abc import Callable, Sequence
from math import ceil, floor, isfinite, log10
from typing import TYPE_CHECKING, Any

import numpy as np

from tevcurve.config.model import Config
from tevcurve.config.observations import chosen
from tevcurve.data import Observation
from tevcurve.errors import DataError, MissingError, TevcurveError
from tevcurve.irf.layout import FULL_ENCLOSURE, NEEDED, NEEDED_BY_CUBES
from tevcurve.kernels.sphere import angular_separation
from tevcurve.pipeline.run_choice import RunChoice
from tevcurve.reduction.safe_energy import range_above_fraction

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord

# So many runs are looked at; the others will be much like them.
MOST_RUNS = 12
FRACTION = 0.1
REACH = 30
SMALLEST_OFFSET = 0.25  # deg


def sensible_config(
    data: str | os.PathLike[str] | Sequence[str], target: str, **values: Any
) -> tuple[Config, dict[str, str]]:
    """(`Config`, notes) for a target of a data store; notes: dict of key to a sentence that says why a value is so.

    Parameters
    ----------
    data : path of the data, or several
    target : name as its index has it, or any where values have a position
    values : for the `Config`, these are not looked for. Energies are those that all runs looked at can be trusted at,
        at most a factor of 30.

    Raises as `tevcurve.light_curve`, and `DataError` where no run can be read.
    """
    found = chosen(Config(**{"data": data, "target": target} | values))
    asked = Config(**{"data": data, "target": target} | values).options(found["target"])["choose"]
    observations, not_chosen = RunChoice.of(asked).split(found["observations"], found["target"])
    position, target = found["target"], found["name"]
    if not observations and not_chosen:
        raise MissingError(f"No run of {target} is chosen: {not_chosen[0].reason}")
    looks, problems = [], []
    for observation in _some_of(observations):
        try:
            looks.append(_look_at(observation, position))
        except TevcurveError as error:
            problems.append(str(error))
        finally:
            observation.release()
    if not looks:
        raise DataError(f"No run of {target} can be used: {problems[0]}")
    made: dict[str, Any] = {}
    notes: dict[str, str] = {}
    for choose in (_energies, _method, _radius):
        sensible, why = choose(looks)
        made, notes = made | sensible, notes | why
    icrs = position.icrs
    made["position"] = f"{icrs.ra.deg:.6f} deg, {icrs.dec.deg:.6f} deg"
    notes["runs"] = f"There are {len(observations)}."
    # Whatever the name is, it stays in this folder.
    plain_name = re.sub(r"[^a-z0-9]+", "-", target.lower()).strip("-") or "target"
    made["output"] = f"{plain_name}-light-curve"
    return Config(**{"data": data, "target": target} | made | values), notes


def _some_of(observations: Sequence[Observation]) -> list[Observation]:
    """At most `MOST_RUNS` runs, some of each folder: two instruments are not much like each other."""
    folders: dict[Any, list[Observation]] = {}
    for observation in observations:
        place = observation.addresses[0].path.parent if observation.addresses else None
        folders.setdefault(place, []).append(observation)
    parts = list(folders.values()) if len(folders) <= MOST_RUNS else [list(observations)]
    most = MOST_RUNS // max(len(parts), 1)
    return [one for part in parts for one in part[:: max(1, ceil(len(part) / most))]]


def _look_at(observation: Observation, position: "SkyCoord") -> dict[str, Any]:
    """What one run says, a dict: safe energies in TeV (NaN for none in the file), offset in deg, its responses."""
    # Without these neither method can do; responses that hold for a cut in angle need no point spread function.
    cut = observation.directional_cut if observation.has("aeff") and observation.has("edisp") else None
    is_cut = cut is not None
    missing = [
        name for name in NEEDED if not observation.has(name) and not (is_cut and name in FULL_ENCLOSURE)
    ]
    if missing:
        raise DataError(
            f"run {observation.obs_id} has no {' and no '.join(missing)}, which light curves need."
        )
    lon, lat = observation.pointing_lonlat
    offset = angular_separation(lon, lat, position.icrs.ra.rad, position.icrs.dec.rad)
    aeff = observation.aeff
    limits = [aeff.low_threshold, aeff.high_threshold]
    low, high = (np.nan if limit is None else float(limit.to_value("TeV")) for limit in limits)
    return {
        "file": (low, high),
        "fraction": range_above_fraction(aeff, float(offset), FRACTION),
        "offset": float(np.degrees(offset)),
        "has_background": not is_cut and all(map(observation.has, NEEDED_BY_CUBES)),
        "cut": cut,
    }


def _energies(looks: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, str]]:
    in_file = all(isfinite(low) and low > 0 for low, _ in (look["file"] for look in looks))
    ranges = [look["file"] if in_file else look["fraction"] for look in looks]
    lows = [low for low, _ in ranges]
    low = _rounded(max(lows), ceil)
    high = min((high for _, high in ranges if isfinite(high)), default=np.inf)
    high = _rounded(min(high, low * REACH), floor)
    what = (
        "thresholds in the files"
        if in_file
        else "energies with a tenth of the largest effective area or more"
    )
    why = f"Here from the {what}, which begin at {min(lows):.2g} to {max(lows):.2g} TeV."
    if max(lows) > 1.3 * min(lows):
        why += " A lower edge has more events; each run is fitted above its own threshold, or all above the highest "
        why += "with safe_energy: common."
    made = {"energy_edges": [f"{low:g} TeV", f"{high:g} TeV"], "safe_energy": "file" if in_file else FRACTION}
    return made, {"energy_edges": why}


def _method(looks: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, str]]:
    offsets = [look["offset"] for look in looks]
    off = f"The runs point {min(offsets):.2f} to {max(offsets):.2f} deg beside the target"
    if all(look["has_background"] for look in looks):
        room = "" if min(offsets) >= SMALLEST_OFFSET else ", too near for OFF regions in 1d"
        return {"method": "3d"}, {"method": f"{off}{room}; all responses for 3d are there."}
    return {"method": "1d"}, {"method": f"{off}; not every run has the background response for 3d."}


def _radius(looks: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, str]]:
    """Nothing is to be said of the radius of a cut that the files name; why, and where they do not."""
    cuts = [look["cut"] for look in looks if look["cut"] is not None]
    radii = [np.degrees(cut) for cut in cuts if isinstance(cut, float)]
    if not cuts:
        return {}, {}
    why = "The responses hold for a cut in angle, which each run has from its files: "
    if len(radii) < len(cuts):
        why += "a radius for each energy."
    elif np.all(np.isfinite(radii)):
        why += (
            "a radius of "
            + " to ".join(f"{radius:.4g}" for radius in sorted({min(radii), max(radii)}))
            + " deg."
        )
    else:
        why = "The responses hold for a cut in angle, and not every file says for which: its radius belongs here."
    return {}, {"on_radius": why}


def _rounded(energy: float, towards: Callable[[float], int]) -> float:
    """An energy with two digits, rounded with `ceil` or `floor`; what is there already to one in a thousand stays."""
    step = 10.0 ** (floor(log10(energy)) - 1)
    nearest = round(energy / step)
    steps = nearest if abs(energy / step - nearest) < 1e-3 * nearest else towards(energy / step)
    return float(f"{steps * step:.3g}")
