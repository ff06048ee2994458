"""The keys of a configuration, in the order in which they stand in files and in the help of commands."""

from tevcurve.options import OPTIONS, RUNNING, Option
from tevcurve.run_options import CHOICES

# Of how values are read; files of before it had a version have none.
VERSION = 1
MAX_INLINE = 50_000  # characters of time bins from a file
DATA = "What is looked at"
NOT_KNOWN = "What is not known of instruments"
# The target of a catalogue.
ALL = "all"
# Keys that are no options of `tevcurve.light_curve`.
INPUT = (
    Option(
        "version",
        VERSION,
        "of this form of file, in which plain numbers for times are MJD in TT",
        DATA,
        choices=(1,),
    ),
    Option(
        "data",
        None,
        "folder of a data store or of DL3 files, an index file, or DL3 files; several as a list; may have $VARIABLES; "
        "null: each of `instruments` has its own",
        DATA,
        "paths",
    ),
    Option(
        "instruments",
        None,
        "instruments of one light curve by what they are called, as {{hess: {{data: PATH, method: 3d}}, fact: {{data: "
        "PATH, safe_energy: null}}}}, each with data, data_root, irfs, runs, target, method and what else is of its "
        "runs; what is not said is as below; null: `data` has all",
        DATA,
        "instruments",
    ),
    Option(
        "data_root",
        None,
        "folder in which an index may lead anywhere, also up (..); null: only where it is, or the store it is laid for",
        DATA,
        "path",
    ),
    Option(
        "irfs",
        None,
        "file with the responses of the runs, or several as a list; null: those that go with them",
        DATA,
        "paths",
    ),
    Option(
        "target",
        ...,
        "target as the observation index calls it, or what to call the source at `position`",
        DATA,
        "name",
    ),
    Option(
        "position",
        None,
        "of the source, as '83.633 deg, 22.014 deg' (ICRS); null: as the event files have it",
        DATA,
        "position",
    ),
    Option(
        "positions",
        None,
        "sources of a catalogue, of all of which `tevcurve run` makes the light curves: a CSV, ECSV or FITS file with "
        "name, ra and dec, or targets for all of the index; null: that of the target",
        DATA,
        "path",
    ),
    Option(
        "runs",
        None,
        "OBS_IDs, as [23523, 23526], or [HESS 23523] of one of several instruments, or a file with one a line; null: "
        "all of the target",
        DATA,
        "runs",
    ),
)
NOT_KNOWN_KEYS = (
    Option(
        "reference",
        None,
        "instrument whose flux scale is 1, for `cross_calibration`",
        NOT_KNOWN,
        "name",
    ),
    Option(
        "cross_calibration",
        None,
        "flux scales of the other instruments, free or with a prior's sigma in ln, as {{magic: free, fact: {{sigma: "
        "0.15}}, from: overlap}}: from good time that instruments share (overlap), or by the hypothesis that the "
        "source is constant (constant); rows have the runs of all instruments then; null: each instrument has its own "
        "rows",
        NOT_KNOWN,
        "cross-calibration",
    ),
    Option(
        "systematics",
        None,
        "errors that many rows have in common, as [{{effect: flux_scale, sigma: 0.1, by: night}}]: the effect is "
        "flux_scale, background or energy_scale, by row, run, night, period, instrument or all",
        NOT_KNOWN,
        "systematics",
    ),
)
OUTPUT = (
    Option("output", None, "folder for the result; null: it is only printed", RUNNING, "path"),
    Option("overwrite", False, "replace what is there", RUNNING, "flag"),
    Option("plot", None, "file to draw the light curve into, .png, .pdf or .svg", RUNNING, "path"),
    Option("report", None, "file for a page about it, .html", RUNNING, "path"),
    Option(
        "scheduler",
        None,
        "address of a Dask scheduler on whose workers the runs are reduced, as tcp://host:8786",
        RUNNING,
        "name",
    ),
)
# All keys, in the order in which they stand in files and in the help of commands.
KEYS = (
    *INPUT,
    *CHOICES,
    *NOT_KNOWN_KEYS,
    *(option for option in OPTIONS if option.section != RUNNING),
    *OUTPUT,
    *(option for option in OPTIONS if option.section == RUNNING),
)
# Keys that say where and how a job runs; the light curve does not depend on them.
HOW = tuple(option.name for option in KEYS if option.section == RUNNING)
