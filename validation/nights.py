"""A simulated night that the other parts share."""

from dataclasses import replace

import astropy.units as u
import numpy as np

from tevcurve import PowerLaw, SkyModel, SkyPointSource, light_curve
from tevcurve.demo import POSITION, demo_observations
from tevcurve.lightcurve.bins import by_width
from tevcurve.lightcurve.variability.row_fits import RowFits
from tevcurve.lightcurve.variability.rows import rows_of
from tevcurve.simulation import ResponseSet, SimulatedSource, simulate_observation

BAND = [0.5, 10] * u.TeV
SPECTRUM = PowerLaw(index=2.6, amplitude="1.2e-11 cm-2 s-1 TeV-1", reference="1 TeV")


def source(light=None, factor=1.0):
    """A `SimulatedSource` at the demo's position."""
    spectrum = SPECTRUM.copy()
    spectrum.parameters["amplitude"].value *= factor
    model = SkyModel(SkyPointSource.from_position(POSITION), spectrum, name="source")
    return SimulatedSource(model) if light is None else SimulatedSource(model, light)


def observations(sources, seed, plan=None):
    """The demo's pointings and good times with other sources and another seed."""
    irfs = ResponseSet.analytic()
    return [
        simulate_observation(
            each.pointing, each.gti, irfs, sources, np.random.default_rng([seed, number]), obs_id=number + 1
        )
        for number, each in enumerate(demo_observations() if plan is None else plan)
    ]


def base_rows(width="5 min"):
    """`Rows` of a night in 1D with a constant source, from which light curves are drawn."""
    curve = light_curve(observations([source()], 1), POSITION, by_width(width), BAND, "1d", SPECTRUM)
    return rows_of(curve)


def drawn_rows(rows, norms, rng):
    """List of `Rows`, one for each of the true norms (n, n_rows)."""
    maker, n = rows.maker, len(norms)
    background = maker.backgrounds(np.full((1, rows.n), maker.null_norm(1.0)))[0]
    profile = maker.draw(norms, n, rng, background)
    parts = (profile.take(np.arange(t * rows.n, (t + 1) * rows.n))[0] for t in range(n))
    return [replace(rows, fits=RowFits(part, 1, rows.fits.lowest)) for part in parts]
