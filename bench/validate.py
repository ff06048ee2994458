"""Writes docs/validation.md: what light curves of known truths look like, from the runs of this very script.

    python bench/validate.py --data path/to/hess-dl3-dr1            # all of it: about an hour and a half
    python bench/validate.py --share 0.01 --parts code coverage     # some parts, with a hundredth of the draws
    python bench/validate.py --parts                                # the report anew, from the numbers that are kept

The numbers of each finished part are kept in the folder --keep, and the report is made of the parts that are there:
one that was not run is not in it. The tests run the same code with fewer draws.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
KEPT = Path(tempfile.gettempdir()) / "tevcurve-validation"
sys.path.insert(0, str(HERE))

from validation import (  # noqa: E402
    alarms,
    biases,
    code_is_right,
    coverage,
    feldman_cousins,
    flare_night,
    one_call,
    robustness,
    shapes,
    stopping,
)
from validation.counting import BACKGROUNDS, SIGNALS  # noqa: E402
from validation.report import table, verdict  # noqa: E402


@dataclass(frozen=True)
class Part:
    """A part of the report.

    measure: function of (share of all draws, numpy Generator, folder of the public data) to a dict of numbers.
    section: function of that dict, and of a dict of those of all parts by name, to a `validation.report.Section`.
    """

    measure: Callable
    section: Callable


def some(share, full, least):
    """A share of a full number of draws, int, with a least one."""
    return max(round(share * full), least)


def small(share, grid):
    """The points of a grid, or the first two of them where not all draws are wanted."""
    return grid if share >= 1 else grid[:2]


def alarm_plan(share):
    """Lines of `alarms.measure`."""
    full = ((0.01, 10_000), (0.001, 100_000))
    return [(way, p0, some(share, n, 1000)) for way in ("formula", "toys") for p0, n in full]


PARTS = {
    "code": Part(
        lambda share, rng, data: code_is_right.measure(
            some(share, 100_000, 500), some(share, 100_000, 200), rng
        ),
        lambda found, every: code_is_right.section(found),
    ),
    "coverage": Part(
        lambda share, rng, data: coverage.measure(some(share, 40_000, 500), rng),
        lambda found, every: coverage.section(found, every.get("feldman-cousins")),
    ),
    "feldman-cousins": Part(
        lambda share, rng, data: feldman_cousins.measure(
            small(share, SIGNALS), small(share, BACKGROUNDS), some(share, 300, 10), rng
        ),
        lambda found, every: feldman_cousins.section(found),
    ),
    "biases": Part(
        lambda share, rng, data: biases.measure(some(share, 2000, 20), rng),
        lambda found, every: biases.section(found),
    ),
    "stopping": Part(
        lambda share, rng, data: stopping.measure(some(share, 250, 4)),
        lambda found, every: stopping.section(found),
    ),
    "one-call": Part(
        lambda share, rng, data: one_call.measure(some(share, 60, 2)),
        lambda found, every: one_call.section(found),
    ),
    "random": Part(
        lambda share, rng, data: robustness.measure(some(share, 1_000_000, 1000), some(share, 2000, 10), rng),
        lambda found, every: robustness.section(found),
    ),
    "alarms": Part(
        lambda share, rng, data: alarms.measure(alarm_plan(share), rng),
        lambda found, every: alarms.section(found),
    ),
    "shapes": Part(
        lambda share, rng, data: shapes.measure(some(share, 1000, 10), some(share, 50, 1), rng),
        lambda found, every: shapes.section(found),
    ),
    "night": Part(
        lambda share, rng, data: flare_night.measure(data),
        lambda found, every: flare_night.section(found),
    ),
}


def kept_parts(keep):
    """Dict of name to the record of each part that is kept, in the order of the report."""
    files = {name: keep / f"{name}.json" for name in PARTS}
    return {name: json.loads(file.read_text()) for name, file in files.items() if file.exists()}


def write_report(keep, docs):
    """Write validation.md and the figures from the parts that are kept."""
    import matplotlib.pyplot as plt

    records = kept_parts(keep)
    every = {name: record["found"] for name, record in records.items()}
    sections = {name: PARTS[name].section(found, every) for name, found in every.items()}
    (docs / "figures").mkdir(parents=True, exist_ok=True)
    for section in sections.values():
        for file, fig in section.figures.items():
            fig.savefig(docs / "figures" / file, dpi=110)
            plt.close(fig)
    (docs / "validation.md").write_text(report(sections, {n: r["share"] for n, r in records.items()}))


def report(sections, shares):
    """The report's text. sections: dict of name to `Section`; shares: dict of name to the share of all draws."""
    failures = [failure for section in sections.values() for failure in section.failures]
    missing = [name for name in PARTS if name not in sections]
    fewer = [f"{name} {100 * share:g} %" for name, share in shares.items() if share < 1]
    lines = [
        "# Validation",
        "",
        "Light curves of sources whose truth is known. Every number is from `bench/validate.py`; each part says how "
        "many draws it has. The bars are those that the project has set itself before. Errors behind ± are one "
        "standard deviation of the Monte-Carlo draws.",
        "",
        "What misses its bar: "
        + ("; ".join(failures) + "." if failures else "nothing in the parts that follow."),
    ]
    if missing:
        lines += ["", f"Not run for this report: {', '.join(missing)}."]
    if fewer:
        lines += ["", f"Run with fewer draws than in full (at least some): {', '.join(fewer)}."]
    bars = [
        (wanted, found, verdict(good))
        for section in sections.values()
        for wanted, found, good in section.bars
    ]
    if bars:
        lines += ["", table(("wanted", "found", "bar"), bars)]
    for section in sections.values():
        lines += ["", f"## {section.title}", "", section.text]
    return "\n".join(lines) + "\n"


def parsed(arguments):
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = list(PARTS)
    parser.add_argument("--parts", nargs="*", choices=names, default=names, help="what to run (default: all)")
    parser.add_argument("--share", type=float, default=1.0, help="share of all draws (default: 1)")
    parser.add_argument("--quick", action="store_true", help="the same as --share 0.01")
    parser.add_argument(
        "--data", type=Path, help="the folder hess-dl3-dr1; without it there is no flare night"
    )
    parser.add_argument("--keep", type=Path, default=KEPT, help="where the numbers of parts are kept")
    parser.add_argument(
        "--docs", type=Path, default=HERE.parent / "docs", help="where validation.md is written"
    )
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


def main(arguments=None):
    """Run parts and write the report."""
    import matplotlib

    matplotlib.use("Agg")
    args = parsed(arguments)
    share = 0.01 if args.quick else args.share
    args.keep.mkdir(parents=True, exist_ok=True)
    for name in args.parts:
        if name == "night" and args.data is None:
            continue
        start = time.perf_counter()
        rng = np.random.default_rng([args.seed, list(PARTS).index(name)])
        record = {"share": share, "found": PARTS[name].measure(share, rng, args.data)}
        (args.keep / f"{name}.json").write_text(json.dumps(record))
        print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)
    write_report(args.keep, args.docs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
