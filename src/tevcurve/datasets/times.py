"""When a dataset was taken."""

from tevcurve.errors import InputError


def dataset_times(meta, gtis, title):
    """(start, stop) of a dataset as `Time`: the caller's own in the metadata win over its good time.

    Parameters
    ----------
    meta : dict of the counts, perhaps with "t_start" and "t_stop", each a `Time`
    gtis : list of `GTI`
    title : str, what to call the dataset

    Raises `InputError` where there is neither.
    """
    if "t_start" in meta and "t_stop" in meta:
        return meta["t_start"], meta["t_stop"]
    filled = [gti for gti in gtis if len(gti.intervals)]
    if not filled:
        raise InputError(
            f"{title} has no times: set counts.meta['t_start'] and counts.meta['t_stop'], or make it from observations."
        )
    return min(gti.start[0] for gti in filled), max(gti.stop[-1] for gti in filled)
