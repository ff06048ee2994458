"""The validation's fields with neighbours: their closed forms, and small ones of each kind by one call."""

import matplotlib
import numpy as np
import pytest
from scipy.integrate import quad

matplotlib.use("Agg")
pytestmark = pytest.mark.usefixtures("validation_on_path")


@pytest.fixture
def few_rows(monkeypatch):
    """Runs of 40 rows, 10 with a flare."""
    from validation import fields

    monkeypatch.setattr(fields, "N_ROWS", 40)
    monkeypatch.setattr(fields, "FLARING", slice(10, 20))
    return fields


def rng():
    return np.random.default_rng(5)


def test_information_without_background_is_that_of_a_line(monkeypatch):
    """Of two Gaussians alone the place across their line tells nothing, so the integral is one of one dimension."""
    from validation import field_draws

    monkeypatch.setattr(field_draws, "DENSITY", 1e-3)
    for separation in (0.05, 0.1, 0.2):
        apart = separation / field_draws.PSF_DEG

        def other(x, apart=apart):
            # The share of the second source at x, among photons of the first.
            return np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi) / (1 + np.exp(0.5 * apart**2 - x * apart))

        mixed = quad(other, -12, 12)[0]
        correlation = mixed / (1 - mixed)
        grown, found = field_draws.inflation(separation)
        assert -found == pytest.approx(correlation, abs=2e-3)
        assert grown == pytest.approx((1 - correlation**2) ** -0.5, rel=2e-3)


def test_errors_grow_most_where_the_background_is_high(monkeypatch):
    """By 1.30 at 0.1 deg where the background is that of faint sources; of much background alone, by the overlap."""
    from validation import field_draws

    monkeypatch.setattr(field_draws, "COUNTS", 5.0)
    assert field_draws.inflation(0.1)[0] == pytest.approx(1.30, abs=0.015)
    monkeypatch.setattr(field_draws, "COUNTS", 1e-3)
    sources = [field_draws.Blob((x, 0.0), np.ones(1)) for x in (0.0, 0.1)]
    full = field_draws.information(sources, np.ones(2), 0.8)
    overlap = np.exp(-0.25 * (0.1 / field_draws.PSF_DEG) ** 2)
    assert full[0, 1] / full[0, 0] == pytest.approx(overlap, rel=1e-3)


def test_draws_have_the_moments_of_what_is_drawn():
    from validation import field_draws as draws

    norms = np.full(50, 4.0)
    events = draws.drawn([draws.Blob((0.3, -0.2), norms, 0.2)], rng())
    own = events.origin == 1
    assert own.sum() == pytest.approx(50 * 4 * draws.COUNTS, abs=5 * np.sqrt(50 * 4 * draws.COUNTS))
    width = np.hypot(0.2, draws.PSF_DEG)
    off = events.places[own] - [0.3, -0.2]
    assert np.abs(off.mean(axis=0)).max() < 5 * width / np.sqrt(own.sum())
    assert off.std(axis=0) == pytest.approx(width, rel=5 / np.sqrt(2 * own.sum()))
    assert np.all(np.diff(events.seconds) >= 0)
    # Half of the photons are below the energy where half of the integral is.
    low, high = (edge ** (1 - draws.INDEX) for edge in draws.BAND)
    below = events.energies[own] < (0.5 * (low + high)) ** (1 / (1 - draws.INDEX))
    assert below.mean() == pytest.approx(0.5, abs=5 * 0.5 / np.sqrt(own.sum()))


def test_places_in_the_plane_are_those_of_the_sky():
    from validation import field_draws as draws

    there = draws.direction(np.array([0.3, -0.5, 0.0]), np.array([0.4, 0.2, -1.0]))
    east, north = (part.rad for part in draws.TARGET.spherical_offsets_to(there))
    distance = np.hypot([0.3, 0.5, 0.0], [0.4, 0.2, 1.0])
    assert draws.TARGET.separation(there).rad == pytest.approx(np.arctan(np.deg2rad(distance)), rel=1e-9)
    assert np.sign(np.round(east, 12)) == pytest.approx([1, -1, 0])
    assert np.sign(np.round(north, 12)) == pytest.approx([1, 1, -1])


@pytest.mark.parametrize("flaring", ["target", "neighbour"])
def test_a_neighbour_leaves_the_flux_where_the_closed_forms_have_it(few_rows, flaring):
    found = few_rows.measure("two", "unbinned", 0.1, flaring, 0, 1, rng())
    ((_, _, *differences),) = found["compared"]
    assert max(differences) < few_rows.FIT_BAR
    ((*_, n, good, total, squares),) = found["roots"]
    assert n == good == 40
    assert abs(total) < 4 * np.sqrt(40)
    assert squares == pytest.approx(40, abs=4 * np.sqrt(80))


def test_errors_grow_as_predicted_beside_a_free_neighbour(few_rows):
    found = few_rows.measure("errors", "binned", 0.1, "neither", 0, 1, rng())
    ((_, _, predicted, ratio, *_),), _ = few_rows._errors(found["errors"])
    assert float(ratio) == pytest.approx(float(predicted), rel=few_rows.ERRORS_BAR)


def test_a_neighbour_too_near_is_confused(few_rows):
    assert few_rows.expected_correlation(0.05, "target") > few_rows.HIGHEST
    found = few_rows.measure("two", "binned", 0.05, "target", 0, 1, rng())
    ((*_, n, good, _, _),) = found["roots"]
    assert (n, good) == (40, 0)


@pytest.mark.parametrize("what", ["a Gaussian of 0.2 deg", "a map"])
def test_sources_that_are_no_points_have_their_flux(few_rows, what):
    found = few_rows.measure("wide", "binned", 0.0, what, 0, 1, rng())
    ((*_, n, good, total, squares),) = found["roots"]
    assert n == good == 40
    assert abs(total) < 4 * np.sqrt(40)
    assert squares == pytest.approx(40, abs=4 * np.sqrt(80))


@pytest.mark.parametrize("what", ["near ON", "in the ring"])
def test_a_known_neighbour_of_regions_is_accounted_for(few_rows, what):
    found = few_rows.measure("regions", "1d", 0.0, what, 0, 1, rng())
    totals = {line[2]: line[5] / np.sqrt(line[4]) for line in found["roots"]}
    assert abs(totals["1d"]) < 4
    assert abs(totals["1d, without"]) > 6


def test_what_misses_a_bar_is_told():
    from validation import fields

    good = ["roots", [["0.1", "target", "binned", 2000, 2000, 20.0, 2010.0]]]
    found = {
        good[0]: good[1],
        "errors": [["0.1", "binned", 100, *[100, 24.1, 100, 110, 100, 19.4, 100, 107]]],
    }
    assert fields.section(found).failures == []
    for changed in (
        {"roots": [["0.1", "target", "binned", 2000, 2000, 300.0, 2050.0]]},
        {"roots": [["0.1", "target", "binned", 2000, 2000, 20.0, 2500.0]]},
        {"roots": [["0.1", "target", "binned", 2000, 1000, 20.0, 1000.0]]},
        {"roots": [["0.05", "target", "binned", 2000, 2000, 20.0, 2010.0]]},
        {"errors": [["0.1", "binned", 100, *[100, 27.1, 100, 110, 100, 19.4, 100, 107]]]},
        {"compared": [["0.1", "target", 0.2, 0.0]]},
    ):
        assert len(fields.section(found | changed).failures) == 1
