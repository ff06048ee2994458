"""A light curve of instruments together without each of them in turn: which of them says what it says."""

from dataclasses import replace
from typing import Any

import numpy as np
from astropy.table import Column, Table

from tevcurve.errors import InputError
from tevcurve.lightcurve.variability.constancy import FLUX, ts_var
from tevcurve.systematics import ANYTHING, CrossCalibration

NOBODY = ""
_WORDS = {
    "without": "the instrument whose runs are left out; empty for none",
    "reference": "the instrument whose fluxes these are",
    "constant": "the constant flux that fits best",
    "ts_var": "test statistic of a variable against a constant flux",
    "n_free": "its degrees of freedom",
    "p_value": "chance of a constant source to vary as much",
    "reason": "why there is no test",
}


def leave_one_out(light_curve: Any, band: int | None = None, n_toys: int = 1000) -> Table:
    """`Table` of the scales and of TS_var with all instruments, and without each of them in turn.

    Its first row is that of all. Its columns are `without`, `reference`, `scale_NAME` for each instrument (1 for the
    reference, NaN for one that is not there), `constant`, `ts_var`, `n_free`, `p_value` and `reason`. Scales are
    settled anew of the runs that are left. Without the reference, where no other scale is known beforehand, the next
    instrument is the reference.

    Parameters
    ----------
    light_curve : `LightCurve` whose instruments are joined
    band : int, number of the energy band; needed where there are several
    n_toys : int, toys for the chance where rows have few counts; 0 for none

    Raises `InputError` for a light curve that does not know its runs, or whose instruments are not joined.
    """
    origin = light_curve.origin
    if not getattr(getattr(origin, "systematics", None), "joins_instruments", False):
        raise InputError(
            "The light curve has no instruments that are joined by a cross-calibration, of which one could be left out."
        )
    names = list(dict.fromkeys(run.run_id.instrument for run in origin.runs))
    rows = [_row(NOBODY, names, light_curve, band, n_toys)]
    for name in names if len(names) > 1 else ():
        try:
            part = without_instrument(origin, name).resolved().light_curve()
        except InputError as error:
            rows.append({"without": name, "reason": str(error)})
            continue
        rows.append(_row(name, names, part, band, n_toys))
    return _table(rows, names)


def without_instrument(origin: Any, name: str) -> Any:
    """The `LightCurveOrigin` of the runs of all other instruments, whose scales are to be settled anew.

    Parameters
    ----------
    origin : `~tevcurve.lightcurve.origin.LightCurveOrigin` of two instruments or more
    name : str, the one that is left out
    """
    numbers = [number for number, run in enumerate(origin.runs) if run.run_id.instrument != name]
    left = dict.fromkeys(origin.runs[number].run_id.instrument for number in numbers)
    systematics = origin.systematics.unsettled()
    return replace(
        origin,
        runs=origin.runs.chosen(numbers),
        failed=tuple(one for one in origin.failed if one.run_id.instrument != name),
        terms=tuple(origin.terms[number] for number in numbers),
        fates=tuple(origin.fates[number] for number in numbers),
        systematics=replace(systematics, calibration=_of_those_left(systematics.calibration, list(left))),
    )


def _of_those_left(calibration: CrossCalibration, left: list[str]) -> CrossCalibration:
    """The calibration of the instruments that are left: with another reference where no scale is known any more."""
    if any(calibration.sigma.get(name) != ANYTHING for name in left):
        return calibration
    sigma = {**calibration.sigma, calibration.reference: calibration.sigma[left[0]]}
    del sigma[left[0]]
    return replace(calibration, reference=left[0], sigma=sigma)


def _row(without: str, names: list[str], light_curve: Any, band: int | None, n_toys: int) -> dict[str, Any]:
    """What a row of the table says of a light curve."""
    systematics = light_curve.origin.systematics
    there = {run.run_id.instrument for run in light_curve.origin.runs}
    row = {"without": without, "reference": systematics.calibration.reference}
    row |= {f"scale_{name}": float(np.exp(systematics.scales.of(name))) for name in names if name in there}
    try:
        found = ts_var(light_curve, band, n_toys)
    except InputError as error:
        return row | {"reason": str(error)}
    row |= {"constant": found.constant.to_value(FLUX), "ts_var": found.value}
    return row | {"n_free": found.n_free, "p_value": found.p_value}


def _table(rows: list[dict[str, Any]], names: list[str]) -> Table:
    """The table of rows, NaN and empty texts where they say nothing."""
    texts = ("without", "reference", "reason")
    order = ["without", "reference", *(f"scale_{name}" for name in names), *list(_WORDS)[2:]]
    columns = []
    for name in order:
        values = [row.get(name, "" if name in texts else 0 if name == "n_free" else np.nan) for row in rows]
        words = _WORDS.get(name, "what the instrument sees of a flux, over what the reference does")
        made = Column(values, name, description=words, unit=FLUX if name == "constant" else None)
        made.info.format = None if name in texts or name == "n_free" else ".4g"
        columns.append(made)
    return Table(columns)
