"""Responses that are not defined everywhere."""

import numpy as np
import pytest
from astropy.io import fits
from dl3_files import RunFile, run_hdus, write_store

from tevcurve.data import DataStore
from tevcurve.errors import DataError
from tevcurve.irf import PSF3D, Background3D, EffectiveAreaTable2D, EnergyDispersion2D
from tevcurve.problems import noted_remarks


def area(change, header=None):
    hdu = run_hdus(RunFile())["aeff"]
    change(hdu.data["EFFAREA"][0])
    for key, value in (header or {}).items():
        hdu.header[key] = value
    return EffectiveAreaTable2D.from_hdu(hdu, "AEFF of x")


def below(values):
    values[:, :2] = np.nan


def above(values):
    values[:, -1] = np.nan


def test_nothing_is_expected_below_and_above_what_is_defined():
    whole = area(lambda values: None)
    for change, kept in ((below, slice(2, None)), (above, slice(None, -1))):
        with noted_remarks() as remarks:
            part = area(change)
        assert np.array_equal(part.table.values[kept], whole.table.values[kept])
        assert part.table.values.sum() == whole.table.values[kept].sum()
        assert "EFFAREA holds no numbers" in remarks[0][1]


def test_offsets_that_hold_nothing_are_no_part_of_it():
    whole = area(lambda values: None)

    def change(values):
        values[-1] = np.nan

    with noted_remarks() as remarks:
        part = area(change)
    assert part.offset_axis.nbin == whole.offset_axis.nbin - 1
    assert np.array_equal(part.table.values, whole.table.values[:, :-1])
    assert "beyond an offset of" in remarks[0][1]


def between(values):
    values[:, 13] = np.nan


def infinite(values):
    values[:, 0] = np.inf


def everywhere(values):
    values[:] = np.nan


@pytest.mark.parametrize("change", [between, infinite, everywhere])
def test_numbers_that_are_missing_elsewhere_get_a_sentence(change):
    with pytest.raises(DataError, match=r"EFFAREA holds \d+ values that are not finite"):
        area(change)


def test_safe_energies_have_to_be_defined():
    edge = area(lambda values: None).energy_axis.nodes[2]
    with noted_remarks():
        assert area(below, {"LO_THRES": 1.01 * edge}) is not None
    with pytest.raises(DataError, match="inside the safe energies"):
        area(below, {"LO_THRES": 0.5 * edge})


def thresholds(low, high):
    return {"LO_THRES": low, "HI_THRES": high}


def test_numbers_that_are_missing_outside_the_safe_energies_are_on_the_line_between_their_neighbours():
    whole = area(lambda values: None)
    nodes = whole.energy_axis.nodes

    def change(values):
        values *= 1 + np.arange(values.shape[1])
        values[0, 3] = np.nan

    with noted_remarks() as remarks:
        part = area(change, thresholds(1.01 * nodes[3], 100.0))
    kept = part.table.values[:, 0] / whole.table.values[0, 0]
    # The energies are equidistant in their logarithm.
    assert kept == pytest.approx(1 + np.arange(len(nodes)))
    assert f"holds no numbers at {nodes[3]:.3g} TeV; the line between" in remarks[0][1]
    with pytest.raises(DataError, match="1 values that are not finite"):
        area(change, thresholds(0.99 * nodes[3], 100.0))


@pytest.mark.parametrize("kind", ["edisp", "psf", "bkg"])
def test_a_run_knows_the_safe_energies_of_all_its_responses(tmp_path, kind):
    column = {"edisp": "MATRIX", "psf": "RPSF", "bkg": "BKG"}[kind]
    for low, words in ((1.0, None), (0.1, "values that are not finite")):
        folder = tmp_path / str(low)
        write_store(folder, [RunFile(thresholds=(low, 100.0))])
        path = folder / "data" / "run_000001.fits.gz"
        with fits.open(path) as hdus:
            values = np.array(hdus[kind].data[column])
            axis = values.shape.index(24) if kind == "bkg" else values.ndim - 1
            at = (slice(None),) * axis
            right = values[(*at, 4)].copy()
            values[(*at, 4)] = np.nan
            hdus[kind].data[column] = values
            hdus.writeto(path, overwrite=True)
        observation = DataStore.from_dir(folder).obs(1)
        if words is not None:
            with pytest.raises(DataError, match=words):
                getattr(observation, kind)
        else:
            found = getattr(observation, kind).table.values[4]
            assert np.all(np.isfinite(found))
            if kind != "bkg":
                # The same at all energies in these files.
                assert np.sort(found.ravel()) == pytest.approx(
                    np.sort(right.ravel()) * found.sum() / right.sum()
                )


@pytest.mark.parametrize(("kind", "column"), [("edisp", "MATRIX"), ("psf", "RPSF"), ("bkg", "BKG")])
def test_a_response_of_nothing_but_zeros_is_refused(kind, column):
    hdu = run_hdus(RunFile())[kind]
    hdu.data[column][:] = 0
    response = {"edisp": EnergyDispersion2D, "psf": PSF3D, "bkg": Background3D}[kind]
    with pytest.raises(DataError, match=f"{column} is zero everywhere; values above 0 are wanted"):
        response.from_hdu(hdu, "x")
