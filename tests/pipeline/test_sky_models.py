"""Fields with neighbours and extended sources, against the truth of simulations and likelihoods summed by hand."""

import astropy.units as u
import numpy as np
import pytest
from regions import CircleSkyRegion
from scipy.optimize import minimize, minimize_scalar
from sky_fields import BAND, REFERENCE, START, TARGET, beside, expected_at, runs_of, sky_model, spectrum_of

from tevcurve import DataStore, LightCurve, light_curve
from tevcurve.data.write import write_store
from tevcurve.errors import InputError
from tevcurve.lightcurve.bins import by_edges, by_run
from tevcurve.models import SkyDisk, SkyGaussian
from tevcurve.pipeline import engine
from tevcurve.pipeline.append import append_runs
from tevcurve.store import Result, RunCache, write_result
from tevcurve.store.inputs import RunKeys

TRUTH = spectrum_of().photon_flux(BAND.to_value("TeV"))[0]


def made(observations, models=(), name="source", **options):
    """A light curve by run of the source at the target."""
    own = any(model.name == name for model in models)
    options = {"energy_edges": BAND, "norm_values": None, "binsz": "0.1 deg", "width": "2.4 deg"} | options
    spectrum = None if own else spectrum_of()
    return light_curve(
        observations, TARGET, by_run(), spectrum=spectrum, name=name, models=list(models), **options
    )


def mean_of(lc):
    """(mean flux over the truth of a source of 1e-11, its error)."""
    flux, error = (np.asarray(lc.table[name]) for name in ("flux", "flux_err"))
    weight = error**-2.0
    return np.sum(flux * weight) / weight.sum() / TRUTH, weight.sum() ** -0.5 / TRUTH


BRIGHT = [sky_model("source"), sky_model("bright", beside(40, 0.6), 15)]
EQUAL = [sky_model("source"), sky_model("equal", beside(40, 0.1))]
WIDE = [sky_model("source", factor=3, shape=SkyGaussian, sigma="0.2 deg")]


@pytest.fixture(scope="module")
def fields():
    """Four runs of each field."""
    return {
        name: runs_of(models, 4) for name, models in (("bright", BRIGHT), ("equal", EQUAL), ("wide", WIDE))
    }


def test_a_model_in_another_part_of_the_sky_is_named(fields, caplog):
    run = fields["bright"][:1]
    far = sky_model("bright", TARGET.directional_offset_by(40 * u.deg, 60 * u.deg), 15)
    with_it = made(run, [far], neighbours="fixed")
    assert "Nothing is seen of 'bright', more than 10 deg from 'source'" in caplog.text
    np.testing.assert_array_equal(with_it.table["flux"], made(run).table["flux"])


@pytest.mark.parametrize("neighbours", ["free", "fixed", "once"])
@pytest.mark.parametrize(("name", "unbinned"), [("bright", False), ("equal", True)])
def test_a_neighbour_takes_its_part(fields, name, neighbours, unbinned):
    neighbour = {"bright": BRIGHT, "equal": EQUAL}[name][1]
    alone, error = mean_of(made(fields[name], unbinned=unbinned))
    assert abs(alone - 1) > 3 * error
    right, error = mean_of(made(fields[name], [neighbour], neighbours=neighbours, unbinned=unbinned))
    assert abs(right - 1) < 2.5 * error


@pytest.mark.parametrize("unbinned", [False, True])
def test_an_extended_source_has_its_flux(fields, unbinned):
    point, _ = mean_of(made(fields["wide"], unbinned=unbinned))
    assert point < 0.5 * 3
    right, error = mean_of(made(fields["wide"], WIDE, unbinned=unbinned))
    assert abs(right - 3) < 2.5 * error


def brute_force(observations, models, lc):
    """(norm, error) of the first model in one run: a minimum over its flux, that of the others, and the background."""
    (run,), (terms,) = lc.origin.runs, lc.origin.terms
    at = np.searchsorted(run.time_s, terms.time_s)
    places = run.energy_tev[at], run.lon[at], run.lat[at]
    parts = [run, *run.others]
    expected = [expected_at(run, part, model, places, 8) for part, model in zip(parts, models, strict=True)]
    templates = np.stack([*(density for density, _ in expected), terms.background[0]])
    totals = np.array([*(total for _, total in expected), terms.background_total[0, 0]])
    seconds = run.gti.ontime_s * np.array([*(run.deadc for _ in expected), 1])
    templates, totals = templates * seconds[:, None], totals * seconds

    def half(x):
        there = x @ templates
        return np.inf if there.min() <= 0 else totals @ x - np.log(there).sum()

    def slope(x):
        return totals - templates @ (1 / (x @ templates))

    best = minimize(half, np.ones(len(totals)), jac=slope, method="BFGS", options={"gtol": 1e-9}).x
    weighted = templates / (best @ templates)
    return best[0], np.linalg.inv(weighted @ weighted.T)[0, 0] ** 0.5


FIELDS = {
    "two points": EQUAL,
    "gaussian and point": [WIDE[0], sky_model("other", beside(200, 0.3), 2, index=3)],
    "disc and gaussian": [
        sky_model("source", factor=3, shape=SkyDisk, r_0="0.25 deg"),
        sky_model("other", beside(10, 0.4), 3, shape=SkyGaussian, sigma="0.1 deg"),
    ],
}


@pytest.mark.parametrize("name", FIELDS)
def test_it_is_the_minimum_over_sums_over_points(name):
    models = FIELDS[name]
    observations = runs_of(models, 1, seed=3)
    lc = made(
        observations,
        models,
        unbinned=True,
        width="5 deg",
        binsz="0.06 deg",
        offset_max="3 deg",
        safe_energy=None,
        e_true=np.geomspace(0.1, 100, 25) * u.TeV,
        responses="centre",
    )
    norm, error = brute_force(observations, models, lc)
    row = lc.table[0]
    flux = models[0].spectral_model.photon_flux(BAND.to_value("TeV"))[0]
    # Tables of what is extended are straight between their nodes, and the sums have some thousand points.
    within = 1e-6 if name == "two points" else 1e-3
    assert row["flux"] / flux == pytest.approx(norm, abs=within * error)
    assert row["flux_err"] / flux == pytest.approx(error, rel=1e-3)


def test_what_is_free_with_neighbours_that_are_free_is_refused_or_settled(fields):
    runs, neighbour = fields["bright"][:1], [BRIGHT[1]]
    for given in ({"free": ("index",)}, {"interval": "feldman-cousins"}):
        with pytest.raises(InputError, match="does not go with neighbours that are free in each row"):
            made(runs, neighbour, **given)
    row = made(runs, neighbour, neighbours="once", free=("index",)).table[0]
    assert abs(row["index"] - 2.5) < 3 * row["index_err"]
    assert made(runs, neighbour, neighbours="once", interval="feldman-cousins").table["flux_ul"][0] > 0


def test_it_says_what_else_shines_there(fields, tmp_path):
    far = sky_model("far", beside(200, 0.8), shape=SkyGaussian, sigma="0.1 deg")
    lc = made(fields["bright"][:1], [BRIGHT[1], far], neighbours="once")
    assert lc.meta["other_sources"] == "bright, far (one amplitude for all rows)"
    assert lc.meta["models"][1].startswith(
        "far: SkyGaussian sigma=0.1 deg at 83.336415 deg, 21.257986 deg (ICRS), Pow"
    )
    assert lc.meta["neighbour_amplitudes"] == list(lc.origin.field.amplitudes)
    assert "other sources bright, far" in str(lc)
    for end in ("fits", "ecsv"):
        lc.write(tmp_path / f"lc.{end}")
        assert LightCurve.read(tmp_path / f"lc.{end}").meta["models"] == lc.meta["models"]
    # Bins that are made of events know the others by their models only.
    assert "time bins made from events with the other sources as" in str(lc.rebin("counts 40"))
    frozen = far.copy()
    frozen.spectral_model.amplitude.frozen = True
    lc = made(fields["bright"][:1], [BRIGHT[1], frozen])
    assert lc.meta["other_sources"] == "bright (free in each row), far (fixed)"
    assert (
        made(fields["wide"][:1], WIDE).meta["shape"].startswith("SkyGaussian sigma=0.2 deg at 83.630000 deg")
    )


def test_amplitudes_of_all_rows_are_kept_by_rebin_and_made_anew_by_append(fields, tmp_path, caplog):
    runs, neighbour = fields["bright"], [BRIGHT[1]]
    three = made(runs[:3], neighbour, neighbours="once")
    write_result(tmp_path / "result", three)
    again = Result.read(tmp_path / "result").light_curve.rebin("5 min", energy_edges=[1, 3, 10] * u.TeV)
    assert again.origin.field.amplitudes == three.origin.field.amplitudes
    np.testing.assert_array_equal(
        again.table["flux"], three.rebin("5 min", energy_edges=[1, 3, 10] * u.TeV).table["flux"]
    )
    made_more = append_runs(tmp_path / "result", runs).light_curve
    assert "The neighbours' amplitudes, bright 0" in caplog.text or "amplitudes, bright 1" in caplog.text
    four = made(runs, neighbour, neighbours="once")
    assert made_more.origin.field.amplitudes == four.origin.field.amplitudes != three.origin.field.amplitudes
    np.testing.assert_array_equal(made_more.table["flux"], four.table["flux"])
    # Fitted with the others' expectations at hand, one by one, the amplitude is the same.
    amplitude = four.origin.field.amplitudes[0]
    alone = made(runs, neighbour, neighbours="free", stacked=False)
    joint = alone.origin.rows()[0].profile.likelihood
    rows = [best_stat(joint, row, amplitude) for row in range(4)]
    for other in (amplitude - 1e-2, amplitude + 1e-2):
        assert sum(rows) < sum(best_stat(joint, row, other) for row in range(4))


def best_stat(likelihood, row, amplitude):
    """Twice the least of half the statistic of a row over its flux, at an amplitude of its neighbour."""
    own, _ = likelihood.take(np.array([row]))

    def half(norm):
        (value, _, _), _ = own.evaluate(np.array([[norm, amplitude]]))
        return value[0]

    return minimize_scalar(half, bounds=(0.3, 2), method="bounded", options={"xatol": 1e-4}).fun


def test_a_neighbour_under_a_mask_or_out_of_sight_changes_little(fields):
    runs, neighbour = fields["bright"][:2], [BRIGHT[1]]
    mask = CircleSkyRegion(beside(40, 0.6), 0.25 * u.deg)
    for unbinned in (False, True):
        masked, error = mean_of(made(runs, exclusion=mask, unbinned=unbinned))
        both, _ = mean_of(made(runs, neighbour, exclusion=mask, unbinned=unbinned))
        # What of it falls beside the mask is its own then.
        assert abs(masked - both) < 1.5 * error
        away = [*neighbour, sky_model("away", beside(10, 20.0))]
        assert mean_of(made(runs, away, unbinned=unbinned)) == mean_of(
            made(runs, neighbour, unbinned=unbinned)
        )


@pytest.mark.parametrize("neighbours", ["free", "fixed", "once"])
def test_runs_that_are_added_up_are_fitted_with_their_sums(fields, neighbours):
    runs = fields["bright"][:2]
    times = [REFERENCE.to_time(START - 10), REFERENCE.to_time(START + 4000)]
    lc = made(runs, [BRIGHT[1]], neighbours=neighbours, stacked=True, negative=True).rebin(by_edges(times))
    norm, error = stacked_by_hand(lc, neighbours)
    assert lc.table["norm"][0] == pytest.approx(norm, abs=1e-3 * error)


def stacked_by_hand(lc, neighbours):
    """(norm, error) of the sums of all runs in all cells, with one background norm."""
    runs = lc.origin.rows()[0].compact_runs()
    flux = lc.origin.spectrum.photon_flux(lc.origin.axes.true)
    sums = np.zeros((4, *runs[0].compact.dispersion.shape[1:], runs[0].compact.shares.shape[1]))
    counts = np.zeros(sums[0].size)
    for run in runs:
        signal, background, fixed = run.compact.in_all_cells(flux)
        seconds = run.gti.ontime_s
        further = run.compact.further_cells.sum(axis=0) if neighbours == "free" else 0 * signal
        sums += (
            np.stack([signal * run.deadc, background[0], further * run.deadc, fixed * run.deadc]) * seconds
        )
        counts += np.bincount(run.cell, minlength=len(counts))
    templates = sums.reshape(4, -1)[:, (sums[1] > 0).ravel()]
    counts = counts[(sums[1] > 0).ravel()]
    constant, free = templates[3], templates[: 3 if neighbours == "free" else 2]

    def half(x):
        there = x @ free + constant
        return np.inf if there.min() <= 0 else there.sum() - counts @ np.log(there)

    def slope(x):
        return free @ (1 - counts / (x @ free + constant))

    best = minimize(half, np.ones(len(free)), jac=slope, method="BFGS", options={"gtol": 1e-9}).x
    weighted = free * np.sqrt(counts) / (best @ free + constant)
    return best[0], np.linalg.inv(weighted @ weighted.T)[0, 0] ** 0.5


def test_wherever_runs_wait_the_rows_are_the_same(fields, tmp_path, monkeypatch):
    store = DataStore.from_dir(write_store(tmp_path / "data", fields["bright"][:3]))
    options = {"models": [BRIGHT[1]], "neighbours": "once", "unbinned": True, "binsz": "0.2 deg"}
    cache = RunCache(tmp_path / "cache")
    at_once = made(store.get_observations(), **options)
    kept = made(store.get_observations(), **options, cache=cache)
    from_cache = made(store.get_observations(), **options, cache=cache, n_jobs=2)
    monkeypatch.setattr(engine, "MANY", 2)
    monkeypatch.setattr(engine, "PART", 2)
    monkeypatch.setattr(engine, "HELD", 0)
    in_parts = made(store.get_observations(), **options)
    for other in (kept, from_cache, in_parts):
        assert other.meta == at_once.meta
        np.testing.assert_array_equal(other.table["flux"], at_once.table["flux"])
        np.testing.assert_array_equal(other.table["flux_ul"], at_once.table["flux_ul"])


def test_runs_are_known_by_where_the_others_are_and_by_nothing_else_of_them(fields, tmp_path):
    observation = DataStore.from_dir(write_store(tmp_path / "data", fields["bright"][:1])).get_observations()[
        0
    ]
    source = (TARGET.ra.rad, TARGET.dec.rad)
    place, other = (np.deg2rad(83.9), np.deg2rad(22.3)), (np.deg2rad(83.9), np.deg2rad(22.4))
    keys = [
        RunKeys(source, others=others).key(observation) for others in ((), (place,), (other,), (place, other))
    ]
    assert len({key.text for key in keys}) == 4
    wide = sky_model("bright", beside(40, 0.6), 3, shape=SkyGaussian, sigma="0.2 deg", index=3)
    jobs = [made(fields["bright"][:1], [model]).origin.field.positions for model in (BRIGHT[1], wide)]
    assert jobs[0] == jobs[1]
