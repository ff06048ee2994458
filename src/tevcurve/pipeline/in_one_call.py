"""From observations to a light curve in one call: every stage once, in order."""

from itertools import chain

import astropy.units as u
import numpy as np

from tevcurve.errors import InputError
from tevcurve.options import OPTIONS, RUNNING
from tevcurve.pipeline.engine import ahead_of_engine, light_curve_of
from tevcurve.pipeline.job_making import job_of
from tevcurve.pipeline.keep_runs import as_cache, check_n_jobs, keep_each
from tevcurve.renamed import takes_older_names

NORM_VALUES = np.geomspace(0.2, 5, 11)
# What the job is made of; the others say where and how it runs.
ARGUMENTS = tuple(option.name for option in OPTIONS if option.section != RUNNING)


@takes_older_names
def light_curve(
    observations=None,
    target=None,
    time_bins=None,
    energy_edges=(1, 10) * u.TeV,
    method="3d",
    spectrum=None,
    *,
    instruments=None,
    choose=None,
    cross_calibration=None,
    systematics=None,
    name=None,
    models=None,
    neighbours=None,
    free=(),
    free_ts=None,
    upper_limit=None,
    sigma_ul=None,
    sigma=1,
    sigma_sensitivity=None,
    negative=False,
    interval="likelihood",
    background="free",
    shape_from=None,
    background_error=None,
    statistic=None,
    norm_values=NORM_VALUES,
    safe_energy="file",
    offset_max=None,
    on_radius=None,
    off_regions=None,
    n_off=None,
    angular_size="exact",
    exclusion=None,
    width=None,
    binsz=None,
    unbinned=False,
    stacked=False,
    e_reco=None,
    e_true=None,
    responses="weighted",
    n_jobs=1,
    progress=False,
    strict=False,
    cache=None,
    client=None,
):
    """The `LightCurve` of a source, one row per time bin and energy band.

    Each run is reduced once and kept in the result, so that `lc.rebin(...)` answers without the files.

    Parameters
    ----------
    observations : Observations, a DataStore, or the path of one, of a folder or of a file of a run; or a list of these,
        of one instrument or of several, of which each has rows of its own; or None, and `instruments`
    target : SkyCoord, or the name of a target in the observation index; stores that do not know it are searched at its
        position in the others
    time_bins : a binning of `tevcurve.lightcurve.bins`, or its text such as "2 min" or "night"; default: by_run()
    energy_edges : Quantity (n_bands + 1,); the bands have exactly these edges
    method : "3d" (cube with the background response) or "1d" (ON and OFF regions)
    spectrum : SpectralModel, the reference and the shape; default: a power law of index 2.5
    instruments : dict of names to `Instrument`, in place of `observations`: the runs of several, each with a method and
        a reduction of its own. The names are what the instruments are called everywhere
    choose : which of the runs are taken: an expression on columns of the observation index, as "ZEN_PNT < 50 and N_TELS
        >= 3"; or a dict of some of zenith ("<50 deg"), offset, after, before, quality, telescopes and where (an
        expression), as `tevcurve.pipeline.run_choice.RunChoice` has them; default: all. Which are not, and why, is in
        `lc.ledger.not_chosen`, and what is added later is chosen in the same way
    cross_calibration : `CrossCalibration`: a flux scale for each instrument, settled once for all rows, which then have
        the runs of all instruments together; without it each instrument has rows of its own
    systematics : list of `Systematic`, errors that many rows have in common
    name : what the light curve calls the source; default: the target's name, or its position
    models : list of `SkyModel`, each with a name and a position: the one of the name of the light curve is the source,
        which may then be extended, and its spectrum is the reference; the others shine beside it
    neighbours : "free" (each of the others has an amplitude in each row, fitted with the flux), "fixed" (they give what
        their models say), or "once" (one amplitude for all rows, settled before these are fitted); default: "free" in
        3D, and "fixed" in 1D, where nothing else can be told, and where `instruments` have both
    free : names of parameters of the spectrum's shape, such as ("index",), that are fitted in each row with the flux;
        the columns that come of it are described in `tevcurve.lightcurve.free_spectra.FreeSpectra`
    free_ts : float, the TS with the fixed shape that a row must have for that, 25 by default; below it is `shape_fixed`
    upper_limit : float, confidence level of the limits, 0.95 by default
    sigma_ul : float, the same in standard deviations: a limit is where the statistic has risen by its square
    sigma : float, standard deviations of the errors
    sigma_sensitivity : float, such as 5, asks for a column `flux_sensitivity`: the flux at which a source would be seen
        with so many standard deviations in half of all cases, in the good time and at the background of the row
        (`tevcurve.fit.sensitivity`); default: no such column
    negative : bool, whether fluxes may go below zero
    interval : "likelihood" (errors and limits are where the statistic has risen enough), or "feldman-cousins", whose
        errors and limits cover at any number of counts (`tevcurve.lightcurve.exact_columns` says what they are); in 3D
        on toys, which take up to a second a row, for up to 100 rows; or "auto": the likelihood where it is as good
        (rows of many counts in which the source is clearly seen), else Feldman & Cousins, which each row says
    background : "free", background counts in each energy bin, or "shape", one norm in each time bin and run
        on the shape of the OFF spectrum, for time bins without OFF counts in many energy bins (1D)
    shape_from : "run" (default) or "night", which OFF spectrum that is
    background_error : float, such as 0.05: what is not known of the background norm (3D) or of alpha (1D) in each time
        bin and run, relative; a Gaussian prior of that standard deviation. It is the systematic {"effect":
        "background", "sigma": 0.05, "by": "row"}: each row has an error of its own, so that it vanishes as bins get
        finer. What a run or a night has in common is one of `systematics`, by run or by night
    statistic : name of what ON and OFF counts are fitted by (1D), "wstat" by default, or what a package adds to
        `tevcurve.statistics.STATISTICS`
    norm_values : float array, norms of the likelihood scan; None for no scan
    safe_energy : "file", the thresholds of each run; "common", for all runs the energies that are safe in each; a
        fraction of the largest effective area; or None. Whole reco bins outside are masked: `e_min_fit` and
        `e_max_fit` say what is left of the band
    offset_max : largest offset of a pixel from the pointing (3D); default: 2 deg
    width, binsz : of the map around the target, and of its pixels (3D); default: 2 deg and 0.04 deg
    unbinned : bool, takes each event at its own energy and position (3D)
    stacked : bool, whether the runs of one time bin are added up; default: they are fitted jointly, with a background
        norm (3D) or background counts (1D) for each
    on_radius : of the ON region and of each OFF region (1D); default: 0.11 deg, or the cut in angle that a run's
        responses hold for (point-like ones: RAD_MAX), which a radius that is given must be; where they have a table
        of RAD_MAX, the OFF regions of each band are as wide as the largest cut among its bins that are fitted
    off_regions : "reflected", as many OFF regions as there is room for around the pointing, or "wobble", at multiples
        of 360 / (n_off + 1) deg from ON (1D); default: "wobble" for runs with a table of RAD_MAX, else "reflected"
    n_off : int, number of OFF regions at wobble positions, fewer where so many would overlap in a band (1D); default:
        3, or 1 where 3 overlap
    angular_size : "exact", so that no two OFF regions overlap, or "grid", the size on pixels of 0.01 deg as other codes
        take it, for comparisons with these (1D)
    exclusion : map of booleans (False is excluded), sky region, or list of these: where no OFF region may lie (1D), or
        whose pixels, by their centres, are outside the fit for data, source and background (3D), such as around a
        bright neighbour; with `unbinned` an event is out with the pixel that it is in, whatever its own position
    e_reco, e_true : Quantity, edges of the energy bins, for those who need certain ones
    responses : "weighted" with the flux of the spectrum inside each bin of true energy, or "centre", at the bins'
        centres as other codes take them, for comparisons with these: with 16 bins per decade that makes fluxes 0.2 to
        1 % too low
    n_jobs : int, processes that read and reduce
    progress : bool, draws a progress bar
    strict : bool, whether the first run that cannot be used stops it, with its reason
    cache : `tevcurve.store.RunCache` or the path of its folder: reduced runs are taken from there where their files and
        the settings are the same, and put there otherwise; it may be removed at any time
    client : `distributed.Client` of a Dask cluster that reads and reduces the runs, one task each

    What one method uses is refused where it is given for the other (`tevcurve.options`). A run that
    cannot be used is left out, with its reason in `lc.ledger.failed`; what is odd but usable is in
    `lc.ledger.problems`, too. Raises `InputError` for arguments, `DataError` where no run is left.
    """
    asked = {name: value for name, value in locals().items() if name in ARGUMENTS}
    check_n_jobs(n_jobs)
    if client is not None and n_jobs > 1:
        raise InputError(
            f"n_jobs is {n_jobs}, and a client is given too, whose workers do it all; wanted is one."
        )
    job, observations, not_chosen = job_of(
        observations, target, name, asked, instruments, cross_calibration, systematics, choose
    )
    n_runs = len(observations)
    made_ahead = None if client is None and n_jobs == 1 else ahead_of_engine(job, n_runs, here=client is None)
    outcomes = keep_each(job, observations, n_jobs, progress, strict, as_cache(cache), client, made_ahead)
    outcomes = chain(outcomes, ((None, problem) for problem in not_chosen))
    return light_curve_of(job, outcomes, n_runs, strict, progress, made_ahead)
