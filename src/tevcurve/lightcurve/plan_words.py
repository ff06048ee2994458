"""What a light curve says of the plan and the runs that it was made of, as its metadata."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from tevcurve.lightcurve.background_norms import norm_words
from tevcurve.lightcurve.plan import Plan
from tevcurve.lightcurve.provenance import field_meta, position_words, safe_energy_words
from tevcurve.lightcurve.reference_spectrum import beyond_table
from tevcurve.lightcurve.scale_words import calibration_meta
from tevcurve.options import option_of
from tevcurve.reduction.cube_terms import CubeSetting
from tevcurve.reduction.exclusion import as_exclusions
from tevcurve.reduction.safe_energy import COMMON, CommonSafeEnergy
from tevcurve.reduction.settings import Identified, Setting


def plan_meta(plan: Plan, runs: Iterable[Identified]) -> dict[str, Any]:
    """Dict of what a light curve says of itself; of what is seldom asked for only if it is.

    What is of a run's setting is one word where all runs have the same, else that of each instrument.

    Parameters
    ----------
    plan : `Plan`
    runs : the runs that are there
    """
    settings = plan.settings.of_runs(runs)

    def told(words: Callable[[Setting], Any]) -> Any:
        return _together({name: words(setting) for name, setting in settings.items()})

    meta = {
        "source": plan.meta.get("source", ""),
        "method": told(method_words),
        "several_runs": "stacked" if plan.stacked else "joint",
        "unbinned": told(lambda setting: isinstance(setting, CubeSetting) and setting.unbinned),
        "position": position_words(plan.source),
        "safe_energy": told(_safe_energy),
        **plan.options.meta(),
        **field_meta(plan.field),
        **calibration_meta(plan.systematics),
    }
    if plan.field.others and plan.time_bins.looks_at_events:
        meta["time_bins_beside"] = (
            "made from events with the other sources as their models say: where one of these varies, bins may follow it"
        )
    if plan.selected_by is not None:
        meta["selected_by"] = plan.selected_by
    if plan.exclusion is not None:
        meta["exclusion"] = told(lambda setting: exclusion_words(plan.exclusion, setting))
    if any(map(off_words, plan.settings.all)):
        meta["off_regions"] = told(off_words)
    responses = told(lambda setting: setting.responses)
    if responses != option_of("responses").default:
        meta["responses"] = responses
    table = beyond_table(plan.field.spectrum, plan.axes.true)
    if table is not None:
        low, high = plan.axes.true[[0, -1]]
        words = f"{table[0]:.4g} to {table[1]:.4g} TeV, carried on from {low:.4g} to {high:.4g} TeV"
        meta["table_of_spectrum"] = words
    if plan.systematics.effects:
        meta["systematics"] = [each.text() for each in plan.systematics.effects]
    if norms := norm_words(plan.systematics):
        meta["background_norms"] = norms
    meta |= plan.meta
    if plan.settings.common is not None:
        meta["common_safe_energy_TeV"] = [plan.settings.common.low_tev, plan.settings.common.high_tev]
    return meta


def method_words(setting: Setting) -> str:
    """ "3d" or "1d". setting: of a run."""
    return "3d" if isinstance(setting, CubeSetting) else "1d"


def off_words(setting: Setting) -> str:
    """What was asked for of the OFF regions of runs, str: "wobble, at most 3, of the size on a grid"; "" for nothing.

    setting: of a run.
    """
    if isinstance(setting, CubeSetting):
        return ""
    words = [setting.off_regions, setting.n_off and f"at most {setting.n_off}"]
    words.append("of the size on a grid" if setting.angular_size == "grid" else None)
    return ", ".join(word for word in words if word)


def exclusion_words(exclusion: Any, setting: Setting) -> str:
    """What an exclusion does to runs of a setting, str.

    Parameters
    ----------
    exclusion : as in the options
    setting : `CubeSetting` or `OnOffSetting`
    """
    if not isinstance(setting, CubeSetting):
        return f"no OFF region lies on {len(as_exclusions(exclusion))} maps or regions"
    n_pixels = int(np.prod(setting.geom.data_shape[-2:]))
    n_out = 0 if setting.allowed is None else int(np.count_nonzero(~setting.allowed))
    return f"{n_out} of {n_pixels} pixels of the map are outside the fit"


def _safe_energy(setting: Setting) -> str:
    rule = setting.safe_energy
    return COMMON if isinstance(rule, CommonSafeEnergy) else safe_energy_words(rule)


def _together(words: dict[str, Any]) -> Any:
    """What is said of all instruments, by their names: the one value, or "HESS: file, FACT: none"."""
    values = list(dict.fromkeys(words.values()))
    if len(values) == 1:
        return values[0]
    return ", ".join(f"{name or 'others'}: {value}" for name, value in words.items())
