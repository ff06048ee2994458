"""The light curve: a table with one row per time bin and energy band, and what a person does with it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from astropy.table import Table
from astropy.time import Time

from tevcurve.errors import InputError
from tevcurve.files.masked import table_without_masks
from tevcurve.lightcurve.accessors import MAKERS, METHODS, PROPERTIES
from tevcurve.lightcurve.arithmetic import FluxArithmetic
from tevcurve.lightcurve.good_times import good_times
from tevcurve.lightcurve.notebook_view import as_html, as_text, summary
from tevcurve.lightcurve.scale_words import scales_table
from tevcurve.lightcurve.selection import RowSelection, why_no_events
from tevcurve.lightcurve.table_making import in_own_units, table_of_arrays
from tevcurve.on_demand import offers
from tevcurve.systematics import NONE


@offers(METHODS, MAKERS, PROPERTIES)
@dataclass(frozen=True, eq=False, repr=False)
class LightCurve(RowSelection, FluxArithmetic):
    """A record around an astropy table with one row per time bin and energy band.

    What is drawn, tested, written or made of it is in rooms above; `tevcurve.lightcurve.accessors` says where.

    Parameters
    ----------
    table : astropy.table.Table
        At least the columns `time_min` and `time_max` (float64, MJD), and in `table.meta` the time scale as
        "TIMESYS". `tevcurve.lightcurve.columns.COLUMNS` has the name, unit and meaning of every column. Of a table with
        masked values a copy is taken, which has NaN there, and of one with columns in other units one in these.
    origin : object, optional
        What the light curve was made from. It is not written to files.
    ledger : `~tevcurve.lightcurve.ledger.Ledger`, optional
        Where every event and every second went.

    Raises `InputError` if a time column, a time or the time scale is missing, or a unit does not convert.
    """

    table: Table
    origin: Any = field(default=None)
    ledger: Any = field(default=None)

    def __post_init__(self):
        object.__setattr__(self, "table", in_own_units(table_without_masks(self.table)))
        for name in ("time_min", "time_max"):
            if name not in self.table.colnames:
                raise InputError(
                    f"A light curve needs a column {name}; this table has {self.table.colnames}."
                )
            if isinstance(self.table[name], Time):
                raise InputError(
                    f"The column {name} is a Time; wanted are its MJD as numbers, or LightCurve.from_arrays, which "
                    "takes a Time."
                )
            if not np.all(np.isfinite(np.asarray(self.table[name], dtype=float))):
                raise InputError(f"The column {name} has a row without a time; wanted is an MJD in each.")
        scale = str(self.table.meta.get("TIMESYS", "nothing")).lower()
        if scale not in Time.SCALES:
            raise InputError(f"The table's TIMESYS is {scale}; it should be one of {', '.join(Time.SCALES)}.")

    @classmethod
    def from_arrays(cls, time_min, time_max, e_ref, e_min, e_max, reference, norms, meta=None):
        """A light curve of n rows from plain arrays; a scalar stands for the same value in every row.

        Parameters
        ----------
        time_min, time_max : Time of shape (n,)
            Start and end of the time bins. The scale of `time_min` is that of the table.
        e_ref, e_min, e_max : float or array of shape (n,)
            Reference energy and edges of the bands in TeV.
        reference : mapping or record
            `ref_flux` (1 / (cm2 s)), `ref_dnde` (1 / (TeV cm2 s)), `ref_eflux` and `ref_e2dnde`
            (TeV / (cm2 s)) of the reference model, floats or arrays of shape (n,); any may be missing.
        norms : mapping of str to array
            Any of `norm` with `_err`, `_errn`, `_errp`, `_ul`, of these with systematic errors, `norm_err_sys` and the
            others with `_tot` added, `ts`, `norm_scan` and `dloglike_scan` of shape
            (n, m), `loglike`, `counts`, `livetime` (s) and the like, in the units of `COLUMNS`; what is not
            among them becomes a column as it is. Arrays of shape (n,), or Quantities. `status` ("ok" by default) and
            `reason` are texts, or sequences of n of them.
        meta : mapping, optional
            Metadata. Of `sigma_ul` and `upper_limit` (confidence level), the one that is missing is derived.
        """
        values = {"e_ref": e_ref, "e_min": e_min, "e_max": e_max, "status": "ok", "reason": "", **norms}
        return cls(table_of_arrays(time_min, time_max, values, reference, meta))

    @property
    def meta(self):
        """The metadata of the table."""
        return self.table.meta

    @property
    def good_time(self):
        """A Table of the good time intervals of its runs, also after it was read from a file; None where not known."""
        return good_times(self)

    @property
    def scales(self):
        """A Table of the scales of instruments and what is known of them; None without a cross-calibration.

        See `tevcurve.lightcurve.scale_words.scales_table`. Its metadata have `not_told`, sentences on what cannot be
        told from what. None, too, where its runs are not known, as after it was read from a file.
        """
        return scales_table(getattr(self.origin, "systematics", NONE))

    @property
    def time_start(self):
        """Start of each row's time bin, a Time."""
        return self._time(0)

    @property
    def time_stop(self):
        """End of each row's time bin, a Time."""
        return self._time(1)

    @property
    def time(self):
        """Middle of each row's time bin, a Time."""
        return self._time(0.5)

    def _time(self, fraction):
        start, stop = (np.asarray(self.table[name], dtype=float) for name in ("time_min", "time_max"))
        if fraction == 1:
            return Time(stop, format="mjd", scale=self.meta["TIMESYS"].lower())
        return Time(start, fraction * (stop - start), format="mjd", scale=self.meta["TIMESYS"].lower())

    def rebin(self, time_bins=None, energy_edges=None, **axes):
        """The light curve in other time bins or energy bands, from the events and responses that it keeps.

        Parameters
        ----------
        time_bins : a binning of `tevcurve.lightcurve.bins`, such as by_width("1 min"), or its text, "1 min";
            default: the present one
        energy_edges : Quantity, edges of the energy bands; default: the present ones
        axes : `e_reco`, `e_true`, Quantities: edges of the energy bins, as in `tevcurve.light_curve`

        Raises `InputError` for a light curve that was not made by `tevcurve.light_curve`.
        """
        if not hasattr(self.origin, "rebin"):
            raise InputError(f"{_without_events(self)}; one made by tevcurve.light_curve can be rebinned.")
        return self.origin.rebin(time_bins=time_bins, energy_edges=energy_edges, **axes)

    def hardness(self, band_low=0, band_high=1, **levels):
        """The ratio of the fluxes of two energy bands, an astropy Table with a row per time bin.

        `hardness` is the flux of `band_high` over that of `band_low`, both at or above zero, with the reference's
        shape in each band. `hardness_errn` and `_errp` lead to the ends of its likelihood interval, `_ll` and `_ul` are
        limits, all by the profile over the common scale of both fluxes. An end is infinite where the lower band may
        be without flux. Both bands are taken as independent, the factors on their backgrounds that `background_error`
        stands for among them. With 2 to 3 counts in a band intervals of 68.3 % cover 55 to 73 %, and
        limits of 95 % cover 90 to 97 %; from 10 counts up both are within 2 points of nominal.

        Parameters
        ----------
        band_low, band_high : int, numbers of the bands
        levels : `sigma`, and `upper_limit` or `sigma_ul`, as in `tevcurve.light_curve`; default: the light curve's own

        Raises `InputError` for a light curve that was not made by `tevcurve.light_curve`, or bands that it has not.
        """
        if not hasattr(self.origin, "hardness"):
            raise InputError(
                f"{_without_events(self)}; the hardness of one made by tevcurve.light_curve can be asked for."
            )
        return self.origin.hardness(self, band_low, band_high, **levels)

    def __repr__(self):
        return f"<{summary(self)}>"

    def __str__(self):
        return as_text(self)

    def _repr_html_(self):
        return as_html(self)


def _without_events(light_curve):
    return f"This light curve does not know its events ({why_no_events(light_curve)})"
