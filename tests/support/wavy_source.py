"""A source whose flux goes up and down in two waves, over three runs: of its lags all tests know the truth."""

import numpy as np
from onoff_light_curves import onoff_light_curve, onoff_run

from tevcurve.lightcurve.bins import by_width

SPANS = [[(0, 1680)], [(1800, 3480)], [(3600, 5280)]]


def factor(t):
    """The flux over its mean. t: float array, s since the first run began."""
    return np.exp(0.7 * np.sin(2 * np.pi * t / 2500) + 0.4 * np.sin(2 * np.pi * t / 900 + 1))


def wavy_light_curve(bands):
    """The `LightCurve` in bins of two minutes. bands: edges in TeV."""
    rng = np.random.default_rng(3)
    runs = [onoff_run(k, spans, 0.5, 0.02, 0.1, rng, (factor, 3.1)) for k, spans in enumerate(SPANS)]
    return onoff_light_curve(runs, by_width("2 min", rest="keep"), bands=bands, negative=True)
