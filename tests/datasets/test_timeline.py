"""What bins from events ask of a run: its events in a band or a region, and the rates that are expected there."""

from types import SimpleNamespace

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord

from tevcurve import light_curve
from tevcurve.data import GTI, DataStore, TimeReference
from tevcurve.datasets.onoff_terms import OnOffTerms
from tevcurve.datasets.timeline import (
    RunTimeline,
    core_pixels,
    core_timeline,
    power_law_flux,
    timeline_of,
)
from tevcurve.errors import InputError
from tevcurve.models import PowerLaw
from tevcurve.reduction.energy_axes import energy_axes
from tevcurve.run_id import RunId

CLOCK = TimeReference(51910, 0.000742870370370241)


def spectrum(acceptance_off=(8.0, 4.0, 8.0), off_bin=(0, 1, 1, 2, 2, 2)):
    return OnOffTerms(
        run_id=RunId.of(5),
        reference=CLOCK,
        intervals=np.array([[100.0, 200.0], [300.0, 400.0]]),
        deadc=0.5,
        on_times_s=np.array([110.0, 120.0, 310.0, 320.0]),
        on_energy_tev=np.array([1.5, 2.5, 3.5, 2.5]),
        on_bin=np.array([0, 1, 2, 1]),
        off_times_s=np.arange(6.0) + 150,
        off_energy_tev=np.ones(6),
        off_bin=np.array(off_bin, dtype=int),
        acceptance_off=np.array(acceptance_off),
        exposure_per_s=np.array([1e9, 2e9]),
        edisp=np.array([[0.5, 0.3, 0.1], [0.0, 0.4, 0.6]]),
        true_edges_tev=np.array([1.0, 2.0, 4.0]),
        reco_edges_tev=np.array([1.0, 2.0, 3.0, 4.0]),
        mask_safe=np.array([False, True, True]),
    )


def test_spectrum_in_its_safe_energies():
    line = spectrum().timeline(flux=np.array([3e-9, 5e-9]))
    np.testing.assert_array_equal(line.time_s, [120, 310, 320])
    np.testing.assert_array_equal(line.off_time_s, [151, 152, 153, 154, 155])
    # Two OFF events count 1/4 each, three 1/8.
    assert line.alpha == pytest.approx((2 / 4 + 3 / 8) / 5)
    assert line.background_rate == pytest.approx((2 / 4 + 3 / 8) / 200)
    assert line.signal_per_s == pytest.approx(0.5 * (3 * 0.4 + 10 * 1.0))
    assert line.gti.ontime_s == 200


def test_spectrum_in_a_band_and_without_off_events():
    first = spectrum().timeline(mask=[True, False, False])
    np.testing.assert_array_equal(first.time_s, [110])
    assert first.alpha == pytest.approx(1 / 8)
    # Then the acceptances alone count, as in the sums of the dataset: 2 bins of ON over 4 + 8 of OFF.
    lone = spectrum(off_bin=(0, 0, 0, 0, 0, 0)).timeline()
    assert len(lone.off_time_s) == 0
    assert lone.alpha == pytest.approx(2 / 12)
    assert lone.background_rate == 0


def test_reference_flux_is_that_of_the_power_law():
    edges = np.geomspace(0.1, 50, 7)
    expected = PowerLaw(index=2.5, amplitude="1e-12 cm-2 s-1 TeV-1", reference="1 TeV").photon_flux(edges)
    np.testing.assert_allclose(power_law_flux(edges), expected, rtol=1e-12)


def test_core_is_made_of_the_brightest_pixels():
    image = np.array([[1.0, 4.0, 2.0], [0.0, 3.0, 0.0]])
    np.testing.assert_array_equal(core_pixels(image, 0.68), [[False, True, False], [False, True, False]])
    np.testing.assert_array_equal(core_pixels(image, 0.75), [[False, True, True], [False, True, False]])
    assert not core_pixels(np.zeros((2, 2))).any()


def test_background_of_the_core_is_the_mean_over_the_good_time():
    run = SimpleNamespace(run_id=RunId.of(1), gti=GTI([0, 30], [10, 40], CLOCK), deadc=0.5)
    image = np.array([[8.0, 2.0]])
    background = np.array([[[1.0, 50.0]], [[5.0, 50.0]]])
    line = core_timeline(
        run, np.array([1.0, 2, 3]), np.array([0, 1, 0]), image, background, np.array([0, 35.0, 40])
    )
    np.testing.assert_array_equal(line.time_s, [1, 3])
    assert line.signal_per_s == pytest.approx(4.0)
    assert line.background_per_s == pytest.approx((15 * 1 + 5 * 5) / 20)


def test_timeline_of_whatever_has_events():
    line = RunTimeline(1, GTI([0], [10], CLOCK), np.array([1.0]), background_per_s=0.1)
    assert timeline_of(line) is line
    assert timeline_of(spectrum()).has_off
    with pytest.raises(InputError, match="no events"):
        timeline_of("run 1")
    with pytest.raises(InputError, match="either off_time_s with alpha or"):
        RunTimeline(1, line.gti, line.time_s, off_time_s=np.zeros(3))
    with pytest.raises(InputError, match="either off_time_s with alpha or"):
        RunTimeline(1, line.gti, line.time_s, off_time_s=np.zeros(3), alpha=0.1, background_per_s=1.0)


@pytest.fixture(scope="module")
def crab_run(hess_dl3_dr1):
    return DataStore.from_dir(hess_dl3_dr1).get_observations([23523])[0]


def test_all_good_events_of_an_observation(crab_run):
    line = timeline_of(crab_run)
    np.testing.assert_array_equal(line.time_s, np.sort(crab_run.good_events.time_s))
    assert line.background_rate == 0


def test_cube_around_the_crab(crab_run):
    crab, axes = SkyCoord(83.6333, 22.0144, unit="deg"), energy_axes([1, 30] * u.TeV)
    made = light_curve([crab_run], crab, energy_edges=[1, 30] * u.TeV, method="3d", safe_energy=None)
    (terms,) = made.origin.terms
    line = terms.timeline()
    # The core is a disc that holds 68 % of the photons: compare with the response at the source.
    offset, middle = crab.separation(crab_run.pointing).rad, np.sqrt(axes.true[:-1] * axes.true[1:])
    seen = crab_run.aeff.effective_area(middle, offset) @ np.diag(power_law_flux(axes.true))
    kernel = crab_run.edisp.kernel(offset, axes.true, axes.reco)
    expected = np.sum(seen @ kernel)
    assert line.signal_per_s == pytest.approx(0.68 * expected * crab_run.deadc, rel=0.02)
    # What is seen is what the Crab gives.
    flux = PowerLaw(index=2.6, amplitude="3.8e-11 cm-2 s-1 TeV-1", reference="1 TeV").photon_flux(axes.true)
    brighter = np.sum((crab_run.aeff.effective_area(middle, offset) * flux) @ kernel) / expected
    ontime = line.gti.ontime_s
    predicted = (line.signal_per_s * brighter + line.background_per_s) * ontime
    assert abs(len(line.time_s) - predicted) < 4 * np.sqrt(predicted) + 0.15 * predicted
    assert 0 < line.background_per_s * ontime < 0.2 * predicted
