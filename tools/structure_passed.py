"""The files of the package that one result passes, counted while it is made.

A file is passed where any of its functions or methods is called, by `sys.setprofile`; module bodies, class bodies and
`__init__.py` do not count. Each result is made once before, so that no import and no first reading is among them: what
is counted is the way from observations whose files have been read, or from fresh datasets, to the light curve.
"""

import json
import sys
from pathlib import Path

import astropy.units as u
from curves_to_compare import BAND, CRAB, METHODS, map_datasets, observations, spectrum_datasets

import tevcurve

ROOT = Path(tevcurve.__file__).parent
ROWS = "6 min"


def light_curve(data, method):
    """A light curve with 20 rows by one call."""
    spectrum = tevcurve.PowerLaw(index=2.6)
    return tevcurve.light_curve(
        observations(data, "crab"), CRAB, ROWS, (1, 10) * u.TeV, spectrum=spectrum, **METHODS[method]
    )


def of_datasets(datasets, **options):
    """A light curve of the estimator, the background fitted with the flux."""
    return tevcurve.LightCurveEstimator(datasets, source="crab", reoptimize=True, **options).run(**BAND)


def passed(make, *arguments, **options):
    """(What `make` returns, sorted paths of the files that it passes)."""
    files = set()

    def look(frame, event, _):
        code = frame.f_code
        if event == "call" and not code.co_name.startswith("<module"):
            files.add(code.co_filename)

    sys.setprofile(look)
    try:
        made = make(*arguments, **options)
    finally:
        sys.setprofile(None)
    inside = [Path(name).relative_to(ROOT).as_posix() for name in files if Path(name).is_relative_to(ROOT)]
    return made, sorted(name for name in inside if Path(name).name != "__init__.py")


def main(data):
    """Prints a JSON dict of what was made to the files that it passes."""
    found = {}
    for method in ("1D", "3D"):
        light_curve(data, method)
        made, found[f"light_curve, {method}"] = passed(light_curve, data, method)
        assert len(made.table) == 20
    for method, datasets in (("1D", spectrum_datasets), ("3D", map_datasets)):
        for name, options in (("", {}), (", time bins", {"time_bins": ROWS})):
            of_datasets(datasets(data), **options)
            datasets.cache_clear()
            fresh = datasets(data)
            _, found[f"estimator on datasets, {method}{name}"] = passed(of_datasets, fresh, **options)
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
