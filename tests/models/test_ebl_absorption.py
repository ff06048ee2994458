"""Absorption as a factor of a spectrum: exact integrals, what is kept of it, and what it is called."""

import pickle
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from tevcurve.errors import DataError, InputError
from tevcurve.models import (
    EBLAbsorption,
    LogParabola,
    OpacityTable,
    PowerLaw,
    spectrum_from_text,
    spectrum_to_text,
)

ENERGIES = np.geomspace(0.03, 30, 13)
DEPTHS = np.array([np.zeros(13), 0.4 * ENERGIES**0.8, 4 * ENERGIES**0.8])
TABLE = OpacityTable(ENERGIES, np.array([0, 0.1, 1.0]), DEPTHS, "the opacity of a test")


def absorption(redshift=0.116, alpha_norm=1.0):
    return EBLAbsorption(redshift, "of a test", alpha_norm, table=TABLE)


def test_the_transmission_is_that_of_the_scaled_depth():
    depth = 0.4 + (0.116 - 0.1) / 0.9 * 3.6
    np.testing.assert_allclose(absorption().dnde(ENERGIES), np.exp(-depth * ENERGIES**0.8), rtol=1e-13)
    np.testing.assert_allclose(absorption(alpha_norm=0.3).dnde(2.0), absorption().dnde(2.0) ** 0.3)
    many = absorption().dnde(
        ENERGIES, alpha_norm=np.array([[0.0], [1.0]]), redshift=np.array([[0.1], [0.116]])
    )
    np.testing.assert_allclose(many, [np.ones(13), absorption().dnde(ENERGIES)])


@pytest.mark.parametrize(
    "intrinsic", [PowerLaw(2.2), LogParabola(alpha=1.8, beta=0.3)], ids=["power law", "curved"]
)
@pytest.mark.parametrize("power", [0, 1])
def test_integrals_are_exact_at_the_kinks(intrinsic, power):
    model = absorption() * intrinsic
    edges = np.array([0.01, 0.2, 0.21, 3.0, 50.0])
    ours = model.energy_flux_bins(edges) if power else model.photon_flux(edges)
    for low, high, found in zip(edges[:-1], edges[1:], ours, strict=True):
        # Piece by piece between the nodes, as a rule across a kink is not exact.
        points = np.unique(np.clip([low, *ENERGIES, high], low, high))
        wanted = sum(
            quad(lambda e: e**power * float(model.dnde(e)), *ends, epsabs=0, epsrel=1e-12)[0]
            for ends in pairwise(points)
        )
        assert found == pytest.approx(wanted, rel=1e-10)


def test_a_power_law_stays_one_between_two_nodes():
    model = absorption() * PowerLaw(2.2)
    low, high = ENERGIES[5:7]
    steep = np.log(model.dnde(high) / model.dnde(low)) / np.log(high / low)
    exact = PowerLaw(-steep, model.dnde(low) * PowerLaw().amplitude.unit, low * PowerLaw().reference.unit)
    np.testing.assert_allclose(model.photon_flux([low, high]), exact.photon_flux([low, high]), rtol=1e-13)


def test_many_rows_are_what_each_is_alone():
    model, edges = absorption() * PowerLaw(), np.geomspace(0.05, 20, 9)
    many = model.photon_flux(edges, index=np.array([[1.5], [2.7]]))
    np.testing.assert_allclose(many[1], (absorption() * PowerLaw(2.7)).photon_flux(edges), rtol=1e-13)


def test_what_is_kept_is_the_two_redshifts_around_the_source():
    model = absorption()
    again = EBLAbsorption.from_settings(model.settings, redshift=0.116, alpha_norm=1.0)
    assert again.table.redshifts.tolist() == [0.1, 1.0]
    assert again.dnde(ENERGIES).tobytes() == model.dnde(ENERGIES).tobytes()
    assert again.model == "of a test"
    with pytest.raises(InputError, match=r"as it is kept with a result, has 0\.1 to 1"):
        again.dnde(1.0, redshift=0.05)
    sent = pickle.loads(pickle.dumps(model * PowerLaw()))
    assert sent.dnde(ENERGIES).tobytes() == (model * PowerLaw()).dnde(ENERGIES).tobytes()
    for missing in ("energies", "depths"):
        with pytest.raises(DataError, match="has not all of"):
            EBLAbsorption.from_settings({key: v for key, v in model.settings.items() if key != missing})
    with pytest.raises(InputError, match="was given more; wanted is a model"):
        EBLAbsorption.from_settings({"more": 1})


def test_the_absorbed_spectrum_has_names_and_a_range():
    model = absorption() * PowerLaw(2.2)
    assert model.parameters.names == ["redshift", "alpha_norm", "index", "amplitude", "reference"]
    assert model.parameters.free_parameters.names == ["index", "amplitude"]
    assert (model.amplitude_name, model.is_factor, absorption().is_factor) == ("amplitude", False, True)
    assert model.energy_range == (ENERGIES[0], ENERGIES[-1])
    with pytest.raises(InputError, match="The redshift is 3, and the opacity of a test has 0 to 1"):
        absorption(3)
    with pytest.raises(InputError, match="bounds"):
        absorption(-0.1)


def test_texts_name_the_opacity():
    pytest.importorskip("ebltable", reason="ebltable is not installed")
    model = spectrum_from_text("PowerLaw index=2.2 * EBL z=0.116 model=saldana-lopez alpha=0.9")
    made = PowerLaw(2.2) * EBLAbsorption(0.116, "saldana-lopez21", 0.9)
    assert model.dnde(ENERGIES).tobytes() == made.dnde(ENERGIES).tobytes()
    text = spectrum_to_text(model)
    assert text.endswith("EBLAbsorption model=saldana-lopez21 redshift=0.116 alpha_norm=0.9")
    assert spectrum_from_text(text).dnde(ENERGIES).tobytes() == made.dnde(ENERGIES).tobytes()
    with pytest.raises(InputError, match="did you mean 'dominguez'"):
        spectrum_from_text("PowerLaw * EBL z=0.1 model=domingez")


@pytest.mark.parametrize("make", [EBLAbsorption, lambda: spectrum_from_text("PowerLaw index=2.2 * EBL")])
def test_a_redshift_is_never_assumed(make):
    with pytest.raises(InputError, match="without a redshift; wanted is that of the source"):
        make()
