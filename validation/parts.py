"""Parts of the validation: made in pieces, each with its own seed, whose results are kept as they are ready."""

import hashlib
import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from itertools import chain
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from validation.subjects import fingerprint

RESULTS = Path(__file__).resolve().parent / "results"
DIGITS = 6


@dataclass(frozen=True)
class Part:
    """A part of the report, from a module of this folder.

    measure: function of (*piece, numpy Generator) to a dict of numbers that JSON can write; of (share, Generator) for
    a part of one piece. section: function of the dict of all pieces together, as `joined` makes it, to a
    `validation.report.Section`. pieces: function of the share of all draws to a list of pieces, each a list of
    arguments that settles all that `measure` does but its random numbers. subject: folders and modules of tevcurve
    whose change makes the part one of old. beside: names of parts whose numbers `section` takes as well, each as a
    dict or None. public_data: whether `measure` takes the folder of the public data as `data`.
    """

    measure: Callable
    section: Callable
    pieces: Callable = lambda share: [[share]]
    subject: tuple = ("kernels", "fit")
    beside: tuple = ()
    public_data: bool = False

    def beside_pieces(self, data):
        """Dict of what `measure` takes beside the arguments of a piece. data: folder of the public data, or None."""
        return {"data": data} if self.public_data else {}


def some(share, full, least=1):
    """A share of a full number of draws, int, with a least one."""
    return max(round(share * full), least)


def sizes(total, size):
    """[(first, number), ...] of a total in portions of at most a size."""
    return [(first, min(size, total - first)) for first in range(0, total, size)]


def small(share, grid):
    """The points of a grid, or the first two of them where few draws are wanted."""
    return grid if share >= 0.1 else grid[:2]


def seed_of(name, piece, seed):
    """The seed of a piece, list of four int, which depends on nothing but the part, the piece and the number given."""
    digest = hashlib.sha256(json.dumps([name, piece, seed]).encode()).digest()
    return np.frombuffer(digest[:16], dtype="<u4").tolist()


def joined(founds):
    """One dict of those of all pieces: lists in a row, dicts key by key, and of other values the first."""
    together = {}
    for key in dict.fromkeys(chain.from_iterable(founds)):
        values = [each[key] for each in founds if key in each]
        kind = type(values[0])
        if kind is dict:
            together[key] = joined(values)
        else:
            together[key] = list(chain.from_iterable(values)) if kind is list else values[0]
    return together


def rounded(value):
    """The same with six digits of each float, which is more than draws can say."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(each) for each in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


@dataclass
class Kept:
    """What is kept of a part in a file: for each piece its arguments, seed, fingerprint of the code and numbers.

    A piece that other code made, whose part was then looked at again (`again`), also has the fingerprint of the code
    that gave the same numbers, `same_as`, and of how many pieces, `drawn_again`.
    """

    file: Path
    share: float = 0.0
    pieces: tuple = ()

    @classmethod
    def read(cls, folder, name):
        """What the folder has of a part; nothing where there is no file."""
        file = Path(folder) / f"{name}.json"
        if not file.exists():
            return cls(file)
        record = json.loads(file.read_text(encoding="utf-8"))
        return cls(file, record["share"], tuple(record["pieces"]))

    def write(self):
        """Write the file, which is the old one or the new one at any moment."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        lines = ",\n".join(json.dumps(each, separators=(",", ":")) for each in self.pieces)
        beside = self.file.with_suffix(".part")
        beside.write_text(f'{{"share": {self.share}, "pieces": [\n{lines}\n]}}\n', encoding="utf-8")
        os.replace(beside, self.file)

    def of(self, wanted):
        """The kept pieces among those wanted, in their order."""
        own = {json.dumps(each["arguments"]): each for each in self.pieces}
        keys = (json.dumps(piece) for piece in wanted)
        return [own[key] for key in keys if key in own]

    @property
    def found(self):
        """The dict for `section`."""
        return joined([each["found"] for each in self.pieces])


def is_of(piece, code):
    """Whether a kept piece was made by code with a fingerprint, or by code that gave the same numbers."""
    return code in (piece["code"], piece.get("same_as"))


def plan(part, share):
    """List of the pieces of a part, as JSON has them, no two of them alike."""
    found = json.loads(json.dumps(part.pieces(share)))
    if len({json.dumps(piece) for piece in found}) < len(found):
        raise ValueError("two pieces of a part have the same arguments, and so would have the same draws")
    return found


def made(name, measure, extra, piece, seed, code):
    """The record of one piece. measure: of its part. extra: dict of what that takes beside the piece's arguments."""
    own = seed_of(name, piece, seed)
    found = measure(*piece, np.random.default_rng(own), **extra)
    return {"arguments": piece, "seed": own, "code": code, "found": rounded(found)}


def run(name, part, share, seed, folder, data=None, processes=1, minutes=np.inf):
    """Make the pieces of a part that are not kept, and keep each as it is ready; returns how many are left.

    A piece is kept as long as its arguments, its seed and the code it rests on are the same, or the code has been shown
    to give the same numbers (`again`). After a number of
    minutes no further piece begins.
    """
    kept, wanted, code = Kept.read(folder, name), plan(part, share), fingerprint(part)
    if share < kept.share:
        raise SystemExit(
            f"{kept.file} has a share of {kept.share:g} of the draws, more than {share:g}; a smaller one goes into "
            "another folder, by --results"
        )
    good = [
        each
        for each in kept.of(wanted)
        if is_of(each, code) and each["seed"] == seed_of(name, each["arguments"], seed)
    ]
    have, start = {json.dumps(each["arguments"]) for each in good}, time.monotonic()
    todo = [piece for piece in wanted if json.dumps(piece) not in have]
    arguments, end = (part.measure, part.beside_pieces(data), seed, code), start + 60 * minutes
    records = _one_by_one if min(processes, len(todo)) <= 1 else partial(_side_by_side, processes)
    for record in records(name, todo, arguments, end):
        good.append(record)
        Kept(kept.file, share, tuple(Kept(kept.file, share, tuple(good)).of(wanted))).write()
        seconds = time.monotonic() - start
        print(f"{name}: piece {len(good)} of {len(wanted)}, {seconds:.0f} s", flush=True)
    return len(wanted) - len(good)


def again(name, part, number, folder, data=None, processes=1):
    """Draw some pieces of a part again with the code of today; returns how many have other numbers than are kept.

    Where all are the same, to the last digit that is kept, so is the code as far as they reach, and the others are kept
    as such. Pieces are taken at equal distances, the first and the last among them.

    number : int, of the pieces
    """
    kept, code = Kept.read(folder, name), fingerprint(part)
    old = [each for each in kept.pieces if not is_of(each, code)]
    if not old:
        return 0
    chosen = [
        old[k] for k in np.unique(np.linspace(0, len(old) - 1, min(number, len(old))).round().astype(int))
    ]
    before = {json.dumps(each["arguments"]): each for each in chosen}
    records = _one_by_one if min(processes, len(chosen)) <= 1 else partial(_side_by_side, processes)
    todo, other = [each["arguments"] for each in chosen], 0
    arguments = part.measure, part.beside_pieces(data), _seed_given(name, chosen[0]), code
    for record in records(name, todo, arguments, np.inf):
        same = record["found"] == before[json.dumps(record["arguments"])]["found"]
        print(
            f"{name}: piece {record['arguments']} {'is the same' if same else 'has other numbers'}",
            flush=True,
        )
        other += not same
    if not other:
        mark = {"same_as": code, "drawn_again": len(chosen)}
        Kept(
            kept.file, kept.share, tuple(each | mark if each in old else each for each in kept.pieces)
        ).write()
    return other


def _seed_given(name, piece):
    """The number from which the seed of a kept piece was made; 0, the default, is the only one that is looked for."""
    if piece["seed"] != seed_of(name, piece["arguments"], 0):
        raise SystemExit(f"{name} was not drawn with --seed 0; wanted is a part of the report")
    return 0


def _one_by_one(name, todo, arguments, end):
    """Records of pieces, of which none begins after the end."""
    measure, extra, *others = arguments
    for piece in todo:
        if time.monotonic() < end:
            yield made(name, measure, extra, piece, *others)


def _side_by_side(processes, name, todo, arguments, end):
    """The same in several processes, in the order in which they are ready."""
    measure, extra, *others = arguments
    pool, waiting, running = (
        ProcessPoolExecutor(processes, mp_context=get_context("spawn")),
        list(todo),
        set(),
    )
    try:
        while running or (waiting and time.monotonic() < end):
            while waiting and len(running) < processes and time.monotonic() < end:
                running.add(pool.submit(made, name, measure, extra, waiting.pop(0), *others))
            ready = next(as_completed(running))
            running.remove(ready)
            yield ready.result()
    finally:
        pool.shutdown(cancel_futures=True)
