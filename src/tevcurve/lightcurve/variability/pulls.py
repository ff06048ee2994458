"""Where the nuisance parameters of a light curve are if its source is constant."""

from dataclasses import dataclass

import numpy as np
from astropy.table import Table

from tevcurve.records import as_html
from tevcurve.systematics import OVERLAP

# How many are named in a line.
SHOWN = 3


@dataclass(frozen=True, eq=False, repr=False)
class Pulls:
    """Nuisance parameters at the constant that fits best, arrays (n,), the most pulled first.

    A pull is the distance from where the prior has its centre, in its standard deviations. Large ones say that the
    systematic errors are larger than was said, or that what looks like them is the source.

    Attributes
    ----------
    name : tuple of str
    value : float array, of ln(scale) for scales of instruments, else in standard deviations of the prior
    sigma : float array, the standard deviation of the prior, inf where a scale is free, 1 for all others
    pull : float array, NaN where a scale is free
    scales : dict of the instruments with a scale to that scale (a float)
    """

    name: tuple
    value: np.ndarray
    sigma: np.ndarray
    pull: np.ndarray
    scales: dict

    def __len__(self):
        return len(self.name)

    def table(self):
        """An astropy `Table` with the columns name, value, sigma and pull."""
        return Table({key: list(getattr(self, key)) for key in ("name", "value", "sigma", "pull")})

    def __str__(self):
        parts = []
        if self.scales:
            told = ", ".join(f"{name} {scale:.3g}" for name, scale in self.scales.items())
            parts.append(f"Scales at the constant: {told}")
        known = [k for k in np.argsort(-np.abs(self.pull), kind="stable") if np.isfinite(self.pull[k])]
        if known:
            told = ", ".join(f"{self.name[k]} {self.pull[k]:+.1f}" for k in known[:SHOWN])
            more = f" (of {len(known)})" if len(known) > SHOWN else ""
            parts.append(f"Largest pulls: {told}{more}")
        return ". ".join(parts)

    def __repr__(self):
        return f"<{self}>"

    def _repr_html_(self):
        rows = {
            name: f"{value:.3g} (sigma {sigma:.3g}, pull {pull:+.2f})"
            for name, value, sigma, pull in zip(self.name, self.value, self.sigma, self.pull, strict=True)
        }
        return as_html("Nuisance parameters of a constant source", rows)


def pulls_of(rows):
    """The `Pulls` of `Rows`; None where there are no nuisance parameters that rows share. rows: `Rows`."""
    if rows.unknown is None or not rows.unknown.nuisances.n_nuisances:
        return None
    nuisances, systematics = rows.unknown.nuisances, rows.unknown.systematics
    moved = rows.fits.shared.values()[0]
    value, sigma, pull, scales = moved.copy(), np.ones(len(moved)), moved.copy(), {}
    settled, n_scales = systematics.scales, nuisances.n_scales
    if n_scales:
        value[:n_scales] += settled.log_scale
        scales = dict(zip(settled.names, np.exp(value[:n_scales]).tolist(), strict=True))
        if systematics.calibration.from_ == OVERLAP:
            sigma[:n_scales], away = np.sqrt(np.diag(nuisances.covariance)), moved[:n_scales]
        else:
            sigma[:n_scales], away = systematics.calibration.prior_sigma(), value[:n_scales]
        free = ~np.isfinite(sigma[:n_scales])
        pull[:n_scales] = np.where(free, np.nan, away / sigma[:n_scales])
    order = np.argsort(-np.nan_to_num(np.abs(pull)), kind="stable")
    return Pulls(tuple(nuisances.names[k] for k in order), value[order], sigma[order], pull[order], scales)
