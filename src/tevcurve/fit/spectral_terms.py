"""The response at the cells of rows of a light curve, gathered from its runs for fits of the spectrum's shape."""

import numpy as np

from tevcurve.fit.cube_pieces import piece_of_run, stacked_piece
from tevcurve.kernels.numbering import numbers_among
from tevcurve.kernels.spectral_profiles import CubeSpectralRows, OnOffSpectralRows
from tevcurve.kernels.terms import CashTerms


def cube_rows(joint, rows):
    """The `CubeSpectralRows` of some rows of a 3D light curve.

    Parameters
    ----------
    joint : `CubeLikelihood`
    rows : int array, sorted, row numbers
    """
    runs, cuts, n_blocks_of = joint.runs, joint.cut.cuts, max(len(joint.runs), 1)
    number = numbers_among(rows, joint.n_bins)
    pieces = [piece_of_run(*each) for each in zip(runs, cuts, joint.fluxes, strict=True)]
    total = _total_response(runs, cuts, pieces, number)
    if joint.stacked:
        pieces = [stacked_piece(runs, pieces, joint.cut, joint.n_bins, joint.fluxes[0])]
        events = [_stacked_events(runs, joint, pieces[0], number)]
    else:
        events = [_events(*each, number) for each in zip(runs, cuts, pieces, strict=True)]

    def joined(arrays):
        return np.concatenate(list(arrays))

    block_key = joined(number[piece.row] * n_blocks_of + k for k, piece in enumerate(pieces))
    blocks = np.argsort(block_key, kind="stable")
    blocks = blocks[block_key[blocks] >= 0]
    block_key = block_key[blocks]
    kept, response = (joined(each) for each in zip(*events, strict=True))
    row, background, constant = (
        joined(getattr(piece, name) for piece in pieces)[kept]
        for name in ("event_row", "event_background", "event_constant")
    )
    owner = np.repeat(np.arange(len(pieces)), [len(piece.event_row) for piece in pieces])[kept]
    key, seen = number[row] * n_blocks_of + owner, response.any(axis=1)
    lone = np.searchsorted(block_key, key[~seen & (constant == 0)])
    own = np.flatnonzero(seen | ((constant > 0) & (background > 0)))
    own = own[np.argsort(key[own], kind="stable")]
    length = np.bincount(number[row[own]], minlength=len(rows))
    terms = CashTerms.without_sources(
        n_bins=len(rows),
        block_bin=block_key // n_blocks_of,
        background_total=joined(piece.background_total for piece in pieces)[blocks],
        constant_total=joined(piece.constant_total for piece in pieces)[blocks],
        event_block=np.searchsorted(block_key, key[own]),
        event_background=background[own],
        event_constant=constant[own],
        lone_count=np.bincount(lone, minlength=len(blocks)).astype(float),
    )
    return CubeSpectralRows(np.cumsum(length) - length, length, response[own], total, terms)


def onoff_rows(joint, rows):
    """The `OnOffSpectralRows` of some rows of a 1D light curve.

    Parameters
    ----------
    joint : `OnOffLikelihood`, of runs with the same energy bins
    rows : int array, sorted, row numbers, each of them fitted
    """
    runs, bands = joint.runs, joint.bands[0]
    number, n_reco = numbers_among(rows, joint.n_bins), len(bands)
    keys, responses = [], []
    for run, cut in zip(runs, joint.cut.cuts, strict=True):
        reco, seconds = np.flatnonzero(run.mask_safe), cut.seconds * run.deadc
        row = cut.rows(joint.n_bands, bands[reco])
        kept = number[row] >= 0
        keys.append((row * n_reco + reco)[kept])
        responses.append((run.response.T[reco] * seconds[:, None, None])[kept])
    key, response = np.concatenate(keys), np.concatenate(responses)
    if joint.stacked:
        key, index = np.unique(key, return_inverse=True)
        response = _summed(index, response, len(key))
    order = np.argsort(key // n_reco, kind="stable")
    row, response = number[key[order] // n_reco], response[order]
    profile = joint.profile.likelihood
    own = np.flatnonzero(number[joint.fitted[profile.cell_bin]] >= 0)
    length = np.bincount(row, minlength=len(rows))
    return OnOffSpectralRows(
        np.cumsum(length) - length,
        length,
        response,
        _summed(row, response, len(rows)),
        profile.n_on[own],
        profile.n_off[own],
        profile.alpha[own],
        None if joint.cells.others is None else tuple(each[own] for each in profile.known),
    )


def _summed(index, values, n):
    total = np.zeros((n, values.shape[1]))
    np.add.at(total, index, values)
    return total


def _total_response(runs, cuts, pieces, number):
    """Response summed over all cells and runs of each row (n_rows, n_true), cm2 s."""
    index, values = [], []
    for run, cut, piece in zip(runs, cuts, pieces, strict=True):
        kept = number[piece.row] >= 0
        seconds = np.repeat(cut.seconds * run.deadc, run.n_bands)
        index.append(number[piece.row[kept]])
        values.append(seconds[kept, None] * np.tile(run.response_total, (len(cut.bins), 1))[kept])
    return _summed(np.concatenate(index), np.concatenate(values), number.max() + 1)


def _events(run, cut, piece, number):
    """(mask of a run's events that are in the rows, response at these (n, n_true), cm2 s)."""
    kept = number[piece.event_row] >= 0
    place = numbers_among(run.near, len(run.time_s))[cut.event[kept]]
    seconds = (cut.seconds * run.deadc)[cut.event_bin[kept]]
    response = np.zeros((len(place), run.response_total.shape[1]))
    near = place >= 0
    response[near] = run.response[place[near]] * seconds[near, None]
    return kept, response


def _stacked_events(runs, joint, piece, number):
    """(mask of the stacked events that are in the rows, response at these summed over all runs of the row)."""
    n_bands, cut = joint.n_bands, joint.cut
    kept = number[piece.event_row] >= 0
    row, cell = piece.event_row[kept], piece.cell[kept]
    response = np.zeros((len(row), runs[0].response_total.shape[1]))
    for run, part in zip(runs, cut.cuts, strict=True):
        seconds = np.zeros(cut.n_times)
        seconds[part.bins] = part.seconds * run.deadc
        seconds = seconds[row // n_bands]
        shared = np.flatnonzero(seconds)
        compact = run.compact
        reco, pixel = np.divmod(cell[shared], compact.shares.shape[1])
        response[shared] += (compact.shares[:, pixel] * compact.dispersion[:, reco]).T * seconds[shared, None]
    return kept, response
