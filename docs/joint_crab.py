"""The Crab nebula of three instruments beside its publication: `python docs/joint_crab.py` makes figure and tables.

The spectra are those of Nigro et al. (2019, A&A 625, A10), from its repository open-gamma-ray-astro/joint-crab
(`results/fit`; phi0 here in 1e-11 cm-2 s-1 TeV-1). Its log parabola has log10, ours the natural logarithm. The data are
`hess-dl3-dr1`, `others/fact`, `others/magic_fixed_cut` and `magic/rad_max/data` of `$GAMMAPY_DATA`, or of
`../shared/data` beside the checkout; where they are not, nothing is made.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import astropy.units as u
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from astropy.coordinates import SkyCoord

from tevcurve import DataStore, LogParabola, light_curve
from tevcurve.figures import COLOURS, save_figure

ROOT = Path(__file__).resolve().parents[1]
PAGE, FIGURE = ROOT / "docs" / "guide" / "joint_crab.md", ROOT / "docs" / "figures" / "joint_crab.png"
BEGIN, END = "<!-- made by docs/joint_crab.py -->", "<!-- until here -->"
CRAB = SkyCoord("83d37m59.0988s", "22d00m52.2s")
ALL = "intervals '50000 tt' '60000 tt'"
COMMON = np.array([1, 10]) * u.TeV
# The publication's axis, of true and of reconstructed energy: 20 bins a decade.
PUBLISHED_AXIS = np.logspace(-2, 2, 81) * u.TeV
TOP = 10**1.45


@dataclass(frozen=True)
class Published:
    """A log parabola of the publication at 1 TeV, with the covariance of its phi0, alpha and beta."""

    phi0: float
    alpha: float
    beta: float
    covariance: tuple

    @property
    def model(self):
        return _model(self.phi0, self.alpha, self.beta)

    def integral(self, band):
        """The flux in a band and its error, 1e-11 cm-2 s-1."""
        values = np.array([self.phi0, self.alpha, self.beta])
        steps = 1e-4 * np.eye(3)
        slope = [
            (_flux(_model(*(values + d)), band) - _flux(_model(*(values - d)), band)) / 2e-4 for d in steps
        ]
        return _flux(self.model, band), float(np.sqrt(slope @ np.array(self.covariance) @ slope))


@dataclass(frozen=True)
class Case:
    """What is compared: data, and what the publication has for them."""

    name: str
    folder: str
    runs: tuple | None
    e_min: float
    published: Published
    # options of the call, and what the publication did otherwise than the defaults
    options: dict
    as_published: dict

    @property
    def band(self):
        """The range of the publication's fit; runs of H.E.S.S. have thresholds of their own, from there on."""
        return np.array([self.e_min, TOP]) * u.TeV


FACT = Published(
    3.4914,
    2.5416,
    0.4249,
    (
        (0.0927211, 2.1010e-2, -2.879e-3),
        (2.1010e-2, 0.0505017, -0.0596961),
        (-2.879e-3, -0.0596961, 0.0978083),
    ),
)
MAGIC = Published(
    4.1455,
    2.6004,
    0.4425,
    (
        (0.0882960, -1.0133e-2, 3.0237e-3),
        (-1.0133e-2, 0.0090314, 0.0088641),
        (3.0237e-3, 0.0088641, 0.0124569),
    ),
)
HESS = Published(
    4.4744,
    2.3929,
    0.3719,
    (
        (0.0823615, 2.2065e-2, -1.0522e-2),
        (2.2065e-2, 0.0334039, -0.0365553),
        (-1.0522e-2, -0.0365553, 0.0501803),
    ),
)
GRID = {"angular_size": "grid"}
CASES = (
    Case("FACT", "others/fact", None, 10**-0.35, FACT, {}, GRID | {"stacked": True}),
    Case("MAGIC, fixed cut", "others/magic_fixed_cut", None, 10**-1.05, MAGIC, {}, GRID),
    Case("MAGIC, RAD_MAX", "magic/rad_max/data", None, 10**-1.05, MAGIC, {}, {}),
    Case(
        "H.E.S.S.",
        "hess-dl3-dr1",
        (23523, 23526, 23559, 23592),
        10**-0.15,
        HESS,
        {"on_radius": 0.11 * u.deg},
        GRID,
    ),
)


@dataclass(frozen=True)
class Compared:
    """What came out for a case: light curves of all its runs and of its nights, in 1-10 TeV and in its own range."""

    case: Case
    own: object
    as_published: object
    common: object
    nights: object


def compare(case, data):
    """The `Compared` of a case. data: folder of the data."""
    store = DataStore.from_dir(data / case.folder)
    runs = store if case.runs is None else store.get_observations(list(case.runs))
    options = {"method": "1d", "spectrum": case.published.model, **case.options}
    own = light_curve(runs, CRAB, ALL, case.band, **options)
    inside = (case.band[0] < 1.001 * PUBLISHED_AXIS) & (case.band[1] > 0.999 * PUBLISHED_AXIS)
    axes = {"e_reco": PUBLISHED_AXIS[inside], "e_true": PUBLISHED_AXIS, "responses": "centre"}
    as_published = light_curve(runs, CRAB, ALL, case.band, **options, **axes, **case.as_published)
    common = light_curve(runs, CRAB, ALL, COMMON, **options)
    return Compared(case, own, as_published, common, common.rebin("night"))


def tables(results):
    """The tables of the page, Markdown. results: list of `Compared`."""
    lines = [
        "| data | range | published | tevcurve | ratio | ratio with the publication's choices |",
        "|---|---|---|---|---|---|",
    ]
    for one in results:
        case, band = one.case, one.case.band
        flux, error = case.published.integral(band)
        lines.append(
            f"| {case.name} | {band[0].value:.2g} to {band[1].value:.0f} TeV | {flux:.2f} ± {error:.2f} "
            f"| {_ours(one.own)} | {_ratio(one.own)} | {_ratio(one.as_published)} |"
        )
    lines += [
        "",
        "| data | ON counts | live time | 1 to 10 TeV, published | tevcurve | ratio | chi-square of nights |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in results:
        row = one.common.table[0]
        flux, error = one.case.published.integral(COMMON)
        lines.append(
            f"| {one.case.name} | {row['n_on']:.0f} | {row['livetime'] / 3600:.2f} h | {flux:.2f} ± {error:.2f} "
            f"| {_ours(one.common)} | {_ratio(one.common)} | {_chi_square(one.nights)} |"
        )
    # numbers stay beside their errors
    return "\n".join(lines).replace(" ± ", "\u00a0±\u00a0")


def figure(results):
    """The nights of each case in 1-10 TeV beside the published flux, and the ratios. results: list of `Compared`."""
    drawn, (left, right) = plt.subplots(
        1, 2, figsize=(10, 4), layout="constrained", width_ratios=(3, 2), sharey=True
    )
    for place, one in enumerate(results):
        colour, y = COLOURS[place], -place
        flux, error = one.case.published.integral(COMMON)
        box = {"alpha": 0.25, "color": colour, "lw": 0}
        left.fill_betweenx([y - 0.4, y + 0.4], flux - error, flux + error, **box)
        left.plot([flux, flux], [y - 0.4, y + 0.4], color=colour, lw=1)
        rows = one.nights.table
        heights = y + 0.25 - 0.5 * (np.arange(len(rows)) + 0.5) / len(rows)
        fluxes, errors = (rows[name].quantity.to_value("1e-11 cm-2 s-1") for name in ("flux", "flux_err"))
        left.errorbar(fluxes, heights, xerr=errors, fmt="o", ms=4, color=colour)
        for shift, lc, mark in ((0.12, one.own, "o"), (-0.12, one.as_published, "s")):
            row = lc.table[0]
            face = colour if mark == "o" else "white"
            right.errorbar(
                row["norm"], y + shift, xerr=row["norm_err"], fmt=mark, ms=5, color=colour, mfc=face
            )
    left.set_yticks(-np.arange(len(results)), [one.case.name for one in results])
    left.set_xlabel("Flux (1–10 TeV) [10$^{-11}$ cm$^{-2}$ s$^{-1}$]")
    left.set_title("Crab nebula: nights; bands: published, all nights", fontsize="medium", loc="left")
    right.axvline(1, color="0.5", lw=1)
    right.set_xlabel("Flux of all runs over the publication's")
    right.set_title("dots: defaults; squares: as published", fontsize="medium", loc="left")
    return drawn


def data_folder():
    """The folder that has the data of all cases, or None."""
    folders = (os.environ.get("GAMMAPY_DATA"), ROOT.parent / "shared" / "data")
    return next(
        (Path(f) for f in folders if f and all((Path(f) / case.folder).is_dir() for case in CASES)), None
    )


def _model(phi0, alpha, beta):
    amplitude = phi0 * u.Unit("1e-11 cm-2 s-1 TeV-1")
    return LogParabola(amplitude=amplitude, alpha=alpha, beta=beta / np.log(10), reference=1 * u.TeV)


def _flux(model, band):
    return model.integral(*band).to_value("1e-11 cm-2 s-1")


def _ours(lc):
    flux, error = (lc.table[name].quantity.to_value("1e-11 cm-2 s-1")[0] for name in ("flux", "flux_err"))
    return f"{flux:.2f} ± {error:.2f}"


def _ratio(lc):
    return f"{lc.table['norm'][0]:.3f} ± {lc.table['norm_err'][0]:.3f}"


def _chi_square(nights):
    if len(nights.table) < 2:
        return "one night"
    found = nights.variability(n_toys=0).chi_square
    return f"{found.value:.1f} / {found.n_free}"


def main():
    """Write figure and tables; returns an exit status."""
    data = data_folder()
    if data is None:
        print("left out, the data are not here; set GAMMAPY_DATA to the folder that has them")
        return 0
    matplotlib.use("Agg")
    results = [compare(case, data) for case in CASES]
    made = tables(results)
    text = PAGE.read_text()
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    PAGE.write_text(f"{before}{BEGIN}\n{made}\n{END}{after}")
    print(made)
    print(save_figure(figure(results), FIGURE))
    return 0


if __name__ == "__main__":
    sys.exit(main())
