"""OGIP files: what was written comes back, and headers and units are those of the memos."""

import errno

import astropy.units as u
import numpy as np
import pytest
from astropy.io import fits
from astropy.time import Time

from tevcurve.data import GTI, TimeReference
from tevcurve.datasets.counts import CountsSpectrum
from tevcurve.datasets.onoff import SpectrumDatasetOnOff
from tevcurve.errors import DataError, InputError, StoreError
from tevcurve.irf import EDispKernel
from tevcurve.models import PowerLaw

E_TRUE, E_RECO = [0.5, 1, 2, 4] * u.TeV, [1, 2, 3, 4] * u.TeV
MATRIX = np.array([[0.5, 0.1, 0.0], [0.2, 0.6, 0.1], [0.0, 0.3, 0.6]])


def dataset(**more):
    arguments = {
        "counts": (12, 3, 0),
        "counts_off": (20, 0, 4),
        "acceptance": 1.0,
        "acceptance_off": 10,
        "exposure": [1e12, 2e12, 4e12] * u.Unit("cm2 s"),
        "edisp": EDispKernel(MATRIX, E_TRUE, E_RECO),
        "livetime": "1000 s",
        "model": PowerLaw(index=2, amplitude="1e-11 cm-2 s-1 TeV-1", reference="1 TeV"),
        "mask_safe": np.array([False, True, True]),
        "mask_fit": np.array([True, True, False]),
        "name": "23523",
        "gti": GTI([10, 600], [500, 1000], TimeReference(51910, 0.00074287037037037)),
    }
    return SpectrumDatasetOnOff(**arguments | more)


@pytest.mark.parametrize(
    "change", [{}, {"acceptance_off": (10, 8, 5.5)}, {"counts": (0.5, 3, 0), "gti": None}]
)
def test_a_dataset_comes_back(tmp_path, change):
    written = dataset(**change)
    path = tmp_path / "crab.pha"
    assert set(written.write_ogip(path).values()) == set(tmp_path.iterdir())
    back = SpectrumDatasetOnOff.read_ogip(path)
    back.model = written.model
    for name in ("counts", "counts_off"):
        np.testing.assert_array_equal(getattr(back, name).data, getattr(written, name).data)
    np.testing.assert_allclose(back.alpha, written.alpha, rtol=1e-14)
    np.testing.assert_array_equal(back.mask, written.mask)
    np.testing.assert_array_equal(back.mask_safe, written.mask_safe)
    np.testing.assert_allclose(back.npred_signal(), written.npred_signal(), rtol=1e-12)
    assert back.stat_sum() == pytest.approx(written.stat_sum(), rel=1e-12)
    assert (back.livetime, back.name, back.gti) == (written.livetime, written.name, written.gti)
    np.testing.assert_allclose(back.energy_edges.to_value("TeV"), E_RECO.value, rtol=1e-14)


def test_files_that_cannot_be_replaced_stay(tmp_path, monkeypatch):
    paths = dataset().write_ogip(tmp_path / "crab.pha")
    before = {path: path.read_bytes() for path in paths.values()}

    def full(*names):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tevcurve.atomic.os.replace", full)
    with pytest.raises(StoreError, match=r"crab.* cannot be written: No space left on device\.$"):
        dataset(name="other").write_ogip(tmp_path / "crab.pha", overwrite=True)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_times_of_a_caller_come_back(tmp_path):
    times = Time([53343.9, 53344.0], format="mjd", scale="tt")
    counts = CountsSpectrum(E_RECO, (1, 2, 3), {"t_start": times[0], "t_stop": times[1]})
    dataset(counts=counts, gti=None).write_ogip(tmp_path / "crab.fits")
    start, stop = SpectrumDatasetOnOff.read_ogip(tmp_path / "crab.fits").time_range
    assert np.max(np.abs((Time([start, stop]) - times).to_value("s"))) < 1e-6
    assert start.scale == "tt"


def test_files_say_what_the_memos_ask_for(tmp_path):
    paths = dataset().write_ogip(tmp_path / "crab.pha")
    pha, bkg = fits.getheader(paths["pha"], "SPECTRUM"), fits.getheader(paths["bkg"], "SPECTRUM")
    assert [pha[key] for key in ("BACKFILE", "RESPFILE", "ANCRFILE")] == [
        "crab_bkg.fits",
        "crab_rmf.fits",
        "crab_arf.fits",
    ]
    assert (pha["HDUCLAS1"], pha["HDUCLAS2"], bkg["HDUCLAS2"]) == ("SPECTRUM", "TOTAL", "BKG")
    assert (pha["EXPOSURE"], pha["POISSERR"], pha["DETCHANS"]) == (1000, True, 3)
    assert pha["BACKSCAL"] / bkg["BACKSCAL"] == 0.1
    table = fits.getdata(paths["pha"], "SPECTRUM")
    np.testing.assert_array_equal(table["QUALITY"], [1, 0, 5])
    np.testing.assert_array_equal(table["CHANNEL"], [1, 2, 3])
    area = fits.getdata(paths["arf"], "SPECRESP")
    np.testing.assert_allclose(area["SPECRESP"], [1e9, 2e9, 4e9])
    np.testing.assert_allclose(area["ENERG_LO"], [0.5e9, 1e9, 2e9])
    with fits.open(paths["rmf"]) as hdus:
        assert hdus["EBOUNDS"].columns["E_MIN"].unit == "keV"
        assert hdus["MATRIX"].header["TLMIN4"] == 1
        np.testing.assert_array_equal(hdus["MATRIX"].data["MATRIX"], MATRIX)


def test_a_matrix_in_groups_of_channels_is_read(tmp_path):
    paths = dataset().write_ogip(tmp_path / "crab.pha")
    rows = {"N_GRP": [1, 2, 0], "F_CHAN": [[0, 0], [0, 2], [0, 0]], "N_CHAN": [[2, 0], [1, 1], [0, 0]]}
    values = np.empty(3, dtype=object)
    values[:] = [np.array([0.5, 0.1]), np.array([0.2, 0.7]), np.array([])]
    columns = [
        fits.Column("ENERG_LO", "E", "TeV", array=[0.5, 1, 2]),
        fits.Column("ENERG_HI", "E", "TeV", array=[1, 2, 4]),
        fits.Column("N_GRP", "I", array=rows["N_GRP"]),
        fits.Column("F_CHAN", "2I", array=rows["F_CHAN"]),
        fits.Column("N_CHAN", "2I", array=rows["N_CHAN"]),
        fits.Column("MATRIX", "PE()", array=values),
    ]
    with fits.open(paths["rmf"], mode="update") as hdus:
        hdus["MATRIX"] = fits.BinTableHDU.from_columns(columns, name="SPECRESP MATRIX")
        hdus["SPECRESP MATRIX"].header["TLMIN4"] = 0
    edisp = SpectrumDatasetOnOff.read_ogip(paths["pha"]).edisp
    np.testing.assert_allclose(edisp.pdf_matrix, [[0.5, 0.1, 0], [0.2, 0, 0.7], [0, 0, 0]], rtol=1e-6)


def test_a_background_of_longer_exposure_weighs_more(tmp_path):
    paths = dataset().write_ogip(tmp_path / "crab.pha")
    fits.setval(paths["bkg"], "EXPOSURE", value=4000.0, ext=1)
    np.testing.assert_allclose(SpectrumDatasetOnOff.read_ogip(paths["pha"]).alpha, 1 / 40)


def test_files_are_replaced_only_when_asked(tmp_path):
    dataset().write_ogip(tmp_path / "crab.pha")
    with pytest.raises(InputError, match="overwrite=True"):
        dataset().write_ogip(tmp_path / "crab.pha")
    dataset(counts=(7, 7, 7)).write_ogip(tmp_path / "crab.pha", overwrite=True)
    assert SpectrumDatasetOnOff.read_ogip(tmp_path / "crab.pha").counts.total == 21


@pytest.mark.parametrize("livetime", [None, "0 s"])
def test_without_live_time_nothing_is_written(tmp_path, livetime):
    with pytest.raises(InputError, match="live time"):
        dataset(livetime=livetime).write_ogip(tmp_path / "crab.pha")
    assert list(tmp_path.iterdir()) == []


def remove_background(paths):
    fits.setval(paths["pha"], "BACKFILE", value="NONE", ext=1)


def remove_rmf(paths):
    paths["rmf"].unlink()


def shift_arf(paths):
    with fits.open(paths["arf"], mode="update") as hdus:
        hdus[1].data["ENERG_LO"] *= 1.2
        hdus[1].data["ENERG_HI"] *= 1.2


def shorten_background(paths):
    with fits.open(paths["bkg"], mode="update") as hdus:
        hdus[1].data = hdus[1].data[:2]


def spoil_unit(paths):
    fits.setval(paths["arf"], "TUNIT3", value="s", ext=1)


def stop_the_clock(paths):
    fits.setval(paths["bkg"], "EXPOSURE", value=0.0, ext=1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (remove_background, "BACKFILE"),
        (remove_rmf, "does not exist"),
        (shift_arf, "other energy bins"),
        (shorten_background, "3 channels, its background 2"),
        (spoil_unit, "wanted is one that converts to cm2"),
        (stop_the_clock, "EXPOSURE"),
    ],
)
def test_files_that_do_not_fit_are_refused(tmp_path, change, words):
    paths = dataset().write_ogip(tmp_path / "crab.pha")
    change(paths)
    with pytest.raises(DataError, match=words):
        SpectrumDatasetOnOff.read_ogip(paths["pha"])


def test_what_is_no_fits_file_is_refused(tmp_path):
    (tmp_path / "crab.pha").write_text("counts")
    with pytest.raises(DataError, match=r"crab\.pha"):
        SpectrumDatasetOnOff.read_ogip(tmp_path / "crab.pha")
