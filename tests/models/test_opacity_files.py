"""Optical depths from ebltable, and from files in the format of XSPEC's table models that the test writes."""

import gzip
import sys
from itertools import pairwise

import numpy as np
import pytest
from astropy.io import fits

from tevcurve.errors import DataError, InputError
from tevcurve.models import EBLAbsorption
from tevcurve.models.opacity_files import MODELS, opacity_name, opacity_table, read_opacity

# In keV, as XSPEC has them.
EDGES = np.geomspace(1e7, 1e11, 41)
REDSHIFTS = np.array([0.03, 0.1, 0.3])


def depth(energy_kev, redshift):
    return 10 * redshift * (energy_kev / 1e9) ** 0.9


def table_file(path, values, redshifts=REDSHIFTS, edges=EDGES, unit=None):
    """A table model with one parameter, as the memo OGIP 92-009 describes it."""
    rows = [(z, row) for z, row in zip(redshifts, values, strict=True)]
    spectra = np.array(rows, dtype=[("PARAMVAL", "f4", (1,)), ("INTPSPEC", "f4", (values.shape[1],))])
    energies = np.array(list(pairwise(edges)), dtype=[("ENERG_LO", "f4"), ("ENERG_HI", "f4")])
    hdus = [
        fits.PrimaryHDU(),
        fits.BinTableHDU(energies, name="ENERGIES"),
        fits.BinTableHDU(spectra, name="SPECTRA"),
    ]
    if unit:
        hdus[1].columns.change_unit("ENERG_LO", unit)
        hdus[1].columns.change_unit("ENERG_HI", unit)
    fits.HDUList(hdus).writeto(path)
    return path


@pytest.mark.parametrize("kind", ["transmissions", "optical depths"])
def test_a_file_of_the_format_of_xspec(tmp_path, kind):
    middle = np.sqrt(EDGES[:-1] * EDGES[1:])
    depths = np.array([depth(middle, z) for z in REDSHIFTS])
    values = np.exp(-depths) if kind == "transmissions" else depths
    table = read_opacity(table_file(tmp_path / "ebl.fits", values))
    np.testing.assert_allclose(table.energies, middle / 1e9, rtol=1e-6)
    np.testing.assert_allclose(table.redshifts, [0, *REDSHIFTS], rtol=1e-6)
    assert not table.depths[0].any()
    # Of a transmission nothing is known where 32 bits hold no smaller number.
    most = -np.log(np.finfo("f4").tiny) if kind == "transmissions" else np.inf
    np.testing.assert_allclose(table.depths[1:], np.minimum(depths, most), rtol=2e-5, atol=1e-6)
    seen = EBLAbsorption(0.1, str(tmp_path / "ebl.fits")).dnde(np.array([0.05, 1.0]))
    np.testing.assert_allclose(seen, np.exp(-depth(np.array([5e7, 1e9]), 0.1)), atol=2e-3)


def test_a_unit_a_redshift_twice_and_gzip(tmp_path):
    middle = np.sqrt(EDGES[:-1] * EDGES[1:])
    depths = np.array([depth(middle, z) for z in (0.1, 0.1, 0.3)])
    path = table_file(tmp_path / "a.fits", depths, np.array([0.1, 0.1, 0.3]), EDGES / 1e9, "TeV")
    (tmp_path / "b.fits.gz").write_bytes(gzip.compress(path.read_bytes()))
    table = read_opacity(tmp_path / "b.fits.gz")
    np.testing.assert_allclose(table.energies, middle / 1e9, rtol=1e-6)
    np.testing.assert_allclose(table.redshifts, [0, 0.1, 0.3], rtol=1e-6)


def test_what_is_no_such_file(tmp_path):
    values = np.array([depth(EDGES[:-1], z) for z in REDSHIFTS])
    with pytest.raises(DataError, match="does not exist"):
        EBLAbsorption(0.1, str(tmp_path / "none.fits"))
    (tmp_path / "text.fits").write_text("no FITS")
    with pytest.raises(DataError):
        EBLAbsorption(0.1, tmp_path / "text.fits")
    with pytest.raises(DataError, match="wanted is one each"):
        read_opacity(table_file(tmp_path / "short.fits", values[:, :-1]))
    with pytest.raises(DataError, match="are no numbers"):
        read_opacity(table_file(tmp_path / "nan.fits", values * np.nan))
    with pytest.raises(DataError, match="do not ascend"):
        read_opacity(table_file(tmp_path / "low.fits", values, -REDSHIFTS))


def test_names_are_those_of_gammapy_and_of_ebltable():
    assert [opacity_name(theirs) for theirs in MODELS.values()] == list(MODELS)
    assert opacity_name(" Dominguez ") == "dominguez"
    assert opacity_name("tables/ebl.fits.gz") == "tables/ebl.fits.gz"
    with pytest.raises(
        InputError, match=r"The model of the opacity is 'domingez'; did you mean 'dominguez'\?$"
    ):
        opacity_name("domingez")
    for wrong in ("x99", "", 3, None):
        with pytest.raises(InputError, match="wanted is one of franceschini, franceschini17, dominguez"):
            opacity_name(wrong)


def test_without_the_package_one_sentence_says_what_is_wanted(monkeypatch):
    monkeypatch.setitem(sys.modules, "ebltable", None)
    monkeypatch.setitem(sys.modules, "ebltable.tau_from_model", None)
    with pytest.raises(
        InputError, match=r"the package ebltable, which is not installed; wanted is pip install"
    ):
        EBLAbsorption(0.1, "franceschini17")
    with pytest.raises(InputError, match="wanted is one of"):
        EBLAbsorption(0.1, "inoue")


@pytest.mark.parametrize("name", [*MODELS, "inoue", "gilmore-fixed", "saldana-lopez-upper"])
def test_nodes_are_those_of_the_package(name):
    package = pytest.importorskip("ebltable.tau_from_model", reason="ebltable is not installed")
    theirs, ours = package.OptDepth.readmodel(MODELS.get(name, name)), opacity_table(opacity_name(name))
    energy = 10**theirs.x / 1e3
    for redshift in (*theirs.y[1:-1][:: max(1, len(theirs.y) // 5)], 0.116, 0.6, 0.0177):
        wanted = np.exp(-theirs.opt_depth(redshift, energy))
        np.testing.assert_allclose(np.exp(-ours.depth(energy, redshift)), wanted, rtol=0, atol=1e-12)
        # Between the nodes it is linear there, too.
        between = np.geomspace(energy[0], energy[-1], 301)
        wanted = np.exp(-theirs.opt_depth(redshift, between))
        np.testing.assert_allclose(np.exp(-ours.depth(between, redshift)), wanted, rtol=0, atol=1e-9)
