"""Light curves with made-up rows, for tests of what is done with rows."""

from dataclasses import replace

import numpy as np
from astropy import units as u
from astropy.time import Time

from tevcurve.lightcurve.product import LightCurve

EDGES = np.array([1.0, 3.0, 10.0])
SCAN = np.geomspace(0.2, 5, 5)


def make_rows(n_times=4, first_day=53343.0, edges=EDGES, meta=None, scale="tt", seed=1, totals=False, **kept):
    """A light curve of 20-minute bins, one per day, in the bands between edges, each number its own.

    totals: whether it has errors and limits with systematic errors, too.
    """
    rng = np.random.default_rng(seed)
    n_bands = len(edges) - 1
    n_rows = n_times * n_bands
    start = Time(np.repeat(first_day + np.arange(n_times), n_bands), format="mjd", scale=scale)
    e_min, e_max = np.tile(edges[:-1], n_times), np.tile(edges[1:], n_times)
    # a power law of index 2, 2e-11 at 1 TeV
    reference = {
        "ref_flux": 2e-11 * (1 / e_min - 1 / e_max),
        "ref_dnde": 2e-11 / (e_min * e_max),
        "ref_eflux": 2e-11 * np.log(e_max / e_min),
        "ref_e2dnde": np.full(n_rows, 2e-11),
    }
    norm = rng.uniform(0.5, 2, n_rows)
    columns = {
        "norm": norm,
        "norm_err": 0.1 * norm,
        "norm_errn": rng.uniform(0.1, 0.2, n_rows),
        "norm_errp": rng.uniform(0.2, 0.3, n_rows),
        "norm_ul": norm + rng.uniform(0.3, 0.5, n_rows),
        "ts": rng.uniform(1, 50, n_rows),
        "counts": rng.integers(1, 99, n_rows).astype(float),
        "npred": rng.uniform(1, 99, n_rows),
        "npred_excess": rng.uniform(1, 50, n_rows),
        "loglike": rng.uniform(10, 20, n_rows),
        "livetime": np.full(n_rows, 1100.0),
        "norm_scan": SCAN,
        "dloglike_scan": rng.uniform(0, 9, (n_rows, len(SCAN))),
    }
    if totals:
        columns |= {
            "norm_err_sys": 0.1 * norm,
            "norm_err_tot": np.hypot(0.1, 0.1) * norm,
            "norm_errn_tot": columns["norm_errn"] + 0.1,
            "norm_errp_tot": columns["norm_errp"] + 0.15,
            "norm_ul_tot": columns["norm_ul"] + 0.2,
        }
    meta = {"source": "crab", "method": "3d", "sigma": 1.0, "upper_limit": 0.95} | (meta or {})
    made = LightCurve.from_arrays(
        start,
        start + 20 * u.min,
        np.sqrt(e_min * e_max),
        e_min,
        e_max,
        reference,
        columns,
        meta=meta,
    )
    return replace(made, **kept)


def assert_same_rows(table, expected):
    """Every column, value, unit and description is the same."""
    assert table.colnames == expected.colnames
    for name in expected.colnames:
        assert table[name].dtype.kind == expected[name].dtype.kind, name
        np.testing.assert_array_equal(table[name], expected[name], err_msg=name)
        for what in ("unit", "description", "format"):
            assert getattr(table[name], what) == getattr(expected[name], what), (name, what)
