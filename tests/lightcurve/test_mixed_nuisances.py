"""Loadings of rows that have cubes and ON and OFF counts, against refits."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from joined_instruments import mixed
from numpy.testing import assert_allclose, assert_array_equal
from small_store import TARGET
from two_instruments import NAMES, make_stores

from tevcurve import PowerLaw, light_curve
from tevcurve.datasets.cube_terms import CubeTerms
from tevcurve.fit.norms import estimate_norms
from tevcurve.systematics import Systematic

SPECTRUM = PowerLaw(index=2.7, amplitude="3e-11 cm-2 s-1 TeV-1")
METHODS = {"method": "3d", "binsz": "0.1 deg", "width": "2 deg"}, {"method": "1d"}
STEP = 1e-3


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    """The origin of the first instrument in 3D and the second in 1D."""
    stores = make_stores(tmp_path_factory.mktemp("data"))
    alone = {
        name: light_curve(
            stores[name].get_observations(),
            TARGET,
            spectrum=SPECTRUM,
            energy_edges=[0.7, 2, 10] * u.TeV,
            safe_energy=None,
            **how,
        )
        for name, how in zip(NAMES, METHODS, strict=True)
    }
    return mixed(alone, 0.3).origin


def with_effects(origin, *effects):
    made = tuple(Systematic(**{"sigma": 0.05} | each) for each in effects)
    return replace(origin, systematics=replace(origin.systematics, effects=made)).resolved()


def best(origin):
    return estimate_norms(origin.rows()[0].profile, negative=True).norm


def test_scales_and_fluxes_have_the_shares_of_instruments(together):
    nuisances = with_effects(
        together, {"effect": "flux_scale", "by": "instrument"}, {"effect": "energy_scale", "by": "all"}
    )
    nuisances = nuisances.nuisances(nuisances.rows()[0])
    dense = np.zeros((nuisances.n_rows, nuisances.n_nuisances))
    dense[nuisances.row, nuisances.nuisance] = nuisances.scale
    assert nuisances.names[0] == f"scale {NAMES[1]}"
    own = dense[:, [nuisances.names.index(f"flux_scale {name}") for name in NAMES]] / 0.05
    assert_allclose(own.sum(axis=1), 1, rtol=1e-12)
    assert_allclose(dense[:, 0], own[:, 1], rtol=1e-12)
    assert_allclose(dense[:, nuisances.names.index("energy_scale all")], 0.05 * 1.7, rtol=1e-12)


def test_norms_of_cubes_and_ratios_of_acceptances_are_not_one_parameter(together):
    origin = with_effects(together, {"effect": "background", "by": "all"})
    joint, _ = origin.rows()
    nuisances, norms = origin.nuisances(joint), origin.systematics.norms
    assert sorted(nuisances.names[1:]) == ["background all", "background all in 3D"]
    assert_array_equal(norms.names, ["background all"])
    ends = {name: [] for name in nuisances.names[1:]}
    for sign in (-1, 1):
        moved = replace(norms, norm=norms.norm + sign * STEP * norms.error)
        ends["background all in 3D"].append(
            best(replace(origin, systematics=replace(origin.systematics, norms=moved)))
        )
        terms = tuple(
            each
            if isinstance(each, CubeTerms)
            else replace(each, acceptance_off=each.acceptance_off / (1 + sign * 0.05 * STEP))
            for each in origin.terms
        )
        ends["background all"].append(best(replace(origin, terms=terms)))
    for name, (below, above) in ends.items():
        own = nuisances.nuisance == nuisances.names.index(name)
        shift = np.bincount(nuisances.row, nuisances.shift * own, nuisances.n_rows)
        assert_allclose(shift, -(above - below) / (2 * STEP), rtol=2e-3, atol=1e-6)
        assert np.any(shift > 0)
