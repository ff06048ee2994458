"""What is inflated by isal, and by zlib, and what neither can inflate."""

import gzip
import zlib

import numpy as np
import pytest

from tevcurve.errors import DataError
from tevcurve.files import inflating
from tevcurve.files.inflating import inflate_array, inflate_members

WHERE = "The gzip file x"
CONTENT = np.random.default_rng(1).normal(size=20_000).astype(">f4").tobytes() + bytes(50_000)


@pytest.fixture(params=["isal", "zlib"])
def library(request, monkeypatch):
    """Each of the two libraries, alone or first."""
    if request.param == "isal":
        pytest.importorskip("isal")
    else:
        monkeypatch.setattr(inflating, "isal_zlib", None)
    return request.param


def outcome(content, limit=10**6):
    """The content, or why there is none."""
    try:
        return bytes(inflate_members(content, WHERE, limit))
    except DataError as error:
        return str(error)


def test_all_members_are_there_and_what_follows_them_is_not(library, monkeypatch):
    """A faster function of another library drops the second member without a word."""
    monkeypatch.setattr(inflating, "_FIRST", 10_000)
    monkeypatch.setattr(inflating, "_CHUNK", 7_000)
    first, second = gzip.compress(CONTENT[:90_000]), gzip.compress(CONTENT[90_000:])
    for content in (gzip.compress(CONTENT), first + second, first + gzip.compress(b"") + second + bytes(512)):
        assert outcome(content) == CONTENT
        assert outcome(content, len(CONTENT)) == CONTENT
    assert outcome(gzip.compress(b"")) == b""


def test_no_more_is_made_than_the_limit_allows(library):
    words = f"{WHERE} inflates to more than 1000 bytes, which is what is wanted at most (largest_file)."
    assert outcome(gzip.compress(bytes(10**6)), 1000) == words
    assert outcome(gzip.compress(bytes(600)) + gzip.compress(bytes(600)), 1000) == words


def test_damage_is_told_in_the_words_of_zlib(library):
    whole = gzip.compress(CONTENT, mtime=0)
    damaged = {"end": whole[:-3], "middle": whole[:5000], "header": whole[:7]}
    for content in damaged.values():
        assert outcome(content) == f"{WHERE} is cut off: its end is missing."
    for place, words in (
        (-1, "incorrect length check"),
        (-6, "incorrect data check"),
        (2, "unknown compression"),
    ):
        content = bytearray(whole)
        content[place] ^= 1
        assert words in outcome(bytes(content))
        assert words in outcome(gzip.compress(b"first") + bytes(content))
    content = bytearray(whole)
    content[3] |= 0x40
    assert outcome(bytes(content)) == f"{WHERE} is damaged: reserved flags are set."


def test_damaged_bytes_end_alike_with_both(monkeypatch):
    """Bytes that are changed at random: the same content, or the same sentence."""
    pytest.importorskip("isal")
    rng = np.random.default_rng(2)
    whole = np.frombuffer(gzip.compress(CONTENT[-51_000:], mtime=0) * 2, dtype=np.uint8)
    files = []
    for number in range(150):
        content = whole.copy()
        # Some only in the first header, where there is a time that nobody needs.
        content[rng.integers(0, len(content) if number % 3 else 10, rng.integers(1, 4))] = rng.integers(
            0, 256
        )
        files.append(content[: rng.integers(len(content) // 2, 2 * len(content))].tobytes())
    with_isal = [outcome(content) for content in files]
    monkeypatch.setattr(inflating, "isal_zlib", None)
    assert with_isal == [outcome(content) for content in files]
    assert any(isinstance(one, bytes) for one in with_isal)


def test_arrays_have_as_many_bytes_as_announced(library):
    stream = zlib.compress(CONTENT, 1)
    assert inflate_array(memoryview(stream), len(CONTENT)) == CONTENT
    assert inflate_array(zlib.compress(b""), 0) == b""
    for size in (len(CONTENT) - 1, len(CONTENT) + 1):
        with pytest.raises(DataError, match=f"should have {size} bytes; it has others"):
            inflate_array(stream, size)
    with pytest.raises(DataError, match=f"should have {len(CONTENT)} bytes; it has others"):
        inflate_array(stream[:-5], len(CONTENT))
    with pytest.raises(DataError, match="is damaged: Error -3"):
        inflate_array(b"no stream at all", 10)
