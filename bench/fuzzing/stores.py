"""Small data stores, simulated and real, as bytes in memory."""

import gzip
import io
import os
import tempfile
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import astropy.units as u
import numpy as np
from astropy.coordinates import EarthLocation, SkyCoord
from astropy.io import fits
from astropy.table import Table

from tevcurve.data import GTI
from tevcurve.data.time import TimeReference
from tevcurve.data.write import write_store
from tevcurve.models import PowerLaw, SkyModel, SkyPointSource
from tevcurve.simulation import ResponseSet, simulate_observation

BLOCK = 2880
TARGET = SkyCoord(83.63, 22.01, unit="deg")
SITE = EarthLocation.from_geodetic(16.5 * u.deg, -23.27 * u.deg, 1835 * u.m)
REFERENCE = TimeReference(51910, 0.000742870370370241)
START = 2.0e8
CRAB_RUNS = (23523, 23526)
CUT_TABLE = (0.01, 0.5, 2.0, 200.0), (0.2, 0.15, 0.1)


@dataclass(frozen=True)
class Base:
    """A store of runs that is not damaged.

    name: str. files: dict of relative path and content, not compressed. runs: dict of OBS_ID and relative path of its
    file. index: relative paths of the index files, if there are any. single: whether one file has both index tables.
    point_like: whether the responses hold for a cut in angle.
    """

    name: str
    files: dict
    runs: dict
    index: tuple
    single: bool = False
    point_like: bool = False

    def write(self, folder):
        """The store as files of a folder."""
        for path, content in self.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        return folder


def bases(data=None):
    """List of `Base`: seven simulated ones, one without an index, and one of H.E.S.S. runs where these are given."""
    flat, round_one = simulated("3d"), simulated("2d", psf="psf_king")
    texts = simulated("2d", names=("CTAO-N 9", "CTAO-N 10"), psf="psf_3gauss")
    cuts = [simulated("2d", cut=cut) for cut in ("0.14 deg", CUT_TABLE)]
    made = [flat, as_single(round_one), turning(flat), texts, without_index(flat), *cuts]
    return made if data is None else [*made, real(data)]


def simulated(background, n_runs=2, names=None, psf="psf_table", cut=None):
    """A simulated store of runs of five minutes, whose background response is "2d" or "3d".

    names: their OBS_IDs, texts of runs that count their times in TAI from MJD 0 on; default: whole numbers, and TT.
    psf: class of the point spread function. cut: in angle, for which the responses hold: a radius, or (edges of bins
    of energy in TeV, radii in deg) of a table; default: they hold for all events.
    """
    ids, reference, start = names or range(1, n_runs + 1), REFERENCE, START
    if names is not None:
        reference, start = TimeReference(0, 0.0, "tai"), 54224.8 * 86400
    irfs = replace(ResponseSet.analytic(background, psf), location=SITE)
    if cut is not None:
        irfs = (
            irfs.point_like(cut) if isinstance(cut, str) else irfs.point_like(cut[1] * u.deg, cut[0] * u.TeV)
        )
    source = SkyModel(SkyPointSource.from_position(TARGET), PowerLaw(2.6, "3e-11 cm-2 s-1 TeV-1", "1 TeV"))
    observations = [
        simulate_observation(
            TARGET.directional_offset_by(180 * number * u.deg, 0.5 * u.deg),
            GTI(start + 1000 * number, start + 1000 * number + 300, reference),
            irfs,
            [source],
            np.random.default_rng([7, number]),
            obs_id=ids[number],
            target="Crab",
        )
        for number in range(n_runs)
    ]
    with tempfile.TemporaryDirectory() as folder:
        write_store(folder, observations)
        name = f"simulated {background}" + f", {n_runs} runs" * (n_runs > 2) + ", texts" * (names is not None)
        name += "" if cut is None else ", a cut" if isinstance(cut, str) else ", a table of cuts"
        texts = [f"{number:06d}" if names is None else number.replace(" ", "_") for number in ids]
        paths = {number: f"data/obs_id_{text}.fits" for number, text in zip(ids, texts, strict=True)}
        return replace(in_memory(name, Path(folder), paths), point_like=cut is not None)


def real(data):
    """A store of two runs of the first H.E.S.S. release."""
    data = Path(data)
    with tempfile.TemporaryDirectory() as folder:
        folder, runs = Path(folder), {}
        for name in ("hdu", "obs"):
            table = Table.read(data / f"{name}-index.fits.gz", 1)
            table = table[np.isin(table["OBS_ID"], CRAB_RUNS)]
            table.meta = {
                key: value for key, value in table.meta.items() if key not in ("CHECKSUM", "DATASUM")
            }
            table.write(folder / f"{name}-index.fits")
        for obs_id in CRAB_RUNS:
            path = f"data/hess_dl3_dr1_obs_id_{obs_id:06d}.fits"
            (folder / "data").mkdir(exist_ok=True)
            (folder / f"{path}.gz").write_bytes((data / f"{path}.gz").read_bytes())
            runs[obs_id] = path
        return in_memory("real", folder, runs)


def in_memory(name, folder, runs):
    """The `Base` of a folder; compressed files are inflated and keep their names without .gz."""
    files = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            relative = str(path.relative_to(folder)).removesuffix(".gz")
            files[relative] = gzip.decompress(content) if path.suffix == ".gz" else content
    files["hdu-index.fits"] = without_gz(files["hdu-index.fits"])
    return Base(name, files, runs, ("hdu-index.fits", "obs-index.fits"))


def without_gz(index):
    """An HDU index whose files are called by names without .gz."""
    table = Table.read(io.BytesIO(index), 1)
    table["FILE_NAME"] = [str(name).strip().removesuffix(".gz") for name in table["FILE_NAME"].astype(str)]
    written = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU(table, name="HDU_INDEX")]).writeto(written)
    return written.getvalue()


def without_index(base):
    """The same as files that no index leads to."""
    files = {name: content for name, content in base.files.items() if name not in base.index}
    return Base(f"{base.name}, without index", files, base.runs, ())


def as_single(base):
    """The same with both index tables in one file."""
    files = dict(base.files)
    hdu_index, obs_index = (files.pop(name) for name in base.index)
    with fits.open(io.BytesIO(obs_index)) as hdus:
        start = hdus[1].fileinfo()["hdrLoc"]
    files["index.fits"] = hdu_index + obs_index[start:]
    return Base(f"{base.name}, one index file", files, base.runs, ("index.fits",), single=True)


def turning(base):
    """The same with a background that is fixed to the horizon."""
    files = dict(base.files)
    for path in base.runs.values():
        old, new = b"FOVALIGN= 'RADEC   '", b"FOVALIGN= 'ALTAZ   '"
        if old in files[path]:
            files[path] = files[path].replace(old, new)
        else:
            card, end = new.ljust(80), b"END".ljust(80)
            before, name, after = files[path].partition(b"EXTNAME = 'BKG")
            files[path] = before + name + after.replace(end + b" " * 80, card + end, 1)
    return Base(f"{base.name}, ALTAZ", files, base.runs, base.index)


def split(content):
    """The HDUs of a FITS file that is not damaged, list of [header, data], bytearrays."""
    return [
        [bytearray(content[start:middle]), bytearray(content[middle:stop])]
        for start, middle, stop in _places(content)
    ]


@lru_cache(maxsize=64)
def _places(content):
    """Where each HDU's header and data begin, and where it ends."""
    with fits.open(io.BytesIO(content)) as opened:
        places = [one.fileinfo() for one in opened]
    return [(one["hdrLoc"], one["datLoc"], one["datLoc"] + one["datSpan"]) for one in places]


def join(hdus):
    """Bytes of a file of HDUs."""
    return b"".join(bytes(header) + bytes(data) for header, data in hdus)


def data_folder():
    """The folder of the H.E.S.S. data release, or None."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(os.environ.get("GAMMAPY_DATA", beside)) / "hess-dl3-dr1"
    return folder if folder.is_dir() else None
