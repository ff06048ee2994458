"""When a dataset was taken: what the caller says, else the good time."""

import pytest
from astropy.time import Time

from tevcurve.data import GTI, TimeReference
from tevcurve.datasets.times import dataset_times
from tevcurve.errors import InputError

REFERENCE = TimeReference(51910, 0.000742870370370241)
EARLY, LATE = GTI([0, 200], [100, 300], REFERENCE), GTI([1000], [1100], REFERENCE)


def test_good_time_from_the_first_start_to_the_last_stop():
    start, stop = dataset_times({}, [LATE, EARLY], "The dataset")
    assert REFERENCE.to_seconds(start) == 0
    assert REFERENCE.to_seconds(stop) == 1100


def test_a_run_without_good_time_has_no_say():
    start, _ = dataset_times({}, [GTI([], [], REFERENCE), LATE], "The dataset")
    assert REFERENCE.to_seconds(start) == 1000


def test_what_the_caller_says_wins():
    times = {"t_start": Time("2010-01-01"), "t_stop": Time("2010-01-02")}
    assert dataset_times(times, [EARLY], "The dataset") == (times["t_start"], times["t_stop"])
    assert dataset_times(times, [], "The dataset") == (times["t_start"], times["t_stop"])


@pytest.mark.parametrize("gtis", [[], [GTI([], [], REFERENCE)]])
def test_neither_gets_a_sentence(gtis):
    with pytest.raises(InputError, match=r"The dataset 'a' has no times: set counts.meta\['t_start'\] and"):
        dataset_times({}, gtis, "The dataset 'a'")


def test_one_of_two_times_is_not_enough():
    with pytest.raises(InputError, match="t_stop"):
        dataset_times({"t_start": Time("2010-01-01")}, [EARLY], "The dataset")


@pytest.mark.parametrize("value", [55197.0, "2010-01-01", None])
def test_what_is_no_time_gets_a_sentence(value):
    with pytest.raises(InputError, match="wanted is an astropy Time"):
        dataset_times({"t_start": value, "t_stop": Time("2010-01-02")}, [], "The dataset")
