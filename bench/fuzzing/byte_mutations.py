"""Ways to damage the bytes of a file; each takes a random generator and the content, and returns another."""

import re

from fuzzing.headers import pick


def flip_bits(rng, content):
    """Some bits the other way round."""
    content = bytearray(content)
    for position in rng.integers(0, len(content), int(2 ** rng.integers(0, 9))):
        content[position] ^= 1 << int(rng.integers(8))
    return bytes(content)


def flip_bits_of_headers(rng, content):
    """Bits the other way round where headers are."""
    content = bytearray(content)
    starts = [m.start() for m in re.finditer(rb"SIMPLE  =|XTENSION=", bytes(content))] or [0]
    for _ in range(int(2 ** rng.integers(0, 6))):
        position = pick(rng, starts) + int(rng.integers(3000))
        if position < len(content):
            content[position] ^= 1 << int(rng.integers(8))
    return bytes(content)


def truncate(rng, content):
    """The end cut off: anywhere, or by a little."""
    return (
        content[: int(rng.integers(len(content)))]
        if rng.random() < 0.7
        else content[: -int(rng.integers(1, 9000))]
    )


def overwrite(rng, content):
    """A piece of zeros, ones, noise, or of another place."""
    start = int(rng.integers(len(content)))
    length = min(int(2 ** rng.integers(0, 16)), len(content) - start)
    other = int(rng.integers(len(content) - length + 1))
    piece = pick(rng, (bytes(length), b"\xff" * length, rng.bytes(length), content[other : other + length]))
    return content[:start] + piece + content[start + length :]


def insert(rng, content):
    """A piece more, or less."""
    start, length = int(rng.integers(len(content))), int(2 ** rng.integers(0, 13))
    return content[:start] + (
        rng.bytes(length) + content[start:] if rng.random() < 0.5 else content[start + length :]
    )


def something_else(rng, content):
    """No FITS file at all."""
    return pick(
        rng,
        (
            b"",
            b"\0",
            b"SIMPLE",
            b"\x1f\x8b",
            b"OBS_ID,TIME\n1,2\n",
            rng.bytes(5000),
            b"\x80\x04\x95cos\nsystem\n",
        ),
    )


BYTES = (
    flip_bits,
    flip_bits,
    flip_bits_of_headers,
    flip_bits_of_headers,
    truncate,
    overwrite,
    insert,
    something_else,
)
