"""The validation of periods with few draws."""

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("validation_on_path")


def test_a_few_light_curves_make_the_section():
    from validation import periods
    from validation.parts import joined

    numbers = {"rows": 4, "events": 10, "red": 1, "orbits": 5}
    wanted = [piece for piece in periods.pieces(0.001) if piece[0] != "red" or piece[1] == 1.0]
    found = [
        periods.measure(kind, which, first, numbers[kind], np.random.default_rng([1, k]))
        for k, (kind, which, first, _) in enumerate(wanted)
    ]
    assert [list(each) for each in found] == [[kind] for kind, *_ in wanted]
    made = periods.section(joined(found))
    assert made.failures == []
    assert "| rows | 3 | 4 |" in made.text
    assert made.bars[0][2]


def test_events_and_orbits_that_miss_their_bars_are_told():
    from validation import periods

    found = {
        "rows": [[3.0, 1000, 10], [10.0, 1000, 30]],
        "red": [[1.0, 1000, 40, 600]],
        "orbits": [[0.3, 100, 80, 40, 60]],
    }
    made = periods.section(found)
    assert made.failures == [
        "periods of rows, 10 counts: 3.00 % at 1 %",
        "periods of red noise: 4.00 % at 1 %",
        "orbits of an amplitude of 0.3: 60 of 80 are found or named",
    ]
    assert not made.bars[0][2]
