"""When a dataset was taken."""

from astropy.time import Time

from tevcurve.errors import InputError


def dataset_times(meta, gtis, title):
    """(start, stop) of a dataset as `Time`: the caller's own in the metadata win over its good time.

    Parameters
    ----------
    meta : dict of the counts, perhaps with "t_start" and "t_stop", each a `Time`
    gtis : list of `GTI`
    title : str, what to call the dataset

    Raises `InputError` where there is neither, or only one of the two, or something else than a `Time`.
    """
    names = [name for name in ("t_start", "t_stop") if name in meta]
    for name in names:
        if not isinstance(meta[name], Time) or not meta[name].isscalar:
            raise InputError(
                f"{title} has counts.meta[{name!r}] = {meta[name]!r}; wanted is an astropy Time."
            )
    if len(names) == 2:
        return meta["t_start"], meta["t_stop"]
    if len(names) == 1:
        other = "t_stop" if names[0] == "t_start" else "t_start"
        raise InputError(f"{title} has counts.meta[{names[0]!r}] but no {other!r}; set both, or neither.")
    filled = [gti for gti in gtis if len(gti.intervals)]
    if not filled:
        raise InputError(
            f"{title} has no times: set counts.meta['t_start'] and counts.meta['t_stop'], or make it from observations."
        )
    return min(gti.start[0] for gti in filled), max(gti.stop[-1] for gti in filled)
