"""The command `tevcurve`: each module parses the arguments of one command or family, calls, and prints."""
