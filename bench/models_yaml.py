"""Files of sky models between gammapy and tevcurve, both ways: the largest relative differences of flux and brightness.

    python bench/models_yaml.py        # in an interpreter that has both, such as one of `pip install ".[peer]"`

Ours are written and read by gammapy, and what gammapy writes of them is read again. Fluxes are compared from 0.1 to
50 TeV, brightnesses at points around the centre, out to two of the shape's sizes.
"""

import sys
import tempfile
from pathlib import Path

import astropy.units as u
import numpy as np

from tevcurve.kernels.sphere import directional_offset
from tevcurve.maps import WcsGeom, WcsNDMap
from tevcurve.models import (
    BrokenPowerLaw,
    Constant,
    EBLAbsorption,
    ExponentialCutoffPowerLaw,
    LogParabola,
    OpacityTable,
    PowerLaw,
    PowerLawNorm,
    SkyDisk,
    SkyGaussian,
    SkyModel,
    SkyPointSource,
    SmoothBrokenPowerLaw,
    SuperExpCutoffPowerLaw4FGLDR3,
    TemplateSpatialModel,
    TemplateSpectrum,
    read_models,
    write_models,
)

ENERGY = np.geomspace(0.1, 50, 200)
PLACE = (83.6, 22.0)


def spectra():
    """Dict of name to spectrum, of all that both have."""
    nodes = np.geomspace(0.05, 80, 20)
    redshifts = np.array([0.1, 0.2])
    table = OpacityTable(nodes, redshifts, 2 * redshifts[:, None] * nodes, "a table")
    flux = 1e-12 * nodes**-2.5 * u.Unit("cm-2 s-1 TeV-1")
    single = (
        PowerLaw(index=2.6, reference="2 TeV"),
        ExponentialCutoffPowerLaw(index=1.7, alpha=0.8),
        LogParabola(alpha=2.3, beta=0.2),
        BrokenPowerLaw(index1=1.9, index2=3.1),
        SmoothBrokenPowerLaw(index1=1.8, index2=3.0, beta=0.3),
        SuperExpCutoffPowerLaw4FGLDR3(expfactor=0.2, index_2=0.7),
        Constant(),
        TemplateSpectrum(nodes * u.TeV, flux),
    )
    named = {type(each).__name__: each for each in single}
    named["a sum"] = PowerLaw(index=1.9) + LogParabola(reference="2 TeV")
    named["a product"] = PowerLaw(index=1.9) * PowerLawNorm(tilt=0.2, norm=2.0)
    return named | {"EBLAbsorption": EBLAbsorption(0.116, "a table", table=table) * PowerLaw(index=2.2)}


def shapes():
    """Dict of name to shape, of all that have a brightness."""
    centre = [angle * u.deg for angle in PLACE]
    geom = WcsGeom.create(PLACE, 0.02, npix=41, proj="TAN")
    bump = SkyGaussian(*centre, 0.1 * u.deg).pixel_fractions(geom)
    return {
        "SkyPointSource": SkyPointSource(*centre),
        "SkyGaussian": SkyGaussian(*centre, 0.2 * u.deg),
        "SkyDisk": SkyDisk(*centre, 0.3 * u.deg, edge_width=0.05),
        "TemplateSpatialModel": TemplateSpatialModel(WcsNDMap(geom, bump)),
    }


def brightness_of(ours, theirs):
    """(brightness by us, by gammapy), sr-1, around the centre."""
    separation = np.linspace(0, 0.35, 30)[:, None]
    angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    lon, lat = directional_offset(*ours.lonlat(), angle, np.deg2rad(separation))
    values = {parameter.name: parameter.quantity for parameter in theirs.parameters}
    return ours.evaluate(lon, lat), theirs.evaluate(lon * u.rad, lat * u.rad, **values).to_value("sr-1")


def largest(one, other):
    """Largest difference, relative to the second; where that is faint, to a millionth of its largest."""
    return float(np.max(np.abs(one - other) / np.maximum(other, 1e-6 * np.max(other))))


def main():
    try:
        from gammapy.modeling.models import Models
    except ImportError:
        sys.exit("gammapy is not installed here; wanted is an interpreter that has it and tevcurve.")
    every = [
        ("spectrum", name, each, SkyPointSource(*(a * u.deg for a in PLACE)))
        for name, each in spectra().items()
    ]
    every += [("shape", name, PowerLaw(), each) for name, each in shapes().items()]
    print("| model | gammapy reads ours | ours reads gammapy's |\n|---|---|---|")
    for kind, name, spectrum, shape in every:
        with tempfile.TemporaryDirectory() as folder:
            ours, theirs = Path(folder, "ours.yaml"), Path(folder, "theirs.yaml")
            write_models([SkyModel(shape, spectrum, name="one")], ours)
            (read,) = Models.read(ours)
            Models([read]).write(theirs, write_covariance=False)
            (again,) = read_models(theirs)
        if kind == "spectrum":
            flux = spectrum.dnde(ENERGY)
            there = read.spectral_model(ENERGY * u.TeV).to_value("cm-2 s-1 TeV-1")
            numbers = largest(there, flux), largest(again.spectral_model.dnde(ENERGY), flux)
        elif shape.is_point:
            places = [np.array(each.lonlat()) for each in (shape, again.spatial_model)]
            there = np.array(
                [
                    read.spatial_model.lon_0.quantity.to_value("rad"),
                    read.spatial_model.lat_0.quantity.to_value("rad"),
                ]
            )
            numbers = largest(there, places[0]), largest(places[1], places[0])
        else:
            here, there = brightness_of(shape, read.spatial_model)
            numbers = (
                largest(there, here),
                largest(brightness_of(again.spatial_model, read.spatial_model)[0], here),
            )
        print(f"| {name} | {numbers[0]:.1e} | {numbers[1]:.1e} |", flush=True)


if __name__ == "__main__":
    main()
