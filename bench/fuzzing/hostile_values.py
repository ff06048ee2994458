"""Values, units, formats, names and texts that no file should have."""

# fmt: off
BAD_VALUES = (
    "0", "-1", "1", "2147483648", "9223372036854775807", "99999999999999999999", "-9999999999", "1E308",
    "-1E400", "1E-320", "0.0", "1.5", "NaN", "inf", "T", "F", "", "''", "'NaN'", "'x'", "'../../etc/passwd'",
    "'\x1b[2J\n'", "'" + "9" * 66 + "'", "9" * 68, "'(1,2'", "(1.0, 2.0)", "1D5", "'it''s", "'\xff\xfe'",
)
BAD_UNITS = (
    "", "m", "deg", "TeV", "MeV", "erg", "s", "m2", "cm-2", "10**400 s", "s**99999", "1e-400 TeV", "$$",
    "deg/0",
)
BAD_UNITS += ("TeV TeV TeV", "a" * 60, "km2", "1/(s sr MeV)", "mag(AB)", "dex(TeV)", "0 TeV", "-1 s")
BAD_FORMS = (
    "D", "E", "J", "K", "I", "B", "A", "L", "X", "C", "M", "PD(9)", "QD(9)", "PE", "P", "0D", "-1D", "Z", "",
)
BAD_FORMS += ("9999999999D", "1PJ(999999999)", "8A", "2E", "4I", "2147483647E", "1E9D")
BAD_NAMES = ("", "EVENTS", "GTI", "AEFF", "BKG", "x", "A" * 60, "../x", "\x1b[2J", "TIME", "OBS_ID")
SIZES = ("NAXIS", "NAXIS1", "NAXIS2", "PCOUNT", "GCOUNT", "BITPIX", "TFIELDS", "THEAP")
TEXTS = (
    "..", "../..", "/etc/passwd", "/dev/zero", "", "data", "a" * 300, "\x00\x01", "%s%n", "$HOME", "~",
    "hdu-index.fits",
)
TEXTS += (
    "aeff", "gti", "bkg_2d", "bkg_3d", "psf_table", "psf_king", "3GAUSS", "EVENTS", "PRIMARY",
    "data/../../x", "./", "*", "\xff\xfe",
)
