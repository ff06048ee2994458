from astropy import units as u

from tevcurve.files.unit_words import unit_of_text


def test_units_may_have_several_slashes():
    assert unit_of_text("erg/cm2/s") == u.Unit("erg / (cm2 s)")
    assert unit_of_text("1e-12 erg/cm^2/s") == u.Unit("1e-12 erg cm-2 s-1")
    assert unit_of_text("/cm2/s") == u.Unit("cm-2 s-1")
    assert unit_of_text("1/(cm2 s)") == u.Unit("cm-2 s-1")
