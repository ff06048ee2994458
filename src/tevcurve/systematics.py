"""What is not known of instruments and their light: scales between them, and systematic errors with laws.

A nuisance parameter acts on the pieces of rows (a run's part of a row). Which one acts on which piece is a *law*: one
for each run, night, period or instrument, or one for all. What it does is an *effect*: it scales the flux that a piece
sees, or the background there, or the energies. Words are those of the field: a `sigma` is a Gaussian prior's, in ln
(10 % is 0.10), and a shared `name` is a shared parameter, as pyhf and cabinetry have it.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any

import numpy as np

from tevcurve.errors import InputError
from tevcurve.records import short_repr

FLUX, BACKGROUND, ENERGY = "flux_scale", "background", "energy_scale"
EFFECTS = (FLUX, BACKGROUND, ENERGY)
# From what is new in each row to what is the same in all.
ROW, RUN, NIGHT, PERIOD, INSTRUMENT, ALL = "row", "run", "night", "period", "instrument", "all"
LAWS = (ROW, RUN, NIGHT, PERIOD, INSTRUMENT, ALL)
# Laws whose groups of two instruments are two, unless they are said to be shared.
APART = (NIGHT, PERIOD)
OVERLAP, CONSTANT = "overlap", "constant"
ORIGINS = (OVERLAP, CONSTANT)
# The prior of a scale of which nothing is known beforehand.
ANYTHING = "free"


@dataclass(frozen=True, kw_only=True)
class Systematic:
    """A systematic error: what it does, how large it is, and what has it in common.

    Attributes
    ----------
    effect : "flux_scale", "background" (its norm in 3D, alpha in 1D) or "energy_scale"
    sigma : float, standard deviation of its Gaussian prior, in ln: 0.10 for 10 %
    by : "row" (each run of each row has its own: what vanishes as bins get finer), "run", "night", "period",
        "instrument" or "all"
    name : str, what the parameter is called; effects of one name and law are of one parameter. Default: the effect
    shared : bool, whether nights and periods are those of all instruments together; else each has its own
    instruments : tuple of str, those that it acts on; () for all
    periods : tuple of float, MJD (TT), ascending: where one period ends and the next begins, for `by="period"`

    Raises `InputError` for what is none of these.
    """

    effect: str
    sigma: float
    by: str
    name: str = ""
    shared: bool = False
    instruments: tuple[str, ...] = ()
    periods: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        _check_choice("The effect", self.effect, EFFECTS)
        _check_choice("by", self.by, LAWS)
        sigma = positive_number(self.sigma, f"sigma of the systematic {self.effect}")
        periods = _numbers(self.periods)
        if periods is None or (self.by == PERIOD) != bool(periods) or list(periods) != sorted(set(periods)):
            raise InputError(
                f"periods of the systematic {self.effect} by {self.by} is {self.periods!r}; wanted are ascending MJD "
                "for by='period', and none otherwise."
            )
        if self.shared and self.by not in APART:
            raise InputError(
                f"shared is for nights and periods, and the systematic {self.effect} is by {self.by}; wanted is one of "
                "them."
            )
        instruments = (self.instruments,) if isinstance(self.instruments, str) else self.instruments
        for what, texts in (("name", (self.name,)), ("instruments", instruments)):
            if not isinstance(texts, Iterable) or not all(isinstance(text, str) for text in texts):
                raise InputError(
                    f"{what} of the systematic {self.effect} is {getattr(self, what)!r}; wanted are texts."
                )
        values = {
            "sigma": sigma,
            "name": self.name or self.effect,
            "shared": bool(self.shared),
            "instruments": tuple(instruments),
            "periods": periods,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def acts_on(self, instrument: str) -> bool:
        """Whether it acts on an instrument. instrument: str, as its runs have it."""
        return not self.instruments or instrument in self.instruments

    def text(self) -> str:
        """Words for it, such as "flux_scale 0.1 by night"."""
        more = [f"called {self.name}"] if self.name != self.effect else []
        more += ["shared"] if self.shared else []
        more += [f"of {', '.join(self.instruments)}"] if self.instruments else []
        return ", ".join([f"{self.effect} {self.sigma:g} by {self.by}", *more])


@dataclass(frozen=True, kw_only=True)
class CrossCalibration:
    """That each instrument may see a flux times a scale of its own, and from what these scales are taken.

    Attributes
    ----------
    reference : str, the instrument whose scale is 1
    sigma : dict of the other instruments to "free", or the standard deviation of a Gaussian prior of ln(scale); those
        that are not named see the flux as it is
    from_ : "overlap", good time in which instruments observed simultaneously, or "constant", the hypothesis that the
        source does not vary

    Raises `InputError` for what is none of these.
    """

    reference: str
    sigma: dict[str, float | str]
    from_: str = OVERLAP

    def __post_init__(self) -> None:
        _check_choice("from of the cross-calibration", self.from_, ORIGINS)
        if not isinstance(self.sigma, Mapping) or not self.sigma:
            raise InputError(
                f"sigma of the cross-calibration is {self.sigma!r}; wanted is a dict of instruments to 'free' or a "
                "number."
            )
        if self.reference in self.sigma:
            raise InputError(
                f"{self.reference!r} is the reference of the cross-calibration, whose scale is 1, and has a scale too; "
                "wanted are those of the others."
            )
        sigma = {
            str(name): ANYTHING
            if value == ANYTHING
            else positive_number(value, f"sigma of the scale of {name}", or_else=f", or {ANYTHING!r}")
            for name, value in self.sigma.items()
        }
        object.__setattr__(self, "sigma", sigma)

    @property
    def names(self) -> tuple[str, ...]:
        """The instruments that have a scale, in order."""
        return tuple(self.sigma)

    def sigma_of(self, name: str) -> float:
        """Standard deviation of the prior of ln(scale) of an instrument that has one; inf where it is free.

        name: str, the instrument.
        """
        sigma = self.sigma[name]
        return np.inf if sigma == ANYTHING else float(sigma)

    def prior_sigma(self) -> np.ndarray:
        """Standard deviations of the priors of ln(scale), float array (n_scales,); inf where it is free."""
        return np.array([self.sigma_of(name) for name in self.sigma])


@dataclass(frozen=True, eq=False)
class Scales:
    """ln(scale) of instruments, settled for all rows.

    Attributes
    ----------
    names : tuple of str (n_scales,), the instruments
    log_scale : float array (n_scales,), what ln(flux seen) is above that of the reference
    covariance : float array (n_scales, n_scales), of these
    n_cells : int, cells of time that say it
    overlap_s : float array (n_scales,), s of good time of each in which another instrument observed too
    energies_tev : (low, high), TeV, of the energies that were one bin there
    """

    names: tuple[str, ...]
    log_scale: np.ndarray
    covariance: np.ndarray
    n_cells: int
    overlap_s: np.ndarray
    energies_tev: tuple[float, float] = (0.0, np.inf)

    __repr__ = short_repr

    @property
    def error(self) -> np.ndarray:
        """Standard deviations of `log_scale`, float array (n_scales,)."""
        return np.sqrt(np.diag(self.covariance))

    def correlation(self) -> np.ndarray:
        """Correlations of these, float array (n_scales, n_scales)."""
        return self.covariance / np.outer(self.error, self.error)

    def of(self, instrument: str) -> float:
        """ln(scale) of an instrument, 0 for the reference and those without. instrument: str."""
        return float(self.log_scale[self.names.index(instrument)]) if instrument in self.names else 0.0


@dataclass(frozen=True, eq=False)
class BackgroundNorms:
    """Norms of 3D backgrounds that many rows have in common, settled for all rows.

    Attributes
    ----------
    names : tuple of str (n_groups,), the groups of the law
    norm, error : float arrays (n_groups,)
    """

    names: tuple[str, ...]
    norm: np.ndarray
    error: np.ndarray

    __repr__ = short_repr


@dataclass(frozen=True, eq=False)
class Systematics:
    """All that is not known and acts on many rows, with what of it is settled.

    Attributes
    ----------
    effects : tuple of `Systematic`
    calibration : `CrossCalibration`, or None
    scales : `Scales`, None before these are settled or without a `calibration`
    norms : `BackgroundNorms`, None before these are settled or where there is nothing to settle
    night_lon_rad : float, longitude to the east whose noons divide the nights of all instruments together, radian;
        None: gaps of 6 h without good time do
    sites : dict of instruments to the longitude to the east, radian, whose noons divide the nights of each
    """

    effects: tuple[Systematic, ...] = ()
    calibration: CrossCalibration | None = None
    scales: Scales | None = None
    norms: BackgroundNorms | None = None
    night_lon_rad: float | None = None
    sites: dict[str, float] = field(default_factory=dict)

    __repr__ = short_repr

    def __bool__(self) -> bool:
        return bool(self.effects) or self.calibration is not None

    @property
    def joins_instruments(self) -> bool:
        """Whether a row may have runs of several instruments."""
        return self.calibration is not None

    @property
    def is_unsettled(self) -> bool:
        """Whether scales of instruments are to be settled for all rows and are not yet."""
        return self.calibration is not None and self.scales is None

    def at_longitude(self, lon_rad: float) -> "Systematics":
        """The same with nights from noon to noon at a place. lon_rad: its longitude to the east, radian."""
        return replace(self, night_lon_rad=lon_rad)

    def longitude_of(self, instrument: str, shared: bool = False) -> float | None:
        """The longitude to the east, radian, whose noons divide the nights of an instrument; None for gaps.

        Parameters
        ----------
        instrument : str, as its runs have it
        shared : bool, whether nights are those of all instruments together
        """
        if shared:
            return self.night_lon_rad
        return self.sites.get(instrument, self.night_lon_rad)

    def unsettled(self) -> "Systematics":
        """The same with nothing settled."""
        if self.scales is None and self.norms is None:
            return self
        return replace(self, scales=None, norms=None)

    def is_settled_as(self, other: "Systematics") -> bool:
        """Whether what is settled has the same numbers, to the last digit, as that of another one.

        other: `Systematics` of the same effects and calibration, of some of the runs: there may be more norms now.
        """
        return _have_same_numbers(self.scales, other.scales) and _keep_numbers(self.norms, other.norms)


def _have_same_numbers(one: Any, other: Any) -> bool:
    """Whether two records of one class, or None, have the same names and arrays."""
    if one is None or other is None:
        return one is other
    return all(np.array_equal(value, getattr(other, name)) for name, value in vars(one).items())


def _keep_numbers(norms: BackgroundNorms | None, of_some: BackgroundNorms | None) -> bool:
    """Whether the norms of some groups are among those of more as they are."""
    if norms is None or of_some is None:
        return norms is of_some
    place = {name: number for number, name in enumerate(norms.names)}
    if not place.keys() >= set(of_some.names):
        return False
    number = np.array([place[name] for name in of_some.names], dtype=int)
    pairs = (norms.norm, of_some.norm), (norms.error, of_some.error)
    return all(np.array_equal(all_[number], some) for all_, some in pairs)


NONE = Systematics()


def _numbers(values: Any) -> tuple[float, ...] | None:
    """A tuple of floats; None for what is none."""
    try:
        return tuple(float(value) for value in values)
    except (TypeError, ValueError):
        return None


def positive_number(value: Any, what: str, or_else: str = "") -> float:
    """A float above 0. Raises `InputError`.

    Parameters
    ----------
    value : number
    what : str, what it is called in the message
    or_else : str, what else is wanted there
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not (math.isfinite(value) and value > 0):
        raise InputError(f"{what} is {value!r}; wanted is a number above 0{or_else}.")
    return float(value)


def _check_choice(what: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InputError(f"{what} is {value!r}; wanted is one of {', '.join(choices)}.")
