"""What processes make comes whole, through the pipe or a file, and a file that is lost is told."""

import errno
import os
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import pytest

from tevcurve.pipeline.answers import SMALL, Answer, to_answer
from tevcurve.pipeline.said_elsewhere import SaidElsewhere


def through_a_pipe(sent):
    future = Future()
    future.set_result(sent)
    return Answer(future, SaidElsewhere())


def answer_of(made, folder):
    return to_answer((made, []), str(folder))


def test_what_is_small_goes_through_the_pipe(tmp_path):
    sent = answer_of(("run", 3), tmp_path)
    assert len(sent) < SMALL
    assert not list(tmp_path.iterdir())
    assert through_a_pipe(sent).result() == ("run", 3)


def test_what_is_large_waits_in_a_file_which_is_gone_then(tmp_path):
    made = [np.random.default_rng(number).uniform(size=10_000) for number in range(2)]
    sent = [answer_of(each, tmp_path) for each in made]
    assert len(list(tmp_path.iterdir())) == 2
    assert all(len(path) < SMALL for path in sent)
    for each, path in zip(made, sent, strict=True):
        np.testing.assert_array_equal(through_a_pipe(path).result(), each)
    assert not list(tmp_path.iterdir())


def test_where_there_is_no_room_it_goes_through_the_pipe(tmp_path):
    made = b"x" * SMALL
    assert through_a_pipe(answer_of(made, tmp_path / "missing")).result() == made


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="A disk that is full is only on Linux.")
def test_where_the_disk_is_full_nothing_stays(tmp_path, monkeypatch):
    write = open
    # Buffered, so that what is written reaches the disk as the file is closed.
    monkeypatch.setattr(
        "builtins.open", lambda path, mode: (write(path, mode).close(), write("/dev/full", mode))[1]
    )
    made = b"x" * SMALL
    assert through_a_pipe(answer_of(made, tmp_path)).result() == made
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_removed_is_there_all_the_same(tmp_path, monkeypatch):
    path = answer_of(b"x" * SMALL, tmp_path)

    def refused(path):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("os.unlink", refused)
    assert through_a_pipe(path).result() == b"x" * SMALL


def test_a_file_that_is_lost_is_as_if_its_process_were(tmp_path):
    path = answer_of(b"x" * SMALL, tmp_path)
    os.unlink(path)
    with pytest.raises(BrokenProcessPool, match="is lost"):
        through_a_pipe(path).result()


def test_what_the_maker_raised_is_raised():
    future = Future()
    future.set_exception(KeyError("why"))
    with pytest.raises(KeyError, match="why"):
        Answer(future, SaidElsewhere()).result()
