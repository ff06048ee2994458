"""Times the 1D light curve of four runs of the Crab nebula, beside gammapy 2.1 where that is installed.

`python bench/crab_1d.py` prints a table: from the files to ON/OFF spectra with reflected regions in a warm process,
the estimator with all its steps, and both together. Ours and the peer's read the same files, use the same ON region
and axes, mask what lies below the files' safe energies, and fit the rest. Times are medians.
"""

import sys
from statistics import median

import astropy.units as u
from astropy.coordinates import SkyCoord
from regions import CircleSkyRegion
from side_by_side import load_example, main, run_peer, timed

import tevcurve

POSITION = SkyCoord(83.63308, 22.01450, unit="deg", frame="icrs")
# Name, key, and the longest time in seconds that we allow ourselves.
ROWS = [
    ("read and extract four runs (warm)", "reduce", None),
    ("estimator, all steps", "estimate", 0.03),
    ("light curve from files (warm)", "both", 0.15),
]

example = load_example()


def read_and_extract(folder):
    """The four Crab runs as ON/OFF spectra with a model."""
    runs = example.select_crab(example.open_store(folder, "current"))
    reco = tevcurve.MapAxis.from_bounds(0.7, 10, 10, unit="TeV", name="energy", interp="log")
    true = tevcurve.MapAxis.from_bounds(0.1, 20, 20, unit="TeV", name="energy", interp="log")
    on_region = CircleSkyRegion(POSITION, 0.11 * u.deg)
    background = tevcurve.ReflectedRegionsBackgroundEstimator(on_region=on_region, observations=runs)
    background.run()
    extraction = tevcurve.SpectrumExtraction(
        observations=runs,
        bkg_estimate=background.result,
        containment_correction=True,
        e_reco=reco.edges,
        e_true=true.edges,
    )
    extraction.run()
    spectrum = tevcurve.PowerLaw(index=2.6, amplitude="2e-11 cm-2 s-1 TeV-1", reference="1 TeV")
    for dataset in extraction.spectrum_observations:
        dataset.model = spectrum.copy(name="crab")
    return extraction.spectrum_observations


def estimate(datasets):
    """The light curve with all steps, reported over the energies that are fitted."""
    estimator = tevcurve.LightCurveEstimator(datasets, source="crab", reoptimize=False)
    return estimator.run(e_ref=1 * u.TeV, e_min=0.7 * u.TeV, e_max=10 * u.TeV, steps="all")


def time_ours(folder, repeats):
    """The seconds of each row, and the fluxes; each estimate has datasets that no estimate has seen."""
    estimate(read_and_extract(folder))
    reduce_seconds, estimate_seconds = [], []
    for _ in range(repeats):
        datasets, seconds = timed(read_and_extract, folder)
        reduce_seconds.append(seconds)
        light_curve, seconds = timed(estimate, datasets)
        estimate_seconds.append(seconds)
    both = [sum(pair) for pair in zip(reduce_seconds, estimate_seconds, strict=True)]
    return {
        "reduce": median(reduce_seconds),
        "estimate": median(estimate_seconds),
        "both": median(both),
        "flux": light_curve.table["flux"].quantity.to_value("cm-2 s-1").tolist(),
    }


def time_peer(python, folder):
    """The same of the peer, in its own interpreter."""
    return run_peer(python, "peer_crab_1d.py", folder / "hess-dl3-dr1")


if __name__ == "__main__":
    sys.exit(main(__doc__.splitlines()[0], ROWS, time_ours, time_peer, example.find_data))
