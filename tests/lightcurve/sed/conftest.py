"""Flux points of a small store for all who write and draw them."""

from dataclasses import replace

import astropy.units as u
import pytest
from small_store import TARGET, make_store

from tevcurve import light_curve


@pytest.fixture(scope="package")
def curve(tmp_path_factory):
    """A light curve in one band and in blocks, with a free index."""
    observations = make_store(tmp_path_factory.mktemp("data")).get_observations()
    options = {"time_bins": "blocks 0.3", "energy_edges": [0.7, 10] * u.TeV, "method": "1d", "free": "index"}
    return light_curve(observations, TARGET, norm_values=[0.5, 1, 2], **options)


@pytest.fixture(scope="package")
def flux_points(curve):
    return curve.sed([0.7, 1.1, 2, 4, 10] * u.TeV)


@pytest.fixture(scope="package")
def plain_points(curve):
    """The same with the shape of the reference, which have scans."""
    origin = replace(curve.origin, options=replace(curve.origin.options, free=()))
    return origin.light_curve().sed([0.7, 1.1, 2, 4, 10] * u.TeV)
