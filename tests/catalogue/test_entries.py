"""Entries come back as they were, and are called by what they are made of."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from small_store import TARGET

from tevcurve import DataStore, PowerLaw
from tevcurve.catalogue.entries import EntryFolder, EntryKeys, plan_digest
from tevcurve.errors import DataError
from tevcurve.pipeline.catalogue import catalogue_of, sources_at
from tevcurve.pipeline.catalogue_rows import catalogue_run

PLACES = SkyCoord([TARGET.ra] * 2, TARGET.dec + [0, 0.4] * u.deg)


def asked(store, names=("a", "b"), time_bins=None, spectrum=None, **options):
    sources = sources_at(names, PLACES, spectrum)
    options = {"energy_edges": [0.7, 10] * u.TeV, "safe_energy": None} | options
    return catalogue_of(DataStore.from_dir(store), sources, time_bins, **options)


def keys(store, **changes):
    plan, groups = asked(store, **changes)
    return [EntryKeys(plan_digest(plan)).key(group).text for group in groups]


def test_an_entry_comes_back_as_it_was(kept_store, tmp_path):
    plan, groups = asked(kept_store)
    entry, folder = catalogue_run(plan, groups[0]), EntryFolder(tmp_path)
    path = folder.file_of(groups[0], "0" * 64)
    folder.put(path, entry)
    again = folder.read(path)
    assert again.run_ids == entry.run_ids
    assert again.problems == entry.problems
    np.testing.assert_array_equal(again.source, entry.source)
    np.testing.assert_array_equal(again.p_constancy, entry.p_constancy)
    assert again.table.colnames == entry.table.colnames
    assert again.table.meta == entry.table.meta
    for name in entry.table.colnames:
        one, other = again.table[name], entry.table[name]
        assert (one.unit, one.info.description) == (other.unit, other.info.description)
        assert one.dtype.kind == other.dtype.kind
        np.testing.assert_array_equal(one, other)


def test_an_entry_without_rows_comes_back(kept_store, tmp_path):
    plan, groups = asked(kept_store)
    entry = replace(catalogue_run(plan, groups[0]), table=None, source=np.zeros(0, int))
    folder = EntryFolder(tmp_path)
    folder.put(tmp_path / "x.rows", entry)
    assert folder.read(tmp_path / "x.rows").table is None


def test_damage_is_noticed(kept_store, tmp_path):
    plan, groups = asked(kept_store)
    folder, path = EntryFolder(tmp_path), tmp_path / "x.rows"
    folder.put(path, catalogue_run(plan, groups[0]))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match="is damaged: its checksum is another"):
        folder.read(path)
    assert not folder.has(path)
    assert not path.exists()


def test_the_same_has_the_same_key(kept_store, store_copy):
    assert keys(kept_store) == keys(store_copy)
    assert len(set(keys(kept_store))) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"names": ("a", "c")},
        {"spectrum": PowerLaw(index=3)},
        {"time_bins": "10 min"},
        {"negative": True},
        {"energy_edges": [0.7, 9] * u.TeV},
        {"offset_max": "1.5 deg"},
        {"upper_limit": 0.9},
    ],
)
def test_other_settings_have_other_keys(kept_store, changes):
    assert not set(keys(kept_store)) & set(keys(kept_store, **changes))
