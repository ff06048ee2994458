"""`tevcurve info`: what a data store has."""

from pathlib import Path
from typing import Annotated

import typer

from tevcurve.cli.console import plain, print_table
from tevcurve.cli.outcome import Outputs
from tevcurve.errors import MissingError


def info(
    path: Annotated[
        str,
        typer.Argument(help="Folder of a data store, or a FITS file with both index tables.", metavar="PATH"),
    ],
    target: Annotated[str | None, typer.Option(help="List the runs of this target.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the sky positions into this file.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a figure that is there.")] = False,
):
    """What a data store has: targets, runs, live time, zenith angles.

    \b
    tevcurve info $GAMMAPY_DATA/hess-dl3-dr1
    tevcurve info $GAMMAPY_DATA/hess-dl3-dr1 --target Crab
    tevcurve info $GAMMAPY_DATA/hess-dl3-dr1 --plot sky.png
    """
    from tevcurve.data.targets import targets_of
    from tevcurve.pipeline.targets import open_store

    outputs = Outputs.of(plot=plot, overwrite=overwrite)
    store = open_store(path)
    targets = targets_of(store)
    if target is None:
        _print_store(store, targets)
    else:
        _print_runs(_one(targets, target))
    if outputs.plot is not None:
        from tevcurve.cli.figures import write_figure
        from tevcurve.data.targets_plot import is_close_up, plot_targets

        axes = {} if is_close_up(targets) else {"projection": "mollweide"}
        print(
            f"Sky positions in {write_figure(outputs.plot, lambda ax: plot_targets(targets, ax), (11, 5), **axes)}"
        )


def _one(targets, name):
    for target in targets:
        if target.name == name:
            return target
    raise MissingError(f"There is no target {name!r}; there are {', '.join(each.name for each in targets)}.")


def _print_store(store, targets):
    lines = [line for line in str(store).splitlines() if not line.strip().startswith("Targets:")]
    print(plain("\n".join(lines)), end="\n\n")
    rows = [_row(target) for target in targets]
    print_table(
        ["target", "runs", "live time [h]", "zenith [deg]", "first", "last", "RA [deg]", "Dec [deg]"], rows
    )


def _row(target):
    import numpy as np

    hours = np.nansum(target.livetime_s) / 3600
    return [
        target.name,
        str(len(target.obs_ids)),
        f"{hours:.2f}" if hours else "-",
        _span(target.zenith_deg, "{:.0f}"),
        _date(np.min(target.start_mjd)),
        _date(np.max(target.start_mjd)),
        *("-" if np.isnan(value) else f"{value:.4f}" for value in target.position_deg),
    ]


def _print_runs(target):
    import numpy as np

    columns = target.obs_ids, target.start_mjd, target.livetime_s, target.zenith_deg, target.pointings_deg
    rows = [
        [
            str(obs_id),
            _date(mjd, minutes=True),
            _number(live / 60, 1),
            _number(zenith, 1),
            *(_number(x, 3) for x in at),
        ]
        for obs_id, mjd, live, zenith, at in zip(*columns, strict=True)
    ]
    print(f"{plain(target.name)}: {len(rows)} runs, {np.nansum(target.livetime_s) / 3600:.2f} h of live time")
    print_table(
        ["OBS_ID", "start (UTC)", "live time [min]", "zenith [deg]", "RA [deg]", "Dec [deg]"], rows, left=2
    )


def _number(value, digits):
    return f"{value:.{digits}f}" if value == value else "-"


def _span(values, form):
    import numpy as np

    if np.all(np.isnan(values)):
        return "-"
    low, high = (form.format(end(values)) for end in (np.nanmin, np.nanmax))
    return low if low == high else f"{low} to {high}"


def _date(mjd, minutes=False):
    from astropy.time import Time

    if mjd != mjd:
        return "-"
    return Time(mjd, format="mjd", scale="tt").utc.iso[: 16 if minutes else 10]
