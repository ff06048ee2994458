"""The configuration: its defaults are those of the call, what it writes it reads, and its mistakes have lines."""

import inspect

import astropy.units as u
import numpy as np
import pytest
import yaml
from astropy.coordinates import SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st
from small_store import TARGET, make_store

from tevcurve import LogParabola, PowerLaw, light_curve
from tevcurve.config import Config, ConfigError, read_config
from tevcurve.config.keys import HOW, INPUT, KEYS, OUTPUT
from tevcurve.errors import DataError, InputError, MissingError
from tevcurve.lightcurve.bins import by_run, by_width
from tevcurve.run_options import CHOICES

BASE = {"data": "store", "target": "Crab"}
# What a caller of light_curve has and a file has not.
ONLY_IN_PYTHON = {
    "observations",
    "choose",
    "name",
    "progress",
    "client",
}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    make_store(folder)
    return folder


def written(tmp_path, text):
    path = tmp_path / "job.yaml"
    path.write_text(text)
    return path


def test_every_argument_of_the_call_is_a_key_with_the_same_default():
    parameters = inspect.signature(light_curve).parameters
    others = {key.name for key in (*INPUT, *CHOICES, *OUTPUT)} - {"target", "instruments"} | {"reference"}
    assert set(parameters) - ONLY_IN_PYTHON == {key.name for key in KEYS} - others
    options = Config(**BASE).options()
    for name in set(parameters) & set(options) - {
        "time_bins",
        "spectrum",
        "energy_edges",
        "norm_values",
        "cache",
    }:
        default = parameters[name].default
        # 0.95 is what the call takes where neither of two is given.
        assert options[name] == (0.95 if name == "upper_limit" else default), name
    np.testing.assert_array_equal(options["energy_edges"], u.Quantity(parameters["energy_edges"].default))
    np.testing.assert_array_equal(options["norm_values"], parameters["norm_values"].default)
    assert options["time_bins"] == by_run()
    spectrum = PowerLaw(index=2.5)
    assert [p.value for p in options["spectrum"].parameters] == [p.value for p in spectrum.parameters]


def test_objects_and_texts_are_the_same():
    from_objects = Config(
        **BASE,
        position=SkyCoord(83.633, 22.0145, unit="deg"),
        energy_edges=[0.7, 20] * u.TeV,
        spectrum=LogParabola(alpha=2.2, beta=0.3),
        offset_max=1.5 * u.deg,
        free=("alpha",),
    )
    from_texts = Config(
        **BASE,
        position="83.633 deg, 22.0145 deg",
        energy_edges="0.7 TeV, 20.0 TeV",
        spectrum="LogParabola alpha=2.2 beta=0.3",
        offset_max="1.5 deg",
        free="alpha",
    )
    assert from_objects == from_texts
    assert hash(from_objects.to_yaml()) == hash(from_texts.to_yaml())


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).filter(
    lambda text: text.strip()
)
FLOATS = st.floats(min_value=1e-300, max_value=1e300)
CHANGES = st.fixed_dictionaries(
    {"data": TEXTS, "target": TEXTS},
    optional={
        "sigma": FLOATS,
        "free_ts": FLOATS,
        "background_error": st.none() | FLOATS,
        "norm_values": st.none() | st.lists(FLOATS, min_size=1) | st.just("linspace(0, 2, 5)"),
        "energy_edges": st.lists(FLOATS, min_size=2, unique=True).map(
            lambda edges: [f"{e!r} TeV" for e in sorted(edges)]
        ),
        "runs": st.none() | st.lists(st.integers(0, 2**31), min_size=1, unique=True),
        "safe_energy": st.sampled_from([None, "file", "common", 0.1, 1e-05]),
        "time_bins": st.sampled_from(
            ["night", "2 min", "blocks 0.05", "edges 2006-07-29T20:00 2006-07-29T21:00"]
        ),
        "spectrum": st.builds(lambda index: {"model": "PowerLaw", "index": index}, st.floats(-5, 5)),
        "free": st.lists(TEXTS.map(str.strip).filter(lambda t: "," not in t)),
        "negative": st.booleans(),
        "sigma_ul": st.none() | FLOATS,
        "output": st.none() | TEXTS.filter(lambda text: text.strip().lower() not in ("none", "null", "~")),
        "n_jobs": st.integers(1, 2**31),
    },
).map(lambda values: values if values.get("free") else {k: v for k, v in values.items() if k != "free_ts"})


@settings(max_examples=60)
@given(CHANGES)
def test_what_is_written_is_read_again_exactly(tmp_path_factory, changes):
    config = Config(**changes)
    path = tmp_path_factory.getbasetemp() / "round.yaml"
    path.write_text(config.to_yaml(), encoding="utf-8")
    again = read_config(path)
    assert again == config
    assert again.to_yaml() == config.to_yaml()
    # Another reader of YAML sees the same values.
    assert yaml.safe_load(path.read_text(encoding="utf-8")) == config.values()


def test_every_value_has_a_comment_and_is_there():
    lines = Config(**BASE).to_yaml().splitlines()
    for key in KEYS:
        (number,) = (k for k, line in enumerate(lines) if line.startswith(f"{key.name}:"))
        assert lines[number - 1].startswith("# ")
        assert key.description


def test_mistakes_have_the_line_and_what_is_wanted(tmp_path):
    path = written(
        tmp_path,
        "data: x\ntarget: Crab\nmethod: 2d\nn_jobs: 0\nenergy: 3\nsigma: -1\n\nspectrum:\n  model: PowerLaw\n"
        "  indx: 3\nupper_limit: 1.5\nnegative: maybe\nfree_ts: abc\noffset_max: 3\nenergy_edges: [3 TeV, 2 TeV]\n"
        "time_bins: fortnight\nsafe_energy: all\nruns: [1, 1]\n",
    )
    with pytest.raises(ConfigError) as error:
        read_config(path)
    assert str(error.value).splitlines() == [
        f"{path}, line 3: method is '2d'; wanted is 3d or 1d.",
        f"{path}, line 4: n_jobs is 0; wanted is 1 or more.",
        f"{path}, line 5: There is no key 'energy'; did you mean 'energy_edges'?",
        f"{path}, line 6: sigma is -1; wanted is a number above 0.",
        f"{path}, line 10: spectrum.indx is no parameter of PowerLaw; did you mean 'index'?",
        f"{path}, line 11: upper_limit is 1.5; wanted is a confidence level such as 0.95, 95 or 95%; in standard "
        "deviations that is sigma_ul.",
        f"{path}, line 12: negative is 'maybe'; wanted is yes or no.",
        f"{path}, line 13: free_ts is 'abc'; wanted is a number.",
        f"{path}, line 14: offset_max is 3, without a unit; wanted is an angle such as '3 deg'.",
        f"{path}, line 15: energy_edges is [3 TeV, 2 TeV], which does not increase from above 0; "
        "wanted are edges such as [0.7 TeV, 20 TeV].",
        f"{path}, line 16: time_bins: The time bins are 'fortnight'; did you mean '1 fortnight'?",
        f"{path}, line 17: safe_energy is 'all'; wanted is file, common, a fraction of the largest effective area "
        "such as 0.1 or 10%, or none.",
        f"{path}, line 18: runs is [1, 1]; wanted is all, or OBS_IDs such as [23523, 23526], each once, or a file "
        "of them.",
    ]


def test_braces_in_a_value_are_no_places_to_fill_in():
    with pytest.raises(ConfigError, match=r"position is '\{path\}'"):
        Config(**BASE, position="{path}")


def test_a_mistake_on_the_line_has_no_line_of_the_file(tmp_path):
    path = written(tmp_path, "data: x\ntarget: Crab\n")
    with pytest.raises(ConfigError, match=r"^method is '2d'; wanted is 3d or 1d\.$"):
        read_config(path, {"method": "2d"})
    with pytest.raises(ConfigError, match=r"^There is no key 'metod'; did you mean 'method'\?$"):
        read_config(path, {"metod": "2d"})
    with pytest.raises(ConfigError, match="target is missing"):
        read_config(written(tmp_path, "data: x\n"))


def test_what_is_wrong_follows_on_its_name_or_is_a_sentence_of_its_own():
    with pytest.raises(ConfigError, match=r"^instruments\.hess\.data is None; wanted is a path\.$"):
        Config(target="Crab", instruments={"hess": {"data": [None]}})
    with pytest.raises(ConfigError, match=r"^time_bins: 1 is no MJD; wanted is one from 15000"):
        Config(**BASE, time_bins="edges 1 2")


def test_files_that_are_none(tmp_path):
    with pytest.raises(DataError, match="No such file"):
        read_config(tmp_path / "nowhere.yaml")
    with pytest.raises(DataError, match="is a folder; wanted is a configuration"):
        read_config(tmp_path)
    (tmp_path / "a.png").write_bytes(b"\x89PNG\xff")
    with pytest.raises(DataError, match="is no text"):
        read_config(tmp_path / "a.png")
    with pytest.raises(InputError, match="more than 256 kB"):
        read_config(written(tmp_path, "#" * 300_000))


def test_changes_take_the_place_of_values(tmp_path):
    path = written(tmp_path, "data: x\ntarget: Crab\nspectrum:\n  model: PowerLaw\n  index: 3\nmethod: 1d\n")
    config = read_config(
        path, {"method": "3D", "spectrum.amplitude": "2e-11 cm-2 s-1 TeV-1", "sigma_ul": "2"}
    )
    assert (config.method, config.spectrum["index"], config.sigma_ul, config.upper_limit) == (
        "3d",
        3,
        2,
        None,
    )
    assert config.spectrum["amplitude"] == "2e-11 cm-2 s-1 TeV-1"
    # Another model begins anew.
    config = read_config(path, {"spectrum.model": "LogParabola", "spectrum.beta": "0.3"})
    assert set(config.spectrum) == {"model", "amplitude", "reference", "alpha", "beta"}
    config = config.changed(upper_limit=0.9, spectrum__alpha=3)
    assert (config.upper_limit, config.sigma_ul, config.spectrum["alpha"]) == (0.9, None, 3)
    with pytest.raises(
        InputError, match="only spectrum, instruments and cross_calibration have keys of their own"
    ):
        read_config(path, {"method.what": 1})


def test_limits_are_said_in_one_way(tmp_path):
    assert Config(**BASE, sigma_ul=3).upper_limit is None
    for values in ({"sigma_ul": 3, "upper_limit": 0.9}, {"upper_limit": None}):
        with pytest.raises(ConfigError, match="wanted is one of them"):
            Config(**BASE, **values)


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("upper_limit", "95", 0.95),
        ("upper_limit", 99, 0.99),
        ("upper_limit", "97.7 %", 0.977),
        ("upper_limit", "0.68", 0.68),
        ("background_error", "5%", 0.05),
        ("safe_energy", "10 %", 0.1),
        ("safe_energy", "File", "file"),
        ("energy_edges", "1-10 TeV", ["1 TeV", "10 TeV"]),
        ("energy_edges", "E > 700GeV", ">700 GeV"),
        ("time_bins", "7d", "7d"),
        ("time_bins", "1 month", "1 month"),
        ("offset_max", "2 degrees", "2 degrees"),
    ],
)
def test_words_are_taken_as_people_type_them(key, text, value):
    assert getattr(Config(data=".", target="Crab", **{key: text}), key) == value


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("upper_limit", "3 sigma", "0.95, 95 or 95%; in standard deviations that is sigma_ul"),
        ("upper_limit", "50", "0.95, 95 or 95%"),
        ("upper_limit", True, "0.95, 95 or 95%"),
        ("energy_edges", "1-10", "without a unit; wanted is a range such as 1-10 TeV"),
        (
            "energy_edges",
            "1 TeV",
            "which is one energy; wanted are two or more, the edges of the bins, such as 1-10 TeV",
        ),
        ("energy_edges", "10-1 TeV", "does not increase"),
        ("energy_edges", ">-1 TeV", "above 0"),
        ("energy_edges", ">1 s", "not convertible to TeV"),
        ("time_bins", "2m", "did you mean '2 min'?"),
    ],
)
def test_a_refusal_says_what_to_type(key, text, words):
    with pytest.raises(ConfigError) as caught:
        Config(data=".", target="Crab", **{key: text})
    assert words in str(caught.value)


def test_energies_without_an_upper_end_go_to_where_the_responses_end(store, caplog):
    config, arguments = Config(data=str(store), target="crab", energy_edges=">1 TeV").with_data()
    observation = arguments["observations"][0]
    end = min(each.energy_axis.high[-1] for each in (observation.aeff, observation.bkg))
    np.testing.assert_allclose(arguments["energy_edges"].to_value("TeV"), [1, end], rtol=1e-5)
    assert (config.target, arguments["name"]) == ("Crab", "Crab")
    assert config.energy_edges[0] == "1 TeV"
    assert f"it goes up to {end:.6g} TeV, where the responses of run 1 end" in caplog.text
    with pytest.raises(ConfigError, match="wanted are two or more"):
        Config(data=str(store), target="crab", e_reco=["1 TeV"])


def test_a_configuration_cannot_be_changed_in_place():
    config = Config(**BASE)
    with pytest.raises(ValueError, match="frozen"):
        config.method = "1d"


def test_what_is_kept_is_a_configuration_without_how_it_runs(tmp_path):
    values, text = Config(**BASE, n_jobs=4, output="x", sigma=2).to_result()
    assert read_config(written(tmp_path, text)) == Config(**BASE, sigma=2).resolved()
    assert set(values) == {key.name for key in KEYS} - set(HOW)


def test_what_is_kept_needs_no_files(tmp_path):
    (tmp_path / "edges.txt").write_text("# by eye\n53945.25\n53945.5\n53946\n")
    regions = "icrs\ncircle(84.4, 21.1, 0.3) # a star\nbox(83.6, 22, 0.4, 0.2, 30)\n"
    (tmp_path / "stars.reg").write_text(regions)
    files = {
        "time_bins": f"edges {tmp_path}/edges.txt scale=tt",
        "exclusion": [f"{tmp_path}/stars.reg", "circle(1, 2, 3)"],
    }
    config = Config(**BASE, **files)
    _, text = config.to_result()
    expected = config.options()
    for file in ("edges.txt", "stars.reg"):
        (tmp_path / file).unlink()
    with pytest.raises(InputError, match="no file"):
        Config(**BASE, **files)
    again = read_config(written(tmp_path, text))
    assert again.time_bins == "edges 53945.25 53945.5 53946 scale=tt"
    made = again.options()
    assert (made["time_bins"].start == expected["time_bins"].start).all()
    assert [str(region) for region in made["exclusion"]] == [str(region) for region in expected["exclusion"]]


def test_the_light_curve_is_that_of_the_call(store, tmp_path):
    config = Config(
        data=store, target="Crab", energy_edges="0.7,10 TeV", time_bins="5 min", safe_energy=None, cache=None
    )
    made = light_curve(**read_config(written(tmp_path, config.to_yaml())).arguments())
    expected = light_curve(store, "Crab", by_width("5 min"), [0.7, 10] * u.TeV, safe_energy=None)
    assert made.meta["source"] == "Crab"
    for name in expected.table.colnames:
        np.testing.assert_array_equal(np.asarray(made.table[name]), np.asarray(expected.table[name]), name)


def test_runs_and_positions_are_chosen(store):
    options = {"data": store, "target": "Crab"}
    found = Config(**options).arguments()
    assert [one.obs_id for one in found["observations"]] == [1, 2, 3]
    assert found["target"].separation(TARGET) < 1e-6 * u.deg
    found = Config(**options, runs=[3, 1], position="83.7 deg, 22.1 deg").arguments()
    assert [one.obs_id for one in found["observations"]] == [3, 1]
    assert (found["target"].ra.deg, found["name"]) == (83.7, "Crab")
    # The name of a source that the index does not have, at a place that runs point to.
    found = Config(data=store, target="blob", position="83.7 deg, 22.1 deg").arguments()
    assert (len(found["observations"]), found["name"]) == (3, "blob")
    with pytest.raises(MissingError, match="has no run 7 of Crab; it has 1, 2, 3"):
        Config(**options, runs=[7]).arguments()
    with pytest.raises(MissingError, match="no target 'blob'"):
        Config(data=store, target="blob").arguments()


def test_phases_at_the_barycentre_know_the_position(store):
    config = Config(
        data=store, target="Crab", time_bins="phase 4 frequency=29.9Hz epoch=53000 barycentre=yes"
    )
    assert config.arguments()["time_bins"].position.separation(TARGET) < 1e-6 * u.deg


def test_variables_in_paths(store, monkeypatch):
    monkeypatch.setenv("DL3", str(store.parent))
    config = Config(data=f"$DL3/{store.name}", target="Crab")
    assert config.data == f"$DL3/{store.name}"
    assert len(config.arguments()["observations"]) == 3


def test_the_cache_of_reduced_runs_is_in_that_of_the_user(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert Config(**BASE).options()["cache"] == str(tmp_path / "tevcurve" / "runs")
    assert Config(**BASE, cache=None).options()["cache"] is None
    assert Config(**BASE, cache="runs").options()["cache"] == "runs"


ODD = (
    None,
    True,
    -1,
    0,
    3,
    1e400,
    float("nan"),
    "",
    " ",
    "none",
    "x",
    "3",
    "nan",
    "1e999 TeV",
    "0 TeV, 1 TeV",
    "{}",
)
ODD += (
    [],
    [None],
    [[]],
    ["x"],
    [1, 2],
    [True],
    {},
    {"model": 3},
    {"x": {"y": 1}},
    {"index": None},
    "a\x00b",
    "\U0001f600",
)
ODD += (
    "geomspace(1 TeV, 2 TeV, 3",
    "edges",
    "edges ..",
    "phase 3",
    "night night",
    "counts 1e300",
    "counts -5",
    b"bytes",
    object(),
)


def told(error):
    return bool(str(error)) and "\n" not in str(error)


@pytest.mark.filterwarnings("ignore:ERFA function")
@pytest.mark.parametrize("name", [key.name for key in KEYS])
def test_an_odd_value_is_taken_or_told(name):
    for value in ODD:
        try:
            config = Config(**(BASE | {name: value}))
        except ConfigError as error:
            if not told(error):
                raise
        else:
            config.options()


def test_edges_may_be_a_list(tmp_path):
    text = "data: x\ntarget: y\ntime_bins: [2006-07-29 20:00, 2006-07-29T21:00:00]\n"
    made = read_config(written(tmp_path, text)).options()["time_bins"]
    assert made.start.isot.tolist() == ["2006-07-29T20:00:00.000"]
    made = read_config(
        written(tmp_path, "version: 1\n" + text.split("time")[0] + "time_bins: [53945.25, 53946]\n")
    ).options()["time_bins"]
    assert made.stop.mjd.tolist() == [53946]
    assert made.stop.scale == "tt"


@pytest.mark.parametrize(
    "bins",
    [
        "[53945.25, 53946]",
        "edges 53945.25 53946",
        "intervals 53945.25 53946",
        "2 min start=53945",
        "sliding 10min 2min start=53945",
        "phase 4 period=3d epoch=53000",
        "edges FILE",
    ],
)
def test_plain_times_of_a_file_without_a_version_are_refused(tmp_path, bins):
    (tmp_path / "edges.txt").write_text("53945.25\n53946\n")
    bins = bins.replace("FILE", str(tmp_path / "edges.txt"))
    text = f"data: x\ntarget: y\ntime_bins: {bins}\n"
    path = written(tmp_path, text)
    with pytest.raises(
        ConfigError, match=r"line 3: time_bins has plain numbers .* write `version: 1` .* scale=utc"
    ):
        read_config(path)
    assert read_config(path, {"time_bins": "night"}).time_bins == "night"
    assert read_config(written(tmp_path, "version: 1\n" + text)).version == 1
    if not bins.startswith("["):
        assert read_config(written(tmp_path, text[:-1] + " scale=utc\n")).version == 1
    with pytest.raises(ConfigError, match="version is 7; wanted is 1"):
        read_config(written(tmp_path, "version: 7\n" + text))


def test_times_with_a_scale_need_no_version(tmp_path):
    for bins in ("night", "edges 2006-07-29T20:00 2006-07-29T21:00", "['53945 utc', '53946 utc']"):
        assert read_config(written(tmp_path, f"data: x\ntarget: y\ntime_bins: {bins}\n")).version == 1
    text = Config(data="x", target="y").to_yaml()
    assert "\nversion: 1\n" in text


def test_lists_on_the_line_may_have_their_brackets():
    """As the help and the comments of a configuration write them."""
    with_brackets = Config(
        data="x", target="y", energy_edges="[0.7 TeV,2 TeV, 20 TeV]", runs="[23523, 23526]", free="[index]"
    )
    without = Config(data="x", target="y", energy_edges="0.7,2,20 TeV", runs="23523,23526", free="index")
    assert with_brackets == without
