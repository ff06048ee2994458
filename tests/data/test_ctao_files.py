"""CTAO's own DL3 model, from its files to a light curve."""

import astropy.units as u
import numpy as np
import pytest
from astropy.time import Time
from ctao_files import write_ctao_file
from dl3_files import MJDREF, PSF_SIGMA, write_store
from small_store import START, TARGET, run_file

from tevcurve import light_curve
from tevcurve.data import DataStore
from tevcurve.errors import DataError
from tevcurve.lightcurve.bins import by_run, by_width
from tevcurve.pipeline.append import append_runs
from tevcurve.problems import noted_remarks
from tevcurve.store import Result, input_files, write_result

OPTIONS = {"method": "1d", "energy_edges": [0.7, 10] * u.TeV, "on_radius": "0.15 deg"}
PIECE = 75.0


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """(files of CTAO, a store with the same runs as GADF has them): eight pieces of 75 s, each with its own area."""
    folder = tmp_path_factory.mktemp("ctao")
    runs = [
        run_file(
            f"50000002{number:02d}x",
            number,
            START + PIECE * number,
            (83.63, 22.51),
            n_source=40,
            n_background=400,
            tstop=START + PIECE * (number + 1),
            aeff_m2=1e5 * (1 + 0.1 * number),
            events=events(number),
            telescope="CTAO",
            deadc=0.98,
        )
        for number in range(8)
    ]
    write_store(folder / "gadf", runs)
    return [write_ctao_file(folder / f"{run.obs_id}.fits", run) for run in runs], DataStore.from_dir(
        folder / "gadf"
    )


def events(number):
    """Events of 75 s: some within 0.1 deg of the target, others anywhere."""
    rng = np.random.default_rng(number)
    n = 440
    near = np.arange(n) < 40
    spread = np.where(near, 0.05, 1.5)
    return {
        "TIME": START + PIECE * number + np.sort(rng.uniform(0, PIECE, n)),
        "RA": TARGET.ra.deg + spread * rng.standard_normal(n) / np.cos(TARGET.dec.rad),
        "DEC": TARGET.dec.deg + spread * rng.standard_normal(n),
        "ENERGY": 0.8 * rng.uniform(size=n) ** (-1 / 2.5),
    }


def test_its_times_are_those_of_an_atomic_clock_since_1858(files):
    paths, store = files
    with noted_remarks() as remarks:
        for path, expected in zip(paths, store.get_observations(), strict=True):
            found = DataStore.from_events_files(path).get_observations()[0]
            assert (found.obs_id, found.time_reference.scale) == (expected.obs_id, "tai")
            assert np.all(np.abs((found.events.time - expected.events.time).to_value("s")) < 2e-6)
            assert np.all(np.abs((found.gti.start - expected.gti.start).to_value("s")) < 2e-6)
            assert abs((found.tstop - expected.tstop).to_value("s")) < 2e-6
            assert found.livetime.to_value("s") == pytest.approx(0.98 * PIECE)
    first = Time(MJDREF[0], MJDREF[1] + START / 86400, format="mjd", scale="tt")
    assert (
        abs((DataStore.from_events_files(paths[0]).get_observations()[0].tstart - first).to_value("s")) < 2e-6
    )
    assert not remarks


@pytest.mark.parametrize("time_bins", [by_run(), by_width("5 min")])
def test_its_light_curve_is_that_of_the_same_runs_as_gadf_has_them(files, time_bins):
    paths, store = files
    made = light_curve(DataStore.from_events_files(paths), TARGET, time_bins=time_bins, **OPTIONS)
    other = light_curve(store.get_observations(), TARGET, time_bins=time_bins, **OPTIONS)
    assert len(made) == len(other) >= 2
    np.testing.assert_array_equal(made.table["counts"], other.table["counts"])
    # One PSF is a table up to 0.5 deg in steps of 0.005 deg, the other a Gaussian to infinity.
    np.testing.assert_allclose(made.table["flux"], other.table["flux"], rtol=2e-3)
    assert set(made.table["status"]) == {"ok"}


def test_its_containment_is_that_of_a_gaussian(files):
    psf = DataStore.from_events_files(files[0][0]).get_observations()[0].psf
    expected = 1 - np.exp(-0.5 * (0.15 / PSF_SIGMA) ** 2)
    found = psf.containment(1 * u.TeV, 0.5 * u.deg, 0.15 * u.deg)
    assert float(found) == pytest.approx(expected, rel=1e-7)


def test_three_dimensions_want_a_background(files):
    observations = DataStore.from_events_files(files[0]).get_observations()
    with pytest.raises(DataError) as caught:
        light_curve(observations, TARGET, method="3d", energy_edges=OPTIONS["energy_edges"], binsz="0.1 deg")
    assert str(caught.value) == (
        "No run can be used: 5000000200x: OBS_ID 5000000200x has no bkg; it has aeff, edisp, events, gti, psf; "
        "method='1d' needs none (and so 7 more)."
    )


@pytest.mark.parametrize(("time_bins", "n_rows"), [(by_run(), 1), (by_width(f"{PIECE} s"), 4)])
def test_pieces_of_one_observation_are_known_by_their_time(tmp_path, time_bins, n_rows):
    # All of them have one OBS_ID: they are parts of one run, none is lost, and none counts twice.
    paths = []
    for number in range(4):
        start = START + PIECE * number
        piece = {"tstop": start + PIECE, "events": events(number), "telescope": "CTAO"}
        run = run_file("5000000251", number, start, (83.63, 22.51), **piece)
        paths.append(write_ctao_file(tmp_path / f"{number}.fits", run))
    whole = light_curve(paths, TARGET, time_bins=time_bins, **OPTIONS)
    assert len(whole) == n_rows
    first = light_curve(paths[:1], TARGET, time_bins=time_bins, **OPTIONS)
    inputs = input_files(DataStore.from_events_files(paths[:1]).get_observations())
    result = Result.read(write_result(tmp_path / "result", first, inputs=inputs))
    result = append_runs(result, paths[2:3])
    result = append_runs(result, paths)
    assert (len(result.appended.added), len(result.appended.there)) == (2, 2)
    result = append_runs(result, paths)
    assert (len(result.appended.added), len(result.appended.there)) == (0, 4)
    np.testing.assert_array_equal(result.light_curve.table["flux"], whole.table["flux"])
