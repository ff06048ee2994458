"""Checksums of HDUs, as astropy writes them."""

import numpy as np
import pytest
from astropy.io import fits

from tevcurve.files import FitsFile
from tevcurve.files.hdu_checksums import ones_complement_sum
from tevcurve.problems import noted_remarks


@pytest.fixture
def file(tmp_path):
    values = np.random.default_rng(1).normal(size=1001)
    table = fits.BinTableHDU.from_columns([fits.Column("X", "D", array=values)], name="T")
    table.header["WORD"] = "one"
    path = tmp_path / "a.fits"
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(path, checksum=True)
    return path


def remarks_of(path):
    with noted_remarks() as remarks:
        FitsFile.open(path).table("T")
    return [words for _, words in remarks]


def test_a_file_as_it_was_written_has_no_remark(file):
    assert remarks_of(file) == []


@pytest.mark.parametrize(
    ("old", "new", "words"), [(b"'one     '", b"'two     '", "its CHECKSUM"), (None, None, "its DATASUM")]
)
def test_what_was_changed_afterwards_is_told(file, old, new, words):
    content = file.read_bytes()
    if old is None:
        content = bytearray(content)
        content[2 * 2880 + 100] ^= 1
    else:
        content = content.replace(old, new)
    file.write_bytes(content)
    assert words in remarks_of(file)[0]


def test_the_sum_is_that_of_the_words_with_carry():
    words = [0xFFFFFFFF, 2, 0x80000000, 0x80000001]
    content = b"".join(word.to_bytes(4, "big") for word in words)
    # FFFFFFFF is 0 in ones' complement; 2 + 80000000 + 80000001 = 1 00000003, and the carry makes 4.
    assert ones_complement_sum(content) == 4
    assert ones_complement_sum(b"\x01") == 0x01000000
