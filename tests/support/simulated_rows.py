"""Rows with an event list or ON/OFF counts of a power law, filled by chance, each with its dense likelihood."""

import numpy as np

from tevcurve.kernels.onoff import wstat
from tevcurve.kernels.spectral_profiles import CubeSpectralRows, OnOffSpectralRows
from tevcurve.kernels.terms import CashTerms
from tevcurve.models import PowerLaw

TRUE = np.geomspace(0.1, 100, 49)
RECO = np.geomspace(0.7, 20, 16)
BAND = (0.7, 20.0)
AMPLITUDE = 2e-11
N_PIXELS = 9


def power_law():
    return PowerLaw(index=2.7, amplitude=f"{AMPLITUDE} cm-2 s-1 TeV-1")


def response(exposure):
    """Counts per flux in each (true bin, reco bin): an area that rises with the energy, and a resolution of 15 %."""
    centers = np.sqrt(TRUE[:-1] * TRUE[1:])
    fine = 0.5 * (np.log(RECO)[:, None] - np.log(centers)) / 0.15
    return (6e9 * exposure * centers**0.5 * np.diff(np.tanh(fine), axis=0) / 2).T


class SimulatedCubes:
    """Rows of two runs each: `n_reco` times `N_PIXELS` cells, with dense counts and all that was expected."""

    def __init__(self, rng, n_rows, exposure=1800.0, index=2.7):
        share = np.array([0.3, 0.2, 0.2, 0.1, 0.1, 0.05, 0.05, 0.0, 0.0])
        self.response = np.stack([(response(exposure * part)[:, :, None] * share) for part in (0.6, 0.4)])
        background = np.repeat(8.0 * exposure / 1800 * RECO[:-1, None] ** -1.7, N_PIXELS, axis=1)
        self.background = np.stack([0.6 * background, 0.4 * background])
        truth = PowerLaw(index=index, amplitude=f"{AMPLITUDE} cm-2 s-1 TeV-1")
        self.truth = np.array([1.0, index, 1.1, 0.9])
        expected = np.einsum("rtej,t->rej", self.response, truth.photon_flux(TRUE))
        expected = expected + self.truth[2:, None, None] * self.background
        self.counts = rng.poisson(np.broadcast_to(expected, (n_rows, *expected.shape)))

    def rows(self):
        """The same as `CubeSpectralRows`, an event a line; those in cells without source are lone."""
        n_rows, n_cells = len(self.counts), self.counts[0, 0].size
        row, run, cell = (
            np.repeat(each, self.counts.ravel())
            for each in np.unravel_index(np.arange(self.counts.size), (n_rows, 2, n_cells))
        )
        all_responses = self.response.reshape(2, len(TRUE) - 1, n_cells).transpose(0, 2, 1)
        seen = all_responses[run, cell].any(axis=1)
        length = np.bincount(row[seen], minlength=n_rows)
        block = (2 * row + run)[seen]
        terms = CashTerms(
            n_bins=n_rows,
            block_bin=np.repeat(np.arange(n_rows), 2),
            shared_total=np.zeros((2 * n_rows, 0)),
            background_total=np.tile(self.background.sum(axis=(1, 2)), n_rows),
            constant_total=np.zeros(2 * n_rows),
            event_block=block,
            event_count=np.ones(len(block)),
            event_shared=np.zeros((len(block), 0)),
            event_background=self.background.reshape(2, n_cells)[run, cell][seen],
            event_constant=np.zeros(len(block)),
            lone_count=np.bincount((2 * row + run)[~seen], minlength=2 * n_rows).astype(float),
            lone_log=np.zeros(2 * n_rows),
        )
        response = all_responses[run, cell][seen]
        total = np.tile(self.response.sum(axis=(0, 2, 3)), (n_rows, 1))
        return CubeSpectralRows(np.cumsum(length) - length, length, response, total, terms)

    def cash(self, row, model, names):
        """The dense cash statistic of a row as a function of (norm, shape, background norms)."""

        def statistic(parameters):
            shape = dict(zip(names, parameters[1:], strict=False))
            signal = np.einsum("rtej,t->rej", self.response, model.photon_flux(TRUE, **shape))
            expected = parameters[0] * signal + parameters[-2:, None, None] * self.background
            return 2 * np.sum(expected - self.counts[row] * np.log(expected))

        return statistic


class SimulatedSpectra:
    """Rows of one ON/OFF spectrum each."""

    def __init__(self, rng, n_rows, exposure=1800.0, alpha=0.1):
        self.response, self.alpha = response(exposure), alpha
        off = 200 * RECO[:-1] ** -1.7
        self.n_off = rng.poisson(np.tile(off, (n_rows, 1))).astype(float)
        signal = power_law().photon_flux(TRUE) @ self.response
        self.n_on = rng.poisson(np.tile(signal + alpha * off, (n_rows, 1))).astype(float)

    def rows(self):
        n_rows, n_reco = self.n_on.shape
        return OnOffSpectralRows(
            np.arange(n_rows) * n_reco,
            np.full(n_rows, n_reco),
            np.tile(self.response.T, (n_rows, 1)),
            np.tile(self.response.sum(axis=1), (n_rows, 1)),
            self.n_on.ravel(),
            self.n_off.ravel(),
            np.full(n_rows * n_reco, self.alpha),
        )

    def wstat(self, row, model, names):
        def statistic(parameters):
            shape = dict(zip(names, parameters[1:], strict=True))
            signal = parameters[0] * model.photon_flux(TRUE, **shape) @ self.response
            return wstat(self.n_on[row], self.n_off[row], self.alpha, signal).sum()

        return statistic
