"""Which text of time bins is meant by one that is none, which the refusal says."""

import pytest

from tevcurve.bins.meant_text import meant_text
from tevcurve.bins.text import binning_from_text, check_text
from tevcurve.errors import InputError


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("50 counts", "counts 50"),
        ("50events", "counts 50"),
        ("3.5 sigma", "significance 3.5"),
        ("5m", "5 min"),
        ("53945.9, 53946", "edges 53945.9 53946"),
        ("edges 53945.9,53945.95,53946", "edges 53945.9 53945.95 53946"),
        ("2006-07-29 2006-07-30", "edges 2006-07-29 2006-07-30"),
    ],
)
def test_what_is_meant_is_told_and_can_be_read(text, meant):
    with pytest.raises(InputError, match="did you mean") as error:
        check_text(text)
    assert str(error.value).endswith(f"did you mean {meant!r}?")
    check_text(meant)
    binning_from_text(meant, quiet=True)


def test_a_file_is_one_of_edges(tmp_path):
    (tmp_path / "times.txt").write_text("53945.9\n53946\n")
    assert meant_text(str(tmp_path / "times.txt")) == f"edges {tmp_path / 'times.txt'}"


@pytest.mark.parametrize("text", ["120", "0.5 TeV", "halves", "", "2006-07-29"])
def test_nothing_is_guessed(text):
    assert meant_text(text) is None
