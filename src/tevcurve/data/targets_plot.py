"""The targets and pointings of a data store on the sky."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tevcurve.figures.style import COLOURS, MARKERS, current_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tevcurve.data.targets import TargetRuns

NEAR = 12.0  # deg: what lies within is drawn close up


def plot_targets(targets: "Sequence[TargetRuns]", ax: "Axes | None" = None) -> "Axes":
    """Axes with the pointings of each target and, where it is known, its position.

    All sky in equal areas, right ascension to the left; axes without a projection show the part of the sky that is
    needed.

    Parameters
    ----------
    targets : list of `TargetRuns`
    ax : matplotlib axes, "mollweide" or plain; default: the current ones
    """
    ax = current_axes() if ax is None else ax
    whole_sky = getattr(ax, "name", "") == "mollweide"
    centre = (
        180.0 if whole_sky else _middle(np.concatenate([target.pointings_deg[:, 0] for target in targets]))
    )
    known = False
    for number, target in enumerate(targets):
        colour, marker = COLOURS[number % len(COLOURS)], MARKERS[number // len(COLOURS) % len(MARKERS)]
        label = f"{_plain(target.name)} ({len(target.obs_ids)})"
        ra, dec = target.pointings_deg.T
        x, y = _on_axes(ra, dec, centre, whole_sky)
        ax.plot(x, y, marker, color=colour, ms=6, mfc="none", mew=1.2, ls="none", label=label)
        if np.all(np.isfinite(target.position_deg)):
            ra, dec = np.reshape(target.position_deg, (2, 1))
            ax.plot(*_on_axes(ra, dec, centre, whole_sky), "+", color=colour, ms=9)
            known = True
    if known:
        ax.plot([], [], "+", color="0.4", ms=9, label="position of the target")
    if whole_sky:
        hours = (np.arange(30, 360, 60) - centre) / 15
        ax.set_xticks(np.radians(15 * hours), [f"{(centre / 15 - hour) % 24:.0f}h" for hour in hours])
        ax.tick_params(axis="x", labelsize="small", colors="0.4")
    else:
        ax.set_xlabel("Right ascension [deg]")
        ax.set_ylabel("Declination [deg]")
        dec = np.concatenate([target.pointings_deg[:, 1] for target in targets])
        ax.set_aspect(1 / np.cos(np.radians(np.nanmean(dec))), adjustable="datalim")
        ax.xaxis.set_major_formatter(lambda value, _: f"{(centre - value) % 360:g}")
    ax.grid(alpha=0.3)
    ax.legend(
        loc="upper left", bbox_to_anchor=(1.02, 1), frameon=False, title="Target (runs)", alignment="left"
    )
    return ax


def is_close_up(targets: "Sequence[TargetRuns]") -> bool:
    """Whether all pointings lie so near each other that they are drawn on plain axes.

    targets: list of `TargetRuns`.
    """
    ra, dec = np.concatenate([target.pointings_deg for target in targets]).T
    away = (ra - _middle(ra) + 180) % 360 - 180
    return bool(np.ptp(away * np.cos(np.radians(dec))) < NEAR and np.ptp(dec) < NEAR)


def _middle(ra: np.ndarray) -> float:
    """The middle of right ascensions, also around 0, in deg."""
    angle = np.radians(ra[np.isfinite(ra)])
    return (
        float(np.degrees(np.arctan2(np.sin(angle).mean(), np.cos(angle).mean())) % 360) if len(angle) else 0.0
    )


def _on_axes(
    ra: np.ndarray, dec: np.ndarray, centre: float, whole_sky: bool
) -> tuple[np.ndarray, np.ndarray]:
    x = (centre - np.asarray(ra) + 180) % 360 - 180
    return (np.radians(x), np.radians(dec)) if whole_sky else (x, dec)


def _plain(name: str) -> str:
    # A dollar sign would begin a formula.
    return name.replace("$", r"\$")
