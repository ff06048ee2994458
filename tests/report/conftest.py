"""Light curves of the demo night."""

from dataclasses import replace

import astropy.units as u
import pytest

from tevcurve import PowerLaw, light_curve
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
