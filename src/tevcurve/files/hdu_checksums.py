"""The checksums of an HDU: ones' complement sums of 32-bit words.

Source: FITS standard 4.0, section 4.4.2.7 and appendix J.
"""

from typing import Any

import numpy as np

_ALL = 0xFFFFFFFF


def ones_complement_sum(content: bytes | memoryview) -> int:
    """Ones' complement sum of the big-endian 32-bit words of some bytes, int; a short one is filled with zeros.

    content: bytes, of any length.
    """
    whole = len(content) // 4 * 4
    total = int(np.frombuffer(content, ">u4", whole // 4).sum(dtype=np.uint64))
    if whole < len(content):
        total += int.from_bytes(bytes(content[whole:]).ljust(4, b"\0"), "big")
    while total > _ALL:
        total = (total & _ALL) + (total >> 32)
    return total


def wrong_checksum(
    header: dict[str, Any], card_bytes: bytes | memoryview, data_bytes: bytes | memoryview
) -> str:
    """Which checksum of an HDU does not fit its bytes, in words; "" where none is wrong or there is none.

    Parameters
    ----------
    header : dict of keywords
    card_bytes, data_bytes : of the header and of the data, with their padding
    """
    datasum, checksum = (str(header.get(key) or "").strip() for key in ("DATASUM", "CHECKSUM"))
    if not (datasum or checksum):
        return ""
    found = ones_complement_sum(data_bytes)
    if datasum.isdecimal() and int(datasum) != found:
        return f"its DATASUM is {datasum}, and that of its data {found}"
    # An empty text means that there is none; zeros mean that it is not known.
    if not checksum or set(checksum) == {"0"}:
        return ""
    whole = found + ones_complement_sum(card_bytes)
    whole = (whole & _ALL) + (whole >> 32)
    return "" if whole in (0, _ALL) else "its CHECKSUM is not that of its header and data"
