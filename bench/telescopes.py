"""Every store of `bench/telescope_stores.py` by tevcurve and by gammapy 2.1: what opens, and the ratio of the fluxes.

Each store gives a light curve of its runs in 1D, and where its responses allow it in 3D and unbinned, with the settings
of the peer: the same regions (`angular_size="grid"`, or one wobble region), the same bins of energy and responses at
their centres, so that ratios say what else differs. Beside it stands the ratio with the defaults for bins and responses
of true energy. The peer's rows are read from `bench/telescopes_gammapy21.ecsv`; `--peer-python` makes them anew (a
quarter of an hour), and tells both sides' CPU time for FACT. Writes the table of `docs/telescopes.md`.
"""

import argparse
import contextlib
import io
import json
import logging
import time
from pathlib import Path

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.table import Table, vstack
from side_by_side import ROOT, run_process
from telescope_stores import STORES, TRUE_TEV

import tevcurve
from tevcurve.cli.main import main as command

PEER = ROOT / "bench" / "telescopes_gammapy21.ecsv"
PAGE = ROOT / "docs" / "telescopes.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
KINDS = ("1d", "3d", "unbinned")
# Below this TS the peer stops anywhere, and below this flux it has none.
TS, DARK = 4, 1e-13


def path_of(store, data):
    """What a person would name: the folder of a store, or a list of its files.

    store: a `Store`. data: folder with hess-dl3-dr1, magic and others.
    """
    folder = Path(data) / store.folder
    return sorted(folder.glob(store.files)) if store.files else folder


def light_curve(store, kind, data, as_peer=True):
    """The light curve of a store's runs.

    store: a `Store`. kind: one of `KINDS`. data: the folder. as_peer: whether with its axis of true energy, and with
    responses at the centres of the bins; else with the defaults.
    """
    low, high, bins = store.band
    options = {"e_reco": np.geomspace(low, high, bins + 1) * u.TeV, "safe_energy": None}
    if as_peer:
        options |= {"responses": "centre", "e_true": np.geomspace(*TRUE_TEV[:2], TRUE_TEV[2] + 1) * u.TeV}
    if kind != "1d":
        options |= {"method": "3d", "binsz": 0.02 * u.deg, "width": 2 * u.deg, "unbinned": kind == "unbinned"}
    elif store.radius == "table":
        options |= {"method": "1d", "off_regions": "wobble", "n_off": 1}
    else:
        radius = {} if store.radius == "file" else {"on_radius": store.radius * u.deg}
        options |= {"method": "1d", "angular_size": "grid"} | radius
    observations = path_of(store, data)
    if store.obs_ids:
        observations = tevcurve.DataStore.from_dir(observations).get_observations(store.obs_ids)
    spectrum = tevcurve.PowerLaw(index=store.index, amplitude="3e-11 cm-2 s-1 TeV-1", reference="1 TeV")
    position = SkyCoord(*store.position, unit="deg")
    return tevcurve.light_curve(
        observations, position, energy_edges=[low, high] * u.TeV, spectrum=spectrum, **options
    )


def peer_rows(rows, store, kind):
    """The peer's rows of a store and a kind, a Table. rows: the Table of `PEER`."""
    return rows[(rows["store"] == store.name) & (rows["kind"] == ("1d" if kind == "1d" else "3d"))]


def compared(ours, theirs):
    """(median ratio of the bright rows minus 1, largest difference in errors of the peer's, largest flux of dark rows).

    ours: the table of a light curve. theirs: rows of the peer.
    """
    flux, peer = (np.asarray(each["flux"], dtype=float) for each in (ours, theirs))
    bright, dark = np.asarray(theirs["ts"]) > TS, peer < DARK
    apart = np.abs(flux - peer) / np.asarray(theirs["flux_err"])
    return np.median(flux[bright] / peer[bright]) - 1, np.max(apart[~dark]), np.max(flux[dark], initial=0.0)


def info_of(store, data):
    """What `tevcurve info` prints of a store. Raises `RuntimeError` where it ends in a refusal.

    store: a `Store`. data: the folder.
    """
    path, printed = path_of(store, data), io.StringIO()
    words = [str(each) for each in (path if isinstance(path, list) else [path])]
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        code = command(["info", *words])
    if code:
        raise RuntimeError(f"tevcurve info of {store.name} ended with {code}: {printed.getvalue()}")
    return printed.getvalue()


def made_by_peer(python, data):
    """The Table of the peer's rows. python: an interpreter that has gammapy. data: the folder."""
    tables = []
    for number, store in enumerate(STORES):
        for kind in store.kinds:
            script = ROOT / "bench" / "peer_telescopes.py"
            made = json.loads(run_process(python, "-W", "ignore", script, data, number, kind))
            columns = {name: made[name] for name in ("obs_id", "flux", "flux_err", "ts", "n")}
            columns["n_off"] = made.get("n_off", [np.nan] * len(made["n"]))
            table = Table({"store": [store.name] * len(made["n"]), "kind": [kind] * len(made["n"])} | columns)
            tables.append(table)
            print(f"gammapy 2.1, {store.name}, {kind}: {made['cpu']:.2f} s of CPU time", flush=True)
    rows = vstack(tables)
    rows.meta["comments"] = ["gammapy 2.1, by bench/peer_telescopes.py; flux and flux_err in cm-2 s-1"]
    return rows


def row_of(store, rows, data):
    """The row of a store in the table of the page, a str. rows: the peer's. data: the folder."""
    info_of(store, data)
    cells = [store.name, "yes", "yes"]
    for kind in KINDS:
        if kind != "1d" and "3d" not in store.kinds:
            cells.append("-")
            continue
        began = time.process_time()
        ours = light_curve(store, kind, data).table
        seconds = time.process_time() - began
        median, apart, _ = compared(ours, peer_rows(rows, store, kind))
        cells.append(f"{1 + median:.4f} ({apart:.2g})")
        print(f"tevcurve, {store.name}, {kind}: {seconds:.2f} s of CPU time", flush=True)
    median, _, _ = compared(light_curve(store, "1d", data, as_peer=False).table, peer_rows(rows, store, "1d"))
    return f"| {' | '.join([*cells, f'{1 + median:.4f}'])} |"


def main():
    """Writes the table into the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with hess-dl3-dr1, magic and others")
    parser.add_argument("--peer-python", help="an interpreter that has gammapy 2.1 (extra `peer`)")
    args = parser.parse_args()
    logging.disable(logging.WARNING)
    if args.peer_python:
        rows = made_by_peer(args.peer_python, args.data)
        rows.write(PEER, overwrite=True)
    else:
        rows = Table.read(PEER)
    head = ["store", "opens", "`info`", "1D", "3D", "unbinned", "1D, default bins and responses"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    lines += [row_of(store, rows, args.data) for store in STORES]
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{after}")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
