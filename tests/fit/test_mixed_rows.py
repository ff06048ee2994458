"""Rows of cubes and of ON and OFF counts together: a likelihood in all parameters at once, and rows of one kind."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from joined_instruments import mixed
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize, root
from scipy.special import chdtrc, chdtri
from small_store import TARGET
from two_instruments import NAMES, make_stores

from tevcurve import PowerLaw, light_curve
from tevcurve.errors import InputError
from tevcurve.fit.cube_pieces import piece_of_run
from tevcurve.fit.mixed_rows import MixedRows
from tevcurve.fit.norms import estimate_norms
from tevcurve.fit.protocols import Drawable, EventView, Expectations, Reshaped, rows_with
from tevcurve.fit.row_likelihood import RunPieces
from tevcurve.lightcurve.rows_of_runs import RowMaker
from tevcurve.lightcurve.variability.rows import rows_of

SPECTRUM = PowerLaw(index=2.7, amplitude="3e-11 cm-2 s-1 TeV-1")
CUBE = {"method": "3d", "binsz": "0.1 deg", "width": "2 deg"}
SPECTRA = {"method": "1d"}
LOG_SCALE = 0.3


@pytest.fixture(scope="module")
def observations(tmp_path_factory):
    stores = make_stores(tmp_path_factory.mktemp("data"))
    return {name: stores[name].get_observations() for name in NAMES}


def made(observations, edges=(0.7, 2, 10), **options):
    options = {"safe_energy": None, "spectrum": SPECTRUM, "energy_edges": list(edges) * u.TeV} | options
    return light_curve(observations, TARGET, **options)


def both(observations, *, edges=(0.7, 2, 10), background_error=None, **changes):
    """The first instrument in 3D, the second in 1D."""
    how = dict(zip(NAMES, (CUBE, SPECTRA), strict=True))
    alone = {
        name: made(observations[name], edges, background_error=background_error, **how[name])
        for name in NAMES
    }
    return mixed(alone, LOG_SCALE, **changes)


def design(joint, row):
    """(counts, predictions per parameter (n, n_parameters), total of what has no counts): Poisson numbers of a row.

    The parameters are the norm, a background norm of each cube and the OFF counts that each ON and OFF cell expects.
    """
    counts, columns, totals = [], [], []
    for kind in joint.kinds:
        own = kind.joint
        if hasattr(own, "cells"):
            mine = np.flatnonzero(own.cells.row == row)
            for n_on, n_off, alpha, signal in zip(
                *(getattr(own.cells, name)[mine] for name in ("n_on", "n_off", "alpha", "signal")),
                strict=True,
            ):
                columns.append(([n_on, n_off], [signal, 0.0], [alpha, 1.0]))
                totals.append((signal, alpha + 1.0))
        else:
            for run, cut, flux in zip(own.runs, own.cut.cuts, own.fluxes, strict=True):
                piece = piece_of_run(run, cut, flux)
                at, events = np.flatnonzero(piece.row == row), piece.event_row == row
                if len(at):
                    signal, background = piece.event_signal[events], piece.event_background[events]
                    columns.append((np.ones(events.sum()), signal, background))
                    totals.append((piece.signal_total[at[0]], piece.background_total[at[0]]))
    n_parameters = 1 + len(columns)
    rows, total = [], np.zeros(n_parameters)
    for k, ((n, signal, background), (all_signal, all_background)) in enumerate(
        zip(columns, totals, strict=True), start=1
    ):
        block = np.zeros((len(n), n_parameters))
        block[:, 0], block[:, k] = signal, background
        counts.append(n)
        rows.append(block)
        total[[0, k]] += all_signal, all_background
    return np.concatenate(counts), np.concatenate(rows), total


def best(counts, rows, total):
    """(parameters at the least of all at once, their covariance)."""
    rows, counts = rows[counts > 0], counts[counts > 0]

    def half(p):
        mu = rows @ p
        return np.inf if np.any(mu <= 0) else total @ p - counts @ np.log(mu)

    def slope(p):
        return total - (counts / (rows @ p)) @ rows

    def bend(p):
        return (rows * (counts / (rows @ p) ** 2)[:, None]).T @ rows

    start = np.full(len(total), 1.0)
    start[1:] = np.maximum(counts @ rows, 1)[1:] / np.maximum(total[1:], 1e-9) * 0 + 1.0
    found = minimize(half, start, jac=slope, bounds=[(1e-6, None)] * len(start), method="L-BFGS-B").x
    kept = found > 1e-5
    sub = root(
        lambda p: slope(_put(p, kept))[kept],
        found[kept],
        jac=lambda p: bend(_put(p, kept))[np.ix_(kept, kept)],
    )
    p = _put(sub.x, kept)
    return p, np.linalg.inv(bend(p)[np.ix_(kept, kept)])


def _put(p, kept):
    full = np.zeros(len(kept))
    full[kept] = p
    return full


def test_rows_are_at_the_least_of_all_parameters_at_once(observations):
    lc = both(observations)
    joint = lc.origin.rows(below_zero=False)[0]
    assert isinstance(joint, MixedRows)
    estimate = estimate_norms(joint.profile, err=1)
    for place, row in enumerate(joint.fitted):
        p, covariance = best(*design(joint, row))
        error = np.sqrt(covariance[0, 0])
        assert abs(estimate.norm[place] - p[0]) < 4e-8 * error
        assert estimate.norm_err[place] == pytest.approx(error, rel=1e-7)
        assert lc.table["norm"][row] == estimate.norm[place]
    # The second night has the second instrument only, whose OFF events are told.
    assert np.isnan(lc.table["n_off"][:2]).all()
    alone = made(observations[NAMES[1]], time_bins="night", **SPECTRA)
    for name in ("n_on", "n_off", "alpha", "excess", "counts"):
        assert_array_equal(lc.table[name][2:], alone.table[name][2:])
    assert lc.table["instruments"].tolist() == [", ".join(NAMES)] * 2 + [NAMES[1]] * 2


def halves(lc, below_zero=False):
    """(rows of one kind, `MixedRows` of every second run and of the others)."""
    whole, laid = lc.origin.rows(below_zero)
    pieces = laid.pieces(lc.origin.terms)
    pieces = RunPieces(laid.n_bins, pieces.bin, pieces.run, pieces.start_s, pieces.stop_s)
    make = RowMaker(lc.origin, whole.fluxes, whole.setting, below_zero)
    make = make.of_cubes if lc.meta["method"] == "3d" else make.of_spectra
    parts = [np.arange(k, len(whole.runs), 2) for k in (0, 1)]
    return whole, MixedRows([(make(own, pieces.of_runs(own)), own) for own in parts], whole.setting)


KINDS = {
    "1d": SPECTRA,
    "3d": CUBE,
    "alpha": SPECTRA | {"background_error": 0.1},
    "norms": CUBE | {"background_error": 0.1},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("below_zero", [False, True])
def test_rows_of_two_halves_are_those_of_one_kind(observations, kind, below_zero):
    whole, parts = halves(made(observations[NAMES[1]], time_bins="night", **KINDS[kind]), below_zero)
    asked = {
        "negative": below_zero,
        "err": 1,
        "errn_errp": 1,
        "ul_rise": 2.706,
        "ts": True,
        "scan": np.array([0, 1]),
    }
    wanted, found = (estimate_norms(rows.profile, **asked) for rows in (whole, parts))
    assert_array_equal(parts.fitted, whole.fitted)
    for name in ("norm", "stat", "norm_err", "norm_errn", "norm_errp", "norm_ul", "ts", "dloglike_scan"):
        assert_allclose(getattr(found, name), getattr(wanted, name), rtol=2e-7, atol=1e-8, err_msg=name)
    columns, others = parts.columns(found), whole.columns(wanted)
    assert set(columns) == set(others)
    for name, values in columns.items():
        # Both halves have runs in each row, and what is told of OFF regions is that of one.
        is_told = np.isfinite(values) if name in ("n_on", "n_off", "alpha", "excess") else slice(None)
        assert_allclose(values[is_told], others[name][is_told], rtol=2e-7, atol=1e-8, err_msg=name)
    assert_array_equal(parts.exposure.time_mean, whole.exposure.time_mean)
    # In 3D a ratio of sums, of which the parts have each their own.
    assert_allclose(parts.effective_counts(found.norm), whole.effective_counts(found.norm), rtol=2e-3)
    assert_allclose(parts.signal_rates(1), whole.signal_rates(1), rtol=1e-14)
    lost = [kind.joint.lost_excess(estimate_norms(kind.joint.profile).norm) for kind in parts.kinds]
    assert_array_equal(parts.lost_excess(found.norm), np.sum(lost, axis=0))
    assert parts.notes() == whole.notes()


@pytest.mark.parametrize("kind", ["1d", "3d"])
def test_pieces_and_events_of_two_halves_are_those_of_one_kind(observations, kind):
    whole, parts = halves(made(observations[NAMES[1]], time_bins="1 d", **KINDS[kind]))
    wanted, found = (rows.pieces() for rows in (whole, parts))
    assert_array_equal(found.row, wanted.row)
    assert_array_equal(found.run, wanted.run)
    amplitudes = np.linspace(0.5, 1.5, len(found.row))[:, None]
    for one, other in zip(
        found.likelihood.evaluate(amplitudes)[0], wanted.likelihood.evaluate(amplitudes)[0], strict=True
    ):
        assert_allclose(one, other, rtol=1e-9)
    assert parts.comes_apart
    norm = np.linspace(0.8, 1.2, len(whole.fitted))
    assert_allclose(parts.background_slopes(norm), whole.background_slopes(norm), rtol=1e-9, atol=1e-12)
    for name, values in vars(parts.events(norm)).items():
        assert_allclose(values, getattr(whole.events(norm), name), rtol=1e-7, err_msg=name)


def test_toys_of_both_scatter_as_the_light_curve_says(observations):
    """The rise of the statistic from its least to the truth is a chi-square with one degree of freedom."""
    joint = both(observations, edges=(0.7, 10)).origin.rows()[0]
    maker, n = joint.toys(joint.fitted), 300
    truth = maker.null_norm(1.0)
    profile = maker.draw(truth, n, np.random.default_rng(1))
    assert profile.n == n * len(joint.fitted)
    found = estimate_norms(profile, negative=True)
    (stat, _, _), _ = profile.evaluate(np.full(profile.n, truth))
    rise = stat - found.stat
    assert np.mean(rise > chdtri(1, 0.3173)) == pytest.approx(0.3173, abs=4 * np.sqrt(0.22 / profile.n))
    assert abs(np.mean(chdtrc(1, rise)) - 0.5) < 4 / np.sqrt(12 * profile.n)
    # Of rows of both kinds each light curve has those of the data, with other counts.
    assert_allclose(profile.total[: joint.profile.n], joint.profile.total, rtol=1e-12)


def test_what_such_rows_can(observations):
    lc = both(observations, edges=(0.7, 10))
    joint = lc.origin.rows()[0]
    for protocol in (Expectations, Drawable, EventView):
        assert rows_with(joint, protocol, use="A test") is joint
    with pytest.raises(InputError, match="3D and runs in 1D cannot"):
        rows_with(joint, Reshaped, use="A free index")
    with pytest.raises(InputError, match="Intervals of Feldman & Cousins are for rows of one method"):
        joint.drawn()
    assert rows_of(lc).maker is not None


def test_other_time_bins_bands_and_parts(observations):
    lc = both(observations)
    again = both(observations, time_bins="run")
    for binning in ("run", "30 min", "night"):
        rebinned, direct = lc.rebin(binning), both(observations, time_bins=binning)
        for name in direct.table.colnames:
            assert_array_equal(rebinned.table[name], direct.table[name], err_msg=name)
    assert len(again) == 14
    # A run alone is what its own kind makes of it.
    alone = made(observations[NAMES[0]], time_bins="run", **CUBE)
    mine = np.asarray(again.table["instruments"]) == NAMES[0]
    for name in ("flux", "flux_err", "ts", "counts", "livetime"):
        assert_allclose(again.table[name][mine], alone.table[name], rtol=1e-9, err_msg=name)
    part = lc.of_instrument(NAMES[0])
    for name in ("flux", "flux_ul", "status"):
        assert_array_equal(
            part.table[name], made(observations[NAMES[0]], time_bins="night", **CUBE).table[name]
        )


def test_options_that_are_not_for_both_are_refused(observations):
    lc = both(observations)
    shape = replace(lc.origin.options, background="shape")
    with pytest.raises(InputError, match="ON and OFF counts"):
        replace(lc.origin, options=shape).rows()
