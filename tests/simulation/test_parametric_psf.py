"""Observations are simulated through parametric point spread functions, written, read and fitted."""

from dataclasses import replace

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from kept_runs import assert_same, kept
from parametric_psfs import AXES, EDGES, gauss_psf, king_psf

from tevcurve import DataStore, PowerLaw, SkyModel, SkyPointSource, light_curve
from tevcurve.data import GTI, TimeReference
from tevcurve.data.write import write_store
from tevcurve.simulation import ResponseSet, SimulatedSource, simulate_observation
from tevcurve.store.run_file import run_from_bytes, run_to_bytes

TARGET = SkyCoord(83.63, 22.01, unit="deg")
SPECTRUM = PowerLaw(index=2.5, amplitude="4e-10 cm-2 s-1 TeV-1", reference="1 TeV")


def observation(psf, obs_id=1, seed=1):
    """20 minutes on a bright source 0.7 deg off the pointing."""
    irfs = replace(ResponseSet.analytic(), psf=psf)
    start = 1e8 + 2000 * obs_id
    gti = GTI([start], [start + 1200.0], TimeReference(51910, 0.000742870370370241))
    source = SimulatedSource(SkyModel(SkyPointSource(TARGET.ra, TARGET.dec), SPECTRUM, "Crab"))
    pointing = TARGET.directional_offset_by(0 * u.deg, 0.7 * u.deg)
    return simulate_observation(pointing, gti, irfs, source, seed, obs_id=obs_id, target="Crab")


@pytest.mark.parametrize("psf", [gauss_psf, king_psf])
def test_what_is_simulated_is_written_and_read(psf, tmp_path):
    simulated = observation(psf())
    write_store(tmp_path, [simulated])
    read = DataStore.from_dir(tmp_path).obs(1)
    assert type(read.psf) is type(simulated.psf)
    for name, values in simulated.psf.table.columns.items():
        assert np.array_equal(read.psf.table.columns[name], values)
    run = kept(read)
    back = run_from_bytes(run_to_bytes(run), "it")
    assert_same(back, run)
    energies = np.array([0.3, 1.0, 4.0])
    assert np.array_equal(
        back.psf.containment_fraction(energies, 0.002), run.psf.containment_fraction(energies, 0.002)
    )


@pytest.mark.parametrize("psf", [gauss_psf, king_psf])
@pytest.mark.parametrize(
    "how", [{"method": "1d"}, {}, {"unbinned": True}, {"stacked": True, "time_bins": "1 d"}]
)
def test_light_curves_find_what_was_put_in(psf, how):
    """A twentieth of the photons of the wider functions is outside the region, or far away in the map."""
    several = [observation(psf(), obs_id, seed) for obs_id, seed in ((1, 5), (2, 6))]
    curve = (
        light_curve(
            several,
            TARGET,
            **({"time_bins": "run"} | how),
            energy_edges=(0.5, 5) * u.TeV,
            spectrum=SPECTRUM,
            width="3 deg",
        )
        if how.get("method") != "1d"
        else light_curve(
            several, TARGET, "run", energy_edges=(0.5, 5) * u.TeV, spectrum=SPECTRUM, method="1d"
        )
    )
    expected = SPECTRUM.integral(0.5 * u.TeV, 5 * u.TeV).to_value("cm-2 s-1")
    flux, error = (np.asarray(curve.table[name]) for name in ("flux", "flux_err"))
    assert np.all(error < 0.06 * expected)
    assert np.all(np.abs(flux - expected) < 3.5 * error)
    mean = np.average(flux, weights=error**-2.0)
    assert abs(mean - expected) < 3 * np.sum(error**-2.0) ** -0.5


def test_extended_sources_are_drawn_with_the_function_of_each_photon():
    psf = gauss_psf()
    irfs = replace(ResponseSet.analytic(None), psf=psf)
    assert irfs.angles is psf
    assert len(AXES) == 2
    energy = np.repeat(EDGES[[1, 3]], 20_000)
    offset = np.deg2rad(np.tile([0.5, 1.5], 20_000))
    angle = irfs.angles.draw(energy, offset, np.random.default_rng(1))
    for at in EDGES[[1, 3]]:
        for off in (0.5, 1.5):
            own = (energy == at) & np.isclose(offset, np.deg2rad(off))
            share = psf.containment(at * u.TeV, off * u.deg, 0.1 * u.deg).value
            assert np.mean(angle[own] < np.deg2rad(0.1)) == pytest.approx(share, abs=0.02)
