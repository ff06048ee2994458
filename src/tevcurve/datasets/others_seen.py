"""Other sources of the field as an instrument sees them whose fluxes all come out a factor higher."""

from dataclasses import replace
from typing import Any, TypeVar

Terms = TypeVar("Terms")
# What terms of runs expect of other sources, and what of them has such terms of its own.
EXPECTED = ("fixed", "fixed_total", "further", "further_total", "others_per_s")
PARTS = ("first", "compact")


def others_times(terms: Terms, factor: float) -> Terms:
    """The terms of a run with what other sources are expected to give times a factor; the source is as it was.

    Parameters
    ----------
    terms : `CubeTerms`, `OnOffTerms`, or a part of these
    factor : what an instrument sees of any flux, over what there is
    """
    if factor == 1:
        return terms
    record: Any = terms
    there = {name: getattr(record, name, None) for name in (*EXPECTED, *PARTS)}
    changed = {
        name: value * factor for name, value in there.items() if name in EXPECTED and value is not None
    }
    changed |= {
        name: others_times(value, factor)
        for name, value in there.items()
        if name in PARTS and value is not None
    }
    return replace(record, **changed)
