"""Responses that hold NaN where they are not defined: at energies and offsets that are not looked at."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from tevcurve.errors import DataError
from tevcurve.files.numbers import number_of
from tevcurve.irf.axis import ResponseAxis
from tevcurve.problems import remark


def without_undefined(
    axes: tuple[ResponseAxis, ...],
    columns: dict[str, np.ndarray],
    header: dict[str, Any],
    where: str,
    safe_tev: Callable[[], tuple[float | None, float | None]] | None = None,
) -> tuple[tuple[ResponseAxis, ...], dict[str, np.ndarray]]:
    """(axes, columns) with 0 where a response is not a number, which is remarked, and without such offsets at the end.

    Below and above the energies for which it is defined a response may hold NaN: nothing is expected from there.
    Offsets that hold nothing else, outside all others, are no part of it. Between energies for which it is defined, but
    outside the safe ones, the line between its neighbours (in log energy) stands in.

    Parameters
    ----------
    axes : tuple of `ResponseAxis`, energy (TeV) first
    columns : dict of the names of columns and their values, float arrays with these axes; what is undefined in one is
        so in all
    header : dict, of which LO_THRES and HI_THRES (TeV) are looked at
    where : str, for messages
    safe_tev : function without arguments to (low, high), the safe energies of the run in TeV, None for one that is not
        known; default: those of the header

    Raises DataError where a value is infinite, or where NaN stands inside the safe energies; where these are not known,
    among the energies that are defined.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        # What is no number makes none of the sum, which is quick; where it is none, all are looked at.
        if all(np.isfinite(np.sum(values)) for values in columns.values()):
            return axes, dict(columns)
    bad = np.any([~np.isfinite(values) for values in columns.values()], axis=0)
    if not bad.any():
        return axes, dict(columns)
    column = " and ".join(name for name, values in columns.items() if not np.all(np.isfinite(values)))
    number = sum(int(np.sum(~np.isfinite(values))) for values in columns.values())
    refusal = f"{where}: {column} holds {number} values that are not finite; numbers are wanted."
    if any(np.any(np.isinf(values)) for values in columns.values()):
        raise DataError(refusal)
    words = []
    if len(axes) > 1 and axes[1].name == "THETA":
        lost = np.moveaxis(bad, 1, 0).reshape(axes[1].nbin, -1).all(axis=1)
        kept = axes[1].nbin - _leading(lost[::-1])
        if kept and kept < axes[1].nbin:
            axis = axes[1]
            words.append(f"beyond an offset of {np.rad2deg(axis.nodes[kept - 1]):.3g} deg")
            axes = (
                axes[0],
                replace(axis, low=axis.low[:kept].copy(), high=axis.high[:kept].copy()),
                *axes[2:],
            )
            bad = bad[:, :kept]
            columns = {name: values[:, :kept] for name, values in columns.items()}
    planes = bad.reshape(len(bad), -1).any(axis=1)
    low, high = _leading(planes), _leading(planes[::-1])
    energy = axes[0]
    between = planes.copy()
    between[:low], between[len(planes) - high :] = False, False
    if planes.all() or (between.any() and not _outside(energy.nodes[between], safe_tev, header)):
        raise DataError(refusal)
    first, last = energy.nodes[low], energy.nodes[len(planes) - 1 - high]
    lowest, highest = (number_of(header.get(key)) or 0 for key in ("LO_THRES", "HI_THRES"))
    if (low and 0 < lowest < first) or (high and highest > last):
        raise DataError(f"{refusal[:-1]} inside the safe energies (LO_THRES, HI_THRES).")
    words += [f"below {first:.3g} TeV"] * bool(low) + [f"above {last:.3g} TeV"] * bool(high)
    if words:
        remark(
            f"{where}: {column} holds no numbers {' and '.join(words)} ({number} values); nothing is expected from "
            "there."
        )
    # Of an energy and offset with some NaN nothing is left: what else stands there would be normalised without it.
    spoilt = bad.any(axis=tuple(range(2, bad.ndim)))
    nothing = spoilt.reshape(spoilt.shape + (1,) * (bad.ndim - spoilt.ndim))
    columns = {name: np.where(nothing, 0.0, values) for name, values in columns.items()}
    if between.any():
        at = ", ".join(f"{one:.3g}" for one in energy.nodes[between])
        remark(f"{where}: {column} holds no numbers at {at} TeV; the line between its neighbours stands in.")
        for values in columns.values():
            _fill(values, spoilt, between, energy.scaled_nodes)
    return axes, columns


def _outside(
    nodes: np.ndarray,
    safe_tev: Callable[[], tuple[float | None, float | None]] | None,
    header: dict[str, Any],
) -> bool:
    """Whether energies (TeV) are outside the safe ones, which have to be known."""
    if safe_tev is None:
        low, high = (number_of(header.get(key)) for key in ("LO_THRES", "HI_THRES"))
    else:
        low, high = safe_tev()
    return bool(np.all((nodes < (low or 0)) | (nodes > (high or np.inf))))


def _fill(values: np.ndarray, spoilt: np.ndarray, between: np.ndarray, x: np.ndarray) -> None:
    """Puts the line between neighbours in energy where these planes are spoilt, in place.

    values: (n_energy, ...). spoilt: bool (n_energy, n_offset), or (n_energy,). x: float (n_energy,).
    """
    for place in np.argwhere(spoilt & between.reshape(-1, *(1,) * (spoilt.ndim - 1))):
        k, rest = place[0], tuple(place[1:])
        fine = np.flatnonzero(~spoilt[(slice(None), *rest)])
        below, above = fine[fine < k], fine[fine > k]
        if len(below) and len(above):
            i, j = below[-1], above[0]
            part = (x[k] - x[i]) / (x[j] - x[i])
            values[(k, *rest)] = (1 - part) * values[(i, *rest)] + part * values[(j, *rest)]


def _leading(flags: np.ndarray) -> int:
    """How many flags are set before the first that is not."""
    return len(flags) if np.all(flags) else int(np.argmin(flags))
