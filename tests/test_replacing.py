"""Files are replaced as a whole or not at all, and errors name the file that was asked for."""

import pytest

from tevcurve.errors import StoreError
from tevcurve.replacing import replace_file


def test_a_file_is_replaced_where_a_link_leads(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    replace_file(tmp_path / "link", b"new")
    assert (tmp_path / "real").read_bytes() == b"new"
    assert (tmp_path / "link").is_symlink()


def test_what_cannot_be_written_is_named_as_it_was_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match=r"^nowhere/a\.csv cannot be written: No such file or directory\.$"):
        replace_file("nowhere/a.csv", b"new")
    assert not list(tmp_path.iterdir())
