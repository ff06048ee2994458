"""Datasets with an extended source and a neighbour give what the one call gives, by way of maps."""

import astropy.units as u
import numpy as np
from sky_fields import BAND, TARGET, beside, runs_of, sky_model

from tevcurve import LightCurveEstimator, MapDataset, MapMaker, light_curve, make_mean_edisp, make_mean_psf
from tevcurve.lightcurve.bins import by_run
from tevcurve.maps import MapAxis, WcsGeom
from tevcurve.models import BackgroundModel, SkyGaussian

RECO, TRUE = np.geomspace(1, 10, 6) * u.TeV, np.geomspace(0.1, 100, 49) * u.TeV


def test_both_ways_agree():
    source = sky_model("source", factor=3, shape=SkyGaussian, sigma="0.2 deg")
    models = [source, sky_model("bright", beside(40, 0.6), 6)]
    for model in models:
        for parameter in model.parameters:
            parameter.frozen = parameter.name != "amplitude"
    (observation,) = observations = runs_of(models, 1, seed=5)
    reco, true = (MapAxis.from_edges(e.value, unit="TeV", name="energy", interp="log") for e in (RECO, TRUE))
    geom = WcsGeom.create(skydir=TARGET, binsz=0.05, width=2.4, proj="TAN", axes=[reco])
    maps = MapMaker(geom, "2 deg", geom_true=geom.to_cube([true])).run([observation])
    dataset = MapDataset(
        counts=maps["counts"],
        exposure=maps["exposure"],
        background_model=BackgroundModel(maps["background"]),
        psf=make_mean_psf([observation], TARGET),
        edisp=make_mean_edisp([observation], TARGET, e_true=TRUE, e_reco=RECO),
        model=models,
    )
    options = {"time_bins": by_run(), "energy_edges": BAND, "norm_values": None}
    by_maps = LightCurveEstimator([dataset], source="source", reoptimize=True, **options).run().table[0]
    kept = {"binsz": "0.05 deg", "width": "2.4 deg", "e_reco": RECO, "e_true": TRUE, "responses": "centre"}
    row = light_curve(
        observations, TARGET, name="source", models=models, safe_energy=None, **kept, **options
    ).table[0]
    # Maps have the effective area in steps of pixels, and a grid in place of the point spread function.
    assert abs(by_maps["flux"] - row["flux"]) < 0.1 * row["flux_err"]
    assert abs(by_maps["flux_err"] / row["flux_err"] - 1) < 0.02
