"""Thresholds are found once; a file of them that is torn, or of other settings, is as if it were not there."""

from dataclasses import replace

import numpy as np
import pytest

from tevcurve.cli.threshold_file import MOST, ThresholdFile
from tevcurve.live import replay
from tevcurve.live.settings import DetectorSettings

SETTINGS = DetectorSettings(0.1, 0.2, 1.0)
PLACES = np.array([0.1, 0.2]), np.array([0.3, 0.4])


@pytest.fixture
def found(monkeypatch):
    """List of what thresholds were found for."""
    calls = []

    def find(settings, signal, background):
        calls.append((settings, signal, background))
        return float(np.log(1e5) + len(calls) / 3)

    monkeypatch.setattr(replay, "_log_threshold", find)
    return calls


def test_a_threshold_is_found_once_for_what_it_depends_on(tmp_path, found):
    path = tmp_path / "thresholds"
    first = replay._known_threshold(ThresholdFile(path), SETTINGS, *PLACES)
    assert replay._known_threshold(ThresholdFile(path), SETTINGS, *PLACES) == first
    assert len(found) == 1
    others = [
        (replace(SETTINGS, seconds_per_alarm=np.nextafter(3.6e6, 4e6)), *PLACES),
        (replace(SETTINGS, baseline=0.2), *PLACES),
        (SETTINGS, PLACES[0], PLACES[1] * (1 + 2e-16)),
        (SETTINGS, *PLACES[::-1]),
        (SETTINGS, np.concatenate(PLACES), np.zeros(0)),
    ]
    known = {replay._known_threshold(ThresholdFile(path), *one) for one in others}
    assert len(known | {first}) == len(found) == 6


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff", b'{"a": "b"}', None])
def test_a_file_that_cannot_be_used_is_none(tmp_path, found, content):
    path = tmp_path / "thresholds"
    replay._known_threshold(ThresholdFile(path), SETTINGS, *PLACES)
    torn = path.read_bytes()[:-4] if content is None else content
    path.write_bytes(torn)
    assert dict(ThresholdFile(path)) == {}
    again = replay._known_threshold(ThresholdFile(path), SETTINGS, *PLACES)
    assert len(found) == 2
    assert list(ThresholdFile(path).values()) == [again]


def test_it_does_not_grow_for_ever_and_a_full_disk_hinders_nothing(tmp_path):
    known = ThresholdFile(tmp_path / "thresholds")
    for number in range(MOST + 5):
        known[str(number)] = number
    del known["68"]
    assert list(ThresholdFile(tmp_path / "thresholds")) == [str(number) for number in range(5, MOST + 4)]
    nowhere = ThresholdFile(tmp_path / "none" / "thresholds")
    nowhere["a"] = 1.0
    assert nowhere["a"] == 1.0
