"""Datasets made of the parts that gammapy's datasets have, wherever these come from."""

from dataclasses import dataclass
from typing import Any

import astropy.units as u
import numpy as np

from tevcurve.datasets.counts import CountsSpectrum
from tevcurve.datasets.map_dataset import MapDataset
from tevcurve.datasets.onoff import SpectrumDatasetOnOff
from tevcurve.datasets.position_responses import edisp_kernel_at, psf_kernel_at
from tevcurve.errors import InputError
from tevcurve.irf import EDispKernel


@dataclass(frozen=True, eq=False)
class CubeParts:
    """Parts of a map dataset.

    counts, exposure : `WcsNDMap` over reconstructed and true energy, on the same pixels
    background : `BackgroundModel` or None
    psf, edisp : `WcsNDMap` with the axes (rad or reconstructed energy or migra) and true energy, or None
    mask : bool array of the counts' shape, or None
    gti : `GTI` or None
    name : str
    """

    counts: Any
    exposure: Any
    background: Any = None
    psf: Any = None
    edisp: Any = None
    mask: Any = None
    gti: Any = None
    name: str = ""

    def dataset(self, models, position=None):
        """`MapDataset` with the responses at a position; default: that of the first model that has one.

        Raises `InputError` where there is no position.

        Parameters
        ----------
        models : list of `SkyModel`
        position : `SkyCoord`, or None
        """
        places = [model.spatial_model.position for model in models if model.spatial_model is not None]
        if position is None and not places:
            raise InputError(
                f"The dataset {self.name!r} of gammapy has responses all over its map; give a model or a position."
            )
        position = places[0] if position is None else position
        reco, geom = self.counts.geom.axes[0].edges, self.exposure.geom
        self.counts.meta.update(_times(self.gti))
        return MapDataset(
            self.counts,
            self.exposure,
            self.background,
            psf=None if self.psf is None else psf_kernel_at(self.psf, position, geom),
            edisp=None if self.edisp is None else edisp_kernel_at(self.edisp, position, reco),
            model=list(models) or None,
            mask=self.mask,
            name=self.name,
        )


@dataclass(frozen=True, eq=False)
class OnOffParts:
    """Parts of an ON/OFF spectrum; float arrays (n_reco,) and (n_true,), edges in Quantities.

    Attributes
    ----------
    counts, counts_off : float arrays (n_reco,), of the ON and the OFF region
    acceptance, acceptance_off : float arrays (n_reco,), of the ON and the OFF region
    exposure : Quantity (n_true,), an area times a time
    edisp : float array (n_true, n_reco)
    reco_edges, true_edges : Quantities (n_reco + 1,) and (n_true + 1,), energies
    mask_safe, mask_fit : bool arrays (n_reco,) or None
    gti : `GTI` or None
    livetime : a time, or None
    name : str
    """

    counts: np.ndarray
    counts_off: np.ndarray
    acceptance: np.ndarray
    acceptance_off: np.ndarray
    exposure: u.Quantity
    edisp: np.ndarray
    reco_edges: u.Quantity
    true_edges: u.Quantity
    mask_safe: np.ndarray | None = None
    mask_fit: np.ndarray | None = None
    gti: Any = None
    livetime: Any = None
    name: str = ""

    def dataset(self, models):
        """`SpectrumDatasetOnOff` with one model or none; bins without OFF acceptance are outside the fit.

        models: sequence of at most one model.
        """
        if len(models) > 1:
            names = ", ".join(repr(model.name) for model in models)
            raise InputError(f"The ON/OFF spectrum {self.name!r} has the models {names}; one is wanted.")
        usable = (self.acceptance > 0) & (self.acceptance_off > 0)
        safe = usable if self.mask_safe is None else self.mask_safe & usable
        return SpectrumDatasetOnOff(
            CountsSpectrum(self.reco_edges, self.counts, _times(self.gti)),
            self.counts_off,
            np.where(usable, self.acceptance, 1.0),
            np.where(usable, self.acceptance_off, 1.0),
            self.exposure,
            EDispKernel(self.edisp, self.true_edges, self.reco_edges),
            livetime=self.livetime,
            mask_safe=safe,
            mask_fit=self.mask_fit,
            model=models[0] if models else None,
            name=self.name,
            gti=self.gti,
        )


def _times(gti):
    """What the metadata of counts say of their time."""
    if gti is None or not len(gti):
        return {}
    return {"t_start": gti.start[0], "t_stop": gti.stop[-1]}
