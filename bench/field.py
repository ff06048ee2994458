"""Many sources in one row, fitted together: `python bench/field.py`, or `--sources 8 30 --rows 20`.

Fields of point sources on a background, 3 deg wide, drawn by chance in cells of 0.05 deg and ten energies. Timed are
the minimum of all amplitudes and background norms with their symmetric errors, and all that a light curve says of one
of the sources: that minimum again, and from its profile asymmetric errors, limit and TS. The amplitudes are held
against iminuit on the same likelihood, summed over all cells, with the exact gradient: the largest distance in units of
the errors is printed.
"""

import argparse
import time
from dataclasses import dataclass

import numpy as np

from tevcurve.fit.norms import estimate_norms
from tevcurve.kernels.all_amplitudes import best_amplitudes
from tevcurve.kernels.cash_profile import CashLikelihood
from tevcurve.kernels.one_amplitude import OneAmplitude
from tevcurve.kernels.terms import CashTerms

WIDTH, PIXELS = 3.0, 60  # deg
CORE, HALO, HALO_SHARE, REACH = 0.08, 0.24, 0.15, 0.7  # deg
ENERGIES = np.geomspace(1, 1e-3, 10), np.geomspace(1, 1e-4, 10)


@dataclass(frozen=True, eq=False)
class DrawnField:
    """A field: templates (n_sources, n_cells), background (n_cells,), and counts of each row (n_rows, n_cells)."""

    sources: np.ndarray
    background: np.ndarray
    counts: np.ndarray

    def terms(self):
        """The `CashTerms` of the rows, an event a line as events come, in no order of their cells."""
        n_rows, rng, events = len(self.counts), np.random.default_rng(1), []
        for own in self.counts:
            events.append(rng.permutation(np.repeat(np.arange(len(own)), own)))
        row, cell = np.repeat(np.arange(n_rows), [len(own) for own in events]), np.concatenate(events)
        return CashTerms(
            n_bins=n_rows,
            block_bin=np.arange(n_rows),
            shared_total=np.tile(self.sources.sum(axis=1), (n_rows, 1)),
            background_total=np.full(n_rows, self.background.sum()),
            constant_total=np.zeros(n_rows),
            event_block=row,
            event_count=np.ones(len(cell)),
            event_shared=np.ascontiguousarray(self.sources[:, cell].T),
            event_background=self.background[cell],
            event_constant=np.zeros(len(cell)),
            lone_count=np.zeros(n_rows),
            lone_log=np.zeros(n_rows),
        )


def drawn_field(n_sources, n_rows, background=3000.0, flux=60.0, seed=0):
    """The `DrawnField` of sources of some `flux` counts a row, each fifth of them not there, on a background."""
    rng, axis = np.random.default_rng(seed), WIDTH * ((np.arange(PIXELS) + 0.5) / PIXELS - 0.5)
    x, y = np.meshgrid(axis, axis)
    of_source, of_background = (each / each.sum() for each in ENERGIES)
    images = []
    for lon, lat in rng.uniform(-1, 1, (n_sources, 2)):
        square = (x - lon) ** 2 + (y - lat) ** 2
        core, halo = (np.exp(-square / (2 * sigma**2)) / sigma**2 for sigma in (CORE, HALO))
        image = np.where(square < REACH**2, core + HALO_SHARE * halo, 0.0)
        images.append(np.multiply.outer(of_source, flux * image / image.sum()).ravel())
    wide = np.exp(-(x**2 + y**2) / 3)
    rest = np.multiply.outer(of_background, background * wide / wide.sum()).ravel()
    sources, truth = np.array(images), rng.gamma(2, 0.5, n_sources) * (np.arange(n_sources) % 5 > 0)
    return DrawnField(sources, rest, rng.poisson(truth @ sources + rest, (n_rows, len(rest))))


def by_minuit(field, row, start):
    """(amplitudes, errors) of a row by iminuit, over all cells; amplitudes and norm at zero or above."""
    from iminuit import Minuit

    templates, counts = np.vstack([field.sources, field.background]), field.counts[row]
    filled, total = counts > 0, templates.sum(axis=1)
    seen, number = np.ascontiguousarray(templates[:, filled]), counts[filled]

    def half(x):
        return x @ total - number @ np.log(np.maximum(x @ seen, 1e-300))

    def slope(x):
        return total - seen @ (number / np.maximum(x @ seen, 1e-300))

    minuit = Minuit(half, np.append(start, 1.0), grad=slope)
    minuit.limits = [(0, None)] * len(total)
    minuit.errordef, minuit.strategy, minuit.tol = 0.5, 2, 1e-5
    minuit.migrad(ncall=100_000)
    values = np.array(minuit.values)
    # Bounds distort its steps: those that are at theirs are held there, and the others are free of them.
    held = values < 1e-3 * np.array(minuit.errors)
    minuit.values[:] = np.where(held, 0.0, values)
    minuit.fixed[:] = list(held)
    minuit.limits = [(None, None)] * len(total)
    minuit.migrad(ncall=100_000)
    minuit.hesse()
    return np.array(minuit.values)[:-1], np.where(held, np.nan, minuit.errors)[:-1]


def with_errors(likelihood):
    """(best amplitudes, their symmetric errors) of all rows, (n_rows, n_sources), NaN for those at zero."""
    found = best_amplitudes(likelihood)
    free = ~found.held
    inside = free[:, :, None] & free[:, None, :]
    matrix = np.where(inside, found.hessian, np.eye(free.shape[1]))
    return found.amplitudes, np.where(free, np.sqrt(np.einsum("rii->ri", np.linalg.inv(matrix))), np.nan)


def seconds(function, n):
    """The least time of the processor of n calls."""
    taken = []
    for _ in range(n):
        begin = time.process_time()
        function()
        taken.append(time.process_time() - begin)
    return min(taken)


def main():
    """Times fields and compares them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sources", type=int, nargs="+", default=[2, 8, 30])
    parser.add_argument("--rows", type=int, default=20)
    parser.add_argument("--compare", type=int, default=3, help="rows that iminuit fits, too")
    parser.add_argument("-n", type=int, default=7, help="repeats; the fastest counts")
    args = parser.parse_args()
    print(
        "sources  events a row  minimum and errors  columns of one source   iminuit a row  largest distance"
    )
    for n_sources in args.sources:
        field = drawn_field(n_sources, args.rows)
        likelihood = CashLikelihood(field.terms())
        minimum = seconds(lambda one=likelihood: with_errors(one), args.n) / args.rows
        profiles = seconds(lambda one=likelihood: columns_of_each(one), max(args.n // 3, 1))
        profiles /= args.rows * n_sources
        amplitudes, errors = with_errors(likelihood)
        largest, begin = 0.0, time.process_time()
        for row in range(args.compare):
            values, of_peer = by_minuit(field, row, np.maximum(amplitudes[row], 0.1))
            free = np.isfinite(errors[row]) & np.isfinite(of_peer)
            largest = max(largest, np.abs((amplitudes[row] - values) / errors[row])[free].max())
        peer = (time.process_time() - begin) / max(args.compare, 1)
        events = field.counts.sum() / args.rows
        print(
            f"{n_sources:7d} {events:13.0f} {1e3 * minimum:16.2f} ms {1e3 * profiles:20.2f} ms "
            f"{1e3 * peer:11.0f} ms {largest:13.1e} errors"
        )


def columns_of_each(likelihood):
    """The `NormEstimate` of each source of a `CashLikelihood`, with errors, limit and TS, a list."""
    numbers = np.arange(likelihood.n_amplitudes)
    orders = [np.append(number, np.delete(numbers, number)) for number in numbers]
    profiles = [OneAmplitude(likelihood.with_columns(order)) for order in orders]
    return [estimate_norms(each, err=1, errn_errp=1, ul_rise=2.706, ts=True) for each in profiles]


if __name__ == "__main__":
    main()
