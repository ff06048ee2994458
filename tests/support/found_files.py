"""Files of runs that no index leads to: their tables say what they are."""

import numpy as np
from astropy.io import fits
from dl3_files import START, RunFile, run_hdus

CLASSES = {
    "events": ("EVENTS", "", ""),
    "gti": ("GTI", "", ""),
    "aeff": ("RESPONSE", "EFF_AREA", "AEFF_2D"),
    "edisp": ("RESPONSE", "EDISP", "EDISP_2D"),
    "psf": ("RESPONSE", "PSF", "PSF_TABLE"),
    "bkg": ("RESPONSE", "BKG", "BKG_3D"),
}
EVENTS, RESPONSES = ("events", "gti"), ("aeff", "edisp", "psf", "bkg")


def write(path, run, types=(*EVENTS, *RESPONSES), header=None):
    """The tables of a run in a file, with their classes. header: keywords of all of them."""
    hdus = {name: hdu for name, hdu in run_hdus(run).items() if name in types}
    for name, hdu in hdus.items():
        for number, word in zip((1, 2, 4), CLASSES[name], strict=True):
            hdu.header[f"HDUCLAS{number}"] = word
        hdu.header.update(header or {})
    path.parent.mkdir(parents=True, exist_ok=True)
    fits.HDUList([fits.PrimaryHDU(), *hdus.values()]).writeto(path)
    return path


def assert_same(store, other):
    """Two stores have the same runs with the same events and responses."""
    assert store.obs_ids.tolist() == other.obs_ids.tolist()
    for one, wanted in zip(store.get_observations(), other.get_observations(), strict=True):
        assert np.array_equal(one.events.time_s, wanted.events.time_s)
        assert one.gti == wanted.gti
        for name in RESPONSES:
            assert np.array_equal(getattr(one, name).table.values, getattr(wanted, name).table.values)


RUNS = (RunFile(3, seed=1), RunFile(5, seed=2, tstart=START + 4000, tstop=START + 5000))
