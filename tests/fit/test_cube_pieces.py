"""Events of a row in one cell: one term of the likelihood, which is that of each event by itself."""

import astropy.units as u
import numpy as np
import pytest
from numpy.testing import assert_allclose
from small_store import TARGET, make_store

from tevcurve import PowerLaw, light_curve


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    store = make_store(tmp_path_factory.mktemp("store"))
    spectrum = PowerLaw(index=2.3, amplitude="3e-11 cm-2 s-1 TeV-1")
    options = {"method": "3d", "spectrum": spectrum, "width": "1.2 deg", "binsz": "0.1 deg"}
    return light_curve(store.get_observations(), TARGET, "14 min", (1, 3, 10) * u.TeV, **options).origin


def test_rows_have_a_term_for_each_cell_and_the_sum_over_events(origin):
    joint, _ = origin.rows(below_zero=False)
    terms, norm = joint.profile.likelihood.terms, np.linspace(0.3, 2.0, len(joint.fitted))
    counts = joint.measured()["counts"][joint.fitted]
    assert len(terms.event_block) < 0.7 * counts.sum()
    settled, _ = joint.profile.settled(norm)
    blocks = dict(zip(terms.block_bin.tolist(), settled.norms, strict=True))
    assert len(blocks) == terms.n_blocks  # a run in each row
    half = np.zeros(joint.n_bins)
    n_events = 0
    for run, cut, flux in zip(joint.compact_runs(), joint.cut.cuts, joint.fluxes, strict=True):
        signal, background = run.compact.signal_at(run.cell, flux), run.compact.background_at(run.cell)[0]
        for event, at in zip(cut.event, cut.event_bin, strict=True):
            row = cut.bins[at] * joint.n_bands + run.band[event]
            k = int(np.searchsorted(joint.fitted, row))
            seen = norm[k] * signal[event] * cut.seconds[at] * run.deadc
            half[row] -= np.log(seen + blocks[k] * background[event] * cut.seconds[at])
            n_events += 1
        for at, time_bin in enumerate(cut.bins):
            for band in range(joint.n_bands):
                row = time_bin * joint.n_bands + band
                k = int(np.searchsorted(joint.fitted, row))
                half[row] += norm[k] * run.signal_total(flux)[band] * cut.seconds[at] * run.deadc
                half[row] += blocks[k] * run.background_total[0, band] * cut.seconds[at]
    assert n_events == counts.sum()
    assert_allclose(settled.stat, 2 * half[joint.fitted], rtol=1e-9)
