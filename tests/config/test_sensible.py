"""What `tevcurve init` proposes agrees with what the files say."""

import astropy.units as u
import numpy as np
import pytest
from astropy.io import fits
from dl3_files import ENERGY_EDGES, write_store
from small_store import START, TARGET, make_store, run_file

from tevcurve import DataStore, light_curve
from tevcurve.config import read_config
from tevcurve.config.sensible import sensible_config
from tevcurve.config.yaml_text import commented_yaml
from tevcurve.errors import DataError, MissingError


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    make_store(folder)
    return folder


def edges_of(config):
    return [u.Quantity(text).to_value("TeV") for text in config.energy_edges]


def thresholds(hess_dl3_dr1, obs_ids):
    """LO_THRES and HI_THRES of the effective areas, by astropy."""
    found = []
    for obs_id in obs_ids:
        (path,) = hess_dl3_dr1.glob(f"data/*{obs_id}*.fits.gz")
        header = fits.getheader(path, "AEFF")
        found.append((header["LO_THRES"], header["HI_THRES"]))
    return np.array(found).T


def test_energies_are_those_at_which_all_runs_can_be_trusted(hess_dl3_dr1):
    config, notes = sensible_config(hess_dl3_dr1, "Crab")
    low, high = thresholds(hess_dl3_dr1, (23523, 23526, 23559, 23592))
    edges = edges_of(config)
    assert low.max() <= edges[0] < 1.1 * low.max()
    assert edges[0] < edges[1] <= high.min()
    assert (config.method, config.safe_energy, config.output) == ("3d", "file", "crab-light-curve")
    assert f"{low.min():.2g} to {low.max():.2g} TeV" in notes["energy_edges"]


def test_the_position_is_that_of_the_headers(store):
    config, _ = sensible_config(store, "Crab")
    ra, dec = (float(part.removesuffix(" deg")) for part in config.position.split(", "))
    assert (ra, dec) == pytest.approx((TARGET.ra.deg, TARGET.dec.deg), abs=1e-6)
    assert edges_of(config) == [0.3, 9]


def test_without_thresholds_the_effective_area_says_it(tmp_path):
    write_store(tmp_path, [run_file(1, 11, START, (83.63, 22.51))], compress=False)
    (path,) = tmp_path.glob("data/*.fits")
    with fits.open(path, mode="update") as file:
        for key in ("LO_THRES", "HI_THRES"):
            del file["AEFF"].header[key]
        # From 0.1 to 100 TeV, with a threshold above 0.5 TeV.
        file["AEFF"].data["EFFAREA"][0, :, ENERGY_EDGES[1:] < 0.5] = 10
    config, notes = sensible_config(tmp_path, "Crab")
    low, high = edges_of(config)
    nodes = np.sqrt(ENERGY_EDGES[1:] * ENERGY_EDGES[:-1])
    below = np.flatnonzero(ENERGY_EDGES[1:] < 0.5)[-1]
    assert nodes[below] < low < 1.1 * nodes[below + 1]
    assert high == pytest.approx(30 * low, rel=0.05)
    assert config.safe_energy == 0.1
    assert "a tenth of the largest effective area" in notes["energy_edges"]


def test_without_a_background_it_is_1d(tmp_path):
    run = run_file(1, 11, START, (83.63, 22.51), without_hdus=("bkg",), without_rows=("bkg",))
    write_store(tmp_path, [run])
    config, notes = sensible_config(tmp_path, "Crab")
    assert config.method == "1d"
    assert "not every run has the background response for 3d" in notes["method"]


@pytest.mark.parametrize(("name", "folder"), [("../../etc", "etc-light-curve"), ("$(x) ;*", "x-light-curve")])
def test_a_name_cannot_lead_the_output_elsewhere(tmp_path, name, folder):
    write_store(tmp_path, [run_file(1, 11, START, (83.63, 22.51), target=name)])
    assert sensible_config(tmp_path, name)[0].output == folder


def test_without_a_psf_there_is_none(tmp_path):
    run = run_file(1, 11, START, (83.63, 22.51), without_hdus=("psf",), without_rows=("psf",))
    write_store(tmp_path, [run])
    with pytest.raises(DataError, match="run 1 has no psf, which light curves need"):
        sensible_config(tmp_path, "Crab")


def test_what_it_proposes_runs_as_it_is(store, tmp_path):
    config, notes = sensible_config(store, "Crab", cache=None)
    path = tmp_path / "job.yaml"
    path.write_text(commented_yaml(config, notes))
    assert read_config(path) == config
    made = light_curve(**config.arguments())
    assert len(made) == 3
    assert set(made.table["status"]) == {"ok"}


def test_a_bad_run_is_passed_over_and_all_bad_ones_are_told(tmp_path):
    runs = [
        run_file(1, 11, START, (83.63, 22.51), without_hdus=("aeff",)),
        run_file(2, 12, START + 1800, (83.63, 21.51)),
    ]
    write_store(tmp_path, runs)
    assert sensible_config(tmp_path, "Crab")[0].method == "3d"
    write_store(tmp_path / "bad", runs[:1])
    with pytest.raises(DataError, match="No run of Crab can be used"):
        sensible_config(tmp_path / "bad", "Crab")
    with pytest.raises(MissingError, match="no target 'Vela'"):
        sensible_config(tmp_path, "Vela")
    assert len(DataStore.from_dir(tmp_path)) == 2


def test_each_of_several_stores_is_looked_at(tmp_path):
    many = [run_file(number, number, START + 1800 * number, (83.63, 22.51)) for number in range(1, 15)]
    lone = run_file(
        1, 99, START, (83.63, 22.51), without_rows=("bkg",), telescope="MAGIC", thresholds=(0.5, 8.0)
    )
    stores = [write_store(tmp_path / "many", many), write_store(tmp_path / "lone", [lone])]
    config, notes = sensible_config([str(path) for path in stores], "Crab")
    assert config.data == [str(path) for path in stores]
    assert config.method == "1d"
    assert edges_of(config) == [0.5, 8]
    assert notes["runs"] == "There are 15."
