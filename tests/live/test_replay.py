"""Replays of light curves: the public flare night, in 3D and with OFF regions, and a source that is quiet."""

from dataclasses import replace

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from numpy.testing import assert_allclose

from tevcurve import DataStore, PowerLaw, light_curve
from tevcurve.errors import InputError
from tevcurve.live.baseline import Baseline, baseline_of
from tevcurve.live.replay import replay

TARGET = SkyCoord(329.71693826, -30.2255890, unit="deg")
FLARE, QUIET = [33787], [47802, 47803, 47804]
# The mean of the six runs of 2008, 0.8 to 20 TeV.
QUIET_FLUX = 3.0e-12 * u.Unit("cm-2 s-1")
# s of good time until the alarm. In 1D how much background there is has first to be seen.
WITHIN = {"3d": 90, "1d": 130}


def curve(release, runs, method, time_bins="5 min"):
    observations = DataStore.from_dir(release).get_observations(runs)
    spectrum = PowerLaw(index=3.4, amplitude="2e-11 cm-2 s-1 TeV-1", reference="1 TeV")
    return light_curve(observations, TARGET, time_bins, [0.8, 20] * u.TeV, method, spectrum, safe_energy=None)


@pytest.mark.parametrize("method", ["3d", "1d"])
def test_the_flare_night_is_an_early_alarm(hess_dl3_dr1, method):
    found = replay(curve(hess_dl3_dr1, FLARE, method), QUIET_FLUX)
    first = found.alarms[0]
    live = first.time_s - float(
        found.detector.clock.convert(found.runs[0].intervals[0, 0], found.runs[0].reference)
    )
    assert live < WITHIN[method]
    assert first.fit.flux * found.subject.flux > 5 * QUIET_FLUX.value
    assert "per 1000 h" in str(found)
    assert found.alerts[0]["alert_tense"] == "archival"
    upper, lower = found.plot()
    # The source stands once, above both panels.
    assert upper.get_title(loc="left") == found.light_curve.meta["source"] != ""
    assert lower.get_title(loc="left") == ""
    assert [text.get_text() for text in upper.get_legend().texts][:2] == ["statistic", "threshold"]
    assert upper.get_ylabel() == "Statistic of a change [s]"
    plt.close(upper.figure)


def test_the_quiet_source_is_none_and_tells_its_flux(hess_dl3_dr1):
    quiet = curve(hess_dl3_dr1, QUIET, "1d", "run")
    found = replay(quiet, QUIET_FLUX)
    assert found.alarms == []
    assert str(found).startswith("No alarms in 1.4")
    flux = baseline_of(quiet, quiet).value
    by_row = np.asarray(quiet.table["flux"], dtype=float)
    assert by_row.min() < flux < by_row.max()


def test_the_flux_of_a_quiet_time_comes_with_its_error(hess_dl3_dr1):
    quiet = curve(hess_dl3_dr1, QUIET, "1d", "run")
    baseline = Baseline.of(quiet, quiet)
    # Poisson errors of three runs, added as those of a mean.
    errors = np.asarray(quiet.table["flux_err"], dtype=float)
    assert_allclose(baseline.error.value, np.sum(errors**-2.0) ** -0.5, rtol=0.15)
    assert baseline.flux == baseline_of(quiet, quiet)
    found = replay(quiet, baseline, baseline_error=0.1)
    assert_allclose(found.detector.settings.baseline_error, np.hypot(0.1, baseline.share))
    # What was seen of the background goes on, too.
    rate = baseline.off_rates["HESS"].rate.sum()
    assert_allclose(found.runs[0].background_rate, 13 * rate, rtol=1e-9)
    with pytest.raises(InputError, match="better than to 50%"):
        replay(quiet, replace(baseline, error=0.49 * baseline.flux))


def test_what_cannot_be_asked_is_said(hess_dl3_dr1):
    one = curve(hess_dl3_dr1, QUIET[:1], "1d", "run")
    with pytest.raises(InputError, match="wanted is a number with a unit such as cm-2 s-1"):
        replay(one, "3e-12 s-1")
    with pytest.raises(InputError, match="no energy band 1"):
        replay(one, QUIET_FLUX, band=1)
    with pytest.raises(InputError, match="does not know"):
        replay(one[[]], QUIET_FLUX)
    two = one.rebin(energy_edges=[0.8, 2, 20] * u.TeV)
    with pytest.raises(InputError, match="2 energy bands"):
        replay(two, QUIET_FLUX)
    with pytest.raises(InputError, match="wanted is one energy band"):
        baseline_of(two[[0]], one)
