"""Spectra in time are light curves in the same bands, to the last bit, and tell the flux of a known spectrum."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from numpy.testing import assert_allclose, assert_array_equal
from small_store import TARGET, make_store
from two_instruments import make_stores

from tevcurve import GTI, DataStore, LightCurve, LogParabola, PowerLaw, SkyModel, SkyPointSource, light_curve
from tevcurve.data.time import TimeReference
from tevcurve.errors import InputError
from tevcurve.lightcurve.sed.making import default_edges
from tevcurve.simulation import ResponseSet, SimulatedSource, simulate_observation

EDGES = [0.7, 1.1, 2, 4, 10] * u.TeV
OTHER = SkyModel(
    SkyPointSource.from_position(SkyCoord(83.9, 22.2, unit="deg")),
    PowerLaw(2.5, "1e-12 cm-2 s-1 TeV-1", "1 TeV"),
    name="other",
)
METHODS = {
    "3d": {"method": "3d"},
    "1d": {"method": "1d"},
    "unbinned": {"method": "3d", "unbinned": True},
    "neighbours": {"method": "3d", "models": [OTHER], "neighbours": "free"},
    "stacked": {"method": "3d", "stacked": True, "width": "1.6 deg", "binsz": "0.1 deg"},
}


@pytest.fixture(scope="module")
def observations(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("data")).get_observations()


def assert_same(points, curve):
    """That every number and word of both light curves is the same."""
    assert points.table.colnames == curve.table.colnames
    for name in curve.table.colnames:
        assert_array_equal(np.asarray(points.table[name]), np.asarray(curve.table[name]), err_msg=name)
    assert points.meta == curve.meta


@pytest.mark.parametrize(
    ("method", "time_bins"), [*((method, "blocks 0.3") for method in METHODS), ("1d", "9 min")]
)
def test_points_are_the_light_curve_in_these_bands(observations, method, time_bins):
    options = {"time_bins": time_bins, **METHODS[method]}
    whole = light_curve(observations, TARGET, energy_edges=[0.7, 10] * u.TeV, **options)
    made = whole.sed(EDGES, time_bins)
    assert_same(made.points, light_curve(observations, TARGET, energy_edges=EDGES, **options))
    assert_array_equal(made.fits.table["time_min"], made.table["time_min"][:: made.n_bands])


def test_points_of_the_blocks_of_a_flare(hess_dl3_dr1):
    """One call gives in blocks and bands what `sed` gives of the same runs in one row; two runs of PKS 2155-304."""
    observations = DataStore.from_dir(hess_dl3_dr1).get_observations([33787, 33788])
    options = {"time_bins": "blocks 0.01", "method": "1d", "spectrum": PowerLaw(index=3.4)}
    edges = [0.7, 1, 1.5, 2.5, 5, 20] * u.TeV
    direct = light_curve(observations, "PKS 2155-304", energy_edges=edges, **options)
    options["time_bins"] = "night"
    night = light_curve(observations, "PKS 2155-304", energy_edges=[0.7, 20] * u.TeV, **options)
    made = night.sed(edges, "blocks 0.01")
    assert len(made) > 1
    assert_same(made.points, direct)


def test_points_of_several_instruments(tmp_path):
    observations = [one for store in make_stores(tmp_path).values() for one in store.get_observations()]
    options = {"time_bins": "20 min", "method": "1d", "safe_energy": None}
    whole = light_curve(observations, TARGET, energy_edges=[0.7, 10] * u.TeV, **options)
    made = whole.sed(EDGES)
    assert_same(made.points, light_curve(observations, TARGET, energy_edges=EDGES, **options))
    assert made.instruments == ("HESS", "MAGIC")
    with pytest.raises(InputError, match="no flux points of 'FACT'; the instruments are 'HESS', 'MAGIC'"):
        made.of_instrument("FACT")
    own = made.of_instrument("MAGIC")
    assert len(own) == np.count_nonzero(whole.table["instrument"] == "MAGIC")
    assert set(own.table["instrument"]) == set(own.fits.table["instrument"]) == {"MAGIC"}


def test_time_bins_of_the_light_curve_stay(curve):
    """Blocks that were found on its events are those of the spectra, whose energies alone would give others."""
    made = curve.sed([1.5, 3, 10] * u.TeV)
    found_anew = curve.rebin(energy_edges=[1.5, 3, 10] * u.TeV).table["time_min"][::2]
    assert len(curve) > 1
    assert not np.array_equal(found_anew, curve.table["time_min"])
    for name in ("time_min", "time_max"):
        assert_array_equal(made.fits.table[name], curve.table[name])
        assert_array_equal(made.table[name], np.repeat(curve.table[name], 2))
    assert made.meta["bins_on_events"]


def test_all_energies_are_fitted_together_where_the_shape_is_free(curve):
    made = curve.sed(EDGES)
    for name in ("flux", "flux_err", "index", "index_err", "ts", "counts"):
        assert_array_equal(made.fits.table[name], curve.table[name])
    free = np.flatnonzero(made.fits.table["status"] == "ok")
    assert len(free)
    for row in free:
        fit = made.fits.table[row]
        own = PowerLaw(fit["index"], "1 cm-2 s-1 TeV-1", "1 TeV")
        own.amplitude = fit["flux"] / own.photon_flux([0.7, 10])[0]
        assert_allclose(fit["curve_dnde"], own.dnde(fit["curve_energy"]), rtol=1e-10)


@pytest.mark.parametrize("method", ["1d", "3d"])
def test_points_have_the_shape_of_their_time_bin(observations, method):
    """They are those of a light curve with the fitted spectrum as its reference, to the last bit."""
    options = {"time_bins": "9 min", "method": method}
    whole = light_curve(
        observations, TARGET, free="index", free_ts=90, energy_edges=[0.7, 10] * u.TeV, **options
    )
    made = whole.sed(EDGES)
    fitted = made.fits.table["status"] == "ok"
    assert set(made.fits.table["status"]) >= {"ok", "shape_fixed"}
    with pytest.raises(InputError, match="each of its time bins has a spectrum of its own"):
        made.points.hardness()
    for k, index in enumerate(made.fits.table["index"]):
        shape = {"norm_values": None, "spectrum": PowerLaw(index=index)}
        expected = light_curve(observations, TARGET, energy_edges=EDGES, **shape, **options).table[
            4 * k : 4 * k + 4
        ]
        own = made[k].table
        assert np.all(own["index"] == index)
        for name in (
            "flux",
            "dnde",
            "e2dnde_ul",
            "eflux_errp",
            "ts",
            "loglike",
            "counts",
            "status",
            "reason",
        ):
            assert_array_equal(own[name], expected[name], err_msg=name)
        reference = PowerLaw(index=2.5).dnde(own["e_ref"])
        assert_allclose(own["ref_dnde"], reference, rtol=1e-14)
        for name in ("flux", "dnde", "eflux", "e2dnde"):
            assert_allclose(own["norm"] * own[f"ref_{name}"], own[name], rtol=1e-13, equal_nan=True)
        assert fitted[k] == (index != 2.5)


def test_default_energies_are_those_of_the_light_curve(curve):
    edges = default_edges(curve)
    assert_array_equal(edges, [0.7, 1.09, 1.7, 2.65, 4.12, 6.42, 10])
    assert_array_equal(curve.sed().energy_edges.value, edges)


def test_default_energies_are_safe(hess_dl3_dr1):
    """Below the lowest threshold of the four runs of the Crab there is no band."""
    crab = light_curve(hess_dl3_dr1, "Crab", energy_edges=[0.1, 100] * u.TeV, method="1d")
    edges, fitted = default_edges(crab), crab.table[np.isfinite(crab.table["e_min_fit"])]
    assert edges[0] == min(fitted["e_min_fit"]) > 0.3
    assert edges[-1] == max(fitted["e_max_fit"])


def test_who_does_not_know_its_runs_says_so(curve):
    with pytest.raises(InputError, match=r"does not know its events .* `tevcurve run` made"):
        LightCurve(curve.table).sed()
    with pytest.raises(InputError, match="energy_edges is"):
        curve.sed([3, 1] * u.TeV)


def test_some_time_bins_are_flux_points_again(curve):
    made = curve.sed(EDGES)
    part = made[1:]
    assert len(part) == len(made) - 1
    assert_array_equal(part.table["dnde"], made.table["dnde"][made.n_bands :])
    assert len(made[0]) == 1
    assert str(len(made)) in repr(made)
    assert "index_err" in str(made)
    assert made._repr_html_().count("<table") == 2


def simulated(truth, n_runs):
    """(observations, position) of a source in runs of half an hour, half a degree from the pointing."""
    position = SkyCoord(83.63, 22.01, unit="deg")
    source = SimulatedSource(SkyModel(SkyPointSource.from_position(position), truth, name="source"))
    irfs, reference = ResponseSet.analytic(), TimeReference(51910, 0.000742870370370241)
    observations = []
    for number in range(n_runs):
        good = GTI([7.3e8 + 2000 * number], [7.3e8 + 2000 * number + 1800], reference)
        pointing = position.directional_offset_by(60 * number * u.deg, 0.5 * u.deg)
        options = {"obs_id": number + 1}
        observations.append(simulate_observation(pointing, good, irfs, [source], 100 + number, **options))
    return observations, position


def test_a_known_spectrum_comes_back():
    """Of a simulated source with a curved spectrum: photon flux of each band, and dN/dE at the geometric mean."""
    truth = LogParabola("4e-11 cm-2 s-1 TeV-1", "1 TeV", 2.2, 0.25)
    observations, position = simulated(truth, 6)
    whole = light_curve(
        observations, position, energy_edges=[0.5, 10] * u.TeV, spectrum=truth, time_bins="run"
    )
    made = whole.sed([0.5, 0.8, 1.25, 2, 4, 10] * u.TeV)
    table = made.table
    e_ref = np.sqrt(table["e_min"] * table["e_max"])
    by_hand = 4e-11 * e_ref ** (-2.2 - 0.25 * np.log(e_ref))
    assert_allclose(table["e_ref"], e_ref, rtol=1e-14)
    assert_allclose(table["dnde"], table["norm"] * by_hand, rtol=1e-12)
    assert_allclose(table["e2dnde"], table["norm"] * by_hand * e_ref**2, rtol=1e-12)
    pull = (table["dnde"] - by_hand) / table["dnde_err"]
    assert abs(np.mean(pull)) < 3 / np.sqrt(len(pull))
    assert 0.6 < np.std(pull) < 1.4
    energy = np.geomspace(0.8, 1.25, 20001)
    flux = np.trapezoid(4e-11 * energy ** (-2.2 - 0.25 * np.log(energy)), energy)
    own = table[1::5]
    assert_allclose(own["flux"] / own["norm"], flux, rtol=1e-7)


def test_a_free_shape_frees_points_of_a_wrong_reference():
    """Of a steep source, with a reference that is much too hard: far off without a free index, right with one."""
    truth = PowerLaw(3.6, "2e-10 cm-2 s-1 TeV-1", "1 TeV")
    observations, position = simulated(truth, 3)
    options = {"energy_edges": [0.5, 8] * u.TeV, "spectrum": PowerLaw(index=1.6), "time_bins": "run"}
    pulls = {}
    for free in ((), ("index",)):
        table = light_curve(observations, position, free=free, **options).sed([0.5, 1, 2, 4, 8] * u.TeV).table
        pulls[free] = (table["dnde"] - truth.dnde(table["e_ref"])) / table["dnde_err"]
    assert abs(np.mean(pulls["index",])) < 3 / np.sqrt(12)
    assert np.std(pulls["index",]) < 1.6
    # In the lowest band, which has most events.
    assert np.mean(pulls[()][::4]) > 2.5
