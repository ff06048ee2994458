"""Structure functions: sums by hand, zero for constant sources, the variance and the step of what varies."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from onoff_light_curves import onoff_light_curve, onoff_run

import tevcurve.lightcurve.variability.structure_function as module
from tevcurve.errors import InputError
from tevcurve.lightcurve.bins import by_width
from tevcurve.lightcurve.variability.rows import rows_of
from tevcurve.lightcurve.variability.structure_function import structure_function


def make(seed=1, factor=None, rate=0.5, spans=((0, 1200), (1500, 2700)), bins="1 min"):
    rng = np.random.default_rng(seed)
    runs = [onoff_run(k, [own], rate, 0.05, 0.1, rng, factor) for k, own in enumerate(spans)]
    return onoff_light_curve(runs, by_width(bins))


def test_it_is_the_mean_over_pairs_by_hand():
    light_curve = make()
    lags = np.array([30.0, 90.0, 400.0, 1700.0]) * u.s
    found = structure_function(light_curve, lags=lags, n_toys=0).table
    rows = rows_of(light_curve)
    norm, variance = rows.fits.norm[0], rows.fits.errn[0] * rows.fits.errp[0]
    for row, low, high in zip(found, lags[:-1].value, lags[1:].value, strict=True):
        values, times = [], []
        for i in range(rows.n):
            for k in range(i + 1, rows.n):
                apart = rows.middle_s[k] - rows.middle_s[i]
                if low <= apart < high:
                    values.append((norm[i] - norm[k]) ** 2 - variance[i] - variance[k])
                    times.append(apart)
        assert row["n_pairs"] == len(values)
        assert row["value"] == pytest.approx(np.mean(values) / norm.mean() ** 2, rel=1e-9)
        assert row["lag"].value == pytest.approx(np.mean(times))
    assert np.all(np.isnan(found["band"]))


def test_constant_sources_have_none_on_average():
    lags = np.array([30.0, 90.0, 600.0, 2600.0]) * u.s
    found = [structure_function(make(seed), lags=lags, n_toys=0).table["value"] for seed in range(24)]
    mean, error = np.mean(found, axis=0), np.std(found, axis=0) / np.sqrt(24)
    assert np.all(np.abs(mean) < 3.5 * error)
    # Errors are small beside the noise itself, of which 2 * 0.033 would be left: 30 counts and 3 of background a row.
    assert np.all(np.abs(mean) < 0.01)


def test_a_square_wave_has_its_own_structure_function():
    # Between 0.5 and 1.5 every 5 minutes: after a full period of 10 minutes nothing has changed, after half of one all.
    def wave(t):
        return np.where(t % 600 < 300, 1.5, 0.5)

    lags = np.array([290.0, 310.0, 590.0, 610.0]) * u.s
    found = [
        structure_function(make(seed, (wave, 1.5), 2.0), lags=lags, n_toys=0).table["value"][[0, 2]]
        for seed in range(4)
    ]
    assert np.mean(found, axis=0) == pytest.approx([1.0, 0.0], abs=0.05)


def test_bands_are_of_the_fitted_process():
    def slow(t):
        return np.exp(0.6 * np.sin(2 * np.pi * t / 2400))

    light_curve = make(3, (slow, 2.0), 1.0)
    found = structure_function(light_curve, n_toys=60)
    table = found.table
    ordered = np.array([table[name] for name in table.colnames if "band" in name])
    assert np.all(np.diff(ordered, axis=0) >= 0)
    inside = (table["value"] > table["band_95_low"]) & (table["value"] < table["band_95_high"])
    assert np.mean(inside) > 0.6
    assert "no line is fitted" in str(found)
    assert "Structure function" in found._repr_html_()
    import matplotlib.pyplot as plt

    ax = found.plot()
    assert ax.get_xscale() == "log"
    structure = replace(found, table=table[:3])
    structure.table["value"] = [-1.0, 0.1, 0.2]
    assert "zero or below" in [text.get_text() for text in structure.plot().get_legend().get_texts()]
    plt.close("all")


def test_a_process_that_is_at_hand_is_not_fitted_again():
    light_curve = make(3, (lambda t: np.exp(0.6 * np.sin(2 * np.pi * t / 2400)), 2.0), 1.0)
    process = light_curve.timing.power_spectrum()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "spectrum_of", lambda rows: pytest.fail("fitted again"))
        found = structure_function(light_curve, n_toys=10, process=process)
    again = structure_function(light_curve, n_toys=10)
    np.testing.assert_array_equal(found.table["band"], again.table["band"])
    with pytest.raises(InputError, match="process is a power spectrum of other rows"):
        structure_function(make(4), n_toys=10, process=process)


@pytest.mark.parametrize("wrong", [[3.0] * u.s, [5.0, 3.0] * u.s, [-1.0, 3.0] * u.s])
def test_lags_that_are_none_are_refused(wrong):
    with pytest.raises(InputError, match="wanted are ascending edges"):
        structure_function(make(), lags=wrong, n_toys=0)
    with pytest.raises(InputError, match="No range of lags"):
        structure_function(make(), lags=[1.0, 2.0] * u.s, n_toys=0)
