"""How much a light curve varies: excess variance, fractional variability, and variability from point to point.

Four things that the formulas of many like rows leave open, each decided by simulation:

- Rows with less than half the mean good time count with the square of their share of that half: the mean square error
  goes as the inverse of the time, so that the shortest rows would make most of the scatter. All others count alike, as
  in Vaughan et al. 2003. The weights do not know the fluxes, so that they bias nothing.
- Slivers, rows with less than a fifth of the mean exposure, are left out, and the record says how many. With few counts
  their errors are too large on average, which not even a small weight makes good.
- Scales of instruments and systematic errors make rows scatter together. What they add on average is taken off, and
  the chance is that of a score test, which knows which rows have them in common
  (`tevcurve.lightcurve.variability.extra_variance`).
- Where toys are drawn, what a constant source's toys have on average is taken off: with few counts errors and values
  are not free of bias. Where counts are many that is 0.
"""

from dataclasses import dataclass

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.kernels import scatter
from tevcurve.lightcurve.variability.chances import Test, chances, normal_chance
from tevcurve.lightcurve.variability.extra_variance import signed_roots
from tevcurve.lightcurve.variability.not_known import beside
from tevcurve.lightcurve.variability.records import VariabilityResult
from tevcurve.lightcurve.variability.rows import rows_of

# Standard deviations from zero below which a mean flux is not worth dividing by.
FAINT = 3.0
# Names of the tests.
EXCESS, EXCESS_BIAS, PAIRS, PAIRS_BIAS = "excess", "bias of the excess", "pairs", "bias of pairs"
# Mean counts of rows below which the bias that only toys take off is worth a word.
BIASED_COUNTS = 5


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class AmplitudeResult(VariabilityResult):
    """A `VariabilityResult` with the `mean` flux that the amplitude is a fraction of.

    Where that mean is not three of its standard deviations above zero, value and errors are NaN.
    """

    mean: u.Quantity

    def measured(self):
        """The value with its error, in words."""
        return super().measured() if np.isfinite(self.value) else "not measurable"


def excess_variance(light_curve, band=None, n_toys=1000, random_state=0):
    """The normalized excess variance of the fluxes, with its sign and error, an `AmplitudeResult`.

    The sample variance minus the mean square of the errors, over the squared mean (Vaughan et al. 2003, MNRAS 345,
    1271), with the error of their equation 11. For a constant source it scatters around 0, to both sides:
    fluxes are those that may be negative, whatever the light curve shows. Rows count alike, but those with less than
    half the mean good time count less, and those with less than a fifth of the mean exposure, such as a run leaves at
    its end, are left out (see `tevcurve.lightcurve.variability.amplitude`). The chance is that of the variance with
    these errors and a constant flux, or from toys where a row has under 20 counts or is a limit; what toys have on
    average is taken off the value then.

    Parameters
    ----------
    light_curve : `LightCurve`
    band : int, number of the energy band; needed where there are several
    n_toys : int, toys for the chance where they are needed; 0 for none
    random_state : int seed or numpy Generator
    """
    rows = rows_of(light_curve, band)
    return beside(
        rows, lambda rows: excess_result(rows, chances(rows, excess_tests(rows), n_toys, random_state))
    )


def fractional_variability(light_curve, band=None, n_toys=1000, random_state=0):
    """The fractional variability F_var with its sign and error, an `AmplitudeResult`.

    The root of the normalized excess variance, with its sign: a value of -0.1 is a scatter smaller than the errors by
    as much as 0.1 would be larger. `error` is that of Vaughan et al. 2003, MNRAS 345, 1271, equation B2, which is to
    first order and grows without bound near 0; `errn` and `errp` lead to the roots of both ends of the interval of the
    excess variance, and hold there too. Else as `excess_variance`.

    Parameters
    ----------
    light_curve : `LightCurve`
    band : int, number of the energy band; needed where there are several
    n_toys : int, toys for the chance where they are needed; 0 for none
    random_state : int seed or numpy Generator
    """
    rows = rows_of(light_curve, band)
    return beside(
        rows, lambda rows: fractional_result(rows, chances(rows, excess_tests(rows), n_toys, random_state))
    )


def point_to_point(light_curve, band=None, max_gap=None, n_toys=1000, random_state=0):
    """The fractional variability from point to point, with its sign and error, an `AmplitudeResult`.

    As `fractional_variability`, with half the mean squared difference of neighbours in place of the variance
    (Edelson et al. 2002, ApJ 568, 610): what is less than that was slower than the bins. The errors of
    each pair are taken off it, and its own error is that of a quadratic form of the values. A pair counts with
    w1*w2/(w1 + w2) of the weights of its rows.

    Parameters
    ----------
    light_curve : `LightCurve`
    band : int, number of the energy band; needed where there are several
    max_gap : Quantity or str, time between two bins beyond which they are no neighbours; default: none
    n_toys : int, toys for the chance where they are needed; 0 for none
    random_state : int seed or numpy Generator
    """
    rows = rows_of(light_curve, band)
    rows.check_order()
    pairs = neighbours(rows, max_gap)
    return beside(
        rows,
        lambda rows: pair_result(rows, pairs, chances(rows, pair_tests(rows, pairs), n_toys, random_state)),
    )


def neighbours(rows, max_gap=None):
    """Two int arrays (n_pairs,), the earlier and the later of rows that follow each other, slivers aside.

    Parameters
    ----------
    rows : `Rows`
    max_gap : Quantity or str, time between two bins beyond which they are no neighbours; default: none
    """
    first, second = rows.ample[:-1], rows.ample[1:]
    if max_gap is None:
        return first, second
    try:
        limit = u.Quantity(max_gap).to_value(u.s)
    except (TypeError, ValueError) as error:
        raise InputError(f"max_gap is {max_gap!r}; wanted is a time such as '1 h'.") from error
    near = rows.start_s[second] - rows.stop_s[first] <= limit
    if not near.any():
        raise InputError(f"No two rows of the light curve are within max_gap = {max_gap} of each other.")
    return first[near], second[near]


def excess_tests(rows):
    """The `Test` (dict) of the excess variance, not normalized: the mean of a faint source may be 0.

    Where there are nuisances the chance is that of a score test, and the excess, which toys say the bias of, is apart.

    rows: `Rows`.
    """
    ample, weight = rows.ample, rows.weight[rows.ample]
    if rows.unknown is not None:
        score = Test(
            lambda fits: rows.extra.score(signed_roots(fits)[:, ample]),
            rows.extra.score_chance,
            has_tail=True,
        )
        return {EXCESS: score, EXCESS_BIAS: _bias_test(rows, rows.extra.form())}
    spread = float(scatter.excess_spread(rows.fits.err[0, ample], weight))
    test = Test(
        lambda fits: scatter.excess(fits.norm[:, ample], fits.err[:, ample], weight),
        lambda value: normal_chance(value / spread),
        has_tail=True,
    )
    return {EXCESS: test}


def pair_tests(rows, pairs):
    """The `Test` (dict) of the excess variance from point to point; see `excess_tests`.

    Parameters
    ----------
    rows : `Rows`
    pairs : two int arrays (n_pairs,), of `neighbours`
    """
    if rows.unknown is not None:
        form, ample = rows.extra.form(_among_ample(rows, pairs)), rows.ample
        square = Test(
            lambda fits: rows.extra.square(signed_roots(fits)[:, ample], form),
            lambda value: rows.extra.square_chance(value, form),
            has_tail=True,
        )
        return {PAIRS: square, PAIRS_BIAS: _bias_test(rows, form)}
    flat = np.ones(rows.n)
    _, spread = scatter.normalized_pair_excess(flat, rows.fits.err[0], *pairs, rows.weight)
    test = Test(
        lambda fits: scatter.pair_excess(fits.norm, fits.err, *pairs, rows.weight),
        lambda value: normal_chance(value / float(spread)),
        has_tail=True,
    )
    return {PAIRS: test}


def _bias_test(rows, form):
    """The `Test` of the excess by a form, of which the mean of the toys is wanted, and no chance."""
    ample = rows.ample
    return Test(
        lambda fits: rows.extra.excess(fits.norm[:, ample], fits.err[:, ample], form), lambda value: np.nan
    )


def excess_result(rows, found):
    """The `AmplitudeResult` of `Rows` with what `chances` found.

    Parameters
    ----------
    rows : `Rows`
    found : dict of `Found`, of `excess_tests`
    """
    return _result("normalized excess variance", rows, found[EXCESS], lambda: _named(*_excess(rows, found)))


def fractional_result(rows, found):
    """The `AmplitudeResult` of `Rows` with what `chances` found.

    Parameters
    ----------
    rows : `Rows`
    found : dict of `Found`, of `excess_tests`
    """
    return _result("fractional variability", rows, found[EXCESS], lambda: _root(*_excess(rows, found)))


def pair_result(rows, pairs, found):
    """The `AmplitudeResult` of `Rows` with what `chances` found.

    Parameters
    ----------
    rows : `Rows`
    pairs : two int arrays (n_pairs,), of `neighbours`
    found : dict of `Found`, of `pair_tests`
    """

    def measure():
        own = _among_ample(rows, pairs)
        if rows.unknown is not None:
            return _beyond(rows, rows.extra.form(own), _bias(found[PAIRS_BIAS]))
        norm, err, weight = _ample(rows)
        return scatter.normalized_pair_excess(norm, err, *own, weight, bias=_bias(found[PAIRS]))

    return _result("point-to-point variability", rows, found[PAIRS], lambda: _root(*measure()))


def _excess(rows, found):
    if rows.unknown is not None:
        return _beyond(rows, rows.extra.form(), _bias(found[EXCESS_BIAS]))
    return scatter.normalized_excess(*_ample(rows), bias=_bias(found[EXCESS]))


def _beyond(rows, form, bias):
    """(variance beyond errors and nuisances by a form, over the squared mean, its error)."""
    norm, err, weight = _ample(rows)
    excess = float(rows.extra.excess(norm[None], err[None], form)[0] - bias)
    square = float(scatter.weighted_mean(norm, weight)) ** 2
    return excess / square, rows.extra.spread(excess, form) / square


def _among_ample(rows, pairs):
    """Pairs numbered among the rows in use."""
    return tuple(np.searchsorted(rows.ample, pair) for pair in pairs)


def _ample(rows):
    """Values, errors and weights of the rows in use."""
    fits, ample = rows.fits, rows.ample
    return fits.norm[0, ample], fits.err[0, ample], rows.weight[ample]


def _bias(found):
    """The mean of the toys, 0 without any."""
    return found.values.mean() if len(found.values) else 0.0


def _named(value, error):
    return {"value": float(value), "error": float(error)}


def _root(square, error):
    names = ("value", "error", "errn", "errp")
    return dict(zip(names, map(float, scatter.root_with_errors(square, error)), strict=True))


def _result(name, rows, found, measure):
    """The `AmplitudeResult`; measure: function without arguments that gives its numbers, if there are any."""
    norm, err, weight = _ample(rows)
    mean, notes = float(scatter.weighted_mean(norm, weight)), rows.sliver_notes
    if not mean > FAINT * np.sqrt(np.sum((weight * err) ** 2)) / weight.sum():
        notes.append("the mean flux is not clearly above zero, so no fraction of it is told")
        values = {"value": np.nan}
    else:
        values = measure()
    if not len(found.values) and rows.counts[rows.ample].mean() < BIASED_COUNTS:
        notes.append("with so few counts in a row amplitudes come out too small without toys")
    mean = mean * rows.flux * u.Unit("cm-2 s-1")
    values |= {"n_rows": len(norm), "n_left_out": rows.n - len(norm)}
    return found.record(AmplitudeResult, rows, notes, name=name, mean=mean, **values)
