"""Periods over rows: the periodogram of Lomb and Scargle, with what the rows' likelihoods say of their noise."""

import astropy.units as u
import numpy as np
from astropy.table import QTable

from tevcurve.errors import InputError
from tevcurve.kernels.sinusoids import mean_waves
from tevcurve.lightcurve.variability.chances import Test, among, chance_of
from tevcurve.lightcurve.variability.frequencies import check_number, frequencies_in_hz, frequencies_of
from tevcurve.lightcurve.variability.period_noise import GAUSSIAN, WhiteNoise, is_red
from tevcurve.lightcurve.variability.period_records import Periodogram, highest, period_unit
from tevcurve.lightcurve.variability.power_spectrum import check_process
from tevcurve.lightcurve.variability.red_period_noise import RedNoise
from tevcurve.lightcurve.variability.rows import rows_of

NOISES = {"red": RedNoise, "white": WhiteNoise}
LEAST_ROWS = 5
# Of what a sinusoid at the highest gives there: peaks with less are no aliases, and the most that are told.
LEAST_SHARE, MOST_ALIASES = 0.2, 30
# Numbers that are held at once.
_AT_ONCE = 4_000_000


def lomb_scargle(
    light_curve, frequencies=None, noise="red", band=None, n_toys=1000, random_state=0, process=None
):
    """A `Periodogram`: what a sinusoid gains at each frequency, of the rows of a light curve.

    Values are the scores of the rows' likelihoods at the constant flux, over the information that the rows expect, so
    that limits and empty rows count for what they are, at few counts too. With white noise it is the generalised
    periodogram of these (Zechmeister & Kuerster 2009, A&A 496, 577; for point-like rows that of astropy's
    `LombScargle`), and toys are of a constant source. Sinusoids are averaged over the good time of each row.

    With red noise, a log-normal process of the flux is fitted (`timing.power_spectrum`), and the log of the ratio of
    likelihoods is asked for of this process with a sinusoid in the log flux and without, each time with the power
    spectrum that is best. Toys are of the process, each with a power spectrum that the rows allow. The chance is that
    of the highest of all frequencies, by toys; `p_asymptotic` is the bound of Baluev (2008, MNRAS 385, 1279), or of
    independent frequencies where that is less. Toys of rows whose counts are not at hand have Gaussian errors.

    A chance by white noise is not told of rows that are better described by the process: in red noise without a period
    it would be small for every light curve. Peaks may be aliases by the times of the rows: see `aliases`. Times are as
    recorded, not brought to the barycentre.

    Parameters
    ----------
    light_curve : `LightCurve`
    frequencies : Quantity (m,), one over time; default: periods from the span to two rows, 5 in one over the span
    noise : str, "red" or "white"
    band : int, number of the energy band; needed where there are several
    n_toys : int, the most toys; 0 for the formula
    random_state : int seed or numpy Generator
    process : `PowerSpectrum` of the same rows where it is at hand; default: it is fitted

    Raises `InputError` for another noise, frequencies that are none or too many, and for rows that do not follow each
    other in time, say nothing of a constant flux, or have none above 0 where the noise is red, and for a process of
    other rows.
    """
    if noise not in tuple(NOISES):
        raise InputError(f"noise is {noise!r}; wanted is 'red' or 'white'.")
    rows = rows_of(light_curve, band, least=LEAST_ROWS)
    rows.check_order()
    if process is not None:
        check_process(process, rows)
    return periodogram_of(rows, frequencies, noise, n_toys, random_state, process)


def periodogram_of(
    rows, frequencies=None, noise="red", n_toys=1000, random_state=0, process=None, is_asked=True
):
    """The `Periodogram` of some `Rows`.

    Parameters
    ----------
    rows : `Rows`
    frequencies, noise, n_toys, random_state, process : of `lomb_scargle`
    is_asked : bool, whether white noise is asked for its right to be told; not where it is known to be that
    """
    frequency, unit, notes = _frequencies(rows, frequencies)
    rng = np.random.default_rng(random_state)
    kind = NOISES[noise].of(rows, rng, process)
    sinusoids = kind.sinusoids(_waves(rows, frequency))
    values = kind.values(rows.fits)
    power = sinusoids.gain(values)[0]
    test = Test(
        lambda drawn: _highest_of(sinusoids, drawn, len(frequency)),
        lambda value: bound(rows, frequency, value),
        has_tail=noise == "white",
    )
    hidden = noise == "white" and is_asked and is_red(rows, process)
    found = chance_of(values, test, kind.draw, 0 if hidden else n_toys, rng)
    if hidden:
        found.fields.update(p_value=np.nan, p_asymptotic=np.nan, p_is_limit=False)
        notes.append("no chance by white noise is told, as a process of red noise describes the rows better")
    else:
        notes += _notes_of_chance(rows, noise, n_toys)
    if rows.unknown is not None and noise == "white":
        notes.append("the periodogram does not know of scales and systematic errors")
    top = highest(frequency, power, unit, found.values)
    beside = sinusoids.beside_best(values[0], int(np.argmax(power)))
    window, aliases = _aliases(beside, values[0], frequency, power, 1 / (rows.stop_s[-1] - rows.start_s[0]))
    return found.record(
        Periodogram,
        rows,
        notes,
        name=f"Lomb-Scargle periodogram, {noise} noise",
        symbol=r"$2\,\Delta\ln L$ of a sinusoid" if noise == "red" else r"$\Delta\chi^2$ of a sinusoid",
        noise=noise,
        window=window,
        aliases=_table(aliases, frequency, power, window, unit),
        **top,
    )


def _waves(rows, frequency):
    """Means of cosines and sines over the good time of `Rows`, float array (2, m, n_rows)."""
    pieces = rows.pieces
    return mean_waves(frequency, (pieces.start_s, pieces.stop_s), pieces.row, pieces.weight, rows.n)


def _notes_of_chance(rows, noise, n_toys):
    """What is to be said of the chance, a list of str."""
    if n_toys:
        return [GAUSSIAN] if rows.maker is None else []
    notes = ["some rows have few counts, where the bound is rough"] if rows.few.any() else []
    return notes + (["the bound does not know what the choice of a process adds"] if noise == "red" else [])


def _frequencies(rows, frequencies):
    """(frequencies in Hz, the unit they are shown in, notes)."""
    if frequencies is None:
        found, notes = frequencies_of(rows)
        return found, 1 / u.d if found[-1] < 1e-4 else u.Hz, notes
    found = frequencies_in_hz(frequencies)
    check_number(len(found), rows.n)
    return found, u.Quantity(frequencies).unit, []


def _highest_of(sinusoids, values, m):
    """The highest gain of each light curve (n,), in portions that fit into memory. m: number of frequencies."""
    size = max(1, _AT_ONCE // m)
    parts = [sinusoids.gain(values[first : first + size]) for first in range(0, len(values), size)]
    return np.concatenate([part.max(axis=1) for part in parts])


def bound(rows, frequency, value):
    """An upper bound of the chance that white noise has such a gain, or more, at one of the frequencies.

    Parameters
    ----------
    rows : `Rows`
    frequency : float array (m,), Hz
    value : float, the gain in chi-square
    """
    from astropy.timeseries import LombScargle

    one = LombScargle(rows.middle_s, np.zeros(rows.n), np.sqrt(1 / rows.exposure), normalization="psd")
    baluev = one.false_alarm_probability(0.5 * value, method="baluev", maximum_frequency=frequency[-1])
    return float(min(baluev, among(len(frequency))(np.exp(-0.5 * value))))


def _aliases(sinusoids, values, frequency, power, width):
    """(share of the highest that a sinusoid there makes at each frequency, numbers of the peaks of it).

    width: float, Hz, of a peak; the others are sorted by their own gain.
    """
    best = int(np.argmax(power))
    share = sinusoids.gain(sinusoids.best(values, best)[None])[0]
    share = share / share[best] if share[best] > 0 else share
    inner = np.append(True, share[1:] >= share[:-1]) & np.append(share[:-1] > share[1:], True)
    apart = np.abs(frequency - frequency[best]) > width
    peaks = np.flatnonzero(inner & apart & (share >= LEAST_SHARE))
    return share, peaks[np.argsort(-power[peaks], kind="stable")][:MOST_ALIASES]


def _table(numbers, frequency, power, window, unit):
    """`QTable` of peaks."""
    shown = (frequency[numbers] * u.Hz).to(unit)
    period = (1 / shown).to(period_unit(unit))
    return QTable({"frequency": shown, "period": period, "power": power[numbers], "share": window[numbers]})
