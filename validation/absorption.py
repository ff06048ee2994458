"""Light curves of sources behind the extragalactic background light, against the flux of simulated photons.

The photons are drawn with the transmission that the package ebltable computes itself; its optical depths are read and
interpolated by tevcurve's own code in what is fitted.
"""

from functools import cache

import astropy.units as u
import numpy as np

from tevcurve import light_curve
from tevcurve.demo import POSITION, demo_observations
from tevcurve.models import EBLAbsorption, Parameter, PowerLaw, SkyModel, SkyPointSource, SpectralModel
from tevcurve.simulation import ResponseSet, simulate_observation
from validation.parts import sizes, some
from validation.report import Section, table, verdict

INDEX, PULL_BAR = 2.2, 0.3
# Redshift, model as ebltable has it, energies of the band in TeV, and intrinsic flux at 1 TeV in cm-2 s-1 TeV-1.
SOURCES = {
    "PKS 2155-304's redshift": (0.116, "dominguez", (0.5, 10.0), 6e-11),
    "a distant source": (0.6, "saldana-lopez", (0.35, 3.0), 3e-9),
}
WAYS = {
    "1d": {"method": "1d"},
    "3d": {"method": "3d"},
    "1d, free index": {"method": "1d", "free": ("index",)},
    "3d, free index": {"method": "3d", "free": ("index",)},
}


@cache
def depths(model):
    """The optical depths of a model of ebltable, as the package interpolates them."""
    from ebltable.tau_from_model import OptDepth

    return OptDepth.readmodel(model)


class Absorbed(SpectralModel):
    """A power law with ebltable's own transmission; over narrow bins its integral is that of the middle.

    model: name of ebltable's.
    """

    default_parameters = (
        Parameter("amplitude", "1e-11 cm-2 s-1 TeV-1"),
        Parameter("index", INDEX),
        Parameter("redshift", 0.1),
    )

    def __init__(self, model, **values):
        self.__dict__["model"] = model
        super().__init__(**values)

    def evaluate(self, energy, amplitude, index, redshift):
        """cm-2 s-1 TeV-1; energies in TeV."""
        energy = np.asarray(energy, dtype=float)
        depth = depths(self.model).opt_depth(redshift, energy.ravel()).reshape(energy.shape)
        return amplitude * energy**-index * np.exp(-depth)

    def evaluate_integral(self, low, high, **values):
        """cm-2 s-1 of bins from low to high, TeV."""
        return self.evaluate(np.sqrt(low * high), **values) * (high - low)


def pieces(share):
    """Pieces of `measure`: some nights of a source each."""
    return [[name, *each] for name in SOURCES for each in sizes(some(share, 100, 2), 10)]


def measure(name, first, n_nights, rng):
    """What `section` shows, dict: pulls, lists of (source, way, pull of the flux, or of the index where that is free).

    The night's number is its seed.
    """
    redshift, model, band, amplitude = SOURCES[name]
    amplitude *= u.Unit("cm-2 s-1 TeV-1")
    truth = Absorbed(model, amplitude=amplitude, redshift=redshift)
    source = SkyModel(SkyPointSource.from_position(POSITION), truth, name="source")
    spectrum = EBLAbsorption(redshift, model) * PowerLaw(INDEX, amplitude)
    plan, irfs, pulls = demo_observations()[0], ResponseSet.analytic(), []
    for number in range(first, first + n_nights):
        seed = np.random.default_rng([60_000 + number, round(1000 * redshift)])
        drawn = [simulate_observation(plan.pointing, plan.gti, irfs, [source], seed, obs_id=1)]
        for way, options in WAYS.items():
            row = light_curve(
                drawn, POSITION, None, band * u.TeV, spectrum=spectrum, norm_values=None, **options
            ).table[0]
            value, true = ("index", INDEX) if "free" in options else ("norm", 1.0)
            pulls.append([name, way, (row[value] - true) / row[f"{value}_err"]])
    return {"pulls": pulls}


def section(found):
    """The `Section`."""
    groups = {}
    for name, way, pull in found["pulls"]:
        groups.setdefault((name, way), []).append(pull)
    rows, failures = [], []
    for (name, way), pulls in groups.items():
        mean, width = np.mean(pulls), np.std(pulls, ddof=1)
        error = width / np.sqrt(len(pulls))
        redshift, model, *_ = SOURCES[name]
        cells = [f"{redshift:g}, {model}", way, len(pulls), f"{mean:+.2f} ± {error:.2f}", f"{width:.2f}"]
        rows.append(cells)
        if abs(mean) > PULL_BAR:
            failures.append(f"absorption: the mean pull at redshift {redshift:g} in {way} is {mean:+.2f}")
    text = (
        "Nights of a run of 20 minutes on a source behind the extragalactic background light, drawn photon by photon "
        "with the transmission of the package ebltable, and fitted with `EBLAbsorption(...) * PowerLaw(...)`: pulls of "
        f"the flux, and of the intrinsic index where that is free. Mean within {PULL_BAR:g}: "
        f"{verdict(not failures)}.\n\n"
        + table(("redshift, model", "light curve", "nights", "mean pull", "width of the pulls"), rows)
    )
    return Section("Absorbed sources", text, failures=failures)
