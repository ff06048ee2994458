"""Results that an older version of tevcurve wrote: their rows are read, their runs are made anew from the data."""

from dataclasses import dataclass
from pathlib import Path

from tevcurve.data import GTI, TimeReference
from tevcurve.errors import DataError
from tevcurve.lightcurve.run_columns import ids_of, with_columns
from tevcurve.run_id import RunId

CONFIG_OF_A_JOB = ("data", "target")


@dataclass(frozen=True, eq=False)
class OlderOrigin:
    """In place of the origin of a light curve whose runs are in an older format.

    reason: str, why it cannot be rebinned, with what makes it anew. runs: tuple of `RunTimes`.
    """

    reason: str
    runs: tuple


@dataclass(frozen=True, eq=False)
class RunTimes:
    """What is read of a run: its identity and its good time.

    Attributes
    ----------
    run_id : `RunId`, of the first formats without an instrument
    gti : `GTI`, its good time
    """

    run_id: RunId
    gti: GTI


def older_origin(folder, number, config, good_times):
    """The `OlderOrigin` of a result.

    Raises `DataError` where the table has none.

    Parameters
    ----------
    folder : Path
    number : int, its format
    config : dict or None
    good_times : `Table` of its runs, as `tevcurve.lightcurve.good_times.good_times_table` makes it
    """
    reason = f"its result is of the older format {number}; {how_to_make_anew(folder, config)}"
    return OlderOrigin(reason, _runs_of(good_times, folder))


def how_to_make_anew(folder, config):
    """What makes a result anew, in words.

    Parameters
    ----------
    folder : Path of the result
    config : dict of its configuration, or None
    """
    if config is not None and all(name in config for name in CONFIG_OF_A_JOB):
        config_file = Path(folder) / "config.yaml"
        return f"`tevcurve run {config_file} --output {folder} --overwrite` makes it anew from the data"
    return "tevcurve.light_curve and tevcurve.store.write_result make it anew from the data"


def _runs_of(table, folder):
    times, references = {}, {}
    try:
        for run_id, row in zip(ids_of(with_columns(table)), table, strict=True):
            times.setdefault(run_id, []).append((float(row["start"]), float(row["stop"])))
            references[run_id] = int(row["mjdrefi"]), float(row["mjdreff"]), str(row["timesys"]).lower()
        return tuple(
            RunTimes(run_id, GTI(*zip(*intervals, strict=True), TimeReference(*references[run_id])))
            for run_id, intervals in times.items()
        )
    except (KeyError, ValueError, TypeError) as error:
        raise DataError(f"The good times of the result {folder} cannot be read: {error}.") from error
