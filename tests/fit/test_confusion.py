"""Rows whose source is not told from a neighbour: by dense sums over all cells of simulated cubes."""

import numpy as np
import pytest
from simulated_cubes import BAND, POSITION, point_source, simulated_cube

from tevcurve import LightCurveEstimator

NEAR, FAR = 0.06, 0.4


def row_of(distance, **more):
    """(the dataset, its row) of a source beside another, with a background norm that is fitted."""
    other = point_source("the other", (POSITION[0], POSITION[1] + distance))
    dataset = simulated_cube(others=[other], seed=3, exposure=2e13, **more)
    estimator = LightCurveEstimator([dataset], source="crab", reoptimize=True)
    return dataset, estimator.run(**BAND).table[0]


def dense_correlation(dataset, source, other, norm):
    """Of the two amplitudes, from the sums over all cells at these amplitudes."""
    cells = dataset.cells
    templates = [dataset.npred_signal(name).data[cells] for name in ("crab", "the other")]
    templates = np.array([*templates, dataset.background_model.scaled()[cells]])
    expected = np.array([source, other, norm]) @ templates
    covariance = np.linalg.inv((templates / expected) @ templates.T)
    return covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])


def test_a_source_too_near_is_said_with_its_name_and_the_correlation():
    dataset, row = row_of(NEAR)
    assert row["status"] == "confused"
    assert "told from 'the other'" in row["reason"]
    assert np.isfinite([row[name] for name in ("norm", "norm_err", "norm_errp", "norm_ul", "ts")]).all()
    said = float(row["reason"].split("correlation of ")[1].split(";")[0])
    # The means of one row are its own amplitudes: those of the source, and what is left for the other.
    source = row["norm"]
    other = (row["npred"] - row["npred_excess"]) - dataset.background_model.scaled()[dataset.cells].sum()
    other /= dataset.npred_signal("the other").data[dataset.cells].sum()
    assert said == pytest.approx(dense_correlation(dataset, source, other, 1.0), abs=0.015)
    assert said < -0.7


def test_a_source_farther_away_is_told_apart():
    assert row_of(FAR)[1]["status"] == "ok"


def test_it_is_decided_by_what_is_expected_in_the_mean_not_by_the_counts_of_a_row():
    """Rows of all days are confused alike, those with few counts of either, too."""
    datasets = [
        row_of(NEAR, number=k, flux=flux, other_flux=other)[0]
        for k, (flux, other) in enumerate([(1, 1), (0.3, 2), (2, 0.3), (0, 1)])
    ]
    table = LightCurveEstimator(datasets, source="crab", reoptimize=True).run(**BAND).table
    assert set(table["status"]) == {"confused"}
    said = [reason.split("correlation of ")[1].split(";")[0] for reason in table["reason"]]
    # Their exposures are the same, so that all that differs is rounding.
    assert np.ptp(np.array(said, dtype=float)) < 0.015


def test_a_row_without_events_says_both():
    _, row = row_of(NEAR, counts=False)
    assert row["status"] == "no_events"
