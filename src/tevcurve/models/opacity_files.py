"""Where optical depths come from: the package ebltable, and files in the format of XSPEC's table models."""

import os
from functools import lru_cache

import numpy as np

from tevcurve.errors import DataError, InputError
from tevcurve.files import FitsFile, column_values, expand_path
from tevcurve.files.content import read_bytes
from tevcurve.models.opacity_table import OpacityTable
from tevcurve.near_names import meant

# Our name of a model, as gammapy has it where it has it -> ebltable's, which is one too.
MODELS = {
    "franceschini": "franceschini",
    "franceschini17": "franceschini2017",
    "dominguez": "dominguez",
    "finke": "finke",
    "finke22": "finke2022",
    "saldana-lopez21": "saldana-lopez",
}
LARGEST = 2**26  # bytes of a file of optical depths; those in use have 10^5 to 10^6
SUFFIXES = (".fits", ".fit", ".fits.gz", ".fit.gz")
# The smallest number that the files hold (32 bits): a transmission of 0 is no larger than that.
FAINTEST = float(np.finfo(np.float32).tiny)


def opacity_name(model: str | os.PathLike[str]) -> str:
    """The name under which a model of the opacity is kept: one of `MODELS` or of ebltable, or the path of a file.

    model: name, in any case, or path.

    Raises InputError for what is neither.
    """
    text = os.fspath(model) if isinstance(model, str | os.PathLike) else ""
    name = text.strip().lower()
    backwards = {theirs: ours for ours, theirs in MODELS.items()}
    if name in MODELS or name in backwards:
        return backwards.get(name, name)
    if (not isinstance(model, str) and text) or text.lower().endswith(SUFFIXES) or os.sep in text:
        return text
    if name and name in _names_of_package():
        return name
    wanted = f"wanted is one of {', '.join(MODELS)}, or the path of a file of optical depths (.fits)."
    raise InputError(f"The model of the opacity is {model!r}; {meant(model, MODELS, wanted)}")


def opacity_table(name: str) -> OpacityTable:
    """The `OpacityTable` of a model.

    name: as `opacity_name` gives it.

    Raises InputError where the package ebltable is missing, DataError for a file that cannot be used.
    """
    if name in MODELS or name in _names_of_package():
        return _of_package(name)
    return read_opacity(name)


def _names_of_package() -> tuple[str, ...]:
    """Names that ebltable has, () without it."""
    try:
        from ebltable.tau_from_model import OptDepth
    except ImportError:
        return ()
    return tuple(OptDepth.get_models())


@lru_cache(maxsize=8)
def _of_package(name: str) -> OpacityTable:
    try:
        from ebltable.tau_from_model import OptDepth
    except ImportError:
        raise InputError(
            f"The opacity {name!r} is in the package ebltable, which is not installed; wanted is pip install "
            "'tevcurve[ebl]', or the path of a file of optical depths."
        ) from None
    nodes = OptDepth.readmodel(MODELS.get(name, name))
    energies = 10.0 ** np.asarray(nodes.x) / 1e3  # of their logarithms in GeV
    return OpacityTable(energies, np.asarray(nodes.y), np.asarray(nodes.Z).T, f"the opacity {name!r}")


def read_opacity(path: str | os.PathLike[str]) -> OpacityTable:
    """The `OpacityTable` of a file in the format of XSPEC's table models (OGIP memo 92-009).

    One parameter, the redshift (PARAMVAL of the HDU SPECTRA); energies in the middle (in log) of ENERG_LO and ENERG_HI
    of the HDU ENERGIES, in keV where no unit is said; INTPSPEC holds transmissions where it falls with the energy and
    is 1 at most, as in the files that gammapy reads, else optical depths (XSPEC's etable). At redshift 0 nothing is
    absorbed.

    path: of the file, gzip or not.

    Raises DataError for what is no such file.
    """
    path = expand_path(path)
    where = f"the file of optical depths {path}"
    file = FitsFile(read_bytes(path, LARGEST), path)
    energies, spectra = file.table("ENERGIES"), file.table("SPECTRA")
    at = f"HDU ENERGIES of {path}"
    low, high = (_row_numbers(energies, name, "TeV", at, "keV") for name in ("ENERG_LO", "ENERG_HI"))
    at = f"HDU SPECTRA of {path}"
    redshifts = _row_numbers(spectra, "PARAMVAL", "", at, "")
    values = column_values(spectra, "INTPSPEC", "", at, "")
    if (
        values.ndim != 2
        or values.shape[1] != len(low)
        or len(low) < 2
        or not np.all((low > 0) & (high > low))
    ):
        raise DataError(
            f"The {at} has spectra of the shape {values.shape} for {len(low)} energies; wanted is one each."
        )
    if not np.all(np.isfinite(values)):
        raise DataError(f"The {at} has values that are no numbers.")
    # Some files have a redshift twice.
    redshifts, first = np.unique(redshifts, return_index=True)
    depths = _depths(values[first])
    if len(redshifts) and redshifts[0] > 0:
        redshifts = np.insert(redshifts, 0, 0.0)
        depths = np.vstack([np.zeros(depths.shape[1]), depths])
    return OpacityTable(np.sqrt(low * high), redshifts, depths, where)


def _depths(values: np.ndarray) -> np.ndarray:
    """Optical depths (n_redshifts, n_energies) of transmissions, or of what is optical depths already."""
    falls = values[:, -1].sum() < values[:, 0].sum()
    if values.max(initial=0) > 1 + 1e-6 or not falls:
        return np.maximum(values, 0.0)
    return np.maximum(-np.log(np.maximum(values, FAINTEST)), 0.0)


def _row_numbers(table: object, name: str, unit: str, where: str, default_unit: str) -> np.ndarray:
    values = column_values(table, name, unit, where, default_unit)  # type: ignore[arg-type]
    if values.ndim > 2 or (values.ndim == 2 and values.shape[1] != 1):
        raise DataError(
            f"The column {name} of {where} has the shape {values.shape}; wanted is one number in a row."
        )
    return values.reshape(len(values))
