"""The hardness of a light curve against the fluxes and errors of its bands."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest

from tevcurve import DataStore
from tevcurve.errors import InputError
from tevcurve.lightcurve import LightCurve
from tevcurve.lightcurve.bins import by_edges, by_run
from tevcurve.models import PowerLaw
from tevcurve.pipeline import light_curve
from tevcurve.systematics import Systematic, Systematics


@pytest.fixture(scope="module", params=["3d", "1d"])
def flare(request, hess_dl3_dr1):
    return light_curve(
        DataStore.from_dir(hess_dl3_dr1).get_observations([33787, 33788]),
        "PKS 2155-304",
        by_run(),
        [0.7, 1.5, 20] * u.TeV,
        request.param,
        PowerLaw(index=3.4),
        norm_values=None,
    )


def test_hardness_of_a_light_curve(flare):
    hardness, table = flare.hardness(), flare.table
    assert len(hardness) == 2
    expected = table["flux"][1::2] / table["flux"][::2]
    np.testing.assert_allclose(hardness["hardness"], expected, rtol=1e-6)
    relative = [np.asarray(table["flux_err"] / table["flux"])[band::2] for band in (0, 1)]
    errors = 0.5 * (hardness["hardness_errn"] + hardness["hardness_errp"])
    np.testing.assert_allclose(errors, expected * np.hypot(*relative), rtol=0.05)
    np.testing.assert_allclose(hardness["time_mean"], table["time_mean"][::2])
    assert hardness.meta["band_high_TeV"] == [1.5, 20.0]
    assert hardness.meta["upper_limit"] == 0.95
    assert set(hardness["status"]) == {"ok"}
    # Two digits of the smallest error, in all columns alike.
    smallest = min(np.min(hardness[name]) for name in ("hardness_errn", "hardness_errp"))
    assert len(f"{smallest:{hardness['hardness_errn'].info.format}}".lstrip("0.")) == 2
    assert hardness["hardness"].info.format == hardness["hardness_errn"].info.format
    assert flare.hardness(upper_limit=0.9).meta["upper_limit"] == 0.9
    inverse = flare.hardness(1, 0, sigma=2)
    np.testing.assert_allclose(inverse["hardness"], 1 / hardness["hardness"], rtol=1e-6)
    assert (inverse["hardness_errp"] > 1.8 / hardness["hardness"] ** 2 * hardness["hardness_errn"]).all()


def test_bins_without_good_time_say_so(flare):
    start, stop = flare.time_start[0], flare.time_stop[-1]
    hardness = flare.rebin(by_edges([start - 1 * u.h, start - 1 * u.s, stop])).hardness()
    assert list(hardness["status"]) == ["no_livetime", "ok"]
    assert hardness["reason"][0] == "there is no good time in the bin"
    assert np.isnan(hardness["hardness_ul"][0])
    assert np.isfinite(hardness["hardness_ul"][1])


def test_what_has_no_hardness_says_so(flare):
    with pytest.raises(InputError, match="both 1"):
        flare.hardness(1, 1)
    with pytest.raises(InputError, match="band_high is 2"):
        flare.hardness(0, 2)
    with pytest.raises(InputError, match="does not know its events"):
        LightCurve(flare.table).hardness()
    with pytest.raises(InputError, match="upper_limit"):
        flare.hardness(upper_limit=2)


def test_what_bands_have_in_common_is_not_in_their_ratio(flare):
    """A scale of the flux cancels, and that of energies of a power law; what is new in each row does not."""
    assert "hardness_err_sys" not in flare.hardness().colnames

    def error(**effect):
        systematics = Systematics((Systematic(sigma=0.1, **effect),))
        made = replace(flare.origin, systematics=systematics).resolved().light_curve()
        hardness = made.hardness()
        return np.asarray(hardness["hardness_err_sys"]) / hardness["hardness"]

    for effect in ("flux_scale", "energy_scale"):
        np.testing.assert_allclose(error(effect=effect, by="night"), 0, atol=1e-12)
    np.testing.assert_allclose(error(effect="flux_scale", by="row"), 0.1 * 2**0.5, rtol=1e-12)
    assert np.all(error(effect="background", by="run") > 1e-4)
