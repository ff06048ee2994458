"""A result in other bins, with the configuration that makes the same from the data, and its spectra in time."""

from astropy.coordinates import SkyCoord

from tevcurve.bins.text import binning_from_text, explicit_text
from tevcurve.config import values as kinds
from tevcurve.config.keys import VERSION
from tevcurve.config.mistakes import ConfigError
from tevcurve.config.model import Config
from tevcurve.config.quantities import both_ends


def rebinned(result, changes):
    """(`LightCurve`, config, text) of a `Result` in other bins; config and text as a dict and as YAML, or None.

    Parameters
    ----------
    result : `Result`
    changes : dict of some of `time_bins`, `energy_edges`, `e_reco`, `e_true`, texts as in a configuration.
        Other bands without `e_reco` or `e_true` have the default ones
    """
    origin = result.runs_to_use()
    if set(changes) & {"energy_edges", "e_reco", "e_true"}:
        bands = [f"{float(edge)!r} TeV" for edge in origin.bands]
        changes = {"energy_edges": bands, "e_reco": None, "e_true": None} | changes
    config, arguments = _read(origin, changes)
    made = result.light_curve.rebin(**arguments)
    if result.config is None:
        return made, None, None
    resolved = config.resolved()
    old = dict(result.config)
    if "version" not in old and "time_bins" in old:
        old["time_bins"] = explicit_text(old["time_bins"], once=True)
    values = old | {name: getattr(resolved, name) for name in changes} | {"version": VERSION}
    try:
        return made, *Config(**values).to_result()
    except ConfigError:
        # Made in Python, with keys of its own, or of a file that is no longer there.
        return made, values, None


def spectra(result, changes):
    """The `FluxPoints` of a `Result`.

    Parameters
    ----------
    result : `Result`
    changes : dict of some of `time_bins` and `energy_edges`, texts as in a configuration
    """
    return result.light_curve.sed(**_read(result.runs_to_use(), changes)[1])


def _read(origin, changes):
    """(`Config` of texts, dict of what they mean, for a `LightCurveOrigin`)."""
    config = Config(data=".", target="target", **changes)
    edges = both_ends(config.energy_edges, origin.bands[-1])
    if edges is not None:
        config = config.changed(energy_edges=edges)
    arguments = {name: kinds.energies_of(getattr(config, name)) for name in changes if name != "time_bins"}
    if "time_bins" in changes:
        position = SkyCoord(*origin.source, unit="rad")
        arguments["time_bins"] = binning_from_text(config.time_bins, position=position)
    return config, {name: value for name, value in arguments.items() if value is not None}
