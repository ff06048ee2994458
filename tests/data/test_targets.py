"""What the observation index says of targets."""

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from astropy.time import Time
from dl3_files import RunFile, write_store

from tevcurve import DataStore
from tevcurve.data.targets import only_target, targets_of
from tevcurve.data.targets_plot import is_close_up, plot_targets
from tevcurve.errors import MissingError
from tevcurve.pipeline.targets import runs_of_target


def store_of(columns, meta=None):
    names = ("OBS_ID", "HDU_TYPE", "HDU_CLASS", "FILE_DIR", "FILE_NAME", "HDU_NAME")
    hdu_index = Table(names=names, dtype=["i8", *["U9"] * 5])
    return DataStore(hdu_index, Table(columns, meta=meta), "/nowhere")


FULL = {
    "OBS_ID": [3, 5, 8],
    "TARGET_NAME": ["A", "B", "A"],
    "RA_PNT": [359.5, 10.0, 0.5],
    "DEC_PNT": [1.0, 2.0, -1.0],
    "RA_OBJ": [0.0, 10.0, 0.0],
    "DEC_OBJ": [0.0, 2.5, 0.0],
    "LIVETIME": [1000.0, 1500.0, 900.0],
    "ALT_PNT": [70.0, 45.0, 60.0],
    "TSTART": [0.0, 86400.0, 43200.0],
}
REFERENCE = {"MJDREFI": 51910, "MJDREFF": 0.5, "TIMESYS": "TT"}


def test_runs_are_those_of_each_target():
    first, second = targets_of(store_of(FULL, REFERENCE))
    assert (first.name, second.name) == ("A", "B")
    assert first.obs_ids.tolist() == [3, 8]
    assert first.livetime_s.tolist() == [1000, 900]
    assert first.zenith_deg.tolist() == [20, 30]
    assert first.start_mjd.tolist() == [51910.5, 51911.0]
    assert second.position_deg == (10, 2.5)


def test_what_the_index_does_not_say_is_not_a_number():
    (target,) = targets_of(store_of({"OBS_ID": [1], "RA_PNT": [1.0], "DEC_PNT": [2.0], "OBJECT": [" "]}))
    assert target.name == "(no name)"
    assert np.isnan(
        [target.livetime_s[0], target.zenith_deg[0], target.start_mjd[0], *target.position_deg]
    ).all()


def test_parts_of_one_run_are_told_each(tmp_path):
    write_store(tmp_path, [RunFile(obs_id=1, target="A")] * 2, file_names=["first", "second"])
    (target,) = targets_of(DataStore.from_dir(tmp_path / "data"))
    assert target.obs_ids.tolist() == [1, 1]
    assert target.pointings_deg.shape == (2, 2)


def test_an_index_without_names_is_helped_by_the_headers(tmp_path):
    runs = [
        RunFile(
            obs_id=1,
            target="A",
            header={"RA_OBJ": 83.6, "DEC_OBJ": 22.0, "ALT_PNT": 65.0, "LIVETIME": 1234.0},
        ),
        RunFile(obs_id=2, target="B", tstart=3e8, tstop=3e8 + 100),
        RunFile(obs_id=3, target="C", without_hdus=("events",)),
    ]
    write_store(tmp_path, runs)
    store = DataStore.from_dir(tmp_path)
    table = store.obs_table
    table.remove_columns(["TARGET_NAME", "TSTART"])
    store = DataStore(store.hdu_table, table, tmp_path)
    first, second, third = targets_of(store)
    assert [one.name for one in (first, second, third)] == ["A", "B", "(no name)"]
    assert (first.position_deg, first.zenith_deg[0], first.livetime_s[0]) == ((83.6, 22.0), 25.0, 1234.0)
    assert second.start_mjd[0] == pytest.approx(51910.000742870 + 3e8 / 86400, abs=1e-6)
    # Of a run whose file cannot be read there is what the index says.
    assert third.pointings_deg[0].tolist() == list(runs[2].pointing)
    assert [one.obs_id for one in runs_of_target(store, "A")] == [1, 3]


def test_the_only_target():
    with pytest.raises(MissingError, match=r"Which target is wanted.* has A, B"):
        only_target(store_of(FULL))
    assert only_target(store_of({name: values[:1] for name, values in FULL.items()})) == "A"
    with pytest.raises(MissingError, match="names none"):
        only_target(store_of({"OBS_ID": [1], "RA_PNT": [1.0], "DEC_PNT": [2.0]}))


def test_the_public_index(hess_dl3_dr1):
    targets = {target.name: target for target in targets_of(DataStore.from_dir(hess_dl3_dr1))}
    table = Table(fits.getdata(hess_dl3_dr1 / "obs-index.fits.gz"))
    crab = table[[name.strip() == "Crab" for name in table["TARGET_NAME"]]]
    assert targets["Crab"].obs_ids.tolist() == crab["OBS_ID"].tolist()
    assert targets["Crab"].livetime_s.sum() == pytest.approx(crab["LIVETIME"].sum())
    # The dates of this index are in TT.
    start = Time(f"{crab['DATE-OBS'][0]}T{crab['TIME-OBS'][0]}", scale="tt").mjd
    assert targets["Crab"].start_mjd[0] == pytest.approx(start, abs=1.1 / 86400)


def test_near_targets_are_drawn_close_up_also_around_zero():
    import matplotlib.pyplot as plt

    targets = targets_of(store_of({name: np.array(values)[[0, 2]] for name, values in FULL.items()}))
    assert is_close_up(targets)
    assert not is_close_up(targets_of(store_of(FULL | {"RA_PNT": [0.0, 80.0, 0.0]})))
    figure, ax = plt.subplots()
    plot_targets(targets, ax)
    x, y = ax.lines[0].get_data()
    # To the left, and next to each other.
    assert x[0] - x[1] == pytest.approx(1.0)
    assert y.tolist() == [1, -1]
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["A (2)", "position of the target"]
    plt.close(figure)


def test_all_the_sky():
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(subplot_kw={"projection": "mollweide"})
    plot_targets(targets_of(store_of(FULL)), ax)
    x, y = ax.lines[0].get_data()
    # 12h is the middle, and 0h at either end.
    np.testing.assert_allclose(np.abs(x), np.radians([179.5, 179.5]))
    assert x[0] < 0 < x[1]
    np.testing.assert_allclose(y, np.radians([1, -1]))
    figure.draw_without_rendering()
    plt.close(figure)
