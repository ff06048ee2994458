"""The rows of a light curve as a likelihood again, from what it was made of."""

from tevcurve.errors import InputError
from tevcurve.fit.protocols import rows_with
from tevcurve.lightcurve.selection import why_no_events


def rows_behind(light_curve, *protocols, use, below_zero=True):
    """The `RowLikelihood` of a light curve that knows its events, with some protocols.

    Parameters
    ----------
    light_curve : `LightCurve`
    protocols : each one of `tevcurve.fit.protocols`
    use : str, what they are wanted for
    below_zero : bool, whether fluxes may be asked for below zero

    Raises `InputError` for a light curve that does not know its events, and for rows that lack a protocol.
    """
    if not hasattr(light_curve.origin, "rows"):
        why = why_no_events(light_curve)
        raise InputError(
            f"{use} needs the events and responses of runs, which this light curve does not know ({why}); wanted is "
            "one made by tevcurve.light_curve."
        )
    return rows_with(light_curve.origin.rows(below_zero)[0], *protocols, use=use)
