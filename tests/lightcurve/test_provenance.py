"""What was assumed is in every output, and what is assumed where nothing is said is the same at every door."""

import astropy.units as u
import numpy as np
import pytest
from astropy.io import fits

import tevcurve
from tevcurve import LightCurve, PowerLaw, light_curve
from tevcurve.config import Config
from tevcurve.demo import POSITION, demo_observations


@pytest.fixture(scope="module", params=["1d", "3d"])
def made(request):
    return light_curve(
        demo_observations()[:1], POSITION, method=request.param, safe_energy=0.1, norm_values=None
    )


WANTED = ("PowerLaw index=2.5", "reference=1 TeV", "166.000000 deg, 38.000000 deg", "0.1 of the largest")


def test_printed_tables_say_what_was_assumed(made):
    for text in (str(made), made._repr_html_()):
        assert all(words in text for words in (*WANTED, f"tevcurve {tevcurve.__version__}"))


@pytest.mark.parametrize("name", ["curve.ecsv", "curve.fits", "curve.fits.gz", "curve.vot"])
def test_files_say_what_was_assumed(made, tmp_path, name):
    again = LightCurve.read(made.write(tmp_path / name))
    assert again.meta["creator"] == f"tevcurve {tevcurve.__version__}"
    assert all(words in str(again) for words in WANTED)
    if name == "curve.fits":
        header = fits.getheader(tmp_path / name, "LIGHTCURVE")
        assert header["SPECTRUM"].startswith("PowerLaw index=2.5")
        assert header["POSITION"] == "166.000000 deg, 38.000000 deg (ICRS)"


def test_gadf_files_say_what_was_assumed(made, tmp_path):
    again = LightCurve.read(made.write(tmp_path / "curve.ecsv", format="gadf"))
    assert again.meta["spectrum"] == made.meta["spectrum"]
    assert again.meta["position"] == made.meta["position"]


@pytest.mark.parametrize("text", ["powerlaw", "PowerLaw", {"model": "PowerLaw"}, "power law reference=1TeV"])
def test_power_law_without_an_index_is_that_of_the_call(text):
    said = Config(data="x", target="y", spectrum=text).options()["spectrum"]
    default = Config(data="x", target="y").options()["spectrum"]
    assert said.parameters["index"].value == default.parameters["index"].value == 2.5
    assert PowerLaw().parameters["index"].value == 2


def test_given_indices_and_other_models_are_as_they_are_said(made):
    given = Config(data="x", target="y", spectrum="PowerLaw index=2").options()["spectrum"]
    assert given.parameters["index"].value == 2
    curved = Config(data="x", target="y", spectrum="LogParabola alpha=2.2").options()["spectrum"]
    assert curved.parameters["alpha"].value == 2.2
    assert "index=2.5" in made.rebin("10 min").meta["spectrum"]
    assert np.all(u.Quantity(made.table["e_min"]) > 0)


@pytest.mark.filterwarnings("ignore")
def test_objects_of_other_packages_say_what_was_assumed(made):
    stingray = pytest.importorskip("stingray")
    notes = made.to_stingray().notes
    assert isinstance(made.to_stingray(), stingray.Lightcurve)
    assert all(words in notes for words in (*WANTED, f"tevcurve {tevcurve.__version__}", "Time bins: by run"))


def test_frames_and_series_say_what_was_assumed(made):
    pytest.importorskip("pandas")
    for meta in (made.to_pandas().attrs["meta"], made.to_binned_time_series().meta):
        assert all(any(words in str(value) for value in meta.values()) for words in WANTED)
        assert meta["creator"] == f"tevcurve {tevcurve.__version__}"
