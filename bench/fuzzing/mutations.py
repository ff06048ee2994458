"""All ways to damage a FITS file; those that matter more are there several times."""

from fuzzing import card_mutations as cards
from fuzzing import table_mutations as tables
from fuzzing.byte_mutations import BYTES
from fuzzing.dialect_mutations import DIALECTS

__all__ = ["BYTES", "STRUCTURE"]

# fmt: off
STRUCTURE = (
    cards.change_card, cards.change_known_card, cards.change_known_card, cards.change_known_card,
    cards.change_size, cards.change_size, cards.drop_card, cards.swap_cards, cards.repeat_card, cards.no_end,
    tables.drop_hdu, tables.swap_hdus, tables.repeat_hdu, tables.rename_hdu, tables.other_data,
    tables.other_kind, tables.cut_data, tables.rename_column, tables.change_unit, tables.change_unit,
    tables.change_form, tables.change_form, tables.change_scaling, tables.change_values, tables.change_values,
    tables.change_values, tables.change_values, tables.change_texts, tables.change_texts, tables.change_rows,
    *DIALECTS,
)
