"""What a person gets who follows the tutorial with something missing or wrong: one sentence that says what and where.

Each test goes the whole way, from the store to the light curve, and is stopped on it.
"""

import re
import shutil

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from dl3_files import START, RunFile, write_store

from tevcurve import (
    BackgroundModel,
    DataStore,
    LightCurveEstimator,
    MapAxis,
    MapDataset,
    MapMaker,
    PowerLaw,
    PSFKernel,
    SkyModel,
    SkyPointSource,
    WcsGeom,
    make_mean_edisp,
    make_mean_psf,
)
from tevcurve.errors import TevcurveError

CRAB = SkyCoord(83.63, 22.01, unit="deg")


def tutorial(store, ids=(1,), source="crab", position=CRAB, set_times=True, by_hand=False):
    """The light curve of runs, by the tutorial's calls."""
    energy, true = (
        MapAxis.from_bounds(*bounds, number, unit="TeV", name="energy", interp="log")
        for bounds, number in (((0.7, 10), 4), ((0.3, 20), 6))
    )
    geom, geom_true = (
        WcsGeom.create(skydir=CRAB, binsz=0.1, width=(2, 2), coordsys="CEL", proj="CAR", axes=[axis])
        for axis in (energy, true)
    )
    observations = DataStore.from_dir(store).get_observations(ids)
    datasets = []
    for start, stop in [(obs.tstart, obs.tstop) for obs in observations]:
        selected = observations.select_time((start, stop))
        maps = MapMaker(geom, 2 * u.deg, geom_true=geom_true).run(selected)
        psf = PSFKernel.from_table_psf(make_mean_psf(selected, CRAB), geom_true, max_radius="0.3 deg")
        edisp = make_mean_edisp(selected, CRAB, e_true=true.edges, e_reco=energy.edges)
        counts = maps["counts"].copy(origin=None) if by_hand else maps["counts"]
        dataset = MapDataset(counts, maps["exposure"], BackgroundModel(maps["background"]), psf, edisp)
        if set_times:
            dataset.counts.meta["t_start"], dataset.counts.meta["t_stop"] = start, stop
        spatial = SkyPointSource(lon_0=position.ra, lat_0=position.dec, frame="icrs")
        dataset.model = SkyModel(spatial, PowerLaw(2.6, "2e-11 cm-2 s-1 TeV-1", "1 TeV"), name="crab")
        for parameter in spatial.parameters:
            parameter.frozen = True
        datasets.append(dataset)
    estimator = LightCurveEstimator(datasets, source=source, reoptimize=True)
    return estimator.run(e_ref=1 * u.TeV, e_min=1 * u.TeV, e_max=10 * u.TeV)


def sentence(call):
    """The words of the error that a call raises, which must be one sentence without a line break."""
    with pytest.raises(TevcurveError) as caught:
        call()
    words = str(caught.value)
    assert words.endswith(".")
    assert "\n" not in words
    assert not re.search(r"\. [A-Z]", words)
    return words


def test_nothing_is_wrong_with_it_otherwise(tmp_path):
    table = tutorial(
        write_store(
            tmp_path, [RunFile(n_events=500), RunFile(obs_id=2, tstart=START + 5000, tstop=START + 6000)]
        ),
        (1, 2),
    ).table
    assert table["status"].tolist() == ["ok", "ok"]
    assert np.all(table["flux_ul"] > 0)


def test_a_missing_store(tmp_path):
    assert (
        sentence(lambda: tutorial(tmp_path / "nowhere"))
        == f"The folder {tmp_path / 'nowhere'} does not exist."
    )


def test_a_missing_file(tmp_path):
    store = write_store(tmp_path)
    (store / "data" / "run_000001.fits.gz").unlink()
    assert "data/run_000001.fits.gz does not exist" in sentence(lambda: tutorial(store))


def test_a_file_that_is_cut_short(tmp_path):
    store = write_store(tmp_path, compress=False)
    path = store / "data" / "run_000001.fits"
    path.write_bytes(path.read_bytes()[:20000])
    assert "run_000001.fits" in sentence(lambda: tutorial(store))


def test_a_file_that_is_no_fits_file(tmp_path):
    store = write_store(tmp_path, compress=False)
    shutil.copy(__file__, store / "data" / "run_000001.fits")
    assert "run_000001.fits is not a FITS file" in sentence(lambda: tutorial(store))


@pytest.mark.parametrize("name", ["events", "aeff", "edisp", "psf", "bkg"])
def test_a_missing_index_row(tmp_path, name):
    store = write_store(tmp_path, [RunFile(without_rows=(name,))])
    words = sentence(lambda: tutorial(store))
    assert words.startswith(f"OBS_ID 1 has no {name}; it has ")


@pytest.mark.parametrize("name", ["events", "gti", "aeff", "edisp", "psf", "bkg"])
def test_a_missing_hdu(tmp_path, name):
    store = write_store(tmp_path, [RunFile(without_hdus=(name,))])
    words = sentence(lambda: tutorial(store))
    assert f"run_000001.fits.gz has no HDU {name}; it has " in words


COLUMNS = [
    ("events", "TIME"),
    ("events", "RA"),
    ("events", "ENERGY"),
    ("gti", "STOP"),
    ("aeff", "EFFAREA"),
    ("aeff", "THETA_LO"),
    ("edisp", "MATRIX"),
    ("psf", "RPSF"),
    ("bkg", "BKG"),
    ("bkg", "DETX_HI"),
]


@pytest.mark.parametrize(("hdu", "column"), COLUMNS)
def test_a_missing_column(tmp_path, hdu, column):
    words = sentence(lambda: tutorial(write_store(tmp_path, [RunFile(without_columns={hdu: (column,)})])))
    assert "run_000001.fits.gz" in words
    assert hdu in words.lower()
    assert column in words


@pytest.mark.parametrize(
    ("hdu", "column", "unit"),
    [
        ("events", "ENERGY", "m"),
        ("events", "ENERGY", None),
        ("aeff", "EFFAREA", None),
        ("aeff", "EFFAREA", "TeV"),
        ("edisp", "ENERG_LO", None),
        ("psf", "RPSF", "deg"),
        ("bkg", "BKG", "s-1"),
    ],
)
def test_a_missing_or_wrong_unit(tmp_path, hdu, column, unit):
    words = sentence(lambda: tutorial(write_store(tmp_path, [RunFile(units={hdu: {column: unit}})])))
    assert "run_000001.fits.gz" in words
    assert hdu in words.lower()
    assert column in words
    assert "unit" in words


def test_an_empty_event_list(tmp_path):
    words = sentence(lambda: tutorial(write_store(tmp_path, [RunFile(n_events=0)])))
    assert words.endswith("run_000001.fits.gz has no events; wanted is the event list of a run.")
    assert words.startswith("HDU events of ")


def test_no_event_in_good_time_is_no_error_but_a_limit(tmp_path):
    late = {"TIME": [START + 1600.0], "RA": [83.63], "DEC": [22.01], "ENERGY": [1.0]}
    table = tutorial(write_store(tmp_path, [RunFile(events=late, gti=((START, START + 1000),))])).table
    assert table["status"].tolist() == ["no_events"]
    assert np.isfinite(table["flux_ul"][0])


def test_an_unknown_obs_id(tmp_path):
    store = write_store(tmp_path)
    words = sentence(lambda: tutorial(store, ids=(1, 7)))
    assert words == f"OBS_ID 7 is not in the observation index of {store}, which has 1 observations."


def test_a_source_outside_the_map(tmp_path):
    far = SkyCoord(90.0, 22.0, unit="deg")
    words = sentence(lambda: tutorial(write_store(tmp_path), position=far))
    assert words == (
        "The source 'crab' at (90.0000, 22.0000) deg (icrs) lies outside the map; wanted is a map that holds it."
    )


def test_datasets_without_a_time(tmp_path):
    words = sentence(lambda: tutorial(write_store(tmp_path), set_times=False, by_hand=True))
    assert words == (
        "The MapDataset has no times: set counts.meta['t_start'] and counts.meta['t_stop'], or make it from "
        "observations."
    )
    # Made from observations it knows them.
    assert len(tutorial(write_store(tmp_path / "b"), set_times=False)) == 1


@pytest.mark.parametrize("source", ["vela", "Crab"])
def test_a_model_with_no_source_of_that_name(tmp_path, source):
    words = sentence(lambda: tutorial(write_store(tmp_path), source=source))
    assert words == f"The MapDataset '1' has no source called '{source}'; it has 'crab'."


def test_a_run_that_drifts(tmp_path):
    words = sentence(lambda: tutorial(write_store(tmp_path, [RunFile(obs_mode="DRIFT")])))
    assert "has OBS_MODE DRIFT: the telescopes stood still while the sky drifted by; wanted is a run" in words
