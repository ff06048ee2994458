"""What tests of variability know of scales of instruments and of systematic errors."""

from dataclasses import dataclass, replace

import numpy as np

from tevcurve.errors import InputError
from tevcurve.files.columns import in_a_sentence
from tevcurve.fit.shared_constant import n_identified
from tevcurve.lightcurve.variability.records import Without
from tevcurve.lightcurve.variability.row_fits import RowFits
from tevcurve.systematics import OVERLAP, Systematics

# Results of `RowFits` that nuisances do not enter.
ALONE = ("_lowest", "minimum", "norm", "errn", "errp", "err", "constant_minimum", "start")
# What is said of values that ignore it.
IGNORED = ("time scales, blocks and flares do not know of scales and systematic errors",)
# A column that a table has only where something was said of systematic errors or scales.
SYSTEMATIC_ERROR = "flux_err_sys"


@dataclass(frozen=True, eq=False)
class NotKnown:
    """What is not known of rows.

    Attributes
    ----------
    nuisances : `RowNuisances` of the rows
    systematics : `Systematics` that they are of
    """

    nuisances: object
    systematics: Systematics

    @property
    def n_free(self):
        """Free scales that the rows tell from each other and from a constant."""
        return n_identified(self.nuisances)

    @property
    def ignored(self):
        """What a test ignores that does not know of it, in words."""
        words = ["all scales 1"] if self.systematics.scales is not None else []
        words += ["no systematic errors"] if self.systematics.effects else []
        return " and ".join(words)

    @property
    def errors(self):
        """What is not known, in words."""
        words = ["errors of the scales of instruments"] if self.systematics.scales is not None else []
        words += ["systematic errors"] if self.systematics.effects else []
        return " and ".join(words)

    def notes(self):
        """What is to be said of tests that know of it, list of str."""
        notes, calibration = [], self.systematics.calibration
        if self.systematics.effects:
            effects = in_a_sentence([effect.text() for effect in self.systematics.effects])
            notes.append(f"tests of a constant have systematic errors at their best values: {effects}")
        if self.systematics.scales is not None and calibration is not None:
            names = in_a_sentence(list(calibration.names))
            if calibration.from_ == OVERLAP:
                known = "known from simultaneous observations to their errors, and at their best values"
            else:
                known = "fitted with the constant"
            notes.append(f"flux scales of {names} are relative to {calibration.reference}, {known}")
        return notes

    def check_left(self, n_rows):
        """Raises `InputError` where free scales leave nothing to test. n_rows: int."""
        if n_rows - 1 - self.n_free < 1:
            raise InputError(
                f"{n_rows} rows with {self.n_free} free scales of instruments say nothing of variability; wanted are "
                "more rows, or scales with a prior, such as {sigma: 0.15}."
            )


def not_known(origin, joint, numbers):
    """The `NotKnown` of some rows; None where nothing is said of systematics.

    Parameters
    ----------
    origin : of the light curve
    joint : `RowLikelihood` of its rows
    numbers : int array, sorted, rows of its table, among the fitted
    """
    if not getattr(origin, "systematics", None):
        return None
    nuisances = origin.nuisances(joint)
    if nuisances is None or not (nuisances.n_nuisances or nuisances.own.any()):
        return None
    return NotKnown(nuisances.take(np.searchsorted(joint.fitted, numbers)), origin.systematics)


def raw_rows(origin, remake):
    """The `Rows` with all scales of instruments 1, no systematic errors, and norms of backgrounds free in each row.

    None where bins look at events, which other scales would make others.

    Parameters
    ----------
    origin : of the light curve
    remake : function of an origin to its `Rows`
    """
    systematics = origin.systematics
    if origin.time_bins.looks_at_events and systematics.scales is not None:
        return None
    return remake(replace(origin, systematics=replace(systematics, scales=None, norms=None, effects=())))


def without_nuisances(rows):
    """The same `Rows` with no systematic errors. rows: `Rows`."""
    known = set(rows.unknown.notes())
    notes = tuple(note for note in rows.notes if note not in known)
    return replace(rows, fits=refitted(rows.fits, None), unknown=None, notes=notes)


def refitted(fits, nuisances):
    """The `RowFits` of the same rows with other nuisances; what does not depend on these is kept where it is known.

    Parameters
    ----------
    fits : `RowFits`
    nuisances : `RowNuisances`, or None
    """
    other = RowFits(fits.profile, fits.n, fits.lowest, nuisances)
    other.__dict__.update({name: fits.__dict__[name] for name in ALONE if name in fits.__dict__})
    return other


def beside(rows, make):
    """What a test says of rows, with what it says `Without` beside it.

    Parameters
    ----------
    rows : `Rows`
    make : function of `Rows` to a `VariabilityResult`
    """
    result, plain = make(rows), rows.plain
    return result if plain is None else replace(result, without=Without.of(make(plain), rows.unknown.ignored))


def ignoring(rows, found):
    """What is to be said (list of str) of a value that knows nothing of scales and systematic errors.

    Parameters
    ----------
    rows : `Rows`
    found : `Found`
    """
    if rows.unknown is None:
        return []
    chances = "but the toys of their chances have these" if len(found.values) else "nor do their chances"
    return [f"{IGNORED[0]}, {chances}"]


def table_notes(table):
    """What is to be said (list of str) of a light curve that is known by its table only. table: astropy Table."""
    if SYSTEMATIC_ERROR not in table.colnames:
        return []
    return [
        "systematic errors are left out: a table does not say which rows have them in common, as a result stored with "
        "its runs does"
    ]
