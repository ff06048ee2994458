"""Events of a field with several sources, drawn from closed forms, and what the best possible fit makes of them.

Nothing here is of the code that is tested but the containers of events and responses: the effective area is the same
everywhere, the point spread function a Gaussian, the background even over the field, the dispersion a log-normal of
the ratio of energies, so that reconstructed energies of a power law are one as well. Positions are (east, north) of
the target in deg, in the tangent plane.
"""

from dataclasses import dataclass, replace
from functools import cache

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from scipy.optimize import minimize
from scipy.special import ndtr

from tevcurve import PowerLaw
from tevcurve.data import GTI
from tevcurve.data.time import TimeReference
from tevcurve.simulation import ResponseSet
from tevcurve.simulation.observation import SimulatedObservation, SimulatedRun

TARGET = SkyCoord(166.0, 38.0, unit="deg")
POINTING = (0.0, 0.5)
BAND = (0.5, 10.0)  # TeV
INDEX, BACKGROUND_INDEX = 2.5, 2.7
PSF_DEG, DISPERSION = 0.08, 0.1
ROW_S, DEADC = 60.0, 0.95
AREA_CM2 = 4e9
# Of a source of norm 1, and of the background in a square degree, in a row.
COUNTS, DENSITY = 60.0, 300.0
REFERENCE = TimeReference(51910, 0.000742870370370241)
DEG2 = np.deg2rad(1.0) ** 2  # sr


def integral(index):
    """Of E^-index over the band, E in TeV."""
    low, high = BAND
    return (low ** (1 - index) - high ** (1 - index)) / (index - 1)


def spectrum(norm=1.0):
    """The `PowerLaw` of a source of some norm: `COUNTS` of its photons are seen in the band in a row."""
    # A log-normal ratio moves as many photons up as the mean of ratio^(index - 1) says.
    moved = np.exp(0.5 * ((INDEX - 1) * DISPERSION) ** 2)
    amplitude = norm * COUNTS / (AREA_CM2 * ROW_S * DEADC * moved * integral(INDEX))
    return PowerLaw(index=INDEX, amplitude=amplitude * u.Unit("cm-2 s-1 TeV-1"), reference="1 TeV")


def direction(east, north):
    """`SkyCoord` (ICRS) of places in the tangent plane of the target, deg."""
    return SkyCoord(*_lonlat(east, north), unit="deg")


def _lonlat(east, north):
    """(lon, lat) in deg of places in the tangent plane of the target, deg."""
    lon, lat = TARGET.ra.rad, TARGET.dec.rad
    x, y = np.deg2rad(east), np.deg2rad(north)
    depth = np.cos(lat) - y * np.sin(lat)
    return np.rad2deg(lon + np.arctan2(x, depth)), np.rad2deg(
        np.arctan2(np.sin(lat) + y * np.cos(lat), np.hypot(x, depth))
    )


@cache
def responses():
    """The `ResponseSet` of these closed forms."""
    own = ResponseSet.analytic("3d", psf="psf_3gauss")
    (energy, *_), ratios = own.bkg.table.axes, own.edisp.table.axes[2]
    rate = DENSITY / ROW_S / DEG2 / integral(BACKGROUND_INDEX) * energy.nodes**-BACKGROUND_INDEX
    share = np.diff(ndtr(np.log(ratios.edges) / DISPERSION)) / np.diff(ratios.edges)
    width = np.deg2rad(PSF_DEG)
    values = {
        "aeff": {"EFFAREA": AREA_CM2},
        "edisp": {"MATRIX": share},
        "psf": {"SIGMA_1": width, "AMPL_2": 0.0, "AMPL_3": 0.0, "SCALE": 1 / (2 * np.pi * width**2)},
        "bkg": {"BKG": rate[:, None, None]},
    }
    return replace(own, **{name: _with(getattr(own, name), each) for name, each in values.items()})


def _with(response, columns):
    """A response with other values."""
    table = response.table
    made = {name: np.broadcast_to(v, table.columns[name].shape).copy() for name, v in columns.items()}
    return replace(response, table=replace(table, columns=table.columns | made))


@dataclass(frozen=True)
class Blob:
    """A source, round and Gaussian: its place, width (0 for a point) and norm in each row.

    place: (east, north), deg. norms: float array (n_rows,). width: deg.
    """

    place: tuple
    norms: np.ndarray
    width: float = 0.0

    def photons(self, n, rng):
        """Places (n, 2) where photons come from, deg."""
        return np.array(self.place) + self.width * rng.normal(size=(n, 2))

    @property
    def seen_width(self):
        """Width as it is seen, deg."""
        return np.hypot(self.width, PSF_DEG)

    def density(self, places):
        """Per square degree, as it is seen, at places (..., 2), deg."""
        square = np.sum((places - np.array(self.place)) ** 2, axis=-1) / self.seen_width**2
        return np.exp(-0.5 * square) / (2 * np.pi * self.seen_width**2)

    def share(self, half):
        """Of its photons that are seen in a square of some half side around the target, deg."""
        ends = ndtr((np.array([-half, half])[:, None] - np.array(self.place)) / self.seen_width)
        return float(np.prod(ends[1] - ends[0]))


@dataclass(frozen=True)
class Pixels:
    """A source of a map around the target, as bright between the centres of pixels as straight lines say.

    values: float array (n, n), a row of growing north each, in which east falls; their sum is 1. side: of a pixel, deg.
    norms: float array (n_rows,).
    """

    values: np.ndarray
    side: float
    norms: np.ndarray

    def photons(self, n, rng):
        """Places (n, 2) where photons come from, deg."""
        chosen = rng.choice(self.values.size, n, p=self.values.ravel())
        north, west = np.unravel_index(chosen, self.values.shape) - np.array([[0.5], [0.5]]) * (
            len(self.values) - 1
        )
        # Two even draws fall off on both sides of a centre as straight lines do.
        spread = rng.random((n, 2)) + rng.random((n, 2)) - 1
        return self.side * (np.stack([-west, north], axis=1) + spread)


@dataclass(frozen=True)
class Events:
    """Those of a run: seconds since its start, places (n, 2) in deg, energies in TeV, each (n,); their origin (n,).

    origin: number of the source, from 1; 0 for the background.
    """

    seconds: np.ndarray
    places: np.ndarray
    energies: np.ndarray
    origin: np.ndarray

    def of_row(self, number):
        """(places, energies) of a row."""
        own = (self.seconds // ROW_S) == number
        return self.places[own], self.energies[own]


def powers(n, index, rng):
    """Energies (n,) of a power law in the band, TeV."""
    low, high = (edge ** (1 - index) for edge in BAND)
    return (low + rng.random(n) * (high - low)) ** (1 / (1 - index))


def drawn(sources, rng, around=(0.0, 0.0), radius=1.3):
    """`Events` of sources and of the background within a radius (deg) of a place."""
    n_rows = len(sources[0].norms)
    parts = []
    for number, source in enumerate(sources, start=1):
        row = np.repeat(np.arange(n_rows), rng.poisson(COUNTS * source.norms))
        places = source.photons(len(row), rng) + PSF_DEG * rng.normal(size=(len(row), 2))
        parts.append((row, places, powers(len(row), INDEX, rng), number))
    row = np.repeat(np.arange(n_rows), rng.poisson(DENSITY * np.pi * radius**2, n_rows))
    distance, angle = radius * np.sqrt(rng.random(len(row))), 2 * np.pi * rng.random(len(row))
    places = np.array(around) + np.stack([distance * np.cos(angle), distance * np.sin(angle)], axis=1)
    parts.append((row, places, powers(len(row), BACKGROUND_INDEX, rng), 0))
    row, places, energies = (np.concatenate([part[k] for part in parts]) for k in range(3))
    origin = np.concatenate([np.full(len(part[0]), part[3]) for part in parts])
    seconds = ROW_S * (row + rng.random(len(row)))
    order = np.argsort(seconds, kind="stable")
    return Events(seconds[order], places[order], energies[order], origin[order])


def observation(events, n_rows, obs_id=1, start_s=7.6e8):
    """The `Observation` of events."""
    lon, lat = _lonlat(*events.places.T)
    table = [
        ("EVENT_ID", None, np.arange(1, len(lon) + 1)),
        ("TIME", "s", start_s + events.seconds),
        ("RA", "deg", lon),
        ("DEC", "deg", lat),
        ("ENERGY", "TeV", events.energies),
    ]
    gti = GTI([start_s] * u.s, [start_s + n_rows * ROW_S] * u.s, REFERENCE)
    keywords = {"OBJECT": "target", "RA_OBJ": TARGET.ra.deg, "DEC_OBJ": TARGET.dec.deg}
    run = SimulatedRun.of_events(table, obs_id, direction(*POINTING), gti, responses(), DEADC, keywords)
    return SimulatedObservation(run)


def best_fit(places, energies, sources, half, fixed=None):
    """(norms of the sources, signed root of the rise at a norm of the first one) of the events of a row.

    The extended likelihood of each event's place and energy, maximised by another's minimiser; the background's norm
    is free.

    places (n, 2) in deg, energies (n,) in TeV, of the events in the square of half side `half`. fixed: the norm at
    which the rise is wanted, or None.
    """
    flat = energies**-BACKGROUND_INDEX / integral(BACKGROUND_INDEX) * DENSITY
    shape = COUNTS * energies**-INDEX / integral(INDEX)
    densities = np.stack([*(shape * source.density(places) for source in sources), flat])
    totals = np.array([*(COUNTS * source.share(half) for source in sources), DENSITY * 4 * half**2])

    def statistic(norms):
        expected = norms @ densities
        gradient = 2 * (totals - (densities / expected).sum(axis=1))
        return 2 * (norms @ totals - np.log(expected).sum()), gradient

    bounds = [(1e-9, None)] * len(totals)
    start = np.ones(len(totals))
    options = {"ftol": 1e-13, "gtol": 1e-9, "maxiter": 1000}
    found = minimize(statistic, start, jac=True, bounds=bounds, method="L-BFGS-B", options=options)
    if fixed is None:
        return found.x[:-1], None
    held = [(fixed, fixed), *bounds[1:]]
    start = np.array([fixed, *found.x[1:]])
    other = minimize(statistic, start, jac=True, bounds=held, method="L-BFGS-B", options=options)
    return found.x[:-1], np.sign(found.x[0] - fixed) * np.sqrt(max(other.fun - found.fun, 0.0))


def information(sources, norms, half, n=100, n_energies=4):
    """Fisher's information (n_sources + 1, n_sources + 1) of a row on the norms, the background's the last.

    sources: of `Blob`. norms: float array (n_sources,), where it is taken.
    """
    step = 2 * half / n
    line = (np.arange(n) + 0.5) * step - half
    places = np.stack(np.meshgrid(line, line), axis=-1)
    edges = np.geomspace(*BAND, n_energies + 1)
    parts = [
        -np.diff(edges ** (1 - index)) / (index - 1) / integral(index) for index in (INDEX, BACKGROUND_INDEX)
    ]
    expected = [COUNTS * np.multiply.outer(parts[0], source.density(places)) for source in sources]
    expected.append(DENSITY * np.multiply.outer(parts[1], np.ones(places.shape[:-1])))
    expected = step**2 * np.array([each.ravel() for each in expected])
    return (expected / (np.append(norms, 1.0) @ expected)) @ expected.T


def inflation(separation, norms=(1.0, 1.0), half=0.8):
    """(error with the neighbour free over that with it fixed, expected correlation of both norms)."""
    sources = [Blob((0.0, 0.0), np.ones(1)), Blob((separation, 0.0), np.ones(1))]
    full = information(sources, np.array(norms), half)
    free, fixed = np.linalg.inv(full), np.linalg.inv(full[np.ix_([0, 2], [0, 2])])
    return (
        float(np.sqrt(free[0, 0] / fixed[0, 0])),
        float(free[0, 1] / np.sqrt(free[0, 0] * free[1, 1])),
    )
