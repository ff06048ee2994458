"""A light curve in the height of a line of text, as SVG."""

from collections.abc import Mapping

import numpy as np
from markupsafe import Markup

from tevcurve.lightcurve.faint import is_faint

WIDTH, HEIGHT, EDGE = 160, 30, 3
# Of more rows than these so many means are drawn.
MOST = 40
# Beyond the ends of errors and limits, of the range between these.
_ROOM = 0.08


def sparkline(rows: Mapping[str, np.ndarray], mean: float) -> Markup:
    """The SVG element of a light curve: rows one after the other, in the order of time, with their errors.

    Of many rows means are drawn, weighted with their errors. Faint rows are limits.

    Parameters
    ----------
    rows : float arrays (n,) by name, in one unit: `flux`, `flux_errn`, `flux_errp`, `flux_ul` and `ts`; NaN where there
        is none
    mean : of the source, NaN where there is none
    """
    flux, errn, errp, limit, ts = (rows[name] for name in ("flux", "flux_errn", "flux_errp", "flux_ul", "ts"))
    if len(flux) > MOST:
        flux, errn, errp = _means(flux, errn, errp)
        limit, is_limit = np.full(len(flux), np.nan), np.zeros(len(flux), dtype=bool)
    else:
        is_limit = np.isfinite(limit) & is_faint(flux, ts)
    value = np.where(is_limit, np.nan, flux)
    low, high = (_nan_to(each, 0.0) for each in (value - errn, value + errp))
    ends = np.concatenate([low, high, limit[is_limit], [0.0, _nan_to(mean, 0.0)]])
    bottom, top = float(ends.min()), float(ends.max())
    if not top > bottom:
        return Markup("")
    bottom, top = bottom - _ROOM * (top - bottom), top + _ROOM * (top - bottom)
    step = (WIDTH - 2 * EDGE) / len(flux)
    across = EDGE + step * (np.arange(len(flux)) + 0.5)

    def y(values: np.ndarray | float) -> np.ndarray:
        return HEIGHT - EDGE - (np.asarray(values) - bottom) / (top - bottom) * (HEIGHT - 2 * EDGE)

    seen = np.isfinite(value)
    bars = [
        f"M{at:.1f} {one:.1f}V{two:.1f}"
        for at, one, two in zip(across[seen], y(low)[seen], y(high)[seen], strict=True)
    ]
    dots = [f"M{at:.1f} {one:.1f}h0" for at, one in zip(across[seen], y(value)[seen], strict=True)]
    limits = [
        f"M{at - 2:.1f} {one:.1f}h4m-2 0v3"
        for at, one in zip(across[is_limit], y(limit)[is_limit], strict=True)
    ]
    paths = {"z": [f"M0 {float(y(0.0)):.1f}H{WIDTH}"], "u": limits, "e": bars, "p": dots}
    if np.isfinite(mean):
        paths["m"] = [f"M0 {float(y(mean)):.1f}H{WIDTH}"]
    drawn = "".join(f'<path class="{kind}" d="{"".join(each)}"/>' for kind, each in paths.items() if each)
    return Markup(f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">{drawn}</svg>')


def _means(flux: np.ndarray, errn: np.ndarray, errp: np.ndarray) -> tuple[np.ndarray, ...]:
    """(flux, errn, errp) of so many means of rows that follow each other."""
    err = 0.5 * (errn + errp)
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(np.isfinite(flux) & (err > 0), err**-2.0, 0.0)
        group = np.arange(len(flux)) * MOST // len(flux)
        total = np.bincount(group, weight, MOST)
        mean = np.bincount(group, weight * np.nan_to_num(flux), MOST) / total
        spread = total**-0.5
    return np.where(total > 0, mean, np.nan), spread, spread


def _nan_to(values: np.ndarray | float, other: float) -> np.ndarray:
    return np.where(np.isfinite(values), values, other)
