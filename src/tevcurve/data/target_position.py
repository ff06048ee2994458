"""Where the target of a run is, as its header says."""

from tevcurve.files import number_of

LONGEST_LON = 720  # deg: some count on beyond a turn


def target_position(header):
    """RA and Dec of the target in deg, two floats (RA_OBJ and DEC_OBJ); None where the header does not say.

    Zeros stand for a position that nobody gave. Right ascensions may count on beyond a turn.

    header: dict-like, of the events.
    """
    lon, lat = (number_of(header.get(key)) for key in ("RA_OBJ", "DEC_OBJ"))
    return None if lon is None or lat is None else usable_position(lon, lat)


def usable_position(lon, lat):
    """(lon, lat) in deg with the longitude within a turn, or None where they are no position or stand for none.

    Parameters
    ----------
    lon, lat : float, deg
    """
    if not (abs(lon) <= LONGEST_LON and abs(lat) <= 90) or (lon, lat) == (0, 0):
        return None
    return (lon if lon <= 360 else lon - 360), lat
