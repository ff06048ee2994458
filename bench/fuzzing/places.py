"""What may lie where a file should be: compressed files, bombs, links, pipes, folders, nothing."""

import gzip
import os
import zlib
from functools import lru_cache

from fuzzing.headers import pick


def compressed(rng, content):
    """The content as gzip, in one member or in two, undamaged or with flipped bits or without its end."""
    cut = int(rng.integers(len(content) + 1)) if rng.random() < 0.2 else 0
    packed = (gzip.compress(content[:cut], 1, mtime=0) if cut else b"") + gzip.compress(
        content[cut:], 1, mtime=0
    )
    how = rng.random()
    if how < 0.3:
        packed = bytearray(packed)
        for position in rng.integers(0, len(packed), int(2 ** rng.integers(0, 5))):
            packed[position] ^= 1 << int(rng.integers(8))
    elif how < 0.5:
        packed = packed[: int(rng.integers(len(packed)))]
    return bytes(packed)


@lru_cache(maxsize=1)
def zeros():
    """A gigabyte of zeros as a gzip member of a few megabytes."""
    packer, parts = zlib.compressobj(1, wbits=31), []
    block = bytes(2**24)
    for _ in range(64):
        parts.append(packer.compress(block))
    return b"".join([*parts, packer.flush()])


def put_bomb(rng, path, content):
    """A file that inflates to a gigabyte, from its start or after the right content."""
    path.unlink()
    path.write_bytes((gzip.compress(content, 1) if rng.random() < 0.5 else b"") + zeros())


def put_sparse(rng, path, content):
    """A file of a terabyte that takes no place, with the right content at its start."""
    path.unlink()
    with open(path, "wb") as file:
        file.write(content)
        file.truncate(2**40)


def put_link(rng, path, content):
    """A link out of the store, to itself, to another file of the store, or to nothing."""
    path.unlink()
    others = [one for one in path.parent.iterdir() if one != path]
    targets = ["/etc/passwd", "/dev/zero", "/proc/self/mem", path.name, "nothing", "/", *others]
    path.symlink_to(pick(rng, targets))


def put_pipe(rng, path, content):
    """A pipe that nobody writes to."""
    path.unlink()
    os.mkfifo(path)


def put_folder(rng, path, content):
    """A folder."""
    path.unlink()
    path.mkdir()


def put_nothing(rng, path, content):
    """No file."""
    path.unlink()


PLACES = (put_bomb, put_sparse, put_link, put_link, put_link, put_pipe, put_folder, put_nothing, put_nothing)
