"""Light curves of the demo night."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from astropy.time import Time

from tevcurve import LightCurve, PowerLaw, light_curve
from tevcurve.demo import POSITION, demo_observations
from tevcurve.lightcurve.bins import by_run, by_width
from tevcurve.problems import Problem
from tevcurve.run_id import RunId

HOSTILE = '<script>window.harm = 1</script> & "Crab\'s" </script>'
HOSTILE_REASON = 'the file "</script><img src=x onerror=alert(1)>" is not whole'


@pytest.fixture(scope="session")
def night():
    """The light curve of the demo night by runs, in one band."""
    return light_curve(
        demo_observations(), POSITION, by_run(), energy_edges=[0.5, 10] * u.TeV, spectrum=PowerLaw(index=2.6)
    )


@pytest.fixture(scope="session")
def bands(night):
    """The same in short bins of three bands, many of them limits, with a hostile name and a failed run."""
    curve = night.rebin(by_width("4 min"), energy_edges=[0.5, 1, 3, 10] * u.TeV)
    table = curve.table.copy()
    table.meta["source"] = HOSTILE
    failed = (Problem(RunId.of(77), "aeff", HOSTILE_REASON),)
    ledger, origin = replace(curve.ledger, left_out=failed), replace(curve.origin, failed=failed)
    return replace(curve, table=table, ledger=ledger, origin=origin)


@pytest.fixture(scope="session")
def long():
    """6000 minutes in 20 nights; one row has a reason of its own."""
    number = np.arange(6000)
    draw = np.random.default_rng(7)
    start = 60000 + number / 1440 + 0.8 * (number // 300)
    start, stop = (Time(each, format="mjd", scale="tt") for each in (start, start + 1 / 1440))
    norm = draw.gamma(20.0, 0.05, len(number))
    norms = {"norm": norm, "norm_errn": 0.2 * np.sqrt(norm), "norm_errp": 0.25 * np.sqrt(norm)}
    norms["norm_err"] = norms["norm_ul"] = norms["norm_errp"]
    table = LightCurve.from_arrays(start, stop, 2, 1, 10, {"ref_flux": 1e-11}, norms).table
    table["ts"], table["counts"] = draw.uniform(5, 90, len(number)), draw.poisson(20.0, len(number)) * 1.0
    table["status"], table["livetime"] = "ok", 57.3
    table["reason"] = np.where(number == 4000, "odd 4", "")
    return LightCurve(table)
