"""LightCurveOrigin runs of the small store, and how two of them are compared."""

from dataclasses import fields, is_dataclass

import numpy as np
from astropy.coordinates import EarthLocation
from small_store import TARGET

from tevcurve.reduction.source_run import checked_run


def kept(observation, method="3d"):
    """The `SourceRun` of an observation for the source of the small store."""
    return checked_run(observation, (TARGET.ra.rad, TARGET.dec.rad), method == "1d")


def assert_same(one, other, where="run"):
    """Two values made of records, arrays and plain values are the same, to the last bit and in their layout."""
    assert type(one) is type(other), where
    if isinstance(one, EarthLocation):
        assert one == other, where
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype, where
        assert one.shape == other.shape, where
        assert one.tobytes("A") == other.tobytes("A"), where
        long = [axis for axis, length in enumerate(one.shape) if length > 1]
        assert [one.strides[axis] for axis in long] == [other.strides[axis] for axis in long], where
    elif is_dataclass(one):
        for field in fields(one):
            if field.name != "header":
                assert_same(getattr(one, field.name), getattr(other, field.name), f"{where}.{field.name}")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), where
        for number, pair in enumerate(zip(one, other, strict=True)):
            assert_same(*pair, f"{where}[{number}]")
    elif isinstance(one, dict):
        assert list(one) == list(other), where
        for key in one:
            assert_same(one[key], other[key], f"{where}.{key}")
    else:
        assert one == other or (one != one and other != other), where
