"""Compares the light curves of two checkouts, column by column and bit by bit.

    python tools/compare_checkouts.py BEFORE AFTER [--within 1e-12] [--only 'flare 3D*'] [--keep FOLDER]

A process for each checkout, with its `src` on the path, makes the light curves of `curves_to_compare.py` (those beside
this script, for both), and writes all columns, the ledger and the metadata. Then every value is compared: numbers must
be equal, NaN with NaN (0 and -0 are equal), texts the same. Printed are the light curves and columns that differ, each
with its largest relative difference |a - b| / max(|a|, |b|) (infinite where only one of the two is a number), and what
is on one side only. The exit code is 1 where something differs by more than `--within`, or was there before and is
not now; what is new is listed, and no difference. Identities of runs are compared as texts, so that 33787 and "33787"
are the same.

In place of a checkout, a folder that `--keep FOLDER` made (FOLDER/before, FOLDER/after) can be given: then nothing is
made anew. A light curve that cannot be made has the sentence of its error in place of columns.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, is_dataclass
from fnmatch import fnmatch
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve()
BESIDE_CHECKOUT = HERE.parents[2] / "shared" / "data"
INDEX = "light_curves.json"
# Identities of runs, whose type may change.
IDENTITIES = ("obs_id", "run", "run_id")


def main(argv=None):
    """The exit code: 0 where nothing differs, 1 where something does, 2 where a checkout could not be run."""
    args = _arguments(argv)
    if args.make:
        return make(args.data, args.make, args.only)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:
        keep = Path(args.keep or folder)
        places = (args.before, keep / "before"), (args.after, keep / "after")
        made = list(pool.map(lambda place: _made(*place, args), places))
        before, after = (load(folder, args.only) for folder in made)
    differences, missing, new = compare(before, after)
    return report(before, differences, missing, new, args.within)


def _arguments(argv):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", type=Path, nargs="?", help="checkout, or folder with what was made of it")
    parser.add_argument("after", type=Path, nargs="?", help="the same of the other one")
    parser.add_argument("--within", type=float, default=0.0, help="relative difference that is allowed")
    parser.add_argument("--only", default="*", help="pattern of names of light curves, such as '*1D*'")
    parser.add_argument("--keep", type=Path, help="folder in which everything that was made stays")
    parser.add_argument("--data", type=Path, default=os.environ.get("GAMMAPY_DATA", BESIDE_CHECKOUT))
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if not args.make and args.after is None:
        parser.error("wanted are two checkouts")
    return args


def _made(place, folder, args):
    """The folder with the light curves of a checkout; `place` itself where it is one."""
    if (place / INDEX).is_file():
        return place
    source = (place / "src").resolve()
    if not (source / "tevcurve").is_dir():
        raise SystemExit(
            f"{place} has no src/tevcurve and no {INDEX}; wanted is a checkout, or what --keep made."
        )
    begun = time.perf_counter()
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    command = [sys.executable, HERE, "--make", folder, "--only", args.only, "--data", args.data]
    done = subprocess.run(command, env=os.environ | one_thread | {"PYTHONPATH": str(source)}, check=False)
    if done.returncode:
        raise SystemExit(2)
    print(f"{place}: {len(load(folder, args.only))} light curves in {time.perf_counter() - begun:.0f} s")
    return folder


# What follows is done in the process of a checkout.


def make(data, folder, only):
    """Writes the light curves of the checkout that is on the path into a folder; 0."""
    import tevcurve

    wanted = os.environ["PYTHONPATH"]
    if not Path(tevcurve.__file__).is_relative_to(wanted):
        sys.exit(f"Imported was {tevcurve.__file__}; wanted is tevcurve in {wanted}.")
    from curves_to_compare import CURVES

    folder.mkdir(parents=True, exist_ok=True)
    index = {}
    for number, (name, function) in enumerate(CURVES.items()):
        if not fnmatch(name, only):
            continue
        begun = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                arrays, words = _contents(function(data))
            except Exception as error:  # what cannot be made is compared, too
                arrays, words = {}, {"error": f"{type(error).__name__}: {error}"}
        np.savez(folder / f"{number}.npz", **arrays)
        seconds = round(time.process_time() - begun, 2)
        index[name] = {"file": f"{number}.npz", "words": words, "seconds": seconds}
    (folder / INDEX).write_text(json.dumps(index, indent=1))
    return 0


def _contents(made):
    """Dicts of arrays and of texts that say all of what was made: a light curve, a table, or a record."""
    table = getattr(made, "table", made)
    arrays, words = {}, {}
    if hasattr(table, "colnames"):
        arrays |= _columns(table)
        words |= {f"meta {key}": repr(value) for key, value in table.meta.items()}
        words |= {f"unit {name}": str(table[name].unit) for name in table.colnames}
        ledger = getattr(made, "ledger", None)
        if ledger is not None:
            for name in ("events", "seconds", "problems"):
                arrays |= _columns(getattr(ledger, name), f"ledger {name}: ")
        good_time = getattr(made, "good_time", None)
        if good_time is not None:
            arrays |= _columns(good_time, "good time: ")
    else:
        words["text"] = str(made)
        for result in made.results:
            arrays |= _numbers(result, result.name)
    return arrays, words


def _columns(table, before=""):
    found = {}
    for name in table.colnames:
        values = (
            np.ma.filled(np.ma.asarray(table[name]), np.nan) if table[name].dtype.kind == "f" else table[name]
        )
        values = np.asarray(values)
        is_text = values.dtype.kind not in "fiub" or name.lower() in IDENTITIES
        found[before + name] = values.astype(str) if is_text else values
    return found


def _numbers(record, name):
    """The numbers in a record and in the records in it."""
    found = {}
    for field in fields(record):
        value, label = getattr(record, field.name), f"{name}: {field.name}"
        if is_dataclass(value):
            found |= _numbers(value, label)
            continue
        values = np.asarray(getattr(value, "value", value))
        if values.dtype.kind in "fiub":
            found[label] = np.atleast_1d(values)
    return found


# What follows is done once, on what both have written.


def load(folder, only="*"):
    """Dict of name to (dict of arrays, dict of texts) of what `make` wrote."""
    index = json.loads((folder / INDEX).read_text())
    made = {}
    for name, entry in index.items():
        if fnmatch(name, only):
            with np.load(folder / entry["file"]) as stored:
                made[name] = dict(stored), entry["words"]
    return made


def compare(before, after):
    """Three lists: differences (light curve, column, relative difference, words), and names on one side only.

    before, after : dicts as `load` gives them
    """
    differences, missing, new = [], _only_in(before, after), _only_in(after, before)
    for name in [name for name in before if name in after]:
        for old, now in zip(before[name], after[name], strict=True):
            missing += [f"{name}: {each}" for each in _only_in(old, now)]
            new += [f"{name}: {each}" for each in _only_in(now, old)]
            for column in [column for column in old if column in now]:
                difference, words = _difference(old[column], now[column])
                if words:
                    differences.append((name, column, difference, words))
    return differences, missing, new


def _only_in(these, others):
    return [name for name in these if name not in others]


def _difference(old, now):
    """The largest relative difference of two arrays or texts, and words; (0, "") where they are the same."""
    if isinstance(old, str):
        return (0.0, "") if old == now else (np.inf, f"{_short(old)} -> {_short(now)}")
    if old.shape != now.shape:
        return np.inf, f"shape {old.shape} -> {now.shape}"
    are_numbers = old.dtype.kind in "fiub" and now.dtype.kind in "fiub"
    if not are_numbers:
        old, now = old.astype(str), now.astype(str)
        differ = old != now
    else:
        differ = ~((old == now) | (np.isnan(old) & np.isnan(now)))
    if not differ.any():
        return 0.0, ""
    relative = np.where(differ, np.inf, 0.0)
    if are_numbers:
        with np.errstate(all="ignore"):
            old, now = old.astype(float), now.astype(float)
            ratios = np.abs(old - now) / np.maximum(np.abs(old), np.abs(now))
        relative = np.where(differ & np.isfinite(ratios), ratios, relative)
    row = np.unravel_index(np.argmax(relative), relative.shape)
    place = ", ".join(str(int(k)) for k in row)
    count = np.count_nonzero(differ)
    return float(
        relative.max()
    ), f"{count} of {differ.size}; [{place}] {_short(old[row])} -> {_short(now[row])}"


def _short(value, most=70):
    text = repr(value.item() if hasattr(value, "item") else value)
    return text if len(text) <= most else text[: most - 3] + "..."


def report(before, differences, missing, new, within):
    """Prints what was found; the exit code."""
    worse = [one for one in differences if one[2] > within]
    _print_table("by column", _largest(differences, 1))
    _print_table("by light curve", _largest(differences, 0))
    for name, column, difference, words in differences:
        if difference > within:
            print(f"{name} | {column}: {difference:.2g} ({words})")
    for title, names in (("Only before", missing), ("Only after", new)):
        if names:
            print(f"{title}: {len(names)}", *_grouped(names), sep="\n    ")
    failed = [name for name, (_, words) in before.items() if "error" in words]
    for name in failed:
        print(f"Not made before: {name}: {before[name][1]['error']}")
    n_columns = sum(len(arrays) + len(words) for arrays, words in before.values())
    print(
        f"{len(before)} light curves with {n_columns} columns and metadata: {len(differences)} differ, {len(worse)} of "
        f"them by more than {within:g}; {len(missing)} are lost, {len(new)} new."
    )
    return 1 if worse or missing else 0


def _largest(differences, key):
    """Dict of name to (largest relative difference, how many differ)."""
    found = {}
    for one in differences:
        largest, number = found.get(one[key], (0.0, 0))
        found[one[key]] = max(largest, one[2]), number + 1
    return dict(sorted(found.items(), key=lambda item: -item[1][0]))


def _print_table(title, found):
    if found:
        print(f"Largest relative differences, {title}:")
        width = max(len(name) for name in found)
        for name, (largest, number) in found.items():
            print(f"    {name:{width}}  {largest:8.2g}  ({number} differ)")


def _grouped(names):
    """The names, those of the same column in several light curves in one line."""
    columns = {}
    for name in names:
        curve, _, column = name.partition(": ")
        columns.setdefault(column, []).append(curve)
    return [
        f"{column or 'light curve'}: {', '.join(curves[:3])}"
        + (f" and {len(curves) - 3} more" if len(curves) > 3 else "")
        for column, curves in columns.items()
    ]


if __name__ == "__main__":
    sys.exit(main())
