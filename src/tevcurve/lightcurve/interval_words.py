"""Whose errors and limits rows have, in words: of the likelihood, or of Feldman & Cousins."""

from collections.abc import Collection, Mapping
from typing import Any

from astropy.table import Row

# The column of a row; what the metadata say is as it was asked for.
INTERVAL, LIKELIHOOD, FELDMAN_COUSINS, AUTO = "interval", "likelihood", "feldman-cousins", "auto"
_NAME = "Feldman & Cousins"
_SENTENCES = {
    FELDMAN_COUSINS: f"errors and limits by {_NAME}",
    AUTO: f"errors and limits by {_NAME}, or by the likelihood where that is as good, as the column {INTERVAL} says",
}


def interval_sentence(meta: Mapping[str, Any]) -> str:
    """Whose errors and limits a light curve has; "" for the likelihood's. meta: of its table."""
    return _SENTENCES.get(str(meta.get(INTERVAL)), "")


def limits_by(meta: Mapping[str, Any]) -> str:
    """What follows on "upper limits" in a legend: whose these are, in brackets; "" for the likelihood's.

    meta: of the table.
    """
    asked = str(meta.get(INTERVAL))
    return f" ({_NAME}{' or likelihood' if asked == AUTO else ''})" if asked in _SENTENCES else ""


def limit_of_row_by(row: Row) -> str:
    """What follows on the confidence level of the limit of a row: whose it is; "" for the likelihood's.

    row: of the table of a light curve.
    """
    return f" ({_NAME})" if INTERVAL in row.colnames and str(row[INTERVAL]) == FELDMAN_COUSINS else ""


def is_of_rows(meta: Mapping[str, Any]) -> bool:
    """Whether each row has intervals of its own kind. meta: of the table of a light curve."""
    return meta.get(INTERVAL) == AUTO


def meta_of_rows(intervals: Collection[str]) -> dict[str, str]:
    """What the metadata say of rows in a file without these, a dict; {} where all have the likelihood's.

    intervals: texts of the column of the rows.
    """
    if FELDMAN_COUSINS not in intervals:
        return {}
    return {INTERVAL: AUTO if LIKELIHOOD in intervals else FELDMAN_COUSINS}
