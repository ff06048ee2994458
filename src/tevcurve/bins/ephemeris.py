"""When a periodic source is at which phase, and when its light would have come to the barycentre."""

from dataclasses import dataclass
from functools import cached_property

import astropy.units as u
import numpy as np
from astropy.constants import c as speed_of_light
from astropy.coordinates import EarthLocation, SkyCoord, get_body_barycentric
from astropy.time import Time

from tevcurve.bins.time_text import number_word, words_of_times
from tevcurve.errors import InputError
from tevcurve.leap_seconds import as_utc


@dataclass(frozen=True)
class Ephemeris:
    """A period or a frequency, how it changes, and when the phase is 0.

    epoch: `Time` of phase 0, when period and frequency hold. For barycentred times it is one at the barycentre.
    period: Quantity or string, such as "26.496 d"; or frequency: Quantity or string, such as "29.9 Hz".
    derivatives: of the period: (dP/dt,), without unit; of the frequency: (df/dt, d2f/dt2), Quantities or numbers in
        s-2 and s-3; empty for none.
    Raises InputError where an argument cannot be used.
    """

    epoch: Time
    period: u.Quantity | str | None = None
    frequency: u.Quantity | str | None = None
    derivatives: tuple = ()

    def __post_init__(self):
        if not isinstance(self.epoch, Time) or not self.epoch.isscalar:
            raise InputError(f"The epoch of the ephemeris is {self.epoch!r}; wanted is one Time.")
        if (self.period is None) == (self.frequency is None):
            raise InputError("An ephemeris needs a period or a frequency; wanted is one of them.")
        _frequencies_of(self)

    @cached_property
    def _frequencies(self):
        return _frequencies_of(self)

    def words(self):
        """The words for it in a text, dict of name to str: period or frequency, epoch, its scale, derivatives."""
        name, unit = ("period", "s") if self.frequency is None else ("frequency", "Hz")
        value = u.Quantity(getattr(self, name))
        # In its own unit, where that is one word, no digit changes.
        plain = value.unit.to_string() if value.unit.to_string().isalpha() else unit
        said = {
            name: f"{number_word(float(value.to_value(plain)))}{plain}",
            "epoch": words_of_times(self.epoch)[0],
        }
        given = self.derivatives if np.iterable(self.derivatives) else (self.derivatives,)
        units = ("",) if self.frequency is None else ("s-2", "s-3")
        if len(given):
            values = (_plain(each, unit) for each, unit in zip(given, units, strict=False))
            said["derivatives"] = ",".join(map(number_word, values))
        return said | {"scale": self.epoch.scale}

    def sentence(self):
        """What a person reads of it: period or frequency, derivatives and epoch, str."""
        name = "period" if self.frequency is None else "frequency"
        said = self.words()
        value, changes = u.Quantity(said[name]), said.get("derivatives", "")
        told = f" and derivatives {changes.replace(',', ', ')}" if changes else ""
        epoch = f"MJD {self.epoch.mjd:.12g} ({self.epoch.scale.upper()})"
        return f"{name} {value.value:.12g} {value.unit}{told}, phase 0 at {epoch}"

    def cycles(self, seconds):
        """Cycles since the epoch, float array (n,): their fraction is the phase. seconds: since the epoch."""
        first, second, third = self._frequencies
        return seconds * (first + seconds * (second / 2 + seconds * third / 6))

    def frequency_at(self, seconds):
        """Frequency (n,) in s-1. seconds: since the epoch."""
        first, second, third = self._frequencies
        return first + seconds * (second + seconds * third / 2)

    def phase(self, time):
        """Phase (n,), 0 <= phase < 1, of a `Time` at the place where the ephemeris holds. time: `Time` (n,)."""
        return self.cycles((time.tdb - self.epoch.tdb).sec) % 1.0


def _frequencies_of(ephemeris):
    """Frequency in s-1 and its first and second derivative; `InputError` for numbers that cannot be used."""
    period, frequency, given = ephemeris.period, ephemeris.frequency, ephemeris.derivatives
    derivatives = tuple(given) if np.iterable(given) else (given,)
    known = 1 if frequency is None else 2
    if len(derivatives) > known:
        raise InputError(f"The ephemeris has {len(derivatives)} derivatives; at most {known} can be used.")
    if frequency is None:
        period = _positive(period, "s", "period")
        change = _plain(derivatives[0], "") if derivatives else 0.0
        return 1 / period, -change / period**2, 2 * change**2 / period**3
    changes = [_plain(value, unit) for value, unit in zip(derivatives, ("s-2", "s-3"), strict=False)]
    return (_positive(frequency, "s-1", "frequency"), *changes, 0.0, 0.0)[:3]


def barycentric_delay(time, position, site=None):
    """How much later light comes to the barycentre of the solar system than to a site, float array (n,) in s.

    Parameters
    ----------
    time : `Time` (n,) at the site
    position : `SkyCoord` of the source
    site : `EarthLocation`; without one the centre of the Earth, which is up to 0.021 s off

    The Earth is where ERFA has it (5 km, or 15 microseconds), and turned by UTC instead of UT1 (2 microseconds), so
    that no table is needed. It is the way of the light alone: what gravity adds to it (Shapiro delay) is less than 0.12
    milliseconds.
    """
    earth = get_body_barycentric("earth", time, ephemeris="builtin").xyz.to_value(u.m)
    if site is not None:
        earth = earth + _site_in_gcrs(time, site)
    direction = position.icrs.represent_as("unitspherical").to_cartesian().xyz.value
    return np.tensordot(direction, earth, axes=1) / speed_of_light.to_value(u.m / u.s)


def _site_in_gcrs(time, site):
    """Position of a site from the Earth's centre (3, n), m, along the axes of the sky."""
    import erfa

    tt, utc = time.tt, as_utc(time)
    matrix = erfa.c2t00b(tt.jd1, tt.jd2, utc.jd1, utc.jd2, 0.0, 0.0)
    here = np.array([axis.to_value(u.m) for axis in site.geocentric])
    return np.moveaxis(np.einsum("...ji,j->...i", matrix, here), -1, 0)


def _plain(value, unit):
    try:
        number = value.to_value(unit) if isinstance(value, u.Quantity) else float(value)
    except (TypeError, ValueError, u.UnitConversionError) as error:
        raise InputError(
            f"A derivative of the ephemeris is {value!r}; wanted is one in {unit or 's/s'}."
        ) from error
    return float(number)


def _positive(value, unit, name):
    try:
        number = u.Quantity(value).to_value(unit)
    except (TypeError, ValueError) as error:
        wanted = "a duration with its unit, such as '3.906 d'" if unit == u.s else f"one in {unit}"
        raise InputError(f"The {name} of the ephemeris is {value!r}; wanted is {wanted}.") from error
    if np.ndim(number) or not np.isfinite(number) or number <= 0:
        raise InputError(f"The {name} of the ephemeris is {value!r}; wanted is one above 0.")
    return float(number)


def check_sky(position, site):
    """Raises InputError unless position is one `SkyCoord` and site an `EarthLocation` or None.

    Parameters
    ----------
    position : `SkyCoord` of the source, or what came
    site : `EarthLocation`, None, or what came
    """
    if not isinstance(position, SkyCoord) or not position.isscalar:
        raise InputError(f"The position is {position!r}; wanted for barycentred times is one SkyCoord.")
    if site is not None and not isinstance(site, EarthLocation):
        raise InputError(f"The site is {site!r}; wanted is an EarthLocation.")
