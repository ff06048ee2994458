"""`python -m tevcurve` is the command `tevcurve`."""

import sys

from tevcurve.cli.begin import main

if __name__ == "__main__":
    sys.exit(main())
