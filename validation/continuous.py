"""Item 1: fluxes of events that are drawn from continuous responses, without any bins of true energy.

Nothing of the reduction or of the simulation takes part in the draws: the numbers of the response tables are read, and
everything else is done here. Between the nodes of a table all is linear in log energy, as the format has it, so that a
draw is one from either node. The source stands at an offset that the tables have.
"""

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord

from tevcurve import PowerLaw, light_curve
from tevcurve.data import GTI
from tevcurve.demo import POSITION, REFERENCE
from tevcurve.simulation import ResponseSet
from tevcurve.simulation.observation import SimulatedObservation, SimulatedRun
from validation.parts import some
from validation.report import Section, table, verdict

INDICES = (1.5, 2.6, 3.4, 4.5)
BAND = np.array([0.5, 10.0])  # TeV
OFFSET = 1  # number of the node in offset, at 0.5 deg
START, DURATION, DEADC, FIELD = 7.6e8, 1800.0, 0.95, 2.5  # s, s, and deg
EVENTS, LISTS = 450_000, 3  # inside the band, and event lists for each index
# No OFF region has more than a trifle of so bright a source.
AROUND = 0.55  # deg
METHODS = {"1D": {"method": "1d"}, "3D": {"method": "3d"}, "unbinned": {"method": "3d", "unbinned": True}}
BAR, SIGMAS = 0.003, 3


def nodes(response):
    """The table's values, and log of the energies at its bin centres."""
    low, high = response.energy_axis.low, response.energy_axis.high
    return np.asarray(response.table.values, dtype=float), 0.5 * np.log(low * high)


def either_node(log_energy, places, rng):
    """Int array (n,): the node below or above, with the weights of a line between them."""
    place = np.interp(log_energy, places, np.arange(len(places)))
    return (place + rng.random(len(place))).astype(int)


def inverse(cumulative, edges, rows, share):
    """Values (n,) at shares of the rows of cumulative sums (n_row, n_edge), even within each bin."""
    found = np.empty(len(rows))
    for row in np.unique(rows):
        mine = rows == row
        found[mine] = np.interp(share[mine], cumulative[row] / cumulative[row][-1], edges)
    return found


def summed(values):
    """Cumulative sums along the last axis that begin with 0."""
    return np.concatenate([np.zeros((*values.shape[:-1], 1)), np.cumsum(values, axis=-1)], axis=-1)


def photons(irfs, index, n_events, rng):
    """True energies (n,) in TeV, and the amplitude in cm-2 s-1 TeV-1 at 1 TeV of which they are a Poisson draw.

    n_events: mean number of those inside the band. Drawn are all that the dispersion can bring into it.
    """
    migra = irfs.edisp.migra_axis.edges
    area, places = nodes(irfs.aeff)
    log_energy = np.linspace(np.log(BAND[0] / migra[-1]), np.log(BAND[1] / migra[0]), 200_001)
    rate = np.exp((1 - index) * log_energy) * np.interp(log_energy, places, area[:, OFFSET])
    means = 0.5 * (rate[1:] + rate[:-1]) * np.diff(log_energy) * DURATION * DEADC
    inside = np.abs(log_energy[:-1] - np.log(BAND).mean()) < 0.5 * np.ptp(np.log(BAND))
    amplitude = n_events / means[inside].sum()
    total = summed(means)
    n = rng.poisson(amplitude * total[-1])
    return np.exp(np.interp(rng.random(n) * total[-1], total, log_energy)), amplitude


def measured(irfs, energy, rng):
    """Reconstructed energies (n,) in TeV, and angles (n,) in radian from the true directions."""
    values, places = nodes(irfs.edisp)
    edges = irfs.edisp.migra_axis.edges
    shares = summed(values[:, OFFSET] * np.diff(edges))
    rows = either_node(np.log(energy), places, rng)
    reco = energy * inverse(shares, edges, rows, rng.random(len(energy)))
    values, places = nodes(irfs.psf)
    heights = 1 - np.cos(np.append(0.0, irfs.psf.rad_axis.high))
    rows = either_node(np.log(energy), places, rng)
    height = inverse(summed(values[:, OFFSET] * np.diff(heights)), heights, rows, rng.random(len(energy)))
    return reco, np.arccos(1 - height)


def background(irfs, rng):
    """Energies (n,) in TeV and angles (n,) in radian from the pointing of a Poisson draw of the background."""
    rate, places = nodes(irfs.bkg)
    axis = irfs.bkg.offset_axis
    log_edges, edges = np.linspace(*np.log(BAND * (0.9, 1.1)), 401), np.linspace(0, np.deg2rad(FIELD), 251)
    log_energy, offset = 0.5 * (log_edges[1:] + log_edges[:-1]), 0.5 * (edges[1:] + edges[:-1])
    lines = np.array([np.interp(offset, 0.5 * (axis.low + axis.high), row) for row in rate])
    values = np.array([np.interp(log_energy, places, line) for line in lines.T]).T
    means = values * (np.exp(log_energy) * np.diff(log_edges))[:, None] * DURATION
    numbers = rng.poisson(means * 2 * np.pi * -np.diff(np.cos(edges)))
    first, second = (np.repeat(each, numbers.ravel()) for each in np.indices(numbers.shape).reshape(2, -1))
    energy = np.exp(log_edges[first] + rng.random(len(first)) * np.diff(log_edges)[first])
    return energy, np.sqrt(edges[second] ** 2 + rng.random(len(second)) * np.diff(edges**2)[second])


def around(center, angle, rng):
    """ICRS degrees (2, n) of directions at angles (n,) in radian from a direction, all around it."""
    found = center.directional_offset_by(2 * np.pi * rng.random(len(angle)) * u.rad, angle * u.rad)
    return np.array([found.ra.deg, found.dec.deg])


def event_list(index, n_events, rng):
    """The observation of a bright source, and its amplitude."""
    irfs = ResponseSet.analytic()
    pointing = POSITION.directional_offset_by(0 * u.deg, irfs.aeff.offset_axis.nodes[OFFSET] * u.rad)
    pointing = SkyCoord(pointing.ra.deg, pointing.dec.deg, unit="deg")
    true, amplitude = photons(irfs, index, n_events, rng)
    reco, angle = measured(irfs, true, rng)
    seen = (reco > 0.9 * BAND[0]) & (reco < 1.1 * BAND[1])
    energy, away = background(irfs, rng)
    directions = around(POSITION, angle[seen], rng), around(pointing, away, rng)
    energy, (ra, dec) = np.append(reco[seen], energy), np.concatenate(directions, axis=1)
    columns = [
        ("EVENT_ID", None, np.arange(len(energy))),
        ("TIME", "s", np.sort(START + DURATION * rng.random(len(energy)))),
    ]
    columns += [("RA", "deg", ra), ("DEC", "deg", dec), ("ENERGY", "TeV", energy)]
    gti = GTI([START], [START + DURATION], REFERENCE)
    target = {"OBJECT": "source", "RA_OBJ": POSITION.ra.deg, "DEC_OBJ": POSITION.dec.deg}
    run = SimulatedRun.of_events(columns, 1, pointing, gti, irfs, DEADC, target)
    return SimulatedObservation(run), amplitude


def norm_of(observation, index, amplitude, method, responses):
    """Flux of the one row in units of the true one, and its error."""
    from regions import CircleSkyRegion

    spectrum = PowerLaw(index=index, amplitude=amplitude * u.Unit("cm-2 s-1 TeV-1"), reference=1 * u.TeV)
    options = dict(METHODS[method])
    if method == "1D":
        options["exclusion"] = [CircleSkyRegion(POSITION, AROUND * u.deg)]
    curve = light_curve(
        [observation],
        POSITION,
        None,
        BAND * u.TeV,
        spectrum=spectrum,
        norm_values=None,
        responses=responses,
        **options,
    )
    flux, error = (
        float(u.Quantity(curve.table[name]).to_value("cm-2 s-1")[0]) for name in ("flux", "flux_err")
    )
    true = amplitude * (BAND[0] ** (1 - index) - BAND[1] ** (1 - index)) / (index - 1)
    return [float(flux / true), float(error / true)]


def pieces(share):
    """Pieces of `measure`: an index each, and how many events."""
    return [[index, number, some(share, EVENTS, 2000)] for index in INDICES for number in range(LISTS)]


def measure(index, number, n_events, rng):
    """What `section` shows, dict; the number only tells one event list from another.

    norms: lists of (index, method, how responses are taken, flux over truth, its error).
    """
    observation, amplitude = event_list(index, n_events, rng)
    norms = [
        [index, method, how, *norm_of(observation, index, amplitude, method, how)]
        for method in METHODS
        for how in ("weighted", "centre")
    ]
    return {"norms": norms}


def means_of(norms):
    """Dict of (index, method, how) to the mean of the fluxes over truth less 1, and its error."""
    found = {}
    for *key, norm, error in norms:
        found.setdefault(tuple(key), []).append((norm - 1, error))
    means = {}
    for key, values in found.items():
        away, errors = np.array(values).T
        means[key] = float(away.mean()), float(np.sqrt(np.sum(errors**2)) / len(errors))
    return means


def section(found):
    """The `Section`."""
    means, rows, failures = means_of(found["norms"]), [], []
    for (index, method, how), (away, error) in means.items():
        if how == "weighted":
            cells = [
                f"{100 * a:+.2f} ± {100 * e:.2f}" for a, e in ((away, error), means[index, method, "centre"])
            ]
            rows.append([f"{index:g}", method, *cells])
            if not abs(away) <= min(SIGMAS * error, BAR):
                failures.append(f"item 1: flux {100 * away:+.2f} % in {method}, index {index:g}")
    n_lists = len(found["norms"]) // len(means)
    worst = max(abs(away) for (_, _, how), (away, _) in means.items() if how == "weighted")
    text = (
        f"{n_lists} event lists for each index of a bright constant source at 0.5 deg from the pointing, drawn photon "
        "by photon from the power law times the effective area, the energy dispersion and the point spread function, "
        "none of them in bins of true energy; light curves by `light_curve` between "
        f"{BAND[0]:g} and {BAND[1]:g} TeV. Fluxes less the truth, with responses weighted with the flux in each bin of "
        "true energy (the default), and taken at the "
        f"centres of these bins. Weighted within {SIGMAS} errors and {100 * BAR:g} % of the truth: "
        f"{verdict(not failures)}.\n\n" + table(("index", "method", "weighted (%)", "centre (%)"), rows)
    )
    bar = (
        f"1: fluxes within {100 * BAR:g} % and {SIGMAS} errors",
        f"at most {100 * worst:.2f} % away",
        not failures,
    )
    return Section(
        "1. The code is right: events of continuous responses", text, failures=failures, bars=[bar]
    )
