"""Names in the words of messages."""

from tevcurve.files.columns import in_a_sentence, listed


def test_names_in_a_sentence():
    assert in_a_sentence(["HESS"]) == "HESS"
    assert in_a_sentence(["HESS", "MAGIC"]) == "HESS and MAGIC"
    assert in_a_sentence(("FACT", "HESS", "MAGIC")) == "FACT, HESS and MAGIC"


def test_many_names_are_told_by_the_first_ones():
    assert listed([1, 2]) == "1, 2"
    assert listed([]) == "none"
    assert listed(range(23)).endswith("18, 19 and 3 more")
