"""What the runs of a target have to be to be taken, each stated once: `tevcurve.pipeline.run_choice` reads these."""

from tevcurve.options import Option

CHOICE = "Which runs are taken (what is left out, and why, is in the ledger)"
CHOICES = (
    Option("zenith", None, "runs with a zenith angle such as '<50 deg' or '20-50 deg'", CHOICE, "zenith"),
    Option("offset", None, "those that point so far beside the target, as '<1.5 deg'", CHOICE, "offset"),
    Option("after", None, "those that begin at or after a time, a date (UTC) or MJD (TT)", CHOICE, "after"),
    Option("before", None, "those that begin before one", CHOICE, "before"),
    Option("quality", None, "those whose QUALITY in the index is so, as 0 or '<=1'", CHOICE, "quality"),
    Option(
        "telescopes",
        None,
        "those with so many telescopes, as 4 or '>=3', or with these among them, as '1, 2' or [5]",
        CHOICE,
        "telescopes",
    ),
    Option(
        "where",
        None,
        "those of which an expression on the columns of the index holds, as 'LIVETIME > 1000 and MUONEFF > 0.06'",
        CHOICE,
        "where",
    ),
)
OF_CHOICE = tuple(option.name for option in CHOICES)
