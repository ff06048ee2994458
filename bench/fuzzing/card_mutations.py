"""Ways to damage headers; each takes a random generator and the HDUs, list of [header, data], and changes these."""

from fuzzing.headers import CARD, card, cards, find, pick, put, set_value, some_hdu
from fuzzing.hostile_values import BAD_VALUES, SIZES


def change_card(rng, hdus):
    """Another value of some card."""
    header = some_hdu(rng, hdus, tables=False)[0]
    number = pick(rng, cards(header))
    put(header, number, card(header, number)[:10].decode("latin-1") + f"{pick(rng, BAD_VALUES):>20}")


def change_known_card(rng, hdus):
    """Another value of a card that something depends on."""
    known = (
        "TSTART TSTOP RA_PNT DEC_PNT DEADC MJDREFI MJDREFF TIMESYS TIMEUNIT OBS_ID OBS_MODE RADECSYS ALT_PNT "
    )
    known += "GEOLON GEOLAT ALTITUDE FOVALIGN LO_THRES HI_THRES OBJECT RA_OBJ DEC_OBJ EXTNAME EXTVER HDUVERS "
    known += "CREATOR TIMEZERO"
    keyword = pick(rng, known.split())
    having = [header for header, _ in hdus if find(header, keyword) is not None]
    header = pick(rng, having) if having else some_hdu(rng, hdus)[0]
    set_value(header, keyword, pick(rng, BAD_VALUES))


def change_size(rng, hdus):
    """Another size of an HDU: none, negative, or terabytes."""
    header = some_hdu(rng, hdus, tables=False)[0]
    sizes = (
        "0",
        "-1",
        "1",
        "7",
        "99999999",
        "2147483647",
        "4294967296",
        "999999999999",
        "9223372036854775807",
        "9" * 40,
    )
    set_value(header, pick(rng, SIZES), pick(rng, sizes))


def drop_card(rng, hdus):
    """A card less."""
    header = some_hdu(rng, hdus, tables=False)[0]
    put(header, pick(rng, cards(header)), "COMMENT")


def swap_cards(rng, hdus):
    """Two cards in each other's place, of one or of two HDUs."""
    one, other = some_hdu(rng, hdus, tables=False)[0], some_hdu(rng, hdus, tables=False)[0]
    first, second = pick(rng, cards(one)), pick(rng, cards(other))
    text, further = card(one, first), card(other, second)
    one[first * CARD : (first + 1) * CARD], other[second * CARD : (second + 1) * CARD] = further, text


def repeat_card(rng, hdus):
    """A card twice, with another value."""
    header = some_hdu(rng, hdus)[0]
    first, second = pick(rng, cards(header)), pick(rng, cards(header))
    put(header, second, card(header, first)[:10].decode("latin-1") + pick(rng, BAD_VALUES))


def no_end(rng, hdus):
    """A header without END."""
    header = some_hdu(rng, hdus, tables=False)[0]
    number = cards(header)[-1] + 1
    put(header, number, "")
