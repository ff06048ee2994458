"""Writes docs/validation.md: what light curves of known truths look like, from the runs of this very script.

    python bench/validate.py --data path/to/hess-dl3-dr1            # all of it: an hour or two
    python bench/validate.py --share 0.01 --parts code coverage     # some parts, with a hundredth of the draws

Each finished part is kept in the folder --keep, and the report is made of the parts that are there: one that was not
run is not in it. The tests run the same code with fewer draws.
"""

import argparse
import json
import sys
import tempfile
import time
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
    robustness,
    shapes,
)
from validation.report import Section  # noqa: E402


def parts(share, rng, release):
    """Dict of name to function that makes a `Section`, with a share of all draws."""

    def some(full, least):
        return max(round(share * full), least)

    def alarm_plan(way):
        return [(way, 0.01, some(10_000, 2000)), (way, 0.001, some(100_000, 2000))]

    return {
        "code": lambda: code_is_right.section(some(100_000, 500), some(100_000, 200), rng),
        "coverage": coverage.section,
        "feldman-cousins": lambda: feldman_cousins.section(
            100.0 if share >= 1 else 1.0, 100.0 if share >= 1 else 3.0
        ),
        "biases": lambda: biases.section(some(20_000, 200), some(100, 1), rng),
        "random": lambda: robustness.section(some(1_000_000, 1000), rng),
        "alarms-formula": lambda: alarms.section(alarm_plan("formula"), rng),
        "alarms-toys": lambda: alarms.section(alarm_plan("toys"), rng),
        "shapes": lambda: shapes.section(some(1000, 4), some(20, 1), rng),
        "night": lambda: flare_night.section(release),
    }


def keep_section(section, name, keep, docs, share):
    """Write a `Section` and its figures."""
    import matplotlib.pyplot as plt

    (docs / "figures").mkdir(parents=True, exist_ok=True)
    for file, fig in section.figures.items():
        fig.savefig(docs / "figures" / file, dpi=110)
        plt.close(fig)
    record = {"title": section.title, "text": section.text, "failures": section.failures, "share": share}
    keep.mkdir(parents=True, exist_ok=True)
    (keep / f"{name}.json").write_text(json.dumps(record))


def report(keep, order):
    """The report's text from the parts that were kept."""
    found = [
        (name, json.loads((keep / f"{name}.json").read_text()))
        for name in order
        if (keep / f"{name}.json").exists()
    ]
    sections = [Section(each["title"], each["text"], {}, each["failures"]) for _, each in found]
    failures = [failure for section in sections for failure in section.failures]
    missing = [name for name in order if name not in dict(found)]
    lines = [
        "# Validation",
        "",
        "Light curves of sources whose truth is known. Every number is from "
        "`bench/validate.py`; each part says how many "
        "draws it has. The bars are those that the project has set itself before.",
        "",
        "What misses its bar: "
        + ("; ".join(failures) + "." if failures else "nothing in the parts that follow."),
    ]
    if missing:
        lines += ["", f"Not run for this report: {', '.join(missing)}."]
    fewer = [f"{name} {100 * each['share']:g} %" for name, each in found if each["share"] < 1]
    if fewer:
        lines += [
            "",
            f"Run with fewer draws than in full (of short parts at least some): {', '.join(fewer)}.",
        ]
    for section in sections:
        lines += ["", f"## {section.title}", "", section.text]
    return "\n".join(lines) + "\n"


def main(arguments=None):
    """Run parts and write the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = list(parts(1.0, None, None))
    parser.add_argument("--parts", nargs="*", choices=names, default=names, help="what to run (default: all)")
    parser.add_argument("--share", type=float, default=1.0, help="share of all draws (default: 1)")
    parser.add_argument("--quick", action="store_true", help="the same as --share 0.01")
    parser.add_argument(
        "--data", type=Path, help="the folder hess-dl3-dr1; without it there is no flare night"
    )
    parser.add_argument("--keep", type=Path, default=KEPT, help="where parts are kept")
    parser.add_argument(
        "--docs", type=Path, default=HERE.parent / "docs", help="where validation.md is written"
    )
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(arguments)
    import matplotlib

    matplotlib.use("Agg")
    share = 0.01 if args.quick else args.share
    for name in args.parts:
        if name == "night" and args.data is None:
            continue
        start = time.perf_counter()
        rng = np.random.default_rng([args.seed, names.index(name)])
        section = parts(share, rng, args.data)[name]()
        print(
            f"{name}: {time.perf_counter() - start:.0f} s\n\n{section.title}\n\n{section.text}\n", flush=True
        )
        keep_section(section, name, args.keep, args.docs, share)
    args.docs.mkdir(parents=True, exist_ok=True)
    (args.docs / "validation.md").write_text(report(args.keep, names))
    return 0


if __name__ == "__main__":
    sys.exit(main())
