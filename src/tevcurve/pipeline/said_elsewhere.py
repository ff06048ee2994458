"""What other processes say in the log is said by the one that collects what they make.

They know neither where the log goes nor what others have said, which is told once (`remarks_told_once`).
"""

import logging
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock

from tevcurve.problems import OF_MANY, remarks_told_each, warn

_LOG = logging.getLogger("tevcurve")
_PLAIN = logging.Formatter()
_heard = ContextVar("heard", default=None)


def log_level():
    """The level from which on this process wants to hear what others say, int."""
    return _LOG.getEffectiveLevel()


def with_said(work, argument, level):
    """(what a function makes of its argument, list of what it said in the log, which does not have it).

    What it raises has that list as `said`.

    Parameters
    ----------
    work : function of the argument
    argument : its argument
    level : int, of `log_level`, where it is to be said
    """
    with _EAR.listening(level) as said, remarks_told_each():
        try:
            return work(argument), said
        except Exception as error:
            error.said = said
            raise


class SaidElsewhere:
    """Says in the log what other processes have said; what each of them says once is said once."""

    def __init__(self):
        self._first = {}

    def again(self, answer):
        """What was made elsewhere; what was said there is in the log, also where it failed.

        answer: function without arguments that gives what `with_said` gave, or raises what that raised.
        """
        try:
            made, said = answer()
        except Exception as error:
            self._say(getattr(error, "said", ()))
            raise
        self._say(said)
        return made

    def _say(self, said):
        for each in said:
            logger = logging.getLogger(each["name"])
            if each.get(OF_MANY):
                warn(logger, each["msg"])
                continue
            is_first = self._first.setdefault(each["msg"], each["process"]) == each["process"]
            if is_first and logger.isEnabledFor(each["levelno"]):
                logger.handle(logging.makeLogRecord(each))


class _Ear(logging.Handler):
    """Keeps what is said in the log where this is listened to; the rest goes on as it would."""

    def __init__(self):
        super().__init__()
        self._lock_of_log, self._listeners, self._before = Lock(), 0, None

    @contextmanager
    def listening(self, level):
        """A context that gives a list, which is filled with what is said inside. level: int, from which on."""
        said = []
        token = _heard.set(said)
        with self._lock_of_log:
            if not self._listeners:
                self._before = _LOG.level, _LOG.propagate, _LOG.handlers
                _LOG.propagate, _LOG.handlers = False, [self]
                _LOG.setLevel(level)
            self._listeners += 1
        try:
            yield said
        finally:
            with self._lock_of_log:
                self._listeners -= 1
                if not self._listeners:
                    level, _LOG.propagate, _LOG.handlers = self._before
                    _LOG.setLevel(level)
            _heard.reset(token)

    def emit(self, record):
        """None; a record is kept, or handed on."""
        said = _heard.get()
        if said is None:
            _, propagates, handlers = self._before
            for handler in (*handlers, *(logging.getLogger().handlers if propagates else ())):
                if record.levelno >= handler.level:
                    handler.handle(record)
            return
        if record.exc_info:
            record.exc_text = _PLAIN.formatException(record.exc_info)
        said.append(record.__dict__ | {"msg": record.getMessage(), "args": None, "exc_info": None})


_EAR = _Ear()
