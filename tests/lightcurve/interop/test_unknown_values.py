"""Numbers that stand for nothing are refused, and those that are measured are not."""

import numpy as np
import pytest

from tevcurve.errors import InputError
from tevcurve.lightcurve.interop.unknown_values import check_known
from tevcurve.lightcurve.product import LightCurve

NAMES = {"time": "t", "flux": "f", "flux_err": "e"}
GOOD = [(1e-11, 2e-12), (-3e-12, 2e-12), (4e-11, 3e-12)]


def read(tmp_path, rows, columns=NAMES, unit="cm-2 s-1"):
    lines = [f"{59000 + k},{','.join(map(str, row))}" for k, row in enumerate(rows)]
    (tmp_path / "a.csv").write_text("\n".join(["t,f,e,l"[: 5 + 2 * (len(rows[0]) > 2)], *lines, ""]))
    return LightCurve.read(tmp_path / "a.csv", columns=columns, units={"flux": unit}, time_scale="utc")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([(-99, "")], "f has -99 in a row without an error"),
        ([(-999, 0)], "f has -999 in a row"),
        ([(99.99, "")], "f has 99.99 in a row"),
        ([("1e30", "nan")], "f has 1e.30 in a row"),
        (
            [("-5e-12", ""), ("-5e-12", "")],
            "f has -5e-12 in 2 rows .* from -3e-12 to 4e-11; wanted is an empty cell",
        ),
        ([("9e-11", ""), ("9e-11", "")], "is_ul= or a sign"),
    ],
)
def test_what_stands_for_nothing_is_refused(tmp_path, rows, words):
    with pytest.raises(InputError, match=words):
        read(tmp_path, [*GOOD, *rows])


@pytest.mark.parametrize(
    "rows",
    [
        [(0, 0), (0, 0)],
        [("2e-11", ""), ("2e-11", "")],
        [("-4e-12", ""), ("9e-11", "")],
        [("4e-9", "")],
        [(-99, 5), (-99, "")],
    ],
)
def test_what_may_be_measured_is_read(tmp_path, rows):
    flux = read(tmp_path, [*GOOD, *rows]).table["flux"]
    assert flux.tolist() == [float(row[0]) for row in [*GOOD, *rows]]


def test_where_no_row_has_an_error_nothing_is_known_of_sizes(tmp_path):
    assert read(tmp_path, [(1e-11, ""), (-99, "")]).table["flux"].tolist() == [1e-11, -99]
    assert read(tmp_path, [(1e-11, 1), (3, "")], {"time": "t", "flux": "f"}).table["flux"].tolist() == [
        1e-11,
        3,
    ]


def test_limits_are_limits(tmp_path):
    rows = [(*row, "") for row in GOOD] + [("9e-11", "", "<"), ("9e-11", "", "<")]
    assert read(tmp_path, rows, NAMES | {"is_ul": "l"}).table["flux_ul"][3:].tolist() == [9e-11, 9e-11]


def test_magnitudes_have_any_sign():
    has_error = np.array([True, True, False, False])
    check_known(np.array([0.1, 0.2, -1.4, np.nan]), has_error, "V", signed=True)
    with pytest.raises(InputError, match="V has 25 in 2 rows"):
        check_known(np.array([12.0, 13.0, 25.0, 25.0]), has_error, "V", signed=True)
