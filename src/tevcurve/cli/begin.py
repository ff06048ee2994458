"""Where the command `tevcurve` begins: what a person interrupts while the rest is imported ends as what comes later."""

import sys

from tevcurve.cli.exit_codes import INTERRUPTED
from tevcurve.on_demand import found_at


def main() -> int:
    """Exit code of the command with the arguments of the process."""
    try:
        return int(found_at("tevcurve.cli.main:main")())
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
