"""A configuration once its runs are known: the target as the index spells it, energies up to where responses end."""

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from tevcurve.config import quantities
from tevcurve.config.observations import chosen, observations_in
from tevcurve.data import Observation
from tevcurve.errors import DataError, TevcurveError

if TYPE_CHECKING:
    from tevcurve.config.model import Config

log = logging.getLogger(__name__)


def with_data(config: "Config") -> tuple["Config", dict[str, Any]]:
    """(`Config` with the target as the index spells it and both ends of its energies; its `arguments`).

    Opens the data store. Raises `MissingError` for a target or for runs that it has not.

    config: as it was given.
    """
    found = chosen(config)
    renamed = config if found["name"] == config.target else config.changed(target=found["name"])
    settled = with_ends(renamed, observations_in(found))
    return settled, found | settled.options(found["target"])


def with_ends(config: "Config", observations: Iterable[Observation]) -> "Config":
    """The `Config` with the end of energies such as ">1 TeV"; itself where they have both ends.

    Parameters
    ----------
    config : as it was given
    observations : of the runs

    Raises `DataError` where no run has responses that can be read.
    """
    if not (isinstance(config.energy_edges, str) and quantities.above_text(config.energy_edges)):
        return config
    end, run = _end_tev(observations)
    return with_end(config, float(f"{end:.6g}"), f"where the responses of run {run} end")


def with_end(config: "Config", end_tev: float, why: str) -> "Config":
    """The `Config` with a given end of energies such as ">1 TeV", which is told; itself where they have both ends.

    Parameters
    ----------
    config : as it was given
    end_tev : TeV, the upper end
    why : in words, why it is that
    """
    edges = quantities.both_ends(config.energy_edges, end_tev)
    if edges is None:
        return config
    log.warning("energy_edges is %r: it goes up to %.6g TeV, %s.", config.energy_edges, end_tev, why)
    return config.changed(energy_edges=edges)


def _end_tev(observations: Iterable[Observation]) -> tuple[float, str]:
    """(TeV, run): where responses end in the first run of each instrument that can be read, the lowest of these."""
    ends: dict[str, tuple[float, str]] = {}
    why = "there are no runs"
    for one in observations:
        try:
            instrument = one.run_id_in_index.instrument
            if instrument in ends:
                continue
            responses = [one.aeff] + ([one.bkg] if one.has("bkg") else [])
            ends[instrument] = min(float(each.energy_axis.high[-1]) for each in responses), str(one.obs_id)
        except TevcurveError as error:
            why = str(error).rstrip(".")
        finally:
            one.release()
    if not ends:
        raise DataError(
            f"No run says where its responses end: {why}; wanted are both ends, such as 1-10 TeV."
        )
    return min(ends.values())
