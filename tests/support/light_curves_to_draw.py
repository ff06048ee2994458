"""Light curves from plain numbers, to be drawn."""

import numpy as np
from astropy.time import Time

from tevcurve.lightcurve.product import LightCurve

REFERENCE = {"ref_flux": 1e-11, "ref_dnde": 2e-11, "ref_eflux": 3e-11, "ref_e2dnde": 2e-11}


def make(start, stop, norm, ts=100.0, scale="tt", band=(1, 1, 10), **norms):
    """A light curve in MJD; errors are 0.2 down and 0.4 up, the limit is the norm plus 0.6, times 1e-11 cm-2 s-1."""
    norm = np.asarray(norm, dtype=float)
    values = {
        "norm": norm,
        "norm_err": norm * 0 + 0.3,
        "norm_errn": norm * 0 + 0.2,
        "norm_errp": norm * 0 + 0.4,
    }
    values |= {"norm_ul": norm + 0.6, "ts": ts, **norms}
    start, stop = (Time(np.asarray(ends, dtype=float), format="mjd", scale=scale) for ends in (start, stop))
    return LightCurve.from_arrays(start, stop, *band, REFERENCE, values)


def make_nights(nights, per_night=4, n_bands=1):
    """A light curve with some bins of 28 minutes from the MJD of each night, a few of them faint, in energy bands."""
    start = np.add.outer(np.asarray(nights, dtype=float), 0.02 * np.arange(per_night)).ravel()
    rows = np.repeat(start, n_bands)
    band = np.tile(np.arange(n_bands), len(start))
    edges = 0.5 * 3.0 ** np.arange(n_bands + 1)
    norm = (2 + np.sin(np.arange(len(rows)))) * 0.1**band
    energies = (edges[band], edges[band], edges[band + 1])
    more = {"index": 2.5 + 0.1 * norm, "index_err": 0.1 + 0 * norm}
    return make(
        rows,
        rows + 0.0194,
        norm,
        ts=np.where(np.arange(len(rows)) % 5 == 3, 1.0, 50.0),
        band=energies,
        **more,
    )
