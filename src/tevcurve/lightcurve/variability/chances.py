"""Chances of a constant source: by formula, or from toys where counts are few."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.special import chdtrc, ndtr

from tevcurve.errors import InputError
from tevcurve.lightcurve.variability.records import LEAST_CHANCE, LEAST_ROUGH_CHANCE
from tevcurve.lightcurve.variability.row_fits import RowFits
from tevcurve.lightcurve.variability.sequential import Tally, batch_sizes
from tevcurve.progress import track

# Events or cells that are drawn at once.
_BATCH = 400_000


@dataclass(frozen=True)
class Test:
    """A statistic that grows with variability, and how its chance is found.

    Attributes
    ----------
    statistic : function of `RowFits` to an array (n,), one number for each light curve
    chance : the asymptotic chance of a value, function of a float
    beside : function of `RowFits` to an array (n,) that the statistic goes with also where nothing varies, so that
        toys are compared at the value that the light curve has; None where there is no such thing
    has_tail : bool, whether chances by the formula that are very small are such, so that toys need not show it; not
        where a single row can make the statistic as large as one likes, which few toys would not show
    """

    statistic: Callable
    chance: Callable
    beside: Callable | None = None
    has_tail: bool = False


@dataclass(frozen=True, eq=False)
class Found:
    """What came of a test: the fields of its record, and the statistic of all toys (n_toys,), empty without.

    Attributes
    ----------
    fields : dict, of the record's fields that say the chance
    values : float array (n_toys,)
    """

    fields: dict
    values: np.ndarray

    def record(self, kind, rows, notes=(), **others):
        """A record of a kind, with the notes of the rows, of the test and of the caller.

        Parameters
        ----------
        kind : `VariabilityResult` or a class that is made from it
        rows : `Rows`
        notes : str, of the caller
        others : the other fields of the record
        """
        notes = [*rows.notes, self.fields["note"], *notes]
        note = "; ".join(note for note in notes if note)
        known = {"n_rows": rows.n, "n_energy_ranges": rows.n_energy_ranges}
        return kind(**known | others | self.fields | {"note": note})


# A chance of one in ten millions is more than any model of the detector is good for.
MAX_TOYS = 10_000_000


def chances(rows, tests, n_toys, random_state):
    """The `Found` of each test of a dict, each with its own number of toys (`sequential`).

    Toys are drawn where a row has under 20 counts or is a limit: from every row's own expectations with a constant
    flux, nuisance parameters being drawn from their priors. The chance is (k + 1) / (n + 1), with k of n toys at or
    above the value (Davison & Hinkley 1997, "Bootstrap Methods and their Application", section 4.2), or h / n, where
    toys end with the h-th of them, which is enough. The toys' constant is one that was measured, with an error. A
    statistic that grows with the constant, as TS_var does where rows are at the bound of negative fluxes, is therefore
    compared with toys at the same measured constant: theirs are moved to it along the parabola that fits them best (a
    regression adjustment as of Beaumont et al. 2002, Genetics 162, 2025). Chances by formula are not told below 1e-15;
    where toys would be needed and there are none, not below 0.001, which is what 1000 toys can tell.

    Parameters
    ----------
    rows : `Rows`
    tests : dict of `Test`
    n_toys : int, 0 for none
    random_state : int seed or numpy Generator
    """
    check_n_toys(n_toys)
    tallies = {name: Tally(rows, test, n_toys) for name, test in tests.items()}
    if needs_toys(rows) and n_toys and rows.maker is not None:
        _draw(list(tallies.values()), partial(null_fits, rows), n_toys, random_state)
    return {name: _found(rows, tally) for name, tally in tallies.items()}


def chance_of(observed, test, draw, n_toys, random_state):
    """The `Found` of a test of whatever can be drawn, by toys that end when enough is known, or by its formula.

    Parameters
    ----------
    observed : what the test takes
    test : `Test`
    draw : function of a number and a numpy Generator to an iterable of toys, one or more in each, that make so many
    n_toys : int, 0 for the formula
    random_state : int seed or numpy Generator
    """
    check_n_toys(n_toys)
    tally = Tally(_Observed(observed), test, n_toys)
    if not n_toys:
        told = {"method": "asymptotic", "n_toys": 0, "least_chance": LEAST_CHANCE, "note": ""}
        p_value = max(tally.formula, LEAST_CHANCE)
        limit = bool(tally.formula < LEAST_CHANCE)
        told |= {"p_value": p_value, "p_is_limit": limit, "p_asymptotic": tally.formula}
        return Found(told, np.zeros(0))
    _draw([tally], draw, n_toys, random_state)
    return Found(tally.fields(), tally.values)


@dataclass(frozen=True, eq=False)
class _Observed:
    """What a `Tally` asks for. fits: what a test takes."""

    fits: object


def check_n_toys(n_toys):
    """Raises `InputError` for what is no number of toys. n_toys: int."""
    if int(n_toys) != n_toys or n_toys < 0:
        raise InputError(f"n_toys is {n_toys!r}; wanted is a number of toys, or 0 for none.")
    if n_toys > MAX_TOYS:
        raise InputError(f"n_toys is {n_toys}; wanted are at most {MAX_TOYS}.")


def _draw(going, draw, n_toys, random_state):
    """Draws toys until all tallies have enough, or those that want a chance.

    going: list of `Tally`. draw: function of a number and a numpy Generator to an iterable of what tests take.
    """
    rng, sizes = np.random.default_rng(random_state), list(batch_sizes(n_toys))
    for size in track(sizes, len(sizes), "batches of toys"):
        for fits in draw(size, rng):
            for tally in going:
                tally.add(fits)
        going = [tally for tally in going if not tally.is_enough]
        if not any(tally.wants_chance for tally in going):
            break


def needs_toys(rows):
    """Whether formulas are too rough for some of the rows. rows: `Rows`."""
    return bool(rows.few.any())


def _found(rows, tally):
    values = tally.values
    if len(values):
        return Found(tally.fields(), values)
    few, note = np.count_nonzero(rows.few), ""
    if few:
        why = "no toys were asked for" if rows.maker is not None else rows.why_no_toys
        note = f"{few} of {rows.n} rows have few counts, where the formula is rough, and {why}"
    least, asymptotic = LEAST_ROUGH_CHANCE if few else LEAST_CHANCE, tally.formula
    chance = {"p_value": max(asymptotic, least), "p_is_limit": bool(asymptotic < least)}
    told = {"method": "asymptotic", "n_toys": 0, "least_chance": least, "note": note}
    return Found({"p_asymptotic": asymptotic} | chance | told, values)


def null_fits(rows, n_toys, random_state):
    """`RowFits` of toys with a constant flux, in batches that make n_toys together.

    Nuisance parameters are drawn for each toy, free scales being those of the light curve.

    Parameters
    ----------
    rows : `Rows` that have a `maker`
    n_toys : int
    random_state : int seed or numpy Generator
    """
    rng = np.random.default_rng(random_state)
    batch = max(1, min(n_toys, _BATCH // max(rows.maker.events_per_toy(), 1)))
    fits, draw = rows.fits, _drawer(rows, rng)
    for first in range(0, n_toys, batch):
        n = min(batch, n_toys - first)
        yield RowFits(draw(n), n, fits.lowest, fits.nuisances)


def toys_at(rows, norms, rng):
    """`RowFits` of toys whose norms are given, in batches.

    Parameters
    ----------
    rows : `Rows` that have a `maker`
    norms : float array (n_toys, n_rows)
    rng : numpy Generator
    """
    size = max(1, _BATCH // max(rows.maker.events_per_toy(), 1))
    for first in range(0, len(norms), size):
        own = norms[first : first + size]
        yield RowFits(rows.maker.draw(own, len(own), rng), len(own), rows.fits.lowest)


def _drawer(rows, rng):
    """Function of a number to the profile of as many toys of `Rows` with a constant flux."""
    fits, maker = rows.fits, rows.maker
    if fits.nuisances is None:
        norm = maker.null_norm(float(fits.constant[0]))
        return lambda n: maker.draw(norm, n, rng)
    plain = float(fits.constant_minimum.norm[0])
    norm, moved = maker.null_norm(plain), float(fits.constant[0]) - plain
    # What is true of the background is measured once, not at the norms of each toy.
    background = maker.measured_background(np.full(rows.n, norm))

    def draw(n):
        norms = fits.nuisances.drawn(norm + moved, n, fits.shared.scales[0], rng)
        return maker.draw(norms, n, rng, background)

    return draw


def chi_square_chance(n_free):
    """Function of a chi-square to the chance of it or more with n_free degrees of freedom. n_free: int."""
    return lambda value: float(chdtrc(n_free, value))


def normal_chance(value):
    """Chance of a standard normal number at or above a value. value: float."""
    return float(ndtr(-value))


def among(trials):
    """Function of a chance to the chance of one like it or less in independent trials (Sidak 1967).

    trials: int, number of them.
    """
    return lambda chance: float(-np.expm1(trials * np.log1p(-chance))) if chance < 1 else 1.0
