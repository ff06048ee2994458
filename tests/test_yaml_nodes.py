"""YAML is read as plain values with their lines, and nothing in it can do harm."""

import pytest

from tevcurve.errors import InputError
from tevcurve.yaml_nodes import MAX_BYTES, plain_value, read_marked


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-3", -3),
        ("1e-12", 1e-12),
        ("1.5E3", 1500.0),
        (".5", 0.5),
        ("yes", True),
        ("False", False),
        ("null", None),
        ("none", None),
        ("~", None),
        ("2 min", "2 min"),
        # Not a number of base 60, and not a date, as YAML 1.1 has it.
        ("12:30", "12:30"),
        ("2006-07-29", "2006-07-29"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("123456789012345678901234", 123456789012345678901234.0),
    ],
)
def test_scalars(text, value):
    made = plain_value(text)
    assert made == value
    assert type(made) is type(value)
    assert read_marked(f"key: {text}", "a").values == {"key": value}


def test_quotes_make_texts():
    assert read_marked("a: '1'\nb: \"yes\"\nc: |\n  2\n", "a").values == {"a": "1", "b": "yes", "c": "2\n"}


def test_each_value_has_its_line():
    marked = read_marked("# comment\na: 1\n\nspectrum:\n  index: 2\n  list: [1,\n    2]\n", "a")
    assert marked.line(("a",)) == 2
    assert marked.line(("spectrum",)) == 4
    assert marked.line(("spectrum", "index")) == 5
    assert marked.line(("spectrum", "list", 1)) == 7
    assert marked.line(("spectrum", "list", 7, "what")) == 6
    assert marked.line(("nothing",)) == 2  # where the values begin


def nested(depth):
    return "a: " + "[" * depth + "]" * depth


def laughs(levels):
    lines = ["l0: &l0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    lines += [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3: a stands there twice, in line 1, too"),
        ("x:\n  a: 1\n  a: 2\n", "line 3: a stands there twice, in line 2, too"),
        ("a: [1, 2", "this is no YAML"),
        ("a: 1\n b: 2\n", "line 2: this is no YAML"),
        ("a: 1\n---\nb: 2\n", "line 2: this is no YAML"),
        ("", "is empty"),
        ("# only a comment", "is empty"),
        ("- a", "line 1: wanted are lines such as `key: value`"),
        ("just text", "wanted are lines"),
        ("? [a]\n: 1", "a key is wanted that is one word"),
        ("a: !!python/object/apply:os.system ['true']", "python/object/apply:os.system is not allowed"),
        ("a: !!python/name:os.system", "is not allowed"),
        ("a: !!binary aGVsbG8=", "is not allowed"),
        ("a: !mine x", "is not allowed"),
        ("a: !!set {x, y}", "is not allowed"),
        ("a: *nowhere", "undefined alias"),
        ("a: &a [*a]", "nested deeper than 20"),
        (nested(50), "nested deeper than 20"),
        (nested(20000), "nested deeper than 20"),
        (laughs(9), "more than 20000 values"),
        ("a: " + "x" * MAX_BYTES, "more than 256 kB"),
        ("a: \x00", "is no YAML"),
    ],
    ids=range(22),
)
def test_what_is_refused(text, words):
    with pytest.raises(InputError, match=words) as error:
        read_marked(text, "job.yaml")
    assert str(error.value).startswith("job.yaml")
    assert "\n" not in str(error.value)
