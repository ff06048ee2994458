"""Files as CTAO's own DL3 model (ctao-datamodel 1.4) has them: one for each piece of an observation, 75 s long.

PRIMARY with metadata of the product only, then GTI, EVENTS, EFFECTIVE AREA, ENERGY DISPERSION and POINT SPREAD FUNCTION
(PSF_3GAUSS), without a background; times in TAI, OBS_ID a text. Each piece has responses of its own.
"""

from dataclasses import replace

import numpy as np
from astropy.io import fits
from astropy.time import Time
from dl3_files import ENERGY_EDGES, MJDREF, OFFSET_EDGES, PSF_SIGMA, _axis, _values, run_hdus

MJDREFI = 0  # TAI
NAMES = {"gti": "GTI", "events": "EVENTS", "aeff": "EFFECTIVE AREA", "edisp": "ENERGY DISPERSION"}
CLASSES = {
    "EVENTS": ("EVENTS",),
    "GTI": ("GTI",),
    "EFFECTIVE AREA": ("RESPONSE", "EFF_AREA", "FULL-ENCLOSURE", "AEFF_2D"),
    "ENERGY DISPERSION": ("RESPONSE", "EDISP", "FULL-ENCLOSURE", "EDISP_2D"),
    "POINT SPREAD FUNCTION": ("RESPONSE", "RPSF", "FULL-ENCLOSURE", "PSF_3GAUSS"),
}


def write_ctao_file(path, run):
    """Path of a file of a `RunFile`, whose times count from `MJDREF` in TT, written at a path as CTAO has it."""
    seconds = seconds_of_ctao(run.tstart) - run.tstart
    hdus = run_hdus(replace(run, timesys="tai", mjdref=(MJDREFI, 0.0), bkg="bkg_2d"))
    hdus["events"].data["TIME"] += seconds
    for name in ("START", "STOP"):
        hdus["gti"].data[name] += seconds
    for name in ("TSTART", "TSTOP"):
        hdus["events"].header[name] += seconds
    made = {NAMES[name]: hdu for name, hdu in hdus.items() if name in NAMES}
    made["POINT SPREAD FUNCTION"] = _three_gauss()
    ontime = float(np.sum(hdus["gti"].data["STOP"] - hdus["gti"].data["START"]))
    own = {"OBS_ID": str(run.obs_id), "TELESCOP": "CTAO", "INSTRUME": "CTAO-North", "N_TELS": "6"}
    own |= {"ONTIME": ontime, "LIVETIME": ontime * run.deadc, "RADESYS": "ICRS", "EV_CLASS": " "}
    made["EVENTS"].header.update(own)
    for name in ("RADECSYS", "TIMEREF"):
        del made["EVENTS"].header[name]
    del made["GTI"].header["TIMEREF"]
    primary = fits.PrimaryHDU()
    primary.header.update({"OBS_ID": str(run.obs_id), "TELESCOP": "CTAO", "DATAMODL": "CTAO"})
    for name, hdu in made.items():
        hdu.name = name
        hdu.header.update({"HDUCLASS": "CTAO-GADF", "HDUVERS": "0.3"})
        hdu.header.update({f"HDUCLAS{n}": text for n, text in enumerate(CLASSES[name], start=1)})
        if name in ("EVENTS", "GTI"):
            hdu.header["TREFPOS"] = "TOPOCENTER"
    fits.HDUList([primary, *made.values()]).writeto(path, overwrite=True)
    return path


def seconds_of_ctao(seconds):
    """Seconds since MJD 0 in TAI of mission seconds since `MJDREF` in TT, by astropy."""
    time = Time(MJDREF[0], MJDREF[1] + seconds / 86400, format="mjd", scale="tt")
    return (time - Time(MJDREFI, 0.0, format="mjd", scale="tai")).to_value("s")


def _three_gauss():
    """The table of a PSF that is one Gaussian of `PSF_SIGMA`, at all energies and offsets."""
    shape = (len(OFFSET_EDGES) - 1, len(ENERGY_EDGES) - 1)
    scale = 1 / (2 * np.pi * np.deg2rad(PSF_SIGMA) ** 2)
    values = {
        "SCALE": ("sr-1", scale),
        "SIGMA_1": ("deg", PSF_SIGMA),
        "AMPL_2": ("", 0.0),
        "SIGMA_2": ("deg", 1.0),
    }
    values |= {"AMPL_3": ("", 0.0), "SIGMA_3": ("deg", 1.0)}
    columns = _axis("ENERG", ENERGY_EDGES, "TeV") + _axis("THETA", OFFSET_EDGES, "deg")
    columns += [_values(name, unit, np.full(shape, value)) for name, (unit, value) in values.items()]
    made = [
        fits.Column(name, form, array=array, unit=unit or None, dim=_dim(array))
        for name, form, unit, array in columns
    ]
    return fits.BinTableHDU.from_columns(made)


def _dim(array):
    return "(" + ",".join(str(n) for n in reversed(array.shape[1:])) + ")" if array.ndim > 2 else None
