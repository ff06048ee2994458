"""Other sources in the ON and OFF regions: shares against sums over points, counts against simulated events."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from sky_fields import TARGET, beside, runs_of, sky_model

from tevcurve.errors import DataError
from tevcurve.kernels.sphere import angular_separation, directional_offset
from tevcurve.maps import WcsGeom, WcsNDMap
from tevcurve.models import PowerLaw, SkyDisk, SkyGaussian, SkyModel, SkyPointSource, TemplateSpatialModel
from tevcurve.models.field import field_of
from tevcurve.reduction.beside import shares_in_circles
from tevcurve.reduction.energy_axes import energy_axes
from tevcurve.reduction.onoff_terms import OnOffSetting, onoff_terms
from tevcurve.reduction.seen_source import seen_others, seen_source
from tevcurve.reduction.source_run import checked_run
from tevcurve.reduction.true_nodes import true_nodes

SOURCE = (TARGET.ra.rad, TARGET.dec.rad)
AXES = energy_axes([1, 10] * u.TeV, None, None)
SETTING = OnOffSetting(np.deg2rad(0.11), "file", True)


def terms_of(observation, models):
    field, _ = field_of(models, "Crab", SOURCE, None, None, "1d")
    run = checked_run(observation, SOURCE, True, field.positions)
    nodes = true_nodes(AXES.true, "weighted", field.spectrum)
    return onoff_terms(run, SOURCE, AXES, SETTING, nodes, field=field)[0], run


@pytest.mark.parametrize(
    ("shape", "size"),
    [(SkyPointSource, {}), (SkyGaussian, {"sigma": "0.15 deg"}), (SkyDisk, {"r_0": "0.2 deg"})],
)
def test_counts_in_both_regions_are_those_of_simulated_events(shape, size):
    other = sky_model("other", beside(60, 0.2), 1500, 2.3, shape, **size)
    terms, _ = terms_of(runs_of([other], 1, seed=3)[0], [other])
    expected = terms.others_per_s * terms.livetime_s
    for counts, mean in zip((terms.n_on, terms.n_off), expected, strict=True):
        counts, mean = counts[terms.mask_safe], mean[terms.mask_safe]
        assert mean.sum() > 1500
        assert abs(counts.sum() - mean.sum()) < 3.5 * np.sqrt(mean.sum())
        assert np.sum((counts - mean) ** 2 / mean) < 30  # of 10 bins


def template(place):
    geom = WcsGeom.create(place, 0.05, npix=(7, 5), proj="TAN")
    return TemplateSpatialModel(WcsNDMap(geom, np.random.default_rng(5).uniform(size=geom.data_shape)))


def gaussian(place):
    return SkyGaussian.from_position(place, sigma="0.12 deg")


@pytest.mark.parametrize("shape", [template, gaussian])
def test_extended_sources_are_what_their_points_are(shape):
    # Far from the pointing, where the effective area changes by 20 % over the source.
    place = TARGET.directional_offset_by(0 * u.deg, 0.2 * u.deg)
    other = SkyModel(shape(place), PowerLaw(), name="other")
    (observation,) = runs_of([sky_model("a")], 1, seconds=1)
    pointing = np.array([SOURCE[0], SOURCE[1] - np.deg2rad(1.6)])
    run = checked_run(observation, SOURCE, True, (other.spatial_model.lonlat_in("icrs"),))
    run = replace(run, pointing_lonlat=tuple(pointing))
    (seen,) = seen_others(run, [other])
    energies, lon, lat = np.array([0.7, 3.0, 20.0]), np.array([SOURCE[0]]), np.array([SOURCE[1]])
    shares = shares_in_circles(seen, energies, lon, lat, SETTING.radius)[:, 0]
    # Points in the ON circle and on the source.
    ring = (np.arange(40) + 0.5) / 40 * SETTING.radius
    angle = (np.arange(48) + 0.5) / 48 * 2 * np.pi
    on_lon, on_lat = (each.ravel() for each in directional_offset(*SOURCE, angle[None], ring[:, None]))
    part = np.repeat(2 * np.pi * np.sin(ring) * SETTING.radius / 40 / 48, 48)
    at_lon, at_lat, weight = other.spatial_model.nodes(np.deg2rad(0.02))
    separation = angular_separation(at_lon[:, None], at_lat[:, None], on_lon, on_lat)
    offsets = angular_separation(*pointing, at_lon, at_lat)
    for energy, share in zip(energies, shares, strict=True):
        own = weight * run.aeff.effective_area(np.full(len(offsets), energy), offsets)
        density = (
            run.others[0].psf.densities(np.array([energy]), separation.ravel())[0].reshape(separation.shape)
        )
        assert share == pytest.approx(own @ density @ part / own.sum(), rel=3e-3)


def test_an_extended_source_of_interest_has_the_part_of_it_that_is_in_the_on_circle():
    source = sky_model("Crab", TARGET, 1500, 2.3, SkyGaussian, sigma="0.1 deg")
    terms, run = terms_of(runs_of([source], 1, seed=5)[0], [source])
    expected = source.spectral_model.photon_flux(AXES.true) @ terms.response * terms.livetime_s
    # What of it is in the OFF circles counts as background.
    counts = (terms.n_on - terms.alpha * terms.n_off)[terms.mask_safe]
    variance = (terms.n_on + terms.alpha**2 * terms.n_off)[terms.mask_safe]
    mean = expected[terms.mask_safe]
    assert abs(counts.sum() - mean.sum()) < 3.5 * np.sqrt(variance.sum())
    assert np.sum((counts - mean) ** 2 / variance) < 30
    assert terms.others_per_s is None
    # As a point it would have more of its photons there.
    point = run.psf.containment_fraction(np.array([3.0]), SETTING.radius)
    seen = seen_source(run, SOURCE, source.spatial_model)
    share = shares_in_circles(seen, np.array([3.0]), *(np.array([angle]) for angle in SOURCE), SETTING.radius)
    assert share[0, 0] < 0.7 * point[0]


def test_a_source_that_is_as_bright_in_off_as_in_on_is_refused():
    source = sky_model("Crab", TARGET, 1, 2.3, SkyGaussian, sigma="3 deg")
    with pytest.raises(DataError, match=r"as bright in the OFF regions of run 1 as in ON \(9\d % of it\)"):
        terms_of(runs_of([source], 1)[0], [source])


def test_off_regions_in_a_source_that_is_large_are_said(caplog):
    source = sky_model("Crab", TARGET, 1, 2.3, SkyGaussian, sigma="0.3 deg")
    terms_of(runs_of([source], 1)[0], [source])
    assert "The source reaches into the OFF regions of run 1: " in caplog.text
    assert "% of its counts in ON are taken for background, which its flux allows for" in caplog.text


def test_responses_for_a_cut_do_not_tell_where_photons_are():
    for model, what in (
        (sky_model("other", beside(60, 0.2)), "the models 'other'"),
        (sky_model("Crab", TARGET, 1, 2.3, SkyGaussian, sigma="0.1 deg"), "a source that is extended"),
    ):
        field, _ = field_of([model], "Crab", SOURCE, None, None, "1d")
        run = checked_run(runs_of([model], 1)[0], SOURCE, True, field.positions)
        nodes = true_nodes(AXES.true, "weighted", field.spectrum)
        with pytest.raises(DataError, match=rf"for a cut in angle \(RAD_MAX\) and do not tell .* for {what}"):
            onoff_terms(replace(run, cut=SETTING.radius), SOURCE, AXES, SETTING, nodes, field=field)
