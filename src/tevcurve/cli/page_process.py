"""A page about a result made by another process, so that what comes meanwhile need not wait for it."""

import logging
import subprocess
import sys

log = logging.getLogger(__name__)


class PageProcess:
    """Makes the page about a result, one at a time, as `tevcurve report` does.

    has_failed: bool, whether the last one could not be made.

    Parameters
    ----------
    result : Path of the folder of the result
    page : Path of the page; it is replaced
    """

    def __init__(self, result, page):
        self._words = [
            sys.executable,
            "-m",
            "tevcurve",
            "report",
            str(result),
            "-o",
            str(page),
            "--overwrite",
        ]
        self._process, self.has_failed = None, False

    @property
    def is_busy(self):
        """Whether a page is being made."""
        if self._process is not None and self._process.poll() is not None:
            self._ended()
        return self._process is not None

    def begin(self):
        """None; a page is being made from now on, unless one is."""
        if not self.is_busy:
            none = subprocess.DEVNULL
            # A signal of the terminal is for the process that watches, which waits for this one.
            self._process = subprocess.Popen(
                self._words, stdin=none, stdout=none, stderr=none, start_new_session=True
            )

    def wait(self):
        """None; no page is being made."""
        if self._process is not None:
            self._process.wait()
            self._ended()

    def _ended(self):
        self.has_failed = self._process.returncode != 0
        if self.has_failed:
            log.warning("The page could not be made; the exit code is %s.", self._process.returncode)
        self._process = None
