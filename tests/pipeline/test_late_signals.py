"""Signals that wait: they come when all inside is done, once, and what is ignored or in other threads is left alone."""

import os
import signal
import threading

import pytest

from tevcurve.pipeline.late_signals import signals_later


@pytest.fixture
def handled():
    """Numbers of the signals TERM that came to the handler of this process."""
    numbers = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: numbers.append(number))
    yield numbers
    signal.signal(signal.SIGTERM, before)


def test_an_interruption_comes_at_the_end():
    done = []

    def interrupted():
        with signals_later():
            os.kill(os.getpid(), signal.SIGINT)
            done.append("inside")

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert done == ["inside"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_is_called_once_and_is_there_again(handled):
    with signals_later():
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGTERM)
        assert handled == []
    assert handled == [signal.SIGTERM]
    os.kill(os.getpid(), signal.SIGTERM)
    assert handled == 2 * [signal.SIGTERM]


def test_an_error_inside_is_told_and_the_handlers_are_there_again(handled):

    def failed():
        with signals_later():
            os.kill(os.getpid(), signal.SIGTERM)
            raise ValueError("inside")

    with pytest.raises(ValueError, match="inside"):
        failed()
    assert handled == [signal.SIGTERM]


def test_what_is_ignored_stays_so_and_other_threads_have_no_handlers():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals_later():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
    seen = []

    def other():
        with signals_later():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]
