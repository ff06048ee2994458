"""The settings of a light curve come back from text as they were; what is not known is refused in a sentence."""

import json
from dataclasses import dataclass

import astropy.units as u
import numpy as np
import pytest
import regions
from astropy.coordinates import Angle, EarthLocation, SkyCoord
from astropy.time import Time
from kept_runs import assert_same
from small_store import TARGET, make_store

from tevcurve import (
    BrokenPowerLaw,
    ExponentialCutoffPowerLaw,
    LogParabola,
    MapAxis,
    Parameter,
    PowerLaw,
    WcsGeom,
    WcsNDMap,
)
from tevcurve.data import ObservationFilter
from tevcurve.errors import DataError, InputError
from tevcurve.fit.fit_options import FitOptions
from tevcurve.lightcurve.bins import (
    Binning,
    Ephemeris,
    bayesian_blocks,
    by_counts,
    by_edges,
    by_intervals,
    by_night,
    by_phase,
    by_run,
    by_significance,
    by_width,
    sliding,
)
from tevcurve.models import (
    Constant,
    PowerLawNorm,
    SkyModel,
    SmoothBrokenPowerLaw,
    SpectralModel,
    SuperExpCutoffPowerLaw4FGLDR3,
    TemplateSpatialModel,
)
from tevcurve.options import OPTIONS
from tevcurve.pipeline.run_settings import cube_setting, on_off_setting
from tevcurve.reduction.energy_axes import energy_axes
from tevcurve.reduction.exclusion import as_exclusions
from tevcurve.store.job_text import FORMAT, job_from_text, job_to_text


def there_and_back(value):
    text = job_to_text({"it": value})
    json.loads(text, parse_constant=pytest.fail)
    back = job_from_text(text, "the text")["it"]
    assert job_to_text({"it": back}) == text
    return back


SPECTRA = [
    PowerLaw(index=2.63, amplitude="3.45e-11 cm-2 s-1 TeV-1", reference="1.1 TeV", name="crab"),
    PowerLaw(amplitude="3.45e-8 m-2 s-1 TeV-1"),
    PowerLaw(amplitude="1e-12 erg-1 cm-2 s-1"),
    ExponentialCutoffPowerLaw(lambda_="0.07 TeV-1"),
    LogParabola(alpha=2.2, beta=0.123456789012345),
    BrokenPowerLaw(ebreak="700 GeV"),
    Constant(),
    SmoothBrokenPowerLaw(index2=3.3),
    SuperExpCutoffPowerLaw4FGLDR3(index_2=0.7),
    PowerLaw(index=1.8, name="one") + LogParabola(beta=0.123456789012345),
    2 * (PowerLaw() + BrokenPowerLaw()) * PowerLawNorm(tilt=0.2),
]


@pytest.mark.parametrize("spectrum", SPECTRA, ids=lambda one: type(one).__name__)
def test_a_spectrum_comes_back_to_the_last_digit(spectrum):
    first = spectrum.parameters[0]
    first.error, first.frozen = 0.1 * abs(first.value), True
    first.set_bounds(0.1 * first.value, None)
    back = there_and_back(spectrum)
    assert type(back) is type(spectrum)
    assert back.name == spectrum.name
    edges = np.geomspace(0.1, 100, 31)
    assert back.photon_flux(edges).tobytes() == spectrum.photon_flux(edges).tobytes()
    for one, other in zip(back.parameters, spectrum.parameters, strict=True):
        for name in ("name", "value", "unit", "min", "max", "frozen", "factor"):
            assert getattr(one, name) == getattr(other, name)
        assert_same(one.error, other.error)


EPOCH = Time("2004-12-15T20:00:00.123456789", scale="utc")
SITE = EarthLocation.from_geodetic(16.5 * u.deg, -23.27 * u.deg, 1835 * u.m)
BINNINGS = [
    by_run(),
    by_night(),
    by_night(site=SITE),
    by_night(gap="3 min"),
    by_width("100.1 s"),
    by_width("17 min", start=EPOCH),
    sliding("20 min", "7 min"),
    by_counts(30),
    by_significance(9.5),
    bayesian_blocks(0.05),
    by_phase(Ephemeris(EPOCH, period="23.1 min"), 4),
    by_phase(Ephemeris(EPOCH.tdb, frequency=0.0007 * u.Hz, derivatives=(1e-12,)), 3, True, TARGET, SITE),
]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("store")).get_observations()


def assert_same_bins(one, other):
    assert_same(one.start, other.start)
    assert_same(one.stop, other.stop)
    for name in ("bin", "run", "phase_min", "phase_max", "kind", "note", "labels", "overlapping"):
        assert_same(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("binning", BINNINGS, ids=lambda one: type(one).__name__)
def test_a_binning_makes_the_same_bins(runs, binning):
    if isinstance(binning, type(by_significance(1)) | type(bayesian_blocks())):  # these need a background
        assert there_and_back(binning) == binning
        return
    assert_same_bins(there_and_back(binning).bins(runs), binning.bins(runs))


def test_edges_come_back_as_the_same_moments(runs):
    start = runs[0].tstart
    times = start + np.array([0, 0.1, 0.30000000000000004, 2]) / 100 * u.d
    for binning in (by_edges(times), by_intervals([(times[0], times[2]), (times[1].utc, times[3].utc)])):
        assert_same_bins(there_and_back(binning).bins(runs), binning.bins(runs))


def test_settings_and_options_come_back():
    axes = energy_axes([0.7, 2, 10] * u.TeV)
    asked = {option.name: option.default for option in OPTIONS}
    cube = cube_setting(TARGET, axes, asked | {"safe_energy": 0.1, "responses": "centre"})
    back = there_and_back(cube)
    assert_same(there_and_back(axes), axes)
    assert back.geom == cube.geom
    assert (back.offset_max, back.safe_energy, back.responses) == (cube.offset_max, 0.1, "centre")
    on_off = there_and_back(on_off_setting(asked))
    assert (on_off.radius, on_off.responses) == (np.deg2rad(0.11).item(), "weighted")
    options = FitOptions(norm_values=np.geomspace(0.2, 5, 11), free=("index",), background_error=0.05)
    assert_same(there_and_back(options), options)


def exclusions():
    center = SkyCoord(83.9, 22.6, unit="deg")
    geom = WcsGeom.create(skydir=center, binsz=0.1, width=2, proj="TAN")
    data = np.ones(geom.data_shape, dtype=bool)
    data[3:9, 4:11] = False
    circle = regions.CircleSkyRegion(center.galactic, 0.2 * u.deg)
    ellipse = regions.EllipseSkyRegion(center, 0.5 * u.deg, Angle("0.2 deg"), 30 * u.deg)
    polygon = regions.PolygonSkyRegion(SkyCoord([83, 84, 84], [22, 22, 23], unit="deg", frame="fk5"))
    return {
        "none": None,
        "map": WcsNDMap(geom, data),
        "map with energies": WcsNDMap(
            geom.to_cube([MapAxis([1, 2, 3] * u.TeV, "energy")]), np.stack([data, data])
        ),
        "circle": circle,
        "polygon": polygon,
        "list": [circle, ellipse, WcsNDMap(geom, data)],
        "compound": (circle | ellipse) ^ polygon,
    }


@pytest.mark.parametrize("name", exclusions())
def test_an_exclusion_excludes_the_same(name):
    exclusion = exclusions()[name]
    ours, theirs = (as_exclusions(each) for each in (there_and_back(exclusion), exclusion))
    assert len(ours) == len(theirs)
    rng = np.random.default_rng(3)
    for lon, lat in zip(
        np.deg2rad(rng.uniform(83, 85, 40)), np.deg2rad(rng.uniform(21.5, 23.5, 40)), strict=True
    ):
        for one, other in zip(ours, theirs, strict=True):
            assert one.touches(lon, lat, 0.001) == other.touches(lon, lat, 0.001)


def test_filters_of_observations_can_be_written():
    start = Time("2004-12-15T20:00:00")
    cut = ObservationFilter(time=(start, start + 1 * u.h), energy=("1 TeV", 3 * u.TeV))
    assert there_and_back(cut).time[1] == cut.time[1]


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), -0.0, 0.1 + 0.2, 10**30, True, "", "ä\n", (), [1, (2,)]]
)
def test_plain_values_come_back(value):
    assert_same(there_and_back(value), value)


class Hump(SpectralModel):
    """A spectrum of the user's own."""

    default_parameters = (Parameter("amplitude", "1e-12 cm-2 s-1 TeV-1"),)

    @staticmethod
    def evaluate(energy, amplitude):
        return amplitude * np.exp(-energy)


class MyPowerLaw(PowerLaw):
    """Called otherwise, and may be another formula."""


@dataclass(frozen=True)
class MyBins(Binning):
    looks_at_events = False

    def lay(self, runs):
        return by_run().bins(runs)


FOREIGN = [
    Hump(),
    MyPowerLaw(),
    SpectralModel.from_function(
        lambda energy, amplitude: amplitude / energy, amplitude="1e-12 cm-2 s-1 TeV-1"
    ),
    MyBins(),
    {"a": MyBins()},
    len,
    by_intervals([(Time("2004-12-15", location=SITE), Time("2004-12-16", location=SITE))]),
    np.array([len], dtype=object),
    SkyCoord(10, 20, unit="deg", frame="fk4"),
]


@pytest.mark.parametrize("value", FOREIGN, ids=lambda one: type(one).__name__)
def test_what_is_the_users_own_is_said_when_it_is_written(value):
    with pytest.raises(InputError, match="cannot be written to the settings of a light curve"):
        job_to_text({"spectrum": value})


@pytest.mark.parametrize(
    "tree",
    [
        {"$kind": "os.system", "command": "true"},
        {"$kind": "Hump"},
        {"$kind": "ByRun"},
        {"$kind": "binning:"},
        {"$kind": "binning:none"},
        {"$kind": "spectrum:run"},
        {"$kind": "spectrum:PowerLaw"},
        {"$kind": "spectrum:PowerLaw", "name": "", "parameters": []},
        {"$kind": "spectrum:PowerLawNorm", "name": "", "parameters": [], "settings": [1]},
        {"$kind": "spectrum:product", "name": "", "parameters": [], "settings": {"parts": [1, 2]}},
        {"$kind": "spectrum:product", "name": "", "parameters": []},
        {"$kind": "spectrum:sum", "name": "", "parameters": [], "settings": {"parts": []}},
        {"$kind": "binning:counts"},
        {"$kind": "binning:counts", "n": 3, "more": 1},
        {"$kind": "array", "type": "object", "shape": [1], "values": [1]},
        {"$kind": "array", "type": "float64", "shape": [2], "values": [1]},
        {"$kind": "array", "type": "bool", "shape": [10**12], "bits": "ff"},
        {"$kind": "time", "jd1": "x", "jd2": 0, "scale": "tt", "format": "mjd"},
        {"$kind": "Quantity", "value": 1, "unit": "__import__('os')"},
        {"$kind": "CircleSkyRegion", "center": 1},
        {"$kind": "geometry", "coordsys": "CEL"},
        {"$kind": "number", "value": "1e3"},
        {"$kind": ["a"]},
    ],
)
def test_hostile_settings_are_refused_in_a_sentence(tree):
    with pytest.raises(
        DataError, match=r"^the text cannot be read as the settings of a light curve: .+"
    ) as caught:
        job_from_text(json.dumps({"format": FORMAT, "it": tree}), "the text")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 99}', "[" * 100_000, '{"format": 1', "\0"])
def test_what_is_no_settings_is_refused(text):
    with pytest.raises(DataError, match="cannot be read as the settings"):
        job_from_text(text, "the text")


def test_without_regions_their_package_is_not_imported():
    import subprocess
    import sys

    code = (
        "import sys; from tevcurve.models import PowerLaw; from tevcurve.store.job_text import *;"
        "job_from_text(job_to_text({'it': PowerLaw()}), 'it'); sys.exit('regions' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("normalize", [True, False])
def test_templates_come_back_without_their_file(normalize):
    geom = WcsGeom.create((83.6, 22), 0.1, npix=(4, 3), proj="TAN", coordsys="GAL")
    data = np.random.default_rng(3).uniform(size=geom.data_shape).astype(np.float32)
    template = TemplateSpatialModel(WcsNDMap(geom, data, "sr-1"), normalize, "gone.fits", lon_0="83.7 deg")
    back = there_and_back(SkyModel(template, PowerLaw(), name="cloud")).spatial_model
    np.testing.assert_array_equal(back.map.data, template.map.data)
    assert (back.integral, back.normalize, back.filename) == (template.integral, normalize, "gone.fits")
    assert (back.lonlat(), back.frame) == (template.lonlat(), "galactic")
