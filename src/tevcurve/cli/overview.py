"""What a data store has, as `tevcurve info` prints and draws it."""

import numpy as np
from astropy.time import Time

from tevcurve.cli.console import plain, print_table
from tevcurve.cli.figures import write_figure
from tevcurve.data.hdu_uses import hdu_uses, uses_of_files
from tevcurve.data.store_folders import indices_below
from tevcurve.data.target_names import as_spelled
from tevcurve.data.targets import targets_of
from tevcurve.data.targets_plot import is_close_up, plot_targets
from tevcurve.errors import DataError, MissingError
from tevcurve.files import expand_path
from tevcurve.files.columns import listed
from tevcurve.leap_seconds import utc_text
from tevcurve.lightcurve.run_columns import subsystem_words
from tevcurve.near_names import meant
from tevcurve.on_demand import found_at
from tevcurve.pipeline.given_data import open_stores
from tevcurve.problems import without_own


def print_overview(paths, target=None, plot=None, options=None):
    """None; the targets of some data are printed, and what becomes of their HDUs, or the runs of one.

    Of a folder above several data stores it is what each of these has. Of files without a run the HDUs are printed
    before the error that says so is raised.

    Parameters
    ----------
    paths : list of str, of the data
    target : str, name of the one
    plot : Path of a figure of the sky positions, or None
    options : dict of further arguments of `open_stores`, or None
    """
    options, paths = options or {}, [expand_path(path) for path in paths]
    folders = [
        each for path in paths if path.is_dir() for each in [(path, indices_below(path))] if len(each[1]) > 1
    ]
    if folders and target is None and plot is None:
        for folder, places in folders:
            _print_folder(folder, places, options)
        paths = [path for path in paths if path not in dict(folders)]
        if not paths:
            return
        print()
    try:
        stores = open_stores(paths, **options)
    except DataError:
        # Where several stores are in a folder the question is which of them is meant; HDUs of results are no data.
        kind_of = found_at("tevcurve.cli.kinds_of_words:kind_of")
        are_others = folders or {kind_of(path) for path in paths} - {None, "data"}
        uses = [] if are_others else uses_of_files(paths)
        if any(use.hdu_class for use in uses):
            _print_hdus(uses)
        raise
    targets = targets_of(*stores)
    if target is None:
        _print_stores(stores, targets)
    else:
        _print_runs(_one(targets, target))
    if plot is not None:
        axes = {} if is_close_up(targets) else {"projection": "mollweide"}
        print(f"Sky positions in {write_figure(plot, lambda ax: plot_targets(targets, ax), (11, 5), **axes)}")


def _print_folder(folder, places, options):
    """None; printed is what each of the data stores in a folder has.

    Parameters
    ----------
    folder : Path
    places : list of Path, of the data stores
    options : dict of further arguments of `open_stores`
    """
    rows = []
    for place in places:
        name = place.relative_to(folder).as_posix()
        try:
            targets = targets_of(*open_stores(place, **options))
        except DataError as error:
            rows.append([name, str(error), "-", "-"])
            continue
        hours = sum(np.nansum(target.livetime_s) for target in targets) / 3600
        runs = sum(len(target.obs_ids) for target in targets)
        names = listed((each.name for each in targets), 3)
        rows.append([name, names, str(runs), f"{hours:.2f}" if hours else "-"])
    print(plain(f"{folder} has {len(places)} data stores; `tevcurve info {places[0]}` tells more of one."))
    print_table(["data store", "targets", "runs", "live time [h]"], rows, left=2)


def _one(targets, name):
    name = as_spelled(name, (each.name for each in targets))
    for target in targets:
        if target.name == name:
            return target
    names = [each.name for each in targets]
    raise MissingError(
        f"There is no target {name!r}; " + meant(name, names, f"there are {', '.join(names)}.")
    )


def _print_hdus(uses):
    """None; printed is which HDUs there are, how many of each kind, and why those that cannot be used cannot.

    uses: iterable of `HduUse`.
    """
    rows = {}
    for use in uses:
        # Of what is wrong with many in the same way the first stands for all.
        key = use.name, use.hdu_class, without_own(use.reason)
        rows.setdefault(key, []).append(use)
    made = []
    for (name, hdu_class, _), alike in rows.items():
        file, words = alike[0].path.name, alike[0].reason or "used"
        words = f"{file}: {words}" if alike[0].reason and file not in words else words
        made.append([str(len(alike)), name or "-", hdu_class or "-", words])
    print_table(["number", "HDU", "class", "used, or why not (the first one)"], made, left=4)


def _print_stores(stores, targets):
    for store in stores:
        lines = [line for line in str(store).splitlines() if not line.strip().startswith("Targets:")]
        print(plain("\n".join(lines)), end="\n\n")
    rows = [_row(target) for target in targets]
    print_table(
        ["target", "runs", "live time [h]", "zenith [deg]", "first", "last", "RA [deg]", "Dec [deg]"], rows
    )
    print()
    uses = [use for store in stores for use in hdu_uses(store)]
    _print_hdus(uses)
    for sentence in subsystem_words(use.instrument for use in uses if use.instrument):
        print(plain(f"\n{sentence}"))


def _row(target):
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
    several = len(set(target.instruments)) > 1
    columns = (
        target.instruments,
        target.obs_ids,
        target.start_mjd,
        target.livetime_s,
        target.zenith_deg,
        target.pointings_deg,
    )
    rows = [
        [
            *([instrument or "-"] if several else []),
            str(obs_id),
            _date(mjd, minutes=True),
            _number(live / 60, 1),
            _number(zenith, 1),
            *(_number(x, 3) for x in at),
        ]
        for instrument, obs_id, mjd, live, zenith, at in zip(*columns, strict=True)
    ]
    runs = "1 run" if len(rows) == 1 else f"{len(rows)} runs"
    print(f"{plain(target.name)}: {runs}, {np.nansum(target.livetime_s) / 3600:.2f} h of live time")
    print_table(
        [
            *(["instrument"] if several else []),
            "OBS_ID",
            "start (UTC)",
            "live time [min]",
            "zenith [deg]",
            "RA [deg]",
            "Dec [deg]",
        ],
        rows,
        left=2 + several,
    )


def _number(value, digits):
    return f"{value:.{digits}f}" if value == value else "-"


def _span(values, form):
    if np.all(np.isnan(values)):
        return "-"
    low, high = (form.format(end(values)) for end in (np.nanmin, np.nanmax))
    return low if low == high else f"{low} to {high}"


def _date(mjd, minutes=False):
    if mjd != mjd:
        return "-"
    return utc_text(Time(mjd, format="mjd", scale="tt"))[: 16 if minutes else 10]
