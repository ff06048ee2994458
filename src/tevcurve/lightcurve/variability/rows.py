"""The likelihoods of the rows of a light curve, of its runs or of its columns: what every test starts from."""

from dataclasses import replace
from functools import partial

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.files.columns import in_a_sentence
from tevcurve.fit.protocols import Drawable, EventView, Expectations
from tevcurve.kernels.numbering import members_of
from tevcurve.lightcurve.fitted_energies import energy_ranges, range_notes, ranges_of_table
from tevcurve.lightcurve.selection import bands_of_rows, rows_of_band, rows_of_instruments
from tevcurve.lightcurve.variability.column_profiles import at_bound, profile_of_columns
from tevcurve.lightcurve.variability.likelihood_rows import MOST_AT_BOUND, Pieces, Rows
from tevcurve.lightcurve.variability.not_known import not_known, raw_rows, refitted, table_notes
from tevcurve.lightcurve.variability.row_fits import RowFits

# What is asked of rows whose counts are at hand; others are known by their columns only.
DRAWN = Drawable, EventView, Expectations


def rows_of(light_curve, band=None, least=2, bounded=False):
    """The `Rows` of a band of a light curve.

    Parameters
    ----------
    light_curve : `LightCurve`
    band : int, number of the energy band, from 0; needed where there are several
    least : int, number of rows that are needed
    bounded : bool, whether fluxes may be held at zero

    Raises `InputError` where rows are of several instruments, bins share time, rows are too few, or fluxes are missing
    or bounded.
    """
    _check_instrument(light_curve)
    table, numbers = light_curve.table, _rows_of_band(light_curve.table, band)
    if light_curve.meta.get("overlapping"):
        raise InputError(
            "The time bins of the light curve overlap, and variability is tested on independent rows."
        )
    if hasattr(light_curve.origin, "rows"):
        rows = _from_origin(light_curve, light_curve.origin, numbers) if len(numbers) else None
    else:
        rows = _from_columns(light_curve, numbers, table_notes(table)) if len(numbers) else None
    if rows is None or rows.n < least:
        n = 0 if rows is None else rows.n
        raise InputError(
            f"Variability needs {least} rows or more with a flux; this light curve has {n} of {len(table)}."
        )
    if rows.maker is None and rows.n_at_bound > MOST_AT_BOUND * rows.n:
        remedy = (
            "make it with neighbours='once'"
            if rows.fits_more
            else "take the one that tevcurve.light_curve makes, or a result stored with its runs"
        )
        raise InputError(
            f"{rows.n_at_bound} of {rows.n} fluxes of this light curve are at the lowest value that leaves every "
            f"prediction above zero, where chances are of toys, and {rows.why_no_toys}; {remedy}, or longer time bins."
        )
    if rows.n_bounded and not bounded:
        raise InputError(
            f"{rows.n_bounded} fluxes of this light curve are held at zero, which makes a faint source look variable; "
            "make it with negative=True, or do not take it from a file."
        )
    return rows


def _check_instrument(light_curve):
    """Raises `InputError` where rows are of several instruments."""
    names = list(rows_of_instruments(light_curve.table))
    if len(names) > 1:
        raise InputError(
            f"The rows are of {in_a_sentence(names)}, and no factor between their fluxes is known, so variability is "
            f"that of one: light_curve.of_instrument({names[-1]!r}), or --instrument on the command line."
        )


def _rows_of_band(table, band):
    """Numbers of the rows of a band."""
    n_bands, _ = bands_of_rows(table)
    if band is None and n_bands > 1:
        raise InputError(
            f"The light curve has {n_bands} energy bands, and each varies in its own way; wanted is the number of one, "
            f"band=0 to band={n_bands - 1}, or --band on the command line."
        )
    return rows_of_band(table, band or 0)


def _from_origin(light_curve, origin, numbers):
    """From the counts themselves."""
    joint, time_bins = origin.rows()
    n_rows, numbers = len(numbers), numbers[np.isin(numbers, joint.fitted)]
    if not len(numbers):
        raise InputError("No row of the light curve expects anything of the source, so nothing can vary.")
    start, stop = (edge[numbers // joint.n_bands] for edge in (time_bins.time_min, time_bins.time_max))
    reference = start[0]
    middle = (joint.cut.times(joint.exposure.time_mean[numbers], numbers // joint.n_bands) - reference).sec
    if not all(isinstance(joint, each) for each in DRAWN):
        # Such rows, those in which more than norms is fitted among them, are known by their columns only.
        rows = replace(_from_columns(light_curve, numbers), fits_more=True)
        return _with_unknown(rows, origin, joint, lambda raw: None)
    maker, own = joint.toys(numbers), np.searchsorted(joint.fitted, numbers)
    fits = RowFits(maker.profile)
    edges = origin.bands[numbers[0] % joint.n_bands :][:2]
    pieces = _pieces(joint, time_bins, numbers, reference)
    exposure = joint.exposure
    ranges = energy_ranges(
        exposure.low, exposure.high, exposure.low_of_all, exposure.high_of_all, rows=numbers
    )
    notes = [*_common_notes(light_curve), *_dropped_notes(n_rows, len(numbers)), *range_notes(ranges)]
    if origin.options.free:
        notes.append("the spectrum's shape is the reference's in all rows")
    n_at_bound = int(np.count_nonzero(fits.minimum.at_limit))
    if n_at_bound:
        notes.append(f"{n_at_bound} of {len(numbers)} fluxes are at the lowest value that predictions allow")
    rows = Rows(
        fits=fits,
        number=numbers,
        reference=reference,
        start_s=(start - reference).sec,
        stop_s=(stop - reference).sec,
        middle_s=middle,
        pieces=pieces,
        flux=float(origin.spectrum.photon_flux(edges)[0]),
        counts=joint.effective_counts(np.full(len(joint.fitted), max(float(fits.constant[0]), 0.0)))[own],
        good_s=np.bincount(pieces.row, pieces.stop_s - pieces.start_s, len(numbers)),
        exposure=np.bincount(pieces.row, pieces.weight, len(numbers)),
        maker=maker,
        n_energy_ranges=len(ranges),
        n_at_bound=n_at_bound,
        notes=tuple(notes),
    )
    return _with_unknown(rows, origin, joint, lambda raw: _from_origin(light_curve, raw, numbers))


def _with_unknown(rows, origin, joint, remake):
    """The same `Rows` with what is not known of them.

    remake: function of an origin with all scales 1 to the `Rows` of it, or to None where these are not at hand.
    """
    unknown = not_known(origin, joint, rows.number)
    if unknown is None:
        return rows
    unknown.check_left(rows.n)
    rows = replace(
        rows,
        fits=refitted(rows.fits, unknown.nuisances),
        unknown=unknown,
        notes=(*rows.notes, *unknown.notes()),
    )
    settled = origin.systematics.scales, origin.systematics.norms
    if all(each is None for each in settled):
        return rows
    return replace(rows, make_plain=partial(raw_rows, origin, remake))


def _dropped_notes(n_rows, n_kept):
    """What to say of rows that have no flux, list of str."""
    if n_kept == n_rows:
        return []
    return [f"{n_rows - n_kept} of {n_rows} rows have no flux with errors and are left out"]


def _from_columns(light_curve, numbers, more=()):
    """From what the table says of fluxes, errors and scans. more: further notes."""
    profile, kept, flux, counts, n_bounded = profile_of_columns(light_curve.table, numbers)
    n_rows, numbers = len(numbers), numbers[kept]
    reference = light_curve.time_start[numbers[0]] if len(numbers) else light_curve.time_start[:1]
    start = (light_curve.time_start[numbers] - reference).sec
    stop = (light_curve.time_stop[numbers] - reference).sec
    order = np.argsort(start, kind="stable")
    start, stop = start[order], stop[order]
    good = _good_time(light_curve.table, numbers[order], stop - start)
    ranges = ranges_of_table(light_curve.table, numbers)
    return Rows(
        fits=RowFits(profile.take(order)[0]) if len(numbers) else None,
        number=numbers[order],
        reference=reference,
        start_s=start,
        stop_s=stop,
        middle_s=0.5 * (start + stop),
        pieces=Pieces(np.arange(len(start)), start, stop, stop - start),
        flux=flux,
        counts=counts[order],
        good_s=good,
        exposure=good,
        n_bounded=n_bounded,
        n_energy_ranges=max(len(ranges), 1),
        n_at_bound=at_bound(light_curve.table, numbers),
        notes=(
            *_common_notes(light_curve),
            *_dropped_notes(n_rows, len(numbers)),
            *range_notes(ranges),
            "from the columns of the table",
            *more,
        ),
    )


def _good_time(table, numbers, width):
    """Good time (n,) in s of rows by their live time, else by their on-time, else as wide as they are."""
    for name in ("livetime", "ontime"):
        if name in table.colnames:
            good = np.asarray(u.Quantity(table[name], u.s).value, dtype=float)[numbers]
            if np.all(good > 0):
                return good
    return width


def _common_notes(light_curve):
    if not light_curve.meta.get("bins_on_events"):
        return ()
    return ("the time bins were chosen on the events, so that chances are no longer as stated",)


def _pieces(joint, time_bins, numbers, reference):
    """The `Pieces` of rows; their weight is the expected signal."""
    runs, band = joint.runs, numbers[0] % joint.n_bands
    pieces, rates = time_bins.pieces(runs), joint.signal_rates(band)
    rates = rates * np.array([run.deadc for run in runs])
    zeros = np.array([(run.gti.reference.to_time(0.0) - reference).sec for run in runs])
    mine, row = members_of(numbers // joint.n_bands, time_bins.n_bins, pieces.bin)
    bright = rates[pieces.run[mine]] > 0
    mine, row = mine[bright], row[bright]
    run = pieces.run[mine]
    start, stop = pieces.start_s[mine] + zeros[run], pieces.stop_s[mine] + zeros[run]
    return Pieces(row, start, stop, (stop - start) * rates[run])
