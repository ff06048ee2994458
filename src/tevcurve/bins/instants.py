"""Moments that keep their exact value in the clocks of several runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.time import Time, TimeDelta
from numpy.typing import ArrayLike

from tevcurve.data import TimeReference


@dataclass(frozen=True, eq=False)
class Instants:
    """Moments (n,): mission seconds of one reference, and what their rounding to float64 left over.

    An edge that is the start or an event of a run with another reference is, in that run's mission seconds,
    the very float64 of the run again; so no event changes its bin because of another run's clock.

    reference: `TimeReference`. seconds, rest: float arrays (n,) in s; a moment is their sum.
    """

    reference: TimeReference
    seconds: np.ndarray
    rest: np.ndarray

    @classmethod
    def from_seconds(cls, seconds: ArrayLike, own: TimeReference, reference: TimeReference) -> "Instants":
        """Moments given as mission seconds of the reference `own`.

        Parameters
        ----------
        seconds : float array (n,)
        own : `TimeReference` of these
        reference : `TimeReference` of the moments
        """
        if own != reference:
            return cls.from_time(own.to_time(np.asarray(seconds, dtype=float)), reference)
        seconds = np.asarray(seconds, dtype=float)
        return cls(reference, seconds, np.zeros(seconds.shape))

    @classmethod
    def from_time(cls, time: Time, reference: TimeReference) -> "Instants":
        """Moments of a `Time`.

        Parameters
        ----------
        time : `Time` (n,)
        reference : `TimeReference` of the moments
        """
        seconds = np.asarray(reference.to_seconds(time), dtype=float)
        return cls(reference, seconds, np.asarray((time - reference.to_time(seconds)).sec))

    @classmethod
    def join(cls, parts: "Sequence[Instants]") -> "Instants":
        """The moments of several, which have one reference, one after the other. parts: list of `Instants`."""
        arrays = (np.concatenate([getattr(part, name) for part in parts]) for name in ("seconds", "rest"))
        return cls(parts[0].reference, *arrays)

    @property
    def time(self) -> Time:
        """`Time` (n,), in the scale of the reference."""
        time = self.reference.to_time(self.seconds)
        return time + TimeDelta(self.rest, format="sec") if np.any(self.rest) else time

    def in_seconds(self, reference: TimeReference) -> np.ndarray:
        """Mission seconds (n,) of a reference: exact in that from which a moment came."""
        return self.seconds if reference == self.reference else reference.to_seconds(self.time)

    def __getitem__(self, item: Any) -> "Instants":
        return Instants(self.reference, self.seconds[item], self.rest[item])

    def __len__(self) -> int:
        return len(self.seconds)
