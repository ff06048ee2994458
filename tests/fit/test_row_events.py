"""Events of rows and what is expected there: sums that hold at the minimum, cells by brute force, closed forms."""

import astropy.units as u
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from small_store import SOURCE, START, TARGET, cube_datasets, make_store, spectrum_datasets

from tevcurve import LightCurveEstimator, PowerLaw, SkyModel, SkyPointSource, light_curve
from tevcurve.data import TimeReference
from tevcurve.datasets.onoff_terms import OnOffTerms
from tevcurve.errors import InputError
from tevcurve.fit.fit_options import FitOptions
from tevcurve.fit.norms import estimate_norms
from tevcurve.fit.onoff_likelihood import rows_of_spectra
from tevcurve.fit.row_likelihood import RunPieces
from tevcurve.lightcurve.dataset_origin import rows_of_whole
from tevcurve.run_id import RunId

REFERENCE = TimeReference(51910, 0.00074287037)
SPECTRUM = PowerLaw(index=2.3, amplitude="3e-11 cm-2 s-1 TeV-1")


@pytest.fixture(scope="module")
def observations(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("store")).get_observations()


def rows_of(observations, method, time_bins="10 min", edges=(1, 3, 10), **options):
    options |= {"width": "1.2 deg"} if method == "3d" else {}
    made = light_curve(observations, TARGET, time_bins, edges * u.TeV, method, SPECTRUM, **options)
    return made.origin.rows()[0]


def seen_in(joint):
    """(norms at the minimum, the events there)."""
    norm = estimate_norms(joint.profile).norm
    return norm, joint.events(norm)


def assert_pieces_add_up(joint, norm, events):
    expected, n = joint.expected(norm), len(norm)
    assert_allclose(np.bincount(events.row, events.expected_signal, n), expected.signal, rtol=1e-12)
    assert_allclose(np.bincount(events.row, events.expected_background, n), expected.rest(), rtol=1e-12)
    ontime = joint.spread(np.bincount(events.row, events.seconds, n))
    assert_allclose(ontime[joint.fitted], joint.exposure.ontime[joint.fitted], rtol=1e-12)
    assert_array_equal(np.lexsort((events.time_s, events.piece)), np.arange(len(events.piece)))
    for run, terms in enumerate(joint.runs):
        assert terms.gti.contains(events.time_s[events.run[events.piece] == run]).all()


KINDS = [
    ("3d", {}),
    ("3d", {"background_error": 0.1}),
    ("3d", {"unbinned": True}),
    ("1d", {}),
    ("1d", {"background_error": 0.1}),
    ("1d", {"background": "shape"}),
]


@pytest.mark.parametrize(("method", "options"), KINDS)
def test_at_the_minimum_the_chances_to_be_of_the_source_add_up_to_what_is_expected_of_it(
    observations, method, options
):
    """The slope of the statistic in the logarithm of the flux is 2 * (npred - sum s/(s + b)), and 0 there."""
    joint = rows_of(observations, method, "night", **options)
    norm, events = seen_in(joint)
    assert len(events.row) == 3 * len(norm)
    assert_pieces_add_up(joint, norm, events)
    chance = events.signal / (events.signal + events.background)
    row = events.row[events.piece]
    expected = joint.expected(norm).signal
    assert_allclose(np.bincount(row, events.count * chance), expected, rtol=1e-5)
    counts = joint.measured()["counts"][joint.fitted]
    assert_array_equal(np.bincount(row, events.count), counts)


@pytest.mark.parametrize("method", ["3d", "1d"])
@pytest.mark.parametrize("stacked", [False, True])
def test_pieces_add_up_to_the_columns(observations, method, stacked):
    joint = rows_of(observations, method, "night", stacked=stacked)
    norm, events = seen_in(joint)
    assert len(np.unique(events.row)) < len(events.row)
    assert_pieces_add_up(joint, norm, events)


@pytest.mark.parametrize("stacked", [False, True])
def test_rates_are_those_of_the_cells(observations, stacked):
    made = light_curve(
        observations, TARGET, "night", [1, 3, 10] * u.TeV, "3d", SPECTRUM, width="1.2 deg", stacked=stacked
    )
    joint, _ = made.origin.rows()
    norm, events = seen_in(joint)
    settled, _ = joint.profile.settled(norm)
    dense = [
        run.compact.in_all_cells(flux) for run, flux in zip(joint.compact_runs(), joint.fluxes, strict=True)
    ]
    for piece in range(len(events.row)):
        run, row, own = events.run[piece], events.row[piece], events.piece == piece
        terms, (signal, background, _) = joint.runs[run], dense[run]
        assert len(background) == 1
        b = settled.norms[row if stacked else piece]
        cell = terms.cell[np.searchsorted(terms.time_s, events.time_s[own])]
        assert_allclose(events.signal[own], norm[row] * terms.deadc * signal.ravel()[cell], rtol=1e-10)
        assert_allclose(events.background[own], b * background[0].ravel()[cell], rtol=1e-10)
        in_band = terms.band_of_bin == joint.fitted[row] % joint.n_bands
        whole = norm[row] * terms.deadc * signal[in_band].sum() * events.seconds[piece]
        assert events.expected_signal[piece] == pytest.approx(whole, rel=1e-10)
        whole = b * background[0][in_band].sum() * events.seconds[piece]
        assert events.expected_background[piece] == pytest.approx(whole, rel=1e-10)


def test_a_further_source_is_background(observations):
    datasets = cube_datasets(observations)
    other = SkyModel(
        SkyPointSource(TARGET.ra, TARGET.dec + 0.3 * u.deg, frame="icrs"),
        PowerLaw(index=2.7, amplitude="1e-12 cm-2 s-1 TeV-1"),
        name="other",
    )
    for parameter in ("lon_0", "lat_0", "index"):
        other.parameters[parameter].frozen = True
    for dataset in datasets:
        dataset.model = [dataset.model, other]
        dataset.named(SOURCE).parameters["index"].frozen = True
    estimator = LightCurveEstimator(datasets, source=SOURCE, reoptimize=True, time_bins="night")
    joint, _ = estimator.run("1 TeV", "0.7 TeV", "10 TeV").origin.rows()
    assert joint.profile.likelihood.n_amplitudes == 2
    norm, events = seen_in(joint)
    assert_pieces_add_up(joint, norm, events)
    chance = events.signal / (events.signal + events.background)
    assert np.sum(chance) == pytest.approx(joint.expected(norm).signal[0], rel=1e-5)


def spectrum_terms(on_times, n_off):
    """A run of 100 s with one energy bin, 1000 s of live time for 1 cm2 and alpha 0.1."""
    times = np.asarray(on_times, dtype=float)
    return OnOffTerms(
        run_id=RunId("TEST", "1"),
        reference=REFERENCE,
        intervals=np.array([[START, START + 100]]),
        deadc=0.8,
        on_times_s=START + times,
        on_energy_tev=np.full(len(times), 2.0),
        on_bin=np.zeros(len(times), dtype=int),
        off_times_s=START + np.linspace(1, 99, n_off),
        off_energy_tev=np.full(n_off, 2.0),
        off_bin=np.zeros(n_off, dtype=int),
        acceptance_off=np.array([10.0]),
        exposure_per_s=np.array([10.0]),
        edisp=np.eye(1),
        true_edges_tev=np.array([1.0, 4.0]),
        reco_edges_tev=np.array([1.0, 4.0]),
        mask_safe=np.array([True]),
    )


def test_one_energy_bin_in_closed_form():
    """The background is alpha * n_off, the source the rest of the ON counts."""
    terms = spectrum_terms(np.linspace(2, 98, 12), n_off=40)
    whole = RunPieces(1, np.array([0]), np.array([0]), np.array([START]), np.array([START + 100]))
    joint = rows_of_spectra([terms], np.array([0]), whole, np.array([0.01]))
    norm, events = seen_in(joint)
    # 0.8 * 10 * 0.01 counts per second.
    assert norm[0] == pytest.approx((12 - 4) / 8, rel=1e-9)
    assert_allclose(events.signal, 8 / 100, rtol=1e-9)
    assert_allclose(events.background, 4 / 100, rtol=1e-9)
    assert_allclose(events.signal / (events.signal + events.background), 2 / 3, rtol=1e-9)
    assert_array_equal(events.time_s, terms.on_times_s)
    assert events.seconds.tolist() == [100]


def test_counts_without_times_have_no_rates(observations):
    datasets = spectrum_datasets(observations)
    models = [dataset.model for dataset in datasets]
    joint = rows_of_whole(datasets, models, np.arange(3), 3, False, FitOptions())
    with pytest.raises(InputError, match="have no times, so there are no rates"):
        joint.events(np.ones(3))
