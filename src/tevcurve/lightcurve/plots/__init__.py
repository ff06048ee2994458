"""The parts of a figure of a light curve; `tevcurve.lightcurve.plot` puts them together."""
