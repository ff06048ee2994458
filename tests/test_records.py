"""Records that hold arrays: what they are is said in a line."""

from dataclasses import dataclass, field
from pathlib import Path

import astropy.units as u
import numpy as np

from tevcurve.data.run import HduAddress
from tevcurve.irf import EDispKernel, EnergyDependentTablePSF
from tevcurve.records import as_html, as_text, bytes_of, short_repr


@dataclass(frozen=True, eq=False)
class Record:
    number: int
    array: np.ndarray
    pair: tuple
    many: tuple
    words: str
    facts: dict = field(default_factory=dict)
    hidden: int = field(default=3, repr=False)

    __repr__ = short_repr


def test_arrays_are_named_by_shape_and_kind():
    record = Record(3, np.zeros((2, 5)), (1.5, 2), tuple(range(100)), "a" * 500, {"k": 1})
    line = repr(record)
    assert line.startswith(
        "Record(number=3, array=<2 x 5 float64>, pair=(1.5, 2), many=<tuple of 100>, words='aaa"
    )
    assert line.endswith("..., facts=<dict of 1>)")
    assert len(line) < 400


def test_records_of_responses_do_not_print_their_numbers():
    kernel = EDispKernel(np.eye(2), [1, 2, 3] * u.TeV, [1, 2, 3] * u.TeV)
    assert (
        repr(kernel)
        == "EDispKernel(pdf_matrix=<2 x 2 float64>, e_true=<3 float64 in TeV>, e_reco=<3 float64 in TeV>)"
    )
    psf = EnergyDependentTablePSF(np.array([1.0, 2.0]), np.array([0.0, 0.1, 0.2]), np.ones((2, 3)))
    assert "values=<2 x 3 float64>, exposure_cm2_s=None" in repr(psf)


def test_the_bytes_of_a_record_are_those_of_its_arrays():
    @dataclass
    class Record:
        arrays: list
        address: HduAddress
        kind: type = HduAddress

    address = HduAddress("events", "", Path("a.fits"), "EVENTS")
    assert bytes_of(Record([np.zeros(3), {"b": np.zeros(2, np.int16)}, None], address)) == 28


def test_rows_of_words_are_aligned_as_text_and_safe_as_html():
    assert as_text("Title", {"Key": "1 < 2"}) == "Title\n  Key:        1 < 2"
    assert (
        as_html("a<b", {"Key": "1 < 2"})
        == "<p>a&lt;b</p><table><tr><th>Key</th><td>1 &lt; 2</td></tr></table>"
    )
