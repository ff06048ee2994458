"""Light curves of datasets: the flux of one source in every time bin, all bins fitted at once."""

from dataclasses import dataclass, replace

import astropy.units as u
import numpy as np
from astropy.time import Time

from tevcurve.asked_systematics import as_systematics, split_background
from tevcurve.bins.intervals import ByIntervals
from tevcurve.bins.text import as_binning
from tevcurve.datasets import MapDataset
from tevcurve.datasets.accepted import datasets_of
from tevcurve.datasets.times import times_of
from tevcurve.errors import InputError
from tevcurve.files.masked import without_masks
from tevcurve.fit.fit_options import STEPS, FitOptions
from tevcurve.lightcurve.dataset_origin import DatasetOrigin, know_their_events, rows_of_whole
from tevcurve.lightcurve.fit_rows import check_options, limit_sigma, positive
from tevcurve.lightcurve.product import LightCurve
from tevcurve.lightcurve.provenance import position_words
from tevcurve.lightcurve.reference_spectrum import check_flux, check_range, check_spectrum
from tevcurve.lightcurve.row_table import table_of_rows
from tevcurve.lightcurve.selection import INSTRUMENT, NoOrigin
from tevcurve.near_names import meant
from tevcurve.options import settled
from tevcurve.reduction.dataset_terms import edges_of
from tevcurve.reduction.energy_axes import edges_in_tev

# From, to, and number of values.
SCAN = (0.2, 5, 11)
# Seconds: a time that was an MJD in float64 in between is off by up to a microsecond.
TIME_TOLERANCE = 1e-5


class LightCurveEstimator:
    """Fits the flux of a source in each time bin, with its spectral shape fixed.

    Datasets with the same times belong to one time bin and are fitted jointly, with one flux. The flux is that
    of the source's spectral model times ``norm``; with ``reoptimize`` the other free parameters are fitted with it,
    in the fit as in errors, limits, TS and scan: norms (of the background, of further sources) in no time, anything
    else (a background's tilt, a position, another source's shape) slowly, one bin at a time. A position of the source
    itself is fitted only in bins in which it shows an excess.

    Where all datasets were made from observations, the light curve has a ledger of the events that they hold, and can
    be rebinned, in time and in bands of their energy bins.

    Parameters
    ----------
    datasets : list of `MapDataset` or of `SpectrumDatasetOnOff`, each with times and a model; or gammapy's own, which
        become ours by `tevcurve.datasets.gammapy_objects.from_gammapy`
    source : str, name of the sky model or of its spectral model
    norm_min, norm_max, norm_n_values : range of the likelihood scan, evenly spaced in log, and its number of values;
        default: 0.2, 5 and 11
    norm_values : float array, norms to scan instead
    sigma : float, standard deviations of the errors
    sigma_ul : float, the upper limit is where the statistic has risen by its square; 2 unless `upper_limit` is given
    upper_limit : float, confidence level of the limit (0.95: a rise of 2.706); excludes `sigma_ul`
    reoptimize : bool
    negative : bool, lets fluxes go below zero, down to where a prediction would vanish
    time_bins : a binning of `tevcurve.lightcurve.bins`, laid over the events that datasets from observations know;
        default: one bin for each time span that datasets have
    energy_edges : Quantity, edges of energy bands: each is fitted with its own reco bins, and reported; its edges
        must be edges of the reco bins. With it, `run` takes no energies.
    interval, background, shape_from, background_error, statistic, sigma_sensitivity : as in `tevcurve.light_curve`;
        "run" is a dataset here
    systematics : a `Systematic` of the background by row, which is what `background_error` says; others are of light
        curves of runs

    Neither datasets nor models are changed. Raises `InputError` for what cannot be used.
    """

    def __init__(
        self,
        datasets,
        source="",
        norm_min=None,
        norm_max=None,
        norm_n_values=None,
        norm_values=None,
        sigma=1,
        sigma_ul=None,
        upper_limit=None,
        reoptimize=False,
        negative=False,
        time_bins=None,
        energy_edges=None,
        interval="likelihood",
        background="free",
        shape_from=None,
        background_error=None,
        statistic=None,
        systematics=None,
        sigma_sensitivity=None,
    ):
        self.datasets = datasets_of(datasets, source)
        self.source, self.reoptimize = source, bool(reoptimize)
        if not self.datasets:
            raise InputError("There are no datasets to make a light curve of; wanted is one or more.")
        background_error = _error_by_row(systematics, background_error)
        given = settled({"background": background, "shape_from": shape_from, "statistic": statistic})
        self.options = check_options(
            FitOptions(
                positive(sigma, "sigma"),
                limit_sigma(sigma_ul, upper_limit),
                _scan_values(norm_min, norm_max, norm_n_values, norm_values),
                bool(negative),
                interval=interval,
                **given,
                background_error=background_error,
                sigma_sensitivity=sigma_sensitivity,
            )
        )
        self.time_bins = None if time_bins is None else as_binning(time_bins)
        self.energy_edges = None if energy_edges is None else edges_in_tev(energy_edges, "energy_edges")

    def run(self, e_ref=None, e_min=None, e_max=None, steps="all"):
        """The `LightCurve`, one row per time bin in the order of time (and band, with `energy_edges`).

        Without `energy_edges` every unmasked reco bin is fitted; the energies only say over which band the fitted
        model is reported.

        Parameters
        ----------
        e_ref, e_min, e_max : Quantity or string, reference energy and the band
        steps : "all", or a list of some of "err", "errp-errn", "ul", "ts" and "norm-scan"; [] for the flux only

        Raises `InputError`, or `MissingError` for a source that a dataset does not have.
        """
        steps = _steps(steps)
        if self.energy_edges is not None and (e_ref, e_min, e_max) != (None, None, None):
            raise InputError(
                "run takes e_ref, e_min and e_max, or the estimator energy_edges; wanted is one of them."
            )
        models = [dataset.named(self.source) for dataset in self.datasets]
        if self.time_bins is not None or self.energy_edges is not None:
            energies = None if self.energy_edges is not None else _energies(e_ref, e_min, e_max)
            return self._origin(models, energies, steps).light_curve()
        return self._run_whole(models, _energies(e_ref, e_min, e_max), steps)

    def _origin(self, models, energies, steps, bins=None, meta=None):
        """The `DatasetOrigin` of the datasets in time bins and bands. bins, meta : where they are known already."""
        binning = self.time_bins
        if binning is None:
            bins = time_bins(self.datasets) if bins is None else bins
            binning = ByIntervals(bins.start, bins.stop)
        options, meta = replace(self.options, steps=steps), self._meta(models) if meta is None else meta
        return DatasetOrigin(
            self.datasets, models, binning, self.energy_edges, energies, self.reoptimize, options, meta
        )

    def _run_whole(self, models, energies, steps):
        """The light curve of all counts of the datasets, those with the same times in one row."""
        bins = time_bins(self.datasets)
        spectra = [getattr(model, "spectral_model", model) for model in models]
        first = [spectra[numbers[0]] for numbers in bins.numbers]
        for spectrum in first:
            check_range(spectrum, energies[1:])
            check_flux(spectrum.photon_flux(energies[1:]), energies[1:])
        for dataset, spectrum in zip(self.datasets, spectra, strict=True):
            check_spectrum(spectrum, edges_of(dataset)[1])
        for numbers in bins.numbers:
            _check_same_spectrum([spectra[k] for k in numbers], energies)
        order = [k for numbers in bins.numbers for k in numbers]
        joint = rows_of_whole(
            [self.datasets[k] for k in order],
            [models[k] for k in order],
            np.repeat(np.arange(len(bins.numbers)), [len(numbers) for numbers in bins.numbers]),
            len(bins.numbers),
            self.reoptimize,
            self.options,
        )
        origin, meta = None, self._meta(models)
        if know_their_events(self.datasets):
            origin = self._origin(models, energies, steps, bins, meta)
        table = table_of_rows(
            joint,
            WholeBins(bins),
            np.array(energies[1:]),
            first,
            replace(self.options, steps=steps),
            dict(meta),
            e_ref=energies[0],
        )
        ledger = None if origin is None else origin.ledger
        if len(set(bins.instruments)) > 1:
            origin = NoOrigin("its datasets are of several instruments; give the estimator time_bins")
        return LightCurve(table, origin, ledger)

    def _meta(self, models):
        is_cube = isinstance(self.datasets[0], MapDataset)
        return {
            "source": self.source,
            "method": "3d" if is_cube else "1d",
            "reoptimize": self.reoptimize,
            **self._position(models),
            **self.options.meta(),
        }

    def _position(self, models):
        """The position of the source for the metadata, where all models have one and the same, and none fits it."""
        spatial = [getattr(model, "spatial_model", None) for model in models]
        if None in spatial or (
            self.reoptimize and any(not p.frozen for each in spatial for p in each.parameters)
        ):
            return {}
        # In plain numbers: a SkyCoord of each takes longer than the fit.
        found = {position_words(each.lonlat_in("icrs")) for each in spatial}
        return {"position": found.pop()} if len(found) == 1 else {}


@dataclass(frozen=True, eq=False)
class DatasetBins:
    """The time bins of datasets: starts and stops, `Time` (n,), and the numbers of the datasets of each, a list.

    Attributes
    ----------
    start, stop : `Time` (n,)
    numbers : list (n,) of tuples of int, the datasets of each bin
    instruments : list (n,) of str, whose runs they are of; "" where that is not known
    """

    start: Time
    stop: Time
    numbers: list[tuple[int, ...]]
    instruments: list[str]


class WholeBins:
    """The time bins of datasets as `tevcurve.lightcurve.row_table` asks for them; bins : `DatasetBins`"""

    scale, together = "tt", False

    def __init__(self, bins):
        self.n_bins = len(bins.numbers)
        self.time_min, self.time_max, self._instruments = bins.start, bins.stop, bins.instruments

    def columns(self):
        """The instruments of the rows, where one is known."""
        return {INSTRUMENT: np.array(self._instruments)} if any(self._instruments) else {}

    def meta(self):
        """Nothing more is to be said."""
        return {}


def _error_by_row(systematics, background_error):
    """The `background_error` that systematics say; raises `InputError` for what rows of datasets do not know."""
    effects, error = split_background(as_systematics(systematics), background_error)
    if effects:
        raise InputError(
            f"The systematic {effects[0].text()!r} is of light curves of runs, and the estimator has datasets; wanted "
            "is tevcurve.light_curve, or an error of the background by row."
        )
    return error


def time_bins(datasets):
    """The `DatasetBins`, in the order of time: datasets of an instrument with the same start and stop are in one bin.

    datasets: list of datasets with times.

    Raises `InputError` for a dataset without times, or whose stop is not after its start.
    """
    start, stop = times_of(datasets)
    for number in np.flatnonzero(~np.asarray(stop > start)):
        raise InputError(
            f"The dataset {number} stops at {stop[number].iso}, which is not after its start {start[number].iso}."
        )
    groups = {}
    names = [_instrument_of(dataset) for dataset in datasets]
    for number, key in enumerate(zip(_same_time(start), _same_time(stop), names, strict=True)):
        groups.setdefault(key, []).append(number)
    numbers = [tuple(own) for _, own in sorted(groups.items())]
    first = [own[0] for own in numbers]
    return DatasetBins(start[first], stop[first], numbers, [names[k] for k in first])


def _instrument_of(dataset):
    """The instrument of a dataset's runs, str; of one that was put together from several, all of them."""
    return ", ".join(sorted({run.run_id.instrument for run in dataset.runs}))


def _same_time(times):
    """Numbers (n,) of a `Time` (n,) in order; those that differ by no more than rounding have the same."""
    in_tt = times.tt
    seconds = (in_tt.jd1 - 2451545.0) * 86400 + in_tt.jd2 * 86400
    order = np.argsort(seconds, kind="stable")
    numbers = np.empty(len(times), dtype=int)
    numbers[order] = np.cumsum(np.diff(seconds[order], prepend=seconds[order[0]]) > TIME_TOLERANCE)
    return numbers.tolist()


def _check_same_spectrum(spectra, energies):
    if len(spectra) == 1:
        return
    values = np.array([spectrum.dnde(np.array(energies)) for spectrum in spectra])
    if not np.allclose(values, values[0], rtol=1e-9, atol=0):
        raise InputError(
            "Datasets of one time bin have different spectra of the source; a joint fit needs the same."
        )


def _energies(*values):
    """e_ref, e_min and e_max in TeV."""
    energies = []
    for name, value in zip(("e_ref", "e_min", "e_max"), values, strict=True):
        try:
            energy = u.Quantity(value).to_value(u.TeV)
        except (TypeError, ValueError) as error:
            raise InputError(f"{name} is {value!r}; wanted is an energy such as 1 * u.TeV.") from error
        if np.ndim(energy) or not np.isfinite(energy) or energy <= 0:
            raise InputError(f"{name} is {value!r}; wanted is one energy above 0.")
        energies.append(float(energy))
    if not energies[1] < energies[2]:
        raise InputError(
            f"e_min is {energies[1]:g} TeV and e_max {energies[2]:g} TeV; e_max must be the larger."
        )
    return energies


def _steps(steps):
    if isinstance(steps, str):
        steps = STEPS if steps == "all" else [steps]
    unknown = [step for step in steps if step not in STEPS]
    if unknown:
        wanted = meant(unknown[0], STEPS, f"wanted are 'all' or some of {', '.join(STEPS)}.")
        raise InputError(f"There is no step {unknown[0]!r}; {wanted}")
    return tuple(steps)


def _scan_values(norm_min, norm_max, number, values):
    given = {"norm_min": norm_min, "norm_max": norm_max, "norm_n_values": number}
    if values is not None:
        for name, value in given.items():
            if value is not None:
                raise InputError(
                    f"{name} is {value}, and norm_values are given too, which say all; wanted is one of them."
                )
        values = np.atleast_1d(np.asarray(without_masks(values), dtype=float))
        if not np.all(np.isfinite(values)) or np.any(values < 0):
            raise InputError("norm_values must be finite and not below 0.")
        return values
    norm_min, norm_max, number = (
        default if value is None else value for value, default in zip(given.values(), SCAN, strict=True)
    )
    if not (0 < norm_min < norm_max) or int(number) != number or number < 2:
        raise InputError(
            f"The scan goes from {norm_min} to {norm_max} in {number} values; wanted is 0 < norm_min < norm_max "
            "and a whole number above 1."
        )
    return np.geomspace(norm_min, norm_max, int(number))
