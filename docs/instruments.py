"""The Crab nebula of three instruments in one light curve: `python docs/instruments.py` makes its figure.

What the fits of Nigro et al. (2019, A&A 625, A10) imply for the scales are their integrals over that of H.E.S.S. The
data are `hess-dl3-dr1`, `others/fact` and `magic/rad_max/data` of `$GAMMAPY_DATA`, or of `../shared/data` beside the
checkout; where they are not, nothing is made.
"""

import os
import sys
from pathlib import Path

import astropy.units as u
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from astropy.coordinates import SkyCoord

from tevcurve import CrossCalibration, Instrument, PowerLaw, light_curve
from tevcurve.figures import save_figure
from tevcurve.figures.style import COLOURS, MARKERS

ROOT = Path(__file__).resolve().parents[1]
FIGURE = ROOT / "docs" / "figures" / "instruments.png"
FOLDERS = {"hess": "hess-dl3-dr1", "magic": "magic/rad_max/data", "fact": "others/fact"}
FREE = {"magic": "free", "fact": "free"}
# The published fits between 1 and 10 TeV over that of H.E.S.S., with the errors of both.
PUBLISHED = {"magic": (0.819, 0.100), "fact": (0.713, 0.069)}
UNIT = "1e-11 cm-2 s-1"


def crab(data, sigma=None, reference="hess", from_="constant"):
    """The light curve of nights; without scales, rows are of one instrument each.

    Parameters
    ----------
    data : folder of the data
    sigma : dict of instruments to "free" or the sigma of a prior; None for no scales
    reference, from_ : as in `CrossCalibration`
    """
    calibration = None if sigma is None else CrossCalibration(reference=reference, sigma=sigma, from_=from_)
    own = {"fact": {"safe_energy": None}}
    return light_curve(
        instruments={
            name: Instrument(str(data / folder), **own.get(name, {})) for name, folder in FOLDERS.items()
        },
        target=SkyCoord(83.6333, 22.0145, unit="deg"),
        time_bins="night",
        energy_edges=[1, 10] * u.TeV,
        method="1d",
        spectrum=PowerLaw(index=2.5),
        cross_calibration=calibration,
    )


def figure(raw, scaled):
    """Fluxes of the nights as each instrument has them and with scales, and the scales beside published ones.

    Parameters
    ----------
    raw : `LightCurve` without scales
    scaled : the same with
    """
    drawn, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained", width_ratios=(3, 2))
    place = np.arange(len(scaled.table))
    names = np.asarray(scaled.table["instruments"]).astype(str)
    for number, name in enumerate(FOLDERS):
        own = names == name
        style = {"color": COLOURS[number], "marker": MARKERS[number], "ls": "none", "ms": 5}
        for lc, column, shift, more in (
            (raw, "flux_err", -0.15, {"mfc": "white", "alpha": 0.6}),
            (scaled, "flux_err_tot", 0.15, {"alpha": 0.4}),
            (scaled, "flux_err", 0.15, {"label": name}),
        ):
            flux, error = (lc.table[each].quantity.to_value(UNIT)[own] for each in ("flux", column))
            left.errorbar(place[own] + shift, flux, yerr=error, **style, **more)
    constant = scaled.variability(n_toys=0).ts_var.constant.to_value(UNIT)
    left.axhline(constant, color="0.5", lw=1, zorder=0)
    left.set_xticks(place, [time[:10] for time in scaled.time_start.utc.iso], rotation=30, ha="right")
    left.set_xlabel("Start of the night's good time (UTC)")
    left.set_ylabel("Flux (1–10 TeV) [10$^{-11}$ cm$^{-2}$ s$^{-1}$]")
    left.set_ylim(bottom=0)
    left.set_title(
        "Crab nebula\nhollow: as each sees it; full: as hess would; pale: with the scale's error",
        fontsize="medium",
        loc="left",
    )
    left.legend(frameon=False, ncols=3, loc="lower left")
    scales = scaled.origin.systematics.scales
    errors = np.sqrt(np.diag(scales.covariance))
    for height, name in enumerate(scales.names):
        number, k = list(FOLDERS).index(name), scales.names.index(name)
        low, middle, high = np.exp(scales.log_scale[k] + errors[k] * np.array([-1, 0, 1]))
        style = {"color": COLOURS[number], "marker": MARKERS[number], "ms": 5}
        right.errorbar(middle, height + 0.12, xerr=[[middle - low], [high - middle]], **style)
        value, error = PUBLISHED[name]
        right.errorbar(value, height - 0.12, xerr=error, mfc="white", **style)
    right.axvline(1, color="0.5", lw=1)
    right.set_yticks(range(len(scales.names)), [f"{name} / hess" for name in scales.names])
    right.set_ylim(-0.6, len(scales.names) - 0.4)
    right.set_xlabel("Scale of the flux")
    right.set_title("full: of a constant source; hollow: published", fontsize="medium", loc="left")
    return drawn


def data_folder():
    """The folder that has the data of all three, or None."""
    folders = (os.environ.get("GAMMAPY_DATA"), ROOT.parent / "shared" / "data")
    has_all = (Path(f) for f in folders if f and all((Path(f) / each).is_dir() for each in FOLDERS.values()))
    return next(has_all, None)


def main():
    """Write the figure; returns an exit status."""
    data = data_folder()
    if data is None:
        print("left out, the data are not here; set GAMMAPY_DATA to the folder that has them")
        return 0
    matplotlib.use("Agg")
    print(save_figure(figure(crab(data), crab(data, FREE)), FIGURE))
    return 0


if __name__ == "__main__":
    sys.exit(main())
