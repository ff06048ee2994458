"""All sources of a catalogue from one reading: each as its own light curve."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.time import Time
from regions import CircleSkyRegion
from small_store import TARGET, make_store

from tevcurve.data import GTI
from tevcurve.errors import InputError
from tevcurve.models import PowerLaw, SkyModel, SkyPointSource
from tevcurve.pipeline import light_curve
from tevcurve.pipeline.catalogue import catalogue_of, catalogue_runs, sources_at
from tevcurve.pipeline.catalogue_plan import CatalogueSource
from tevcurve.simulation import ResponseSet, simulate_observation

BANDS = [0.7, 2, 10] * u.TeV
POSITIONS = SkyCoord([TARGET.ra, TARGET.ra, TARGET.ra], TARGET.dec + [0, 0.4, -1.1] * u.deg)
# Of an error: what the quadrature of a source's photons near the edge of the field may move.
CLOSE = 0.005


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("store"))


def entries(store, time_bins=None, **options):
    sources = sources_at(["target", "north", "south"], POSITIONS, PowerLaw(index=2.7))
    options = {"energy_edges": BANDS, "safe_energy": None} | options
    return list(catalogue_runs(*catalogue_of(store, sources, time_bins, **options)))


def rows_of(made, source):
    """Columns of one source, of all entries in order, a dict of arrays."""
    tables = [(entry.table, entry.source == source) for entry in made]
    names = tables[0][0].colnames
    return {name: np.concatenate([np.asarray(table[name])[own] for table, own in tables]) for name in names}


def own_light_curve(store, position, time_bins, **options):
    """That of a source alone, made as `entries` are."""
    options = {
        "spectrum": PowerLaw(index=2.7),
        "safe_energy": None,
        "unbinned": True,
        "norm_values": None,
    } | options
    return light_curve(store.get_observations(), position, time_bins, BANDS, **options)


@pytest.mark.parametrize(("time_bins", "negative"), [(None, True), ("night", False)])
def test_each_source_is_as_its_own_light_curve(store, time_bins, negative):
    made = entries(store, time_bins, negative=negative)
    for source, position in enumerate(POSITIONS):
        rows = rows_of(made, source)
        own = own_light_curve(store, position, time_bins, negative=negative).table
        assert set(rows) == set(own.colnames)
        for name in ("time_min", "time_max", "e_min", "e_max", "counts", "n_runs", "status", "reason"):
            assert rows[name].tolist() == own[name].tolist(), name
        np.testing.assert_allclose(rows["livetime"], own["livetime"], rtol=1e-12)
        for name in ("norm", "norm_errn", "norm_errp", "norm_ul"):
            assert np.nanmax(np.abs(rows[name] - own[name]) / own["norm_errp"]) < CLOSE, name
        np.testing.assert_allclose(rows["ts"], own["ts"], rtol=2 * CLOSE, atol=CLOSE)
        np.testing.assert_allclose(rows["npred"], own["npred"], rtol=1e-4)
        np.testing.assert_allclose(rows["loglike"], own["loglike"], rtol=1e-4)


@pytest.mark.parametrize("time_bins", [None, "night"])
def test_runs_are_chosen_for_each_source_by_its_own_offset(store, time_bins):
    made = entries(store, time_bins, offset="<0.7 deg")
    n_left_out = []
    for source, position in enumerate(POSITIONS):
        rows = rows_of(made, source)
        own = own_light_curve(store, position, time_bins, choose={"offset": "<0.7 deg"})
        # Nights begin with the first run of all sources, as one binning is laid over these.
        times = () if time_bins == "night" else ("time_min", "time_max")
        for name in (*times, "counts", "n_runs", "status"):
            assert rows[name].tolist() == own.table[name].tolist(), name
        for name in ("norm", "norm_ul"):
            assert np.nanmax(np.abs(rows[name] - own.table[name]) / own.table["norm_errp"]) < CLOSE, name
        # The same sentences, of each source its own.
        name = ("target", "north", "south")[source]
        told = [one for entry in made for one in entry.problems if one.source == name]
        assert {(one.run_id.obs_id, one.reason, one.kind) for one in told} == {
            (one.run_id.obs_id, one.reason, one.kind) for one in own.ledger.not_chosen
        }
        n_left_out.append(len(told))
    # The target is 0.5 deg from all pointings, of which one is on one side of it and two are on the other.
    assert n_left_out[0] == 0
    assert sorted(n_left_out[1:]) == [1, 2]


def test_neighbours_are_fitted_with_a_source_as_in_its_own_light_curve(store):
    spectra = PowerLaw(index=2.7), PowerLaw(index=2.2, amplitude="1e-11 cm-2 s-1 TeV-1")
    near = TARGET.directional_offset_by(60 * u.deg, 0.12 * u.deg)
    places = {"target": TARGET, "near": near, "south": POSITIONS[2]}
    sources = [
        CatalogueSource("target", (TARGET.ra.rad, TARGET.dec.rad), spectra[0], ("near", "south")),
        CatalogueSource("near", (near.ra.rad, near.dec.rad), spectra[1]),
        CatalogueSource("south", (POSITIONS[2].ra.rad, POSITIONS[2].dec.rad), spectra[0]),
    ]
    options = {"energy_edges": BANDS, "safe_energy": None, "negative": True}
    made = rows_of(list(catalogue_runs(*catalogue_of(store, sources, **options))), 0)
    models = [
        SkyModel(SkyPointSource(places[name].ra, places[name].dec), spectrum, name)
        for name, spectrum in (("near", spectra[1]), ("south", spectra[0]))
    ]
    own = light_curve(
        store.get_observations(),
        TARGET,
        spectrum=spectra[0],
        models=models,
        unbinned=True,
        norm_values=None,
        **options,
    ).table
    assert made["status"].tolist() == own["status"].tolist()
    for name in ("norm", "norm_errn", "norm_errp", "norm_ul"):
        assert np.nanmax(np.abs(made[name] - own[name]) / own["norm_errp"]) < CLOSE, name
    np.testing.assert_allclose(made["npred"], own["npred"], rtol=1e-3)


def test_turning_backgrounds_exclusions_and_safe_energies_are_as_alone():
    irfs = ResponseSet.analytic("3d")
    table = irfs.bkg.table
    slope = 1 + 0.6 * np.linspace(-1, 1, table.axes[1].nbin)[:, None]
    columns = {name: values * slope for name, values in table.columns.items()}
    background = replace(irfs.bkg, fov_align="ALTAZ", table=replace(table, columns=columns))
    gti = GTI(Time("2024-03-01T22:00:00") + [0, 20] * u.min, Time("2024-03-01T22:15:00") + [0, 25] * u.min)
    pointing = SkyCoord(140, 20, unit="deg")
    run = simulate_observation(pointing, gti, replace(irfs, bkg=background), random_state=1)
    places = pointing.directional_offset_by([77, 300] * u.deg, [0.9, 1.95] * u.deg)
    hole = CircleSkyRegion(pointing.directional_offset_by(77 * u.deg, 1.15 * u.deg), 0.15 * u.deg)
    options = {"energy_edges": [0.5, 2, 20] * u.TeV, "safe_energy": 0.1, "exclusion": [hole]}
    sources = sources_at(["one", "other"], places, PowerLaw(index=2.6))
    made = list(catalogue_runs(*catalogue_of([run], sources, "20 min", **options)))
    for source, place in enumerate(places):
        rows = rows_of(made, source)
        own = light_curve(
            [run], place, "20 min", spectrum=PowerLaw(index=2.6), unbinned=True, norm_values=None, **options
        ).table
        assert rows["counts"].tolist() == own["counts"].tolist()
        assert rows["reason"].tolist() == own["reason"].tolist()
        assert np.nanmax(np.abs(rows["norm_ul"] - own["norm_ul"]) / own["norm_errp"]) < CLOSE


def test_a_group_has_the_runs_that_share_bins(store):
    assert [len(entry.run_ids) for entry in entries(store)] == [1, 1, 1]
    assert [len(entry.run_ids) for entry in entries(store, "1 d")] == [3]


def test_a_source_has_no_rows_of_runs_whose_field_it_is_outside_of(store):
    made = entries(store, offset_max="0.8 deg")
    assert [sorted(set(entry.source.tolist())) for entry in made] == [[0, 1], [0, 2], [0, 1]]


def test_what_differs_from_source_to_source_is_refused(store):
    with pytest.raises(InputError, match="look at events"):
        entries(store, "counts 50")
    with pytest.raises(InputError, match="'common'"):
        entries(store, safe_energy="common")
    with pytest.raises(InputError, match="takes no stacked"):
        entries(store, stacked=True)
    with pytest.raises(InputError, match=r"'north'.*the target itself"):
        entries(store, exclusion=[CircleSkyRegion(POSITIONS[1], 0.1 * u.deg)])
