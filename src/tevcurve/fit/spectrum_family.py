"""The spectra that a model takes when some parameters of its shape are free, in coordinates made for a fit."""

from functools import partial
from itertools import pairwise

import numpy as np

from tevcurve.errors import InputError
from tevcurve.kernels.spectral_profiles import second_pairs

# Step of the differences, in coordinates; they are taken of the logarithm, which is nearly a parabola.
STEP = 1e-3
# The farthest that a coordinate may go: a spectrum changes by e^12 across the band.
REACH = 12.0
# Gauss-Legendre nodes in panels of log energy: right to 1e-13 for spectra as steep as E^-6.
NODES, WEIGHTS = np.polynomial.legendre.leggauss(6)
PANEL_WIDTH = 0.25
# Between the nodes of a table they are narrower, and half as many are enough.
NARROW, FEW = 0.06, np.polynomial.legendre.leggauss(3)


class SpectrumFamily:
    """Spectra in one energy band, by coordinates t (n, p), 0 at the model's own values.

    A coordinate is a parameter's distance from there in units that change the spectrum's slope across the band by
    about e. The amplitude is not among them: values are relative to the model's amplitude.

    Parameters
    ----------
    spectrum : `SpectralModel`
    names : tuple of str, the free parameters
    nodes : `TrueNodes` at which the responses were taken
    band : (e_min, e_max), TeV
    e_ref : float, TeV, where the "dnde" is taken; default: the middle of the band in log

    Raises `InputError` for a parameter that only scales the flux, or changes nothing.
    """

    def __init__(self, spectrum, names, nodes, band, e_ref=None):
        self.spectrum, self.names = spectrum, tuple(names)
        self.e_min, self.e_max = band
        self.e_ref = np.sqrt(self.e_min * self.e_max) if e_ref is None else e_ref
        parameters = [spectrum.parameters[name] for name in self.names]
        self.center = np.array([parameter.value for parameter in parameters])
        low, high = (np.array([getattr(each, end) for each in parameters]) for end in ("min", "max"))
        self.scale = np.array([self._scale(k, low[k], high[k]) for k in range(len(names))])
        self.low = np.maximum((low - self.center) / self.scale, -REACH)
        self.high = np.minimum((high - self.center) / self.scale, REACH)
        self.bounded_low, self.bounded_high = self.low > -REACH, self.high < REACH
        edges = np.array([self.e_min, self.e_max])
        self._values = {
            "true": _integrals_over(nodes, spectrum, self.names),
            "flux": _Integrals(spectrum, edges, 0, self.names),
            "eflux": _Integrals(spectrum, edges, 1, self.names),
            "dnde": lambda overrides: spectrum.dnde(np.array([self.e_ref]), **overrides),
        }

    @property
    def n_shape(self):
        return len(self.names)

    def parameters(self, t):
        """Values of the parameters (n, p) in their own units. t: float array (n, p), shape coordinates."""
        return self.center + self.scale * t

    def spectra(self, t):
        """Flux in each true-energy bin (cm-2 s-1) with its first and second derivatives in t, (n, n_true, k).

        t: float array (n, p), shape coordinates.
        """
        value, first, second = self._with_derivatives("true", t)
        p = self.n_shape
        columns = [value, *(value * first[:, j] for j in range(p))]
        columns += [value * (second[:, j, k] + first[:, j] * first[:, k]) for j, k in second_pairs(p)]
        return np.stack(columns, axis=2)

    def logarithm(self, kind, t):
        """(log of the "flux", "eflux" or "dnde" over the band (n,), its first (n, p) and second (n, p, p) derivatives).

        Relative to what it is at t = 0.

        Parameters
        ----------
        kind : "flux", "eflux" or "dnde"
        t : float array (n, p), shape coordinates
        """
        value, first, second = self._with_derivatives(kind, t)
        zero = self._values[kind](self._overrides(np.zeros((1, self.n_shape))))
        return np.log(value[:, 0] / zero[0, 0]), first[:, :, 0], second[:, :, :, 0]

    def _with_derivatives(self, kind, t):
        """(values (n, m), and of their logarithm the first (n, p, m) and second (n, p, p, m) derivatives)."""
        n, p = t.shape
        # Differences are taken inside the bounds, and carried back by the parabola through them.
        middle = np.clip(t, self.low + STEP, self.high - STEP)
        steps = STEP * np.eye(p)
        pairs = [(j, k) for j, k in second_pairs(p) if j < k]
        mixed = [steps[j] + steps[k] for j, k in pairs]
        shifts = np.array([np.zeros(p), *steps, *-steps, *mixed, *(-each for each in mixed)]).reshape(-1, p)
        points = (middle + shifts[:, None, :]).reshape(-1, p)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
            values = self._values[kind](self._overrides(points)).reshape(len(shifts), n, -1)
            logs = np.log(values)
            # A bin whose flux is nothing has no slope that matters.
            logs = np.where(np.isfinite(logs).all(axis=0), logs, 0.0)
        above, below = logs[1 : 1 + p], logs[1 + p : 1 + 2 * p]
        first = (above - below) / (2 * STEP)
        second = np.empty((p, p, *logs.shape[1:]))
        for j in range(p):
            second[j, j] = (above[j] - 2 * logs[0] + below[j]) / STEP**2
        for number, (j, k) in enumerate(pairs, start=1 + 2 * p):
            corner = logs[number] + logs[number + len(pairs)] - above[j] - above[k] - below[j] - below[k]
            second[j, k] = second[k, j] = (corner + 2 * logs[0]) / (2 * STEP**2)
        away = (t - middle).T[:, :, None]
        bent = np.einsum("jknm,knm->jnm", second, away + np.zeros_like(first))
        value = values[0] * np.exp(np.sum((first + 0.5 * bent) * away, axis=0))
        first = first + bent
        return value, first.transpose(1, 0, 2), second.transpose(2, 0, 1, 3)

    def _overrides(self, t):
        values = self.parameters(t)
        return {name: values[:, k, None] for k, name in enumerate(self.names)}

    def _scale(self, k, low, high):
        """The change of a parameter that changes the logarithm of the spectrum by about 1 across the band."""
        energy, name, value = np.geomspace(self.e_min, self.e_max, 9), self.names[k], self.center[k]
        step = 1e-4 * (abs(value) or 1.0)
        below, above = max(value - step, low), min(value + step, high)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            ends = [np.log(self.spectrum.dnde(energy, **{name: end})) for end in (above, below)]
            change = np.std((ends[0] - ends[1]) / (above - below))
        if not (np.isfinite(change) and change > 1e-6 / (abs(value) or 1.0)):
            raise InputError(
                f"free has '{name}', which does not change the shape of the spectrum from {self.e_min:g} to "
                f"{self.e_max:g} TeV; wanted are parameters that do."
            )
        return min(1 / change, 0.5 * (high - low))


def _integrals_over(nodes, spectrum, names):
    """Function of overrides to the fluxes (n, n_true) of the bins of true energy."""
    if nodes.spectrum is None:
        return _Integrals(spectrum, nodes.edges, 0, names)
    return partial(nodes.fluxes, spectrum)


class _Integrals:
    """Integrals of E^power dN/dE over energy bins for many sets of parameters: `integrals(overrides)` -> (n, n_bins).

    By the model's own formula; without one, at the nodes of a rule that is enough for spectra that are smooth between
    their kinks, unless one of these is free.
    """

    def __init__(self, spectrum, edges, power, names):
        self.edges = edges
        self._exact = spectrum.energy_flux_bins if power else spectrum.photon_flux
        own = spectrum.evaluate_energy_flux if power else spectrum.evaluate_integral
        self._by_nodes = own is None and not set(spectrum.break_names) & set(names)
        if self._by_nodes:
            self._spectrum = spectrum
            values = spectrum.internal_values()
            kinks = [values[name] for name in spectrum.break_names]
            inside = np.concatenate([spectrum.table_energies, kinks])
            inside = inside[(inside > edges[0]) & (inside < edges[-1])]
            points = np.union1d(edges, inside)
            pieces = [_rule(low, high) for low, high in pairwise(np.log(points))]
            place, weight = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
            self._energy = np.exp(place)
            self._weight = weight * self._energy ** (1 + power)
            self._first = np.searchsorted(self._energy, edges[:-1])

    def __call__(self, overrides):
        if not self._by_nodes:
            return self._exact(self.edges, **overrides)
        values = self._spectrum.dnde(self._energy, **overrides)
        return np.add.reduceat(values.reshape(-1, len(self._energy)) * self._weight, self._first, axis=1)


def _rule(low, high):
    """(places, weights) of a sum that is the integral over log energy from low to high."""
    width = high - low
    nodes, weights = FEW if width < NARROW else (NODES, WEIGHTS)
    panels = max(1, int(np.ceil(width / PANEL_WIDTH)))
    place = (np.arange(panels)[:, None] + 0.5 * (nodes + 1)).ravel() / panels
    return low + width * place, np.tile(0.5 * weights, panels) * (width / panels)
