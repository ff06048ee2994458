"""When the events of rows came, and what was expected where they were seen: the rates that the likelihood goes by."""

from dataclasses import dataclass

import numpy as np

from tevcurve.errors import InputError
from tevcurve.fit.cube_pieces import piece_of_run
from tevcurve.fit.protocols import RowEvents
from tevcurve.fit.toys_onoff import cells_in_runs
from tevcurve.kernels.numbering import numbers_among, numbers_by_row


@dataclass(frozen=True, eq=False)
class _RunEvents:
    """Of one run, in fitted rows: its events, float arrays (n_events,) but `row`, and its pieces, (n_pieces,)."""

    row: np.ndarray
    time_s: np.ndarray
    count: np.ndarray
    signal: np.ndarray
    background: np.ndarray
    piece_row: np.ndarray
    seconds: np.ndarray
    expected_signal: np.ndarray
    expected_background: np.ndarray


def cube_events(joint, norm):
    """The `RowEvents` of the fitted rows of a `JointCubes`.

    Parameters
    ----------
    joint : `~tevcurve.fit.cube_likelihood.JointCubes`
    norm : float array (n_fitted,)
    """
    _check_times(joint)
    settled, _ = joint.profile.settled(norm)
    place, pieces = (
        numbers_among(joint.fitted, joint.n_bins),
        [piece_of_run(*each) for each in zip(*_of_runs(joint), strict=True)],
    )
    rows = [place[piece.row] for piece in pieces]
    # Norms are those of rows where runs are added up, else of pieces in the order of rows, and of runs in a row.
    number = numbers_by_row([each[each >= 0] for each in rows])
    found = []
    for k, piece in enumerate(pieces):
        own = rows[k] >= 0
        block = np.full(len(rows[k]), -1)
        block[own] = rows[k][own] if joint.stacked else number[k]
        seconds, cut = np.repeat(joint.cut.cuts[k].seconds, joint.n_bands), joint.cut.cuts[k]
        # Blocks of a run are in the order of its bins and bands.
        at = cut.event_bin * joint.n_bands + joint.runs[k].band[cut.event]
        seen = np.flatnonzero(block[at] >= 0)
        at, amplitudes = at[seen], settled.amplitudes[rows[k]]
        rest = [
            settled.norms[block] * piece.background_total + piece.constant_total,
            settled.norms[block[at]] * piece.event_background[seen] + piece.event_constant[seen],
        ]
        for j, number_of_source in enumerate(joint.further[k] if joint.further else ()):
            amplitude = amplitudes[:, number_of_source]
            rest[0] = rest[0] + amplitude * piece.further_total[j]
            rest[1] = rest[1] + amplitude[at] * piece.event_further[j][seen]
        found.append(
            _RunEvents(
                rows[k][at],
                joint.runs[k].time_s[cut.event[seen]],
                _counts(piece.event_count, seen),
                amplitudes[at, 0] * piece.event_signal[seen] / seconds[at],
                rest[1] / seconds[at],
                rows[k][own],
                seconds[own],
                (amplitudes[:, 0] * piece.signal_total)[own],
                rest[0][own],
            )
        )
    return _in_order(found)


def onoff_events(joint, norm):
    """The `RowEvents` of the ON events of the fitted rows of an `OnOffLikelihood`.

    Parameters
    ----------
    joint : `~tevcurve.fit.onoff_likelihood.OnOffLikelihood`
    norm : float array (n_fitted,)
    """
    _check_times(joint)
    place, n_reco, n_runs = numbers_among(joint.fitted, joint.n_bins), len(joint.bands[0]), len(joint.runs)
    row, background = joint.cells.background(joint.profile, joint.fitted, norm)
    of_run, reco, _, seconds_of_cell = cells_in_runs(joint, joint.fitted)
    of_run = 0 if joint.stacked else of_run
    key, background_rate = (row * n_runs + of_run) * n_reco + reco, background / seconds_of_cell
    found = []
    for k, (run, cut, flux) in enumerate(zip(*_of_runs(joint), strict=True)):
        bands, seconds = joint.bands[k], cut.seconds
        # What is expected in each bin, and energy bin, per second.
        rows = place[cut.rows(joint.n_bands, bands)]
        signal_rate = run.deadc * np.einsum("tr,t->r", run.response, flux) * norm[rows]
        fitted = (rows >= 0) & run.mask_safe
        rate = np.zeros(rows.shape)
        own_key = (rows * n_runs + (0 if joint.stacked else k)) * n_reco + np.arange(n_reco)
        rate[fitted] = background_rate[np.searchsorted(key, own_key[fitted])]
        at = cut.event_bin, run.on_bin[cut.event]
        seen = np.flatnonzero(fitted[at])
        at = tuple(each[seen] for each in at)
        piece_row, piece = np.unique(rows[fitted], return_inverse=True)
        own_seconds = np.broadcast_to(seconds[:, None], rows.shape)
        length = np.zeros(len(piece_row))
        length[piece] = own_seconds[fitted]
        found.append(
            _RunEvents(
                rows[at],
                run.on_times_s[cut.event[seen]],
                _counts(None if run.on_count is None else run.on_count[cut.event], seen),
                signal_rate[at],
                rate[at],
                piece_row,
                length,
                np.bincount(piece, (own_seconds * signal_rate)[fitted], len(piece_row)),
                np.bincount(piece, (own_seconds * rate)[fitted], len(piece_row)),
            )
        )
    return _in_order(found)


def _check_times(joint):
    """Raises `InputError` for counts without times."""
    if joint.setting.seconds is not None:
        raise InputError("The counts of these rows have no times, so there are no rates of their events.")


def _of_runs(joint):
    return joint.runs, joint.cut.cuts, joint.fluxes


def _counts(count, own):
    """How many counts events stand for: of an array for all of a run, or None for one each."""
    return np.ones(len(own)) if count is None else np.asarray(count, dtype=float)[own]


def _in_order(found):
    """The `RowEvents` of a list of `_RunEvents`, one for each run."""
    numbers = numbers_by_row([each.piece_row for each in found])
    pieces = np.argsort(np.concatenate(numbers))
    piece_of_event = []
    for number, each in zip(numbers, found, strict=True):
        # A run has one piece of each row.
        order = np.argsort(each.piece_row)
        piece_of_event.append(number[order][np.searchsorted(each.piece_row[order], each.row)])
    piece = np.concatenate(piece_of_event)
    events = np.argsort(piece, kind="stable")

    def joined(name, order):
        return np.concatenate([getattr(each, name) for each in found])[order]

    return RowEvents(
        piece[events],
        *(joined(name, events) for name in ("time_s", "count", "signal", "background")),
        joined("piece_row", pieces),
        np.repeat(np.arange(len(found)), [len(each.piece_row) for each in found])[pieces],
        *(joined(name, pieces) for name in ("seconds", "expected_signal", "expected_background")),
    )
