"""LightCurveOrigin runs come back from bytes as they were; what is damaged is told."""

import pickletools

import numpy as np
import pytest
from dl3_files import write_store
from hypothesis import given
from hypothesis import strategies as st
from kept_runs import assert_same, kept
from small_store import START, make_store, run_file

from tevcurve import DataStore
from tevcurve.datasets.source_run import SourceRun
from tevcurve.errors import DataError
from tevcurve.store.plain import as_it_was
from tevcurve.store.run_file import content_name, head_of, run_from_bytes, run_to_bytes


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def content(store):
    return run_to_bytes(kept(store.obs(2)))


@pytest.mark.parametrize("method", ["3d", "1d"])
@pytest.mark.parametrize("obs_id", [1, 2, 3])
def test_a_run_comes_back_as_it_was(store, method, obs_id):
    run = kept(store.obs(obs_id), method)
    content = run_to_bytes(run)
    back = run_from_bytes(content, "it")
    assert_same(back, run)
    assert back.aeff.low_threshold == run.aeff.low_threshold
    assert run_to_bytes(back) == content


def test_a_background_that_turns_comes_back_with_the_site(tmp_path):
    site = {"GEOLON": 16.5, "GEOLAT": -23.27, "ALTITUDE": 1835.0}
    write_store(tmp_path, [run_file(1, 1, START, (83.63, 22.51), header=site)])
    observation = DataStore.from_dir(tmp_path).obs(1)
    object.__setattr__(observation.bkg, "fov_align", "ALTAZ")
    run = kept(observation)
    assert run.location is not None
    assert_same(run_from_bytes(run_to_bytes(run), "it"), run)


def test_real_runs_come_back(hess_dl3_dr1):
    store = DataStore.from_file(hess_dl3_dr1 / "hess-dl3-dr3-with-background.fits.gz")
    run = kept(store.obs(23523))
    content = run_to_bytes(run)
    assert_same(run_from_bytes(content, "it"), run)
    arrays = sum(
        array.nbytes for array in (run.time_s, run.energy_tev, run.lon, run.lat, run.edisp.table.values)
    )
    assert len(content) < 0.65 * arrays


def test_the_same_run_gives_the_same_bytes(store, content):
    store.obs(2).release()
    assert run_to_bytes(kept(store.obs(2))) == content
    assert content_name(content) == content_name(run_to_bytes(run_from_bytes(content, "it")))


def test_other_runs_have_other_names(store, content):
    assert content_name(run_to_bytes(kept(store.obs(1)))) != content_name(content)


def test_nothing_is_pickled(content):
    with pytest.raises(ValueError, match="opcode"):
        list(pickletools.genops(content))


def test_the_head_says_what_the_run_is(content):
    assert head_of(content, "it")["run_id"]["obs_id"] == "2"


@given(st.data())
def test_any_changed_byte_is_noticed(content, data):
    place = data.draw(st.integers(0, len(content) - 1))
    other = data.draw(st.integers(1, 255))
    damaged = bytearray(content)
    damaged[place] ^= other
    with pytest.raises(DataError, match=r"the run is (damaged|no run)"):
        run_from_bytes(bytes(damaged), "the run")


@given(st.data())
def test_a_cut_file_is_noticed(content, data):
    length = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(DataError, match="the run"):
        run_from_bytes(content[:length], "the run")


def resealed(content, old, new):
    """A run whose head was changed by someone who also made a new checksum."""
    import hashlib

    from tevcurve.store.run_file import MAGIC

    assert old in content
    rest = content[len(MAGIC) + 32 :].replace(old, new)
    return MAGIC + hashlib.sha256(rest).digest() + rest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"$kind":"run"', b'"$kind":"rum"'),
        (b'"$kind":"good time"', b'"$kind":"nice time"'),
        (b'"deadc"', b'"deadd"'),
        (b'"type":"<f8"', b'"type":"|O8"'),
        (b'"bytes":', b'"bites":'),
        (b'"shape":[', b'"shape":{'),
    ],
)
def test_what_is_no_run_is_refused_in_a_sentence(content, old, new):
    assert len(old) == len(new)
    with pytest.raises(DataError, match=r"the run cannot be read as a run: .+") as caught:
        run_from_bytes(resealed(content, old, new), "the run")
    assert "\n" not in str(caught.value)


def test_parts_that_do_not_fit_are_refused(store):
    from dataclasses import replace

    run = kept(store.obs(1))
    shorter = replace(run, lon=np.array(run.lon[:-1]))
    with pytest.raises(DataError, match="different numbers"):
        run_from_bytes(run_to_bytes(shorter), "the run")


def test_fields_that_came_later_have_their_defaults(store):
    parts = vars(kept(store.obs(1)))
    read = as_it_was(SourceRun)
    older = read({name: value for name, value in parts.items() if name not in ("location", "cut")})
    assert (older.location, older.cut, older.gti) == (None, None, parts["gti"])
    for wrong in ({name: value for name, value in parts.items() if name != "gti"}, {**parts, "new": 1}):
        with pytest.raises(DataError, match="A SourceRun has the fields"):
            read(wrong)
