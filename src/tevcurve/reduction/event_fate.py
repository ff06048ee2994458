"""What becomes of an event of a run, in the order in which it is asked; an event counts at its first."""

OUTSIDE_GTI, OUTSIDE_TIME_BINS, OUTSIDE_ENERGIES, OUTSIDE_REGION, EXCLUDED, MASKED, UNPREDICTED, USED = range(
    8
)

FATES = (
    "not in a GTI",
    "outside the time bins",
    "outside the energies",
    "outside the region or offset",
    "on an exclusion",
    "masked",
    "without prediction",
    "used",
)
