"""Rows of which some runs are cubes and others ON and OFF counts: one flux for all of them."""

from dataclasses import dataclass

import numpy as np

from tevcurve.errors import InputError
from tevcurve.fit.minimize import minimize_norm
from tevcurve.fit.protocols import Expected, RowEvents
from tevcurve.fit.row_likelihood import RowLikelihood, RowPieces, cuts_together
from tevcurve.fit.toys_mixed import MixedToys
from tevcurve.kernels.one_amplitude import OneAmplitude
from tevcurve.kernels.scaled_pieces import ScaledPieces


@dataclass(frozen=True, eq=False)
class RowsOfKind:
    """The rows that runs of one kind make.

    Attributes
    ----------
    joint : `CubeLikelihood` or `OnOffLikelihood` of these runs, of the same time bins and bands as those of all
    runs : int array, ascending, the numbers of the runs among all
    place : int array (n_fitted of `joint`,), which of the fitted rows of all each of its own is
    """

    joint: RowLikelihood
    runs: np.ndarray
    place: np.ndarray


class MixedRows(RowLikelihood):
    """Rows of a light curve some of whose runs are in 3D and others in 1D, fitted jointly with one flux.

    The statistic of a row is the sum of those that the runs of each kind have. Of what was counted the sum is told,
    events near the source in 3D and ON events in 1D; what is known of one kind only, such as OFF events, is told of
    rows that have no other runs.

    Parameters
    ----------
    joints : list of (`CubeLikelihood` or `OnOffLikelihood`, int array of the numbers of its runs among all, ascending)
    setting : `RowSetting`, of all runs

    Raises `InputError` for rows in which fluxes of other sources are fitted, too.
    """

    why_less = (
        "rows that have runs in 3D and runs in 1D cannot; wanted is one method for all, or the light curve of one "
        "instrument by of_instrument(name)"
    )

    def __init__(self, joints, setting):
        if any(joint.profile.likelihood.n_amplitudes > 1 for joint, _ in joints):
            raise InputError(
                "Neighbours are fitted in each row, and some runs are in 3D and others in 1D; wanted is "
                "neighbours='fixed', or one method for all."
            )
        first = joints[0][0]
        n_runs, n_times = sum(len(numbers) for _, numbers in joints), first.cut.n_times
        fitted = np.unique(np.concatenate([joint.fitted for joint, _ in joints]))
        self.kinds = [RowsOfKind(*each, np.searchsorted(fitted, each[0].fitted)) for each in joints]
        runs, cuts, reaches = ([None] * n_runs for _ in range(3))
        for joint, numbers in joints:
            for place, run, cut, reach in zip(
                numbers, joint.runs, joint.cut.cuts, joint.reaches, strict=True
            ):
                runs[place], cuts[place], reaches[place] = run, cut, reach
        rows = [(kind.joint.profile.likelihood, kind.place) for kind in self.kinds]
        profile = OneAmplitude(ScaledPieces([each for each in rows if len(each[1])] or rows, len(fitted)))
        super().__init__(profile, fitted, runs, cuts_together(runs, cuts, n_times), reaches, setting)
        self.comes_apart = all(joint.comes_apart for joint, _ in joints)

    def measured(self):
        """Columns of what was counted: the sum of events near the source in 3D and of ON events in 1D.

        What one kind tells beside is NaN in rows that have runs of another kind, too.
        """
        of_kinds, columns = self._rows_of_kinds(), {"counts": np.zeros(self.n_bins)}
        for kind, there in zip(self.kinds, of_kinds, strict=True):
            alone = there & (of_kinds.sum(axis=0) == 1)
            for name, values in kind.joint.measured().items():
                if name == "counts":
                    columns[name] += np.where(there, values, 0.0)
                else:
                    columns.setdefault(name, np.full(self.n_bins, np.nan))[alone] = values[alone]
        return columns

    def _rows_of_kinds(self):
        """Which rows each kind has a part in, bool array (n_kinds, n_bins): of rows that nothing is fitted in, those
        in which it has good time.
        """
        is_fitted = np.isin(np.arange(self.n_bins), self.fitted)
        made = []
        for kind in self.kinds:
            has_time = np.repeat(kind.joint.cut.ontime > 0, self.n_bands)
            made.append(np.where(is_fitted, np.isin(np.arange(self.n_bins), kind.joint.fitted), has_time))
        return np.array(made)

    def expected(self, norm):
        """The `Expected` of the fitted rows at norms (n_fitted,), the parts of each kind one kind after the other.

        norm: float array (n_fitted,).
        """
        found = [kind.joint.expected(norm[kind.place]) for kind in self.kinds]
        rows = [kind.place[each.row] for kind, each in zip(self.kinds, found, strict=True)]
        parts = ([getattr(each, name) for each in found] for name in ("background", "others"))
        return Expected(norm * self.profile.total, *(np.concatenate(each) for each in (rows, *parts)))

    def lost_excess(self, norm):
        """Counts of the excess that a background with too little to go by takes, float array (n_fitted,).

        Each kind tells it at the norm that is best for its own runs: at another one, excess is left over anyhow.

        norm: float array (n_fitted,), best norms, which are not looked at.
        """
        lost = np.zeros(len(self.fitted))
        for kind in self.kinds:
            none = np.zeros(len(kind.place))
            # Without a source the most is left over.
            if kind.joint.lost_excess(none).any():
                lost[kind.place] += kind.joint.lost_excess(minimize_norm(kind.joint.profile, none).norm)
        return lost

    def uncertain_in(self, number):
        """What `background_error` is the uncertainty of in a row, by its kinds, str. number: int, of the row."""
        own = [kind.joint.uncertain for kind in self.kinds if number in kind.joint.fitted]
        return " or ".join(dict.fromkeys(own))

    def notes(self):
        """What the rows of either kind say of themselves, a list (n_bins,) of sentences."""
        notes = zip(*(kind.joint.notes() for kind in self.kinds), strict=True)
        return ["; ".join(dict.fromkeys(words for words in own if words)) for own in notes]

    def runs_apart(self):
        """The `RowPieces` of the fitted rows; runs are numbered among all.

        Raises `InputError` where the rows of a kind have no pieces.
        """
        found = [(kind, kind.joint.runs_apart()) for kind in self.kinds]
        row = [kind.place[pieces.row] for kind, pieces in found]
        run = [kind.runs[pieces.run] for kind, pieces in found]
        place = _places(row, run)
        likelihoods = [
            (pieces.likelihood, own) for (_, pieces), own in zip(found, place, strict=True) if len(own)
        ]
        n_pieces = sum(len(own) for own in place)
        rows, runs = np.empty((2, n_pieces), dtype=int)
        for own, of_row, of_run in zip(place, row, run, strict=True):
            rows[own], runs[own] = of_row, of_run
        return RowPieces(ScaledPieces(likelihoods, n_pieces), rows, runs)

    def background_slopes(self, norm):
        """Mixed derivatives of half the statistic in norm and ln(background) of each piece, float array (n_pieces,).

        In the order of `pieces`.

        norm: float array (n_fitted,), norms of the rows.
        """
        found = [(kind, kind.joint.runs_apart()) for kind in self.kinds]
        row = [kind.place[pieces.row] for kind, pieces in found]
        run = [kind.runs[pieces.run] for kind, pieces in found]
        slopes = np.empty(sum(map(len, row)))
        for own, kind in zip(_places(row, run), self.kinds, strict=True):
            slopes[own] = kind.joint.background_slopes(norm[kind.place])
        return slopes

    def signal_rates(self, band, flux=None):
        """Counts expected of the source in a band per second of live time, float array (n_runs,).

        Parameters
        ----------
        band : int, number of the band
        flux : float array (n_true,), cm-2 s-1, of a spectrum; default: the reference, as each run sees it
        """
        rates = np.zeros(len(self.runs))
        for kind in self.kinds:
            rates[kind.runs] = kind.joint.signal_rates(band, flux)
        return rates

    def events(self, norm):
        """The `RowEvents` of the fitted rows at norms (n_fitted,). norm: float array (n_fitted,)."""
        found = [(kind, kind.joint.events(norm[kind.place])) for kind in self.kinds]
        row = [kind.place[each.row] for kind, each in found]
        run = [kind.runs[each.run] for kind, each in found]
        place = _places(row, run)
        pieces = np.argsort(np.concatenate(place))
        piece = np.concatenate([own[each.piece] for own, (_, each) in zip(place, found, strict=True)])
        events = np.argsort(piece, kind="stable")

        def joined(name, order):
            return np.concatenate([getattr(each, name) for _, each in found])[order]

        return RowEvents(
            piece[events],
            *(joined(name, events) for name in ("time_s", "count", "signal", "background")),
            *(np.concatenate(each)[pieces] for each in (row, run)),
            *(joined(name, pieces) for name in ("seconds", "expected_signal", "expected_background")),
        )

    def toys(self, rows):
        """What draws toys of some rows (int array, sorted), a `MixedToys`. rows: sorted int array."""
        makers = []
        for kind in self.kinds:
            own = rows[np.isin(rows, kind.joint.fitted)]
            if len(own):
                makers.append((kind.joint.toys(own), np.searchsorted(rows, own)))
        profile, _ = self.profile.take(np.searchsorted(self.fitted, rows))
        return MixedToys(profile, rows, makers)

    def drawn(self):
        """Raises `InputError`: no interval is made of toys that are counts in part."""
        raise InputError(
            "Intervals of Feldman & Cousins are for rows of one method, and these have runs in 3D and runs in 1D; "
            "wanted is interval='likelihood', or one method for all."
        )


def _places(row, run):
    """For each kind the places of its pieces among those of all, in the order of rows, and of runs in a row.

    Parameters
    ----------
    row, run : lists, for each kind, of int arrays
    """
    order = np.lexsort((np.concatenate(run), np.concatenate(row)))
    place = np.empty(len(order), dtype=int)
    place[order] = np.arange(len(order))
    return np.split(place, np.cumsum([len(each) for each in row])[:-1])
