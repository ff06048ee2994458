"""Where the command `tevcurve` begins: what a person interrupts while the rest is imported ends as what comes later."""

import sys

# Exit code.
INTERRUPTED = 130


def main() -> int:
    """Exit code of the command with the arguments of the process."""
    try:
        from tevcurve.cli.main import main as command

        return command()
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
