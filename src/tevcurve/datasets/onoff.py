"""ON/OFF spectra: counts in an ON and an OFF region over energy, and what a model predicts there."""

from dataclasses import dataclass

import astropy.units as u
import numpy as np

from tevcurve.data.gti import GTI
from tevcurve.datasets.counts import CountsSpectrum
from tevcurve.datasets.onoff_totals import described, onoff_totals
from tevcurve.datasets.times import dataset_times
from tevcurve.errors import InputError, MissingError
from tevcurve.files.masked import is_masked
from tevcurve.irf import EDispKernel
from tevcurve.kernels.onoff import li_ma_significance, profile_background, wstat
from tevcurve.maps import MapAxis
from tevcurve.models import SkyModel, SpectralModel
from tevcurve.on_demand import offers
from tevcurve.records import as_html, as_text


@offers(
    {
        "write_ogip": "tevcurve.datasets.ogip:write_ogip",
        "plot": "tevcurve.datasets.onoff_plot:plot_onoff",
    },
    {
        "stack": "tevcurve.datasets.stacking:stack_onoff",
        "read_ogip": "tevcurve.datasets.ogip_read:read_ogip",
    },
)
@dataclass(eq=False, repr=False)
class SpectrumDatasetOnOff:
    """ON and OFF counts with exposure and energy dispersion, fitted with the ON/OFF likelihood.

    Raises InputError when arrays do not fit, or the OFF acceptance is not above 0 everywhere. It has so many methods as
    the tutorial's class has them: each of its counts, predictions and sums by its own name.

    Parameters
    ----------
    counts, counts_off : CountsSpectrum of the ON and the OFF region, or arrays (n_reco,)
    acceptance, acceptance_off : of the ON and the OFF region, numbers or arrays (n_reco,); their ratio is
        `alpha`
    exposure : Quantity (n_true,), effective area for the ON region times live time, per true-energy bin
    edisp : EDispKernel
    livetime : Quantity; NaN where None is given
    mask_safe, mask_fit : bool arrays (n_reco,), True in bins that are fitted; None for all. Both can be set
    model : SpectralModel or SkyModel, can be set
    name : free
    gti : GTI of the counts, or None
    runs : the OnOffTerms records that the counts are of, which can be cut in time; none for counts made by
        hand
    """

    counts: CountsSpectrum
    counts_off: CountsSpectrum
    acceptance: np.ndarray
    acceptance_off: np.ndarray
    exposure: u.Quantity
    edisp: EDispKernel
    livetime: u.Quantity | None = None
    mask_safe: np.ndarray | None = None
    mask_fit: np.ndarray | None = None
    model: SpectralModel | SkyModel | None = None
    name: str = ""
    gti: GTI | None = None
    runs: tuple = ()

    def __post_init__(self):
        for what in ("acceptance", "acceptance_off", "exposure"):
            if is_masked(getattr(self, what)):
                raise InputError(f"{what} has masked bins; wanted are numbers in all of them.")
        self._energy_axis = MapAxis(self.edisp.e_reco, name="energy", interp="log")
        self.counts = self._as_counts(self.counts, "counts")
        self.counts_off = self._as_counts(self.counts_off, "counts_off")
        shape = (self._energy_axis.nbin,)
        self.acceptance = np.array(np.broadcast_to(self.acceptance, shape), dtype=float)
        self.acceptance_off = np.array(np.broadcast_to(self.acceptance_off, shape), dtype=float)
        if not (np.all(self.acceptance > 0) and np.all(self.acceptance_off > 0)):
            raise InputError(
                "acceptance and acceptance_off must be above 0 in all bins: without OFF there is no fit."
            )
        self.exposure = u.Quantity(self.exposure).to("cm2 s")
        n_true = len(self.edisp.e_true) - 1
        if self.exposure.shape != (n_true,):
            raise InputError(
                f"exposure has the shape {self.exposure.shape}; {(n_true,)} is wanted, as edisp has."
            )
        self.livetime = np.nan * u.s if self.livetime is None else u.Quantity(self.livetime).to("s")
        self.runs = tuple(self.runs)

    def __setattr__(self, name, value):
        if name in ("mask_safe", "mask_fit") and value is not None:
            value = self._as_mask(value, name)
        elif name == "model" and not isinstance(value, SpectralModel | SkyModel | None):
            raise InputError(f"model is a {type(value).__name__}; a SpectralModel or a SkyModel is wanted.")
        super().__setattr__(name, value)

    @classmethod
    def from_reduced(cls, reduced, model=None):
        """Dataset of a OnOffTerms over its whole good time.

        Parameters
        ----------
        reduced : `OnOffTerms`
        model : as the class has it
        """
        e_reco, e_true = reduced.reco_edges_tev * u.TeV, reduced.true_edges_tev * u.TeV
        return cls(
            counts=reduced.n_on,
            counts_off=reduced.n_off,
            acceptance=1.0 if reduced.acceptance is None else reduced.acceptance,
            acceptance_off=reduced.acceptance_off,
            exposure=reduced.exposure * u.Unit("cm2 s"),
            edisp=EDispKernel(reduced.edisp, e_true, e_reco),
            livetime=reduced.livetime_s * u.s,
            mask_safe=reduced.mask_safe,
            model=model,
            name=str(reduced.run_id),
            gti=reduced.gti,
            runs=(reduced,),
        )

    def _as_counts(self, counts, name):
        if not isinstance(counts, CountsSpectrum):
            return CountsSpectrum(self._energy_axis, counts)
        own, edges = self._energy_axis.edges, counts.energy_edges
        if len(edges) != len(own) or not np.allclose(edges.to_value(own.unit), own.value, rtol=1e-9, atol=0):
            raise InputError(
                f"{name} has other energy bins than edisp: {counts.energy_axis!r}, {self._energy_axis!r}."
            )
        return counts

    @property
    def energy_edges(self):
        """Edges of the reconstructed-energy bins, Quantity (n_reco + 1,)."""
        return self._energy_axis.edges

    @property
    def alpha(self):
        """Ratio of the acceptances of ON and OFF (n_reco,)."""
        return self.acceptance / self.acceptance_off

    @property
    def relative_acceptance(self):
        """Acceptance of ON in each bin over the largest (n_reco,); its scale is the maker's own."""
        return self.acceptance / self.acceptance.max()

    def _as_mask(self, mask, name):
        if is_masked(mask):
            raise InputError(f"{name} is masked itself in some bins; wanted are booleans in all of them.")
        mask, n_reco = np.array(mask), len(self.edisp.e_reco) - 1
        if mask.dtype != bool or mask.shape != (n_reco,):
            raise InputError(
                f"{name} is {mask.dtype} of the shape {mask.shape}; booleans, {n_reco}, are wanted."
            )
        return mask

    @property
    def mask(self):
        """Bins that are fitted: safe and in the range of the fit, bool (n_reco,)."""
        mask = np.ones(self._energy_axis.nbin, dtype=bool)
        for part in (self.mask_safe, self.mask_fit):
            if part is not None:
                mask &= part
        return mask

    def set_fit_energy_range(self, emin=None, emax=None):
        """Sets `mask_fit` to the whole bins between two energies (Quantity or string, None for no limit).

        Parameters
        ----------
        emin, emax : the lowest and the highest energy
        """
        low = -np.inf if emin is None else u.Quantity(emin).to_value(self._energy_axis.unit)
        high = np.inf if emax is None else u.Quantity(emax).to_value(self._energy_axis.unit)
        edges = self._energy_axis.edges.value
        self.mask_fit = (edges[:-1] >= low * (1 - 1e-9)) & (edges[1:] <= high * (1 + 1e-9))

    @property
    def parameters(self):
        """Parameters of the model; InputError without one."""
        return self.spectral_model.parameters if self.model is None else self.model.parameters

    @property
    def spectral_model(self):
        """The SpectralModel that predicts the signal; InputError without one."""
        if self.model is None:
            raise InputError(f"{self._title()} has no model: set its `model` first.")
        return self.model.spectral_model if isinstance(self.model, SkyModel) else self.model

    def named(self, name):
        """The SkyModel of a name, its own or its spectral model's; one without a position for a spectral model alone.

        name: str.

        Raises MissingError for another name.
        """
        model = self.model
        names = [] if model is None else [model.name, self.spectral_model.name]
        if name not in names:
            has = f"it has {names[0]!r}" if names else "it has no model"
            raise MissingError(f"{self._title()} has no source called {name!r}; {has}.")
        return model if isinstance(model, SkyModel) else SkyModel(spectral_model=model, name=model.name)

    def why_no_signal(self, model):
        """(status, reason in words) of a dataset in which nothing is expected from a source.

        model: of the source.
        """
        if not self.mask.any():
            return "no_exposure", "no energy bin is inside the safe energies and the range of the fit"
        return "no_exposure", "the effective area times live time in the ON region is zero"

    def _title(self):
        return f"The dataset {self.name!r}" if self.name else "The dataset"

    def npred_signal(self):
        """Signal counts expected in the ON region (n_reco,): the flux is integrated over each true bin."""
        return self.signal_of(self.spectral_model)

    def signal_of(self, spectral_model):
        """Counts expected in the ON region (n_reco,) of a SpectralModel. spectral_model: `SpectralModel`."""
        flux = spectral_model.photon_flux(self.edisp.e_true.to_value("TeV"))
        return (flux * self.exposure.value) @ self.edisp.pdf_matrix

    def npred_background(self):
        """Background counts expected in the ON region (n_reco,), those that fit best with the model's signal."""
        signal = self.npred_signal()
        return self.alpha * profile_background(self.counts.data, self.counts_off.data, self.alpha, signal)

    def npred(self):
        """Counts expected in the ON region (n_reco,): signal and background."""
        return self.npred_signal() + self.npred_background()

    def stat_array(self):
        """wstat per bin (n_reco,), 0 for a perfect fit, of all bins, masked or not."""
        return wstat(self.counts.data, self.counts_off.data, self.alpha, self.npred_signal())

    def stat_sum(self):
        """wstat summed over the bins that are fitted, float."""
        return float(np.sum(self.stat_array()[self.mask]))

    @property
    def excess(self):
        """ON counts minus the background expected from the OFF counts (n_reco,)."""
        return self.counts.data - self.alpha * self.counts_off.data

    @property
    def significance(self):
        """Significance of the excess in each bin (n_reco,), in standard deviations (Li & Ma 1983, eq. 17)."""
        return li_ma_significance(self.counts.data, self.counts_off.data, self.alpha)

    def totals(self):
        """OnOffTotals over the bins that are fitted."""
        return onoff_totals(self)

    @property
    def ontime(self):
        """On-time, the sum of the good time, Quantity in s; NaN for counts made by hand without it."""
        return np.nan * u.s if self.gti is None else self.gti.ontime

    @property
    def time_range(self):
        """(start, stop) as `Time`: `counts.meta["t_start"]` and `["t_stop"]` where set, else those of the good time.

        Raises InputError where the dataset has neither.
        """
        return dataset_times(self.counts.meta, [] if self.gti is None else [self.gti], self._title())

    def between(self, intervals):
        """Dataset of the part of the good time that lies in a GTI, or in mission seconds (n, 2) of the runs.

        The model is shared, the range of the fit is kept. Raises InputError for counts that were made by hand: they
        have no times.

        intervals: `GTI`, or float array (n, 2).
        """
        if not self.runs:
            raise InputError(
                f"{self._title()} holds counts without times, which cannot be cut in time; "
                "a dataset from SpectrumExtraction is wanted."
            )
        parts = [self.from_reduced(run.between(intervals)) for run in self.runs]
        if len(parts) == 1:
            part = parts[0]
            part.mask_safe = self.mask_safe
        else:
            part = self.stack(parts)
            part.mask_safe = part.mask if self.mask_safe is None else part.mask & self.mask_safe
        part.name, part.model, part.mask_fit = self.name, self.model, self.mask_fit
        return part

    def __str__(self):
        return as_text(*described(self))

    def _repr_html_(self):
        return as_html(*described(self))

    def __repr__(self):
        n_on, n_off = self.counts.total, self.counts_off.total
        return f"<SpectrumDatasetOnOff {self.name!r}: {n_on:g} ON and {n_off:g} OFF counts, {self._energy_axis!r}>"
