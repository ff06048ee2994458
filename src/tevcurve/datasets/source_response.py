"""Where the photons of a source are expected in a cube, per unit of flux."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from astropy.coordinates import SkyCoord

from tevcurve.datasets.cube_parts import CubeParts
from tevcurve.errors import InputError
from tevcurve.irf import EnergyDependentTablePSF, PSFKernel
from tevcurve.irf.source_psf import SourcePSF
from tevcurve.maps.axis import MapAxis
from tevcurve.maps.geometry import WcsGeom
from tevcurve.models.sky import SkyModel
from tevcurve.models.spatial import SpatialModel

# Relative: exposures nearer than this to those of the runs are these, in the order of another sum.
SAME_EXPOSURE = 1e-9


@dataclass(frozen=True, eq=False)
class SourceResponse:
    """Expected counts of a source per flux in each true-energy bin, factored into sky and energy.

    Attributes
    ----------
    spatial : float array (n_true, nlat, nlon), cm2 s: exposure times the share of the photons in each pixel
    edisp : float array (n_true, n_reco), the share of a true-energy bin's counts in each reco bin
    """

    spatial: np.ndarray
    edisp: np.ndarray

    def predict(self, flux: np.ndarray) -> np.ndarray:
        """Expected counts (n_reco, nlat, nlon) of fluxes (n_true,) in cm-2 s-1.

        flux: float array (n_true,).
        """
        return np.tensordot((self.edisp * flux[:, None]).T, self.spatial, axes=1)

    def at_counts(self, cell: np.ndarray, mask: np.ndarray | None = None) -> "CountsResponse":
        """The `CountsResponse` at cells given by their flat index.

        Parameters
        ----------
        cell : int array (n,)
        mask : bool (n_reco, nlat, nlon), the cells that are summed over; None for all
        """
        n_pixels = self.spatial[0].size
        reco, pixel = np.divmod(cell, n_pixels)
        per_cell = self.spatial.reshape(-1, n_pixels)[:, pixel] * self.edisp[:, reco]
        sky = self.sky_sum[:, None]
        if mask is not None:
            sky = np.tensordot(self.spatial, mask.astype(float), axes=([1, 2], [1, 2]))
        return CountsResponse(per_cell, per_cell.any(axis=0), (sky * self.edisp).sum(axis=1))

    @cached_property
    def reached(self) -> np.ndarray:
        """Cells (n_reco, nlat, nlon) in which anything of the source can be seen, bool."""
        return np.tensordot((self.edisp > 0).T.astype(float), (self.spatial > 0).astype(float), axes=1) > 0

    @cached_property
    def sky_sum(self) -> np.ndarray:
        """Sum of `spatial` over the sky (n_true,), cm2 s."""
        return self.spatial.sum(axis=(1, 2))


@dataclass(frozen=True, eq=False)
class CountsResponse:
    """What a likelihood needs of a `SourceResponse`: its values where counts are, and its sum.

    Attributes
    ----------
    per_cell : float array (n_true, n), cm2 s
    reached : bool array (n,), whether any of it is not 0
    total : float array (n_true,), cm2 s
    """

    per_cell: np.ndarray
    reached: np.ndarray
    total: np.ndarray


def source_response(dataset: CubeParts, model: SkyModel) -> SourceResponse:
    """The `SourceResponse` of a `SkyModel` in a `MapDataset`.

    A point source: the exposure at its position times its share of photons in each pixel. Of runs reduced by this
    package the exposure is that of the response at the source itself, and what falls on pixels beyond the largest
    offset of a run is left out; an exposure map that is not that of the runs counts as it is changed at the source.
    Where the PSF is the mean of the one run for this position, it is what the run's own response says there.
    An extended source: exposure and shape in each pixel, convolved with the PSF.

    Parameters
    ----------
    dataset : `MapDataset`
    model : `SkyModel`
    """
    geom = dataset.exposure.geom
    edisp = _edisp_matrix(dataset, geom.axes[0])
    spatial = model.spatial_model
    if spatial is None:
        raise InputError(
            f"The model {model.name!r} has no position, and a map dataset needs one: give a SkyModel."
        )
    if spatial.is_point:
        return SourceResponse(
            _with_exposure(dataset, spatial, _point_shares(_psf_for(dataset, spatial), geom, spatial)), edisp
        )
    filled = spatial.pixel_fractions(geom) * dataset.exposure.data * dataset.exposure.unit.to("cm2 s")
    filled = _convolved(filled, dataset.psf, geom)
    if dataset.runs:
        filled = np.where(np.logical_or.reduce([run.inside for run in dataset.runs]), filled, 0.0)
    return SourceResponse(filled, edisp)


def _psf_for(dataset: CubeParts, spatial: SpatialModel) -> PSFKernel | EnergyDependentTablePSF:
    """The dataset's PSF, or the run's own in place of its mean, which is empty at energies without exposure."""
    if len(dataset.runs) != 1 or not isinstance(dataset.psf, EnergyDependentTablePSF):
        return dataset.psf
    (run,), position = dataset.runs, spatial.lonlat_in("icrs")
    if not dataset.psf.is_own_of(run.psf, position):
        return dataset.psf
    return run.psf.table_at(run.offset_of(*position))


def _point_shares(
    psf: PSFKernel | EnergyDependentTablePSF | None, geom: WcsGeom, spatial: SpatialModel
) -> np.ndarray:
    """Share of a point source's photons in each pixel, (n_true, nlat, nlon).

    A PSF table is integrated over each pixel about the exact position. A PSF kernel is a grid: the source is
    shared between the four pixel centres around it, and the kernel is put on each, as a convolution does.
    """
    if isinstance(psf, SourcePSF):
        lon, lat = spatial.lonlat_in(geom.frame)
        return psf.pixel_fractions(geom.axes[0].center.to_value("TeV"), lon, lat, geom)
    shares = spatial.pixel_fractions(geom)
    if psf is None:
        return np.broadcast_to(shares, geom.data_shape)
    placed = np.zeros(geom.data_shape)
    for row, column in np.argwhere(shares > 0):
        _add_kernel(placed, shares[row, column] * psf.data, row, column)
    return placed


def _add_kernel(planes: np.ndarray, kernel: np.ndarray, row: int, column: int) -> None:
    """Add a kernel (n_true, odd, odd) to planes with its middle on one pixel; what falls outside is lost."""
    half_rows, half_columns = kernel.shape[1] // 2, kernel.shape[2] // 2
    top, left = row - half_rows, column - half_columns
    rows = slice(max(top, 0), min(row + half_rows + 1, planes.shape[1]))
    columns = slice(max(left, 0), min(column + half_columns + 1, planes.shape[2]))
    planes[:, rows, columns] += kernel[
        :, rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
    ]


def _convolved(
    planes: np.ndarray, psf: PSFKernel | EnergyDependentTablePSF | None, geom: WcsGeom
) -> np.ndarray:
    """Planes (n_true, nlat, nlon) convolved with the PSF of their energy; nothing comes in from outside the map."""
    if psf is None:
        return planes
    from scipy.signal import fftconvolve

    kernel = PSFKernel.from_table_psf(psf, geom) if isinstance(psf, SourcePSF) else psf
    # The FFT leaves noise of both signs where there is nothing.
    return np.maximum(fftconvolve(planes, kernel.data, mode="same", axes=(1, 2)), 0.0)


def _with_exposure(dataset: CubeParts, spatial: SpatialModel, shares: np.ndarray) -> np.ndarray:
    runs = dataset.runs
    if not runs or not all(np.array_equal(run.true_edges, _true_edges(dataset)) for run in runs):
        return shares * _exposure_in_map(dataset, spatial)[:, None, None]
    lon, lat = spatial.lonlat_in("icrs")
    exposures = [run.exposure_at(lon, lat) for run in runs]
    change = _change_of_exposure(dataset, spatial)
    if change is not None:
        exposures = [exposure * change for exposure in exposures]
    if len(runs) == 1:
        return np.where(runs[0].inside, shares, 0.0) * exposures[0][:, None, None]
    seen = sum(exposure[:, None, None] * run.inside for exposure, run in zip(exposures, runs, strict=True))
    return shares * seen


def _true_edges(dataset: CubeParts) -> np.ndarray:
    return dataset.exposure.geom.axes[0].edges.to_value("TeV")


def _change_of_exposure(dataset: CubeParts, spatial: SpatialModel) -> np.ndarray | None:
    """The dataset's exposure over that of its runs in the pixel of the source (n_true,), or None where they are one.

    An exposure that a caller has changed, or put in the place of that of the runs, counts as it is changed there.
    """
    geom = dataset.exposure.geom
    ix, iy = geom.lonlat_to_idx(*spatial.lonlat_in(geom.frame))
    if ix < 0:
        return None
    lon, lat = (angles[iy, ix] for angles in geom.pixel_lonlat())
    if geom.frame != "icrs":
        there = SkyCoord(lon, lat, unit="rad", frame=geom.frame).icrs
        lon, lat = there.ra.rad, there.dec.rad
    own = sum(run.exposure_at(lon, lat) * run.inside[iy, ix] for run in dataset.runs)
    given = dataset.exposure.data[:, iy, ix] * dataset.exposure.unit.to("cm2 s")
    if np.allclose(given, own, rtol=SAME_EXPOSURE, atol=SAME_EXPOSURE * np.max(own)):
        return None
    return np.divide(given, own, out=np.ones_like(own), where=own > 0)


def _exposure_in_map(dataset: CubeParts, spatial: SpatialModel) -> np.ndarray:
    """Exposure map at the source, (n_true,), cm2 s; 0 where the source is outside the map."""
    values = dataset.exposure.value_at(spatial.position.reshape(1), interp="linear")
    return np.nan_to_num(values.to_value("cm2 s")[:, 0])


def _edisp_matrix(dataset: CubeParts, true_axis: MapAxis) -> np.ndarray:
    reco_axis = dataset.counts.geom.axes[0]
    if dataset.edisp is not None:
        matrix = np.asarray(dataset.edisp.pdf_matrix, dtype=float)
        if matrix.shape != (true_axis.nbin, reco_axis.nbin):
            raise InputError(
                f"The energy dispersion has the shape {matrix.shape}; the dataset's axes need "
                f"{(true_axis.nbin, reco_axis.nbin)} (true, reco)."
            )
        return matrix
    if true_axis.nbin != reco_axis.nbin or not np.allclose(true_axis.edges, reco_axis.edges, rtol=1e-9):
        raise InputError("Without an energy dispersion the true-energy axis must be the reco axis.")
    return np.eye(true_axis.nbin)
