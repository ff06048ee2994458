"""Which instruments are in rows, and how long more than one observed: by counting moments, and by hand."""

from dataclasses import replace
from types import SimpleNamespace

import astropy.units as u
import numpy as np
import pytest
from dl3_files import write_store
from hypothesis import given
from hypothesis import strategies as st
from small_store import TARGET
from timelines import CLOCKS, make_run
from two_instruments import NAMES, runs_of

from tevcurve import CrossCalibration, DataStore, Instrument, light_curve
from tevcurve.lightcurve.bins import by_edges, by_run
from tevcurve.lightcurve.joined_rows import columns_of_joined, names_in, simultaneous_s
from tevcurve.run_id import RunId

seconds = st.integers(0, 40)
pieces = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3), seconds, seconds), max_size=12)


@given(pieces)
def test_seconds_in_which_several_observed(pieces):
    """Whole seconds are looked at one by one."""
    pieces = [(b, who, min(edges), max(edges)) for b, who, *edges in pieces]
    observing = np.zeros((3, 4, 40), dtype=bool)
    for number, who, low, high in pieces:
        observing[number, who, low:high] = True
    wanted = np.sum(observing.sum(axis=1) > 1, axis=1)
    columns = np.array(pieces, dtype=int).reshape(-1, 4).T
    found = simultaneous_s(*columns[:2], *columns[2:].astype(float), 3)
    np.testing.assert_array_equal(found, wanted)


def joint_of(runs, sees):
    """What of rows is looked at: their runs, and in which bands each sees something."""
    return SimpleNamespace(
        runs=runs, reaches=[SimpleNamespace(sees=np.array(each)) for each in sees], n_bands=len(sees[0])
    )


def test_each_band_has_the_runs_that_see_something_in_it():
    spans = {"A": (0, 100), "B": (50, 150), "C": (120, 200)}
    runs = [
        replace(make_run([span], clock=clock), run_id=RunId(name, "1"))
        for (name, span), clock in zip(spans.items(), CLOCKS, strict=True)
    ]
    zero = CLOCKS[0].to_time(2.0e8)
    bins = by_edges(zero + np.array([-10, 110, 300]) * u.s).bins(runs, together=True)
    sees = [[True, True], [True, False], [True, True]]
    found = columns_of_joined(joint_of(runs, sees), bins)
    assert found["instruments"].tolist() == ["A, B", "A", "B, C", "C"]
    np.testing.assert_allclose(found["simultaneous"], [50, 0, 30, 0], atol=1e-6)
    alone = columns_of_joined(joint_of(runs, sees), by_run().bins(runs, together=True))
    assert alone["instruments"].tolist() == ["A", "A", "B", "", "C", "C"]
    assert not alone["simultaneous"].any()
    assert columns_of_joined(joint_of(runs, sees), by_run().bins(runs)) == {}
    assert names_in("A, B") == ["A", "B"]
    assert names_in("") == []


@pytest.mark.parametrize("method", ["1d", "mixed"])
def test_rows_that_one_or_none_of_the_instruments_sees(tmp_path, method):
    """The reference is safe from 1 to 50 TeV, the other from 3 TeV: no row has a run that sees nothing in its band."""
    runs = runs_of(NAMES)
    how = {"method": "3d", "binsz": "0.1 deg", "width": "2 deg"} if method == "mixed" else {"method": "1d"}
    instruments = {}
    for name, low, options in zip(NAMES, (1.0, 3.0), (how, {"method": "1d"}), strict=True):
        own = [replace(run, thresholds=(low, 50.0)) for run in runs[name]]
        instruments[name] = Instrument(DataStore.from_dir(write_store(tmp_path / name, own)), **options)
    lc = light_curve(
        target=TARGET,
        instruments=instruments,
        cross_calibration=CrossCalibration(reference=NAMES[0], sigma={NAMES[1]: 0.1}),
        time_bins="night",
        energy_edges=[0.3, 1, 3, 10] * u.TeV,
    )
    assert lc.table["instruments"].tolist() == ["", "HESS", "HESS, MAGIC", "", "", "MAGIC"]
    status = lc.table["status"].tolist()
    assert [status[k] for k in (0, 3, 4)] == ["no_exposure"] * 3
    assert "safe energies" in lc.table["reason"][0]
    np.testing.assert_allclose(lc.table["simultaneous"], [0, 0, 4 * 780, 0, 0, 0], atol=1e-6)
    assert lc.table["n_runs"].tolist() == [0, 3, 5, 0, 0, 2]
    assert lc.instruments == NAMES
