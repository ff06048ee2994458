"""Counts in a cube, with the responses and models that predict them."""

from functools import cached_property

import astropy.units as u
import numpy as np

from tevcurve.datasets.background_floor import raise_empty_cells
from tevcurve.datasets.known_responses import KnownResponses
from tevcurve.datasets.map_checks import check_maps, checked_mask
from tevcurve.datasets.map_plot import plot_counts, plot_maps, plot_npred, plot_residuals, summary
from tevcurve.datasets.reduced_cube import ReducedCube
from tevcurve.datasets.times import dataset_times
from tevcurve.errors import InputError, MissingError
from tevcurve.models import SkyModel
from tevcurve.records import as_html, as_text


class MapDataset:
    """A cube of counts, exposure and background with a PSF, an energy dispersion and source models.

    Parameters
    ----------
    counts : `WcsNDMap` over reconstructed energy; made by `MapMaker` it knows the times of its events
    exposure : `WcsNDMap` over true energy, unit cm2 s or the like
    background_model : `BackgroundModel`, or None
    psf : `PSFKernel` (a grid, with which sources are convolved), `EnergyDependentTablePSF` (integrated over each
        pixel about the exact position of a point source), or None for a perfect one
    edisp : `EDispKernel`, or None for a perfect one
    model : `SkyModel` or a list of them; may be set later
    mask : bool array or `WcsNDMap` of the counts' shape, False for cells outside the fit
    name : str; default: the OBS_ID of a dataset of one run

    Raises `InputError` if the maps do not fit each other. It has so many methods as the tutorial's class has them: each
    of its predictions, pictures and sums by its own name.
    """

    def __init__(
        self, counts, exposure, background_model=None, psf=None, edisp=None, model=None, mask=None, name=""
    ):
        check_maps(counts, exposure, background_model)
        self.counts, self.exposure, self.background_model = counts, exposure, background_model
        self.psf, self.edisp = psf, edisp
        self.name = name or (str(self.runs[0].run_id) if len(self.runs) == 1 else "")
        self.mask = checked_mask(mask, counts)
        self._responses = KnownResponses()
        self.model = model

    @property
    def model(self):
        """The `SkyModel`, a list of them, or None."""
        return self._model

    @model.setter
    def model(self, model):
        models = [] if model is None else list(model) if isinstance(model, (list, tuple)) else [model]
        for item in models:
            if not isinstance(item, SkyModel):
                raise InputError(
                    f"The model of a MapDataset is a {type(item).__name__}; wanted is a SkyModel or a list of them."
                )
        self._model, self._models = model, models

    @property
    def models(self):
        """The source models, a list."""
        return list(self._models)

    @property
    def parameters(self):
        """The parameters of all models, the background's last; a list of `Parameter`."""
        background = [] if self.background_model is None else list(self.background_model.parameters)
        return [parameter for model in self._models for parameter in model.parameters] + background

    @property
    def runs(self):
        """The reduced runs that the counts were made from, a tuple of `ReducedCube`; empty for maps made by hand."""
        origin = self.counts.origin
        if isinstance(origin, tuple) and all(isinstance(run, ReducedCube) for run in origin):
            return origin
        return ()

    @property
    def time_range(self):
        """(start, stop) as `Time`: `counts.meta["t_start"]` and `["t_stop"]` where set, else those of the good time.

        Raises `InputError` where the dataset has neither.
        """
        return dataset_times(self.counts.meta, [run.gti for run in self.runs], f"The {self._title()}")

    @property
    def ontime(self):
        """On-time of the runs, Quantity in s; NaN for maps made by hand."""
        return (sum(run.ontime_s for run in self.runs) if self.runs else np.nan) * u.s

    @property
    def livetime(self):
        """Live time of the runs, Quantity in s; NaN for maps made by hand."""
        return (sum(run.livetime_s for run in self.runs) if self.runs else np.nan) * u.s

    def named(self, name):
        """The source model of a name: a model's own, or its spectral model's.

        Raises `MissingError` if there is none, or more than one.
        """
        found = [model for model in self._models if name in (model.name, model.spectral_model.name)]
        if len(found) != 1:
            names = (
                ", ".join(repr(model.name or model.spectral_model.name) for model in self._models)
                or "no model"
            )
            many = "more than one" if found else "no"
            raise MissingError(f"The {self._title()} has {many} source called {name!r}; it has {names}.")
        return found[0]

    @cached_property
    def cells(self):
        """Cells of the fit, bool of the counts' shape: not masked, and nearer than the largest offset in some run."""
        cells = np.ones(self.counts.geom.data_shape, dtype=bool) if self.mask is None else self.mask
        if self.runs:
            cells = cells & np.logical_or.reduce([run.inside for run in self.runs])
        return cells

    def npred(self):
        """Predicted counts of all models in the cells of the fit, `WcsNDMap`."""
        data = self._predicted(self._models)
        if self.background_model is not None:
            data = data + self.background_model.norm.value * self._background()
        return self.counts.copy(data=np.where(self.cells, data, 0.0))

    def npred_signal(self, name=None):
        """Predicted counts of the sources, or of one of them, in the cells of the fit, `WcsNDMap`.

        name: str, of one of the models; default: all of them.
        """
        models = self._models if name is None else [self.named(name)]
        return self.counts.copy(data=np.where(self.cells, self._predicted(models), 0.0))

    def residuals(self, method="diff"):
        """Counts minus prediction, `WcsNDMap`; with `method="diff/sqrt(model)"` over the root of the prediction.

        method: str, "diff" or "diff/sqrt(model)".
        """
        predicted = self.npred().data
        difference = np.where(self.cells, self.counts.data - predicted, 0.0)
        if method == "diff":
            return self.counts.copy(data=difference)
        if method == "diff/sqrt(model)":
            root = np.sqrt(predicted)
            return self.counts.copy(data=np.divide(difference, root, out=np.zeros_like(root), where=root > 0))
        raise InputError(f"method is {method!r}; wanted is 'diff' or 'diff/sqrt(model)'.")

    def stat_sum(self):
        """Cash statistic over the cells of the fit, 2 * sum(prediction - counts * log(prediction)); float.

        Cash 1979, ApJ 228, 939. Cells in which nothing can be predicted, whatever the fluxes and the norm, are
        outside the fit. Infinite where less than nothing is predicted, or nothing where there are counts.
        """
        cell = self._filled_cells()
        counts = self.counts.data.ravel()[cell]
        predicted, total, reached = np.zeros(len(cell)), 0.0, np.zeros(len(cell), dtype=bool)
        negative = False
        for model in self._models:
            flux = self.flux_of(model)
            response = self._responses.at_counts(self, model, cell, self._summed_cells)
            predicted += np.einsum("t,te->e", flux, response.per_cell)
            total += np.sum(flux * response.total)
            reached |= response.reached
            negative |= bool(np.any(flux < 0))
        if self.background_model is not None:
            template, norm = self._background(), self.background_model.norm.value
            predicted += norm * template.ravel()[cell]
            total += norm * template.sum(where=self.cells)
            reached |= template.ravel()[cell] > 0
            negative |= norm < 0
        predicted = predicted[reached]
        if not np.all(predicted > 0) or (negative and np.any(self.npred().data < 0)):
            return np.inf
        return float(2 * (total - np.sum(counts[reached] * np.log(predicted))))

    def plot_counts(self, ax=None, **keywords):
        """The axes with the counts, summed over energy.

        Parameters
        ----------
        ax : WCSAxes; default: those of a new figure
        keywords : for matplotlib
        """
        return plot_counts(self, ax=ax, **keywords)

    def plot_npred(self, ax=None, **keywords):
        """The axes with the predicted counts, summed over energy.

        Parameters
        ----------
        ax : WCSAxes; default: those of a new figure
        keywords : for matplotlib
        """
        return plot_npred(self, ax=ax, **keywords)

    def plot_residuals(self, ax=None, radius="0.1 deg", **keywords):
        """The axes with the significance of counts against prediction in circles; see `map_plot.plot_residuals`.

        Parameters
        ----------
        ax : WCSAxes; default: those of a new figure
        radius : of the circles; None for single pixels
        keywords : for matplotlib
        """
        return plot_residuals(self, ax=ax, radius=radius, **keywords)

    def plot(self, ax=None, radius="0.1 deg"):
        """Three axes: counts, prediction, and the significance of their difference.

        Parameters
        ----------
        ax : three WCSAxes; default: those of a new figure
        radius : of the circles; None for single pixels
        """
        return plot_maps(self, ax=ax, radius=radius)

    def why_no_signal(self, model):
        """(status, reason in words) of a dataset in which nothing is expected from a source.

        model: `SkyModel` of the source.
        """
        lon, lat = model.spatial_model.lonlat_in("icrs")
        offsets = [run.offset_of(lon, lat) for run in self.runs]
        off_axis = f"the source is {np.rad2deg(min(offsets, default=0)):.2f} deg off the pointing"
        limits = [run.aeff.max_offset.to_value(u.rad) for run in self.runs]
        if self.runs and all(offset >= limit for offset, limit in zip(offsets, limits, strict=True)):
            return "outside_fov", f"{off_axis}, outside the field of view"
        ix, iy = self.counts.geom.lonlat_to_idx(*model.spatial_model.lonlat_in(self.counts.geom.frame))
        if self.runs and not any(run.inside[iy, ix] for run in self.runs):
            return "outside_fov", f"{off_axis}, beyond the largest offset of the fit"
        if not self.cells.any():
            return "no_exposure", "all cells are masked"
        return "no_exposure", "the effective area times live time at the source is zero"

    def _title(self):
        return f"MapDataset {self.name!r}" if self.name else "MapDataset"

    def _filled_cells(self):
        """Flat indices of the cells of the fit with counts, int array (n,)."""
        return np.flatnonzero((self.counts.data > 0) & self.cells)

    @property
    def _summed_cells(self):
        # Without a mask the response, which knows the runs' largest offset, leaves out all that the fit leaves out.
        return None if self.mask is None else self.cells

    def _background(self):
        """Background at norm 1 in all cells, where it is empty and a source is seen raised to a floor."""
        background = self.background_model.scaled()
        # Where a source is seen takes a while to say, and is seldom asked for.
        if not self._models or raise_empty_cells(background, self.cells) is background:
            return background
        reached = np.logical_or.reduce([self.response_of(model).reached for model in self._models])
        return raise_empty_cells(background, reached & self.cells)

    def response_of(self, model):
        """The model's `SourceResponse`, kept for the places where the model was last. model: `SkyModel`."""
        return self._responses.response(self, model)

    def flux_of(self, model):
        """Flux of a model in each true-energy bin (n_true,), cm-2 s-1. model: `SkyModel`."""
        return model.spectral_model.photon_flux(self.exposure.geom.axes[0].edges.to_value("TeV"))

    def _predicted(self, models):
        """Predicted counts of sources in all cells, float array of the counts' shape."""
        data = np.zeros(self.counts.geom.data_shape)
        for model in models:
            data += self.response_of(model).predict(self.flux_of(model))
        return data

    def __repr__(self):
        return f"<{self._title()}: {np.sum(self.counts.data, where=self.cells):.0f} counts>"

    def __str__(self):
        return as_text(self._title(), summary(self))

    def _repr_html_(self):
        return as_html(self._title(), summary(self))
