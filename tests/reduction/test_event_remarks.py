"""Events that do not fit their run are told wherever they are reduced."""

import astropy.units as u
import numpy as np
import pytest
from dl3_files import write_store
from regions import CircleSkyRegion
from small_store import START, TARGET, cube_datasets, run_file

from tevcurve import DataStore, ReflectedRegionsBackgroundEstimator, SpectrumExtraction, light_curve
from tevcurve.data.events import EventList
from tevcurve.data.time import TimeReference
from tevcurve.errors import DataError
from tevcurve.problems import noted_remarks
from tevcurve.reduction.event_remarks import _look_at_directions

POINTING = (83.63, 22.51)


def observations(folder, **changes):
    run = run_file(1, 11, START, POINTING)
    columns = {name: np.array(values) for name, values in run.events.items()}
    order = np.argsort(columns["TIME"])
    columns = {name: values[order] for name, values in columns.items()}
    for name, change in changes.items():
        columns[name] = change(columns[name])
    kept = np.isfinite(columns["TIME"])
    events = {name: values[kept] for name, values in columns.items()}
    write_store(folder, [run_file(1, 11, START, POINTING, events=events)])
    return DataStore.from_dir(folder).get_observations()


def half_gone(time):
    """Two of three events of the second half are gone."""
    lost = (time > START + 840) & (np.arange(len(time)) % 3 > 0)
    return np.where(lost, np.nan, time)


def spectra(given):
    regions = ReflectedRegionsBackgroundEstimator(CircleSkyRegion(TARGET, 0.15 * u.deg), given)
    regions.run()
    extraction = SpectrumExtraction(given, regions.result, True)
    extraction.run()
    return extraction


def curves(given, method):
    return light_curve(given, TARGET, method=method, energy_edges=[0.7, 10] * u.TeV, norm_values=None)


ODD = [
    ({"TIME": half_gone}, "which is no chance; where some are missing, fluxes are too low"),
    (
        {"RA": lambda ra: ra + 2},
        "1.8 deg off the pointing of the run; where this is not the true one, fluxes are wrong",
    ),
    ({"ENERGY": lambda energy: energy * 1000}, "TeV, for which there is an effective area; perhaps the unit"),
]


@pytest.mark.parametrize(("changes", "words"), ODD)
def test_events_that_do_not_fit_are_told_in_every_way_to_a_light_curve(tmp_path, changes, words):
    given = observations(tmp_path, **changes)
    for make in (spectra, cube_datasets):
        with noted_remarks() as remarks:
            make(given)
        assert [one for _, one in remarks if words in one]
    for method in ("1d", "3d"):
        assert [one for one in curves(given, method).ledger.warnings if words in one.reason]


def test_events_of_another_field_are_refused_by_spectra(tmp_path):
    extraction = spectra(observations(tmp_path, RA=lambda ra: ra / 15))
    assert not extraction.spectrum_observations
    assert "wanted are events in its field of view" in extraction.failed[0][1]


def test_events_that_fit_have_no_remark(tmp_path):
    given = observations(tmp_path)
    with noted_remarks() as remarks:
        spectra(given)
        cube_datasets(given)
    assert not remarks


def test_a_point_like_cut_of_the_header_is_the_radius_of_the_region(gammapy_data):
    given = DataStore.from_dir(gammapy_data / "others/lst_like/fixed").get_observations()
    cut = given[0].aeff.table.radius_of_cut
    for radius, failed in ((cut, 0), (1.5 * cut, 2)):
        regions = ReflectedRegionsBackgroundEstimator(CircleSkyRegion(TARGET, radius * u.deg), given)
        regions.run()
        extraction = SpectrumExtraction(given, regions.result)
        extraction.run()
        assert len(extraction.failed) == failed
        assert all("of this radius is wanted" in reason for _, reason in extraction.failed)


@pytest.mark.parametrize("ra", [83.63, 0.01, 359.9])
def test_a_few_events_all_over_the_sky_do_not_hide_where_the_others_are(ra):
    """One in a thousand is reconstructed anywhere; the others are at the pointing, or 2 deg off."""
    near = EventList(*directions(ra, 22.51, 4000), TimeReference(51544, 0.0))
    off = EventList(*directions(ra + 2.0, 22.51, 4000), TimeReference(51544, 0.0))
    with noted_remarks() as remarks:
        _look_at_directions(near, np.deg2rad([ra, 22.51]))
    assert not remarks
    with noted_remarks() as remarks:
        _look_at_directions(off, np.deg2rad([ra, 22.51]))
    assert ["1.8 deg off the pointing" in words for _, words in remarks] == [True]


def test_events_on_both_sides_of_the_other_side_of_the_sky_are_refused():
    lon = np.deg2rad(83.63) + np.repeat([-3.0, 3.0], 500)
    events = EventList(np.arange(1000.0), np.ones(1000), lon, np.zeros(1000), TimeReference(51544, 0.0))
    with pytest.raises(DataError, match="wanted are events in its field of view"):
        _look_at_directions(events, (np.deg2rad(83.63), 0.0))


def directions(ra, dec, n):
    """Times, energies and directions of events around one, with one in a thousand anywhere."""
    rng = np.random.default_rng(1)
    lon = np.deg2rad(ra + rng.normal(0, 1, n) / np.cos(np.deg2rad(dec)))
    lat = np.deg2rad(dec + rng.normal(0, 1, n))
    lon[::1000], lat[::1000] = rng.uniform(0, 2 * np.pi, n // 1000), rng.uniform(-1, 1, n // 1000)
    return np.arange(float(n)), np.ones(n), lon % (2 * np.pi), lat
