"""At which points a fit may have enough counts: all at which it has, found by fitting at each, and few others."""

import numpy as np
import pytest

from tevcurve.kernels.change_detector import Points
from tevcurve.live.enough_counts import Wanted, points_to_fit
from tevcurve.live.onset import Window, exposure_of, fit_flux
from tevcurve.run_id import RunId

LEAST, ERROR = 10.0, 0.1


def window(rng, flux, obs_id, n=60, level_error=0.0):
    """Points of a run at places of which some cannot be of the source, some are of it alone, and ticks."""
    place = rng.integers(0, 4, n)
    signal, background = np.array([[0.03, 0.02], [0.004, 0.08], [0.01, 0.0], [0.0, 0.0]])[place].T
    is_source = rng.random(n) < np.where(place == 3, 0, flux * signal / (flux * signal + background + 1e-12))
    wait = rng.exponential(1 / (flux * 0.044 + 0.1), n)
    others = rng.poisson(0.5 * wait).astype(float)
    keep = is_source | (background > 0) | (place == 3)
    columns = (wait, signal, background, others, 0.6 * wait)
    points = Points(*(np.array(each[keep]) for each in columns))
    return Window(points, np.cumsum(points.wait), 0.044, RunId.of(obs_id, "Toy"), level_error)


def brute_force(windows, wanted):
    """(points at which a fit has the counts that are wanted, all of which are fitted; the number of all points)."""
    found, own = [], windows[-1]
    for number in range(len(own.time_s)):
        until = [*windows[:-1], own[: number + 1]]
        exposure = exposure_of(until)
        if exposure * wanted.most < wanted.counts:
            continue
        if max(fit_flux(until, ERROR).counts, wanted.flux * exposure) >= wanted.counts:
            found.append(number)
    return found, len(own.time_s)


@pytest.mark.parametrize("unit", [0.1, 1.0, 20.0])
@pytest.mark.parametrize("flux", [0.0, 0.5, 3.0])
def test_no_point_is_passed_over_at_which_a_fit_has_enough(flux, unit):
    fitted = total = right = 0
    for seed in range(3):
        rng = np.random.default_rng(10 + seed)
        ids = [(1, 1, 1), (1, 2, 2), (1, 2, 3)][seed % 3]
        error = 1.2 * (seed % 2)
        windows = [window(rng, flux, own, n, error) for own, n in zip(ids, (8, 15, 60), strict=True)]
        # Other units of the flux, as it is counted from: the same events.
        windows = [
            Window(
                Points(
                    one.points.wait,
                    one.points.signal / unit,
                    *(getattr(one.points, name) for name in ("background", "others", "expected")),
                ),
                one.time_s,
                one.signal_rate / unit,
                one.run_id,
                one.level_error,
            )
            for one in windows[seed % 2 :]
        ]
        wanted = Wanted(LEAST, 0.05 * unit, 40 * unit)
        truth, number = brute_force(windows, wanted)
        some = list(points_to_fit(windows, 0, wanted, ERROR))
        assert set(truth) <= set(some)
        later = list(points_to_fit(windows, 30, wanted, ERROR))
        assert {point for point in truth if point >= 30} <= set(later)
        fitted, right, total = fitted + len(some), right + len(truth), total + number
    assert fitted - right <= 0.05 * total
    assert flux > 0 or right < total
