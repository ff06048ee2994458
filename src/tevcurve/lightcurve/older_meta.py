"""What light curves in files of before said in words, and others since say in fields."""

import re

# Of time bins whose edges were chosen on the events.
_ON_EVENTS = re.compile(r"until TS .*|Bayesian blocks, .*|by \d+ events")


def say_of_older(meta):
    """None; metadata (dict) that say time bins but not whether these looked at events get `bins_on_events`."""
    if "time_bins" in meta and "bins_on_events" not in meta:
        meta["bins_on_events"] = bool(_ON_EVENTS.fullmatch(str(meta["time_bins"])))
