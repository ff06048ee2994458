"""Light curves through the responses of every kind of telescope, against the flux that was put into simulated events.

Photons are drawn one by one through effective area, energy dispersion and point spread function; for point-like
responses the cut is made on the events, so that nothing of the regions' analysis is in what is drawn.
"""

from functools import cache
from pathlib import Path

import astropy.units as u
import numpy as np

from tevcurve import DataStore, light_curve
from tevcurve.demo import POSITION, demo_observations
from tevcurve.simulation import ResponseSet, simulate_observation
from validation.nights import SPECTRUM, source
from validation.parts import sizes, some
from validation.report import Section, table, verdict

BAND = [0.5, 10] * u.TeV
MEAN_BAR = 0.01
# Edges in TeV, and radii in deg, of a table of RAD_MAX.
CUT_EDGES, CUT_RADII = (0.01, 0.3, 1.0, 3.0, 200.0), (0.22, 0.16, 0.12, 0.1)
FACTOR = 30.0  # of the flux of 1.2e-11 cm-2 s-1 TeV-1 at 1 TeV: that of ten Crab nebulae


@cache
def responses(kind, data):
    """The `ResponseSet` of a kind. data: the folder hess-dl3-dr1, beside which `others` is."""
    if kind == "CTAO, PSF_3GAUSS":
        folder = Path(data).parent / "others" / "ctao_gammapy_written"
        return ResponseSet.from_observation(DataStore.from_dir(folder).get_observations()[0])
    if kind == "fixed cut":
        return ResponseSet.analytic().point_like("0.14 deg")
    if kind == "RAD_MAX table":
        return ResponseSet.analytic().point_like(CUT_RADII * u.deg, CUT_EDGES * u.TeV)
    return ResponseSet.analytic(psf={"PSF_KING": "psf_king", "PSF_3GAUSS": "psf_3gauss"}[kind])


FULL, CUBES, POINT = {"1d": {"method": "1d"}}, {"3d": {"method": "3d"}}, {"1d": {"method": "1d"}}
KINDS = {
    "CTAO, PSF_3GAUSS": FULL | CUBES | {"unbinned": {"method": "3d", "unbinned": True}},
    "PSF_3GAUSS": FULL | CUBES,
    "PSF_KING": FULL | CUBES,
    "fixed cut": POINT | {"1d, wobble regions": {"method": "1d", "off_regions": "wobble"}},
    "RAD_MAX table": POINT | {"1d, reflected regions": {"method": "1d", "off_regions": "reflected"}},
}


def pieces(share):
    """Pieces of `measure`: some simulations of a kind each."""
    return [[kind, *each] for kind in KINDS for each in sizes(some(share, 100, 2), 20)]


def measure(kind, first, n_drawn, rng, data):
    """What `section` shows, dict: norms, lists of (kind, way, norm in units of the true one, its error)."""
    norms, plan = [], demo_observations()[:1]
    for number in range(first, first + n_drawn):
        drawn = [
            simulate_observation(
                each.pointing,
                each.gti,
                responses(kind, data),
                [source(factor=FACTOR)],
                np.random.default_rng([40_000 + number, len(kind)]),
                obs_id=1,
            )
            for each in plan
        ]
        for way, options in KINDS[kind].items():
            curve = light_curve(drawn, POSITION, None, BAND, spectrum=SPECTRUM, norm_values=None, **options)
            norm, error = (float(curve.table[name][0]) / FACTOR for name in ("norm", "norm_err"))
            norms.append([kind, way, norm, error])
    return {"norms": norms}


def section(found):
    """The `Section`."""
    groups = {}
    for kind, way, norm, error in found["norms"]:
        groups.setdefault((kind, way), []).append((norm, error))
    rows, failures = [], []
    for (kind, way), each in groups.items():
        norms, errors = np.transpose(each)
        mean, error = norms.mean() - 1, norms.std(ddof=1) / np.sqrt(len(norms))
        pulls = (norms - 1) / errors
        rows.append(
            [kind, way, len(norms), f"{100 * mean:+.2f} ± {100 * error:.2f}", f"{pulls.std(ddof=1):.2f}"]
        )
        if abs(mean) > max(MEAN_BAR, 3 * error):
            failures.append(f"telescopes: {kind} in {way} is off by {100 * mean:.2f} %")
    text = (
        "A run of 20 minutes on a source of ten times the Crab nebula, drawn photon by photon through the responses of "
        "each kind, a hundred times: CTAO's own (prod5, Zenodo 5499840), and closed forms of an array of today. "
        f"Mean of the fluxes within 1 % of the truth: {verdict(not failures)}.\n\n"
        + table(("responses", "light curve", "runs", "mean flux (%)", "width of the pulls"), rows)
    )
    return Section("Every kind of responses", text, failures=failures)
