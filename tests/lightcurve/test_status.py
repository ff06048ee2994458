"""What came of each time bin: each status with its limit, its words and its place among good bins."""

import numpy as np
import pytest
from dl3_files import MJDREF, START, RunFile, write_store
from numpy.testing import assert_array_equal
from simulated_cubes import RECO, TRUE, geometries, light_curve, point_source, simulated_cube

from tevcurve.data import DataStore, TimeReference
from tevcurve.datasets import MapDataset
from tevcurve.fit.minimize import Minimum
from tevcurve.irf import EDispKernel
from tevcurve.lightcurve.status import statuses
from tevcurve.models import BackgroundModel
from tevcurve.reduction import MapMaker

REFERENCE = TimeReference(*MJDREF)
FITTED = (
    "norm",
    "norm_err",
    "norm_errn",
    "norm_errp",
    "norm_ul",
    "ts",
    "loglike",
    "flux",
    "flux_ul",
    "npred",
)


def from_run(folder, position=(83.63, 22.01), offset_max="2 deg", width=40, seconds=None, **run):
    """A dataset of a run (or of the seconds [first, last) of it) that points at (83.63, 22.51)."""
    observations = DataStore.from_dir(write_store(folder, [RunFile(**run)])).get_observations([1])
    if seconds is not None:
        observations = observations.select_time(REFERENCE.to_time(START + np.array(seconds)))
    geom, geom_true = geometries(skydir=(83.63, 22.51), npix=(width, width))
    maps = MapMaker(geom, offset_max, geom_true=geom_true).run(observations)
    if len(observations[0].gti) == 0:
        maps["counts"].meta["t_start"], maps["counts"].meta["t_stop"] = (
            observations[0].tstart,
            observations[0].tstop,
        )
    matrix = observations[0].edisp.kernel(np.deg2rad(0.5), TRUE.edges.value, RECO.edges.value)
    return MapDataset(
        maps["counts"],
        maps["exposure"],
        BackgroundModel(maps["background"]),
        psf=observations[0].psf.table_at(np.deg2rad(0.5)),
        edisp=EDispKernel(matrix, TRUE.edges, RECO.edges),
        model=point_source(lonlat=position),
    )


def is_unfitted(row):
    return all(np.isnan(row[name]) for name in FITTED) and np.all(np.isnan(row["dloglike_scan"]))


def test_ok(tmp_path):
    row = light_curve([from_run(tmp_path, n_events=500)])[0]
    assert (row["status"], row["reason"]) == ("ok", "")
    assert all(np.isfinite(row[name]) for name in FITTED)
    assert (row["ontime"], row["livetime"]) == (1680, pytest.approx(1512))


def test_at_zero():
    dataset = simulated_cube(flux=0, background=0.5, seed=11)
    row = light_curve([dataset])[0]
    assert row["status"] == "at_zero"
    words = "there are fewer events than the background predicts, so the best flux is the bound at zero"
    assert row["reason"] == f"{words}, where there is no symmetric error"
    assert (row["norm"], row["ts"], row["norm_errn"]) == (0, 0, 0)
    assert row["norm_errp"] > 0
    assert np.isnan(row["norm_err"])
    assert row["norm_errp"] < row["norm_ul"] < 1


def test_no_event_near_the_source_is_at_zero_with_a_limit():
    dataset = simulated_cube(background=0.02, seed=2)
    dataset.counts.data[dataset.npred_signal().data > 0] = 0
    assert dataset.counts.data.sum() > 0
    row = light_curve([dataset])[0]
    assert (row["status"], row["norm"]) == ("at_zero", 0)
    # No event draws on the source: the limit is that of its total alone.
    assert row["norm_ul"] == pytest.approx(2 / dataset.npred_signal().data.sum(), rel=1e-9)


def test_no_events(tmp_path):
    dataset = from_run(tmp_path, n_events=1, events=_event_at(START + 1000), seconds=(0, 600))
    row = light_curve([dataset])[0]
    assert (row["status"], row["counts"]) == ("no_events", 0)
    assert row["reason"] == "there is no event in the fit, so only the limits are meaningful"
    assert (row["norm"], row["ts"], row["norm_errn"]) == (0, 0, 0)
    total = dataset.npred_signal().data.sum()
    assert row["norm_ul"] == pytest.approx(2 / total, rel=1e-9)
    assert row["norm_errp"] == pytest.approx(0.5 / total, rel=1e-9)
    assert np.isnan(row["norm_err"])
    assert row["ontime"] == 600


def _event_at(seconds):
    return {"TIME": [seconds], "RA": [83.63], "DEC": [22.01], "ENERGY": [1.5]}


def test_no_livetime(tmp_path):
    row = light_curve([from_run(tmp_path, gti=())])[0]
    assert (row["status"], row["reason"]) == ("no_livetime", "there is no good time in the bin")
    assert is_unfitted(row)
    assert (row["livetime"], row["counts"]) == (0, 0)


def test_outside_fov(tmp_path):
    row = light_curve([from_run(tmp_path, position=(83.63, 26.0), offset_max="5 deg", width=80)])[0]
    assert row["status"] == "outside_fov"
    assert row["reason"] == "the source is 3.49 deg off the pointing, outside the field of view"
    assert is_unfitted(row)
    assert (row["livetime"], row["n_runs"]) == (0, 0)


def test_outside_the_largest_offset(tmp_path):
    row = light_curve([from_run(tmp_path, position=(83.63, 24.4), offset_max="1 deg")])[0]
    assert row["status"] == "outside_fov"
    assert row["reason"] == "the source is 1.89 deg off the pointing, beyond the largest offset of the fit"
    assert is_unfitted(row)


def test_no_exposure(tmp_path):
    row = light_curve([from_run(tmp_path, aeff_m2=0.0)])[0]
    assert row["status"] == "no_exposure"
    assert row["reason"] == "the effective area times live time at the source is zero"
    assert is_unfitted(row)
    assert row["counts"] > 0


def test_bad_bins_leave_the_good_ones_as_they_are(tmp_path):
    """All statuses in one light curve, in the order of time; the good rows are those that they are alone."""
    good = [simulated_cube(seed=1, number=0), simulated_cube(seed=2, number=5)]
    alone = light_curve(good)
    bad = [
        from_run(tmp_path / "dark", aeff_m2=0.0, tstart=START + 2e8, tstop=START + 2e8 + 100),
        simulated_cube(counts=False, number=2),
        simulated_cube(flux=0, background=0.5, seed=11, number=3),
        from_run(tmp_path / "off", gti=()),
    ]
    table = light_curve([*good, *bad])
    assert table["status"].tolist() == ["ok", "no_events", "at_zero", "ok", "no_livetime", "no_exposure"]
    assert np.all(np.diff(table["time_min"]) > 0)
    for name in (*FITTED, "counts"):
        assert_array_equal(table[name][[0, 3]], alone[name])
    assert all(row["reason"] for row in table if row["status"] != "ok")


def test_only_bad_bins_are_a_light_curve_too(tmp_path):
    table = light_curve([from_run(tmp_path, gti=())])
    assert table["status"].tolist() == ["no_livetime"]
    assert {"norm_err", "norm_ul", "ts", "dloglike_scan"} <= set(table.colnames)


def test_one_run_of_a_bin_may_see_nothing(tmp_path):
    """A bin of a good run and one without exposure is fitted from the good one."""
    good = from_run(tmp_path / "a", n_events=500)
    dark = from_run(tmp_path / "b", aeff_m2=0.0)
    both, alone = light_curve([good, dark])[0], light_curve([good])[0]
    assert both["status"] == "ok"
    for name in ("norm", "norm_err", "norm_ul", "ts"):
        assert both[name] == pytest.approx(alone[name], rel=1e-6)
    assert both["counts"] == good.counts.data.sum() + dark.counts.data.sum()


def test_a_background_that_is_empty_is_told():
    dataset = simulated_cube(background=0.3, seed=3)
    dataset.background_model.map.data[1] = 0
    shines = dataset.npred_signal().data[1] > 0
    counts = dataset.counts.data[1]
    dataset.counts.data[1, 0, 0] += 2
    row = light_curve([dataset])[0]
    floored, lost = counts[shines].sum(), counts[~shines].sum()
    assert floored > 0
    assert row["status"] == "ok"
    assert row["reason"] == (
        f"{floored:.0f} events where the background is empty, raised to a floor; "
        f"{lost:.0f} events left out where nothing is predicted"
    )
    assert np.isfinite(row["ts"])


def test_without_background_there_is_no_test_statistic_and_it_is_said():
    row = light_curve([simulated_cube(background=0, seed=3)])[0]
    assert row["status"] == "ok"
    assert np.isnan(row["ts"])
    assert (
        "without the source nothing is predicted where events are, so there is no test statistic"
        in row["reason"]
    )
    # Counts alone: the best flux is the ratio, its error that of counting.
    counts, total = row["counts"], row["npred_excess"] / row["norm"]
    assert row["norm"] == pytest.approx(counts / total, rel=1e-6)
    assert row["norm_err"] == pytest.approx(np.sqrt(counts) / total, rel=1e-6)


class Joint:
    """Two bins, of which only the second is fitted."""

    n_bins, fitted, members = 2, np.array([1]), ()

    def __init__(self, confusions=None):
        self._confusions = confusions or {}

    def confusions(self, minimum):
        return self._confusions

    def notes(self):
        return ["", "a note"]

    def why_unfitted(self, number):
        return "no_exposure", f"bin {number} is dark"

    def lost_excess(self, norm):
        return np.zeros(1)


def minimum_of(change):
    """A `Minimum` of one bin, smooth and inside of its limits but for what is changed."""
    values = {"norm": 1.0, "stat": 0.0, "slope": 0.0, "curvature": 2.0, "stat_at_zero": 1.0}
    values |= {"at_limit": False, "converged": True} | change
    return Minimum(**{name: np.array([value]) for name, value in values.items()})


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({}, "confused", ""),
        ({"converged": False}, "not_converged", "the search for the best flux did not end"),
        ({"norm": 0.0, "at_limit": True, "slope": 3.0}, "confused", "the best flux is the bound at zero"),
    ],
)
def test_a_neighbour_that_is_too_near_is_named_beside_what_else_there_is(change, status, words):
    joint = Joint({1: ("Tyc", -0.834)})
    found, reasons = statuses(joint, minimum_of(change), {"counts": np.array([0.0, 3.0])})
    assert found == ["no_exposure", status]
    assert (
        "the source cannot be told from 'Tyc': their amplitudes have an expected correlation of -0.83"
        in reasons[1]
    )
    assert words in reasons[1]
    assert reasons[1].endswith("a note")


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({}, "ok", ""),
        ({"converged": False}, "not_converged", "the search for the best flux did not end"),
        (
            {"norm": -1.0, "at_limit": True, "slope": 3.0},
            "at_bound",
            "the lowest one that leaves no cell with a prediction below zero, where there is no symmetric error",
        ),
        ({"norm": 0.0, "at_limit": True, "slope": 3.0}, "at_zero", "the best flux is the bound at zero"),
        ({"norm": 0.0, "slope": 3.0}, "ok", "a kink at the best flux, where there is no symmetric error"),
        ({"curvature": 0.0}, "ok", "a kink at the best flux, where there is no symmetric error"),
    ],
)
def test_what_the_search_says(change, status, words):
    found, reasons = statuses(Joint(), minimum_of(change), {"counts": np.array([0.0, 3.0])})
    assert found == ["no_exposure", status]
    assert reasons[0] == "bin 0 is dark"
    assert words in reasons[1]
    assert reasons[1].endswith("a note")
