"""Instruments with names, runs and settings of their own: rows are what each gives alone, under its name everywhere."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from dl3_files import write_store
from small_store import TARGET
from two_instruments import NAMES, make_stores, runs_of

from tevcurve import CrossCalibration, DataStore, Instrument, Result, Systematic, light_curve, write_result
from tevcurve.errors import DataError, InputError, MissingError
from tevcurve.models import PowerLaw
from tevcurve.pipeline import engine
from tevcurve.store import input_files

OPTIONS = {
    "energy_edges": [0.7, 2, 10] * u.TeV,
    "method": "1d",
    "spectrum": PowerLaw(index=2.5, amplitude="3e-11 cm-2 s-1 TeV-1"),
    "time_bins": "20 min",
    "norm_values": None,
}
OWN = {
    "HESS": {"safe_energy": 0.1, "on_radius": "0.11 deg"},
    "MAGIC": {"safe_energy": None, "on_radius": "0.2 deg", "responses": "centre"},
}
CALLED = {"HESS": "south", "MAGIC": "north"}
SAME = (
    "time_min",
    "counts",
    "flux",
    "flux_err",
    "flux_ul",
    "ts",
    "npred",
    "loglike",
    "e_min_fit",
    "livetime",
    "reason",
)


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    return make_stores(tmp_path_factory.mktemp("stores"))


@pytest.fixture(scope="module")
def alone(stores):
    return [light_curve(stores[name], TARGET, **OPTIONS, **OWN[name]) for name in NAMES]


def instruments_of(stores, **more):
    return {CALLED[name]: Instrument(stores[name], **OWN[name], **more) for name in NAMES}


def make(stores, **options):
    return light_curve(target=TARGET, instruments=instruments_of(stores), **OPTIONS, **options)


@pytest.fixture(scope="module")
def made(stores):
    return make(stores)


def assert_same_rows(one, others):
    """Rows are those of other light curves, instrument by instrument, to the last digit."""
    for name in SAME:
        wanted = np.concatenate([np.asarray(other.table[name]) for other in others])
        found = np.concatenate([np.asarray(one.of_instrument(CALLED[each]).table[name]) for each in NAMES])
        np.testing.assert_array_equal(found, wanted, err_msg=name)


def test_rows_are_those_of_each_alone_under_its_name(made, alone):
    assert_same_rows(made, alone)
    assert sorted(made.instruments) == ["north", "south"]
    assert {run.run_id.full_text() for run in made.origin.runs} == {
        *(f"south {number}" for number in (1, 2, 3)),
        *(f"north {number}" for number in (1, 2, 3, 4)),
    }
    assert {run.run_id.instrument: run.telescope for run in made.origin.runs} == {
        "south": "HESS",
        "north": "MAGIC",
    }
    assert set(made.ledger.events["instrument"]) == {"north", "south"}
    assert "north: none" in made.meta["safe_energy"]
    assert made.origin.instruments == {"south": None, "north": None}


def test_names_come_from_processes_caches_and_files(stores, alone, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    assert_same_rows(make(stores, n_jobs=2, cache=cache), alone)
    kept = {path.name: path.read_bytes() for path in cache.glob("??/*.run")}
    assert len(kept) == 7
    # The cache knows runs by what their files say: other names find them there.
    renamed = {
        "a": Instrument(stores["HESS"], **OWN["HESS"]),
        "b": Instrument(stores["MAGIC"], **OWN["MAGIC"]),
    }
    again = light_curve(target=TARGET, instruments=renamed, **OPTIONS, cache=cache)
    assert set(again.instruments) == {"a", "b"}
    light_curve([stores[name] for name in NAMES], TARGET, **OPTIONS, cache=cache)
    assert {path.name: path.read_bytes() for path in cache.glob("??/*.run")} == kept
    monkeypatch.setattr(engine, "MANY", 1)
    assert_same_rows(make(stores, cache=cache), alone)


def test_a_result_keeps_names_and_telescopes(made, stores, tmp_path):
    runs = [one.called(CALLED[name]) for name in NAMES for one in stores[name].get_observations()]
    folder = write_result(tmp_path / "result", made, inputs=input_files(runs))
    read = Result.read(folder)
    origin = read.light_curve.origin
    assert [(run.run_id, run.telescope) for run in origin.runs] == [
        (run.run_id, run.telescope) for run in made.origin.runs
    ]
    assert origin.instruments == made.origin.instruments
    assert {each["instrument"] for each in read.provenance["inputs"]} == {"north", "south"}
    assert_same_rows(
        read.light_curve.rebin("20 min"), [made.of_instrument("south"), made.of_instrument("north")]
    )


def test_two_sets_of_one_telescope_are_two_instruments(stores):
    first, second = Instrument(stores["HESS"], runs=[1]), Instrument(stores["HESS"], runs=[3, 2], method="1d")
    made = light_curve(target=TARGET, instruments={"early": first, "late": second}, **OPTIONS)
    assert {str(run.run_id): run.run_id.instrument for run in made.origin.runs} == {
        "1": "early",
        "2": "late",
        "3": "late",
    }


def test_one_run_in_two_instruments_is_refused(stores, tmp_path):
    both = {"a": Instrument(stores["HESS"], runs=[1, 2]), "b": Instrument(stores["HESS"], runs=[2])}
    with pytest.raises(InputError, match="OBS_ID 2 is one run, and both 'a' and 'b' have it"):
        light_curve(target=TARGET, instruments=both, **OPTIONS)
    # Another copy of the files is told by what they say.
    copy = make_stores(tmp_path)["HESS"]
    both = {"HESS": Instrument(stores["HESS"]), "b": Instrument(copy, runs=[2])}
    with pytest.raises(InputError, match="OBS_ID 2 is one run, and both"):
        light_curve(target=TARGET, instruments=both, **OPTIONS)


def test_what_goes_to_no_instrument_is_refused(stores):
    both = instruments_of(stores)
    with pytest.raises(InputError, match="both are given; wanted is one"):
        light_curve(stores["HESS"], TARGET, instruments=both, **OPTIONS)
    with pytest.raises(InputError, match="neither is given; wanted is one"):
        light_curve(target=TARGET)
    with pytest.raises(InputError, match="target is None"):
        light_curve(stores["HESS"])
    with pytest.raises(InputError, match="instruments is \\[\\]; wanted is a dict"):
        light_curve(target=TARGET, instruments=[])
    for nothing in (Instrument(None), {"data": None}):
        with pytest.raises(InputError, match="The instrument 'x' has no data"):
            light_curve(target=TARGET, instruments={"x": nothing})
    for runs in (3, [], "12"):
        with pytest.raises(
            InputError, match=r"runs of the instrument 'x' is .*; wanted is a list of OBS_IDs"
        ):
            light_curve(target=TARGET, instruments={"x": Instrument(stores["HESS"], runs=runs)})
    with pytest.raises(DataError, match=r"Of the instrument 'x': .*nowhere"):
        light_curve(target=TARGET, instruments={"x": Instrument("nowhere")})
    for name in ("", " x", "a, b", "x/y", "M\xe4", "from", 3):
        with pytest.raises(InputError, match=r"An instrument is called .*; wanted is a name of letters"):
            light_curve(target=TARGET, instruments={name: both["south"]})
    wrong = both | {"north": replace(both["north"], on_radius="wide")}
    with pytest.raises(
        InputError, match="Of the instrument 'north': on_radius is 'wide'; wanted is an angle"
    ):
        light_curve(target=TARGET, instruments=wrong, **OPTIONS)
    with pytest.raises(InputError, match="The instrument 'x' has 'radius'; what one has is data, method"):
        light_curve(target=TARGET, instruments={"x": {"data": "y", "radius": 3}})
    wrong = both | {"north": replace(both["north"], binsz="0.1 deg")}
    with pytest.raises(InputError, match="Of the instrument 'north': method='1d' has no use for binsz"):
        light_curve(target=TARGET, instruments=wrong, **OPTIONS)
    with pytest.raises(MissingError, match=r"Of the instrument 'south': .* has no run 9"):
        light_curve(target=TARGET, instruments={"south": Instrument(stores["HESS"], runs=[9])}, **OPTIONS)
    with pytest.raises(InputError, match="data_root and irfs say how paths are opened"):
        light_curve(target=TARGET, instruments={"x": Instrument(stores["HESS"], irfs="x.fits")}, **OPTIONS)


def test_names_of_what_is_not_known_are_those_of_instruments(stores):
    with pytest.raises(
        InputError, match=r"'x' is of the cross-calibration, and no instrument .*; these are south, north"
    ):
        make(stores, cross_calibration=CrossCalibration(reference="south", sigma={"x": "free"}))
    with pytest.raises(InputError, match="'HESS' is the reference of the cross-calibration"):
        make(stores, cross_calibration=CrossCalibration(reference="HESS", sigma={"north": "free"}))
    wrong = Systematic(effect="flux_scale", sigma=0.1, by="night", instruments=("MAGIC",))
    with pytest.raises(InputError, match="'MAGIC' is of the systematic flux_scale, and no instrument"):
        make(stores, systematics=[wrong])
    with pytest.raises(InputError, match="and observations are given; wanted is instruments"):
        light_curve(stores["HESS"], TARGET, systematics=wrong, **OPTIONS)
    with pytest.raises(InputError, match="cross_calibration is 'free'; wanted is a CrossCalibration"):
        make(stores, cross_calibration="free")


def test_what_does_not_go_with_scales_is_refused(stores):
    calibration = CrossCalibration(reference="south", sigma={"north": 0.1}, from_="constant")
    both = {CALLED[name]: Instrument(stores[name]) for name in NAMES}
    for wrong, words in (
        ({"free": ("index",)}, "free is index, which does not go with a cross-calibration"),
        ({"stacked": True}, "stacked is True, which does not go with a cross-calibration"),
        ({"interval": "feldman-cousins"}, "interval is 'feldman-cousins', which does not go with"),
    ):
        with pytest.raises(InputError, match=words):
            light_curve(target=TARGET, instruments=both, cross_calibration=calibration, **OPTIONS, **wrong)


def test_an_instrument_that_has_not_the_place_of_a_name_takes_it_from_another(tmp_path, caplog):
    runs = runs_of(NAMES)
    for run in runs["HESS"]:
        del run.header["RA_OBJ"], run.header["DEC_OBJ"]
    runs["MAGIC"] = [replace(run, target="Taurus A") for run in runs["MAGIC"]]
    folders = {name: str(write_store(tmp_path / name, runs[name])) for name in NAMES}
    instruments = {
        "HESS": Instrument(folders["HESS"]),
        "MAGIC": Instrument(folders["MAGIC"], target="Taurus A"),
    }
    made = light_curve(target="Crab", instruments=instruments, **OPTIONS)
    assert made.meta["source"] == "Crab"
    assert made.origin.source == pytest.approx((TARGET.ra.rad, TARGET.dec.rad))
    assert made.origin.instruments == {"HESS": "Crab", "MAGIC": "Taurus A"}
    assert "is not known" not in caplog.text
    instruments["HESS"] = Instrument(folders["HESS"], target="M 1")
    again = light_curve(target="Crab", instruments=instruments, **OPTIONS)
    assert "'M 1' is not known to" in caplog.text
    np.testing.assert_array_equal(again.table["flux"], made.table["flux"])
    del instruments["MAGIC"]
    with pytest.raises(MissingError, match="Of the instrument 'HESS': The index has no target 'M 1'"):
        light_curve(target="Crab", instruments=instruments, **OPTIONS)
    with pytest.raises(
        InputError, match="Of the instrument 'HESS': No observation of 'Crab' has the position"
    ):
        light_curve(target="Crab", instruments={"HESS": Instrument(folders["HESS"])}, **OPTIONS)


def test_methods_may_differ_and_rows_are_those_of_each_alone(stores):
    options = {name: value for name, value in OPTIONS.items() if name != "method"}
    methods = {"HESS": "3d", "MAGIC": "1d"}
    instruments = {CALLED[name]: Instrument(stores[name], method=methods[name]) for name in NAMES}
    # What only one of the methods uses goes to those that have it.
    own = {"3d": {"binsz": "0.1 deg"}, "1d": {"on_radius": "0.2 deg"}}
    made = light_curve(target=TARGET, instruments=instruments, **options, **own["3d"], **own["1d"])
    alone = [
        light_curve(stores[name], TARGET, method=methods[name], **options, **own[methods[name]])
        for name in NAMES
    ]
    assert_same_rows(made, alone)
    assert made.meta["method"] == "south: 3d, north: 1d"
    for wrong, words in (
        ({"free": ("index",)}, "free is index, and some instruments are in 3D and others in 1D"),
        ({"interval": "feldman-cousins"}, "interval is 'feldman-cousins', and some instruments are in 3D"),
        ({"background": "shape"}, "background='shape' is for ON and OFF counts"),
    ):
        with pytest.raises(InputError, match=words):
            light_curve(target=TARGET, instruments=instruments, **options, **wrong)


def test_nights_are_those_of_the_reference(stores):
    for reference, other in (("south", "north"), ("north", "south")):
        calibration = CrossCalibration(reference=reference, sigma={other: 0.1})
        made = make(stores, cross_calibration=calibration)
        site = next(iter(stores["HESS"].get_observations())).location
        assert made.origin.systematics.night_lon_rad == pytest.approx(site.lon.rad)
    assert make(stores).origin.systematics.night_lon_rad is None


def test_nights_of_a_law_are_those_of_each_instrument(stores):
    by_night = Systematic(effect="flux_scale", sigma=0.1, by="night")
    lon_rad = next(iter(stores["HESS"].get_observations())).location.lon.rad
    made = light_curve(stores["HESS"], TARGET, systematics=by_night, **OPTIONS)
    assert made.origin.systematics.sites == {"HESS": pytest.approx(lon_rad)}
    assert set(make(stores, systematics=by_night).origin.systematics.sites) == {"south", "north"}


def test_an_error_of_the_background_by_row_is_the_option(stores):
    by_row = Systematic(effect="background", sigma=0.05, by="row")
    made = light_curve(stores["HESS"], TARGET, systematics=by_row, **OPTIONS)
    wanted = light_curve(stores["HESS"], TARGET, background_error=0.05, **OPTIONS)
    np.testing.assert_array_equal(made.table["flux_err"], wanted.table["flux_err"])
    assert made.table.colnames == wanted.table.colnames
    with pytest.raises(InputError, match="is what background_error says"):
        light_curve(stores["HESS"], TARGET, systematics=by_row, background_error=0.05, **OPTIONS)


def test_lists_of_observations_are_chosen_by_the_name_of_the_target(stores, tmp_path):
    far = replace(runs_of(("MAGIC",))["MAGIC"][0], obs_id=9, target="Other", pointing=(100.0, 20.0))
    runs = [
        *stores["MAGIC"].get_observations(),
        *DataStore.from_dir(write_store(tmp_path, [far])).get_observations(),
    ]
    instruments = {"south": Instrument(stores["HESS"]), "north": Instrument(runs)}
    made = light_curve(target="Crab", instruments=instruments, **OPTIONS)
    assert {str(run.run_id) for run in made.origin.runs if run.run_id.instrument == "north"} == set("1234")
    assert made.ledger.failed == ()
    # With a position they are taken as they are, as without instruments.
    made = light_curve(target=TARGET, instruments={"north": Instrument(runs[3:])}, **OPTIONS)
    assert [str(run.run_id) for run in made.origin.runs] == ["4"]
    assert [one.obs_id for one in made.ledger.failed] == ["9"]


def test_an_instrument_without_a_run_that_can_be_used_is_told(tmp_path, stores, caplog):
    runs = [replace(run, cut=0.1) for run in runs_of(("MAGIC",))["MAGIC"]]
    point_like = str(write_store(tmp_path, runs))
    options = OPTIONS | {"method": "3d"}
    instruments = {"south": Instrument(stores["HESS"]), "north": Instrument(point_like)}
    made = light_curve(target=TARGET, instruments=instruments, **options)
    assert {run.run_id.instrument for run in made.origin.runs} == {"south"}
    assert {one.run_id.instrument for one in made.ledger.failed} == {"north"}
    assert "No run of the instrument 'north' can be used; the first: HDU" in caplog.text
