"""Chances of constancy inside runs: at empty places, and of a flare."""

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.time import Time
from scipy.stats import kstest

from tevcurve.data import GTI
from tevcurve.models import PowerLaw, SkyModel, SkyPointSource
from tevcurve.pipeline.catalogue import catalogue_of, catalogue_runs, sources_at
from tevcurve.simulation import Flare, ResponseSet, SimulatedSource, simulate_observation

START = Time("2024-03-01T00:00:00")


def test_empty_places_have_uniform_chances_and_a_flare_has_none():
    pointing = SkyCoord(40, -20, unit="deg")
    gti = GTI(START + [0, 12] * u.min, START + [9, 28] * u.min)
    flaring = pointing.directional_offset_by(0 * u.deg, 0.6 * u.deg)
    spectrum = PowerLaw(index=2.5, amplitude="3e-12 cm-2 s-1 TeV-1")
    model = SkyModel(SkyPointSource(flaring.ra, flaring.dec), spectrum)
    flare = Flare(START + 5 * u.min, rise="1 min", decay="1 min", amplitude=30)
    observation = simulate_observation(
        pointing, gti, ResponseSet.analytic(), [SimulatedSource(model, flare)], 1
    )
    angles = np.arange(60) * 2 * np.pi / 12
    rings = 0.35 * (1 + np.arange(60) // 12)
    empty = pointing.directional_offset_by(angles * u.rad, rings * u.deg)
    positions = SkyCoord([flaring, *empty[empty.separation(flaring) > 0.45 * u.deg]])
    names = [f"place {number}" for number in range(len(positions))]
    sources = sources_at(names, positions)
    (made,) = catalogue_runs(*catalogue_of([observation], sources, energy_edges=[0.5, 20] * u.TeV))
    assert made.p_constancy[0] < 2e-3
    assert kstest(made.p_constancy[1:], "uniform").pvalue > 0.01
    (again,) = catalogue_runs(*catalogue_of([observation], sources[::-1], energy_edges=[0.5, 20] * u.TeV))
    np.testing.assert_array_equal(again.p_constancy[::-1], made.p_constancy)
