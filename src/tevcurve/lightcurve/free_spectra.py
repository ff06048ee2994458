"""The spectrum's shape fitted in each row of a light curve: its columns, and those of the flux that go with it."""

from dataclasses import dataclass
from typing import Any

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.fit.protocols import Reshaped, rows_with
from tevcurve.fit.spectral_fits import estimate_shapes
from tevcurve.fit.spectrum_family import SpectrumFamily
from tevcurve.lightcurve.columns import COLUMNS, QUANTITIES, VARIANTS
from tevcurve.near_names import meant

# Rows that are fitted at a time: their responses stand in memory together.
BATCH = 4000
# Columns of a parameter, which has no limit.
SPREAD = ("", "_err", "_errn", "_errp")
FIXED_WORDS = "the shape of the spectrum stays fixed"


@dataclass(frozen=True, eq=False)
class FreeSpectra:
    """What a fit of the shape needs to know.

    A row of status `ok` whose TS reaches `free_ts` gets

    - `<name>` with `_err` (inverse Hessian), `_errn` and `_errp` (profile likelihood) for each free parameter;
      `spectral_<name>` where a column has that name already, such as `alpha`;
    - `norm`, the factor on the reference's amplitude, with errors and limit from its profile, the shape at its best at
      each norm; `norm_err` from the inverse Hessian, so marginal over the shape;
    - `ref_flux` and its like: of the reference with the fitted shape, so that `flux` is `norm` times `ref_flux`;
    - `flux`, `dnde`, `eflux` and `e2dnde`: of the fitted spectrum over the band, their errors and limits from their own
      profiles: `_err` by linear propagation of the covariance of norm and shape, the others by the likelihood of
      that flux with the shape at its best. They are not `norm`'s times the reference;
    - `ts`, the rise of the statistic from this minimum to no source; `npred`, `loglike` and the scan likewise.

    Other rows keep the reference's shape: `shape_fixed`, or `not_converged` where the fit of the shape failed.

    Attributes
    ----------
    joint : `CubeLikelihood` or `OnOffLikelihood`
    spectrum : `SpectralModel`
    nodes : `TrueNodes` at which the responses of the runs were taken
    """

    joint: Any
    spectrum: Any
    nodes: Any

    def fit(self, rows, energies, options):
        """(columns, reference, statuses, reasons) with the shape fitted where the TS allows it.

        Parameters
        ----------
        rows : the same four of the fit with the reference's shape
        energies : e_ref, e_min and e_max, float arrays (n_rows,), TeV
        options : `FitOptions`
        """
        columns, reference, status, reason = rows
        table = _ShapeTable(columns, reference, status, reason, self._parameters(options.free), options.sigma)
        bright = table.choose(options.free_ts)
        n_bands = self.joint.n_bands
        for band in range(n_bands):
            e_ref, e_min, e_max = (float(values[band]) for values in energies)
            family = SpectrumFamily(self.spectrum, options.free, self.nodes, (e_min, e_max), e_ref)
            wanted = bright[bright % n_bands == band]
            for start in range(0, len(wanted), BATCH):
                numbers = wanted[start : start + BATCH]
                estimate = estimate_shapes(
                    self._reshaped(numbers),
                    family,
                    columns["norm"][numbers],
                    sigma=options.sigma,
                    ul_rise=options.sigma_ul**2,
                    scan=options.norm_values,
                )
                table.fill(numbers, estimate)
        return table.columns, table.reference, table.status, table.reason

    def _parameters(self, names):
        return [self.spectrum.parameters[name] for name in names]

    def _reshaped(self, numbers):
        return rows_with(self.joint, Reshaped, use="free").reshaped(numbers)


class _ShapeTable:
    """Copies of the columns, filled row by row with what the fits of the shape give."""

    def __init__(self, columns, reference, status, reason, parameters, sigma):
        self.columns = {name: np.array(values) for name, values in columns.items()}
        self.reference = {name: np.array(values) for name, values in reference.items()}
        self.status, self.reason, self.parameters = list(status), list(reason), parameters
        for quantity in QUANTITIES:
            for end in VARIANTS:
                self.columns[quantity + end] = columns[f"norm{end}"] * reference[f"ref_{quantity}"]
        unfitted = ~np.isfinite(columns["norm"])
        for parameter in parameters:
            name = column_name(parameter.name)
            self.columns[name] = np.where(unfitted, np.nan, parameter.value)
            for end in SPREAD[1:]:
                self.columns[name + end] = np.full(len(unfitted), np.nan)

    def choose(self, free_ts):
        """Numbers of the rows whose shape is to be fitted; the others that were fitted say why theirs is not."""
        ts, bright = self.columns["ts"], []
        for row, status in enumerate(self.status):
            if status != "ok":
                continue
            if ts[row] >= free_ts and self.columns["norm"][row] > 0:
                bright.append(row)
            elif not np.isfinite(ts[row]):
                self._say(row, "shape_fixed", FIXED_WORDS)
            elif ts[row] >= free_ts:
                self._say(row, "shape_fixed", f"{FIXED_WORDS}: the flux is below zero")
            else:
                self._say(row, "shape_fixed", f"{FIXED_WORDS}: a TS of {ts[row]:.1f} is below {free_ts:g}")
        return np.array(bright, dtype=int)

    def fill(self, numbers, estimate):
        """Put an estimate of the rows with these numbers into the columns."""
        good = estimate.converged
        for row in numbers[~good]:
            words = "the fit of the spectrum's shape did not converge, so these are the numbers of the fixed shape"
            self._say(row, "not_converged", words)
        at, columns = numbers[good], self.columns
        norm = estimate.factors["norm"].value[good]
        self._fill_spread("norm", at, estimate.factors["norm"], good, 1.0)
        for quantity in QUANTITIES:
            spread = estimate.factors["dnde" if quantity == "e2dnde" else quantity]
            own = self.reference[f"ref_{quantity}"][at]
            self._fill_spread(quantity, at, spread, good, own)
            self.reference[f"ref_{quantity}"][at] = own * spread.value[good] / norm
        for parameter in self.parameters:
            spread = estimate.parameters[parameter.name]
            self._fill_spread(column_name(parameter.name), at, spread, good, 1.0)
        columns["ts"][at] += estimate.gain[good]
        columns["loglike"][at] -= estimate.gain[good]
        columns["npred_excess"][at] = estimate.signal[good]
        columns["npred"][at] = (estimate.signal + estimate.background)[good]
        if estimate.rises is not None:
            scan = columns["norm_scan"] if columns["norm_scan"].ndim == 1 else columns["norm_scan"][0]
            columns["dloglike_scan"][at] = estimate.rises[good]
            columns["dloglike_scan"][np.ix_(at, scan == 0)] = columns["ts"][at, None]
        for k in np.flatnonzero(good):
            if estimate.at_bound[k]:
                names = " and ".join(estimate.at_bound[k])
                self._say(numbers[k], "ok", f"{names} at a bound, where there is no symmetric error")
            if endless := _endless(estimate, k):
                self._say(numbers[k], "ok", f"no end was found of the likelihood interval of {endless}")

    def _fill_spread(self, name, at, spread, good, scale):
        ends = {
            "": spread.value,
            "_err": spread.err,
            "_errn": spread.errn,
            "_errp": spread.errp,
            "_ul": spread.ul,
        }
        for end, values in ends.items():
            if values is not None:
                self.columns[name + end][at] = values[good] * scale

    def _say(self, row, status, words):
        self.status[row] = status
        self.reason[row] = "; ".join(each for each in (words, self.reason[row]) if each)


def _endless(estimate, k):
    """The names of what has an interval without an end in a row, in words."""
    spreads = {**estimate.parameters, **estimate.factors}
    return ", ".join(name for name, each in spreads.items() if not np.isfinite(each.errn[k] + each.errp[k]))


def column_name(parameter):
    """The name of a parameter's column: its own, or with `spectral_` before it where a column has that name.

    parameter: str, its name.
    """
    return f"spectral_{parameter}" if parameter in COLUMNS else parameter


def describe_parameters(table, spectrum, names):
    """Put units and descriptions to the columns of free parameters, and to the metadata which of them are intrinsic.

    Parameters
    ----------
    table : astropy Table of a light curve, changed in place
    spectrum : `SpectralModel` whose parameters they are
    names : names of the free parameters, str
    """
    intrinsic = [name for name in names if name in spectrum.intrinsic_names]
    if intrinsic:
        table.meta["intrinsic"] = intrinsic
    for name in names:
        unit, whose = spectrum.parameters[name].unit, "spectrum"
        if name in intrinsic:
            whose = "intrinsic spectrum, before absorption"
        for end in SPREAD:
            column = table[column_name(name) + end]
            column.unit = None if unit == u.dimensionless_unscaled else unit
            column.info.format = ".4g"
            column.description = f"Parameter {name}{VARIANTS[end] or f' of the {whose}'}"


def free_names(free, spectrum):
    """The names of the free parameters, a tuple of str; `InputError` for what cannot be free.

    Parameters
    ----------
    free : str or list of str, as the caller gives it
    spectrum : `SpectralModel`
    """
    names = (free,) if isinstance(free, str) else tuple(free)
    for name in names:
        if name not in spectrum.parameters.names:
            known = [each for each in spectrum.parameters.names if each != spectrum.amplitude_name]
            wanted = meant(name, known, f"wanted are some of {', '.join(known)}.")
            raise InputError(f"free has {name!r}, which {type(spectrum).__name__} has not; {wanted}")
        if name == spectrum.amplitude_name:
            raise InputError(f"free has {name!r}, the amplitude, which is always fitted: it is the norm.")
    if len(set(names)) < len(names):
        raise InputError(f"free is {names}; wanted is each name once.")
    return names
