"""Responses that hold NaN where they are not defined: at energies and offsets that are not looked at."""

from dataclasses import replace

import numpy as np

from tevcurve.errors import DataError
from tevcurve.files.numbers import number_of
from tevcurve.problems import remark


def without_undefined(axes, columns, header, where):
    """(axes, columns) with 0 where a response is not a number, which is remarked, and without such offsets at the end.

    Below and above the energies for which it is defined a response may hold NaN: nothing is expected from there.
    Offsets that hold nothing else, outside all others, are no part of it.

    Parameters
    ----------
    axes : tuple of `ResponseAxis`, energy (TeV) first
    columns : dict of the names of columns and their values, float arrays with these axes; what is undefined in one is
        so in all
    header : dict, of which LO_THRES and HI_THRES (TeV) are looked at
    where : str, for messages

    Raises DataError where a value is infinite, where NaN stands among the energies that are defined, or inside the safe
    energies of the header.
    """
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
    if planes.all() or np.sum(planes) > low + high:
        raise DataError(refusal)
    energy = axes[0]
    first, last = energy.nodes[low], energy.nodes[len(planes) - 1 - high]
    lowest, highest = (number_of(header.get(key)) or 0 for key in ("LO_THRES", "HI_THRES"))
    if (low and 0 < lowest < first) or (high and highest > last):
        raise DataError(f"{refusal[:-1]} inside the safe energies (LO_THRES, HI_THRES).")
    words += [f"below {first:.3g} TeV"] * bool(low) + [f"above {last:.3g} TeV"] * bool(high)
    remark(
        f"{where}: {column} holds no numbers {' and '.join(words)} ({number} values); nothing is expected from there."
    )
    # Of an energy and offset with some NaN nothing is left: what else stands there would be normalised without it.
    spoilt = bad.any(axis=tuple(range(2, bad.ndim)), keepdims=True)
    return axes, {name: np.where(spoilt, 0.0, values) for name, values in columns.items()}


def _leading(flags):
    """How many flags are set before the first that is not."""
    return len(flags) if np.all(flags) else int(np.argmin(flags))
