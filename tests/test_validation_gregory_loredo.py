"""The validation of the odds of Gregory & Loredo with few draws."""

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("validation_on_path")


def test_a_few_nights_make_the_section(monkeypatch):
    from validation import gregory_loredo
    from validation.parts import joined

    monkeypatch.setattr(gregory_loredo, "N_TOYS", 19)
    pieces = gregory_loredo.pieces(0.01)
    assert {shape for shape, *_ in pieces} == set(gregory_loredo.SHAPES)
    found = [
        gregory_loredo.measure(shape, first, 2, np.random.default_rng([1, k]))
        for k, (shape, first, _) in enumerate(pieces)
    ]
    made = gregory_loredo.section(joined(found))
    assert "| constant | 2 |" in made.text
    assert made.failures == []
    assert made.bars[0][2]


def test_chances_that_are_not_uniform_miss_the_bar():
    from validation import gregory_loredo

    lines = [["constant", 100, 0, 1, 1, 1, 1]]
    made = gregory_loredo.section({"found": lines, "chances": [0.02] * 100})
    assert len(made.failures) == 1
    assert not made.bars[0][2]


def test_nights_of_constant_sources_have_the_counts_that_are_expected():
    from validation import gregory_loredo

    rng = np.random.default_rng(2)
    counts = [
        [len(times), off.sum()]
        for times, _, off in (gregory_loredo.night("constant", rng) for _ in range(60))
    ]
    total = gregory_loredo.RUN_S * np.array(
        [
            np.sum(gregory_loredo.SOURCE * gregory_loredo.EXPOSURE + gregory_loredo.BACKGROUND),
            4 * gregory_loredo.BACKGROUND / gregory_loredo.ALPHA,
        ]
    )
    assert np.mean(counts, axis=0) == pytest.approx(total, abs=4 * np.sqrt(total.max() / 60))
