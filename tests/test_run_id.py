"""The identity of a run: in order, in words, in names of files and in JSON."""

import json

import pytest

from tevcurve.errors import DataError
from tevcurve.run_id import RunId, names_of


def test_numbers_are_in_their_order_and_texts_after_them():
    ids = [RunId.of(one, instrument) for instrument in ("HESS", "", "MAGIC") for one in (100, 9, "x7", "009")]
    expected = [("", "009"), ("", "9"), ("", "100"), ("", "x7")]
    assert [(one.instrument, one.obs_id) for one in sorted(ids)][:4] == expected
    assert [one.instrument for one in sorted(ids)][4:] == ["HESS"] * 4 + ["MAGIC"] * 4


def test_one_obs_id_of_two_instruments_is_two_runs():
    one, other = RunId.of(7, "HESS"), RunId.of("7", "MAGIC")
    assert one != other
    assert len({one, other, RunId.of(7, "HESS ")}) == 2
    assert not one.may_be(other)
    assert one.may_be(RunId.of(7))
    assert RunId.of(7).may_be(other)
    assert not one.may_be(RunId("HESS", "7", "b"))


def test_words_have_the_instrument_where_there_are_several():
    hess, magic = RunId.of(7, "HESS"), RunId.of(7, "MAGIC")
    assert str(hess) == "7"
    assert hess.full_text() == "HESS 7"
    assert names_of([hess, RunId.of(8, "HESS")]) == {hess: "7", RunId.of(8, "HESS"): "8"}
    assert names_of([hess, magic]) == {hess: "HESS 7", magic: "MAGIC 7"}


@pytest.mark.parametrize("instrument", ["", "H.E.S.S. I", "../../etc", "a/b\\c", "..", "é\n", "x" * 300])
def test_names_of_files_are_safe(instrument):
    text = RunId(instrument, "7/../8", "").file_text()
    assert 0 < len(text) < 130
    assert not text.startswith(".")
    assert text.isascii()
    assert not set(text) & set('/\\ \n:*?"<>|')
    assert RunId(instrument, "", "").file_text()


def test_json_has_it_in_plain_fields():
    one = RunId("H.E.S.S.", "23523", "2")
    assert json.loads(json.dumps(one.plain())) == {"instrument": "H.E.S.S.", "obs_id": "23523", "part": "2"}
    assert RunId.from_plain(one.plain()) == one
    for wrong in ({"obs_id": "1"}, {"instrument": "", "obs_id": 1, "part": ""}):
        with pytest.raises(DataError, match="a run is known by"):
            RunId.from_plain(wrong)
