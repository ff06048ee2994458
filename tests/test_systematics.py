"""Records of what is not known of instruments."""

import numpy as np
import pytest

from tevcurve.errors import InputError
from tevcurve.systematics import (
    CrossCalibration,
    Scales,
    Systematic,
    Systematics,
)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"effect": "flux"}, "The effect is 'flux'; wanted is one of flux_scale, background, energy_scale"),
        ({"by": "week"}, "by is 'week'; wanted is one of row, run, night"),
        ({"sigma": 0}, "sigma of the systematic flux_scale is 0; wanted is a number above 0"),
        ({"sigma": "10 %"}, "sigma of the systematic flux_scale is '10 %'"),
        ({"by": "period"}, "wanted are ascending MJD for by='period'"),
        ({"periods": (53000.0,)}, "and none otherwise"),
        ({"by": "run", "shared": True}, "shared is for nights and periods"),
    ],
)
def test_what_is_no_systematic_is_refused(fields, words):
    with pytest.raises(InputError, match=words):
        Systematic(**{"effect": "flux_scale", "sigma": 0.1, "by": "night"} | fields)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"from_": "rows"}, "wanted is one of overlap, constant"),
        ({"sigma": {}}, "wanted is a dict of instruments"),
        ({"sigma": {"hess": 0.1}}, "is the reference of the cross-calibration"),
        ({"sigma": {"fact": -0.1}}, "sigma of the scale of fact is -0.1"),
        ({"sigma": {"fact": "fre"}}, "'fre'; wanted is a number above 0, or 'free'"),
    ],
)
def test_what_is_no_cross_calibration_is_refused(fields, words):
    with pytest.raises(InputError, match=words):
        CrossCalibration(**{"reference": "hess", "sigma": {"fact": "free"}} | fields)


def test_an_instrument_without_a_scale_sees_the_flux_as_it_is():
    scales = Scales(("magic", "fact"), np.array([0.1, -0.3]), np.eye(2), 4, np.array([100.0, 200.0]))
    assert (scales.of("fact"), scales.of("hess")) == (-0.3, 0.0)
    assert not Systematics()
    assert Systematics(calibration=CrossCalibration(reference="a", sigma={"b": 0.1}))
