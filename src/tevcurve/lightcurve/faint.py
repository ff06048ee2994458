"""Which rows are shown by their upper limit, in every figure, table and file."""

from typing import Any

import numpy as np

from tevcurve.plot_options import TS_THRESHOLD


def is_faint(value: Any, ts: Any, ts_threshold: float = TS_THRESHOLD) -> np.ndarray:
    """Whether rows (n,) are shown by their upper limit, where they have one, bool array (n,).

    They have no value, or none above zero, or a smaller test statistic; one that is not known makes no row faint.

    Parameters
    ----------
    value : float array (n,), of a flux or what goes with it, NaN where there is none
    ts : float array (n,), test statistic of each row, NaN where it is not known
    ts_threshold : the test statistic from which on a row is shown by its value
    """
    value = np.asarray(value, dtype=float)
    return ~np.isfinite(value) | (value <= 0) | (np.asarray(ts, dtype=float) < ts_threshold)
