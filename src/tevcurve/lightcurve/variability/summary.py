"""What a person wants to know first of a light curve's variability."""

import html
from dataclasses import dataclass, replace

import numpy as np

from tevcurve.lightcurve.variability import amplitude, blocks, constancy, timescales
from tevcurve.lightcurve.variability.amplitude import AmplitudeResult
from tevcurve.lightcurve.variability.chances import chances
from tevcurve.lightcurve.variability.constancy import ConstancyResult
from tevcurve.lightcurve.variability.gregory_loredo import GregoryLoredoResult
from tevcurve.lightcurve.variability.pulls import Pulls, pulls_of
from tevcurve.lightcurve.variability.records import Without, chance_text
from tevcurve.lightcurve.variability.rows import rows_of
from tevcurve.lightcurve.variability.time_domain_lines import SlopeResult, odds_of, slope_of
from tevcurve.lightcurve.variability.timescales import DOUBLING, HALVING, TimescaleResult

SIGNIFICANCE = 3
P0 = 0.01
# What needs rows that follow each other, and so many of them.
ORDERED = (
    "point-to-point variability",
    "shortest doubling time",
    "shortest halving time",
    "Bayesian blocks",
    "Gregory-Loredo",
    "power spectrum",
)
LEAST_ORDERED = 3
# The attributes of the summary that are tests, in the order that they are told in.
TESTS = (
    "ts_var",
    "chi_square",
    "fractional_variability",
    "excess_variance",
    "point_to_point",
    "doubling_time",
    "halving_time",
    "bayesian_blocks",
    "gregory_loredo",
    "power_spectrum",
)
# Of the rows: where more have few counts, and there are no toys, the verdict itself says that it is rough.
MOST_FEW = 0.5


@dataclass(frozen=True, eq=False, repr=False)
class VariabilitySummary:
    """The tests of one light curve, of one energy band, all with the same toys.

    The verdict is that of `ts_var` alone: the other results measure the same light curve and are no further trials.
    `p_value` is its chance, with the number of bands of the light curve, `n_bands`, as trials. A test that was not made
    is None.

    Attributes
    ----------
    ts_var, chi_square : `ConstancyResult`
    fractional_variability, excess_variance, point_to_point : `AmplitudeResult`
    doubling_time, halving_time : `TimescaleResult`
    bayesian_blocks : `BlocksResult`
    gregory_loredo : `GregoryLoredoResult`, by the times of events, without toys
    power_spectrum : `SlopeResult`
    title : str, the first line of what is printed
    n_bands : int, energy bands of the light curve
    left_out : tuple of sentences, of the tests that were not made and why
    n_rough : int, rows with few counts, where these are most of all and no toys were drawn: then all chances are by
        formulas that are rough there, and the verdict says so; otherwise 0
    pulls : `Pulls`, scales of instruments and systematic errors if the source is constant; None where there are none
    """

    ts_var: ConstancyResult
    chi_square: ConstancyResult | None
    fractional_variability: AmplitudeResult
    excess_variance: AmplitudeResult
    point_to_point: AmplitudeResult | None
    doubling_time: TimescaleResult | None
    halving_time: TimescaleResult | None
    bayesian_blocks: blocks.BlocksResult | None
    gregory_loredo: GregoryLoredoResult | None
    power_spectrum: SlopeResult | None
    title: str
    n_bands: int = 1
    left_out: tuple = ()
    n_rough: int = 0
    pulls: Pulls | None = None

    @property
    def by_name(self):
        """The records, dict by their attributes, without those that could not be made."""
        return {name: getattr(self, name) for name in TESTS if getattr(self, name) is not None}

    @property
    def results(self):
        """The records, in the order of their attributes, without those that could not be made."""
        return list(self.by_name.values())

    @property
    def p_value(self):
        """Chance of a constant source, after the trials of all bands."""
        return min(self.ts_var.p_value * self.n_bands, 1.0)

    @property
    def verdict(self):
        """One sentence."""
        chance = chance_text(self.p_value, self.ts_var.p_is_limit)
        if self.n_bands > 1:
            chance += f" after the trials of {self.n_bands} bands"
        if self.p_value >= 0.00135 and self.ts_var.p_is_limit:
            if self.ts_var.n_toys:
                return f"No toy of {self.ts_var.n_toys} varied as much ({chance}); take more to be surer."
            return f"The source varied by a formula that is rough where counts are few ({chance}); toys say more."
        found = "the source varied" if self.p_value < 0.00135 else "the rows agree with a constant flux"
        if self.n_rough:
            number = f"{self.n_rough} of {self.ts_var.n_rows}"
            return f"By a formula that is rough for the {number} rows with few counts {found} ({chance})."
        return f"{found[0].upper()}{found[1:]} ({chance})."

    def __str__(self):
        notes = dict.fromkeys(note for result in self.results for note in result.note.split("; ") if note)
        lines = [self.title, self.verdict]
        width = max(len(result.name) for result in self.results)
        for result in self.results:
            lines.append(f"  {result.name:{width}}  {result.measured()}  {result.chance()}".rstrip())
            if result.without is not None:
                lines.append(f"  {'':{width}}  {result.without}")
        lines += [f"  {self.pulls}."] if self.pulls is not None else []
        lines += [f"  Note: {note}." for note in notes]
        lines += [f"  {sentence}" for sentence in self.left_out]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self):
        rows = "".join(
            f"<tr><td>{html.escape(r.name)}</td><td>{html.escape(r.measured())}</td><td>{_chance_html(r)}</td>"
            f"<td>{html.escape(r.note)}</td></tr>"
            for r in self.results
        )
        head = f"<p>{html.escape(self.title)}<br>{html.escape(self.verdict)}</p>"
        more = [f"{self.pulls}."] if self.pulls is not None else []
        tail = "".join(f"<p>{html.escape(sentence)}</p>" for sentence in (*more, *self.left_out))
        return (
            f"{head}<table><tr><th></th><th>value</th><th>chance</th><th>note</th></tr>{rows}</table>{tail}"
        )


def summarize(light_curve, band=None, n_toys=1000, random_state=0):
    """What a person wants to know first: did the source vary, how much and how fast; a record that prints itself.

    The single tests, and a fit of a flare, are functions in `tevcurve.lightcurve.variability`.

    Parameters
    ----------
    light_curve : `LightCurve`
    band : int, number of the energy band; needed where there are several
    n_toys : int, toys for the chances where rows have few counts; 0 for none
    random_state : int seed or numpy Generator
    """
    rows = rows_of(light_curve, band)
    tests = _constancy_tests(rows)
    why = _why_no_order(rows)
    ordered = not why
    if ordered:
        pairs = amplitude.neighbours(rows)
        rates = timescales.PairRates.of(rows, pairs, SIGNIFICANCE)
        searches = {way: timescales.Search(rows, rates, way) for way in (DOUBLING, HALVING)}
        tests |= {way: search.test() for way, search in searches.items()}
        tests |= amplitude.pair_tests(rows, pairs)
        tests["blocks"] = blocks.blocks_test(rows)
    found = chances(rows, tests, n_toys, random_state)
    odds, no_odds = odds_of(light_curve, band) if ordered else (None, "")
    slope, no_slope = slope_of(rows, found["ts_var"].fields["p_value"]) if ordered else (None, "")
    plain = rows.plain and chances(rows.plain, _constancy_tests(rows.plain), n_toys, random_state)
    return VariabilitySummary(
        **_constancy_results(rows, found, plain),
        point_to_point=amplitude.pair_result(rows, pairs, found) if ordered else None,
        doubling_time=searches[DOUBLING].result(found[DOUBLING]) if ordered else None,
        halving_time=searches[HALVING].result(found[HALVING]) if ordered else None,
        bayesian_blocks=blocks.blocks_result(rows, P0, found["blocks"]) if ordered else None,
        gregory_loredo=odds,
        power_spectrum=slope,
        title=_title(rows, light_curve),
        n_bands=len(_bands(light_curve.table)),
        left_out=tuple(filter(None, (*_sentences(ORDERED, why), rows.why_no_squares, no_odds, no_slope))),
        n_rough=_n_rough(rows, found["ts_var"].fields["method"]),
        pulls=pulls_of(rows),
    )


def _constancy_tests(rows):
    """The `Test` (dict) of each test of constancy, and of the amplitude."""
    tests = {"ts_var": constancy.ts_var_test(rows), **amplitude.excess_tests(rows)}
    return tests if rows.why_no_squares else tests | {"chi_square": constancy.chi_square_test(rows)}


def _constancy_results(rows, found, plain):
    """Their results, a dict; None for what was not tested. plain: what was found of the plain rows, None without."""

    def results(rows, found):
        squares = "chi_square" in found
        return {
            "ts_var": constancy.ts_var_result(rows, found["ts_var"]),
            "chi_square": constancy.chi_square_result(rows, found["chi_square"]) if squares else None,
            "fractional_variability": amplitude.fractional_result(rows, found),
            "excess_variance": amplitude.excess_result(rows, found),
        }

    told = results(rows, found)
    for name, other in (results(rows.plain, plain) if plain else {}).items():
        if told[name] is not None and other is not None:
            told[name] = replace(told[name], without=Without.of(other, rows.unknown.ignored))
    return told


def _chance_html(result):
    """The chance, and that without scales and systematic errors below it."""
    parts = [result.chance()] + ([] if result.without is None else [str(result.without)])
    return "<br>".join(html.escape(part) for part in parts)


def _sentences(names, why):
    """The sentence (list) of tests that were left out for a reason; none without one."""
    return [f"Left out: {', '.join(names)}, as {why}."] if why else []


def _n_rough(rows, method):
    """Rows with few counts, where a formula is asked in spite of them and they are most of all; else 0."""
    few = int(np.count_nonzero(rows.few))
    return few if method != "toys" and few > MOST_FEW * rows.n else 0


def _why_no_order(rows):
    """Why there are no tests of rows that follow each other, str; empty where there are."""
    if not rows.in_order:
        return "the rows do not follow each other in time (bins in phase, for example)"
    if rows.n < LEAST_ORDERED:
        return f"there are {rows.n} rows, and {LEAST_ORDERED} are the least with a time scale"
    return ""


def _title(rows, light_curve):
    table, number = light_curve.table, rows.number[0]
    title = f"Variability of {light_curve.meta.get('source') or 'the source'} in {rows.n} rows"
    title += " of phase" if "phase_min" in table.colnames else ""
    if "e_min" not in table.colnames:
        return title
    return f"{title}, {table['e_min'][number]:.4g}-{table['e_max'][number]:.4g} TeV"


def _bands(table):
    if "e_min" not in table.colnames:
        return {()}
    return set(zip(table["e_min"].tolist(), table["e_max"].tolist(), strict=True))
