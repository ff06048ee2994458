"""Runs written in parts: files with the same OBS_ID, each with its good time and the events in it."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from astropy.io import fits
from dl3_files import run_hdus
from small_store import START, run_file

# Of the run that is cut, from its start.
EDGES = (0.0, 500.0, 1000.0, 1680.0)


def cut_run(run, start, stop):
    """The `RunFile` of the events and the good time of a run from a mission second to another."""
    inside = (run.events["TIME"] >= start) & (run.events["TIME"] < stop)
    events = {name: values[inside] for name, values in run.events.items()}
    return replace(run, tstart=start, tstop=stop, gti=((start, stop),), events=events)


def parts_of(run, edges=EDGES):
    """List of the `RunFile` of the parts of a run between edges in s from its start."""
    return [cut_run(run, run.tstart + low, run.tstart + high) for low, high in pairwise(edges)]


def write_run(path, run):
    """The path of a file with a run and its responses."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fits.HDUList([fits.PrimaryHDU(), *run_hdus(run).values()]).writeto(path, overwrite=True)
    return path


def night():
    """Three `RunFile`s; the second is the one that comes in parts."""
    runs = [
        run_file(number, 10 + number, START + 1800 * (number - 1), place, n_background=600, telescope="HESS")
        for number, place in ((1, (83.63, 22.51)), (2, (83.63, 21.51)), (3, (83.63, 22.51)))
    ]
    return [cut_run(run, run.tstart, run.tstop) for run in runs]


def write_night(folder):
    """(paths of the first and the third run, paths of the parts of the second, path of the second as a whole)."""
    first, second, third = night()
    others = [write_run(folder / f"run{one.obs_id}.fits", one) for one in (first, third)]
    parts = [write_run(folder / f"part{k}.fits", part) for k, part in enumerate(parts_of(second))]
    return others, parts, write_run(folder / "whole.fits", second)


def values(table, names):
    """The columns of a table of these names, float array (n, n_names)."""
    return np.column_stack([np.asarray(table[name], dtype=float) for name in names])
