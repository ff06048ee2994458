"""Several questions in the domain of time at once: what the command line asks, and what it prints."""

import inspect
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tevcurve.errors import InputError
from tevcurve.lightcurve.plots.rows import bands_of
from tevcurve.lightcurve.plots.timing import plot_timing
from tevcurve.lightcurve.variability.power_spectrum import POWER_LAW
from tevcurve.lightcurve.variability.records import VariabilityResult
from tevcurve.lightcurve.variability.timing import FREQUENCIES, METHODS, PAIR
from tevcurve.near_names import meant
from tevcurve.on_demand import found_at

# Options of most methods; who gives another one asks for the methods that have it.
COMMON = {"band", "n_toys", "random_state"}


@dataclass(frozen=True, eq=False, repr=False)
class TimingTests:
    """What some methods of `light_curve.timing` say.

    Attributes
    ----------
    light_curve : `LightCurve`
    results : dict of name of the method to its record
    left_out : dict of name to the sentence why there is none
    band : int, number of the energy band; None where there is one
    """

    light_curve: Any
    results: dict
    left_out: dict = field(default_factory=dict)
    band: int | None = None

    @property
    def title(self):
        """The first line of what is printed."""
        source = self.light_curve.meta.get("source") or "the source"
        bands = [band for band in bands_of(self.light_curve.table) if band is not None]
        if len(bands) > 1 and self.band is None:
            return f"Time domain of {source}"
        return f"Time domain of {source}" + "".join(
            f", {band[0]:.4g}-{band[1]:.4g} TeV" for band in bands[self.band or 0 :][:1]
        )

    def plot(self):
        """List of the axes of a new figure, with what each result draws."""
        rows = list(bands_of(self.light_curve.table).values())[self.band or 0]
        return plot_timing(self.results, METHODS, self.light_curve, rows)

    def __str__(self):
        shown = [_shown(result) for result in self.results.values()]
        told = Counter(note for _, _, notes in shown for note in notes)
        lines = [self.title]
        for title, words, notes in shown:
            own = "; ".join(note for note in notes if told[note] == 1)
            words = words | ({"note": f"{own}."} if own else {})
            lines += ["", title, *(f"  {name + ':':<11}{text}" for name, text in words.items() if text)]
        common = [f"Note: {note}." for note, number in told.items() if number > 1]
        lines += ["", *common] if common else []
        for sentence in dict.fromkeys(self.left_out.values()):
            names = ", ".join(name for name, why in self.left_out.items() if why == sentence)
            lines += ["", f"Left out, {names}: {sentence}"]
        return "\n".join(lines)

    __repr__ = __str__


def timing_tests(light_curve, names=None, **options):
    """The `TimingTests` of a light curve.

    Where no names are given, they are those that say something of every light curve, in seconds: the power spectrum,
    periods over rows, Gregory & Loredo, and the lag where there are two series.

    Parameters
    ----------
    light_curve : `LightCurve`
    names : list of str, methods of `light_curve.timing`
    options : keywords of these methods; each is given those that it has, and None stands for its default

    Raises `InputError` for a name or an option that is none, for one that no chosen method has, where a method that
    was asked for by an option of its own has no result, and where there is no result at all.
    """
    given = {name: value for name, value in options.items() if value is not None}
    taken = {name: _keywords(name, given) for name in _chosen(light_curve, names, given)}
    _check_taken(given, taken)
    results, left_out = {}, {}
    for name, keywords in taken.items():
        is_asked = bool(names) or bool(set(keywords) - COMMON)
        least, n = METHODS[name].least_rows, _n_rows(light_curve, given)
        if not is_asked and n < least:
            left_out[name] = f"{n} rows are too few to be asked without being named; wanted are {least}."
            continue
        try:
            results[name] = _asked(light_curve, name, keywords | _process(name, results))
        except InputError as error:
            if is_asked and not names:
                raise
            left_out[name] = str(error)
    if not results:
        raise InputError(" ".join(dict.fromkeys(left_out.values())))
    return TimingTests(light_curve, results, left_out, given.get("band"))


def _n_rows(light_curve, given):
    """Rows of a band, int. given: dict of options."""
    bands = list(bands_of(light_curve.table).values())
    return len(bands[band]) if (band := given.get("band", 0)) in range(len(bands)) else len(light_curve.table)


def _chosen(light_curve, names, given):
    """Names of methods, list in the order of the table. given: dict of options."""
    for name in names or ():
        if name not in METHODS:
            raise InputError(f"There is no test {name!r} of the time domain; {meant(name, METHODS)}")
    if names:
        return [name for name in METHODS if name in names]
    has_pair = {"other", "bands"} & set(given) or len(bands_of(light_curve.table)) == 2
    return [name for name, each in METHODS.items() if each.is_first and (has_pair or each.needs != PAIR)]


def _keywords(name, given):
    """The options that a method has, dict; a band is that of the light curve in a pair, too."""
    known = inspect.signature(found_at(METHODS[name].place)).parameters
    found = {key: value for key, value in given.items() if key in known}
    if METHODS[name].needs == PAIR and "band" in given and "other" in given:
        found = {"bands": (given["band"], None)} | found
    return found


def _check_taken(given, taken):
    """Raises `InputError` for an option that no method takes. taken: dict of name to its keywords."""
    for key in given:
        is_taken = any(key in keywords for keywords in taken.values())
        if is_taken or (key == "band" and any("bands" in keywords for keywords in taken.values())):
            continue
        able = [name for name in METHODS if key in _keywords(name, given)]
        if not able:
            raise InputError(f"{key} is no option of any test of the time domain.")
        raise InputError(f"{key} is for {' and '.join(able)}; asked was for {', '.join(taken)}.")


def _process(name, results):
    """The power spectrum that a method would fit anew, as its keyword, dict; empty where there is none.

    Parameters
    ----------
    name : str, of the method
    results : dict of name to record, of the methods before it
    """
    spectrum = results.get("power_spectrum")
    is_wanted = "process" in inspect.signature(found_at(METHODS[name].place)).parameters
    return {"process": spectrum} if is_wanted and spectrum is not None and spectrum.model == POWER_LAW else {}


def _asked(light_curve, name, keywords):
    """The record of a method."""
    if METHODS[name].needs == FREQUENCIES and "frequencies" not in keywords:
        raise InputError(f"{name} needs frequencies, such as 'linspace(0.1 Hz, 10 Hz, 2000)'.")
    return getattr(light_curve.timing, name)(**keywords)


def _shown(result):
    """(title, dict of heading to words, list of notes) of a record."""
    if isinstance(result, VariabilityResult):
        words = {"value": result.measured(), "chance": result.chance(), "aliases": _aliases(result)}
        return result.name, words, _sentences(result.note)
    words = result._words()
    title = str(result).splitlines()[0]
    return title, {name: text for name, text in words.items() if name != "note"}, _sentences(words["note"])


def _sentences(note):
    """The notes (list) in the one of a record."""
    return [each for each in note.rstrip(".").split("; ") if each]


def _aliases(result):
    """The aliases of the highest of a periodogram in words, "" where there are none."""
    aliases = getattr(result, "aliases", None)
    if aliases is None or not len(aliases):
        return ""
    told = ", ".join(f"{each:.5g}" for each in aliases["period"].to_value("s")[:3])
    return f"{told} s" + (f" and {len(aliases) - 3} more" if len(aliases) > 3 else "")
