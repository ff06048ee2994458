"""Lists of checksums: what they refuse, and that other tools read them."""

import hashlib
import shutil
import subprocess

import pytest

from tevcurve.errors import DataError
from tevcurve.files import CHECKSUMS, Checksums, checksums_text

CONTENT = b"some content"
DIGITS = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "file name").write_bytes(CONTENT)
    (tmp_path / CHECKSUMS).write_text(checksums_text({"inner/file name": DIGITS}))
    return tmp_path


def test_what_is_as_it_was_written_is_read(folder):
    assert Checksums.of(folder).read("inner/file name") == CONTENT


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="There is no sha256sum.")
def test_the_list_is_one_for_sha256sum(folder):
    subprocess.run(
        ["sha256sum", "--check", "--strict", CHECKSUMS], cwd=folder, check=True, capture_output=True
    )


def test_what_is_changed_is_refused_and_taken_when_asked_for(folder, caplog):
    (folder / "inner" / "file name").write_bytes(b"Some content")
    with pytest.raises(DataError, match=r"file name is not as it was written.*--accept-changed"):
        Checksums.of(folder).read("inner/file name")
    accepting = Checksums.of(folder, accept_changed=True)
    assert accepting.read("inner/file name") == accepting.read("inner/file name") == b"Some content"
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_files_that_are_not_listed_and_folders_without_a_list_are_taken(folder, tmp_path):
    (folder / "other").write_bytes(b"x")
    assert Checksums.of(folder).read("other") == b"x"
    (folder / CHECKSUMS).unlink()
    (folder / "inner" / "file name").write_bytes(b"y")
    assert Checksums.of(folder).read("inner/file name") == b"y"


@pytest.mark.parametrize("content", [b"nothing", b"\xff", b"00  x", DIGITS.encode() + b" x"])
def test_a_damaged_list_is_refused(folder, content):
    (folder / CHECKSUMS).write_bytes(content)
    with pytest.raises(DataError, match="has lines that are no checksums"):
        Checksums.of(folder)
    assert Checksums.of(folder, accept_changed=True).read("inner/file name") == CONTENT


def test_a_file_that_should_be_listed(folder):
    (folder / "table").write_bytes(b"x")
    Checksums.of(folder).check_listed(["not there", "inner/file name"])
    with pytest.raises(DataError, match="table is not in the list"):
        Checksums.of(folder).check_listed(["table"])
