"""Exit codes of the commands; what they mean stands in `tevcurve.cli.main`."""

DONE, PARTLY, NOTHING = 0, 1, 2
INTERRUPTED, PIPE_CLOSED = 130, 141
