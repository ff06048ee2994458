"""Light curves of known truths, in parts that are made one by one and kept, and docs/validation.md from them.

    python -m validation --list                                 # the parts, and what is kept of each
    python -m validation coverage                               # one part; again, it goes on where it was stopped
    python -m validation night --data path/to/hess-dl3-dr1      # a part that needs the public data, as does blocks
    python -m validation alarms --minutes 10 --processes 2      # no piece begins after ten minutes
    python -m validation shapes --share 0.2                     # with a fifth of the draws
    python -m validation coverage night --again 3               # after a change that is to change no number
    python -m validation --assemble                             # docs/validation.md and its figures; nothing is drawn

A part is made in pieces, and what each of them found is kept, with its arguments and its seed, in
validation/results, from which the report is assembled. A piece is made anew only where the code it rests on has
changed (not its comments), or its seed; unless `--again` has shown, with a few of its pieces, that the new code gives
the same numbers, which the report then says. No part takes longer than 20 minutes on two cores. The tests run the same
code with fewer draws.
"""

import argparse
from pathlib import Path

from validation import (
    absorption,
    alarms,
    auto_intervals,
    biases,
    blocks,
    catalogues,
    code_is_right,
    continuous,
    coverage,
    event_blocks,
    feldman_cousins,
    fields,
    flare_night,
    gregory_loredo,
    hardness,
    instruments,
    lagged_pairs,
    live_alarms,
    live_flare,
    live_misjudged,
    live_off,
    negative_cubes,
    one_call,
    periods,
    robustness,
    shapes,
    spectra,
    stacked,
    stopping,
    systematics,
    telescopes,
    timing_slopes,
    total_errors,
)
from validation.parts import RESULTS, Part, again, run

HERE = Path(__file__).resolve().parent

# What light curves by one call rest on.
ALL = ("data", "irf", "models", "datasets", "reduction", "bins", "fit", "kernels", "lightcurve")
TESTS = ("kernels", "fit", "lightcurve/variability")
DETECTOR = (
    "kernels/change_detector.py",
    "kernels/runs_side_by_side.py",
    "kernels/alarm_threshold.py",
    "live/settings.py",
)

# The parts of the report, in its order; see README.md on how to add one.
PARTS = {
    "code": Part(code_is_right.measure, code_is_right.section, code_is_right.pieces),
    "continuous": Part(continuous.measure, continuous.section, continuous.pieces, ALL),
    "coverage": Part(coverage.measure, coverage.section, coverage.pieces, beside=("feldman-cousins",)),
    "feldman-cousins": Part(feldman_cousins.measure, feldman_cousins.section, feldman_cousins.pieces),
    "auto-intervals": Part(auto_intervals.measure, auto_intervals.section, auto_intervals.pieces, subject=()),
    "biases": Part(biases.measure, biases.section, biases.pieces),
    "stopping": Part(stopping.measure, stopping.section, stopping.pieces, ALL),
    "one-call": Part(one_call.measure, one_call.section, one_call.pieces, ALL),
    "random": Part(robustness.measure, robustness.section, robustness.pieces),
    "negative": Part(negative_cubes.measure, negative_cubes.section, negative_cubes.pieces, ALL),
    "stacked": Part(stacked.measure, stacked.section, stacked.pieces, ALL),
    "hardness": Part(hardness.measure, hardness.section, hardness.pieces, ALL),
    "alarms": Part(alarms.measure, alarms.section, alarms.pieces, TESTS),
    "timing-periods": Part(periods.measure, periods.section, periods.pieces, TESTS),
    "systematics": Part(systematics.measure, systematics.section, systematics.pieces, TESTS),
    "total-errors": Part(total_errors.measure, total_errors.section, total_errors.pieces),
    "blocks": Part(blocks.measure, blocks.section, blocks.pieces, ALL, public_data=True),
    "event-blocks": Part(
        event_blocks.measure, event_blocks.section, event_blocks.pieces, ALL, public_data=True
    ),
    "timing-gregory-loredo": Part(
        gregory_loredo.measure, gregory_loredo.section, gregory_loredo.pieces, (*TESTS, "bins")
    ),
    "timing-lags": Part(
        lagged_pairs.measure, lagged_pairs.section, lagged_pairs.pieces, ALL, public_data=True
    ),
    "shapes": Part(shapes.measure, shapes.section, shapes.pieces, ALL),
    "telescopes": Part(
        telescopes.measure, telescopes.section, telescopes.pieces, (*ALL, "simulation"), public_data=True
    ),
    "fields": Part(fields.measure, fields.section, fields.pieces, (*ALL, "simulation")),
    "instruments": Part(
        instruments.measure, instruments.section, instruments.pieces, (*ALL, "simulation", "pipeline")
    ),
    "catalogue": Part(
        catalogues.measure,
        catalogues.section,
        catalogues.pieces,
        (*ALL, "simulation", "pipeline"),
        public_data=True,
    ),
    "absorption": Part(absorption.measure, absorption.section, absorption.pieces, (*ALL, "simulation")),
    "spectra": Part(spectra.measure, spectra.section, spectra.pieces, (*ALL, "simulation")),
    "timing-slopes": Part(
        timing_slopes.measure, timing_slopes.section, timing_slopes.pieces, ALL, public_data=True
    ),
    "live-alarms": Part(live_alarms.measure, live_alarms.section, live_alarms.pieces, DETECTOR),
    "live-misjudged": Part(live_misjudged.measure, live_misjudged.section, live_misjudged.pieces, DETECTOR),
    "live-flare": Part(
        live_flare.measure, live_flare.section, live_flare.pieces, (*ALL, "live"), public_data=True
    ),
    "live-off": Part(live_off.measure, live_off.section, live_off.pieces, (*ALL, "live"), public_data=True),
    "night": Part(flare_night.measure, flare_night.section, subject=ALL, public_data=True),
}


def parsed(arguments):
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to make: {', '.join(PARTS)}")
    parser.add_argument("--list", action="store_true", help="print what is kept of each part")
    parser.add_argument("--assemble", action="store_true", help="write the report from what is kept")
    parser.add_argument("--share", type=float, default=1.0, help="share of all draws (default: 1)")
    parser.add_argument("--quick", action="store_true", help="the same as --share 0.01")
    parser.add_argument(
        "--again",
        type=int,
        metavar="N",
        help="draw N pieces of each part again, and keep all if they are the same",
    )
    parser.add_argument("--data", type=Path, help="the folder hess-dl3-dr1")
    parser.add_argument("--processes", type=int, default=2, help="pieces that are made at once (default: 2)")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="after which no piece begins")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the numbers are kept")
    parser.add_argument(
        "--docs", type=Path, default=HERE.parent / "docs", help="where validation.md is written"
    )
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(arguments)
    unknown = [name for name in args.parts if name not in PARTS]
    if unknown:
        parser.error(f"no part is called {', '.join(unknown)}; there are {', '.join(PARTS)}")
    if not (args.parts or args.list or args.assemble):
        parser.error("say which part to make, or --list or --assemble")
    without = [name for name in args.parts if PARTS[name].public_data and args.data is None]
    if without:
        parser.error(f"{', '.join(without)} needs the public data: --data path/to/hess-dl3-dr1")
    return args


def main(arguments=None):
    """Make parts, list them, or write the report; returns 1 where pieces are left to make, or have other numbers."""
    import matplotlib

    matplotlib.use("Agg")
    from validation.assembly import state_of, words_of, write_report

    args, left = parsed(arguments), 0
    share = 0.01 if args.quick else args.share
    for name in args.parts:
        if args.again:
            left += again(name, PARTS[name], args.again, args.results, args.data, args.processes)
            continue
        asked = (share, args.seed, args.results, args.data, args.processes, args.minutes)
        more = run(name, PARTS[name], *asked)
        print(f"{name}: " + (f"{more} pieces are left; the same command goes on" if more else "all is made"))
        left += more
    if args.list:
        for name, part in PARTS.items():
            print(f"{name}: {words_of(state_of(name, part, args.results)) or 'made in full'}")
    if args.assemble:
        write_report(PARTS, args.results, args.docs)
    return int(left > 0)
