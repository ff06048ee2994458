"""The cells of a run in which a source below zero may first leave nothing of the prediction, whatever its spectrum."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class FirstCells:
    """What a run expects in these cells, or densities at single energies and positions where events have their own.

    Attributes
    ----------
    reco : int array (n,), the reco bin of each
    response : float array (n, n_true), cm2 (or per TeV and sr): expected of the source per second of live time
    background : float array (n_slices, n), s-1 of on-time
    fixed : float array (n,), s-1 of live time, of other sources that are fixed
    further : float array (n_further, n), s-1 of live time, of further sources whose fluxes are fitted; None for none
    """

    reco: np.ndarray
    response: np.ndarray
    background: np.ndarray
    fixed: np.ndarray
    further: np.ndarray | None = None

    def settled(self, amplitudes: np.ndarray) -> "FirstCells":
        """The same with further sources at amplitudes (n_further,), as part of what is fixed.

        amplitudes: float array (n_further,).
        """
        if self.further is None:
            return self
        fixed = self.fixed + np.einsum("k,kc->c", amplitudes, self.further)
        return FirstCells(self.reco, self.response, self.background, fixed)

    def joined(self, other: "FirstCells") -> "FirstCells":
        """These and others. other: `FirstCells`."""
        reco, response, fixed = (
            np.concatenate([getattr(self, name), getattr(other, name)])
            for name in ("reco", "response", "fixed")
        )
        background = np.concatenate([self.background, other.background], axis=1)
        if self.further is None or other.further is None:
            return FirstCells(reco, response, background, fixed)
        return FirstCells(
            reco, response, background, fixed, np.concatenate([self.further, other.further], axis=1)
        )


def first_cells(
    shares: np.ndarray,
    background: np.ndarray,
    inside: np.ndarray,
    floors: np.ndarray,
    others: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Cells in which everything else may be smallest beside the source, two int arrays (reco bin, pixel).

    In each reco bin these are the brightest pixel of the source, and those that it does not dominate: where some true
    energy has a larger share of its photons, relative to the brightest pixel, than the background of some slice
    of time. Any spectrum has its smallest ratio, in any part of the time, in one of them.

    Parameters
    ----------
    shares : float array (n_true, n_pixels), of the source
    background : float array (n_slices, n_reco, n_pixels)
    inside : bool array (n_reco, n_pixels), the cells of the fit
    floors : float array (n_slices, n_reco), what an empty background is raised to
    others : float array (n_others, n_reco, n_pixels), of other sources, or None
    """
    image = shares.sum(axis=0)
    pixels = np.flatnonzero(image * inside.any(axis=0))
    if not len(pixels):
        return pixels, pixels
    own, rest = shares[:, pixels], np.maximum(background[:, :, pixels], floors[:, :, None])
    if others is not None:
        rest = np.concatenate([rest, others[:, :, pixels]])
    peak, within = int(np.argmax(image[pixels])), inside[:, pixels]
    brighter, darker = _beside(own, rest, peak)
    kept = within & ((brighter > darker) | ~within[:, peak, None])
    kept[:, peak] = within[:, peak]
    reco, number = [], []
    for plane in range(len(kept)):
        first = undominated(own, rest[:, plane], np.flatnonzero(kept[plane]))
        reco += [plane] * len(first)
        number += first
    return np.array(reco, dtype=int), pixels[np.array(number, dtype=int)]


def _beside(own: np.ndarray, rest: np.ndarray, pixel: int) -> tuple[np.ndarray, np.ndarray]:
    """(the most by which pixels are brighter than one of them, the least ratio of the rest), arrays (..., n)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        brighter = np.fmax.reduce(own / own[:, pixel, None], axis=0)
        darker = np.fmin.reduce(rest / rest[..., pixel, None], axis=0)
    return brighter, darker


def undominated(own: np.ndarray, rest: np.ndarray, candidates: np.ndarray) -> list[int]:
    """The candidates (a list) without those that one of them dominates.

    Parameters
    ----------
    own : float array (n_true, n_pixels), of the source
    rest : float array (n_parts, n_pixels), of all else, part by part
    candidates : int array, numbers of pixels
    """
    first = []
    while len(candidates):
        with np.errstate(divide="ignore"):
            best = int(np.argmax(own[:, candidates].sum(axis=0) / rest[:, candidates].sum(axis=0)))
        first.append(int(candidates[best]))
        if len(candidates) == 1:
            break
        brighter, darker = _beside(own[:, candidates], rest[:, candidates], best)
        left = brighter > darker
        left[best] = False
        candidates = candidates[left]
    return first
