"""Map datasets: predictions, residuals, the likelihood's blocks and the words, against dense formulas."""

import astropy.units as u
import numpy as np
import pytest
from astropy.time import Time
from dl3_files import START, RunFile, write_store
from numpy.testing import assert_allclose, assert_array_equal
from simulated_cubes import RECO, TRUE, dense_cash, geometries, point_source, simulated_cube

from tevcurve.data import DataStore
from tevcurve.datasets import MapDataset
from tevcurve.errors import InputError, MissingError
from tevcurve.irf import EDispKernel
from tevcurve.maps import WcsNDMap
from tevcurve.models import BackgroundModel, PowerLaw, SkyModel, SkyPointSource
from tevcurve.reduction import MapMaker
from tevcurve.reduction.dataset_terms import terms_of_dataset

OTHER = ("other", (83.2, 22.4))


def from_observation(folder, position=(83.63, 22.01), offset_max="2 deg", **run):
    """A dataset reduced from a run that points at (83.63, 22.51)."""
    observations = DataStore.from_dir(write_store(folder, [RunFile(**run)])).get_observations([1])
    geom, geom_true = geometries(skydir=(83.63, 22.51), npix=(40, 40))
    maps = MapMaker(geom, offset_max, geom_true=geom_true).run(observations)
    return MapDataset(
        maps["counts"],
        maps["exposure"],
        BackgroundModel(maps["background"]),
        psf=observations[0].psf.table_at(np.deg2rad(0.5)),
        edisp=_kernel(observations[0]),
        model=point_source(lonlat=position),
    )


def _kernel(observation):
    matrix = observation.edisp.kernel(np.deg2rad(0.5), TRUE.edges.value, RECO.edges.value)
    return EDispKernel(matrix, TRUE.edges, RECO.edges)


def test_prediction_is_sources_plus_background():
    dataset = simulated_cube(others=[point_source(*OTHER)])
    dataset.background_model.norm, dataset.background_model.tilt = 1.3, 0.2
    parts = [dataset.npred_signal(name).data for name in ("crab", "other")]
    assert_allclose(dataset.npred_signal().data, parts[0] + parts[1], rtol=1e-12)
    background = dataset.background_model.evaluate().data
    assert_allclose(dataset.npred().data, parts[0] + parts[1] + background, rtol=1e-12)
    dataset.model = None
    assert_allclose(dataset.npred().data, background)
    dataset.background_model = None
    assert not dataset.npred().data.any()


def test_residuals():
    dataset = simulated_cube(mask=np.arange(1600).reshape(4, 20, 20) % 3 > 0)
    counts, predicted = dataset.counts.data, dataset.npred().data
    expected = np.where(dataset.mask, counts - predicted, 0)
    assert_allclose(dataset.residuals().data, expected)
    root = np.sqrt(np.where(predicted > 0, predicted, 1))
    assert_allclose(dataset.residuals("diff/sqrt(model)").data, expected / root)
    assert not dataset.residuals("diff/sqrt(model)").data[~dataset.mask].any()
    with pytest.raises(InputError, match="method is 'sigma'; wanted is 'diff' or"):
        dataset.residuals("sigma")


@pytest.mark.parametrize("masked", [False, True])
def test_statistic_is_the_sum_over_all_cells(masked):
    mask = np.random.default_rng(5).uniform(size=(4, 20, 20)) < 0.7 if masked else None
    dataset = simulated_cube(mask=mask, others=[point_source(*OTHER)])
    dataset.background_model.norm = 1.2
    assert dataset.stat_sum() == pytest.approx(dense_cash(dataset), rel=1e-12)


def test_reduced_from_an_observation_nothing_counts_beyond_the_largest_offset(tmp_path):
    dataset = from_observation(tmp_path, offset_max="0.6 deg", n_events=2000)
    inside = dataset.runs[0].inside
    assert_array_equal(dataset.cells, np.broadcast_to(inside, dataset.cells.shape))
    for data in (
        dataset.counts.data,
        dataset.npred().data,
        dataset.npred_signal().data,
        dataset.residuals().data,
    ):
        assert data[:, inside].any()
        assert not data[:, ~inside].any()
    # The source is 0.5 deg off: its photons beyond 0.6 deg are lost to the total too.
    (terms,) = terms_of_dataset(dataset, dataset.named("crab"), whole=True)
    total = terms.signal_total(dataset.flux_of(dataset.named("crab")))
    assert total[0] == pytest.approx(dataset.npred_signal().data.sum(), rel=1e-10)
    whole = from_observation(tmp_path / "b", n_events=2000)
    assert 0.9 < dataset.npred_signal().data.sum() / whole.npred_signal().data.sum() < 0.999
    assert dataset.stat_sum() == pytest.approx(dense_cash(dataset), rel=1e-10)


def test_exposure_of_a_run_is_that_at_the_source_itself(tmp_path):
    dataset = from_observation(tmp_path)
    flux = dataset.named("crab").spectral_model.photon_flux(dataset.exposure.geom.axes[0].edges.value)
    expected = flux * 1e5 * 1e4 * 0.9 * 1680 @ dataset.edisp.pdf_matrix
    assert_allclose(dataset.npred_signal().data.sum(axis=(1, 2)), expected, rtol=1e-5)


def test_two_runs_in_one_dataset_see_the_source_each_where_it_looks(tmp_path):
    runs = [
        RunFile(obs_id=1, pointing=(83.63, 22.51)),
        RunFile(obs_id=2, pointing=(83.63, 21.01), tstart=START + 5000, tstop=START + 6000),
    ]
    observations = DataStore.from_dir(write_store(tmp_path, runs)).get_observations([1, 2])
    geom, geom_true = geometries(skydir=(83.63, 22.01), npix=(40, 40))
    maker = MapMaker(geom, "0.8 deg", geom_true=geom_true)
    both = maker.run(observations)
    edisp = _kernel(observations[0])
    psf = observations[0].psf.table_at(0.0)

    def dataset(maps):
        return MapDataset(
            maps["counts"], maps["exposure"], BackgroundModel(maps["background"]), psf, edisp, point_source()
        )

    # The second run has the source 1 deg off, where only the tail of the PSF reaches into its field.
    parts = [dataset(maker.run([each])) for each in observations]
    together = dataset(both)
    assert_allclose(
        together.npred_signal().data,
        sum(part.npred_signal().data for part in parts),
        rtol=1e-9,
        atol=1e-12,
    )
    assert together.livetime.to_value("s") == pytest.approx(0.9 * 2680)
    assert together.ontime.to_value("s") == 2680
    start, stop = together.time_range
    assert (stop - start).to_value("s") == pytest.approx(6000)


def test_times_of_the_caller_win(tmp_path):
    dataset = from_observation(tmp_path)
    start, stop = dataset.time_range
    assert (stop - start).to_value("s") == pytest.approx(1680)
    times = Time(["2007-01-01", "2007-01-02"])
    dataset.counts.meta["t_start"], dataset.counts.meta["t_stop"] = times
    assert dataset.time_range == (times[0], times[1])
    by_hand = MapDataset(WcsNDMap(geometries()[0]), WcsNDMap(geometries()[1], unit="cm2 s"), name="a")
    with pytest.raises(InputError, match=r"The MapDataset 'a' has no times: set counts.meta"):
        by_hand.time_range  # noqa: B018
    assert np.isnan(by_hand.livetime)
    assert by_hand.runs == ()


def test_models_are_found_by_their_own_or_their_spectrums_name():
    dataset = simulated_cube()
    unnamed = point_source("")
    unnamed.spectral_model.name = "crab"
    dataset.model = [unnamed, point_source(*OTHER)]
    assert dataset.named("crab") is unnamed
    assert dataset.named("other") is dataset.models[1]
    with pytest.raises(
        MissingError, match="The MapDataset has no source called 'vela'; it has 'crab', 'other'"
    ):
        dataset.named("vela")
    dataset.model, dataset.name = [point_source(), point_source()], "night"
    with pytest.raises(MissingError, match="The MapDataset 'night' has more than one source called 'crab'"):
        dataset.named("crab")
    dataset.model = None
    with pytest.raises(MissingError, match="it has no model"):
        dataset.named("crab")


def test_models_and_parameters():
    dataset = simulated_cube()
    model = point_source()
    dataset.model = model
    assert dataset.model is model
    assert dataset.models == [model]
    assert [parameter.name for parameter in dataset.parameters] == [
        *("lon_0", "lat_0", "index", "amplitude", "reference", "norm", "tilt", "reference")
    ]
    with pytest.raises(
        InputError, match="The model of a MapDataset is a PowerLaw; wanted is a SkyModel or a list"
    ):
        dataset.model = PowerLaw()


def test_a_model_that_moves_is_followed():
    dataset = simulated_cube()
    before = dataset.npred_signal().data
    dataset.named("crab").spatial_model.lon_0 = 83.8
    moved = dataset.npred_signal().data
    assert np.argmax(moved[0].sum(axis=0)) != np.argmax(before[0].sum(axis=0))
    dataset.named("crab").spectral_model.amplitude = 4e-11
    assert_allclose(dataset.npred_signal().data, 2 * moved)


def test_a_source_outside_the_map_gets_a_sentence():
    dataset = simulated_cube()
    dataset.model = SkyModel(SkyPointSource("90 deg", "22 deg"), PowerLaw(), name="far")
    with pytest.raises(
        InputError,
        match=r"source 'far' at \(90.0000, 22.0000\) deg \(icrs\) lies outside the map; wanted is a map",
    ):
        terms_of_dataset(dataset, dataset.models[0], whole=True)


@pytest.mark.parametrize(
    ("position", "run", "status", "words"),
    [
        (
            (83.63, 22.51),
            {"aeff_m2": 0.0},
            "no_exposure",
            "effective area times live time at the source is zero",
        ),
        ((83.63, 24.4), {}, "outside_fov", "1.89 deg off the pointing, beyond the largest offset of the fit"),
    ],
)
def test_why_nothing_is_expected(tmp_path, position, run, status, words):
    dataset = from_observation(tmp_path, position=position, offset_max="1 deg", **run)
    (terms,) = terms_of_dataset(dataset, dataset.models[0], whole=True)
    assert not terms.response_total.any()
    found, reason = dataset.why_no_signal(dataset.models[0])
    assert found == status
    assert words in reason


def test_why_nothing_is_expected_beyond_the_responses_and_behind_a_mask(tmp_path):
    observations = DataStore.from_dir(write_store(tmp_path)).get_observations([1])
    geom, geom_true = geometries(skydir=(83.63, 25.0), npix=(40, 40))
    maps = MapMaker(geom, "5 deg", geom_true=geom_true).run(observations)
    source = point_source(lonlat=(83.63, 25.8))
    dataset = MapDataset(maps["counts"], maps["exposure"], edisp=_kernel(observations[0]), model=source)
    assert dataset.why_no_signal(source) == (
        "outside_fov",
        "the source is 3.29 deg off the pointing, outside the field of view",
    )
    assert not dataset.npred_signal().data.any()
    masked = simulated_cube(mask=np.zeros((4, 20, 20), dtype=bool))
    assert masked.why_no_signal(masked.models[0]) == ("no_exposure", "all cells are masked")
    assert masked.stat_sum() == 0


def test_a_dataset_of_one_run_goes_by_its_number(tmp_path):
    files = write_store(tmp_path, [RunFile(1), RunFile(2, tstart=START + 2000, tstop=START + 3680)])
    observations = DataStore.from_dir(files).get_observations([1, 2])
    geom, geom_true = geometries(skydir=(83.63, 22.51), npix=(10, 10))
    for runs, given, name in (
        (observations[:1], "", "1"),
        (observations[:1], "first", "first"),
        (observations, "", ""),
    ):
        maps = MapMaker(geom, "2 deg", geom_true=geom_true).run(runs)
        assert MapDataset(maps["counts"], maps["exposure"], name=given).name == name


def test_words_for_a_person(tmp_path):
    dataset = from_observation(tmp_path, n_events=500)
    text = str(dataset)
    assert text.startswith("MapDataset '1'\n")
    assert repr(dataset) == f"<MapDataset '1': {dataset.counts.data.sum():.0f} counts>"
    for words in (
        "4 x 40 x 40 (energy, lat, lon)",
        f"Counts:     {dataset.counts.data.sum():.0f}",
        "Runs:       1",
    ):
        assert words in text
    assert "Live time:  1512.0 s" in text
    assert "Models:     crab" in text
    dataset.name, dataset.model = "<night>", None
    html = dataset._repr_html_()
    assert "MapDataset &#x27;&lt;night&gt;&#x27;" in html
    assert "<tr><th>Models</th><td>none</td></tr>" in html
    assert u.isclose(dataset.livetime, 1512 * u.s)
