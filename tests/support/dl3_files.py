"""Small DL3 stores for tests, written as a user's own would be: events, good time and responses with closed forms.

`write_store(folder)` writes one; each `RunFile` says what its run is like, and what is to be wrong with it.
"""

from dataclasses import dataclass, field

import numpy as np
from astropy.io import fits

MJDREF = (51910, 0.000742870370370241)
START = 2.0e8  # mission seconds: some day in 2007
ENERGY_EDGES = np.geomspace(0.1, 100, 25)  # TeV
OFFSET_EDGES = np.array([0.0, 1.0, 2.0, 3.0])  # deg
PSF_SIGMA = 0.05  # deg
EDISP_SIGMA = 0.1  # of the migration
BKG_RATE = 1e-5  # s-1 sr-1 MeV-1 at 1 TeV, at the centre


@dataclass(frozen=True)
class RunFile:
    """A run to write. The last six say how it departs from a good file."""

    obs_id: int | str = 1
    target: str = "Crab"
    pointing: tuple = (83.63, 22.51)  # deg
    n_events: int = 200
    seed: int = 1
    tstart: float = START
    tstop: float = START + 1680.0
    gti: tuple | None = None  # pairs of mission seconds; None: tstart to tstop
    deadc: float = 0.9
    timesys: str | None = "TT"
    mjdref: tuple | float | None = MJDREF  # MJDREFI and MJDREFF, or MJDREF
    obs_mode: str = "WOBBLE"
    bkg: str = "bkg_3d"  # or bkg_2d
    aeff_m2: float = 1e5  # flat in energy and offset; an array (n_energy,) is flat in offset only
    thresholds: tuple = (0.3, 50.0)  # LO_THRES and HI_THRES, TeV
    events: dict = field(default_factory=dict)  # columns TIME, RA, DEC, ENERGY that are not drawn but given
    header: dict = field(default_factory=dict)  # keywords of EVENTS; None takes one away
    gti_header: dict = field(default_factory=dict)  # those of GTI
    without_hdus: tuple = ()  # HDU_TYPEs that are not written; their index rows are
    without_rows: tuple = ()  # HDU_TYPEs that have no row in the index
    without_columns: dict = field(default_factory=dict)  # HDU_TYPE: names
    units: dict = field(default_factory=dict)  # HDU_TYPE: {column: unit or None}
    classes: dict = field(default_factory=dict)  # HDU_TYPE: HDU_CLASS in the index
    telescope: str = ""  # TELESCOP of EVENTS
    cut: float | tuple | None = (
        None  # deg: RAD_MAX in headers; (edges in TeV, radii): a table; both point-like
    )


def write_store(folder, runs=(RunFile(),), single_file=False, compress=True, file_names=None):
    """Path of a new store in a folder: the folder itself, or the one index file with `single_file`.

    file_names: of the runs, without their ends; default: of their OBS_IDs.
    """
    (folder / "data").mkdir(parents=True, exist_ok=True)
    suffix = ".fits.gz" if compress else ".fits"
    rows = []
    for number, run in enumerate(runs):
        text = f"{run.obs_id:06d}" if isinstance(run.obs_id, int) else run.obs_id
        name = f"{file_names[number] if file_names else f'run_{text}'}{suffix}"
        hdus = run_hdus(run)
        fits.HDUList([fits.PrimaryHDU(), *hdus.values()]).writeto(folder / "data" / name, overwrite=True)
        rows += index_rows(run, name)
    hdu_index, obs_index = _hdu_index(rows), _obs_index(runs)
    if single_file:
        path = folder / f"index{suffix}"
        fits.HDUList([fits.PrimaryHDU(), hdu_index, obs_index]).writeto(path, overwrite=True)
        return path
    for table, name in ((hdu_index, "hdu-index"), (obs_index, "obs-index")):
        fits.HDUList([fits.PrimaryHDU(), table]).writeto(folder / f"{name}{suffix}", overwrite=True)
    return folder


def run_hdus(run):
    """The HDUs of a run, dict of HDU_TYPE and BinTableHDU."""
    makers = {"events": _events, "gti": _gti, "aeff": _aeff, "edisp": _edisp, "psf": _psf, "bkg": _bkg}
    makers |= {"rad_max": _rad_max}
    hdus = {}
    for hdu_type, make in makers.items():
        if hdu_type in run.without_hdus or hdu_type not in _types(run):
            continue
        columns, header = make(run)
        if run.cut is not None and hdu_type in ("aeff", "edisp"):
            header = header | {"HDUCLAS3": "POINT-LIKE"}
            header |= {} if isinstance(run.cut, tuple) else {"RAD_MAX": run.cut}
        units = run.units.get(hdu_type, {})
        columns = [
            fits.Column(name, form, array=array, unit=units.get(name, unit), dim=_dim(array))
            for name, form, unit, array in columns
            if name not in run.without_columns.get(hdu_type, ())
        ]
        hdu = fits.BinTableHDU.from_columns(columns, name=hdu_type.upper())
        hdu.header.update(header)
        hdus[hdu_type] = hdu
    for name, keywords in (("events", run.header), ("gti", run.gti_header)):
        for key, value in keywords.items() if name in hdus else ():
            if value is None:
                hdus[name].header.remove(key, ignore_missing=True)
            else:
                hdus[name].header[key] = value
    return hdus


def index_rows(run, name):
    """Rows of the HDU index for a run whose file has a name."""
    classes = {"events": "events", "gti": "gti", "aeff": "aeff_2d", "edisp": "edisp_2d", "psf": "psf_table"}
    classes |= {"bkg": run.bkg, "rad_max": "rad_max_2d", **run.classes}
    return [
        (run.obs_id, hdu_type, hdu_class, "data", name, hdu_type)
        for hdu_type, hdu_class in classes.items()
        if hdu_type not in run.without_rows and hdu_type in _types(run)
    ]


def _types(run):
    """HDU_TYPEs that a run has by its cut."""
    if run.cut is None:
        return ("events", "gti", "aeff", "edisp", "psf", "bkg")
    return ("events", "gti", "aeff", "edisp", *(["rad_max"] if isinstance(run.cut, tuple) else []))


def _time_keywords(run):
    header = {"TIMEUNIT": "s", "TIMEREF": "LOCAL"}
    if run.timesys is not None:
        header["TIMESYS"] = run.timesys
    if isinstance(run.mjdref, tuple):
        header["MJDREFI"], header["MJDREFF"] = run.mjdref
    elif run.mjdref is not None:
        header["MJDREF"] = run.mjdref
    return header


def _events(run):
    rng = np.random.default_rng(run.seed)
    n = len(next(iter(run.events.values()))) if run.events else run.n_events
    ra, dec = run.pointing
    drawn = {
        "TIME": np.sort(rng.uniform(run.tstart, run.tstop, n)),
        "RA": ra + rng.normal(0, 0.5, n) / np.cos(np.deg2rad(dec)),
        "DEC": dec + rng.normal(0, 0.5, n),
        "ENERGY": 0.3 * (1 - rng.uniform(size=n)) ** (-1 / 1.7),
    } | run.events
    columns = [("EVENT_ID", "K", None, np.arange(n))]
    columns += [
        (name, "D" if name == "TIME" else "E", unit, np.asarray(drawn[name]))
        for name, unit in {"TIME": "s", "RA": "deg", "DEC": "deg", "ENERGY": "TeV"}.items()
    ]
    header = {
        "OBS_ID": run.obs_id,
        "OBJECT": run.target,
        "OBS_MODE": run.obs_mode,
        "RA_PNT": ra,
        "DEC_PNT": dec,
        "ALT_PNT": 65.0,
        "AZ_PNT": 10.0,
        "RADECSYS": "FK5",
        "TSTART": run.tstart,
        "TSTOP": run.tstop,
        "DEADC": run.deadc,
        "GEOLON": 16.5,
        "GEOLAT": -23.27,
        "ALTITUDE": 1835.0,
    }
    header |= {"TELESCOP": run.telescope} if run.telescope else {}
    return columns, header | _time_keywords(run)


def _gti(run):
    intervals = np.array([(run.tstart, run.tstop)] if run.gti is None else run.gti, dtype=float).reshape(
        -1, 2
    )
    return [("START", "D", "s", intervals[:, 0]), ("STOP", "D", "s", intervals[:, 1])], _time_keywords(run)


def _axis(name, edges, unit):
    form = f"{len(edges) - 1}E"
    return [(f"{name}_LO", form, unit, edges[None, :-1]), (f"{name}_HI", form, unit, edges[None, 1:])]


def _values(name, unit, array):
    return (name, f"{array.size}E", unit, array[None])


def _dim(array):
    """TDIM of a column of cubes: FITS counts axes the other way round."""
    return "(" + ",".join(str(n) for n in reversed(array.shape[1:])) + ")" if array.ndim > 2 else None


def _aeff(run):
    area = np.full((len(OFFSET_EDGES) - 1, len(ENERGY_EDGES) - 1), run.aeff_m2)
    axes = _axis("ENERG", ENERGY_EDGES, "TeV") + _axis("THETA", OFFSET_EDGES, "deg")
    return [*axes, _values("EFFAREA", "m2", area)], dict(
        zip(("LO_THRES", "HI_THRES"), run.thresholds, strict=True)
    )


def _edisp(run):
    migra = np.linspace(0.2, 1.8, 161)
    center = 0.5 * (migra[1:] + migra[:-1])
    density = np.exp(-0.5 * ((center - 1) / EDISP_SIGMA) ** 2) / (np.sqrt(2 * np.pi) * EDISP_SIGMA)
    shape = (len(OFFSET_EDGES) - 1, len(center), len(ENERGY_EDGES) - 1)
    axes = (
        _axis("ENERG", ENERGY_EDGES, "TeV")
        + _axis("MIGRA", migra, None)
        + _axis("THETA", OFFSET_EDGES, "deg")
    )
    return [*axes, _values("MATRIX", None, np.broadcast_to(density[None, :, None], shape).copy())], {}


def _psf(run):
    rad = np.linspace(0, 0.5, 101)
    center = 0.5 * (rad[1:] + rad[:-1])
    density = np.exp(-0.5 * (center / PSF_SIGMA) ** 2) / (2 * np.pi * np.deg2rad(PSF_SIGMA) ** 2)
    shape = (len(center), len(OFFSET_EDGES) - 1, len(ENERGY_EDGES) - 1)
    axes = (
        _axis("ENERG", ENERGY_EDGES, "TeV") + _axis("THETA", OFFSET_EDGES, "deg") + _axis("RAD", rad, "deg")
    )
    return [*axes, _values("RPSF", "sr-1", np.broadcast_to(density[:, None, None], shape).copy())], {}


def _bkg(run):
    spectrum = BKG_RATE * np.sqrt(ENERGY_EDGES[1:] * ENERGY_EDGES[:-1]) ** -2.7
    energy = _axis("ENERG", ENERGY_EDGES, "TeV")
    if run.bkg == "bkg_2d":
        center = 0.5 * (OFFSET_EDGES[1:] + OFFSET_EDGES[:-1])
        rate = spectrum[:, None] * np.exp(-0.5 * (center / 1.5) ** 2)
        return [*_axis("THETA", OFFSET_EDGES, "deg"), *energy, _values("BKG", "s-1 sr-1 MeV-1", rate)], {}
    edges = np.linspace(-3, 3, 13)
    center = 0.5 * (edges[1:] + edges[:-1])
    rate = spectrum[:, None, None] * np.exp(-0.5 * (center[:, None] ** 2 + center**2) / 1.5**2)
    field_of_view = _axis("DETX", edges, "deg") + _axis("DETY", edges, "deg")
    return [*field_of_view, *energy, _values("BKG", "s-1 sr-1 MeV-1", rate)], {"FOVALIGN": "RADEC"}


def _rad_max(run):
    edges, radii = (np.asarray(values, dtype=float) for values in run.cut)
    axes = _axis("ENERG", edges, "TeV") + _axis("THETA", np.array([0.0, 3.0]), "deg")
    return [*axes, _values("RAD_MAX", "deg", radii[None])], {"HDUCLAS3": "POINT-LIKE"}


def _hdu_index(rows):
    names = ("OBS_ID", "HDU_TYPE", "HDU_CLASS", "FILE_DIR", "FILE_NAME", "HDU_NAME")
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return _text_table(names, columns, "HDU_INDEX")


def _obs_index(runs):
    columns = {
        "OBS_ID": [run.obs_id for run in runs],
        "RA_PNT": [run.pointing[0] for run in runs],
        "DEC_PNT": [run.pointing[1] for run in runs],
        "TSTART": [run.tstart for run in runs],
        "TSTOP": [run.tstop for run in runs],
        "TARGET_NAME": [run.target for run in runs],
    }
    return _text_table(columns, [np.array(column) for column in columns.values()], "OBS_INDEX")


def _text_table(names, columns, extname):
    forms = {"i": "K", "f": "D"}
    units = {"RA_PNT": "deg", "DEC_PNT": "deg", "TSTART": "s", "TSTOP": "s"}
    made = [
        fits.Column(
            name, forms.get(array.dtype.kind) or f"{array.dtype.itemsize // 4}A", units.get(name), array=array
        )
        for name, array in zip(names, columns, strict=True)
    ]
    return fits.BinTableHDU.from_columns(made, name=extname)
