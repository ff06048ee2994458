"""What becomes of an event of a run, in the order in which it is asked; an event counts at its first."""

OUTSIDE_GTI, OUTSIDE_TIME_BINS, OUTSIDE_ENERGIES, OUTSIDE_REGION, MASKED, UNPREDICTED, USED = range(7)

FATES = (
    "not in a GTI",
    "outside the time bins",
    "outside the energies",
    "outside the region or offset",
    "masked",
    "without prediction",
    "used",
)
