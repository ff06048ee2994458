"""Which runs are in which rows, also where rows of different runs begin and end together."""

import astropy.units as u
import pytest
from dl3_files import MJDREF, write_store
from small_store import START, TARGET, run_file
from two_instruments import NAMES

from tevcurve import CrossCalibration, DataStore, Instrument, light_curve
from tevcurve.report.runs_of_rows import runs_of_rows


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """Two runs of each instrument, at the same times."""
    folder, made = tmp_path_factory.mktemp("data"), {}
    for name in NAMES:
        runs = [
            run_file(k, len(name) + k, START + 1800 * k, (83.63, 22.51), telescope=name, mjdref=MJDREF)
            for k in (1, 2)
        ]
        made[name] = DataStore.from_dir(write_store(folder / name, runs))
    return made


@pytest.mark.parametrize("bands", [[0.7, 10], [0.7, 2, 10]])
def test_rows_of_runs_at_the_same_time_are_of_their_own_run(stores, bands):
    lc = light_curve(
        target=TARGET,
        instruments={name: Instrument(stores[name], method="1d") for name in NAMES},
        cross_calibration=CrossCalibration(reference=NAMES[0], sigma={NAMES[1]: "free"}),
        energy_edges=bands * u.TeV,
        safe_energy=None,
    )
    wanted = [[f"{name} {k}"] for k in (1, 2) for name in NAMES for _ in bands[1:]]
    assert runs_of_rows(lc).names == wanted
    assert runs_of_rows(lc[len(bands) - 1 :]).names == wanted[len(bands) - 1 :]
    together = runs_of_rows(lc.rebin("night")).names
    assert together == [[f"{name} {k}" for k in (1, 2) for name in NAMES]] * (len(bands) - 1)
