"""What rows of a light curve can do besides being fitted, each asked for by its type.

A `~tevcurve.fit.row_likelihood.RowLikelihood` of whatever kind has some of these; who needs one asks for it with
`rows_with`, which says in a sentence what is missing, or with `isinstance` where it can do without.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from tevcurve.errors import InputError
from tevcurve.fit.toys import ToyMaker


@dataclass(frozen=True, eq=False)
class Expected:
    """What fitted rows expect at given flux factors, part by part (a run's piece of a row, or an energy bin of it).

    Attributes
    ----------
    signal : float array (n_fitted,), counts of the source in each row
    row : int array (n_parts,), which of the fitted rows a part is of
    background, others : float arrays (n_parts,), counts of the background and of other sources
    """

    signal: np.ndarray
    row: np.ndarray
    background: np.ndarray
    others: np.ndarray

    def rest(self) -> np.ndarray:
        """Counts of everything but the source in each row, float array (n_fitted,)."""
        return np.bincount(self.row, self.background + self.others, len(self.signal))


@dataclass(frozen=True, eq=False)
class DrawnOnOff:
    """Rows of which toys are numbers of ON and of OFF counts, arrays (n_fitted,) of sums over runs and energies.

    Attributes
    ----------
    n_on, n_off, alpha : float arrays, counts, and ON over OFF acceptance of the sums
    has_one_alpha : bool array, whether all that is summed has the same alpha
    """

    n_on: np.ndarray
    n_off: np.ndarray
    alpha: np.ndarray
    has_one_alpha: np.ndarray


@dataclass(frozen=True, eq=False)
class DrawnCells:
    """Rows of which toys are Poisson numbers in cells.

    Attributes
    ----------
    cells : list (n_fitted,) of functions without arguments to the `~tevcurve.fit.expected_cells.ExpectedCells` of a
        row
    is_counting : bool, whether the sum of a row's counts says it all: one pixel, and a background that is known
    """

    cells: list[Callable[[], Any]]
    is_counting: bool


@dataclass(frozen=True, eq=False)
class RowEvents:
    """Events of fitted rows where they were seen (in their cells, or unbinned), and what was expected there.

    A piece is a run's part of a row. Rates are means over the good time of the piece, as the likelihood has them: all
    cells together, times the seconds, they are the counts that the piece expects.

    Attributes
    ----------
    piece : int array (n_events,), sorted, the piece that an event is in
    time_s : float array (n_events,), mission seconds of the run, in order in each piece
    count : float array (n_events,), how many counts an event stands for
    signal, background : float arrays (n_events,), s-1 in the event's cell (s-1 TeV-1 sr-1 unbinned): of the source,
        and of all else
    row, run : int arrays (n_pieces,), sorted by row, which of the fitted rows and which of the runs a piece is of
    seconds : float array (n_pieces,), s of good time
    expected_signal, expected_background : float arrays (n_pieces,), counts over all cells: of the source, of all else
    """

    piece: np.ndarray
    time_s: np.ndarray
    count: np.ndarray
    signal: np.ndarray
    background: np.ndarray
    row: np.ndarray
    run: np.ndarray
    seconds: np.ndarray
    expected_signal: np.ndarray
    expected_background: np.ndarray


@runtime_checkable
class Expectations(Protocol):
    """Rows that know what they expect: columns of predictions, counts that a flux rests on."""

    def measured(self) -> dict:
        """Columns of what was counted, arrays (n_bins,): "counts", and those of ON and OFF regions."""

    def expected(self, norm: np.ndarray) -> Expected:
        """Of the fitted rows at norms (n_fitted,). norm: float array (n_fitted,)."""

    def effective_counts(self, norm: np.ndarray) -> np.ndarray:
        """Counts (n_fitted,) that a flux rests on, at norms (n_fitted,). norm: float array (n_fitted,)."""


@runtime_checkable
class Drawable(Protocol):
    """Rows of which toys can be drawn: chances, closure, exact intervals."""

    def toys(self, rows: np.ndarray) -> ToyMaker:
        """What draws toys of some rows (int array, sorted).

        rows: sorted int array.
        """

    def drawn(self) -> DrawnOnOff | DrawnCells:
        """What toys of the fitted rows are, for intervals that are made of them."""


@runtime_checkable
class Reshaped(Protocol):
    """Rows that can be asked for another flux in each true-energy bin: a free index."""

    def reshaped(self, rows: np.ndarray) -> Any:
        """The `SpectralRows` of some rows (int array, sorted). rows: sorted int array."""


@runtime_checkable
class EventView(Protocol):
    """Rows that know their runs and events, and what is expected there: good time, blocks, periods, alarms."""

    runs: list

    def signal_rates(self, band: int, flux: np.ndarray | None = None) -> np.ndarray:
        """Counts expected of the source in a band per second of live time, float array (n_runs,).

        Parameters
        ----------
        band : int, number of the band
        flux : float array (n_true,), cm-2 s-1, of a spectrum; default: the reference, as each run sees it
        """

    def events(self, norm: np.ndarray) -> RowEvents:
        """Of the fitted rows at norms (n_fitted,), all else at its best. norm: float array (n_fitted,)."""


CAN: dict[type, str] = {
    Expectations: "say what they expect",
    Drawable: "be drawn as toys",
    Reshaped: "be asked for another spectrum",
    EventView: "say when their events came and what is expected there",
}


def rows_with(rows: Any, *protocols: type, use: str) -> Any:
    """The rows themselves, which have protocols.

    Parameters
    ----------
    rows : `~tevcurve.fit.row_likelihood.RowLikelihood`
    protocols : each one of this module
    use : str, what they are wanted for

    Raises `InputError` where they lack one, with the `why_less` that rows of a kind may have in words.
    """
    for protocol in protocols:
        if not isinstance(rows, protocol):
            others = f"those of a {type(rows).__name__} cannot; wanted are rows of tevcurve.light_curve"
            why = getattr(rows, "why_less", others)
            raise InputError(f"{use} needs rows that can {CAN[protocol]}, which {why}.")
    return rows
