"""Item 6: the fractional variability of the public flare night."""

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.time import Time

from tevcurve import DataStore, PowerLaw, light_curve
from tevcurve.lightcurve.bins import by_edges
from tevcurve.lightcurve.variability import fractional_variability
from validation.report import Section, verdict

TARGET = SkyCoord(329.71693826, -30.2255890, unit="deg", frame="icrs")
RUNS = list(range(33787, 33802))
START = Time("2006-07-29 20:30", scale="utc")
# To 02:10 UTC, for which the number of gammapy is, and to the end of the night.
N_BINS, N_NIGHT = 34, 45
PUBLISHED, ERROR = 0.589, 0.020


def night(release, n_bins):
    """The `LightCurve` of the first 10-minute bins of the night in 1D."""
    time_bins = by_edges(START + np.arange(n_bins + 1) * 10 * u.min)
    spectrum = PowerLaw(index=3.4, amplitude="2e-11 cm-2 s-1 TeV-1", reference="1 TeV")
    options = {"e_reco": np.geomspace(0.7, 20, 11) * u.TeV, "e_true": np.geomspace(0.1, 40, 21) * u.TeV}
    observations = DataStore.from_dir(release).get_observations(RUNS)
    return light_curve(observations, TARGET, time_bins, [0.7, 20] * u.TeV, "1d", spectrum, **options)


def section(release):
    """The `Section`."""
    curve, whole = (night(release, n_bins) for n_bins in (N_BINS, N_NIGHT))
    found, longer = (fractional_variability(each, n_toys=0) for each in (curve, whole))
    good = abs(found.value - PUBLISHED) <= ERROR
    text = (
        f"PKS 2155-304 on 2006-07-29/30 from 20:30 to 02:10 UTC, 1D, {found.n_rows} bins of 10 minutes, "
        f"0.7-20 TeV, index 3.4: F_var "
        f"{found.value:.3f} ± {found.error:.3f}; with gammapy 2.1 on aligned bins "
        f"{PUBLISHED} ± {ERROR:.3f}: {verdict(good)}."
        f" To the end of the night ({longer.n_rows} bins) it is {longer.value:.3f} ± {longer.error:.3f}."
        f"\n\n```\n{curve.variability()}\n```"
    )
    return Section(
        "6. The public flare night", text, failures=[] if good else [f"item 6: F_var {found.value:.3f}"]
    )
