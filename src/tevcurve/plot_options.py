"""The options of a figure of a light curve, each stated once.

`LightCurve.plot` has them as arguments, `tevcurve plot` and the help of it as options; a test holds these together.
Nothing slow is imported here, as the help of a command needs it.
"""

from tevcurve.options import Option

FIGURE = "The figure"
QUANTITY, TIMES, KEEP, CUT = "flux", ("mjd", "utc"), "keep", "cut"
TS_THRESHOLD = 4
PLOT_OPTIONS = (
    Option(
        "quantity",
        QUANTITY,
        "column to draw: flux, dnde, eflux, e2dnde, norm, or any other with its errors, such as index",
        FIGURE,
    ),
    Option(
        "time_format",
        None,
        "time axis: {choices}; null: mjd, in the time scale of the light curve",
        FIGURE,
        choices=TIMES,
    ),
    Option(
        "gaps",
        None,
        "long gaps of the time axis: cut, keep, or the longest that is kept, such as '0.5 d'; null: those between "
        "nights are cut where a night has several rows",
        FIGURE,
    ),
    Option(
        "ts_threshold",
        TS_THRESHOLD,
        "a row with a smaller test statistic is drawn as its upper limit; none: every row is a point",
        FIGURE,
        "number or none",
    ),
    Option("log", False, "logarithmic axis of values", FIGURE, "flag"),
    Option("exposure", False, "shade the good time", FIGURE, "flag"),
)
# Of panels below each other: for `LightCurve.plot_panels` in place of `plot`.
PANEL_OPTIONS = (
    Option("panels", False, "a panel for each energy band, below each other", FIGURE, "flag"),
    Option(
        "below",
        None,
        "column that has a panel of its own below the others, such as index; may be given several times",
        FIGURE,
        "names",
    ),
)
