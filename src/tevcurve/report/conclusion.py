"""What the page says first: the light curve in one sentence, and then what is limited or failed."""

from dataclasses import dataclass

import numpy as np

from tevcurve.lightcurve.columns import TITLES
from tevcurve.lightcurve.fitted_energies import extrapolation_words
from tevcurve.lightcurve.selection import bins_of_rows
from tevcurve.report import words
from tevcurve.rounding import decimals_of

MAX_REASONS = 6
# What of the model is said at a glance, besides the spectrum: keys of the metadata and their names.
BESIDE = {
    "shape": "Shape",
    "other_sources": "Other sources",
    "time_bins_beside": "Bins are",
    "reference_instrument": "Fluxes as seen by",
}


@dataclass(frozen=True)
class Conclusion:
    """The beginning of the page.

    Attributes
    ----------
    title, sentence : str
    facts : list of (name, text), what a person looks for at a glance
    limitations : list of str, sentences
    """

    title: str
    sentence: str
    facts: list
    limitations: list


def conclude(light_curve, rows, variability, missing):
    """The `Conclusion` of a light curve.

    Parameters
    ----------
    light_curve : `LightCurve`
    rows : `ReportRows` of it
    variability : list of (name of the band, `VariabilitySummary` or None, sentence why there is none)
    missing : list of str, sentences about parts that the page has not
    """
    source = str(light_curve.meta.get("source") or "the source")
    verdict = _verdict(variability)
    if not len(rows):
        return Conclusion(source, f"The light curve of {source} has no rows.", [], missing)
    overlapping = bool(light_curve.meta.get("overlapping"))
    span, livetime, mean = _span(rows), _livetime(light_curve, rows, overlapping), _mean(rows, overlapping)
    sentence = f"{source[:1].upper()}{source[1:]} was observed {span}"
    sentence += f", with {livetime[1]} of {livetime[0].lower()}{livetime[2]}" if livetime else ""
    sentence += f". {mean}" if mean else "."
    n_bins = f"{words.count(len(rows), 'row')}"
    n_bins += f" of {words.listing(list(dict.fromkeys(rows.instruments)))}" if rows.of_several else ""
    n_bins += f" of {', '.join(light_curve.instruments)} together" if rows.marks != [""] else ""
    n_bins += f" in {rows.n_bands} energy bands" if rows.n_bands > 1 else ""
    facts = [
        ("Rows", n_bins),
        ("Time span", _days(rows)),
        (livetime[0], livetime[1] + livetime[2]) if livetime else ("Live time", "unknown"),
    ]
    facts += [("Energies", _energies(rows))] if rows.bands[0] else []
    facts += words.bins_facts(light_curve.meta)
    facts += [(name, str(light_curve.meta[key])) for key, name in BESIDE.items() if light_curve.meta.get(key)]
    limits = _limitations(light_curve, rows, overlapping) + missing
    verdict = verdict.replace("p = ", f"p{words.HELD}={words.HELD}").replace(
        "p < ", f"p{words.HELD}<{words.HELD}"
    )
    return Conclusion(source, f"{sentence} {verdict}", facts, limits)


def _span(rows):
    """From when to when, in words."""
    if rows.start_ms is None:
        return f"from MJD {rows.start.min():.5f} to {rows.stop.max():.5f} ({rows.scale})"
    first, last = words.utc_text(rows.start_ms.min())[:-3], words.utc_text(rows.stop_ms.max())[:-3]
    return f"from {first} to {last[11:] if first[:10] == last[:10] else last} UTC"


def _days(rows):
    return f"MJD {rows.start.min():.5f} to {rows.stop.max():.5f} ({rows.scale})"


def _energies(rows):
    edges = [edge for band in rows.bands for edge in band]
    return words.band_text((min(edges), max(edges)))


def _livetime(light_curve, rows, overlapping):
    """("Live time", how much, in how many runs) in words; good time where rows share time, and None if unknown."""
    seconds = None if light_curve.ledger is None else light_curve.ledger.seconds
    runs = f" in {words.count(int(np.sum(seconds['used'] > 0)), 'run')}" if seconds is not None else ""
    if overlapping:
        return (
            None if seconds is None else ("Good time", words.duration(float(np.sum(seconds["used"]))), runs)
        )
    # Bands may rest on different runs; a time bin has what its fullest band has.
    first = np.flatnonzero(np.diff(bins_of_rows(light_curve.table), prepend=-1))
    livetime = np.fmax.reduceat(rows.livetime, first)
    return (
        ("Live time", words.duration(float(np.nansum(livetime))), runs)
        if np.isfinite(livetime).any()
        else None
    )


def _mean(rows, overlapping):
    """A sentence with the mean of each band over live time, "" where there is none."""
    means = []
    for number, band in enumerate(rows.bands):
        chosen = (rows.band == number) & np.isfinite(rows.value) & (rows.livetime > 0)
        if not chosen.any():
            continue
        weight = rows.livetime[chosen] / rows.livetime[chosen].sum()
        mean = float(np.sum(weight * rows.value[chosen]))
        # a flux at its bound has no error downwards
        error = float(np.sqrt(np.sum((weight * np.fmax(rows.errn, rows.errp)[chosen]) ** 2)))
        decimals = decimals_of(error if np.isfinite(error) else mean)
        text = words.fixed(mean, decimals)
        if np.isfinite(error) and not overlapping:
            text = f"({text} ± {words.fixed(error, decimals)})"
        unit = rows.unit.replace(" ", words.HELD)
        times = f" {words.TIMES}{words.HELD}{unit}" if rows.exponent else f" {unit}"
        energies = f" between {words.band_text(band).replace(words.DASH, ' and ')}" if band else ""
        energies += f" with {rows.instruments[number]}" if rows.of_several else ""
        means.append(f"{text.replace(' ', words.HELD)}{times}".rstrip() + energies)
    if not means:
        return ""
    name = TITLES[rows.quantity]
    means = f"{', '.join(means[:-1])} and {means[-1]}" if len(means) > 1 else means[0]
    which = " (errors without systematic ones)" if rows.has_total.any() and not overlapping else ""
    return f"Its mean {name if name.startswith('E²') else name.lower()} was {means}{which}."


def _verdict(variability):
    """The verdict of the band in which the least agrees with a constant flux; it counts all bands as trials."""
    told = [
        (summary.p_value, name, summary.verdict) for name, summary, _ in variability if summary is not None
    ]
    if not told:
        return "Whether it varied is not known."
    _, name, verdict = min(told)
    return f"{verdict.removesuffix('.')}; least constant: {name}." if len(told) > 1 else verdict


def _limitations(light_curve, rows, overlapping):
    """Sentences: runs that failed or are odd, rows without a value or with a remark, time that is not used."""
    said = []
    ledger, meta = light_curve.ledger, light_curve.meta
    failed = list(getattr(ledger, "failed", ()))
    odd = list(getattr(ledger, "warnings", ()))
    names = ledger.run_names() if failed or odd else {}
    if failed:
        runs = words.count(len(failed), "run is", "runs are")
        said.append(
            f"{runs} left out ({words.listing([names[one.run_id] for one in failed])}); the reasons stand under Runs."
        )
    if odd:
        runs = words.listing(list(dict.fromkeys(names[one.run_id] for one in odd)))
        said.append(f"Something is odd with runs that are used ({runs}); see under Runs.")
    if words_of_energies := extrapolation_words(light_curve.table):
        said.append(f"{words_of_energies}; their marks are hollow.")
    said += _of_rows(rows)
    if ledger is not None and len(ledger.seconds):
        said += ledger.subsystems(only_mixed=True)
        lost = float(np.sum(ledger.seconds["outside the time bins"]))
        if lost > 0.05:
            total = float(np.sum(ledger.seconds["total"]))
            said.append(f"{lost:.1f} s of {total:.1f} s of good time lie outside the time bins.")
    if overlapping:
        said.append("The time bins overlap, so neighbouring rows share events and are not independent.")
    if meta.get("bins_on_events"):
        said.append(
            "The time bins were chosen on the events, so chances of variability are no longer as stated."
        )
    if meta.get("time_bins_note"):
        said.append(f"Time bins: {meta['time_bins_note']}.")
    return said


def _of_rows(rows):
    """Sentences about rows that are limits, or that have something to tell."""
    said, n = [], len(rows)
    if rows.is_limit.any():
        level = f" ({rows.level} confidence)" if rows.level else ""
        said.append(
            f"{int(rows.is_limit.sum())} of {words.count(n, 'row')} have a TS below 4 or no flux above zero and are "
            f"drawn as upper limits{level}."
        )
    if rows.has_total.any():
        said.append(
            "Pale bars and upper limits in the figure are with systematic errors, as are what the table calls total."
        )
    empty = int(np.sum(~np.isfinite(rows.value) & ~rows.is_limit))
    if empty:
        said.append(f"{empty} of {words.count(n, 'row')} have neither a value nor a limit and are not drawn.")
    groups = {}
    for number, told in enumerate(zip(rows.status, rows.reason, strict=True), start=1):
        if told[0] not in ("ok", "") or told[1]:
            groups.setdefault(told, []).append(number)
    for (status, reason), numbers in list(groups.items())[:MAX_REASONS]:
        which = f"row{'' if len(numbers) == 1 else 's'} {words.listing(numbers)}"
        said.append(
            f"{status}: {reason or 'no reason is given'} ({which})."
            if status not in ("ok", "")
            else f"{reason[:1].upper()}{reason[1:]} ({which})."
        )
    if len(groups) > MAX_REASONS:
        further = words.count(len(groups) - MAX_REASONS, "further remark stands", "further remarks stand")
        said.append(f"{further} in the table.")
    n_bound = sum(status == "at_bound" for status in rows.status)
    if n_bound:
        said.append(
            f"{n_bound} of {words.count(n, 'row')} are at the lowest flux that leaves every prediction above zero, "
            "which is the closer to zero the fewer events there are: their mean is too high."
        )
    if "at_zero" in rows.status:
        said.append(
            "Rows at the bound of zero flux count as zero in the mean, which is then a little too high."
        )
    return said
