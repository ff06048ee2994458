"""Which runs of a folder stay in memory once they are read."""

import pytest
from small_store import TARGET, make_store

from tevcurve import light_curve
from tevcurve.records import bytes_of
from tevcurve.store import Result, write_result


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The `StoredRuns` of a result of three runs."""
    folder = tmp_path_factory.mktemp("result")
    made = light_curve(make_store(folder / "store").get_observations(), TARGET, method="1d", safe_energy=None)
    write_result(folder / "result", made)
    return Result.read(folder / "result").light_curve.origin.runs


@pytest.mark.parametrize(("n_held", "kept"), [(3, [0, 1, 2]), (2, [0, 1]), (1, []), (0, [])])
def test_those_that_fit_stay_where_they_are_most(runs, n_held, kept):
    sizes = [bytes_of(runs.read(number)) for number in range(len(runs))]
    folder = runs.emptied(sum(sizes[:n_held]))
    for _ in range(2):
        seen = [folder.read(number) for number in range(len(folder))]
        again = [folder.read(number) for number in range(len(folder))]
        # The last one that was read from a file is there, too.
        same = [number for number in range(len(folder) - 1) if seen[number] is again[number]]
        assert same == [number for number in kept if number < len(folder) - 1]
    assert [each.run_id for each in seen] == [entry.run_id for entry in runs]
