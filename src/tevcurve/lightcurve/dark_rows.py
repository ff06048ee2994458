"""Why nothing is expected of the source in a row."""

import numpy as np


def why_dark(runs, ranges, masked, crowded=False):
    """(status, reason in words) of a row in whose runs nothing is expected of the source.

    Parameters
    ----------
    runs : list of `SourceRun`
    ranges : list of (low, high), TeV, the safe energies of each
    masked : list of bool, whether no energy bin of the band is in the fit
    crowded : list of bool, whether that is because there is no room for OFF regions, not for the safe energies
    """
    outside = np.array([run.offset >= run.aeff.max_offset.to_value("rad") for run in runs])
    crowded = np.array(masked) & crowded & ~outside
    masked = np.array(masked) & ~outside & ~crowded
    if outside.all():
        offset = np.rad2deg(min(run.offset for run in runs))
        return "outside_fov", f"the source is {offset:.2f} deg off the pointing, outside the field of view"
    if masked.all():
        lows, highs = zip(*ranges, strict=True)
        words = safe_words(min(lows), max(highs))
        return "no_exposure", f"no energy bin of the band lies inside the safe energies ({words})"
    if crowded.all():
        return (
            "no_exposure",
            "in the band there is no cut in angle, or no room for OFF regions as wide as it is",
        )
    if not (masked | outside | crowded).any():
        return "no_exposure", "the effective area at the source is zero in the energies of the band"
    kinds = (
        (outside, "the source is outside the field of view"),
        (masked, "the band is outside the safe energies"),
        (crowded, "there is no cut in angle, or no room for OFF regions"),
        (~outside & ~masked & ~crowded, "the effective area at the source is zero"),
    )
    words = ", ".join(f"{why} in {np.count_nonzero(which)}" for which, why in kinds if which.any())
    return "no_exposure", f"none of the {len(runs)} runs sees the source in the band: {words}"


def safe_words(low, high):
    """Safe energies in TeV in words.

    Parameters
    ----------
    low, high : float, TeV, where they begin and end; 0 and inf where there is no such end
    """
    if not np.isfinite(high):
        return f"above {low:.3g} TeV" if low > 0 else "all energies"
    return f"{low:.3g} to {high:.3g} TeV" if low > 0 else f"below {high:.3g} TeV"
