"""How the code is built: its circles, its sizes, the files that a result passes, and what is written more than once.

    python tools/structure.py [--checkout FOLDER] [--data FOLDER] [--list]

prints a row for each of the `BARS` (at the first commit with this script, now, and what is wanted) and for each row of
`ONE`, the things that one file each is to hold. With `--list` what was counted is named. The exit code is 1 where a bar
that is not only reported is missed, or where a row of `ONE` is held by another number of files than one.

Counted are the modules of `src/tevcurve`, as syntax trees (`structure_source.py` says how) and, for the files that a
result passes, in a process that makes it (`structure_passed.py`); without the data these rows are left out.
"""

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from structure_signs import Calls, Defines, Fields, HasGetattr, Keys, Names, Reads, Texts
from structure_source import Source, body_lines, n_parameters

HERE = Path(__file__).resolve()
BESIDE_CHECKOUT = HERE.parents[2] / "shared" / "data"


@dataclass(frozen=True)
class Bar:
    """What is measured. before: the figure at the commit 5595a29. most: the largest that passes.

    reported: whether a larger one is said, and fails nothing.
    """

    before: float
    most: float
    reported: bool = False


LONGEST_FUNCTION, MOST_PARAMETERS, LARGEST_CLASS = 60, 8, 15
# A larger class says in its docstring why it has "so many methods".
WHY_SO_LARGE = "so many methods"
# Lines of code at that commit.
LINES_BEFORE = 26146
CIRCLES, IN_CIRCLES = "circles between modules", "modules in circles"
INSIDE = "imports of the package inside functions"
TYPES = "further circles through imports for type checkers only"
LINES = "lines of code in src, relative"
LARGE = f"classes over {LARGEST_CLASS} methods and properties without a reason"
LONG = f"functions over {LONGEST_FUNCTION} lines"
WIDE = f"functions with more than {MOST_PARAMETERS} parameters"
BARS = {
    CIRCLES: Bar(4, 0),
    IN_CIRCLES: Bar(13, 0),
    INSIDE: Bar(121, 29),
    TYPES: Bar(0, 0, reported=True),
    "files passed: light_curve, 1D": Bar(75, 45, reported=True),
    "files passed: light_curve, 3D": Bar(85, 50, reported=True),
    "files passed: estimator on datasets, 1D": Bar(35, 28, reported=True),
    "files passed: estimator on datasets, 3D": Bar(51, 28, reported=True),
    "files passed: estimator on datasets, 1D, time bins": Bar(43, 28, reported=True),
    "files passed: estimator on datasets, 3D, time bins": Bar(61, 28, reported=True),
    LINES: Bar(1, 0.94, reported=True),
    LARGE: Bar(8, 0),
    LONG: Bar(1, 0),
    WIDE: Bar(16, 10),
}


@dataclass(frozen=True)
class One:
    """A thing that one file is to hold.

    signs : what a file that holds it has; any of them is enough
    beside : patterns of paths that do not count, each for the reason that stands with it
    """

    what: str
    signs: tuple
    beside: tuple = ()


BINNINGS = (
    "run",
    "night",
    "width",
    "counts",
    "significance",
    "blocks",
    "sliding",
    "phase",
    "edges",
    "intervals",
)
BINNING_CLASSES = ("ByRun", "ByNight", "ByWidth", "Sliding", "ByIntervals", "ByPhase", "ByCounts")
RESPONSES = ("aeff", "edisp", "psf", "bkg", "rad_max")
RESPONSE_CLASSES = (
    "aeff_2d",
    "edisp_2d",
    "psf_table",
    "psf_3gauss",
    "psf_king",
    "bkg_2d",
    "bkg_3d",
    "rad_max_2d",
)
RESPONSE_NAMES = ("EffectiveAreaTable2D", "EnergyDispersion2D", "PSF3D", "Background2D", "Background3D")
OPTIONS = ("background_error", "interval", "shape_from", "free_ts", "offset_max", "on_radius", "unbinned")
# Public faces only name what they offer.
FACES = (r"(.*/)?__init__\.py",)

ONE = (
    One(
        "a run at a position: its events in good time",
        (Calls("KeptRun|SourceRun"), Names(("good_events",))),
        # The observation, and what it is from; a time line of an observation for time bins.
        (r"data/.*", r"datasets/timeline\.py"),
    ),
    One(
        "3D: cells of events, background rates, responses at events",
        (Calls("CubeTerms|ReducedCube"), Calls("background_frames"), Defines("_?events_in_cube")),
        # Frames are made there; events are drawn from background rates.
        (r"irf/.*", r"simulation/.*"),
    ),
    One(
        "1D: ON and OFF events, exposure",
        (Calls("in_on|in_off"), Calls("ReducedSpectrum|OnOffTerms"), Calls("containment_fraction")),
        # What these responses themselves are, and what is drawn through them.
        (r"irf/.*", r"simulation/.*"),
    ),
    One(
        "3D: rows as a likelihood",
        (Calls("CashTerms"), Defines("LaidCubes|JointCash|CubeLikelihood")),
        # Some rows of others; rows that were drawn; one row for exact intervals; the background spectrum.
        (
            r"kernels/.*",
            r"fit/toys_cubes\.py",
            r"fit/expected_cells\.py",
            r"fit/background_shapes\.py",
        ),
    ),
    One(
        "1D: rows as a likelihood",
        (Calls("OnOffCells"), Defines("LaidSpectra|JointOnOff|OnOffLikelihood")),
        # Some rows of others; rows that were drawn.
        (r"fit/onoff_cells\.py", r"fit/toys_onoff\.py"),
    ),
    One("background norms at given fluxes", (Defines("_?(settle|best|settled)_norms"),)),
    One(
        "columns npred, alpha, excess, livetime, n_runs",
        (Keys(("npred", "npred_excess")), Texts(("livetime", "ontime", "n_runs"), 3)),
        # The declaration of columns.
        (r"lightcurve/columns\.py",),
    ),
    One("options: name, default, words, allowed values", (Fields(OPTIONS, ("Option", "MethodOption")),)),
    One(
        "binnings: their names, what is in a job, whether they look at events",
        (Texts(BINNINGS, 5), Names(BINNING_CLASSES, 3), Reads("time_bins")),
        # Where these classes are; who asks for time bins, and who prints which there are.
        (*FACES, r"(lightcurve/)?bins/(fixed|phase|adaptive)\.py", r"(config|cli|report|pipeline)/.*"),
    ),
    One(
        "response classes",
        (Texts(RESPONSES, 4), Texts(RESPONSE_CLASSES, 3), Names(RESPONSE_NAMES, 3)),
        # A set of responses made by formulas, one of each.
        (*FACES, r"simulation/responses\.py"),
    ),
    One(
        "the engine for many runs",
        (HasGetattr(), Names(("MANY",))),
        # Other things that are many; records with words for what they do not have.
        (r"(lightcurve|models|kernels|fit|report)/.*",),
    ),
)


def main(argv=None):
    """The exit code: 0 where every bar is met and each row of `ONE` is in one file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checkout", type=Path, default=HERE.parents[1])
    parser.add_argument("--data", type=Path, default=os.environ.get("GAMMAPY_DATA", BESIDE_CHECKOUT))
    parser.add_argument("--list", action="store_true", help="names what was counted")
    args = parser.parse_args(argv)
    source = Source(args.checkout)
    measured = measured_in(source) | files_passed(args.checkout, args.data)
    missed = [name for name in BARS if name in measured and not _told(name, *measured[name], args.list)]
    print("\nIn one file each:")
    split = [one.what for one in ONE if not _told_holders(one, source)]
    print(f"\n{len(missed)} bars are missed; {len(split)} of {len(ONE)} things are not in one file.")
    return 1 if missed or split else 0


def measured_in(source):
    """Dict of the name of a bar to (figure, names of what was counted) of a `Source`."""
    circles, with_types = source.circles(), source.circles(with_types=True)
    lines = sum(source.lines_of_code().values())
    large, why = [], source.class_docstring
    for key, names in source.method_names().items():
        if len(names) > LARGEST_CLASS and WHY_SO_LARGE not in " ".join(why(key).split()):
            large.append((len(names), *key))
    sizes = [(body_lines(node), n_parameters(node), module, name) for module, name, node in source.functions]
    counted = {
        CIRCLES: [", ".join(circle) for circle in circles],
        IN_CIRCLES: [name for circle in circles for name in circle],
        INSIDE: [f"{module}, line {line}" for module, line in source.inside_functions],
        TYPES: [", ".join(circle) for circle in with_types if circle not in circles],
        LARGE: sorted(large, reverse=True),
        LONG: sorted(
            [(n, module, name) for n, _, module, name in sizes if n > LONGEST_FUNCTION], reverse=True
        ),
        WIDE: sorted(
            [(n, module, name) for _, n, module, name in sizes if n > MOST_PARAMETERS], reverse=True
        ),
    }
    figures = {name: (len(found), found) for name, found in counted.items()}
    return figures | {LINES: (lines / LINES_BEFORE, [f"{lines} now, {LINES_BEFORE} before"])}


def files_passed(checkout, data):
    """The same of the files that results pass; {} without the data."""
    if not (Path(data) / "hess-dl3-dr1").is_dir():
        print(f"There are no data in {data}, so the files that a result passes are not counted.")
        return {}
    environment = os.environ | {"PYTHONPATH": str((checkout / "src").resolve())}
    command = [sys.executable, "-W", "ignore", HERE.with_name("structure_passed.py"), data]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout)
    return {f"files passed: {name}": (len(files), files) for name, files in found.items()}


def holders(source, one):
    """Dict of path to the numbers of the signs of a `One` that it has."""
    found = {}
    for number, sign in enumerate(one.signs):
        for path in source.holders(sign, one.beside):
            found.setdefault(path, []).append(number)
    return found


def _told(name, figure, counted, with_names):
    """Prints a row; whether the bar is met, or only reported."""
    bar = BARS[name]
    is_met = figure <= bar.most
    verdict = "" if is_met else ("  over the bar (reported)" if bar.reported else "  MISSED")
    print(f"{name:58} before {bar.before:6.4g}  now {figure:6.4g}  at most {bar.most:4g}{verdict}")
    if with_names:
        for one in counted:
            print("   ", one if isinstance(one, str) else ", ".join(map(str, one)))
    return is_met or bar.reported


def _told_holders(one, source):
    """Prints a row; whether it is in one file."""
    found = holders(source, one)
    print(f"{one.what}: {len(found)} file{'' if len(found) == 1 else 's'}")
    for path, numbers in found.items():
        print(f"    {path}  ({'; '.join(_words_of(one.signs[number]) for number in numbers)})")
    return len(found) == 1


def _words_of(sign, most=60):
    value = next(iter(vars(sign).values()), "")
    text = f"{type(sign).__name__} {value if isinstance(value, str) else ', '.join(value)}".strip()
    return text if len(text) <= most else text[: most - 3] + "..."


if __name__ == "__main__":
    sys.exit(main())
