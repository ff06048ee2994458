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
    place, (settled, _) = numbers_among(joint.fitted, joint.n_bins), joint.profile.settled(norm)
    pieces = [piece_of_run(*each) for each in zip(*_of_runs(joint), strict=True)]
    rows = [place[piece.row] for piece in pieces]
    # Norms are those of rows where runs are added up, else of pieces in the order of rows, and of runs in a row.
    numbers = numbers_by_row([row[row >= 0] for row in rows], joint.setting.together)
    blocks = [np.full(len(row), -1) for row in rows]
    for block, row, number in zip(blocks, rows, numbers, strict=True):
        block[row >= 0] = row[row >= 0] if joint.stacked else number
    each_run = zip(range(len(pieces)), pieces, rows, blocks, strict=True)
    return _in_order([_of_cube(joint, settled, *each) for each in each_run])


def _of_cube(joint, settled, number, piece, row, block):
    """The `_RunEvents` of a run; row, block : of each of its pieces, which fitted row and which norm it has, or -1."""
    run, cut = joint.runs[number], joint.cut.cuts[number]
    own, seconds, amplitudes = row >= 0, np.repeat(cut.seconds, joint.n_bands), settled.amplitudes[row]
    at = cut.event_bin * joint.n_bands + run.band[cut.event]
    seen = np.flatnonzero(own[at])
    at = at[seen]
    rest = settled.norms[block] * piece.background_total + piece.constant_total
    rest_at = settled.norms[block[at]] * piece.event_background[seen] + piece.event_constant[seen]
    for j, source in enumerate(joint.further[number] if joint.further else ()):
        rest = rest + amplitudes[:, source] * piece.further_total[j]
        rest_at = rest_at + amplitudes[at, source] * piece.event_further[j][seen]
    return _RunEvents(
        row=row[at],
        time_s=run.time_s[cut.event[seen]],
        count=_counts(piece.event_count, seen),
        signal=amplitudes[at, 0] * piece.event_signal[seen] / seconds[at],
        background=rest_at / seconds[at],
        piece_row=row[own],
        seconds=seconds[own],
        expected_signal=(amplitudes[:, 0] * piece.signal_total)[own],
        expected_background=rest[own],
    )


def onoff_events(joint, norm):
    """The `RowEvents` of the ON events of the fitted rows of an `OnOffLikelihood`.

    Parameters
    ----------
    joint : `~tevcurve.fit.onoff_likelihood.OnOffLikelihood`
    norm : float array (n_fitted,)
    """
    _check_times(joint)
    place, n_reco, n_runs = numbers_among(joint.fitted, joint.n_bins), len(joint.bands[0]), len(joint.runs)
    expected = joint.expected(norm)
    row, background = expected.row, expected.background + expected.others
    of_run, reco, _, seconds_of_cell = cells_in_runs(joint, joint.fitted)
    of_run = 0 if joint.stacked else of_run
    owners = _owners(joint, place) if joint.setting.together is not None else None
    key, background_rate = (row * n_runs + of_run) * n_reco + reco, background / seconds_of_cell
    found = []
    for k, (run, cut, flux) in enumerate(zip(*_of_runs(joint), strict=True)):
        bands, seconds = joint.bands[k], cut.seconds
        # What is expected in each bin, and energy bin, per second.
        rows = place[cut.rows(joint.n_bands, bands)]
        signal_rate = run.deadc * np.einsum("tr,t->r", run.response, flux) * norm[rows]
        fitted = (rows >= 0) & run.mask_safe
        rate = np.zeros(rows.shape)
        owner = 0 if joint.stacked else k if owners is None else owners[rows, joint.setting.together[k]]
        own_key = (rows * n_runs + owner) * n_reco + np.arange(n_reco)
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
                row=rows[at],
                time_s=run.on_times_s[cut.event[seen]],
                count=_counts(run.on_count, cut.event[seen]),
                signal=signal_rate[at],
                background=rate[at],
                piece_row=piece_row,
                seconds=length,
                expected_signal=np.bincount(piece, (own_seconds * signal_rate)[fitted], len(piece_row)),
                expected_background=np.bincount(piece, (own_seconds * rate)[fitted], len(piece_row)),
            )
        )
    return _in_order(found)


def _owners(joint, place):
    """The first part of each run in each fitted row, int array (n_fitted, n_runs), by the number of its first part."""
    owners = np.full((len(joint.fitted), len(joint.runs)), len(joint.runs))
    parts = zip(joint.runs, joint.cut.cuts, joint.bands, joint.setting.together, strict=True)
    for number, (run, cut, bands, first) in enumerate(parts):
        rows = place[cut.rows(joint.n_bands, bands[run.mask_safe])]
        own = np.unique(rows[rows >= 0])
        owners[own, first] = np.minimum(owners[own, first], number)
    return owners


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
