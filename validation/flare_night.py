"""Item 6: the fractional variability of the public flare night."""

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.time import Time

from tevcurve import DataStore, PowerLaw, light_curve
from tevcurve.lightcurve.bins import by_edges
from tevcurve.lightcurve.variability import fractional_variability
from validation.report import COLOURS, Section, verdict

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


def measure(share, rng, data):
    """What `section` shows, dict; there is nothing to draw."""
    curve, whole = (night(data, n_bins) for n_bins in (N_BINS, N_NIGHT))
    part, longer = (fractional_variability(each, n_toys=0) for each in (curve, whole))
    return {
        "part": [part.n_rows, float(part.value), float(part.error)],
        "whole": [longer.n_rows, float(longer.value), float(longer.error)],
        "summary": str(curve.variability()),
        # six digits are kept, in which MJD are the same all night
        "hours": (24 * (whole.time.utc.mjd - START.utc.mjd)).tolist(),
        "flux": u.Quantity(whole.table["flux"]).to_value("cm-2 s-1").tolist(),
        "flux_err": u.Quantity(whole.table["flux_err"]).to_value("cm-2 s-1").tolist(),
    }


def figure(found):
    """The light curve of the night, and the part that F_var is of."""
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots(figsize=(9, 3.4), layout="constrained")
    hours = np.array(found["hours"])
    flux, err = (1e11 * np.array(found[name]) for name in ("flux", "flux_err"))
    ax.axvspan(0, N_BINS / 6, color="0.92", zorder=0, label="20:30 to 02:10 UTC")
    ax.errorbar(hours, flux, err, fmt="o", ms=3.5, lw=1, color=COLOURS[1], label="1D, 10-minute bins")
    ax.set(
        xlabel="Hours since 2006-07-29 20:30 UTC", ylabel="Flux (0.7–20 TeV) [10$^{-11}$ cm$^{-2}$ s$^{-1}$]"
    )
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False)
    return fig


def section(found):
    """The `Section`."""
    (n_rows, value, error), (n_whole, longer, longer_error) = found["part"], found["whole"]
    good = abs(value - PUBLISHED) <= ERROR
    text = (
        f"PKS 2155-304 on 2006-07-29/30 from 20:30 to 02:10 UTC, 1D, {n_rows} bins of 10 minutes, 0.7-20 TeV, index "
        f"3.4: F_var {value:.3f} ± {error:.3f}; found with gammapy 2.1 on aligned bins: {PUBLISHED} ± {ERROR:.3f}. "
        f"Bar (within that error): {verdict(good)}. To the end of the night ({n_whole} bins) the source fades further, "
        f"and F_var is {longer:.3f} ± {longer_error:.3f}.\n\n"
        "![The flare night](figures/night-f-var.png)\n\n"
        f"```\n{found['summary']}\n```"
    )
    failures = [] if good else [f"item 6: F_var {value:.3f}"]
    bar = f"6: F_var of the flare night {PUBLISHED} ± {ERROR:.3f}", f"{value:.3f} ± {error:.3f}", good
    return Section("6. The public flare night", text, {"night-f-var.png": figure(found)}, failures, [bar])
