"""A night with a flare, simulated: data to try everything on, without a download, and with a known truth.

`python -m tevcurve.demo` prints the light curve of the night beside its truth, and draws it.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import astropy.units as u
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.table import Table
from astropy.time import Time

from tevcurve.bins import by_width
from tevcurve.bins.binning import Binning
from tevcurve.data import GTI
from tevcurve.data.time import TimeReference
from tevcurve.data.write import write_store
from tevcurve.errors import InputError
from tevcurve.figures.style import legend_above
from tevcurve.lightcurve import LightCurve
from tevcurve.models import PowerLaw, SkyModel, SkyPointSource
from tevcurve.pipeline import light_curve
from tevcurve.progress import track
from tevcurve.simulation import Flare, ResponseSet, SimulatedSource, simulate_observation
from tevcurve.simulation.observation import SimulatedObservation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Goes up when the night changes, so that an older one in the cache is not taken for it.
RECIPE = 1
TARGET = "simulated AGN"
POSITION = SkyCoord(166.0, 38.0, unit="deg")
REFERENCE = TimeReference(51910, 0.000742870370370241)
NIGHT = Time("2024-03-10T21:30:00", scale="utc")
PEAK = Time("2024-03-10T23:40:00", scale="utc")
N_RUNS, RUN, STEP = 12, 1200.0, 1320.0  # s
WOBBLE = 0.5 * u.deg
# In this run good time stops for a while, as when a cloud passes.
RUN_WITH_GAP, GAP = 7, (420.0, 780.0)  # s after its start
ENERGIES = u.Quantity([0.5, 10], u.TeV)
# Cuts in angle that point-like responses may hold for: one radius, or one for each bin of reconstructed energy.
CUTS: dict[str, tuple[u.Quantity, ...]] = {
    "fixed": (0.12 * u.deg,),
    "table": (u.Quantity([0.2, 0.15, 0.12, 0.1], u.deg), u.Quantity([0.05, 0.7, 1.5, 4, 100], u.TeV)),
}


def demo(
    folder: str | os.PathLike[str] | None = None, progress: bool = False, cut: str | None = None
) -> Path:
    """`Path` of a DL3 data store with a simulated night, built at the first call (a few seconds) and found again later.

    Twelve runs of 20 minutes on an AGN that flares, with four wobble positions in turn and a gap in the good time of
    the eighth run: `tevcurve.DataStore.from_dir(demo())`. The true flux is in `truth.ecsv` beside the index files.

    Parameters
    ----------
    folder : where to build it; default: `tevcurve/demo-night-1` in the user's cache, `$XDG_CACHE_HOME` or `~/.cache`.
        It appears whole or not at all.
    progress : bool, draws a progress bar while it is built
    cut : "fixed" or "table", for files with point-like responses, which hold for events within one radius or within a
        radius for each energy (RAD_MAX); default: None, for all events

    Raises InputError for another cut, or where a folder is there that is no such store.
    """
    if cut is not None and cut not in CUTS:
        raise InputError(f"cut is {cut!r}; wanted is {' or '.join(map(repr, CUTS))}, or None.")
    own = f"demo-night-{RECIPE}" + ("" if cut is None else f"-{cut}-cut")
    folder = _cache() / own if folder is None else Path(folder).expanduser()
    if (folder / "truth.ecsv").exists():
        _check_cut(folder, cut)
        return folder
    if folder.exists() and any(folder.iterdir()):
        raise InputError(
            f"The folder {folder} has other files; wanted is a new or empty one for the demo store."
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        write_store(building, list(track(_simulated(cut), N_RUNS, "simulated runs", progress)))
        truth_table(cut).write(building / "truth.ecsv", format="ascii.ecsv")
        building.chmod(0o755)
        _move(building, folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return folder


def demo_source() -> SimulatedSource:
    """The `SimulatedSource` of the night: a point source with a power law, times the light curve of a flare."""
    spectrum = PowerLaw(index=2.6, amplitude="1.2e-11 cm-2 s-1 TeV-1", reference="1 TeV")
    model = SkyModel(SkyPointSource.from_position(POSITION), spectrum, name=TARGET)
    return SimulatedSource(model, _flare())


def _flare() -> Flare:
    return Flare(PEAK, rise="20 min", decay="45 min", amplitude=6, quiescent=1)


def demo_observations() -> list[SimulatedObservation]:
    """List of `SimulatedObservation`, those of the night, in memory: the same at each call."""
    return list(_simulated())


def _simulated(cut: str | None = None) -> Iterator[SimulatedObservation]:
    irfs, source = ResponseSet.analytic(), demo_source()
    irfs = irfs if cut is None else irfs.point_like(*CUTS[cut])
    for number, gti in enumerate(_good_times()):
        yield simulate_observation(
            POSITION.directional_offset_by((0, 180, 90, 270)[number % 4] * u.deg, WOBBLE),
            gti,
            irfs,
            [source],
            np.random.default_rng([RECIPE, number]),
            obs_id=number + 1,
            target=TARGET,
        )


def demo_light_curve(
    folder: str | os.PathLike[str] | None = None,
    time_bins: Binning | None = None,
    cut: str | None = None,
    **options: Any,
) -> LightCurve:
    """The `LightCurve` of the night, with the true mean flux of each bin in the further column `flux_true`.

    Parameters
    ----------
    folder : as for `demo`
    time_bins : a binning of `tevcurve.lightcurve.bins`; default: 5 minutes
    cut : as for `demo`; with one, the light curve is in 1D
    options : for `tevcurve.light_curve`
    """
    bins = by_width("5 min") if time_bins is None else time_bins
    own = {"energy_edges": ENERGIES, "spectrum": demo_source().sky_model.spectral_model}
    own |= {} if cut is None else {"method": "1d"}
    curve = light_curve(demo(folder, cut=cut), TARGET, bins, **(own | options))
    curve.table["flux_true"] = true_flux(
        curve.time_start, curve.time_stop, curve.table["e_min"], curve.table["e_max"]
    )
    return curve


def true_flux(
    start: Time,
    stop: Time,
    e_min: u.Quantity | np.ndarray | float = ENERGIES[0],
    e_max: u.Quantity | np.ndarray | float = ENERGIES[1],
) -> u.Quantity:
    """True flux between energies, mean over the good time in each of n intervals: Quantity (n,) in cm-2 s-1.

    Parameters
    ----------
    start, stop : `Time` (n,)
    e_min, e_max : Quantity or array in TeV, (n,) or scalar
    """
    source, good = demo_source(), _good_times()
    first, last = (np.concatenate([gti.intervals[:, end] for gti in good]) for end in (0, 1))
    night = GTI(first, last, REFERENCE)
    spans = np.column_stack([np.atleast_1d(REFERENCE.to_seconds(time)) for time in (start, stop)])
    factors = [source.light.mean_over(night.intersect(span)) for span in spans]
    return (
        source.sky_model.spectral_model.integral(u.Quantity(e_min, u.TeV), u.Quantity(e_max, u.TeV)) * factors
    )


def truth_table(cut: str | None = None) -> Table:
    """`Table` of the true flux between 0.5 and 10 TeV, minute by minute, with the flare's parameters as metadata.

    cut: as for `demo`.
    """
    source = demo_source()
    light, spectrum = _flare(), source.sky_model.spectral_model
    minutes = int(np.ceil((_good_times()[-1].intervals[-1, 1] - _start(0)) / 60)) + 1
    seconds = _start(0) + 60.0 * np.arange(minutes)
    times = REFERENCE.to_time(seconds)
    meta = {
        "TIMESYS": REFERENCE.scale,
        "source": TARGET,
        "ra_deg": float(POSITION.ra.deg),
        "dec_deg": float(POSITION.dec.deg),
        "index": float(spectrum.parameters["index"].value),
        "peak_mjd": float(light.t0.tt.mjd),
        "rise_s": float(light.rise.to_value(u.s)),
        "decay_s": float(light.decay.to_value(u.s)),
        "amplitude": light.amplitude,
        "quiescent": light.quiescent,
        "e_min_tev": float(ENERGIES[0].value),
        "e_max_tev": float(ENERGIES[1].value),
    }
    meta |= {} if cut is None else {"cut": cut}
    return Table({"time": times.mjd * u.d, "flux": spectrum.integral(*ENERGIES) * light.at(times)}, meta=meta)


def plot_demo(curve: LightCurve, ax: "Axes | None" = None) -> "Axes":
    """Axes with a light curve of the night and, as a line, its true flux.

    Parameters
    ----------
    curve : of `demo_light_curve`
    ax : matplotlib axes; default: those of a new figure
    """
    ax = curve.plot(ax=ax, label="Measured", time_format="mjd")
    truth = truth_table()
    unit = curve.table["flux"].unit
    ax.plot(truth["time"], truth["flux"].to(unit), color="black", lw=1, label="True flux", zorder=0)
    legend_above(ax)
    return ax


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the light curve of the night with its truth, and draw it into a file; returns an exit status.

    arguments: of the command line; default: those of the process.
    """
    parser = argparse.ArgumentParser(prog="python -m tevcurve.demo", description=main.__doc__)
    parser.add_argument("--figure", default="demo_light_curve.png", help="file to draw into (%(default)s)")
    parser.add_argument(
        "--folder", default=None, help="where to keep the data store (default: the user's cache)"
    )
    given = parser.parse_args(arguments)
    folder = demo(given.folder, progress=True)
    curve = demo_light_curve(folder)
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    print(f"A simulated night with a flare; the data store is in {folder}")
    print(summary(curve))
    figure, ax = plt.subplots(figsize=(8, 5), layout="constrained")
    plot_demo(curve, ax)
    figure.savefig(given.figure, dpi=120)
    plt.close(figure)
    print(f"Drawn into {given.figure}")
    return 0


def summary(curve: LightCurve) -> str:
    """Lines that a person reads: each bin with its flux, its error and its truth, and how far these are apart.

    curve: of `demo_light_curve`.
    """
    table = curve.table
    scale, (low, high) = 1e-11, ENERGIES.value
    lines = [
        f"{'start (TT)':<19} {'flux':>6} {'error':>6} {'true':>6}   [1e-11 cm-2 s-1, {low:g} to {high:g} TeV]"
    ]
    for start, row in zip(curve.time_start, table, strict=True):
        numbers = " ".join(f"{row[name] / scale:6.2f}" for name in ("flux", "flux_err", "flux_true"))
        lines.append(f"{start.iso[:19]} {numbers}")
    pulls = (np.asarray(table["flux"]) - np.asarray(table["flux_true"])) / np.asarray(table["flux_err"])
    pulls = pulls[np.isfinite(pulls)]
    lines.append(
        f"(flux - true) / error: mean {pulls.mean():.2f}, width {pulls.std():.2f}, of {len(pulls)} bins"
    )
    return "\n".join(lines)


def _check_cut(folder: Path, cut: str | None) -> None:
    """Raises `InputError` where the store of a folder is of another cut."""
    found = Table.read(folder / "truth.ecsv", format="ascii.ecsv").meta.get("cut")
    if found != cut:
        raise InputError(
            f"The demo store in {folder} was made with cut={found!r}; wanted is another folder for {cut!r}."
        )


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tevcurve"


def _start(number: int) -> float:
    """Start of a run, mission seconds."""
    return float(REFERENCE.to_seconds(NIGHT)) + number * STEP


def _good_times() -> list[GTI]:
    """`GTI` of each run."""
    times = []
    for number in range(N_RUNS):
        cuts = (0.0, *GAP, RUN) if number == RUN_WITH_GAP else (0.0, RUN)
        edges = _start(number) + np.array(cuts)
        times.append(GTI(edges[::2], edges[1::2], REFERENCE))
    return times


def _move(building: Path, folder: Path) -> None:
    """Put the finished store in its place; another process may have been faster, with the same."""
    try:
        if folder.exists():
            folder.rmdir()
        building.rename(folder)
    except OSError:
        if not (folder / "truth.ecsv").exists():
            raise


class _Demo(ModuleType):
    """The module itself can be called, so that `tevcurve.demo()` is `tevcurve.demo.demo()`."""

    def __call__(
        self, folder: str | os.PathLike[str] | None = None, progress: bool = False, cut: str | None = None
    ) -> Path:
        return demo(folder, progress, cut)


sys.modules[__name__].__class__ = _Demo

if __name__ == "__main__":
    sys.exit(main())
