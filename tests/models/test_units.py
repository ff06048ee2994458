import astropy.units as u
import numpy as np
import pytest

from tevcurve.models.units import internal_factor, internal_unit


@pytest.mark.parametrize(
    ("text", "factor"),
    [
        ("TeV", 1.0),
        ("GeV", 1e-3),
        ("erg", 0.6241509074460763),
        ("cm-2 s-1 TeV-1", 1.0),
        ("m-2 s-1 TeV-1", 1e-4),
        ("cm-2 s-1 GeV-1", 1e3),
        ("erg cm-2 s-1", 0.6241509074460763),
        ("h", 3600.0),
        ("deg", np.pi / 180),
        ("deg2", (np.pi / 180) ** 2),
        ("", 1.0),
        ("%", 0.01),
    ],
)
def test_internal_factor_leads_to_tev_cm_s_rad(text, factor):
    assert internal_factor(u.Unit(text)) == pytest.approx(factor, rel=1e-14)
    assert internal_unit(u.Unit(text)).is_equivalent(u.Unit(text))
