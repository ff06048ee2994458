"""Counts in a cube, with the responses and models that predict them."""

from functools import cached_property

import astropy.units as u
import numpy as np

from tevcurve.datasets.cash_blocks import CashBlock
from tevcurve.datasets.reduced_cube import ReducedCube
from tevcurve.datasets.source_response import source_response
from tevcurve.datasets.times import dataset_times
from tevcurve.errors import InputError, MissingError
from tevcurve.models import SkyModel

# Where a model expects source photons but the background is empty, it is raised to this share of its plane's mean.
BACKGROUND_FLOOR = 1e-6
# A fit of a position looks at two places on each side of the one where it is, and comes back.
MOVES_KEPT = 4


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
    name : str

    Raises `InputError` if the maps do not fit each other.
    """

    def __init__(
        self, counts, exposure, background_model=None, psf=None, edisp=None, model=None, mask=None, name=""
    ):
        self.counts, self.exposure, self.background_model = counts, exposure, background_model
        self.psf, self.edisp, self.name = psf, edisp, name
        self.mask = None if mask is None else _mask(mask, counts)
        _check_maps(counts, exposure, background_model)
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
        return dataset_times(self.counts.meta, [run.gti for run in self.runs], self._title())

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
            raise MissingError(f"{self._title()} has {many} source called {name!r}; it has {names}.")
        return found[0]

    def npred(self):
        """Predicted counts of all models, `WcsNDMap`."""
        data = sum((self._signal(model) for model in self._models), np.zeros(self.counts.geom.data_shape))
        if self.background_model is not None:
            data = data + self.background_model.evaluate().data
        return self._counts_map(np.where(self._cells, data, 0.0))

    def npred_signal(self, name=None):
        """Predicted counts of the sources, or of one of them, `WcsNDMap`."""
        models = self._models if name is None else [self.named(name)]
        data = sum((self._signal(model) for model in models), np.zeros(self.counts.geom.data_shape))
        return self._counts_map(np.where(self._cells, data, 0.0))

    def residuals(self, method="diff"):
        """Counts minus prediction, `WcsNDMap`; with `method="diff/sqrt(model)"` over the root of the prediction."""
        predicted = self.npred().data
        difference = np.where(self._cells, self.counts.data - predicted, 0.0)
        if method == "diff":
            return self._counts_map(difference)
        if method == "diff/sqrt(model)":
            root = np.sqrt(predicted)
            return self.counts.copy(data=np.divide(difference, root, out=np.zeros_like(root), where=root > 0))
        raise InputError(f"method is {method!r}; wanted is 'diff' or 'diff/sqrt(model)'.")

    def stat_sum(self):
        """Cash statistic over the cells of the fit, 2 * sum(prediction - counts * log(prediction)); float.

        Cash 1979, ApJ 228, 939. Cells in which nothing can be predicted, whatever the fluxes and the norm, are
        outside the fit. Infinite where less than nothing is predicted, or nothing where there are counts.
        """
        cell = np.flatnonzero((self.counts.data > 0) & self._cells)
        counts = self.counts.data.ravel()[cell]
        predicted, total, reached = np.zeros(len(cell)), 0.0, np.zeros(len(cell), dtype=bool)
        negative = False
        for model in self._models:
            flux = self._flux(model)
            response = self._response(model).at_counts(cell, None if self._whole_sky else self._cells)
            predicted += np.einsum("t,te->e", flux, response.per_cell)
            total += np.sum(flux * response.total)
            reached |= response.reached
            negative |= bool(np.any(flux < 0))
        if self.background_model is not None:
            template, norm = self.background_model.scaled(), self.background_model.norm.value
            predicted += norm * template.ravel()[cell]
            total += norm * template.sum(where=self._cells)
            reached |= template.ravel()[cell] > 0
            negative |= norm < 0
        predicted = predicted[reached]
        if not np.all(predicted > 0) or (negative and np.any(self.npred().data < 0)):
            return np.inf
        return float(2 * (total - np.sum(counts[reached] * np.log(predicted))))

    def plot_counts(self, ax=None, **keywords):
        """The axes with the counts, summed over energy."""
        return self.counts.plot(ax=ax, **keywords)

    def plot_npred(self, ax=None, **keywords):
        """The axes with the predicted counts, summed over energy."""
        return self.npred().plot(ax=ax, **keywords)

    def plot_residuals(self, ax=None, **keywords):
        """The axes with (counts - prediction) / sqrt(prediction), each summed over energy, on a symmetric scale."""
        counts, predicted = (each.sum_over_axes() for each in (self._counts_in_fit(), self.npred()))
        root = np.sqrt(predicted.data)
        data = np.divide(counts.data - predicted.data, root, out=np.zeros_like(root), where=root > 0)
        reach = max(3.0, float(np.abs(data).max()))
        keywords = {"cmap": "RdBu_r", "vmin": -reach, "vmax": reach} | keywords
        ax = counts.copy(data=data, unit="").plot(ax=ax, **keywords)
        ax.set_title("(counts − prediction) / √prediction")
        return ax

    def cash_block(self, source, further, floor=False):
        """The `CashBlock` of this dataset: what the likelihood needs, with the flux of `source` as amplitude.

        Parameters
        ----------
        source : SkyModel whose flux is fitted
        further : list of SkyModel with amplitudes to fit too; the remaining models are fixed
        floor : bool, whether the ratio of everything else to the source is needed (fluxes below zero)
        """
        background = np.zeros(self.counts.geom.data_shape)
        norm = 1.0
        if self.background_model is not None:
            background = np.where(self._cells, self.background_model.scaled(), 0.0)
            norm = self.background_model.norm.value
        self._check_on_map(source)
        sources = [source, *further]
        fixed = [model for model in self._models if model not in sources]
        cell = np.flatnonzero((self.counts.data > 0) & self._cells)
        templates = [self._at_cells(model, cell) for model in sources]
        constant = sum((self._at_cells(model, cell) for model in fixed), np.zeros(len(cell)))
        seen = sum(templates, constant) > 0
        empty = background.ravel()[cell] <= 0
        n_floored = 0
        if self.background_model is not None and (empty & seen).any():
            n_floored = int(self.counts.data.ravel()[cell[empty & seen]].sum())
            background = self._raised(background)
        used = seen | ~empty
        dropped = self.counts.data.ravel()[cell[~used]].sum()
        ratio = np.inf
        if floor:
            ratio = self._floor_ratio(source, norm * background + sum((self._signal(m) for m in fixed), 0.0))
        cell = cell[used]
        return CashBlock(
            shared_total=np.array([self._total(model) for model in sources]),
            background_total=float(background.sum()),
            constant_total=float(sum(self._total(model) for model in fixed)),
            count=self.counts.data.ravel()[cell].astype(float),
            shared=np.column_stack(templates)[used],
            background=background.ravel()[cell],
            constant=constant[used],
            background_norm=norm,
            floor_ratio=ratio,
            n_floored=n_floored,
            n_unpredicted=int(dropped),
        )

    def why_no_signal(self, model):
        """(status, reason in words) of a dataset in which nothing is expected from a source."""
        lon, lat = model.spatial_model.lonlat_in("icrs")
        beyond = [run for run in self.runs if run.offset_of(lon, lat) >= run.aeff.max_offset.to_value(u.rad)]
        if self.runs and len(beyond) == len(self.runs):
            offset = np.rad2deg(min(run.offset_of(lon, lat) for run in self.runs))
            return (
                "outside_fov",
                f"the source is {offset:.2f} deg off the pointing, outside the field of view",
            )
        return "no_exposure", "the effective area times live time at the source is zero"

    def _title(self):
        return f"The MapDataset {self.name!r}" if self.name else "The MapDataset"

    @cached_property
    def _cells(self):
        """Cells of the fit, bool of the counts' shape: not masked, and nearer than the largest offset in some run."""
        shape = self.counts.geom.data_shape
        cells = np.ones(shape, dtype=bool) if self.mask is None else self.mask
        if self.runs:
            cells = cells & np.logical_or.reduce([run.inside for run in self.runs])
        return cells

    def _check_on_map(self, model):
        if model.spatial_model is not None and not self.counts.geom.contains(model.position.reshape(1))[0]:
            lon, lat = np.rad2deg(model.spatial_model.lonlat())
            raise InputError(
                f"The source {model.name!r} at ({lon:.4f}, {lat:.4f}) deg ({model.spatial_model.frame}) lies outside "
                "the map; wanted is a map that holds it."
            )

    def _response(self, model):
        """The model's `SourceResponse`, kept for the places where the model was last."""
        shape = () if model.spatial_model is None else tuple(p.value for p in model.spatial_model.parameters)
        key = (type(model.spatial_model), getattr(model.spatial_model, "frame", None), shape)
        cache = self.__dict__.setdefault("_responses", {})
        # Taken out and put back at the end: the first is the one that was not needed for the longest time.
        response = cache.pop(key, None)
        cache[key] = source_response(self, model) if response is None else response
        while len(cache) > MOVES_KEPT + len(self._models):
            del cache[next(iter(cache))]
        return cache[key]

    def _flux(self, model):
        return model.spectral_model.photon_flux(self.exposure.geom.axes[0].edges.to_value("TeV"))

    def _signal(self, model):
        return self._response(model).predict(self._flux(model))

    def _at_cells(self, model, cell):
        return self._response(model).at_cells(self._flux(model), cell)

    def _total(self, model):
        return self._response(model).total(self._flux(model), None if self._whole_sky else self._cells)

    @cached_property
    def _whole_sky(self):
        """Whether the response, which knows the runs' largest offset, leaves out all that the fit leaves out."""
        return self.mask is None

    def _raised(self, background):
        """The background with its empty cells raised where a source shines, energy plane by energy plane."""
        means = background.mean(axis=(1, 2))
        filled = np.flatnonzero(means > 0)
        if len(filled) == 0:
            return background
        signal = sum(self._signal(model) for model in self._models)
        raised = background.copy()
        for plane in range(len(means)):
            nearest = filled[np.argmin(np.abs(filled - plane))]
            empty = (raised[plane] <= 0) & (signal[plane] > 0) & self._cells[plane]
            raised[plane][empty] = BACKGROUND_FLOOR * means[nearest]
        return raised

    def _floor_ratio(self, source, rest):
        signal = np.where(self._cells, self._signal(source), 0.0)
        shines = signal > 0
        return float(np.min(rest[shines] / signal[shines])) if shines.any() else np.inf

    def _counts_map(self, data):
        return self.counts.copy(data=data)

    def _counts_in_fit(self):
        return self._counts_map(np.where(self._cells, self.counts.data, 0.0))

    def __str__(self):
        geom = self.counts.geom
        lines = [
            f"MapDataset {self.name!r}" if self.name else "MapDataset",
            f"  cells        {' x '.join(str(n) for n in geom.data_shape)} (energy, lat, lon)",
            f"  counts       {self.counts.data.sum():.0f}",
        ]
        if self.background_model is not None:
            lines.append(f"  background   {self.background_model.evaluate().data.sum():.1f}")
        if self.runs:
            lines.append(f"  runs         {', '.join(str(run.obs_id) for run in self.runs)}")
            lines.append(f"  live time    {self.livetime.value:.1f} s")
        names = [model.name or model.spectral_model.name or "unnamed" for model in self._models]
        lines.append(f"  models       {', '.join(names) or 'none'}")
        return "\n".join(lines)


def _mask(mask, counts):
    data = np.asarray(mask.data if hasattr(mask, "geom") else mask)
    if data.shape != counts.geom.data_shape or data.dtype != bool:
        raise InputError(
            f"The mask is {data.dtype} of shape {data.shape}; wanted is bool of shape {counts.geom.data_shape}."
        )
    return data


def _check_maps(counts, exposure, background_model):
    for what, each in (("counts", counts), ("exposure", exposure)):
        if not hasattr(each, "geom"):
            raise InputError(f"The {what} of a MapDataset are a {type(each).__name__}; wanted is a WcsNDMap.")
        if len(each.geom.axes) != 1 or not each.geom.axes[0].unit.is_equivalent(u.TeV):
            raise InputError(f"The {what} map of a MapDataset has no energy axis, or more than one axis.")
    if not exposure.unit.is_equivalent("cm2 s"):
        raise InputError(
            f"The exposure map has the unit {str(exposure.unit)!r}; wanted is an area times a time."
        )
    if exposure.geom.to_image() != counts.geom.to_image():
        raise InputError(
            "The exposure map has other pixels than the counts map; a MapDataset needs the same."
        )
    if background_model is not None and background_model.map.geom != counts.geom:
        raise InputError(
            "The background map has another geometry than the counts map; a MapDataset needs the same."
        )
