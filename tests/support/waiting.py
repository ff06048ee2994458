"""Waiting for what another process does."""

import time


def wait_for(found, seconds=30):
    """Whether a function without arguments finds something within so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found():
            return True
        time.sleep(0.02)
    return False
