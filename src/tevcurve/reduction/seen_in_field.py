"""One source as a run sees it in its field of view: at the run's events, and as sums."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tevcurve.datasets.source_overlap import SourceOverlap
from tevcurve.datasets.source_run import SourceRun
from tevcurve.irf.dispersion_nodes import SourceDispersion
from tevcurve.kernels.sphere import angular_separation
from tevcurve.kernels.tangent import along, directions, tangent_axes
from tevcurve.records import short_repr
from tevcurve.reduction.event_densities import SourceDensities
from tevcurve.reduction.pixels_around import places_in_plane


@dataclass(frozen=True, eq=False)
class SeenInField:
    """A source of one spectrum.

    Attributes
    ----------
    run : `SourceRun` at the source
    position : (lon, lat), ICRS, radian
    densities : `SourceDensities` at the events of the field
    dispersion : `SourceDispersion`
    photons : float array (n_true, n_nodes), s-1 of live time, that are seen at each node of true energy
    flux : float array (n_true,), cm-2 s-1
    limit : radian, the angle within which it is seen
    """

    run: SourceRun
    position: tuple[float, float]
    densities: SourceDensities
    dispersion: SourceDispersion
    photons: np.ndarray
    flux: np.ndarray
    limit: float

    __repr__ = short_repr

    @cached_property
    def frame(self) -> np.ndarray:
        """See `tangent_axes`."""
        return tangent_axes(*self.position)

    def rates(self, events, own):
        """What it gives at some events of the field, float array (m,), s-1 TeV-1 sr-1 of live time.

        Parameters
        ----------
        events : `~tevcurve.reduction.field_parts.FieldEvents`
        own : int array (m,), which of them
        """
        frame, made = self.frame, np.zeros(len(own))
        near = np.flatnonzero(along(frame[0], events.vectors.take(own, axis=1)) > np.cos(self.limit))
        own = own[near]
        x, y = places_in_plane(frame, events.vectors.take(own, axis=1))
        made[near] = self.densities.signal(own, np.arctan(np.hypot(x, y)), self.flux)
        return made

    def counts(self, covered):
        """Counts per second of live time in each reco bin, float array (n_reco,).

        covered: float array (n_rings,), the part of each ring around it (`shares_in_rings` up to `limit`) that counts;
            None for all of all.
        """
        if covered is None:
            shares = self.densities.psf.shares_within(self.limit)
        else:
            shares = np.einsum("tj,j->t", self.densities.psf.shares_in_rings(self.limit)[1], covered)
        return np.einsum("tr,t->r", self.in_bins(), shares)

    def in_bins(self):
        """Counts per second of live time of each bin of true energy in each reco bin, float array (n_true, n_reco)."""
        seen = self.dispersion.probabilities.reshape(*self.photons.shape, -1)
        return np.einsum("tk,tkr->tr", self.photons, seen)

    def rings_on(self, pixels, frame):
        """Numbers of the pixels around another source at places in the middle of the rings of this one; -1 outside.

        Parameters
        ----------
        pixels : `PixelsAround`
        frame : of the other source, see `tangent_axes`
        """
        x, y = pixels.ring_places(self.densities.psf.shares_in_rings(self.limit)[0])
        plane = np.stack([np.ones(x.size), x.ravel(), y.ravel()])
        vectors = np.einsum("ij,ip->jp", self.frame, plane) / np.sqrt(np.sum(plane**2, axis=0))
        return pixels.numbers(*places_in_plane(frame, vectors)).reshape(x.shape)

    def in_cells(self, lon, lat, solid_angle):
        """Counts per second of live time in cells (n_reco, n_pixels), by the density in the middle of each pixel.

        Parameters
        ----------
        lon, lat : float arrays (n_pixels,), radian
        solid_angle : float array (n_pixels,), sr
        """
        separation = angular_separation(*self.position, lon, lat)
        near = np.flatnonzero(separation < self.limit)
        bins, place = np.divmod(np.arange(len(self.flux) * len(near)), max(len(near), 1))
        density = self.densities.psf.densities_of(bins, separation[near][place]).reshape(len(self.flux), -1)
        made = np.zeros((self.dispersion.probabilities.shape[1], len(lon)))
        made[:, near] = np.einsum("tr,tp->rp", self.in_bins(), density) * solid_angle[near]
        return made


def overlap_in_field(seen, parts, frame, inside, bands):
    """The `SourceOverlap` of sources in the pixels around the first of them.

    Parameters
    ----------
    seen : list of `SeenInField`
    parts : `~tevcurve.reduction.field_parts.FieldParts`
    frame : of the first, see `tangent_axes`
    inside : bool array (n_pixels,), pixels of the fit
    bands : int array (n_reco,), the band of each reco bin, -1 for none
    """
    pixels, run = parts.pixels, parts.field.run
    own = np.flatnonzero(inside)
    lon, lat = directions(np.einsum("ij,ip->jp", frame, pixels.centres[:, own]))
    solid_angle = pixels.solid_angle[own]
    sources = np.stack([each.in_cells(lon, lat, solid_angle) for each in seen])
    rates = [run.bkg.rate_per_energy_bin(*at(lon, lat), parts.axes.reco) for at in parts.frames.coordinates]
    background = np.mean(rates, axis=0) * solid_angle
    return SourceOverlap.of_cells(bands, sources, background, np.zeros_like(background))
