"""Arrays in, arrays out: the numbers under everything else, without units and without files."""
