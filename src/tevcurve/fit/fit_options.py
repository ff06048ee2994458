"""What is asked of each row, as the fit takes it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tevcurve.options import STATISTIC
from tevcurve.records import short_repr

if TYPE_CHECKING:
    import numpy as np


# What is computed of a row beside its flux.
STEPS = ("err", "errp-errn", "ul", "ts", "norm-scan")


@dataclass(frozen=True, eq=False)
class FitOptions:
    """What is asked of each row: the options `of_rows`, as the fit takes them.

    Attributes
    ----------
    sigma : float, standard deviations of the errors
    sigma_ul : float, the upper limit is where the statistic has risen by its square
    norm_values : float array (n_scan,), norms of the scan, or None
    negative : bool, whether fluxes may go below zero
    steps : tuple of some of `STEPS`
    free : tuple of str, parameters of the spectrum's shape that are fitted with the flux
    free_ts : float, the TS that a row must have for that
    interval : "likelihood", "feldman-cousins" or "auto", where errors and limits come from
    background : "free" or "shape", what is fitted of the background of ON/OFF spectra
    shape_from : "run" or "night", what the shape of the background is taken from
    background_error : float, relative uncertainty of the background that counts do not tell of, anew in each row and
        run; or None
    statistic : str, what ON and OFF counts are fitted by, a name of `tevcurve.statistics.STATISTICS`
    sigma_sensitivity : float, standard deviations of the sensitivity; None where it is not asked for
    """

    sigma: float = 1.0
    sigma_ul: float = 2.0
    norm_values: "np.ndarray | None" = None
    negative: bool = False
    steps: tuple[str, ...] = STEPS
    free: tuple[str, ...] = ()
    free_ts: float = 25.0
    interval: str = "likelihood"
    background: str = "free"
    shape_from: str = "run"
    background_error: float | None = None
    statistic: str = STATISTIC
    sigma_sensitivity: float | None = None

    __repr__ = short_repr

    def meta(self) -> dict[str, Any]:
        """What a light curve says of itself, dict; of what is seldom asked for only if it is not the default."""
        meta: dict[str, Any] = {"sigma": self.sigma, "sigma_ul": self.sigma_ul, "negative": self.negative}
        meta |= {"interval": self.interval} if self.interval != "likelihood" else {}
        if self.background == "shape":
            meta |= {"background": self.background, "shape_from": self.shape_from}
        meta |= {"background_error": self.background_error} if self.background_error else {}
        meta |= {"statistic": self.statistic} if self.statistic != STATISTIC else {}
        planned = self.sigma_sensitivity
        meta |= {"sigma_sensitivity": planned} if planned is not None else {}
        return meta | ({"free": list(self.free), "free_ts": self.free_ts} if self.free else {})
