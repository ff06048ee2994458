"""All sources of a catalogue from one reading: each against its own light curve, and empty positions of real fields.

The empty positions were drawn at random in the fields of the runs of the public H.E.S.S. data that were pointed at no
source (`off_positions.ecsv`, beside the public data).
"""

from pathlib import Path

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.table import Table
from scipy.stats import kstest

from tevcurve import DataStore, PowerLaw, SkyModel, SkyPointSource, light_curve
from tevcurve.data import GTI
from tevcurve.pipeline.catalogue import catalogue_of, catalogue_runs, sources_at
from tevcurve.simulation import ResponseSet, simulate_observation
from validation.parts import sizes, some
from validation.report import Section, table, verdict

OFF_BAND, CTAO_BAND = [0.7, 20] * u.TeV, [0.1, 10] * u.TeV
SPECTRUM = PowerLaw(index=2.5)
# Of an error, in so many of the rows; TS beyond which so many of the rows should be; KS of the chances of constancy.
CLOSE, MOST_ROWS, HIGH_TS, SHARE, LEAST_KS = 0.02, 0.99, 2.706, (0.03, 0.07), 0.01
COMPARED = ("norm", "norm_errn", "norm_errp", "norm_ul")
CENTRE = SkyCoord(83.63, 22.01, unit="deg")


def pieces(share):
    """Pieces of `measure`: some runs without a source each, and some simulated fields."""
    runs = sizes(some(share, 45, 2), 5)
    return [["off", *each] for each in runs] + [["CTAO", *each] for each in sizes(some(share, 12, 1), 2)]


def measure(kind, first, number, rng, data):
    """What `section` shows, dict: TS and chances of constancy at empty positions, differences in errors."""
    if kind == "off":
        return empty_positions(first, number, Path(data))
    found = [_simulated(each, Path(data)) for each in range(first, first + number)]
    return {"differences": [["CTAO, simulated", each] for one in found for each in one]}


def empty_positions(first, number, data):
    """TS, chances of constancy and differences at the positions that some runs see.

    Parameters
    ----------
    first, number : of the runs, in the order of the positions' list
    data : Path of the public data
    """
    positions = Table.read(data.parent.parent / "reference" / "off_positions.ecsv")
    numbers = list(dict.fromkeys(int(each) for each in positions["obs_id"]))[first : first + number]
    store = DataStore.from_dir(data)
    places = SkyCoord(positions["ra"], positions["dec"], unit="deg")
    plan, groups = catalogue_of(
        store.get_observations(numbers),
        sources_at(positions["name"], places, SPECTRUM),
        energy_edges=OFF_BAND,
    )
    made = list(catalogue_runs(plan, groups))
    compared = [int(entry.source[0]) for entry in made]
    differences = [
        ["H.E.S.S., runs without a source", each]
        for entry, one in zip(made, compared, strict=True)
        for each in _differences(entry, {one: places[one]}, store.get_observations(entry.run_ids), OFF_BAND)
    ]
    return {
        "ts": np.concatenate([np.asarray(entry.table["ts"]) for entry in made]).tolist(),
        "chances": np.concatenate(
            [each.p_constancy[np.isfinite(each.p_constancy)] for each in made]
        ).tolist(),
        "differences": differences,
    }


def _simulated(number, data):
    """Differences of the sources of a field: three that shine, and empty positions up to the edge of the field."""
    folder = data.parent / "others" / "ctao_gammapy_written"
    template = DataStore.from_dir(folder).get_observations()[0]
    rng = np.random.default_rng([number, 77])
    offsets, angles = 1.9 * np.sqrt(rng.random(10)) * u.deg, 360 * rng.random(10) * u.deg
    places = CENTRE.directional_offset_by(angles, offsets)
    models = [
        SkyModel(
            SkyPointSource(place.ra, place.dec),
            PowerLaw(index=2.5, amplitude=flux * u.Unit("cm-2 s-1 TeV-1")),
        )
        for place, flux in zip(places[:3], (3e-13, 2e-12, 1e-11), strict=True)
    ]
    start = template.gti.intervals[0, 0]
    gti = GTI(start * u.s, (start + 1200) * u.s, template.gti.reference)
    run = simulate_observation(CENTRE, gti, ResponseSet.from_observation(template), models, rng, obs_id=1)
    sources = sources_at([f"place {one}" for one in range(10)], places, SPECTRUM)
    (entry,) = catalogue_runs(*catalogue_of([run], sources, energy_edges=CTAO_BAND))
    return _differences(entry, dict(enumerate(places)), [run], CTAO_BAND)


def _differences(entry, places, runs, band):
    """The largest difference of what is compared, in errors, of some sources with rows of one run, a list."""
    found = []
    for source, place in places.items():
        row = entry.table[int(np.flatnonzero(entry.source == source)[0])]
        own = light_curve(runs, place, None, band, spectrum=SPECTRUM, unbinned=True, norm_values=None).table[
            0
        ]
        found.append(float(max(abs(row[name] - own[name]) for name in COMPARED) / own["norm_errp"]))
    return found


def section(found):
    """The `Section`."""
    rows, failures = [], []
    kinds = dict.fromkeys(kind for kind, _ in found["differences"])
    for kind in kinds:
        own = np.array([value for name, value in found["differences"] if name == kind])
        close = np.mean(own < CLOSE)
        rows.append([kind, len(own), f"{np.median(own):.4f}", f"{own.max():.4f}", f"{100 * close:.1f}"])
        if close < MOST_ROWS:
            failures.append(
                f"catalogue: {100 * close:.1f} % of the rows of {kind} are as in their own light curve"
            )
    high, chance = np.mean(np.array(found["ts"]) > HIGH_TS), kstest(found["chances"], "uniform").pvalue
    if not SHARE[0] <= high <= SHARE[1]:
        failures.append(f"catalogue: {100 * high:.1f} % of empty positions have a TS above {HIGH_TS}")
    if chance < LEAST_KS:
        failures.append(f"catalogue: chances of constancy are not uniform (p = {chance:.2g})")
    text = (
        "Rows of a catalogue beside each source's own `light_curve(unbinned=True)` of the same region: the largest "
        "difference of norm, errors and limit, in units of the upper error. Below "
        f"{CLOSE} in {100 * MOST_ROWS:.0f} % of the rows: "
        f"{verdict(not any('own light curve' in each for each in failures))}.\n\n"
        + table(("field", "rows", "median", "largest", f"below {CLOSE} (%)"), rows)
        + f"\n\nOf {len(found['ts'])} rows at empty positions in the public runs without a source, {100 * high:.1f} % "
        f"have a TS above {HIGH_TS} (5 % expected, {100 * SHARE[0]:.0f} to {100 * SHARE[1]:.0f} % wanted: "
        f"{verdict(SHARE[0] <= high <= SHARE[1])}). Their chances of constancy inside a run, by permuted times, are "
        f"uniform with a KS probability of {chance:.2g} (above {LEAST_KS} wanted: {verdict(chance >= LEAST_KS)})."
    )
    return Section("All sources of a catalogue from one reading", text, failures=failures)
