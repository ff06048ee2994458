"""The response at the cells of rows of a light curve, gathered from its runs for fits of the spectrum's shape."""

import numpy as np

from tevcurve.fit.cube_pieces import piece_of_run, stacked_piece
from tevcurve.kernels.numbering import first_together, numbers_among, sums_by_owner
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
    names = "background_total", "constant_total"
    totals = [joined(getattr(piece, name) for piece in pieces)[blocks] for name in names]
    block, block_bin = np.arange(len(block_key)), block_key // n_blocks_of
    if joint.setting.together is not None:
        first = first_together(*np.divmod(block_key, n_blocks_of), joint.setting.together)
        known, block = np.unique(block_bin * n_blocks_of + first, return_inverse=True)
        block, block_bin = block.ravel(), known // n_blocks_of
        totals = [sums_by_owner(each, block, len(known)) for each in totals]
    kept, response = (joined(each) for each in zip(*events, strict=True))
    row, background, constant = (
        joined(getattr(piece, name) for piece in pieces)[kept]
        for name in ("event_row", "event_background", "event_constant")
    )
    owner = np.repeat(np.arange(len(pieces)), [len(piece.event_row) for piece in pieces])[kept]
    of_event = block[np.searchsorted(block_key, number[row] * n_blocks_of + owner)]
    seen = response.any(axis=1)
    lone = of_event[~seen & (constant == 0)]
    own = np.flatnonzero(seen | ((constant > 0) & (background > 0)))
    own = own[np.argsort(of_event[own], kind="stable")]
    length = np.bincount(number[row[own]], minlength=len(rows))
    terms = CashTerms.without_sources(
        n_bins=len(rows),
        block_bin=block_bin,
        background_total=totals[0],
        constant_total=totals[1],
        event_block=of_event[own],
        event_background=background[own],
        event_constant=constant[own],
        lone_count=np.bincount(lone, minlength=len(block_bin)).astype(float),
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
    elif joint.setting.together is not None:
        # In the order of the cells: of rows, of runs in a row, and of energy bins in a run.
        run = np.repeat(np.arange(len(keys)), [len(each) for each in keys])
        row, reco = np.divmod(key, n_reco)
        first = first_together(row, run, joint.setting.together)
        key, index = np.unique((row * len(keys) + first) * n_reco + reco, return_inverse=True)
        response = _summed(index.ravel(), response, len(key))
        key = key // (n_reco * len(keys)) * n_reco + key % n_reco
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
    response[near] = run.of_near(run.response)[place[near]] * seconds[near, None]
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
