"""The time domain on a page: what a figure shows is what the methods give."""

import astropy.units as u
import numpy as np
from onoff_light_curves import onoff_light_curve, onoff_run

from tevcurve import LightCurve
from tevcurve.lightcurve.bins import by_width
from tevcurve.report.rows import ReportRows
from tevcurve.report.time_domain import TimeDomain, power_spectra


def shown(factor, bound, rate):
    """(light curve, `PowerSpectrum`, `TimeDomain`) of rows of a minute."""
    run = onoff_run(0, [(0, 1800)], rate, 0.02, 0.1, np.random.default_rng(2), (factor, bound))
    light_curve = onoff_light_curve([run], by_width("1 min"))
    rows = ReportRows.of(LightCurve(light_curve.table))
    spectra, why_not = power_spectra(light_curve, rows, [None], True)
    assert not why_not
    return light_curve, spectra[0], TimeDomain.of(rows, spectra)


def test_a_flare_has_its_power_its_flux_and_its_periods():
    light_curve, spectrum, part = shown(lambda t: 1 + 3 * np.exp(-(((t - 900) / 200) ** 2)), 4.0, 0.3)
    assert list(part.figures) == ["time-power", "time-flux", "time-periods"]
    line = part.figures["time-power"][1]["data"][-1]
    power = spectrum.power(line["x"] * u.Hz)
    np.testing.assert_allclose(line["y"], line["x"] * power["power"].value, rtol=1e-4)
    # A chance by the bound is told with what the bound lacks.
    assert "The bound does not know what the choice of a process adds." in part.fits.note
    found = light_curve.timing.lomb_scargle(n_toys=0)
    assert f"{found.period:.5g}" in part.fits.rows[0][-1]
