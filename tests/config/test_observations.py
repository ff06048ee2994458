"""Which runs a configuration means."""

import shutil

import pytest
from astropy.table import Table
from dl3_files import RunFile, write_store

from tevcurve.config import Config
from tevcurve.config.sensible import sensible_config
from tevcurve.errors import DataError

HERE = {"RA_OBJ": 83.63, "DEC_OBJ": 22.01}


def ids(config):
    return [one.obs_id for one in config.arguments()["observations"]]


def test_the_root_of_the_data_may_be_named(tmp_path):
    write_store(tmp_path / "store", [RunFile(4, header=HERE), RunFile(5, header=HERE)])
    place = tmp_path / "gps"
    place.mkdir()
    for name in ("hdu-index.fits.gz", "obs-index.fits.gz"):
        shutil.move(tmp_path / "store" / name, place / name)
    table = Table.read(place / "hdu-index.fits.gz")
    table["FILE_DIR"] = ["../store/data"] * len(table)
    table.write(place / "hdu-index.fits.gz", overwrite=True)
    with pytest.raises(DataError, match="data_root names"):
        Config(data=place, target="Crab").arguments()
    config = Config(data=place, target="Crab", data_root=tmp_path)
    assert ids(config) == [4, 5]
    assert config.resolved().data_root == str(tmp_path)
    sensible, _ = sensible_config(place, "Crab", data_root=str(tmp_path), runs=[5])
    assert (ids(sensible), sensible.method) == ([5], "3d")
