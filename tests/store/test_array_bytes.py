"""Arrays come back bit by bit and with their layout, in fewer bytes where they allow it."""

import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tevcurve.errors import DataError
from tevcurve.store.array_bytes import FACTORS, pack_array, unpack_array


def there_and_back(array):
    return unpack_array(*pack_array(array))


def assert_same(one, other):
    assert one.dtype == other.dtype
    assert one.shape == other.shape
    assert one.tobytes() == other.tobytes()


@given(
    arrays.arrays(
        st.sampled_from([np.float64, np.float32, np.int64, np.int16, bool, np.uint8]),
        arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=12),
    )
)
def test_every_bit_comes_back(array):
    assert_same(there_and_back(array), array)


@given(arrays.arrays(np.float32, st.integers(64, 200)), st.sampled_from(FACTORS))
def test_float32_in_another_unit_comes_back(values, factor):
    with np.errstate(over="ignore", invalid="ignore"):
        array = values.astype(float) * factor
    assert_same(there_and_back(array), array)


@pytest.mark.parametrize("factor", FACTORS)
def test_float32_in_another_unit_takes_half_the_bytes(factor):
    array = np.random.default_rng(1).normal(size=1000).astype(np.float32).astype(float) * factor
    words, content = pack_array(array)
    assert words["stored"] == "<f4"
    assert len(content) == 4000


def test_signs_of_zero_and_the_bits_of_nan_stay():
    array = np.zeros(100)
    array[::3] = -0.0
    array[5] = np.frombuffer(np.array([0x7FF8000000000123], "<u8").tobytes(), "<f8")[0]
    assert_same(there_and_back(array), array)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (0, 2, 1)])
def test_the_layout_in_memory_stays(order):
    array = np.random.default_rng(2).normal(size=(4, 5, 6)).transpose(order)
    back = there_and_back(array)
    assert_same(back, array)
    assert back.strides == array.strides
    # The sum along an axis goes through memory in the same way, so its last digit is the same.
    assert np.array_equal(back.sum(axis=(0, 2)), array.sum(axis=(0, 2)))


def test_empty_parts_of_an_array_take_next_to_nothing():
    array = np.zeros(100_000)
    array[7] = np.pi
    assert len(pack_array(array)[1]) < 4000
    assert_same(there_and_back(array), array)


def test_what_was_read_cannot_be_written_to():
    back = there_and_back(np.arange(100.0))
    with pytest.raises(ValueError, match="read-only"):
        back[0] = 1


def test_objects_are_refused():
    with pytest.raises(DataError, match="numbers are wanted"):
        pack_array(np.array([{}, []], dtype=object))


@pytest.mark.parametrize(
    "words",
    [
        {"shape": [2**40], "type": "<f8"},
        {"shape": [-4], "type": "<f8"},
        {"shape": [4], "type": "|O"},
        {"shape": [4], "type": "<f8", "stored": "|O", "factor": 1.0},
    ],
)
def test_what_cannot_be_is_refused_before_memory_is_taken(words):
    with pytest.raises((DataError, TypeError)):
        unpack_array(words, b"\0" * 32)


def test_no_more_is_inflated_than_was_announced():
    bomb = zlib.compress(b"\0" * 10**7)
    with pytest.raises(DataError, match="should have 800 bytes"):
        unpack_array({"shape": [100], "type": "<f8", "deflated": True}, bomb)
