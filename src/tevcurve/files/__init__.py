"""Files that are not trusted: read into memory within limits, FITS tables parsed from their bytes."""

from tevcurve.files.checksums import (
    CHECKSUMS,
    Checksums,
    checksum,
    checksum_of_file,
    checksum_of_parts,
    checksums_text,
)
from tevcurve.files.columns import column_unit, column_values, row_values
from tevcurve.files.content import expand_path, read_bytes
from tevcurve.files.hdus import FileCache, FitsFile
from tevcurve.files.numbers import header_number, number_of

__all__ = [
    "CHECKSUMS",
    "Checksums",
    "FileCache",
    "FitsFile",
    "checksum",
    "checksum_of_file",
    "checksum_of_parts",
    "checksums_text",
    "column_unit",
    "column_values",
    "expand_path",
    "header_number",
    "number_of",
    "read_bytes",
    "row_values",
]
