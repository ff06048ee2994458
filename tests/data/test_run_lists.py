"""Files of OBS_IDs."""

import pytest

from tevcurve.data.run_lists import is_run_list, runs_of_file
from tevcurve.errors import InputError


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("23523\n23526\n", ["23523", "23526"]),
        ("# good ones\n23523 23526\n\n23559  # the last\n", ["23523", "23526", "23559"]),
        ("OBS_ID\n23523,23526,", ["23523", "23526"]),
        ("HESS 23523\nnight-2", ["HESS 23523", "night-2"]),
    ],
)
def test_runs_of_a_file(tmp_path, text, runs):
    path = tmp_path / "good.txt"
    path.write_text(text)
    assert is_run_list(str(path))
    assert runs_of_file(path) == runs


def test_what_cannot_be_read_is_told(tmp_path):
    with pytest.raises(
        InputError, match=r"nowhere.txt', a file that cannot be read .*; wanted is one with an OBS_ID"
    ):
        runs_of_file(tmp_path / "nowhere.txt")
    (tmp_path / "empty.txt").write_text("# none\n")
    with pytest.raises(InputError, match="a file without an OBS_ID"):
        runs_of_file(tmp_path / "empty.txt")
    (tmp_path / "binary.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="it is no text"):
        runs_of_file(tmp_path / "binary.txt")


@pytest.mark.parametrize("text", ["23523", "[23523, 23526]", "23523,23526", "HESS 23523", "all"])
def test_obs_ids_are_no_files(text):
    assert not is_run_list(text)
