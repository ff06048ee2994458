"""Time bins of several, one after the other or in the order of time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from tevcurve.bins.instants import Instants
from tevcurve.bins.time_bins import ANY_RUN, TimeBins


def joined_bins(parts: Sequence[TimeBins]) -> TimeBins:
    """The `TimeBins` of all parts, one part after the other, in the clock of the first.

    parts: of the same runs, one or more.
    """
    reference = parts[0].reference
    shift = np.cumsum([0, *(len(part) for part in parts)])
    names, owner = _instruments(parts)
    return TimeBins(
        *(
            Instants.join([_in_clock(getattr(part, edge), reference) for part in parts])
            for edge in ("start", "stop")
        ),
        np.concatenate([part.bin + first for part, first in zip(parts, shift, strict=False)]),
        int(shift[-1]),
        np.concatenate([part.run for part in parts]),
        overlapping=any(part.overlapping for part in parts),
        labels=_together([part.labels for part in parts]),
        phase_min=_together([part.phase_min for part in parts]),
        phase_max=_together([part.phase_max for part in parts]),
        kind=" and ".join(dict.fromkeys(part.kind for part in parts)),
        note="; ".join(part.note for part in parts if part.note),
        on_events=any(part.on_events for part in parts),
        instruments=names,
        owner=owner,
        together=any(part.together for part in parts),
    )


def bins_of_instruments(parts: Mapping[str, TimeBins], numbers: Mapping[str, Sequence[int]]) -> TimeBins:
    """The `TimeBins` of the runs of several instruments, in the order of time; bins of a phase in that of phase.

    Parameters
    ----------
    parts : by instrument, the bins that were laid over its runs
    numbers : by instrument, the places of its runs among all
    """
    made = joined_bins(
        [
            replace(
                part,
                run=np.where(part.run == ANY_RUN, ANY_RUN, np.array(numbers[name])[part.run]),
                instruments=(name,),
                owner=None,
                labels=part.labels and tuple(f"{name} {label}".strip() for label in part.labels),
                note=f"{name or 'others'}: {part.note}" if part.note else "",
            )
            for name, part in parts.items()
        ]
    ).in_order_of_time()
    return made if made.phase_min is None else made.select(np.argsort(made.phase_min, kind="stable"))


def _instruments(parts: Sequence[TimeBins]) -> tuple[tuple[str, ...], np.ndarray | None]:
    """(names of the instruments of all parts, which of them each bin is of); none where a part says none."""
    names = tuple(dict.fromkeys(name for part in parts for name in part.instruments))
    if not all(part.instruments for part in parts):
        return (), None
    places = [np.array([names.index(name) for name in part.instruments])[part.owners()] for part in parts]
    return names, np.concatenate(places)


def _together(parts: Sequence):
    """What all parts have, joined: tuples or arrays; None where one has none."""
    if any(part is None for part in parts):
        return None
    if isinstance(parts[0], tuple):
        return tuple(each for part in parts for each in part)
    return np.concatenate(parts)


def _in_clock(instants: Instants, reference) -> Instants:
    return instants if instants.reference == reference else Instants.from_time(instants.time, reference)
