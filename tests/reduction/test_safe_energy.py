"""Safe energies against effective areas whose crossings are known."""

from types import SimpleNamespace

import astropy.units as u
import numpy as np
import pytest
from response_tables import ENERGY_EDGES, aeff_hdu, centers

from tevcurve.errors import InputError
from tevcurve.irf import EffectiveAreaTable2D
from tevcurve.reduction.safe_energy import check_safe_energy, range_above_fraction, safe_energy_range
from tevcurve.run_id import RunId

CENTERS = centers(ENERGY_EDGES)
OFFSET = np.radians(0.5)


def aeff_of(area, header=()):
    """The response of a function (energy TeV, offset deg) -> m2."""
    return EffectiveAreaTable2D.from_hdu(aeff_hdu(area, header), "a file")


def run_of(area=lambda energy, offset: 1e5 + 0 * energy, header=()):
    return SimpleNamespace(run_id=RunId.of(7), aeff=aeff_of(area, header))


def tent(energy, offset):
    """Rises in log energy from 0 at 0.1 TeV to 1 at 1 TeV, and falls to 0 at 10 TeV; a tenth of it off axis."""
    return np.maximum(1 - np.abs(np.log10(energy / CENTERS[20])), 0) * np.where(offset > 0.9, 0.1, 1.0)


@pytest.mark.parametrize("fraction", [0.05, 0.1, 0.5, 0.99])
@pytest.mark.parametrize("offset", [0.0, 0.5, 1.0])
def test_a_tent_is_cut_where_its_sides_are(fraction, offset):
    low, high = range_above_fraction(aeff_of(tent), np.radians(offset), fraction)
    away = 10 ** (1 - fraction)
    np.testing.assert_allclose([low, high], [CENTERS[20] / away, CENTERS[20] * away], rtol=1e-6)


def test_only_the_part_around_the_maximum_counts():
    """The area has a second hump, above the fraction, and a hole between the two."""

    def humps(energy, offset):
        return np.where(energy < 5, tent(energy, offset), 0.8 * (energy > 20))

    low, high = range_above_fraction(aeff_of(humps), OFFSET, 0.5)
    np.testing.assert_allclose([low, high], CENTERS[20] * 10 ** np.array([-0.5, 0.5]), rtol=1e-6)


def test_an_area_that_stays_above_is_trusted_up_to_the_edges():
    low, high = range_above_fraction(run_of().aeff, OFFSET, 0.9)
    np.testing.assert_allclose([low, high], ENERGY_EDGES[[0, -1]], rtol=1e-6)
    low, high = range_above_fraction(aeff_of(lambda energy, offset: energy), OFFSET, 0.1)
    assert high == pytest.approx(ENERGY_EDGES[-1])
    # Between bin centres the area is straight in log energy.
    assert np.interp(np.log(low), np.log(CENTERS), CENTERS) == pytest.approx(0.1 * CENTERS[-1], rel=1e-6)


def test_no_area_has_no_fraction():
    with pytest.raises(InputError, match=r"is 0 at an offset of 0.500 deg.*'file' or None is wanted"):
        range_above_fraction(aeff_of(lambda energy, offset: 0 * energy), OFFSET, 0.1)


def test_thresholds_of_the_file(caplog):
    run = run_of(header=[("LO_THRES", 0.3, "[TeV]"), ("HI_THRES", 50.0, "[TeV]")])
    assert safe_energy_range(run, OFFSET, "file") == (pytest.approx(0.3), pytest.approx(50))
    assert not caplog.text


@pytest.mark.parametrize(
    ("header", "limits", "missing"),
    [
        ([("LO_THRES", 0.3)], (0.3, np.inf), "HI_THRES"),
        ([("HI_THRES", 50.0)], (0, 50), "LO_THRES"),
        ([], (0, np.inf), "LO_THRES and no HI_THRES"),
    ],
)
def test_thresholds_that_are_not_there_are_no_limits_and_the_log_says_so(header, limits, missing, caplog):
    assert safe_energy_range(run_of(header=header), OFFSET, "file") == limits
    assert caplog.messages == [
        f"The effective area of observation 7 has no {missing}: energies are not limited there."
    ]


def test_the_rule_decides():
    run = run_of(tent, [("LO_THRES", 0.3), ("HI_THRES", 50.0)])
    assert safe_energy_range(run, OFFSET, None) == (0, np.inf)
    assert safe_energy_range(run, OFFSET, "file") == (0.3, 50)
    assert safe_energy_range(run, OFFSET, 0.5) == range_above_fraction(run.aeff, OFFSET, 0.5)
    assert [check_safe_energy(rule) for rule in (None, "file", 0.1)] == [None, "file", 0.1]


@pytest.mark.parametrize("rule", [0, 1, 1.5, -0.1, True, np.nan, "aeff-max", "0.1", [0.1], 0.3 * u.TeV])
def test_other_rules_are_refused(rule):
    with pytest.raises(InputError, match=r"^safe_energy is .*; 'file', a fraction .* or None is wanted\.$"):
        check_safe_energy(rule)
