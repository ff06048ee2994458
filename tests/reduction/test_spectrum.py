"""Spectrum extraction on observations made up so that every number is known."""

import logging
from types import SimpleNamespace

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from regions import CircleSkyRegion

from tevcurve.data import GTI, EventList, TimeReference
from tevcurve.errors import DataError, InputError
from tevcurve.kernels.sphere import directional_offset
from tevcurve.reduction.regions import ReflectedRegionsBackgroundEstimator
from tevcurve.reduction.safe_energy import bins_inside
from tevcurve.reduction.spectrum import SpectrumExtraction
from tevcurve.run_id import RunId

REFERENCE = TimeReference(51544, 0.0)
ON = CircleSkyRegion(SkyCoord(10, -20, unit="deg"), 0.1 * u.deg)
E_RECO, E_TRUE = [1, 2, 4] * u.TeV, [0.5, 1, 4, 8] * u.TeV
LOW, HIGH = 2 * u.TeV, None


class Area:
    """Effective area that grows with log energy up to 1e10 cm2 at 8 TeV and falls beyond, at any offset."""

    low_threshold, high_threshold = LOW, HIGH
    energy_axis = SimpleNamespace(nodes=np.array([0.5, 1, 2, 4, 8, 16.0]), edges=np.array([0.4, 20.0]))
    offset_axis = SimpleNamespace(locate=lambda offset: SimpleNamespace(lower=0, upper=0, inside=True))
    table = SimpleNamespace(where="AEFF", values=np.ones((6, 1)))

    @staticmethod
    def effective_area(energy_tev, offset_rad):
        grid = np.log2(energy_tev) + 1
        return 1e10 * np.interp(grid, [0, 4, 5], [0, 1, 0.5])


def response(observation_id=7, **more):
    """Observation at 0.5 deg from the ON region with 3 ON events and 2 OFF events in good time, and some others."""
    center = ON.center
    pointing = directional_offset(center.ra.rad, center.dec.rad, 0.3, np.radians(0.5))
    times = np.array([150.0, 50, 120, 210, 60, 70, 80])
    energies = np.array([1.0, 2.0, 3.9, 3.0, 4.0, 1.5, 0.9])
    lon, lat = np.full(7, center.ra.rad), np.full(7, center.dec.rad)
    opposite = directional_offset(*pointing, 0.3, np.radians(0.5))
    lon[5], lat[5] = opposite
    events = EventList(times, energies, lon, lat, REFERENCE)
    gti = GTI([0, 100], [90, 200], REFERENCE)
    kernel = np.array([[0.5, 0.1], [0.2, 0.6], [0.0, 0.3]])
    dispersion = SimpleNamespace(
        probabilities=lambda *_: kernel,
        energy_axis=SimpleNamespace(nodes=np.ones(1)),
        table=SimpleNamespace(values=np.ones((1, 1, 1)), where="EDISP"),
    )
    members = {
        "obs_id": observation_id,
        "run_id": RunId.of(observation_id),
        "pointing_lonlat": pointing,
        "events": events,
        "gti": gti,
        "good_events": events.select(gti.contains(times)),
        "deadc": 0.9,
        "time_reference": REFERENCE,
        "has": lambda hdu_type: hdu_type in more,
        "aeff": Area,
        "check_tracking": lambda: None,
        "check_events": lambda: None,
        "edisp": SimpleNamespace(around=lambda _: dispersion),
        "directional_cut": more.get("rad_max"),
        "check_full_enclosure": lambda: None,
        "psf": SimpleNamespace(
            table=SimpleNamespace(where="PSF"),
            table_at=lambda offset: SimpleNamespace(
                energies_tev=np.ones(1),
                is_empty=np.zeros(1, dtype=bool),
                containment_fraction=lambda energy, radius: np.full(len(energy), np.degrees(radius) * 5),
            ),
        ),
    }
    return SimpleNamespace(**{**members, **more})


def extract(observations, estimates=None, **options):
    if estimates is None:
        estimator = ReflectedRegionsBackgroundEstimator(ON, observations, max_region_number=9)
        estimator.run()
        estimates = estimator.result
    extraction = SpectrumExtraction(observations, estimates, e_reco=E_RECO, e_true=E_TRUE, **options)
    extraction.run()
    return extraction


def test_events_are_counted_once_in_good_time_in_half_open_bins():
    (dataset,) = extract([response()]).spectrum_observations
    # 1.0 and 2.0 belong to the bins they open; 3.0 came outside of the good time, 4.0 and 0.9 are beyond the edges.
    np.testing.assert_array_equal(dataset.counts.data, [1, 2])
    np.testing.assert_array_equal(dataset.counts_off.data, [1, 0])
    np.testing.assert_array_equal(dataset.alpha, [1 / 9, 1 / 9])
    (run,) = dataset.runs
    np.testing.assert_array_equal(run.on_times_s, [50, 120, 150])
    np.testing.assert_array_equal(run.on_energy_tev, [2.0, 3.9, 1.0])
    np.testing.assert_array_equal(run.on_bin, [1, 1, 0])


@pytest.mark.parametrize(("correction", "factor"), [(False, 1.0), (True, 0.5)])
def test_exposure_is_area_times_live_time_times_containment(correction, factor):
    (dataset,) = extract([response()], containment_correction=correction).spectrum_observations
    centers = np.sqrt([0.5 * 1, 1 * 4, 4 * 8])
    expected = 1e10 * (np.log2(centers) + 1) / 4 * 190 * 0.9 * factor
    np.testing.assert_allclose(dataset.exposure.to_value("cm2 s"), expected, rtol=1e-12)
    assert u.isclose(dataset.livetime, 171 * u.s, rtol=1e-14)


def test_safe_energies_of_the_file_mask_whole_bins(caplog):
    with caplog.at_level(logging.WARNING):
        (dataset,) = extract([response()]).spectrum_observations
    np.testing.assert_array_equal(dataset.mask, [False, True])
    assert "HI_THRES" in caplog.text
    assert "LO_THRES" not in caplog.text
    (dataset,) = extract([response()], safe_energy=None).spectrum_observations
    np.testing.assert_array_equal(dataset.mask, [True, True])


def test_edges_of_float32_files_do_not_cost_a_bin():
    edges = np.array([0.1, 1, 10])
    np.testing.assert_array_equal(bins_inside(edges, float(np.float32(0.1)), 10), [True, True])
    np.testing.assert_array_equal(bins_inside(edges, 0.1001, 10), [False, True])


def test_observations_that_cannot_be_used_are_left_out_with_the_reason(caplog):
    def missing(*_):
        raise DataError("The run has no point spread function.")

    good, without_psf, without_off = (
        response(1),
        response(2, psf=SimpleNamespace(table_at=missing)),
        response(3),
    )
    estimator = ReflectedRegionsBackgroundEstimator(ON, [good, without_psf])
    estimator.run()
    observations = [without_off, without_psf, good]
    with caplog.at_level(logging.WARNING):
        extraction = extract(observations, estimator.result, containment_correction=True)
    assert [dataset.name for dataset in extraction.spectrum_observations] == ["1"]
    assert [obs_id for obs_id, _ in extraction.failed] == [3, 2]
    assert "OFF" in extraction.failed[0][1]
    assert "point spread function" in extraction.failed[1][1]


def radii_of(energy_tev, offset_rad):
    """A cut at 0.1 deg below 2 TeV and at 0.05 deg above."""
    return np.radians(np.where(energy_tev < 2, 0.1, 0.05))


NARROWER_ABOVE = SimpleNamespace(
    radius=radii_of,
    largest=lambda low, high, offset: np.radians(0.1),
    smallest=lambda low, high, offset: np.radians(0.05),
)


def test_events_count_within_the_radius_of_their_energy():
    observation = response(rad_max=NARROWER_ABOVE)
    # 0.07 deg off the centre of their region: one ON and one OFF event below 2 TeV stay, those above go.
    center, opposite = ON.center, directional_offset(*observation.pointing_lonlat, 0.3, np.radians(0.5))
    lon, lat = directional_offset(center.ra.rad, center.dec.rad, 1.0, np.radians(0.07))
    off_lon, off_lat = directional_offset(*opposite, 1.0, np.radians(0.07))
    energies = np.array([1.5, 2.5, 1.7, 3.0])
    events = EventList(
        np.full(4, 50.0),
        energies,
        np.array([lon, lon, off_lon, off_lon]),
        np.array([lat, lat, off_lat, off_lat]),
        REFERENCE,
    )
    observation.events = observation.good_events = events
    (dataset,) = extract([observation], safe_energy=None).spectrum_observations
    np.testing.assert_array_equal(dataset.counts.data, [1, 0])
    np.testing.assert_array_equal(dataset.counts_off.data, [1, 0])


def test_a_cut_wider_than_the_region_or_corrected_twice_is_refused():
    width = {name: lambda low, high, offset: np.radians(0.2) for name in ("largest", "smallest")}
    wide = SimpleNamespace(**width)
    assert "0.200 deg" in extract([response(rad_max=wide)]).failed[0][1]
    observation = response(rad_max=NARROWER_ABOVE)
    assert "containment_correction=False" in extract([observation], containment_correction=True).failed[0][1]


def test_a_fraction_of_no_area_is_refused_for_that_observation():
    nothing = SimpleNamespace(
        **{**vars(Area), "effective_area": lambda energy, offset: np.zeros(np.shape(energy))}
    )
    extraction = extract([response(aeff=nothing)], safe_energy=0.1)
    assert extraction.spectrum_observations == []
    assert "effective area is 0" in extraction.failed[0][1]


def test_parts_of_a_run_use_the_regions_of_the_run():
    whole = response()
    estimator = ReflectedRegionsBackgroundEstimator(ON, [whole])
    estimator.run()
    part = response(gti=GTI([0], [90], REFERENCE))
    part.good_events = part.events.select(part.gti.contains(part.events.time_s))
    (dataset,) = extract([part], estimator.result).spectrum_observations
    np.testing.assert_array_equal(dataset.counts.data, [0, 1])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"e_reco": [1, 2] * u.m}, "e_reco"),
        ({"e_true": [2, 1] * u.TeV}, "increase"),
        ({"e_true": [0, 1] * u.TeV}, "above 0"),
        ({"safe_energy": "aeff-max"}, "'file'"),
        ({"safe_energy": 1.5}, "fraction"),
        ({"safe_energy": True}, "fraction"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused(options, words):
    with pytest.raises(InputError, match=words):
        SpectrumExtraction([], [], **options)
