"""Files whose events end early: which may still grow."""

from types import SimpleNamespace

import numpy as np
import pytest

from tevcurve.cli.early_ends import EarlyEnds
from tevcurve.data import GTI, TimeReference


def observed(path):
    events = SimpleNamespace(time_s=np.linspace(0, 100, 1000))
    gti = GTI.of_intervals([(0.0, 1000.0)], TimeReference(53000, 0.0))
    return SimpleNamespace(addresses=[SimpleNamespace(hdu_type="events", path=path)], events=events, gti=gti)


def test_a_file_that_was_written_just_now_may_grow_and_one_that_is_gone_may_not(tmp_path):
    path, early = tmp_path / "a.fits", EarlyEnds()
    assert early.seconds_to_come(observed(path)) == 0
    path.write_bytes(b"")
    assert early.seconds_to_come(observed(path)) == pytest.approx(900)
    path.unlink()
    assert early.seconds_to_come(observed(path)) == 0
    assert early.settled() == []
