"""Reflected regions: counts and places known from geometry, and those of gammapy 2.1 on the Crab runs."""

import json
import logging
from types import SimpleNamespace

import astropy.units as u
import matplotlib.pyplot as plt
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from figure_checks import assert_readable
from regions import CircleSkyRegion, EllipseSkyRegion, PointSkyRegion, RectangleSkyRegion

import tevcurve
from tevcurve.errors import InputError
from tevcurve.kernels.sphere import angular_separation, position_angle
from tevcurve.maps import WcsGeom, WcsNDMap
from tevcurve.reduction.regions import ReflectedRegionsBackgroundEstimator, WobbleRegionsBackgroundEstimator

CRAB = SkyCoord(83.63308, 22.01450, unit="deg")
ON = CircleSkyRegion(CRAB, 0.11 * u.deg)
RUNS = [23523, 23526, 23559, 23592]


def pointing_at(offset, angle="0 deg", obs_id=1, **more):
    direction = CRAB.directional_offset_by(u.Quantity(angle), u.Quantity(offset))
    return SimpleNamespace(obs_id=obs_id, pointing_lonlat=(direction.ra.rad, direction.dec.rad), **more)


def run(observations, on_region=ON, kind=ReflectedRegionsBackgroundEstimator, **options):
    estimator = kind(on_region, observations, **options)
    estimator.run()
    return estimator


def wobble(observations, on_region=ON, **options):
    return run(observations, on_region, WobbleRegionsBackgroundEstimator, **options)


def angles_of(record):
    """Position angles (deg) of the OFF circles around the pointing, from that of ON, and their separations from it."""
    pointing = SkyCoord(*record.observation.pointing_lonlat, unit="rad")
    off = SkyCoord(record.off_lon, record.off_lat, unit="rad")
    on = SkyCoord(record.on_lon, record.on_lat, unit="rad")
    angles = (pointing.position_angle(off) - pointing.position_angle(on)).wrap_at("360d").deg
    return angles, pointing.separation(off).deg


@pytest.fixture(scope="module")
def crab_pointings(hess_dl3_dr1):
    observations = []
    for obs_id in RUNS:
        path = hess_dl3_dr1 / "data" / f"hess_dl3_dr1_obs_id_0{obs_id}.fits.gz"
        header = fits.getheader(path, "EVENTS")
        lonlat = tuple(np.radians([header["RA_PNT"], header["DEC_PNT"]]))
        observations.append(SimpleNamespace(obs_id=obs_id, pointing_lonlat=lonlat))
    return observations


def test_the_crab_runs_have_12_12_40_40_off_regions(crab_pointings):
    assert [record.n_off for record in run(crab_pointings).result] == [12, 12, 40, 40]


def test_the_grid_size_gives_the_off_regions_of_gammapy(crab_pointings, reference_dir):
    runs = json.loads((reference_dir / "gammapy21_crab_1d.json").read_text())["masks"]["none"]["runs"]
    records = run(crab_pointings, angular_size="grid").result
    assert [record.n_off for record in records] == [12, 12, 41, 41]
    for expected, record in zip(runs, records, strict=True):
        assert expected["obs_id"] == record.observation.obs_id
        lon = np.radians([region["ra_deg"] for region in expected["off_regions"]])
        lat = np.radians([region["dec_deg"] for region in expected["off_regions"]])
        assert np.degrees(angular_separation(lon, lat, record.off_lon, record.off_lat)).max() < 1e-11


@pytest.mark.parametrize("offset", ["0.23 deg", "0.5 deg", "1.5 deg", "30 deg"])
def test_circles_lie_on_the_ring_and_never_overlap(offset):
    on_region = CircleSkyRegion(CRAB, 3 * u.deg) if offset == "30 deg" else ON
    (record,) = run([pointing_at(offset, "77 deg")], on_region, min_distance_input="0 rad").result
    to_pointing = angular_separation(*record.observation.pointing_lonlat, record.off_lon, record.off_lat)
    np.testing.assert_allclose(to_pointing, u.Quantity(offset).to_value("rad"), rtol=1e-12)
    lon, lat = np.append(record.off_lon, record.on_lon), np.append(record.off_lat, record.on_lat)
    separation = angular_separation(lon[:, None], lat[:, None], lon, lat)
    assert separation[np.triu_indices(len(lon), 1)].min() > 2 * record.radius * (1 - 1e-9)
    # By symmetry, neighbours touch at one point on the great circle from the pointing between them.
    np.testing.assert_allclose(np.diag(separation, 1)[:-1], 2 * record.radius, rtol=1e-9)


def test_the_gap_is_kept_on_both_sides_of_the_on_region():
    (record,) = run([pointing_at("0.5 deg", "200 deg")], min_distance_input="0.1 rad").result
    pointing = record.observation.pointing_lonlat
    on_angle = position_angle(*pointing, record.on_lon, record.on_lat)
    angles = np.mod(position_angle(*pointing, record.off_lon, record.off_lat) - on_angle, 2 * np.pi)
    size = 2 * np.arcsin(np.sin(record.radius) / np.sin(np.radians(0.5)))
    assert angles[0] == pytest.approx(size + 0.1, rel=1e-12)
    assert size + 0.1 <= 2 * np.pi - angles[-1] < 2 * size + 0.1
    np.testing.assert_allclose(np.diff(angles), size, rtol=1e-11)


def test_a_pointing_too_close_or_a_full_ring_is_reported_and_the_rest_goes_on(caplog):
    blocked = pointing_at("0.5 deg", "180 deg", obs_id=4)
    center = SkyCoord(*blocked.pointing_lonlat, unit="rad")
    observations = [
        pointing_at(offset, obs_id=i) for i, offset in enumerate(["0.05 deg", "0.5 deg", "0.11005 deg"])
    ]
    with caplog.at_level(logging.WARNING):
        estimator = run([*observations, blocked], exclusion_mask=CircleSkyRegion(center, 0.4 * u.deg))
    assert [record.observation.obs_id for record in estimator.result] == [1]
    reasons = dict(estimator.failed)
    assert "0.050 deg" in reasons[0]
    assert "no room" in reasons[2]
    assert "exclusion" in reasons[4]
    assert len(caplog.records) == 3


def test_at_most_so_many_regions():
    (record,) = run([pointing_at("0.5 deg")], max_region_number=3).result
    assert (record.n_off, record.alpha) == (3, 1 / 3)


def test_no_circle_touches_an_excluded_circle():
    observation = pointing_at("0.5 deg", "60 deg")
    (free,) = run([observation]).result
    excluded = SkyCoord(free.off_lon[5] + 0.001, free.off_lat[5], unit="rad")
    region = CircleSkyRegion(excluded, 0.1 * u.deg)
    (record,) = run([observation], exclusion_mask=region).result
    separation = angular_separation(excluded.ra.rad, excluded.dec.rad, record.off_lon, record.off_lat)
    assert separation.min() >= np.radians(0.21)
    assert 8 <= record.n_off < free.n_off


def mask_around(center, radius, binsz):
    geom = WcsGeom.create(skydir=center, binsz=binsz, width=(6, 6), coordsys="GAL", proj="TAN")
    return WcsNDMap(geom, geom.separation(center) > radius)


def test_a_map_a_region_and_a_list_exclude():
    observation = pointing_at("0.5 deg", "60 deg")
    (free,) = run([observation]).result
    centers = SkyCoord(free.off_lon[[2, 8]], free.off_lat[[2, 8]], unit="rad")
    mask = mask_around(centers[0], 0.1 * u.deg, 0.02)
    box = RectangleSkyRegion(centers[1], 0.05 * u.deg, 0.4 * u.deg, angle=20 * u.deg)
    ellipse = EllipseSkyRegion(centers[1], 0.05 * u.deg, 0.4 * u.deg, angle=20 * u.deg)
    for exclusion, lost in ((mask, centers[:1]), (box, centers[1:]), ([mask, [ellipse]], centers)):
        (record,) = run([observation], exclusion_mask=exclusion).result
        for center in lost:
            separation = angular_separation(center.ra.rad, center.dec.rad, record.off_lon, record.off_lat)
            assert separation.min() > np.radians(0.11)
        assert record.n_off < free.n_off


def test_a_pixel_larger_than_the_circle_excludes():
    observation = pointing_at("0.5 deg", "60 deg")
    center = run([observation]).result[0].off_regions[2].center
    beside = center.directional_offset_by(50 * u.deg, 0.2 * u.deg)
    mask = mask_around(beside, 0.01 * u.deg, 6 / 13)
    assert np.sum(~mask.data) == 1
    (record,) = run([observation], exclusion_mask=mask).result
    assert angular_separation(center.ra.rad, center.dec.rad, record.off_lon, record.off_lat).min() > 0.001


def test_a_place_outside_of_the_map_is_allowed():
    far_away = mask_around(SkyCoord(200, -30, unit="deg"), 5 * u.deg, 0.1)
    observation = pointing_at("0.5 deg")
    assert run([observation], exclusion_mask=far_away).result[0].n_off == run([observation]).result[0].n_off


def test_an_event_in_two_off_circles_counts_once():
    (record,) = run([pointing_at("0.5 deg")], angular_size="grid").result
    # Grid neighbours overlap: between the first two centres lies a point in both.
    lon, lat = (angles[:2].mean() for angles in (record.off_lon, record.off_lat))
    inside = [
        angular_separation(*center, lon, lat) < record.radius
        for center in zip(record.off_lon, record.off_lat, strict=True)
    ]
    assert sum(inside) == 2
    np.testing.assert_array_equal(record.in_off([lon, record.on_lon], [lat, record.on_lat]), [True, False])
    assert record.in_on(record.on_lon, record.on_lat)


@pytest.mark.parametrize("n_off", [1, 2, 3, 5])
def test_wobble_positions_are_at_equal_angles_on_the_ring(n_off):
    (record,) = wobble([pointing_at("0.4 deg", "33 deg")], n_off=n_off).result
    angles, offsets = angles_of(record)
    np.testing.assert_allclose(angles, 360 / (n_off + 1) * np.arange(1, n_off + 1), atol=1e-9)
    np.testing.assert_allclose(offsets, 0.4, atol=1e-12)
    assert record.alpha == 1 / n_off


# Two circles of 0.11 deg at 0.4 deg from the pointing that are 31.9 deg apart touch, as 2 asin(sin 0.11 / sin 0.4) is.
@pytest.mark.parametrize(
    ("radius", "n_off", "taken"),
    [
        (0.11, 10, 10),
        (0.11, 11, 10),
        (0.11, None, 3),
        # four at right angles touch at 0.4 deg sin(45 deg)
        (0.2828, None, 3),
        (0.2829, None, 1),
        (0.2829, 3, 2),
        (0.39, 3, 1),
    ],
)
def test_as_many_wobble_positions_as_do_not_overlap(radius, n_off, taken):
    on_region = CircleSkyRegion(CRAB, radius * u.deg)
    (record,) = wobble([pointing_at("0.4 deg", "33 deg")], on_region, n_off=n_off).result
    assert record.n_off == taken
    lon, lat = np.append(record.off_lon, record.on_lon), np.append(record.off_lat, record.on_lat)
    separation = angular_separation(lon[:, None], lat[:, None], lon, lat)
    assert separation[np.triu_indices(len(lon), 1)].min() > 2 * np.radians(radius) * (1 - 1e-9)


def test_a_wobble_position_on_an_exclusion_is_left_out_and_the_others_stay():
    observation = pointing_at("0.4 deg", "33 deg")
    (free,) = wobble([observation]).result
    second = SkyCoord(free.off_lon[1], free.off_lat[1], unit="rad")
    excluded = CircleSkyRegion(second.directional_offset_by(20 * u.deg, 0.15 * u.deg), 0.05 * u.deg)
    (record,) = wobble([observation], exclusion_mask=excluded).result
    np.testing.assert_allclose(angles_of(record)[0], [90, 270], atol=1e-9)
    estimator = wobble([observation], exclusion_mask=excluded, n_off=1)
    assert estimator.result == []
    assert "all 1 places tried are on an exclusion" in estimator.failed[0][1]


def test_wobble_regions_have_the_face_and_the_plot_of_the_reflected_ones():
    assert tevcurve.WobbleRegionsBackgroundEstimator is WobbleRegionsBackgroundEstimator
    estimator = wobble([pointing_at("0.5 deg", "10 deg", events=SimpleNamespace(lon=[], lat=[]))])
    assert repr(estimator) == (
        "WobbleRegionsBackgroundEstimator(1 observations: 1 with OFF regions, 0 without)"
    )
    ax = estimator.plot()
    assert len(ax.lines) == 3 + 1 + 1
    assert_readable(ax.figure)
    plt.close("all")


@pytest.mark.parametrize("number", [0, 2.5, True, "3"])
def test_no_number_of_wobble_positions_is_refused(number):
    with pytest.raises(InputError, match=r"n_off is .*; a number of OFF regions, at least 1, is wanted"):
        wobble([pointing_at("0.5 deg")], n_off=number)


def test_without_a_radius_each_run_has_that_of_its_cut():
    cuts = [np.radians(0.14), np.radians(0.17), None, np.nan, SimpleNamespace()]
    observations = [pointing_at("0.5 deg", obs_id=k, directional_cut=cut) for k, cut in enumerate(cuts)]
    for kind in (ReflectedRegionsBackgroundEstimator, WobbleRegionsBackgroundEstimator):
        estimator = run(observations, PointSkyRegion(CRAB), kind)
        assert [record.radius for record in estimator.result] == cuts[:2]
        assert [obs_id for obs_id, _ in estimator.failed] == [2, 3, 4]
        assert all("on_region has no radius" in reason for _, reason in estimator.failed)


def test_circles_come_back_as_regions():
    (record,) = run([pointing_at("0.5 deg")]).result
    assert record.on_region.center.separation(CRAB) < 1e-9 * u.deg
    assert len(record.off_regions) == record.n_off
    assert u.isclose(record.off_regions[3].radius, 0.11 * u.deg, rtol=1e-12)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"on_region": CRAB}, "CircleSkyRegion"),
        ({"angular_size": "coarse"}, "'exact' or 'grid'"),
        ({"max_region_number": 0}, "at least 1"),
        ({"angle_increment": "0 rad"}, "above 0"),
        ({"exclusion_mask": 3}, "map of booleans"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused(options, words):
    with pytest.raises(InputError, match=words):
        run([pointing_at("0.5 deg")], **options)


def test_an_exclusion_map_of_numbers_is_refused():
    mask = mask_around(CRAB, 1 * u.deg, 0.5)
    numbers = WcsNDMap(mask.geom, mask.data.astype(float))
    with pytest.raises(InputError, match="float64"):
        run([pointing_at("0.5 deg")], exclusion_mask=numbers)


def test_the_plot_shows_every_circle_and_pointing():
    events = SimpleNamespace(lon=np.full(5, CRAB.ra.rad), lat=np.full(5, CRAB.dec.rad))
    estimator = run(
        [pointing_at("0.5 deg", "10 deg", events=events), pointing_at("1 deg", "90 deg", events=events)]
    )
    ax = estimator.plot()
    circles = sum(record.n_off for record in estimator.result) + 1
    assert len(ax.lines) == circles + len(estimator.result)
    assert ax.images[0].get_array().sum() == 10
    assert_readable(ax.figure)
    rim = ax.lines[-1].get_xydata()
    np.testing.assert_allclose(rim.mean(axis=0), [CRAB.ra.deg, CRAB.dec.deg], atol=0.01)
    plt.close("all")


def test_regions_are_drawn_onto_a_counts_map():
    estimator = run([pointing_at("0.5 deg", f"{40 * k} deg", obs_id=k) for k in range(4)])
    counts = WcsNDMap(WcsGeom.create(CRAB, binsz=0.05, width=(3, 2)), unit="")
    given = plt.figure(figsize=(8, 6), layout="constrained").add_subplot(projection=counts.geom.wcs)
    ax = counts.plot(ax=given)
    assert estimator.plot(ax=ax) is given
    assert len(ax.images) == 1
    assert_readable(ax.figure)
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert words == ["ON", *(f"{k}: {estimator.result[k].n_off} OFF" for k in range(4))]
    plt.close("all")


def test_many_runs_are_counted_in_the_legend():
    events = SimpleNamespace(lon=np.zeros(0), lat=np.zeros(0))
    estimator = run([pointing_at("0.5 deg", f"{9 * k} deg", obs_id=k, events=events) for k in range(40)])
    ax = estimator.plot()
    assert ax.get_legend().get_texts()[-1].get_text() == "… 40 runs in all"
    assert_readable(ax.figure)
    plt.close("all")


def test_axes_without_a_sky_are_refused():
    estimator = run([pointing_at("0.5 deg")])
    with pytest.raises(InputError, match="axes with sky coordinates"):
        estimator.plot(ax=plt.figure().add_subplot())
    plt.close("all")


def test_nothing_to_plot_is_said():
    with pytest.raises(InputError, match="run"):
        ReflectedRegionsBackgroundEstimator(ON, []).plot()
