"""Bayesian blocks: the times between which a light curve is constant."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import astropy.units as u
import numpy as np
from astropy.table import QTable

from tevcurve.bins.blocks import bayesian_blocks as event_blocks
from tevcurve.errors import InputError
from tevcurve.fit.protocols import EventView
from tevcurve.lightcurve.origin_rows import rows_behind
from tevcurve.lightcurve.variability.block_search import best_division, gain_of, gaussian_gains, summed_blocks
from tevcurve.lightcurve.variability.chances import Test, chances
from tevcurve.lightcurve.variability.not_known import IGNORED, ignoring
from tevcurve.lightcurve.variability.records import VariabilityResult
from tevcurve.lightcurve.variability.row_fits import RowFits
from tevcurve.lightcurve.variability.rows import rows_of

# Gaussian light curves that are drawn, fewer of long ones, in batches.
N_DRAWS, LEAST_DRAWS, DRAWN_ROWS, BATCH = 2000, 500, 1_200_000, 100
# Chances that blocks of events are tried with, each the upper limit of the true one.
P_STEPS = (0.5, 0.1, 0.01, 1e-3, 1e-6)
# A quantile is taken from draws where so many are beyond it.
LEAST_BEYOND = 10


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class BlocksResult(VariabilityResult):
    """A `VariabilityResult` whose `value` is the number of blocks.

    blocks: `QTable` with a row for each: `start`, `stop` (Time), `flux`, `flux_errn`, `flux_errp` (cm-2 s-1).
    p0: chance of more than one block for a constant source. penalty: log likelihood that each further block must gain.
    """

    blocks: Any = None
    p0: float = np.nan
    penalty: float = np.nan

    def measured(self):
        """The number of blocks, in words."""
        return f"{self.value} (p0 = {self.p0:g})"


def bayesian_blocks(light_curve, p0=0.01, events=False, band=None, n_toys=1000, random_state=0):
    """The division of a light curve into blocks of constant flux, a `BlocksResult`.

    Of rows (the default): blocks are of whole rows, each with its likelihood, so that few counts and limits count for
    what they are (the statistic is that of `ts_var`), and the best division (Scargle et al. 2013, ApJ 764, 167) is
    found by a dynamic programme over the flux, for any number of rows. The penalty of a block is the one that p0 of
    constant light curves with these very rows exceed: toys where a row has under 20 counts or is a limit, else, or
    without toys, Gaussian draws.

    Of events: the blocks of `tevcurve.bins.bayesian_blocks`, which start at events, with the light curve in
    them; the chance is the least p0 of a few at which there is more than one.

    Parameters
    ----------
    light_curve : `LightCurve`
    p0 : float, chance of more than one block for a constant source, above 0 and at most 0.5
    events : bool
    band : int, number of the energy band; needed where there are several; not for events, which are of all bands
    n_toys : int, toys where they are needed; 0 for none
    random_state : int seed or numpy Generator
    """
    if not 0 < p0 <= 0.5:
        raise InputError(f"bayesian_blocks has p0 = {p0!r}; wanted is a probability above 0, at most 0.5.")
    if events:
        return _of_events(light_curve, p0)
    rows = rows_of(light_curve, band, least=2, bounded=True)
    rows.check_order()
    return blocks_result(rows, p0, chances(rows, {"": blocks_test(rows)}, n_toys, random_state)[""])


def blocks_test(rows):
    """The `Test` of the gain by further blocks. rows: `Rows`."""
    return Test(gain_of, lambda value: gain_chance(constant_gains(rows), value), has_tail=True)


def constant_gains(rows):
    """Sorted gains of constant light curves of Gaussian values with the errors of `Rows`.

    Their seed is from these errors: with one for all, the chances of all light curves would err together. It is from
    their first digits, so that errors that differ by the rounding of another machine have the same draws.

    rows: `Rows`.
    """
    return _gains_of_errors(np.ascontiguousarray(rows.fits.err[0]).tobytes())


@lru_cache(maxsize=4)
def _gains_of_errors(content):
    """The same for the bytes of the errors: a test and its result ask for the same."""
    err = np.frombuffer(content)
    digits = np.rint(1e4 * err / err.max()).astype(np.uint32)
    rng, err = np.random.default_rng(digits), np.broadcast_to(err, (BATCH, len(err)))
    n_draws = np.clip(DRAWN_ROWS // err.shape[1], LEAST_DRAWS, N_DRAWS)
    draws = (err * rng.standard_normal(err.shape) for _ in range(n_draws // BATCH))
    return np.sort(np.concatenate([gaussian_gains(values, err) for values in draws]))


def gain_chance(gains, observed):
    """Chance of a gain, from sorted gains of constant light curves; beyond them as e^-gain, which is safe.

    Parameters
    ----------
    gains : float array (n_draws,), sorted
    observed : float, the gain
    """
    beyond = np.count_nonzero(gains >= observed * (1 - 1e-9))
    if beyond >= LEAST_BEYOND or len(gains) <= LEAST_BEYOND:
        return (beyond + 1) / (len(gains) + 1)
    return float(LEAST_BEYOND / len(gains) * np.exp(gains[-LEAST_BEYOND] - observed))


def gain_level(gains, p0):
    """The gain that a share p0 of sorted gains exceeds; beyond the draws as e^-gain, which is safe.

    Parameters
    ----------
    gains : float array (n_draws,), sorted
    p0 : float, above 0 and below 1
    """
    share = max(p0, min(LEAST_BEYOND / len(gains), 1.0))
    return float(np.quantile(gains, 1 - share) + np.log(share / p0))


def blocks_result(rows, p0, found):
    """The `BlocksResult` of `Rows` with what `chances` found.

    Parameters
    ----------
    rows : `Rows`
    p0 : float, chance of more than one block for a constant source
    found : `Found`
    """
    gains = np.sort(found.values) if len(found.values) else constant_gains(rows)
    penalty = gain_level(gains, p0)
    block, _ = best_division(rows.fits, penalty)
    first = np.flatnonzero(np.diff(block, prepend=-1))
    last = np.append(first[1:], rows.n) - 1
    profile, lowest = summed_blocks(rows.fits, block[None])
    fits = RowFits(profile, lowest=lowest)
    unit = rows.flux * u.Unit("cm-2 s-1")
    columns = {"start": rows.time(rows.start_s[first]), "stop": rows.time(rows.stop_s[last])}
    columns |= {"flux": fits.norm[0] * unit}
    columns |= {"flux_errn": fits.errn[0] * unit, "flux_errp": fits.errp[0] * unit}
    return found.record(
        BlocksResult,
        rows,
        ignoring(rows, found),
        name="Bayesian blocks",
        value=len(first),
        blocks=QTable(columns),
        p0=float(p0),
        penalty=penalty,
        trials=rows.n - 1,
    )


def _of_events(light_curve, p0):
    """The blocks of events, and the least p0 at which there are several."""
    joint = rows_behind(light_curve, EventView, use="A division into blocks of events")
    result = light_curve.rebin(time_bins=event_blocks(p0))
    other = [(p, replace(light_curve.origin, time_bins=event_blocks(p))) for p in P_STEPS]
    several = [p for p, origin in other if origin.laid(joint.runs).n_bins > 1]
    table, bands = result.table, joint.n_bands
    shown = {"start": result.time_start[::bands], "stop": result.time_stop[::bands]}
    unknown = IGNORED if getattr(light_curve.origin, "systematics", None) else ()
    if bands == 1:
        shown |= {name: u.Quantity(table[name]) for name in ("flux", "flux_errn", "flux_errp")}
    return BlocksResult(
        name="Bayesian blocks of events",
        value=len(table) // bands,
        blocks=QTable(shown),
        p0=float(p0),
        p_value=min(several, default=1.0),
        p_is_limit=bool(several),
        n_rows=len(table) // bands,
        note="; ".join(note for note in (str(result.meta.get("time_bins_note", "")), *unknown) if note),
    )
