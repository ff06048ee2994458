"""The validation of periods with few draws."""

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("validation_on_path")


def test_a_few_light_curves_make_the_section():
    from validation import periods
    from validation.parts import joined

    numbers = {"rows": 4, "events": 5, "red": 1, "pulses": 1, "orbits": 5}
    wanted = [piece for piece in periods.pieces(0.001) if piece[1] not in (30.0, 100.0, 1.5, 2.0, 2.5)]
    wanted += [piece for piece in periods.pieces(0.001) if piece[0] == "pulses"]
    wanted = [piece for piece in wanted if piece[0] != "orbits" or piece[2] == "white"]
    wanted = [piece for piece in wanted if piece[2] not in ("few unequal", "Z², eight runs")]
    found = [
        periods.measure(kind, which, name, first, numbers[kind], np.random.default_rng([1, k]))
        for k, (kind, which, name, first, _) in enumerate(wanted)
    ]
    assert [list(each) for each in found] == [[kind] for kind, *_ in wanted]
    found = joined(found)
    alarms = sum(line[4] for kind in ("rows", "events") for line in found[kind])
    # Of some seventy light curves, at 1 % each.
    assert alarms <= 4
    made = periods.section(found)
    assert "| rows | 3 | nights | all | 4 |" in made.text
    assert "| rows | all | all | short |" in made.text
    assert made.bars[0][2] == (not made.failures)


def test_cells_that_miss_their_bars_are_told():
    from validation import periods

    found = {
        "rows": [
            [3.0, "nights", "all", 1000, 10],
            [10.0, "nights", "all", 1000, 30],
            [10.0, "one night", "all", 4000, 42],
        ],
        "red": [[1.0, 10.0, "one night", 1000, 11, 600], [2.0, 10.0, "one night", 1000, 24, 600]],
        "orbits": [["white", 0.3, 100, 80, 40, 60]],
    }
    made = periods.section(found)
    assert made.failures == [
        "periods of rows, 10 counts, nights: 3.00 % at 1 %",
        "periods of rows, counts 10: 1.44 % at 1 %",
        "periods of rows, kind nights: 2.00 % at 1 %",
        "periods of red noise, ['2', 'all', 'all']: 2.40 % at 1 %",
        "periods of red noise, ['all', '10', 'all']: 1.75 % at 1 %",
        "periods of red noise, ['all', 'all', 'one night']: 1.75 % at 1 %",
        "periods of red noise: 1.75 % at 1 %",
        "orbits of an amplitude of 0.3: 60 of 80 are found or named",
    ]
    assert not made.bars[0][2]
