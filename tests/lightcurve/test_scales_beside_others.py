"""Scales where other sources are in the field, which the instruments see with the same scales."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from dl3_files import write_store
from numpy.testing import assert_allclose
from small_store import START, TARGET, run_file

from tevcurve import CrossCalibration, DataStore, Instrument, PowerLaw, SkyModel, SkyPointSource, light_curve

NORTH = (83.63, 22.51)
SPECTRUM = PowerLaw(index=2.3, amplitude="3e-11 cm-2 s-1 TeV-1")
NEAR = SkyCoord(TARGET.ra + 0.15 * u.deg, TARGET.dec)
FACTOR = 1.6
CUBES = {"method": "3d", "width": "1.2 deg"}
METHODS = {"1d": {"method": "1d"}, "3d": CUBES | {"neighbours": "fixed"}}


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """The same events twice: the second instrument is said to have a smaller effective area."""
    made = {}
    for name, area in (("A", 1e5), ("B", 1e5 / FACTOR)):
        runs = [
            run_file(10 * ord(name) + k, 11 + k, START + 3000 * k, NORTH, telescope=name, aeff_m2=area)
            for k in range(2)
        ]
        made[name] = DataStore.from_dir(write_store(tmp_path_factory.mktemp(name), runs))
    return made


def joined(stores, reference="A", from_="overlap", bright=1.0, **options):
    """A light curve beside another source, so many times as bright as the reference spectrum."""
    spectrum = PowerLaw(index=2.3, amplitude=bright * 3e-11 * u.Unit("cm-2 s-1 TeV-1"))
    (other,) = {"A", "B"} - {reference}
    return light_curve(
        target=TARGET,
        instruments={name: Instrument(store) for name, store in stores.items()},
        cross_calibration=CrossCalibration(reference=reference, sigma={other: "free"}, from_=from_),
        time_bins="run",
        energy_edges=[1, 10] * u.TeV,
        spectrum=SPECTRUM,
        models=[SkyModel(SkyPointSource.from_position(NEAR), spectrum, name="near")],
        safe_energy=None,
        **options,
    )


@pytest.mark.parametrize("from_", ["overlap", "constant"])
@pytest.mark.parametrize("method", METHODS)
def test_an_instrument_that_sees_all_brighter_sees_others_brighter(stores, method, from_):
    """All that B counted is what A did, so that its scale is that of the areas, whatever the other source is."""
    lc = joined(stores, from_=from_, **METHODS[method])
    assert lc.scales["scale"][0] == pytest.approx(FACTOR, rel=1e-8)
    of_a, of_b = (lc.table[np.asarray(lc.table["instruments"]) == name] for name in "AB")
    for name in ("flux", "flux_err", "flux_ul", "sqrt_ts"):
        assert_allclose(of_b[name], of_a[name], rtol=1e-7, err_msg=name)


@pytest.mark.parametrize("method", METHODS)
def test_another_source_is_as_bright_as_its_model_says_for_the_reference(stores, method):
    """With the other as reference all fluxes are 1.6 times as high, if the model of the other source is so, too."""
    one, other = joined(stores, **METHODS[method]), joined(stores, "B", bright=FACTOR, **METHODS[method])
    assert other.scales["scale"][0] == pytest.approx(1 / FACTOR, rel=1e-8)
    assert_allclose(other.table["flux"] / one.table["flux"], FACTOR, rtol=1e-7)


def test_an_amplitude_that_is_settled_for_all_rows_is_that_of_the_reference(stores):
    one, other = (joined(stores, each, neighbours="once", **CUBES) for each in "AB")
    assert one.scales["scale"][0] == pytest.approx(FACTOR, rel=1e-7)
    (own,), (its,) = (each.meta["neighbour_amplitudes"] for each in (one, other))
    assert its == pytest.approx(FACTOR * own, rel=1e-5, abs=1e-9)
